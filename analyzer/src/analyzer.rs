//! The analyzer: finds the devices a reading belongs to, the instant it was measured, and passes it on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::band::Bands;
use crate::finding::{Fault, FaultKind, Finding};
use crate::site::Site;
use crate::snapshot::{self, SnapshotError};
use crate::tracker::{Context, Tracker};
use crate::{Arrival, Availability, Device, Notice, Reading};

/// A meter's own stamp is used when it lies this near to the arrival.
const STAMP_NEAR: SignedDuration = SignedDuration::from_mins(10);

/// While readings come, time goes on for all devices at least this often.
const ADVANCE_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// All that an analyzer is told before the first reading.
#[derive(Clone, Debug)]
pub struct Config {
    /// What holds for every device.
    pub site: Site,
    /// The devices, each with its meters.
    pub devices: Vec<Device>,
}

/// Readings in, findings out. See the crate.
#[derive(Debug)]
pub struct Analyzer {
    site: Site,
    devices: Vec<Judged>,
    /// meter → (device, feed) by number.
    routes: BTreeMap<String, Vec<(usize, usize)>>,
    /// Meters whose clock is wrong and has been said to be.
    wrong_clocks: BTreeSet<String>,
    /// How far time has gone on for all devices.
    advanced: Option<Timestamp>,
}

#[derive(Debug)]
struct Judged {
    device: Device,
    bands: Bands,
    tracker: Tracker,
}

impl Judged {
    fn split<'a>(&'a mut self, site: &'a Site) -> (Context<'a>, &'a mut Tracker) {
        (
            Context {
                site,
                device: &self.device,
                bands: &self.bands,
            },
            &mut self.tracker,
        )
    }
}

impl Analyzer {
    /// An analyzer that has heard nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut routes: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, device) in config.devices.iter().enumerate() {
            for (index, feed) in device.feeds.iter().enumerate() {
                routes
                    .entry(feed.meter.clone())
                    .or_default()
                    .push((number, index));
            }
        }
        let judged = |device: Device| {
            let bands = device.bands.clone().unwrap_or_else(|| device.modality.bands());
            Judged {
                device,
                bands,
                tracker: Tracker::default(),
            }
        };
        let devices = config.devices.into_iter().map(judged).collect();
        Self {
            site: config.site,
            devices,
            routes,
            wrong_clocks: BTreeSet::new(),
            advanced: None,
        }
    }

    /// Takes the readings of one message.
    ///
    /// The instant is the meter's own stamp where it lies near the arrival, else the arrival. A retained message is
    /// a sample only with a stamp of its own.
    pub fn observe(&mut self, arrival: Arrival, readings: &[Reading], out: &mut Vec<Finding>) {
        if self
            .advanced
            .is_none_or(|advanced| arrival.at.duration_since(advanced) >= ADVANCE_EVERY)
        {
            self.advance(arrival.at, out);
        }
        let mut rest: Vec<&Reading> = readings.iter().collect();
        while let Some(first) = rest.first() {
            let (meter, stamp) = (first.meter.as_str(), first.stamp);
            let (group, others) = rest
                .iter()
                .partition(|reading| reading.meter == meter && reading.stamp == stamp);
            let group: Vec<&Reading> = group;
            if let Some(at) = self.instant(arrival, meter, stamp, out) {
                self.pass_on(at, arrival, meter, stamp, &group, out);
            }
            rest = others;
        }
    }

    fn pass_on(
        &mut self,
        at: Timestamp,
        arrival: Arrival,
        meter: &str,
        stamp: Option<Timestamp>,
        readings: &[&Reading],
        out: &mut Vec<Finding>,
    ) {
        // with its own stamp near, the instant is known even in a back-log
        let is_after_outage = arrival.is_after_outage && stamp.is_none();
        let Some(routes) = self.routes.get(meter) else {
            return;
        };
        for &(number, index) in routes {
            let (context, tracker) = self.devices[number].split(&self.site);
            tracker.observe(
                context,
                (index, at),
                Arrival {
                    is_after_outage,
                    ..arrival
                },
                readings,
                out,
            );
        }
    }

    /// Takes a meter's word on itself.
    pub fn availability(&mut self, at: Timestamp, availability: &Availability, out: &mut Vec<Finding>) {
        let Some(routes) = self.routes.get(&availability.meter) else {
            return;
        };
        for &(number, _) in routes.iter().filter(|_| !availability.is_online) {
            let (context, tracker) = self.devices[number].split(&self.site);
            tracker.offline(context, &availability.meter, at, out);
        }
    }

    /// Takes what a person should know of a meter: a fault of every device that it feeds.
    pub fn notice(&mut self, at: Timestamp, notice: &Notice, out: &mut Vec<Finding>) {
        let routes = self.routes.get(&notice.meter).into_iter().flatten();
        out.extend(routes.map(|&(number, _)| {
            Finding::Fault(Fault {
                device: self.devices[number].device.id.clone(),
                meter: notice.meter.clone(),
                at,
                kind: notice.kind,
                detail: notice.detail.clone(),
            })
        }));
    }

    /// Time has gone on to `now`, whether or not anything was heard.
    pub fn advance(&mut self, now: Timestamp, out: &mut Vec<Finding>) {
        self.advanced = self.advanced.max(Some(now));
        for judged in &mut self.devices {
            let (context, tracker) = judged.split(&self.site);
            tracker.advance(context, now, out);
        }
    }

    /// The stream ends at `until`: everything that waits is made final and said.
    pub fn finish(&mut self, until: Timestamp, out: &mut Vec<Finding>) {
        for judged in &mut self.devices {
            let (context, tracker) = judged.split(&self.site);
            tracker.finish(context, until, out);
        }
    }

    /// All that is remembered, to be restored after a restart.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let trackers = self
            .devices
            .iter()
            .map(|judged| (judged.device.id.as_ref(), &judged.tracker));
        snapshot::encode(trackers, &self.wrong_clocks, self.advanced)
    }

    /// Takes up where a snapshot was made. Devices that the snapshot does not know begin anew.
    ///
    /// # Errors
    /// The snapshot is of another version or damaged; then nothing has changed, and the journal can tell all again.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let snapshot::Memory {
            mut trackers,
            wrong_clocks,
            advanced,
        } = snapshot::decode(bytes)?;
        for judged in &mut self.devices {
            judged.tracker = trackers.remove(judged.device.id.as_ref()).unwrap_or_default();
        }
        (self.wrong_clocks, self.advanced) = (wrong_clocks, advanced);
        Ok(())
    }

    /// When a message's values were measured; none where nobody can know.
    fn instant(
        &mut self,
        arrival: Arrival,
        meter: &str,
        stamp: Option<Timestamp>,
        out: &mut Vec<Finding>,
    ) -> Option<Timestamp> {
        let routes = self.routes.get(meter)?;
        let Some(stamp) = stamp else {
            return (!arrival.is_retained).then_some(arrival.at);
        };
        let is_near = stamp.duration_since(arrival.at).abs() <= STAMP_NEAR;
        if is_near {
            self.wrong_clocks.remove(meter);
            return Some(stamp.min(arrival.at));
        }
        if arrival.is_retained || arrival.is_after_outage {
            return None;
        }
        if self.wrong_clocks.insert(meter.to_owned()) {
            let detail = format!(
                "the meter's stamp {stamp} is far from the arrival {}; the arrival is used",
                arrival.at
            );
            out.extend(routes.iter().map(|&(number, _)| {
                let (device, meter) = (self.devices[number].device.id.clone(), meter.to_owned());
                Finding::Fault(Fault {
                    device,
                    meter,
                    at: arrival.at,
                    kind: FaultKind::ClockWrong,
                    detail: detail.clone(),
                })
            }));
        }
        Some(arrival.at)
    }
}
