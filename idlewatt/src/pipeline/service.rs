//! The whole service: opens the files, starts the stages in order, stops them in order.
//!
//! Stopping goes with the flow: sessions first, then what they brought is committed, analyzed, recorded and delivered,
//! each within a deadline; what is left is done after the next start.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use deliver::device::DeviceTags;
use deliver::history::{History, Reader, Readers};
use deliver::live::Live;
use deliver::log::{FindingsLog, LogConfig, LogReader};
use deliver::sink::{Sink, SinkTask, SinkWatch};
use ingest::clock::Clock;
use ingest::journal::{Journal, JournalReader, Writer, WriterHandle};
use ingest::quarantine::Quarantine;
use ingest::session::{self, SessionStatus};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::analysis::Analysis;
use super::figures::Figures;
use super::interpreter::Interpreter;
use super::overview::Overview;
use super::recording::{HISTORY_SINK, Recording};
use super::stage::{self, Running};
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
}

/// A running service.
pub struct Service {
    live: Live,
    sessions: JoinSet<()>,
    sessions_stop: CancellationToken,
    writer: Writer,
    analyzed: watch::Receiver<u64>,
    log: LogReader,
    recorded: watch::Receiver<u64>,
    analysis: Running,
    analysis_stop: CancellationToken,
    recording: Running,
    sinks: JoinSet<()>,
    sinks_stop: CancellationToken,
    page: JoinSet<()>,
    page_stop: CancellationToken,
}

impl Service {
    /// Starts everything that the configuration names; the page listens on `listener`.
    ///
    /// # Errors
    /// A file cannot be opened, or a sink or session cannot be made of its configuration.
    pub async fn start(config: &Config, listener: TcpListener) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.state_dir)
            .with_context(|| format!("cannot make the state folder {}", config.state_dir.display()))?;
        let files = Files(&config.state_dir);
        let journal = Journal::open(files.journal(), &config.journal)?;
        let is_playback = config.brokers.iter().any(|broker| broker.clock_topic.is_some());
        let clock = if is_playback {
            Clock::playback(journal.last_committed().unwrap_or(Timestamp::UNIX_EPOCH))
        } else {
            Clock::system()
        };
        let (journal_reader, quarantine) = (
            journal.reader()?,
            Quarantine::open(files.journal(), &config.journal)?,
        );
        let writer = Writer::start(journal, clock.clone())?;
        let history = History::open(&files.history(), &config.history)?;
        let tags = config.device_tags();
        let (log, log_reader) = open_log(config, &history)?;

        let figures = Arc::new(Figures::default());
        let live = Live::new(
            config.site.site.zone.clone(),
            tags.iter().map(|tag| tag.id.clone()),
        );
        let base_loads = config
            .devices
            .iter()
            .filter(|device| !device.device.modality.idle_is_waste);
        live.set_base_loads(base_loads.map(|device| device.device.id.clone()));
        live.rebuild(&Reader::open(&files.history())?, clock.now())?;
        let interpreter = Interpreter::new(config)?;
        let analysis = Analysis::resume(journal_reader, quarantine, interpreter, log, Arc::clone(&figures))?;
        let (cursor, analyzed) = (analysis.cursor(), analysis.cursor());
        let analysis_stop = CancellationToken::new();
        let analysis = stage::start(analysis, writer.handle().progress(), analysis_stop.clone())?;
        let recording = Recording::new(log_reader.another()?, history, live.clone());
        let recorded = recording.cursor();
        let recording = stage::start(recording, log_reader.end(), analysis_stop.child_token())?;

        let [sinks_stop, page_stop, sessions_stop] = std::array::from_fn(|_| CancellationToken::new());
        let (sinks, watches) = start_sinks(config, &tags, &log_reader, &sinks_stop)?;
        let (sessions, statuses) = start_sessions(config, &writer.handle(), &sessions_stop);
        let overview = Overview {
            writer: writer.handle().progress(),
            cursor: cursor.clone(),
            journal: std::sync::Mutex::new(JournalReader::open(files.journal())?),
            quarantine: std::sync::Mutex::new(Quarantine::open(files.journal(), &config.journal)?),
            log: log_reader.end(),
            sessions: statuses,
            stages: vec![analysis.error(), recording.error()],
            sinks: watches,
            figures,
            live: live.clone(),
            tags,
        };
        let mut page = JoinSet::new();
        page.spawn(forward_cursor(cursor, writer.handle(), page_stop.clone()));
        let shown = overview.page(config, clock, Readers::new(files.history()));
        let stop = page_stop.clone();
        page.spawn(async move {
            if let Err(error) = deliver::page::serve(listener, shown, stop).await {
                tracing::error!(%error, "the page has stopped; everything else goes on");
            }
        });
        Ok(Self {
            live,
            sessions,
            sessions_stop,
            writer,
            analyzed,
            log: log_reader,
            recorded,
            analysis,
            analysis_stop,
            recording,
            sinks,
            sinks_stop,
            page,
            page_stop,
        })
    }

    /// The live view, to tell people of what is under way.
    #[must_use]
    pub const fn live(&self) -> &Live {
        &self.live
    }

    /// Tells how far the journal is analyzed.
    #[must_use]
    pub fn analyzed(&self) -> watch::Receiver<u64> {
        self.analyzed.clone()
    }

    /// How much of the journal has reached the page, 0 to 1.
    #[must_use]
    pub fn share_shown(&self) -> f64 {
        let last = self.writer.handle().progress().borrow().last_seq;
        let analyzed = *self.analyzed.borrow();
        let is_recorded = *self.recorded.borrow() >= self.log.last_seq();
        if analyzed >= last && is_recorded {
            return 1.0;
        }
        let share = f64::from(u32::try_from(analyzed).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(last).unwrap_or(u32::MAX));
        share.clamp(0.0, 0.99)
    }

    /// Stops with the flow; what is not done within the deadlines is done after the next start.
    pub async fn stop(mut self) {
        self.sessions_stop.cancel();
        while self.sessions.join_next().await.is_some() {}
        let writer = self.writer;
        if tokio::task::spawn_blocking(move || writer.stop()).await.is_err() {
            tracing::error!(
                "the journal's writer has panicked; what was not committed was not acknowledged either"
            );
        }
        self.analysis_stop.cancel();
        self.analysis.join().await;
        self.recording.join().await;
        self.sinks_stop.cancel();
        while self.sinks.join_next().await.is_some() {}
        self.page_stop.cancel();
        while self.page.join_next().await.is_some() {}
    }
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
        .chain([HISTORY_SINK]);
    log.register(&names.collect::<Vec<_>>())?;
    let reader = log.reader()?;
    Ok((log, reader))
}

type Watches = Vec<SinkWatch>;

fn start_sinks(
    config: &Config,
    tags: &[DeviceTags],
    log: &LogReader,
    stop: &CancellationToken,
) -> anyhow::Result<(JoinSet<()>, Watches)> {
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
    Ok((tasks, watches))
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
) -> (JoinSet<()>, Vec<watch::Receiver<SessionStatus>>) {
    let (mut tasks, mut statuses) = (JoinSet::new(), Vec::new());
    for broker in &config.brokers {
        let (told, status) = session::status_channel();
        statuses.push(status);
        let (broker, writer, stop) = (broker.clone(), writer.clone(), stop.clone());
        tasks.spawn(async move {
            if let Err(error) = session::run(broker, writer, stop, told).await {
                tracing::error!(%error, "a session has ended; a person is needed");
            }
        });
    }
    (tasks, statuses)
}

/// Tells the journal how far it has been analyzed, so that retention may delete what is behind.
async fn forward_cursor(mut cursor: watch::Receiver<u64>, writer: WriterHandle, stop: CancellationToken) {
    loop {
        writer.set_oldest_cursor(*cursor.borrow_and_update());
        tokio::select! {
            changed = cursor.changed() => if changed.is_err() { return },
            () = stop.cancelled() => return,
        }
    }
}
