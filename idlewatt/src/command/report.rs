//! `idlewatt report`: a period in one document, from the local history in the state folder.
//!
//! Read-only: the service may run beside it. The figures are those of `idlewatt kpi`; `deliver::report` writes the forms.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use deliver::history::Reader;
use deliver::page::Language;
use deliver::report::{FORMATS, Format, Question, Span, Statement, Subject, write_whole};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::WrongArguments;
use super::kpi::instant;
use crate::arguments;
use crate::config::Config;
use crate::pipeline::Files;

/// Writes a report of a period: a page for whoever decides, an annex for whoever checks.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt report --from 2026-10-01 --to 2026-11-01 --out october.html\n  \
                  idlewatt report --from 2026-10-01 --to 2026-11-01 --room 'CT room 1' --format csv\n  \
                  idlewatt report --from 2026-10-01 --to 2026-11-01 --baseline 2025-10-01..2025-11-01 --lang fr --out october.md\n\n\
                  With --json:\n  The same as --format json: one object; docs/report.md describes it."
)]
pub struct Arguments {
    /// The configuration; its state folder holds the history
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// First local day (2026-10-01) or instant (RFC 3339)
    #[arg(long, value_name = "DAY")]
    from: String,
    /// First local day or instant after the period
    #[arg(long, value_name = "DAY")]
    to: String,
    /// The form; not said: by the ending of --out, else html
    #[arg(long, value_name = "FORM", value_parser = arguments::formats())]
    format: Option<String>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write to this file, as a whole or not at all; not said: to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Its language; not said: the site's
    #[arg(long, value_name = "LANGUAGE", value_parser = arguments::languages())]
    lang: Option<String>,
    /// Only devices of this room; may be repeated
    #[arg(long, value_name = "ROOM")]
    room: Vec<String>,
    /// Only this device, by its id; may be repeated
    #[arg(long, value_name = "ID")]
    device: Vec<String>,
    /// Compare with this period instead of the one before
    #[arg(long, value_name = "FROM..TO")]
    baseline: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// The configuration has faults, a word is not known, or there is nothing to report.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?.config;
    let zone = &config.site.site.zone;
    let format = format(arguments)?;
    let baseline = arguments.baseline.as_deref().map(|text| baseline(text, zone));
    let span = Span {
        from: instant(&arguments.from, zone).context("--from")?,
        until: instant(&arguments.to, zone).context("--to")?,
    };
    let path = Files(&config.state_dir).history();
    ensure!(
        path.exists(),
        "there is no history at {}; the service writes it (idlewatt serve -c {})",
        path.display(),
        arguments.config.display()
    );
    let subjects = chosen(config.subjects(), arguments)?;
    let reader = Reader::open(&path).context("the history cannot be read")?;
    // a played history may be ahead of the clock
    let heard = reader
        .ledger_span()?
        .map(|(_, last)| last + SignedDuration::from_hours(1));
    let question = Question {
        span,
        baseline: baseline.transpose()?,
        now: heard.map_or_else(ingest::clock::wall, |heard| heard.max(ingest::clock::wall())),
        language: language(arguments, &config)?,
    };
    let statement = Statement::read(&reader, config.site_info(), subjects, &question)?;
    let text = (format.write)(&statement);
    match &arguments.out {
        Some(file) => write_whole(file, text.as_bytes())
            .with_context(|| format!("cannot write {}; name another file with --out", file.display()))?,
        None => {
            out.write_all(text.as_bytes())?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn format(arguments: &Arguments) -> anyhow::Result<&'static Format> {
    let ending = arguments
        .out
        .as_deref()
        .and_then(|file| file.extension()?.to_str());
    let said = arguments.json.then_some("json").or(arguments.format.as_deref());
    let word = said.or(ending).unwrap_or(FORMATS[0].name);
    let known = || FORMATS.map(|format| format.name).join(", ");
    let what = || {
        format!(
            "'{word}' is no form of a report; write --format with one of {}",
            known()
        )
    };
    Format::named(word).ok_or_else(|| WrongArguments(what()).into())
}

fn language(arguments: &Arguments, config: &Config) -> anyhow::Result<Language> {
    let Some(tag) = &arguments.lang else {
        return Ok(config.site.language.page());
    };
    Language::from_tag(tag).with_context(|| format!("--lang {tag} is not spoken here; write en or fr"))
}

fn baseline(text: &str, zone: &TimeZone) -> anyhow::Result<Span> {
    let Some((from, until)) = text.split_once("..") else {
        let what = format!("--baseline {text} is no period; write FROM..TO, as 2025-10-01..2025-11-01");
        return Err(WrongArguments(what).into());
    };
    let span = Span {
        from: instant(from, zone).context("--baseline")?,
        until: instant(until, zone).context("--baseline")?,
    };
    if span.from >= span.until {
        let what = format!("--baseline {text} ends before it begins; change the two about");
        return Err(WrongArguments(what).into());
    }
    Ok(span)
}

/// The devices of the rooms and ids that were named; all where none was.
fn chosen(mut subjects: Vec<Subject>, arguments: &Arguments) -> anyhow::Result<Vec<Subject>> {
    let known = |names: Vec<&str>| {
        let mut names = names;
        names.dedup();
        names.join(", ")
    };
    for room in &arguments.room {
        if !subjects.iter().any(|subject| subject.device.room == *room) {
            let rooms = known(
                subjects
                    .iter()
                    .map(|subject| subject.device.room.as_str())
                    .collect(),
            );
            bail!("no device stands in a room '{room}'; the rooms are {rooms}");
        }
    }
    for id in &arguments.device {
        if !subjects.iter().any(|subject| *subject.device.id == **id) {
            let ids = known(subjects.iter().map(|subject| &*subject.device.id).collect());
            bail!("no device has the id '{id}'; the ids are {ids}");
        }
    }
    if !arguments.room.is_empty() || !arguments.device.is_empty() {
        subjects.retain(|subject| {
            let device = &subject.device;
            arguments.room.contains(&device.room) || arguments.device.iter().any(|id| **id == *device.id)
        });
    }
    Ok(subjects)
}
