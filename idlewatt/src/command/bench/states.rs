//! `idlewatt bench states`: the streaming classifier against the simulator's truth, over devices nobody has seen.
//!
//! Every device is drawn from a seed and its number, watched for 48 h, then scored. The analyzer knows its modality
//! and nothing else. Devices do not depend on each other, so all cores work and the report is the same.

use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::bars::{Bar, Met};
use super::score::{Case, Figures, score};
use super::subject::Subject;
use super::trace::Trace;
use super::{dump, judged, table};
use crate::progress::{self, Progress};

/// Scores the states of simulated devices against the truth.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt bench states\n  \
                  idlewatt bench states --only ct-spot1 --devices 440 --seed 7\n\n\
                  Exit codes:\n  0  every bar is met\n  \
                  1  a bar is missed, or it failed\n  \
                  2  wrong arguments\n\n\
                  With --json:\n  One object: the scores by modality and by sampling, and the devices that miss a bar.")]
pub(super) struct Arguments {
    /// How many devices are drawn; of 220 each modality meets each sampling
    #[arg(long, default_value_t = 220)]
    devices: u32,
    /// Another seed draws other devices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only devices with this in their name, such as ct, spot5, 017 or mri-change
    #[arg(long, default_value = "")]
    only: String,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Write each device's samples and truth to this folder, as CSV
    #[arg(long, value_name = "FOLDER")]
    dump: Option<PathBuf>,
    #[command(flatten)]
    progress: progress::Asked,
}

/// A device with its scores.
pub(super) struct Scored {
    pub(super) subject: Subject,
    pub(super) said: Figures,
    /// What could be said of the same samples at best.
    pub(super) oracle: Figures,
}

impl Scored {
    /// Which figures are at the bar.
    pub(super) fn met(&self) -> Met {
        Bar::of(self.subject.sampling.class).met(&self.said)
    }

    /// Whether the samples could show enough to reach the bar.
    pub(super) fn is_possible(&self) -> bool {
        Bar::of(self.subject.sampling.class).met(&self.oracle).all()
    }
}

/// Runs the command.
///
/// # Errors
/// The traces cannot be written.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if let Some(folder) = &arguments.dump {
        dump::prepare(folder)?;
    }
    let subjects: Vec<Subject> = (0..arguments.devices)
        .map(|number| Subject::draw(arguments.seed, number))
        .filter(|subject| subject.name.contains(&arguments.only))
        .collect();
    anyhow::ensure!(
        !subjects.is_empty(),
        "no device has '{}' in its name; names are like 017-ct-spot1",
        arguments.only
    );
    let scored = sweep(subjects, arguments.dump.as_deref(), arguments.progress)?;
    let report = table::Report::of(&scored);
    if arguments.json {
        report.write_json(out)?;
    } else {
        report.write_text(out)?;
    }
    out.flush()?;
    Ok(if report.is_met() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Scores the devices on all cores; the order is theirs.
fn sweep(
    subjects: Vec<Subject>,
    folder: Option<&std::path::Path>,
    asked: progress::Asked,
) -> anyhow::Result<Vec<Scored>> {
    let total = subjects.len();
    let progress = Progress::new(asked, "bench states", "devices", total as u64);
    let (waiting, done) = (Mutex::new(subjects.into_iter()), AtomicUsize::new(0));
    let scored = Mutex::new(Vec::with_capacity(total));
    let work = || -> anyhow::Result<()> {
        loop {
            let next = waiting.lock().ok().and_then(|mut waiting| waiting.next());
            let Some(subject) = next else { return Ok(()) };
            let one = examine(subject, folder)?;
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress.set(count as u64);
            if let Ok(mut scored) = scored.lock() {
                scored.push(one);
            }
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("a thread of the sweep panicked"))?
        });
        joined.collect::<anyhow::Result<Vec<()>>>()
    })?;
    let mut scored = scored.into_inner().unwrap_or_default();
    scored.sort_by(|one: &Scored, other| one.subject.name.cmp(&other.subject.name));
    Ok(scored)
}

/// Simulates, judges and scores one device.
fn examine(subject: Subject, folder: Option<&std::path::Path>) -> anyhow::Result<Scored> {
    let trace = Trace::of(&subject);
    if let Some(folder) = folder {
        dump::write(folder, &subject.name, &trace)?;
    }
    let case = Case {
        truth: &trace.truth,
        gaps: &trace.gaps,
        true_wh: &|at_ms| trace.true_wh(at_ms),
        from_ms: subject.scored_from().as_millisecond(),
        until_ms: trace.end_ms(),
        class: subject.sampling.class,
        has_counter: subject.counter_step_wh.is_some(),
        interval_ms: 1000 * i64::from(subject.sampling.seconds),
    };
    let said = score(&case, &judged::analyzed(subject.kind.name, &trace.points)?);
    let oracle = score(&case, &judged::oracle(&subject, &trace));
    Ok(Scored {
        said,
        oracle,
        subject,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No bars and no timing: that the machine works on what no classifier gets wrong.
    #[test]
    fn a_small_sweep_is_scored() {
        let subjects: Vec<Subject> = [4, 13, 16, 19, 26]
            .into_iter()
            .map(|number| Subject::draw(5, number))
            .collect();
        let names: Vec<String> = subjects.iter().map(|subject| subject.name.clone()).collect();
        let scored = sweep(subjects, None, progress::Asked { quiet: true }).unwrap();
        assert_eq!(
            scored
                .iter()
                .map(|one| one.subject.name.clone())
                .collect::<Vec<_>>(),
            names
        );
        for one in &scored {
            assert!(one.oracle.time > 0.97, "{} {:?}", one.subject.name, one.oracle);
            assert!(
                one.oracle.energy.abs() < 0.02,
                "{} {:?}",
                one.subject.name,
                one.oracle
            );
            assert!(one.said.coverage > 0.8 && one.said.time > 0.0);
        }
        let mut text = Vec::new();
        table::Report::of(&scored).write_text(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("workstation") && text.contains("60 s"), "{text}");
    }
}
