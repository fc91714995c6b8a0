//! The whole service: opens the files, starts the stages in order, stops them in order.
//!
//! Stopping goes with the flow: sessions first, then what they brought is committed, analyzed, recorded and delivered,
//! each within a deadline; what is left is done after the next start.

use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use deliver::channel::CHANNELS_SINK;
use deliver::device::DeviceTags;
use deliver::history::{History, Readers};
use deliver::live::Live;
use deliver::log::{FindingsLog, LogConfig, LogReader};
use deliver::page::{Door, Page};
use deliver::sink::{Sink, SinkTask, SinkWatch};
use ingest::clock::Clock;
use ingest::incident::{Incident, Incidents};
use ingest::journal::{Journal, JournalReader, Writer, WriterHandle};
use ingest::pulse::Pulse;
use ingest::quarantine::Quarantine;
use ingest::session::{self, SessionStatus};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::analysis::{Analysis, Aside};
use super::channels;
use super::figures::Figures;
use super::interpreter::Interpreter;
use super::overview::{Books, Overview};
use super::rebuild;
use super::recording::{HISTORY_SINK, Recording};
use super::reporting::Reporting;
use super::stage::{self, Running};
use super::vitals::{Shown, Vitals, seen};
use crate::backup;
use crate::config::Config;

/// The name of the sink that publishes our own topics.
const PUBLISH_SINK: &str = "publish";

/// Where each file stands in the state folder.
pub struct Files<'a>(pub &'a Path);

impl Files<'_> {
    /// The raw messages.
    #[must_use]
    pub fn journal(&self) -> std::path::PathBuf {
        self.0.join("journal.sqlite")
    }

    /// The findings on their way to the sinks.
    #[must_use]
    pub fn findings(&self) -> std::path::PathBuf {
        self.0.join("findings.sqlite")
    }

    /// The local history.
    #[must_use]
    pub fn history(&self) -> std::path::PathBuf {
        self.0.join("history.sqlite")
    }

    /// Which reports were written.
    #[must_use]
    pub fn reports(&self) -> std::path::PathBuf {
        self.0.join("reports.json")
    }
}

/// A running service.
pub struct Service {
    vitals: Vitals,
    sessions: JoinSet<()>,
    writer: Writer,
    analysis: Running,
    recording: Running,
    sinks: JoinSet<()>,
    page: JoinSet<()>,
    stops: Stops,
}

/// What tells each part to come to an end.
#[derive(Default)]
struct Stops {
    sessions: CancellationToken,
    analysis: CancellationToken,
    recording: CancellationToken,
    sinks: CancellationToken,
    page: CancellationToken,
}

/// The durable files, opened, and the thread that writes the first of them.
struct Stores {
    writer: Writer,
    clock: Clock,
    journal: JournalReader,
    aside: Aside,
    log: FindingsLog,
    log_reader: LogReader,
    history: History,
}

impl Stores {
    fn open(config: &Config) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.state_dir)
            .with_context(|| format!("cannot make the state folder {}", config.state_dir.display()))?;
        backup::refuse_unfinished(&config.state_dir)?;
        let files = Files(&config.state_dir);
        let mut journal = Journal::open(files.journal(), &config.journal)?;
        let is_playback = config.brokers.iter().any(|broker| broker.clock_topic.is_some());
        let clock = if is_playback {
            Clock::playback(journal.last_committed().unwrap_or(Timestamp::UNIX_EPOCH))
        } else {
            Clock::system()
        };
        let reader = journal.reader()?;
        let mut aside = Aside {
            quarantine: Quarantine::open(files.journal(), &config.journal)?,
            incidents: Incidents::open(&files.journal())?,
        };
        let mut history = History::open(&files.history(), &config.history)?;
        let (mut log, log_reader) = open_log(config, &history)?;
        journal.continue_after(log.journal_cursor()?)?;
        log.continue_after(history.cursor())?;
        say_set_aside(&mut aside.incidents, &files, log.set_aside(), history.set_aside())?;
        rebuild::take_up(config, &reader, &mut log, &log_reader, &mut history)?;
        let writer = Writer::start(journal, clock.clone())?;
        Ok(Self {
            writer,
            clock,
            journal: reader,
            aside,
            log,
            log_reader,
            history,
        })
    }
}

/// Where the account is looked up.
fn books(config: &Config, files: &Files<'_>, log: &LogReader) -> anyhow::Result<Mutex<Books>> {
    Ok(Mutex::new(Books {
        journal: JournalReader::open(files.journal())?,
        quarantine: Quarantine::open(files.journal(), &config.journal)?,
        incidents: Incidents::open(&files.journal())?,
        log: log.another()?,
    }))
}

impl Service {
    /// Starts everything that the configuration names; the page listens on `listener`. Needs a runtime around it.
    ///
    /// # Errors
    /// A file cannot be opened, or a sink or session cannot be made of its configuration.
    pub fn start(config: &Config, listener: TcpListener) -> anyhow::Result<Self> {
        let door = Door::new(config.door.clone())?;
        let Stores {
            writer,
            clock,
            journal,
            aside,
            log,
            log_reader,
            history,
        } = Stores::open(config)?;
        let (files, tags) = (Files(&config.state_dir), config.device_tags());
        let figures = Arc::<Figures>::default();
        let live = live_view(config, &history, clock.now())?;

        let stops = Stops::default();
        let interpreter = Interpreter::new(config)?;
        let analysis = Analysis::resume(journal, aside, interpreter, log, Arc::clone(&figures))?;
        let analyzed = analysis.cursor();
        let analysis = stage::start(analysis, writer.handle().progress(), stops.analysis.clone())?;
        let (sinks, watches, channels) =
            start_sinks(config, &tags, &log_reader, (&history, &writer), &stops.sinks)?;
        let recording = Recording::new(log_reader.another()?, history, live.clone(), clock.clone())?;
        let recorded = recording.cursor();
        let recording = stage::start(recording, log_reader.end(), stops.recording.clone())?;
        let mut pulses = vec![writer.pulse(), analysis.pulse(), recording.pulse()];
        let (sessions, statuses) = start_sessions(config, &writer.handle(), &stops.sessions, &mut pulses);
        let shown = Shown {
            writer: writer.handle().progress(),
            analyzed: analyzed.clone(),
            log: log_reader.end(),
            recorded,
        };

        let overview = Overview {
            writer: writer.handle().progress(),
            cursor: analyzed.clone(),
            books: books(config, &files, &log_reader)?,
            rebuild: log_reader.rebuild()?,
            log: log_reader.end(),
            findings_file: files.findings(),
            history_file: files.history(),
            sessions: statuses,
            analysis: analysis.error(),
            recording: recording.error(),
            pulses: pulses.clone(),
            sinks: watches,
            channels,
            figures,
            live: live.clone(),
            tags,
        };
        let beside = beside((config, &clock), analyzed.clone(), writer.handle());
        let page = overview.page(config, clock.clone(), Readers::new(files.history()));
        let health = Arc::clone(&page.health);
        let page = start_page((listener, page, door), &stops.page, beside, &mut pulses);
        Ok(Self {
            vitals: Vitals {
                pulses,
                shown,
                live,
                clock,
                health,
            },
            sessions,
            writer,
            analysis,
            recording,
            sinks,
            page,
            stops,
        })
    }

    /// The live view, to tell people of what is under way.
    #[must_use]
    pub const fn live(&self) -> &Live {
        &self.vitals.live
    }

    /// Tells how far the journal is analyzed.
    #[must_use]
    pub fn analyzed(&self) -> watch::Receiver<u64> {
        self.vitals.shown.analyzed.clone()
    }

    /// How much of the journal has reached the page, 0 to 1.
    #[must_use]
    pub fn share_shown(&self) -> f64 {
        self.vitals.shown.share()
    }

    /// For a supervisor. Let go of them before [`Self::stop`]: they hold the files open.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        self.vitals.clone()
    }

    /// Stops with the flow; what is not done within the deadlines is done after the next start.
    pub async fn stop(mut self) {
        self.stops.sessions.cancel();
        while self.sessions.join_next().await.is_some() {}
        let writer = self.writer;
        if tokio::task::spawn_blocking(move || writer.stop()).await.is_err() {
            tracing::error!(
                "the journal's writer has panicked; what was not committed was not acknowledged either"
            );
        }
        self.stops.analysis.cancel();
        self.analysis.join().await;
        self.stops.recording.cancel();
        self.recording.join().await;
        self.stops.sinks.cancel();
        while self.sinks.join_next().await.is_some() {}
        self.stops.page.cancel();
        while self.page.join_next().await.is_some() {}
    }
}

/// Damaged files are derived: what they held is found again. People are told all the same.
fn say_set_aside(
    incidents: &mut Incidents,
    files: &Files<'_>,
    log: Option<&Path>,
    history: Option<&Path>,
) -> anyhow::Result<()> {
    let told = [
        (
            log,
            files.findings(),
            "the findings log was damaged; the journal is analyzed again, so nothing is missing",
        ),
        (
            history,
            files.history(),
            "the local history was damaged and begins anew; idlewatt replay --since TIME --write fills it from the journal",
        ),
    ];
    for (aside, file, what) in told {
        if let Some(aside) = aside {
            let what = format!("{what}; the damaged file is kept as {}", aside.display());
            let place = file.display().to_string();
            incidents.put(&Incident::new(
                ingest::clock::wall(),
                "file_set_aside",
                place,
                what,
                0,
            ))?;
        }
    }
    Ok(())
}

fn open_log(config: &Config, history: &History) -> anyhow::Result<(FindingsLog, LogReader)> {
    let log_config = LogConfig {
        starts_after: history.cursor(),
        ..config.findings.clone()
    };
    let mut log = FindingsLog::open(&Files(&config.state_dir).findings(), &log_config)?;
    let names = config.sinks.iter().map(|sink| sink.name.as_str());
    let names = names
        .chain(config.publish.as_ref().map(|_| PUBLISH_SINK))
        .chain((!config.channels.is_empty()).then_some(CHANNELS_SINK))
        .chain([HISTORY_SINK]);
    log.register(&names.collect::<Vec<_>>())?;
    let reader = log.reader()?;
    Ok((log, reader))
}

type Watches = Vec<SinkWatch>;

/// Starts whatever delivers: the sinks, and the channels with their desk, which is a sink as well.
fn start_sinks(
    config: &Config,
    tags: &[DeviceTags],
    log: &LogReader,
    (history, writer): (&History, &Writer),
    stop: &CancellationToken,
) -> anyhow::Result<(JoinSet<()>, Watches, channels::Statuses)> {
    let (mut tasks, mut watches) = (JoinSet::new(), Vec::new());
    for sink in &config.sinks {
        start_sink(sink.sink(tags)?, log, stop, &mut tasks, &mut watches)?;
    }
    if let Some(publish) = &config.publish {
        start_sink(
            publish.sink(PUBLISH_SINK, tags)?,
            log,
            stop,
            &mut tasks,
            &mut watches,
        )?;
    }
    let last = writer.handle().progress().borrow().last_seq;
    let seed = channels::seed(config, history, last)?;
    let (statuses, desk) = channels::start(config, seed, log, stop, &mut tasks)?;
    watches.extend(desk);
    Ok((tasks, watches, statuses))
}

fn start_sink<S: Sink>(
    sink: S,
    log: &LogReader,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
    watches: &mut Watches,
) -> anyhow::Result<()>
where
    S::Batch: Sync,
{
    let task = SinkTask::new(sink, log.another()?);
    watches.push(task.watch());
    tasks.spawn(task.run(stop.clone()));
    Ok(())
}

fn start_sessions(
    config: &Config,
    writer: &WriterHandle,
    stop: &CancellationToken,
    pulses: &mut Vec<Pulse>,
) -> (JoinSet<()>, Vec<watch::Receiver<SessionStatus>>) {
    let (mut tasks, mut statuses) = (JoinSet::new(), Vec::new());
    for broker in &config.brokers {
        let (told, status) = session::status_channel();
        statuses.push(status);
        let (broker, writer, stop) = (broker.clone(), writer.clone(), stop.clone());
        tasks.spawn(seen(format!("session {}", broker.name), pulses, async move {
            if let Err(error) = session::run(broker, writer, stop, told).await {
                tracing::error!(%error, "a session has ended; a person is needed");
            }
        }));
    }
    (tasks, statuses)
}

/// What is true now, as the history knows it.
fn live_view(config: &Config, history: &History, now: Timestamp) -> anyhow::Result<Live> {
    let devices = || config.devices.iter().map(|device| &device.device);
    let live = Live::new(
        config.site.site.zone.clone(),
        devices().map(|device| device.id.clone()),
    );
    let base_loads = devices().filter(|device| !device.modality.idle_is_waste);
    live.set_base_loads(base_loads.map(|device| device.id.clone()));
    live.rebuild(&history.reader()?, now)?;
    Ok(live)
}

/// Serves the page; `beside` runs as long.
fn start_page(
    (listener, page, door): (TcpListener, Page, Door),
    stop: &CancellationToken,
    beside: impl Future<Output = ()> + Send + 'static,
    pulses: &mut Vec<Pulse>,
) -> JoinSet<()> {
    let (mut tasks, stopped, stop) = (JoinSet::new(), stop.clone(), stop.clone());
    let served = deliver::page::serve(listener, page, door, stop);
    tasks.spawn(seen("the page".to_owned(), pulses, served));
    tasks.spawn(async move {
        let _ = stopped.run_until_cancelled(beside).await;
    });
    tasks
}

/// What runs as long as the page.
fn beside(
    (config, clock): (&Config, &Clock),
    analyzed: watch::Receiver<u64>,
    writer: WriterHandle,
) -> impl Future<Output = ()> + use<> {
    let reporting = Reporting::new(config, clock.clone());
    async move {
        tokio::join!(forward_cursor(analyzed, writer), reporting.run());
    }
}

/// Tells the journal how far it has been analyzed, so that retention may delete what is behind.
async fn forward_cursor(mut analyzed: watch::Receiver<u64>, writer: WriterHandle) {
    loop {
        writer.set_oldest_cursor(*analyzed.borrow_and_update());
        if analyzed.changed().await.is_err() {
            return;
        }
    }
}
