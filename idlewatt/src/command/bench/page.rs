//! `idlewatt bench page`: how large and how quick the page is over a large hospital with a year behind it, and how soon a
//! change is on the screen.
//!
//! The history is made by its own writer from findings of a timetable ([`past`]), day by day, so that what is old is
//! coarsened as it would be. The page is served in this process over a real socket and asked without compression; a change
//! is told to the live view, and its event waited for at the other end of a stream. Recording, which comes before the live
//! view in the service, is no part of it: `bench pipeline` measures the way from the meter.

mod past;
mod visitor;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use analyzer::{DeviceId, Finding, State, StateChange};
use anyhow::{Context, ensure};
use deliver::history::{History, HistoryConfig, Readers};
use deliver::live::{Live, PipelineFigures};
use deliver::page::{Door, DoorConfig, Health, Language, Page, SiteInfo};
use ingest::clock::monotonic;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::pipeline::figure::{Bar, Figures, median};
use super::pipeline::{machine, say};
use crate::command::serve;
use past::Hospital;
use visitor::{Stream, get};

/// Bytes of HTML, style and script, not compressed.
const FIRST_PAGE_BYTES: f64 = 100_000.0;
/// The first page, the longest of its rounds.
const FIRST_PAGE_MS: f64 = 200.0;
/// A change on its way to a listener, the longest of its rounds.
const CHANGE_MS: f64 = 1_000.0;

/// Measures the page over a year of 300 devices.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt bench page\n  \
                  idlewatt bench page --keep /tmp/year --json\n\n\
                  Making the year takes some minutes; with --keep it is made once. Build with --release: figures of a debug build mean nothing.\n\n\
                  Exit codes:\n  0  every bar is met\n  \
                  1  a bar is missed, or it failed\n  \
                  2  wrong arguments\n\n\
                  With --json:\n  One object: machine, and the figures of each section by name, with value, unit and bar.")]
pub(super) struct Arguments {
    /// Devices: one in six is a scanner, the others workstations and some racks
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(6..=2000))]
    devices: u16,
    /// Days of history
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(8..=1000))]
    days: u16,
    /// How often each view is asked
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(2..=1000))]
    rounds: u16,
    /// Keep the history in this folder, and use the one that is there
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the table of docs/performance.md
    #[arg(long)]
    markdown: bool,
}

/// Runs the command: exit code 1 when a bar is missed.
///
/// # Errors
/// There is no room for the history, or the page does not answer.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    let hospital = Hospital::new(usize::from(arguments.devices), i64::from(arguments.days));
    let mut figures = Figures::default();
    let path = folder.join(format!("history-{}-{}.sqlite", arguments.devices, arguments.days));
    make(&hospital, &path, &mut figures)?;
    serve::runtime()?.block_on(measure(&hospital, &path, arguments.rounds, &mut figures))?;
    figures.write(&machine(), (arguments.json, arguments.markdown), out)
}

/// Writes the history, unless a whole one is there.
fn make(hospital: &Hospital, path: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    figures.begin("history");
    let mut history = History::open(path, &HistoryConfig::default())?;
    let days = hospital.days();
    let begun = monotonic();
    let mut findings = Vec::new();
    for (place, day) in days.iter().enumerate() {
        let seq = u64::try_from(place).unwrap_or(u64::MAX) + 1;
        if seq <= history.cursor() {
            continue;
        }
        findings.clear();
        hospital.play(*day, &mut findings);
        history.apply(seq, &findings)?;
        if place % 30 == 29 {
            say(&format!(
                "  {} of {} days, {:.0} s",
                place + 1,
                days.len(),
                begun.elapsed().as_secs_f64()
            ));
        }
    }
    drop(history);
    figures.add("days", count(days.len()), "d");
    figures.add("devices", count(hospital.devices().len()), "");
    #[expect(clippy::cast_precision_loss, reason = "a file's size in MiB")]
    let mib = std::fs::metadata(path)?.len() as f64 / f64::from(1 << 20);
    figures.add("history on the disk", mib, "MiB");
    Ok(())
}

async fn measure(hospital: &Hospital, path: &Path, rounds: u16, figures: &mut Figures) -> anyhow::Result<()> {
    let live = Live::new(
        past::zone(),
        hospital
            .devices()
            .iter()
            .map(|device| DeviceId::clone(&device.id)),
    );
    let begun = monotonic();
    live.rebuild(&deliver::history::Reader::open(path)?, hospital.now())?;
    figures.begin("start");
    figures.add("live view from the history", milliseconds(begun), "ms");
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let stop = CancellationToken::new();
    let door = Door::new(DoorConfig::default())?;
    let page = page(hospital, path, &live);
    let serving = tokio::spawn(deliver::page::serve(listener, page, door, stop.clone()));
    let measured = async {
        first_page(port, figures).await?;
        views(port, hospital, rounds, figures).await?;
        changes(port, hospital, &live, rounds, figures).await
    };
    let outcome = measured.await;
    stop.cancel();
    serving.await?;
    outcome
}

fn page(hospital: &Hospital, path: &Path, live: &Live) -> Page {
    let now = hospital.now();
    Page {
        site: SiteInfo {
            name: "Bench hospital".to_owned(),
            zone: past::zone(),
            language: Language::English,
            currency: "EUR".to_owned(),
            tariff: "0.20 EUR/kWh (made up)".to_owned(),
            carbon: "56.6 g CO2e/kWh (made up)".to_owned(),
            household_kwh_per_year: 5_200.0,
            household: "made up".to_owned(),
        },
        devices: hospital.devices().to_vec(),
        facts: Vec::new(),
        live: live.clone(),
        history: Readers::new(path.to_owned()),
        now: Arc::new(move || now),
        say: None,
        pipeline: Arc::new(PipelineFigures::default),
        metrics: Arc::new(String::new),
        health: Arc::new(|| Health {
            is_ready: true,
            body: serde_json::Value::Null,
        }),
    }
}

/// What a visitor loads who comes for the first time, after nobody else.
async fn first_page(port: u16, figures: &mut Figures) -> anyhow::Result<()> {
    figures.begin("first page");
    let begun = monotonic();
    let html = get(port, "/").await?;
    figures.judge(
        "first of all",
        milliseconds(begun),
        "ms",
        Bar::AtMost(FIRST_PAGE_MS),
    );
    let (css, js) = (get(port, "/app.css").await?, get(port, "/app.js").await?);
    let bytes = html.len() + css.len() + js.len();
    figures.judge(
        "HTML, style and script",
        count(bytes),
        "B",
        Bar::AtMost(FIRST_PAGE_BYTES),
    );
    figures.add("of it HTML", count(html.len()), "B");
    Ok(())
}

/// Every view, again and again.
async fn views(port: u16, hospital: &Hospital, rounds: u16, figures: &mut Figures) -> anyhow::Result<()> {
    figures.begin("views");
    let first = hospital.devices().first().context("a device")?;
    let paths = [
        "/".to_owned(),
        "/?form=corridor".to_owned(),
        format!("/device/{}", first.id),
        "/alerts".to_owned(),
        "/workstations".to_owned(),
        "/pipeline".to_owned(),
        "/api/devices".to_owned(),
        format!("/api/device/{}", first.id),
        "/api/kpi?by=site".to_owned(),
    ];
    for path in paths {
        let mut took = Vec::new();
        for _ in 0..rounds {
            let begun = monotonic();
            get(port, &path).await?;
            took.push(milliseconds(begun));
        }
        let worst = took.iter().copied().fold(0.0, f64::max);
        if path == "/" {
            figures.judge("/, worst", worst, "ms", Bar::AtMost(FIRST_PAGE_MS));
        } else {
            figures.add(format!("{path}, worst"), worst, "ms");
        }
        figures.add(format!("{path}, median"), median(took), "ms");
    }
    Ok(())
}

/// A machine changes its state; a listener waits for it.
async fn changes(
    port: u16,
    hospital: &Hospital,
    live: &Live,
    rounds: u16,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    figures.begin("change to event");
    let device = hospital.devices().first().context("a device")?;
    let mut stream = Stream::open(port, "/events?lang=en&view=wall").await?;
    let mut took = Vec::new();
    let states = [State::Scanning, State::Standby].into_iter().cycle();
    for (round, to) in states.take(usize::from(rounds)).enumerate() {
        // not in step with the stream's own beat
        stream
            .listen_for(std::time::Duration::from_millis(u64::try_from(round * 37 % 500)?))
            .await?;
        let at = hospital.now() + SignedDuration::from_secs(i64::try_from(round)?);
        let change = change(&device.id, at, to);
        let begun = monotonic();
        live.consume(&[change]);
        let wanted = format!("\"state\":\"{}\"", to.name());
        stream.until(&wanted).await?;
        took.push(milliseconds(begun));
    }
    ensure!(!took.is_empty(), "nothing was measured");
    let worst = took.iter().copied().fold(0.0, f64::max);
    figures.judge("worst", worst, "ms", Bar::AtMost(CHANGE_MS));
    figures.add("median", median(took), "ms");
    Ok(())
}

fn change(device: &DeviceId, at: Timestamp, to: State) -> Finding {
    Finding::StateChange(StateChange {
        device: DeviceId::clone(device),
        at,
        from: State::Idle,
        to,
        power_w: None,
    })
}

fn milliseconds(begun: std::time::Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a shown count")]
fn count(many: usize) -> f64 {
    many as f64
}
