//! One moment of the whole service, for the page, `/metrics` and `/health`. Nothing is counted here.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use analyzer::{AlertPhase, BandsLearned};
use deliver::channel::{CHANNELS_SINK, ChannelStatus};
use deliver::device::DeviceTags;
use deliver::history::Readers;
use deliver::live::{
    self, DeviceView, IncidentFigures, Live, MessageAccount, MeterFigures, PipelineFigures,
    QuarantineFigures, RebuildFigures, SinkFigures, Snapshot, UnreadableFigures,
};
use deliver::log::{LogEnd, LogReader};
use deliver::metrics::{
    self, AlertFigures, BrokerFigures, BuildFigures, DeviceFigures, Health, LevelFigures, Scrape,
};
use deliver::page::{self, Page};
use deliver::rebuild::Rebuild;
use deliver::sink::{Problem, SinkState, SinkStatus, SinkWatch};
use ingest::clock::Clock;
use ingest::incident::{Incident, Incidents};
use ingest::journal::{JournalReader, Progress};
use ingest::pulse::Pulse;
use ingest::quarantine::{Quarantine, ReasonCount};
use ingest::session::{Phase, SessionStatus};
use jiff::Timestamp;
use tokio::sync::watch;

use super::figures::Figures;
use super::recording::HISTORY_SINK;
use crate::config::Config;
use crate::say::say;

/// Longer at one piece of work is a standstill.
const WORK_MAX: Duration = Duration::from_secs(300);
/// The newest incidents are shown; the rest is in the journal's file.
const INCIDENTS_SHOWN: u32 = 50;
/// So many of the newest messages in quarantine are looked at, and so many reasons named.
const UNREADABLE: (usize, usize) = (1_000, 20);

/// What the service can be asked.
pub(super) struct Overview {
    pub(super) writer: watch::Receiver<Progress>,
    pub(super) cursor: watch::Receiver<u64>,
    pub(super) books: Mutex<Books>,
    pub(super) rebuild: Option<Rebuild>,
    pub(super) log: watch::Receiver<LogEnd>,
    pub(super) findings_file: PathBuf,
    pub(super) history_file: PathBuf,
    pub(super) sessions: Vec<watch::Receiver<SessionStatus>>,
    /// Why the analysis cannot go on; none while it can.
    pub(super) analysis: watch::Receiver<Option<String>>,
    /// The same of the recording.
    pub(super) recording: watch::Receiver<Option<String>>,
    /// Of what must never stand still.
    pub(super) pulses: Vec<Pulse>,
    pub(super) sinks: Vec<SinkWatch>,
    pub(super) channels: Vec<watch::Receiver<ChannelStatus>>,
    pub(super) figures: Arc<Figures>,
    pub(super) live: Live,
    pub(super) tags: Vec<DeviceTags>,
}

/// Connections of their own to what is counted durably.
pub(super) struct Books {
    pub(super) journal: JournalReader,
    pub(super) quarantine: Quarantine,
    pub(super) incidents: Incidents,
    pub(super) log: LogReader,
}

/// What the books say at one moment.
struct Balance {
    messages: MessageAccount,
    quarantine: QuarantineFigures,
    incidents: Vec<Incident>,
    sinks: Vec<SinkStatus>,
}

impl Overview {
    /// The page, with everything it asks: the service starts with it.
    pub(super) fn page(self, config: &Config, clock: Clock, history: Readers) -> Page {
        let (live, started) = (self.live.clone(), ingest::clock::wall());
        let this = Arc::new(self);
        let (pipeline, scraped, health) = (Arc::clone(&this), Arc::clone(&this), this);
        let now = Arc::new(move || clock.now());
        let (scrape_now, health_now) = (Arc::clone(&now), Arc::clone(&now));
        Page {
            site: config.site_info(),
            devices: config.page_devices(),
            facts: config.facts(),
            live,
            history,
            now,
            say: say_of(config),
            pipeline: Arc::new(move || PipelineFigures {
                started: Some(started),
                ..pipeline.pipeline()
            }),
            metrics: Arc::new(move || scraped.scrape(scrape_now()).render()),
            health: Arc::new(move || health.health(health_now())),
        }
    }

    /// Asks the books. The analysis first and the journal after it: whatever is committed meanwhile then counts as waiting,
    /// and the account balances at every moment.
    fn balance(&self) -> Balance {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let analyzed = books.log.messages().unwrap_or_default();
        let account = books
            .journal
            .account()
            .unwrap_or_else(|_| self.writer.borrow().account);
        let held = books.quarantine.count().unwrap_or_default();
        let incidents = books.incidents.newest(INCIDENTS_SHOWN).unwrap_or_default();
        let of_sink = |mut status: SinkStatus| {
            if let Ok(cursor) = books.log.cursor(&status.name) {
                status.take_account(&cursor, self.log.borrow().seq);
            }
            status
        };
        let sinks = [self.history_status()]
            .into_iter()
            .chain(self.sinks.iter().map(SinkWatch::status));
        Balance {
            messages: MessageAccount {
                received_qos0: account.received_qos0,
                received_qos1: account.received_qos1,
                stored: analyzed.heard.saturating_sub(analyzed.aside),
                duplicates: account.duplicates,
                quarantined: analyzed.aside,
                waiting: account.journalled.saturating_sub(analyzed.heard + analyzed.lost),
                lost: analyzed.lost,
                qos0_dropped: account.qos0_dropped,
                sessions_lost: account.sessions_lost,
            },
            quarantine: QuarantineFigures {
                held: held.rows,
                evicted: held.evicted,
                dropped: held.dropped,
            },
            incidents,
            sinks: sinks.map(of_sink).collect(),
        }
    }

    /// The local history is a sink like any other, run by a stage.
    fn history_status(&self) -> SinkStatus {
        let mut status = SinkStatus::of(
            HISTORY_SINK,
            HISTORY_SINK,
            self.history_file.display().to_string(),
        );
        status.last_error = self.recording.borrow().clone();
        if status.last_error.is_some() {
            status.state = SinkState::Retrying;
        }
        status
    }

    /// A sink's figures; what is wrong with a channel is shown where the channels are fed.
    fn sink_figures(&self, status: SinkStatus) -> SinkFigures {
        let mut figures = sink_figures(status);
        if figures.name == CHANNELS_SINK {
            let statuses = self.channel_statuses();
            let failing = statuses.iter().filter(|channel| channel.state != SinkState::Ok);
            let errors = failing
                .filter_map(|channel| Some(format!("{}: {}", channel.name, channel.last_error.as_ref()?)));
            figures.last_error = errors
                .reduce(|all, next| format!("{all}; {next}"))
                .or(figures.last_error);
        }
        figures
    }

    fn channel_statuses(&self) -> Vec<ChannelStatus> {
        self.channels
            .iter()
            .map(|status| status.borrow().clone())
            .collect()
    }

    /// How far the past is analyzed again.
    fn rebuilding(&self) -> Option<RebuildFigures> {
        let rebuild = self.rebuild.as_ref()?;
        let cursor = *self.cursor.borrow();
        let share = |seq: u64| f64::from(u32::try_from(seq).unwrap_or(u32::MAX));
        (cursor < rebuild.until).then(|| RebuildFigures {
            since: rebuild.since,
            fraction: share(cursor) / share(rebuild.until.max(1)),
        })
    }

    fn pipeline(&self) -> PipelineFigures {
        let Balance {
            messages,
            quarantine,
            incidents,
            sinks,
        } = self.balance();
        let counts = self.figures.counts();
        let mut meters: Vec<MeterFigures> = counts.meters.into_values().collect();
        meters.sort_by(|one, other| one.name.cmp(&other.name));
        PipelineFigures {
            messages,
            quarantine,
            readings: counts.readings,
            findings: self.log.borrow().findings,
            // known to the page, which is made when the service starts
            started: None,
            brokers: self.brokers(),
            is_broker_connected: self
                .sessions
                .iter()
                .map(|s| s.borrow().phase == Phase::Connected)
                .reduce(|a, b| a && b),
            sinks: sinks.into_iter().map(|sink| self.sink_figures(sink)).collect(),
            channels: self.channel_statuses(),
            meters,
            incidents: incidents.into_iter().map(incident_figures).collect(),
            unreadable: self.unreadable(),
            rebuild: self.rebuilding(),
        }
    }

    fn brokers(&self) -> Vec<live::BrokerFigures> {
        let figures = self.sessions.iter().map(|status| {
            let BrokerFigures { name, is_up, .. } = broker_figures(&status.borrow());
            live::BrokerFigures { name, is_up }
        });
        figures.collect()
    }

    /// Why messages of late could not be read.
    fn unreadable(&self) -> Vec<UnreadableFigures> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let reasons = books.quarantine.reasons(UNREADABLE.0, UNREADABLE.1);
        let figures = |reason: ReasonCount| UnreadableFigures {
            reason: reason.reason,
            messages: reason.messages,
            last: reason.last,
            topic: reason.topic,
        };
        reasons.unwrap_or_default().into_iter().map(figures).collect()
    }

    fn scrape(&self, now: Timestamp) -> Scrape {
        let log = *self.log.borrow();
        let Balance {
            messages,
            quarantine,
            sinks,
            ..
        } = self.balance();
        let account = self.writer.borrow().account;
        let pipeline = metrics::PipelineFigures {
            received_qos0: messages.received_qos0,
            received_qos1: messages.received_qos1,
            duplicates: messages.duplicates,
            qos0_dropped: account.qos0_dropped,
            journalled: messages.received() - messages.duplicates,
            in_journal: messages.waiting,
            stored: messages.stored,
            quarantined: messages.quarantined,
            lost: messages.lost,
            unexplained: messages.unexplained(),
            quarantine_held: quarantine.held,
            rebuild_ratio: self.rebuilding().map(|rebuild| rebuild.fraction),
            journal_skipped: account.records_skipped,
            commits_failed: account.commits_failed,
            reconnects: account.reconnects,
            sessions_lost: account.sessions_lost,
            taken_over: account.taken_over,
            poison: account.poison,
            subscriptions_refused: account.subscriptions_refused,
            clock_beacons: account.clock_ticks,
            meters_forgotten: self.figures.meters_forgotten(),
            findings: log.findings,
            findings_log_bytes: std::fs::metadata(&self.findings_file).map_or(0, |file| file.len()),
        };
        let snapshot = self.live.snapshot(now);
        Scrape {
            pipeline,
            brokers: self
                .sessions
                .iter()
                .map(|status| broker_figures(&status.borrow()))
                .collect(),
            sinks,
            channels: self.channel_statuses(),
            devices: self.devices(&snapshot),
            alerts: self.alerts(&snapshot),
            build: BuildFigures {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                commit: option_env!("IDLEWATT_COMMIT").unwrap_or_default().to_owned(),
            },
        }
    }

    fn devices(&self, snapshot: &Snapshot) -> Vec<DeviceFigures> {
        let figures = self.tags.iter().filter_map(|tag| {
            let view = snapshot.devices.get(&tag.id)?;
            let energy = |state: analyzer::State| (state, view.today.state(state).energy.wh());
            Some(DeviceFigures {
                id: tag.id.clone(),
                room: tag.room.clone(),
                modality: tag.modality.clone(),
                power_w: view.power_w,
                state: view.state,
                today_wh: analyzer::State::ALL.into_iter().map(energy).collect(),
                open_alerts: view.open_alerts().map(|_| 1).sum(),
                levels: levels(view.learned.as_deref()),
            })
        });
        figures.collect()
    }

    fn alerts(&self, snapshot: &Snapshot) -> Vec<AlertFigures> {
        let mut figures = AlertFigures::none();
        for of_rule in &mut figures {
            of_rule.raised = self.figures.alerts_raised(of_rule.rule);
        }
        for event in snapshot.devices.values().flat_map(DeviceView::open_alerts) {
            let of_rule = figures.iter_mut().find(|figures| figures.rule == event.rule);
            let is_attended = matches!(event.phase, AlertPhase::Acknowledged | AlertPhase::Snoozed);
            if let Some(of_rule) = of_rule {
                of_rule.open += 1;
                of_rule.attended += u64::from(is_attended);
            }
        }
        figures.to_vec()
    }

    fn health(&self, now: Timestamp) -> page::Health {
        let stages = [&self.analysis].into_iter().filter_map(|error| {
            let what = error.borrow().clone()?;
            let mend = "look at the disk and the state folder; nothing is lost, it is tried again by itself";
            Some(Problem {
                what,
                place: "pipeline".to_owned(),
                mend: mend.to_owned(),
            })
        });
        let alarm = self.writer.borrow().alarm.clone();
        let alarm = alarm.map(|alarm| Problem {
            what: format!("{} (tried {} times)", alarm.what, alarm.attempts),
            place: alarm.place.display().to_string(),
            mend: alarm.mend.to_owned(),
        });
        let (instant, longest) = (ingest::clock::monotonic(), WORK_MAX);
        let standing = self.pulses.iter().filter_map(|pulse| {
            let standstill = pulse.standstill(instant, longest)?;
            Some(Problem {
                what: standstill.to_string(),
                place: "pipeline".to_owned(),
                mend: "restart idlewatt; a service manager with a watchdog does it by itself".to_owned(),
            })
        });
        let health = Health::of(
            &self.scrape(now),
            stages.chain(alarm).chain(standing).collect::<Vec<_>>(),
        );
        page::Health {
            is_ready: health.ok,
            body: serde_json::to_value(&health).unwrap_or_default(),
        }
    }
}

/// How a person's word gets to the broker at which it is heard.
fn say_of(config: &Config) -> Option<page::Say> {
    let broker = config.brokers.get(config.act_broker?)?.clone();
    let topic = config.act_topic.clone();
    Some(Arc::new(move |message| {
        let (broker, topic) = (broker.clone(), topic.clone());
        Box::pin(async move {
            let said = say(&broker, &topic, &message).await;
            said.map_err(|error| format!("{error:#}"))
        })
    }))
}

fn levels(learned: Option<&BandsLearned>) -> LevelFigures {
    let mut levels = LevelFigures::default();
    for band in learned.into_iter().flat_map(|learned| &learned.bands) {
        let count = match (band.evidence.is_pinned, band.evidence.is_provisional()) {
            (true, _) => &mut levels.pinned,
            (false, true) => &mut levels.provisional,
            (false, false) => &mut levels.learned,
        };
        *count += 1;
    }
    levels
}

fn broker_figures(status: &SessionStatus) -> BrokerFigures {
    let fault = status.fault.as_ref().or_else(|| status.refused.first());
    BrokerFigures {
        name: status.broker.clone(),
        is_up: status.phase == Phase::Connected && !status.subscribed.is_empty(),
        problem: fault.map(|fault| Problem {
            what: fault.what.clone(),
            place: fault.place.clone(),
            mend: fault.mend.clone(),
        }),
    }
}

fn sink_figures(status: SinkStatus) -> SinkFigures {
    SinkFigures {
        name: status.name,
        kind: status.kind.to_owned(),
        target: status.target,
        findings: status.findings,
        delivered: status.accepted,
        rejected: status.rejected,
        left_out: status.left_out,
        skipped: status.skipped,
        behind: status.waiting,
        unexplained: status.unexplained,
        delivered_until: status.delivered_until,
        last_error: status.last_error.filter(|_| status.state != SinkState::Ok),
    }
}

fn incident_figures(incident: Incident) -> IncidentFigures {
    let mend = incident.mend().to_owned();
    let Incident {
        at,
        kind,
        place,
        what,
        lost,
    } = incident;
    IncidentFigures {
        at,
        kind,
        place,
        what,
        lost,
        mend,
    }
}
