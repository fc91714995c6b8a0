//! `idlewatt bench nights`: overnight-idle alerts over simulated nights, against the truth.
//!
//! A night is a closed period of a device, from closing to the next opening, after 48 h of learning; a weekend without
//! opening hours is one. What is right is told by the truth alone ([`night`]): whether an alert is due, when it must have
//! been raised, and when its end must have been told. Staff leave devices on, devices wake by themselves, emergencies
//! come; meters lose and repeat messages, fall silent and say nonsense; every third device lives through the change to
//! summer time, every third through the change back.

use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use analyzer::alert::{RULES, Rule};
use analyzer::calendar::{OpeningHours, WeeklyPlan, Window};
use analyzer::modality::Modality;
use analyzer::{Analyzer, Finding, Limits};
use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use simulator::{Day, Schedule};

use super::night::{Fault, GRACE, MARGIN, Night, Told};
use super::subject::Subject;
use super::trace::Trace;
use super::{dump, judged};
use crate::progress::{self, Progress};
use crate::trace;

/// Counts false and missed overnight-idle alerts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt bench nights --nights 1000 --seed 2\n\n\
                  Exit codes:\n  0  no alert was missed, false or late\n  \
                  1  one was, or it failed\n  \
                  2  wrong arguments")]
pub(super) struct Arguments {
    /// How many nights at least
    #[arg(long, default_value_t = 1000)]
    nights: usize,
    /// Another seed draws other devices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write each device's samples and truth to this folder, as CSV
    #[arg(long, value_name = "FOLDER")]
    dump: Option<PathBuf>,
    #[command(flatten)]
    progress: progress::Asked,
}

/// Two to learn and a week.
const DAYS: u32 = 9;
/// The rules that are judged: workstations have one of their own.
const JUDGED: [&str; 2] = ["overnight_idle", "workstation_on_overnight"];
/// Devices that are worked on before their nights are counted.
const BATCH: u32 = 30;

/// Runs the command.
///
/// # Errors
/// A modality is not known.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        JUDGED
            .iter()
            .all(|name| RULES.iter().any(|rule| rule.name == *name)),
        "a rule that is judged is no more"
    );
    if let Some(folder) = &arguments.dump {
        dump::prepare(folder)?;
    }
    let mut nights: Vec<Night> = Vec::new();
    let mut first = 0;
    let progress = Progress::new(
        arguments.progress,
        "bench nights",
        "nights",
        arguments.nights as u64,
    );
    while nights.len() < arguments.nights {
        let of_batch = batch(arguments, first..first + BATCH)?;
        anyhow::ensure!(!of_batch.is_empty(), "the devices have no nights");
        nights.extend(of_batch);
        first += BATCH;
        progress.set(nights.len().min(arguments.nights) as u64);
    }
    nights.truncate(arguments.nights);
    let faults: Vec<(&Night, Fault)> = nights
        .iter()
        .filter_map(|night| Some((night, night.fault()?)))
        .collect();
    let counts: Vec<String> = Fault::ALL
        .iter()
        .map(|fault| {
            let count = faults.iter().filter(|(_, found)| found == fault).count();
            format!("{count} {}", fault.name())
        })
        .collect();
    writeln!(
        out,
        "{} nights of devices, {} with an alert, {} within {MARGIN:#} of the grace of {GRACE:#}: {}",
        nights.len(),
        nights
            .iter()
            .filter(|night| night.raised().next().is_some())
            .count(),
        nights.iter().filter(|night| night.is_near()).count(),
        counts.join(", "),
    )?;
    for (night, fault) in &faults {
        writeln!(
            out,
            "{:13} {}  {} to {}: idle for {:.0} min at most, said {}",
            fault.name(),
            night.device,
            night.from,
            night.until,
            night.longest_idle().as_secs_f64() / 60.0,
            night.said()
        )?;
    }
    out.flush()?;
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The nights of these devices, in their order, on all cores.
fn batch(arguments: &Arguments, numbers: std::ops::Range<u32>) -> anyhow::Result<Vec<Night>> {
    let waiting = Mutex::new(numbers);
    let work = || -> anyhow::Result<Vec<(u32, Vec<Night>)>> {
        let mut done = Vec::new();
        loop {
            let next = waiting.lock().ok().and_then(|mut waiting| waiting.next());
            let Some(number) = next else { return Ok(done) };
            let subject = Subject::night(arguments.seed, number, DAYS)?;
            let trace = Trace::of(&subject);
            if let Some(folder) = &arguments.dump {
                dump::write(folder, &subject.name, &trace)?;
            }
            done.push((number, nights_of(&subject, &trace)?));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut done = Vec::new();
        for thread in threads {
            let of_thread = thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?;
            done.extend(of_thread?);
        }
        anyhow::Ok(done)
    })?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().flat_map(|(_, nights)| nights).collect())
}

fn nights_of(subject: &Subject, trace: &Trace) -> anyhow::Result<Vec<Night>> {
    let opening = opening(&subject.scenario.devices[0].schedule, &subject.scenario.zone)?;
    let modality = Modality::named(subject.kind.name).context("no such modality")?;
    let mut config = trace::config(modality, None);
    for device in &mut config.devices {
        device.opening = opening.clone().into();
        for name in JUDGED {
            let limits = Rule::named(name).map(|rule| Limits {
                grace: GRACE,
                ..rule.limits
            });
            if let Some(place) = Arc::make_mut(&mut device.alerts).limits_mut(name) {
                *place = limits.filter(|_| Rule::named(name).is_some_and(|rule| (rule.looks_at)(modality)));
            }
        }
    }
    let (last, told) = listen(&mut Analyzer::new(config), trace);
    let periods = closed(&opening, subject.scored_from(), last);
    let nights = periods
        .into_iter()
        .map(|period| Night::new(&subject.name, period, trace, &told));
    Ok(nights.collect())
}

/// What is told of the rules that are judged while the trace is heard, and the instant of its last reading.
fn listen(analyzer: &mut Analyzer, trace: &Trace) -> (Timestamp, Vec<Told>) {
    let mut told = Vec::new();
    let mut hear = |said: Timestamp, finding| {
        if let Finding::Alert(alert) = finding
            && JUDGED.contains(&alert.rule.as_str())
        {
            told.push(Told {
                phase: alert.phase,
                since: alert.since,
                at: alert.at,
                said,
            });
        }
    };
    let last = judged::stream(analyzer, &trace.points, &mut hear);
    let mut findings = Vec::new();
    analyzer.finish(last, &mut findings);
    findings.into_iter().for_each(|finding| hear(last, finding));
    (last, told)
}

/// The closed periods that begin and end between these instants.
fn closed(opening: &OpeningHours, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut periods = Vec::new();
    let mut at = opening.next_change(from);
    while at < until {
        let next = opening.next_change(at);
        if !opening.is_open(at) && next <= until {
            periods.push((at, next));
        }
        at = next;
    }
    periods
}

/// The hours of a simulated device as the analyzer knows them.
fn opening(schedule: &Schedule, zone: &TimeZone) -> anyhow::Result<OpeningHours> {
    let time =
        |text: &str| Time::strptime("%H:%M", text).with_context(|| format!("'{text}' is no time of day"));
    let window = Window {
        from: time(&schedule.open)?,
        until: time(&schedule.close)?,
    };
    let mut plan = WeeklyPlan::closed(zone.clone());
    for day in &schedule.days {
        let weekday = match day {
            Day::Mon => Weekday::Monday,
            Day::Tue => Weekday::Tuesday,
            Day::Wed => Weekday::Wednesday,
            Day::Thu => Weekday::Thursday,
            Day::Fri => Weekday::Friday,
            Day::Sat => Weekday::Saturday,
            Day::Sun => Weekday::Sunday,
        };
        anyhow::ensure!(plan.open(weekday, window), "too many windows on {weekday:?}");
    }
    Ok(OpeningHours::Weekly(plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekend_is_one_closed_period_and_idle_is_cut_at_its_edges() {
        let schedule = Schedule {
            open: "08:00".to_owned(),
            close: "17:00".to_owned(),
            ..Schedule::default()
        };
        let opening = opening(&schedule, &TimeZone::UTC).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (friday, monday) = (at("2026-11-20T17:00:00Z"), at("2026-11-23T08:00:00Z"));
        let periods = closed(&opening, at("2026-11-20T00:00:00Z"), at("2026-11-23T20:00:00Z"));
        assert_eq!(periods, [(friday, monday)]);
    }

    #[test]
    fn some_nights_are_counted() {
        let subject = Subject::night(1, 3, DAYS).unwrap();
        let nights = nights_of(&subject, &Trace::of(&subject)).unwrap();
        assert!(!nights.is_empty());
        assert!(nights.iter().all(|night| night.device.contains("workstation")));
    }
}
