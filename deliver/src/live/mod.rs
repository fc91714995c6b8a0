//! What is true right now: the state, power, waste and alerts of every device, for the live page.
//!
//! [`Live`] is a cheap handle on one shared memory. The pipeline feeds it findings in order; pages take snapshots
//! and wait for changes. It holds nothing that the history does not: after a restart [`Live::rebuild`] reads it back.
//!
//! Limits: only the devices it was made with; seven local days of ledger rows; sixteen alerts a device. A listener
//! that is slow gets fewer, newer updates: there is no queue that could fill, each listener asks for what changed
//! since it last looked.

mod book;
mod device;
mod pipeline;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use analyzer::{AlertEvent, DeviceId, Finding};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use tokio::sync::watch;

use crate::history::{self, AlertFilter, Reader, Totals};

use device::DeviceMemory;
pub use device::{DeviceView, MeterFault};
pub use pipeline::{
    BrokerFigures, IncidentFigures, MessageAccount, MeterFigures, PipelineFigures, QuarantineFigures,
    RebuildFigures, SinkFigures, UnreadableFigures,
};

/// How many local days the "week" has, today included.
pub const WEEK_DAYS: i64 = 7;

/// The live view; clones share it.
#[derive(Clone, Debug)]
pub struct Live {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    zone: TimeZone,
    memory: Mutex<Memory>,
    version: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Memory {
    devices: BTreeMap<DeviceId, DeviceMemory>,
    progress: Option<Progress>,
    version: u64,
    /// Grows with every step of an alert, notes included.
    alert_steps: u64,
}

/// Something long under way that the page should tell, such as a week of history being played.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is under way, ready to be shown.
    pub text: String,
    /// How much of it is done, 0 to 1.
    pub fraction: f64,
}

/// Everything at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The memory's version; grows with every change.
    pub version: u64,
    /// Grows with every step of an alert that was taken, notes included.
    pub alert_steps: u64,
    /// Every device, by id.
    pub devices: BTreeMap<DeviceId, DeviceView>,
    /// The whole site since local midnight, base loads left out.
    pub today: Totals,
    /// The whole site over [`WEEK_DAYS`] local days, today included, base loads left out.
    pub week: Totals,
    /// What is under way.
    pub progress: Option<Progress>,
}

impl Snapshot {
    /// All alerts known: open ones, and those cleared within a day. Open ones first, newest first.
    #[must_use]
    pub fn alerts(&self) -> Vec<&AlertEvent> {
        let mut alerts: Vec<&AlertEvent> = self.devices.values().flat_map(|device| &device.alerts).collect();
        alerts.sort_by_key(|event| (!device::is_open(event), std::cmp::Reverse(event.since)));
        alerts
    }

    /// How many alerts are open.
    #[must_use]
    pub fn open_alerts(&self) -> usize {
        self.devices
            .values()
            .map(|device| device.open_alerts().count())
            .sum()
    }
}

/// A listener's place: knows what it has already seen.
#[derive(Debug)]
pub struct Subscription {
    live: Live,
    changes: watch::Receiver<u64>,
    seen: u64,
}

impl Live {
    /// A live view of these devices, all unknown, with days counted in `zone`.
    #[must_use]
    pub fn new(zone: TimeZone, devices: impl IntoIterator<Item = DeviceId>) -> Self {
        let devices = devices
            .into_iter()
            .map(|id| (DeviceId::clone(&id), DeviceMemory::new(id)))
            .collect();
        let memory = Mutex::new(Memory {
            devices,
            ..Memory::default()
        });
        Self {
            shared: Arc::new(Shared {
                zone,
                memory,
                version: watch::Sender::new(0),
            }),
        }
    }

    /// Names devices that are base loads (racks, chillers): their energy is never waste and is left out of the site's
    /// totals.
    pub fn set_base_loads(&self, devices: impl IntoIterator<Item = DeviceId>) {
        let mut memory = self.memory();
        for id in devices {
            if let Some(device) = memory.devices.get_mut(&id) {
                device.is_base_load = true;
            }
        }
        self.touch_all(&mut memory);
    }

    /// Takes what the history knows. Call it before the first [`Self::consume`], and after [`Self::forget`]; blocks on
    /// the file.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn rebuild(&self, reader: &Reader, now: Timestamp) -> history::Result<()> {
        let week_start = self.day_start(now, WEEK_DAYS - 1);
        let far = now + 48.hours();
        let states = reader.last_states()?;
        let rows = reader.ledger_rows(week_start, far)?;
        let mut alerts = reader.alerts(&AlertFilter {
            is_open_only: true,
            ..AlertFilter::default()
        })?;
        alerts.extend(reader.alerts(&AlertFilter {
            raised_from: Some(now - 48.hours()),
            ..AlertFilter::default()
        })?);
        let learned = reader.last_learned()?;
        let mut memory = self.memory();
        for bands in &learned {
            if let Some(device) = memory.devices.get_mut(&bands.device) {
                device.take_bands(bands);
            }
        }
        for last in states {
            if let Some(device) = memory.devices.get_mut(&last.device) {
                device.restore(&last);
            }
        }
        for row in &rows {
            let day = self.day_start(row.hour, 0);
            if let Some(device) = memory.devices.get_mut(&row.device) {
                device.book.put(day, row);
            }
        }
        for alert in alerts {
            if let Some(device) = memory.devices.get_mut(&alert.device) {
                device.take_alert(&alert.to_event());
            }
        }
        self.touch_all(&mut memory);
        Ok(())
    }

    /// Forgets what devices did, not which there are: the past is told anew.
    pub fn forget(&self) {
        let mut memory = self.memory();
        for (id, device) in &mut memory.devices {
            let is_base_load = device.is_base_load;
            *device = DeviceMemory::new(DeviceId::clone(id));
            device.is_base_load = is_base_load;
        }
        self.touch_all(&mut memory);
    }

    /// Takes findings in the order they were found. Findings of devices it does not know are passed over.
    pub fn consume(&self, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        let mut memory = self.memory();
        let version = memory.version + 1;
        for finding in findings {
            self.take(&mut memory, finding, version);
        }
        memory.version = version;
        drop(memory);
        self.shared.version.send_replace(version);
    }

    fn take(&self, memory: &mut Memory, finding: &Finding, version: u64) {
        let id = match finding {
            Finding::Sample(sample) => &sample.device,
            Finding::StateChange(change) => &change.device,
            Finding::Ledger(row) | Finding::Settled(row) => &row.device,
            Finding::Alert(event) => &event.device,
            Finding::Fault(fault) => &fault.device,
            Finding::Bands(bands) => &bands.device,
            Finding::Interval(_) | Finding::Exam(_) => return,
        };
        let Some(device) = memory.devices.get_mut(id) else {
            return;
        };
        device.version = version;
        match finding {
            Finding::Sample(sample) => device.take_sample(sample),
            Finding::StateChange(change) => device.take_change(change),
            Finding::Ledger(row) | Finding::Settled(row) => {
                device.book.put(self.day_start(row.hour, 0), row);
            }
            Finding::Alert(event) => {
                device.take_alert(event);
                memory.alert_steps += 1;
            }
            Finding::Fault(fault) => device.take_fault(fault),
            Finding::Bands(bands) => device.take_bands(bands),
            Finding::Interval(_) | Finding::Exam(_) => {}
        }
    }

    /// Says what is under way, or (`None`) that nothing is.
    pub fn set_progress(&self, progress: Option<Progress>) {
        let mut memory = self.memory();
        if memory.progress != progress {
            memory.progress = progress;
            self.touch_all(&mut memory);
        }
    }

    /// Everything as it is at `now`.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        self.snapshot_since(now, None)
    }

    /// How many steps of alerts were taken; see [`Snapshot::alert_steps`].
    #[must_use]
    pub fn alert_steps(&self) -> u64 {
        self.memory().alert_steps
    }

    /// The instant of the newest sample of any device; none before the first.
    #[must_use]
    pub fn newest_sample(&self) -> Option<Timestamp> {
        let memory = self.memory();
        memory
            .devices
            .values()
            .filter_map(|device| device.sampled_at)
            .max()
    }

    /// A listener that has seen nothing yet.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        let mut changes = self.shared.version.subscribe();
        changes.mark_changed();
        Subscription {
            live: self.clone(),
            changes,
            seen: 0,
        }
    }

    /// Start of the local day `days_back` days before the one that holds `at`.
    #[must_use]
    pub fn day_start(&self, at: Timestamp, days_back: i64) -> Timestamp {
        let day = at
            .to_zoned_datetime(self.shared.zone.clone())
            .checked_sub(days_back.days());
        day.and_then(|day| day.start_of_day())
            .map_or(at, |day| day.timestamp())
    }

    fn snapshot_since(&self, now: Timestamp, seen: Option<u64>) -> Snapshot {
        let (today, week_start) = (self.day_start(now, 0), self.day_start(now, WEEK_DAYS - 1));
        let memory = self.memory();
        let (mut site_today, mut site_week) = (Totals::default(), Totals::default());
        let mut devices = BTreeMap::new();
        for (id, device) in &memory.devices {
            let (of_today, of_week) = (device.book.since(today), device.book.since(week_start));
            if !device.is_base_load {
                site_today.merge(&of_today);
                site_week.merge(&of_week);
            }
            if seen.is_none_or(|seen| device.version > seen) {
                devices.insert(DeviceId::clone(id), device.view(now, of_today, of_week));
            }
        }
        Snapshot {
            version: memory.version,
            alert_steps: memory.alert_steps,
            devices,
            today: site_today,
            week: site_week,
            progress: memory.progress.clone(),
        }
    }

    fn touch_all(&self, memory: &mut Memory) {
        memory.version += 1;
        let version = memory.version;
        for device in memory.devices.values_mut() {
            device.version = version;
        }
        self.shared.version.send_replace(version);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Waits until something changed that this listener has not seen.
    pub async fn changed(&mut self) {
        self.changes
            .changed()
            .await
            .expect("this listener's own handle keeps the sender alive");
    }

    /// What changed since the last call: the devices that did, and the site's totals.
    pub fn take(&mut self, now: Timestamp) -> Snapshot {
        self.changes.mark_unchanged();
        let snapshot = self.live.snapshot_since(now, Some(self.seen));
        self.seen = snapshot.version;
        snapshot
    }

    /// Everything, as if nothing had been seen: when the clock alone changes what a page says.
    pub fn take_all(&mut self, now: Timestamp) -> Snapshot {
        self.changes.mark_unchanged();
        let snapshot = self.live.snapshot(now);
        self.seen = snapshot.version;
        snapshot
    }
}
