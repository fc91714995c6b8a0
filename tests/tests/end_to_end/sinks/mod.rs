//! The sinks against real servers: InfluxDB 1.x, VictoriaMetrics, mosquitto.

mod backfill;
mod influx;
mod limit;
mod topics;
mod victoria;

use std::time::Duration;

use analyzer::site::TariffPeriod;
use analyzer::{
    AlertEvent, AlertPhase, DeviceId, Energy, Exam, Fault, FaultKind, Finding, Interval, LedgerRow, Sample,
    Severity, State, StateChange,
};
use deliver::device::DeviceTags;
use deliver::log::{FindingsLog, LogConfig, Rejected};
use deliver::sink::{HttpConfig, Pace, Sink, SinkStatus, SinkTask, SinkWatch};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// 2026-11-23 10:00 UTC.
const START_MS: i64 = 1_795_428_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// A findings log in a folder of its own.
struct Source {
    _folder: TempDir,
    log: FindingsLog,
}

impl Source {
    fn new(sinks: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut log = FindingsLog::open(&folder.path().join("findings.sqlite"), &LogConfig::default())?;
        log.register(sinks)?;
        Ok(Self { _folder: folder, log })
    }

    fn append(&mut self, findings: &[Finding]) -> anyhow::Result<u64> {
        let next = self.log.journal_cursor()? + 1;
        Ok(self.log.append(next, instant(0), findings, None)?)
    }

    fn run<S: Sink>(&self, sink: S) -> anyhow::Result<Running> {
        let task = SinkTask::new(sink, self.log.reader()?);
        let (watch, shutdown) = (task.watch(), CancellationToken::new());
        let handle = tokio::spawn(task.run(shutdown.clone()));
        Ok(Running {
            watch,
            shutdown,
            handle,
        })
    }

    fn rejected(&self) -> anyhow::Result<Vec<Rejected>> {
        Ok(self.log.reader()?.rejected(100_000)?)
    }
}

/// A sink at work.
struct Running {
    watch: SinkWatch,
    shutdown: CancellationToken,
    handle: JoinHandle<()>,
}

impl Running {
    async fn until(&mut self, what: &str, holds: impl Fn(&SinkStatus) -> bool) -> SinkStatus {
        let reached = tokio::time::timeout(PATIENCE, self.watch.until(holds)).await;
        assert!(
            matches!(reached, Ok(true)),
            "never {what}: {:?}",
            self.watch.status()
        );
        self.watch.status()
    }

    async fn through(&mut self) -> SinkStatus {
        self.until("through", |status| status.behind_rows == 0).await
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        Ok(self.handle.await?)
    }
}

/// A configuration with short pauses.
fn quick(url: String) -> HttpConfig {
    let pace = Pace {
        flush_after: Duration::from_millis(50),
        held_retry_after: Duration::from_millis(200),
        retry_after_min: Duration::from_millis(50),
        retry_after_max: Duration::from_millis(500),
        ..Pace::default()
    };
    HttpConfig {
        url,
        pace,
        request_timeout: Duration::from_secs(10),
        ..HttpConfig::default()
    }
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(START_MS + millis).expect("in range")
}

fn hospital() -> Vec<DeviceTags> {
    let device = |id: &str, room: &str, modality: &str| DeviceTags {
        id: id.into(),
        name: format!("the {id}"),
        room: room.to_owned(),
        modality: modality.to_owned(),
        site: "St. \"Else\", where=\\".to_owned(),
    };
    vec![
        device("ct1", "Room 1, basement", "ct"),
        device("mri\n1", "Röntgen = 2 \\", "mri"),
    ]
}

/// The power curve of both devices, a sample each a second, alternating.
fn samples(numbers: std::ops::Range<u32>) -> Vec<Finding> {
    let devices: Vec<DeviceId> = hospital().into_iter().map(|device| device.id).collect();
    let sample = |number: u32| {
        Finding::Sample(Sample {
            device: devices[number as usize % 2].clone(),
            at: instant(i64::from(number) * 500),
            power_w: f64::from(number) + 0.5,
            state: State::Idle,
            is_provisional: false,
        })
    };
    numbers.map(sample).collect()
}

fn raised(device: DeviceId, (since, at): (Timestamp, Timestamp), energy: Energy, cost: f64) -> AlertEvent {
    AlertEvent {
        rule: "overnight_idle".to_owned(),
        device,
        severity: Severity::Warning,
        phase: AlertPhase::Raised,
        since,
        at,
        energy,
        cost,
        co2e_g: 7.0,
        detail: String::new(),
        by: String::new(),
        until: None,
    }
}

/// One finding of each kind; `factor` changes their values and not their keys.
fn one_of_each(factor: f64) -> Vec<Finding> {
    let device: DeviceId = "mri\n1".into();
    let (from, until) = (instant(0), instant(3_600_000));
    let (energy, estimated) = (Energy::from_wh(100.0 * factor), Energy::from_wh(1.5));
    let minute = SignedDuration::from_secs(60);
    vec![
        Finding::Sample(Sample {
            device: device.clone(),
            at: from,
            power_w: 2600.0 * factor,
            state: State::Idle,
            is_provisional: true,
        }),
        Finding::StateChange(StateChange {
            device: device.clone(),
            at: from,
            from: State::Unknown,
            to: State::Idle,
            power_w: Some(2600.0 * factor),
        }),
        Finding::Interval(Interval {
            device: device.clone(),
            from,
            until,
            state: State::Idle,
            energy,
            estimated,
        }),
        Finding::Exam(Exam {
            device: device.clone(),
            number: 1,
            from,
            until,
            energy,
            scanning_energy: estimated,
            scanning: minute,
            kind: analyzer::ExamKind::Patient,
        }),
        Finding::Ledger(LedgerRow {
            device: device.clone(),
            hour: from,
            state: State::Idle,
            is_open: false,
            tariff: TariffPeriod::Night,
            energy,
            estimated,
            duration: minute,
            cost: 0.25 * factor,
            co2e_g: 7.0,
        }),
        Finding::Alert(raised(device.clone(), (from, until), energy, 0.25 * factor)),
        Finding::Fault(Fault {
            device,
            meter: "evil\\,power,device=x power_w=9 1".to_owned(),
            at: from,
            kind: FaultKind::CounterReset,
            detail: "he said \"0\"\n\\".to_owned(),
        }),
    ]
}
