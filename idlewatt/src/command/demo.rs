//! `idlewatt demo`: a small hospital in one process, live on a page. Nothing to install.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use deliver::live::Progress;
use jiff::civil::time;
use jiff::{Timestamp, ToSpan};
use simulator::{BrokerOptions, PlayOptions, Scenario, Simulation, Speed, play};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::serve::{runtime, stop_signal};
use crate::config::Config;
use crate::demo::{CLOCK_TOPIC, CONFIG, CONFIG_NAME, EmbeddedBroker, SCENARIO, write_history};
use crate::pipeline::{Files, Service};

/// Days of history before the demo goes on live.
const HISTORY_DAYS: i64 = 7;
/// How often the progress of the history is looked at.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// Shows a small simulated hospital, live on a page; nothing to install.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt demo\n  \
                  idlewatt demo --speed 1 --listen 127.0.0.1:9000\n  \
                  idlewatt demo --influx http://localhost:8086\n\n\
                  Exit codes:\n  0  it was ended by Ctrl-C or SIGTERM\n  \
                  1  it failed\n  \
                  2  wrong arguments")]
pub struct Arguments {
    /// Simulated seconds a second
    #[arg(long, default_value_t = 60.0)]
    speed: f64,
    /// Where the page listens
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Also send the series to an InfluxDB 1.x here (database `idlewatt`, which must exist)
    #[arg(long, value_name = "URL")]
    influx: Option<String>,
    /// Keep journal, findings and history in this folder (it must be empty) instead of a temporary one
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// Runs until a signal says otherwise.
///
/// # Errors
/// The port cannot be opened, or there is no room for the files.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        arguments.speed.is_finite() && arguments.speed > 0.0,
        "--speed must be above 0; 1 is real time"
    );
    let temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    anyhow::ensure!(
        !Files(folder).journal().exists(),
        "{} holds a journal already; the demo begins with an empty folder",
        folder.display()
    );
    runtime()?.block_on(demo(arguments, folder))
}

async fn demo(arguments: &Arguments, folder: &Path) -> anyhow::Result<ExitCode> {
    let broker = EmbeddedBroker::start().await?;
    let config = config(arguments, folder, broker.address())?;
    if !arguments.listen.ip().is_loopback() {
        tracing::warn!(
            "other machines can open the demo's page: it has no login, and what it shows is made up"
        );
    }
    let listener = listen(arguments.listen).await?;
    let page = listener.local_addr()?;
    tracing::info!("the page is at http://{page}/ ; a week of history is being made");

    let now = this_morning(&config)?;
    let scenario = Scenario::builtin(SCENARIO)?.starting_at(now.start);
    let mut simulation = Simulation::new(&scenario);
    let journal = Files(folder).journal();
    let messages = write_history(&journal, &mut simulation, now.until)?;
    let service = Service::start(&config, listener)?;
    follow_history(&service, messages).await;
    tracing::info!(
        messages,
        "a week of history is analyzed; open http://{page}/ ; Ctrl-C ends the demo"
    );

    let shutdown = CancellationToken::new();
    let meters = tokio::spawn(meters(
        simulation,
        broker.address(),
        arguments.speed,
        shutdown.clone(),
    ));
    stop_signal().await?;
    shutdown.cancel();
    let played = meters.await;
    service.stop().await;
    broker.stop().await;
    played??;
    Ok(ExitCode::SUCCESS)
}

/// The demo's configuration, on this folder, broker and page.
fn config(arguments: &Arguments, folder: &Path, broker: SocketAddr) -> anyhow::Result<Config> {
    let mut text = CONFIG.to_owned();
    if let Some(url) = &arguments.influx {
        text += &format!("\n[[sink]]\nname = \"influx\"\nkind = \"influxdb1\"\nurl = {url:?}\n");
    }
    let mut config = Config::parse(Path::new(CONFIG_NAME), &text)?.config;
    config.state_dir = folder.to_owned();
    for listened in &mut config.brokers {
        listened.url = format!("mqtt://{broker}");
    }
    Ok(config)
}

/// The asked-for port, or, where it is taken, one of the kernel's choice.
async fn listen(asked: SocketAddr) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(asked).await {
        Ok(listener) => Ok(listener),
        Err(error) => {
            tracing::warn!(%error, "{asked} cannot be had; another port is taken");
            Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
        }
    }
}

struct Span {
    start: Timestamp,
    until: Timestamp,
}

/// The history ends this morning before opening time: last night's forgotten scanner is still on.
fn this_morning(config: &Config) -> anyhow::Result<Span> {
    let today = ingest::clock::wall()
        .to_zoned_datetime(config.site.site.zone.clone())
        .date();
    let start = today.checked_sub(HISTORY_DAYS.days())?;
    let zone = &config.site.site.zone;
    let instant = |date: jiff::civil::Date, at| zone.to_timestamp(date.to_datetime(at));
    Ok(Span {
        start: instant(start, time(0, 0, 0, 0))?,
        until: instant(today, time(6, 30, 0, 0))?,
    })
}

/// Tells the page how far the history is, until it is all there.
async fn follow_history(service: &Service, messages: usize) {
    let mut cursor = service.analyzed();
    loop {
        let fraction = service.share_shown();
        let text = format!("{messages} messages of a simulated week");
        service
            .live()
            .set_progress((fraction < 1.0).then_some(Progress { text, fraction }));
        if fraction >= 1.0 {
            return;
        }
        let _ = tokio::time::timeout(PROGRESS_EVERY, cursor.changed()).await;
    }
}

/// The meters go on over MQTT.
async fn meters(
    simulation: Simulation,
    broker: SocketAddr,
    speed: f64,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut simulation = simulation.endless();
    let messages = std::iter::from_fn(move || {
        // nobody asks for the truth of a demo
        simulation.drain_truth();
        simulation.next()
    });
    let options = PlayOptions {
        speed: Speed::Times(speed),
        clock_topic: Some(CLOCK_TOPIC.to_owned()),
        force_qos_1: true,
        ..PlayOptions::default()
    };
    let broker = BrokerOptions::new(broker.ip().to_string(), broker.port(), "demo-meters");
    play(messages, &broker, &options, shutdown.cancelled(), |_| {}).await?;
    Ok(())
}
