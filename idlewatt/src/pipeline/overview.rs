//! One moment of the whole service, for the page, `/metrics` and `/health`. Nothing is counted here.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use analyzer::{AlertPhase, BandsLearned};
use deliver::device::DeviceTags;
use deliver::history::Readers;
use deliver::live::{DeviceView, Live, MeterFigures, PipelineFigures, SinkFigures, Snapshot};
use deliver::log::LogEnd;
use deliver::metrics::{
    self, AlertFigures, BrokerFigures, BuildFigures, DeviceFigures, Health, LevelFigures, Scrape,
};
use deliver::page::{self, Page};
use deliver::sink::{Problem, SinkWatch};
use ingest::clock::Clock;
use ingest::journal::{JournalReader, Progress};
use ingest::quarantine::Quarantine;
use ingest::session::{Phase, SessionStatus};
use jiff::Timestamp;
use tokio::sync::watch;

use super::figures::Figures;
use crate::config::Config;

/// What the service can be asked.
pub(super) struct Overview {
    pub(super) writer: watch::Receiver<Progress>,
    pub(super) cursor: watch::Receiver<u64>,
    pub(super) journal: Mutex<JournalReader>,
    pub(super) quarantine: Mutex<Quarantine>,
    pub(super) log: watch::Receiver<LogEnd>,
    pub(super) findings_file: PathBuf,
    pub(super) sessions: Vec<watch::Receiver<SessionStatus>>,
    pub(super) stages: Vec<watch::Receiver<Option<String>>>,
    pub(super) sinks: Vec<SinkWatch>,
    pub(super) figures: Arc<Figures>,
    pub(super) live: Live,
    pub(super) tags: Vec<DeviceTags>,
}

impl Overview {
    /// The page, with everything it asks.
    pub(super) fn page(self, config: &Config, clock: Clock, history: Readers) -> Page {
        let live = self.live.clone();
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
            pipeline: Arc::new(move || pipeline.pipeline()),
            metrics: Arc::new(move || scraped.scrape(scrape_now()).render()),
            health: Arc::new(move || health.health(health_now())),
        }
    }

    /// Messages analyzed so far, and put aside so far.
    fn analyzed(&self) -> (u64, u64) {
        let cursor = *self.cursor.borrow();
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let analyzed = journal.totals_at(cursor).map_or(0, |totals| totals.journalled);
        let quarantine = self.quarantine.lock().unwrap_or_else(PoisonError::into_inner);
        let aside = quarantine.count().map_or(0, |count| count.rows + count.evicted);
        (analyzed, aside)
    }

    fn pipeline(&self) -> PipelineFigures {
        let account = self.writer.borrow().account;
        let counts = self.figures.counts();
        let (analyzed, quarantined) = self.analyzed();
        let mut meters: Vec<MeterFigures> = counts.meters.into_values().collect();
        meters.sort_by(|one, other| one.name.cmp(&other.name));
        PipelineFigures {
            messages_received: account.received(),
            messages_stored: account.journalled.saturating_sub(quarantined),
            messages_duplicate: account.duplicates,
            messages_quarantined: quarantined,
            messages_unread: account.journalled.saturating_sub(analyzed),
            readings: counts.readings,
            findings: counts.findings,
            is_broker_connected: self
                .sessions
                .iter()
                .map(|s| s.borrow().phase == Phase::Connected)
                .reduce(|a, b| a && b),
            sinks: self.sinks.iter().map(sink_figures).collect(),
            meters,
        }
    }

    fn scrape(&self, now: Timestamp) -> Scrape {
        let account = self.writer.borrow().account;
        let log = *self.log.borrow();
        let (analyzed, quarantined) = self.analyzed();
        let pipeline = metrics::PipelineFigures {
            received_qos0: account.received_qos0,
            received_qos1: account.received_qos1,
            duplicates: account.duplicates,
            qos0_dropped: account.qos0_dropped,
            journalled: account.journalled,
            in_journal: account.journalled.saturating_sub(analyzed),
            stored: analyzed.saturating_sub(quarantined),
            quarantined,
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
            sinks: self.sinks.iter().map(SinkWatch::status).collect(),
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
        let stages = self.stages.iter().filter_map(|error| {
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
        let health = Health::of(&self.scrape(now), stages.chain(alarm).collect::<Vec<_>>());
        page::Health {
            is_ready: health.ok,
            body: serde_json::to_value(&health).unwrap_or_default(),
        }
    }
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

fn sink_figures(watch: &SinkWatch) -> SinkFigures {
    let status = watch.status();
    SinkFigures {
        name: status.name,
        kind: status.kind.to_owned(),
        delivered: status.accepted,
        rejected: status.rejected,
        behind: status.behind_rows,
        last_error: status
            .last_error
            .filter(|_| status.state != deliver::sink::SinkState::Ok),
    }
}
