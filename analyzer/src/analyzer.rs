//! The analyzer: finds the devices a reading belongs to, the instant it was measured, and passes it on.

use jiff::{SignedDuration, Timestamp};

use crate::band::Bands;
use crate::clock::{Clocks, Course, Instant, Own};
use crate::finding::{FaultKind, Finding};
use crate::learn::Learned;
use crate::order::Ordered;
use crate::route::{Route, Routes};
use crate::site::Site;
use crate::snapshot::{self, SnapshotError};
use crate::tracker::{Context, Given};
use crate::{Action, Arrival, Availability, Device, LevelWord, Notice, Reading};

/// While readings come, time goes on for all devices at least this often.
const ADVANCE_EVERY: SignedDuration = SignedDuration::from_secs(5);
/// Time goes on for at most so many devices a second: told oftener, it waits. A hundred thousand devices are looked at
/// every two seconds, a hospital's at every word.
const ADVANCED_A_SECOND: i64 = 50_000;

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
    routes: Routes,
    clocks: Clocks,
    own: Own,
    /// How far time has gone on for all devices.
    advanced: Option<Timestamp>,
}

#[derive(Debug)]
struct Judged {
    device: Device,
    given: Given,
    tracker: Ordered,
}

impl Judged {
    fn split<'a>(&'a mut self, (site, own): (&'a Site, &Own)) -> (Context<'a>, &'a mut Ordered) {
        (
            Context {
                site,
                device: &self.device,
                given: &self.given,
                set_back: own.set_back,
                behind: own.behind,
            },
            &mut self.tracker,
        )
    }
}

impl Analyzer {
    /// An analyzer that has heard nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let routes = Routes::of(&config.devices);
        let judged = |device: Device| Judged {
            given: Given::of(&device),
            device,
            tracker: Ordered::default(),
        };
        let devices = config.devices.into_iter().map(judged).collect();
        Self {
            site: config.site,
            devices,
            routes,
            clocks: Clocks::default(),
            own: Own::default(),
            advanced: None,
        }
    }

    /// Takes the readings of one message.
    ///
    /// The instant is the meter's own stamp where it lies near the arrival, else the arrival. A retained message is
    /// a sample only with a stamp of its own. A back-filled value is never one: the register's next value tells its energy.
    pub fn observe(&mut self, arrival: Arrival, readings: &[Reading], out: &mut Vec<Finding>) {
        self.look_at_own_clock(arrival.at, out);
        if self
            .advanced
            .is_none_or(|advanced| arrival.at.duration_since(advanced) >= ADVANCE_EVERY)
        {
            self.advance(arrival.at, out);
        }
        // nearly every message is one meter's, of one instant
        if let Some((first, others)) = readings.split_first()
            && !first.is_historical
            && others.iter().all(|other| is_together(first, other))
        {
            return self.take(arrival, readings, out);
        }
        let (past, mut rest): (Vec<Reading>, Vec<Reading>) = readings
            .iter()
            .cloned()
            .partition(|reading| reading.is_historical);
        for reading in past {
            let detail = "values of the past were sent behind newer ones; they are not used, the register tells their energy";
            self.say(arrival.at, &reading.meter, FaultKind::TooLate, detail, out);
        }
        while let Some(first) = rest.first().cloned() {
            let (group, others) = rest.into_iter().partition(|reading| is_together(&first, reading));
            let group: Vec<Reading> = group;
            rest = others;
            self.take(arrival, &group, out);
        }
    }

    /// A message arrived at `now`: does our own clock go on?
    fn look_at_own_clock(&mut self, now: Timestamp, out: &mut Vec<Finding>) {
        let mut own = self.own;
        let course = own.arrived(now);
        if own.set_back != self.own.set_back {
            // what waits was heard before the step
            for judged in &mut self.devices {
                let (context, tracker) = judged.split((&self.site, &self.own));
                tracker.settle_all(context, out);
            }
        }
        self.own = own;
        if let Course::Anew(told) = course {
            self.begin_anew(told, now, out);
        }
    }

    /// Our own clock had told nonsense up to `told`: what was found stays where it was said, and everything begins anew.
    fn begin_anew(&mut self, told: Timestamp, now: Timestamp, out: &mut Vec<Finding>) {
        self.finish(told, out);
        self.advanced = None;
        let detail =
            format!("our own clock had told {told:.0}, and was set back to {now:.0}: everything begins anew");
        for judged in &mut self.devices {
            judged.tracker = Ordered::default();
            let (context, tracker) = judged.split((&self.site, &self.own));
            for feed in &context.device.feeds {
                let kind = FaultKind::ClockWrong;
                tracker
                    .settled_mut()
                    .say(context, &feed.meter, now, kind, detail.clone(), out);
            }
        }
    }

    /// Takes the readings of one meter that share a stamp.
    fn take(&mut self, arrival: Arrival, readings: &[Reading], out: &mut Vec<Finding>) {
        let Some(first) = readings.first() else { return };
        if self.routes.to(&first.meter).is_empty() {
            return;
        }
        let at = match self.clocks.instant(arrival, readings) {
            Instant::At(at) => at,
            Instant::Corrected(at, lag) => {
                let (seconds, way) = (
                    lag.abs().as_secs(),
                    if lag.is_negative() { "ahead" } else { "behind" },
                );
                let detail =
                    format!("the meter's clock is {seconds} s {way}; its stamps are corrected by that");
                self.say(at, &first.meter, FaultKind::ClockWrong, &detail, out);
                at
            }
            Instant::Wrong(at) => {
                let detail = "the meter's stamps are far from the arrival, which is used instead";
                self.say(at, &first.meter, FaultKind::ClockWrong, detail, out);
                at
            }
            Instant::None => return,
        };
        // with its own stamp near, the instant is known even in a back-log
        let arrival = Arrival {
            is_after_outage: arrival.is_after_outage && first.stamp.is_none(),
            ..arrival
        };
        for &Route { device, feed } in self.routes.to(&first.meter) {
            let (context, tracker) = self.devices[device].split((&self.site, &self.own));
            tracker.observe(context, (feed, at), arrival, readings, out);
        }
    }

    /// Takes a meter's word on itself.
    pub fn availability(&mut self, at: Timestamp, availability: &Availability, out: &mut Vec<Finding>) {
        if availability.is_online {
            return;
        }
        for &Route { device, feed } in self.routes.to(&availability.meter) {
            let (context, tracker) = self.devices[device].split((&self.site, &self.own));
            tracker.offline(context, (feed, at), out);
        }
    }

    /// Takes what a person should know of a meter: a fault of every device that it feeds. Said again and again, it is
    /// told once an hour.
    pub fn notice(&mut self, at: Timestamp, notice: &Notice, out: &mut Vec<Finding>) {
        self.say(at, &notice.meter, notice.kind, &notice.detail, out);
    }

    /// Takes a person's word on an alert, said at `at`. Returns whether there is an open alert that it is meant for.
    pub fn act(&mut self, at: Timestamp, action: &Action, out: &mut Vec<Finding>) -> bool {
        let meant = |judged: &&mut Judged| judged.device.id == action.device;
        let Some(judged) = self.devices.iter_mut().find(meant) else {
            return false;
        };
        let (context, tracker) = judged.split((&self.site, &self.own));
        tracker.settled_mut().act(context, at, action, out)
    }

    /// Takes a person's word on a level, said at `at`. Returns whether anything changed.
    pub fn name_level(&mut self, at: Timestamp, word: &LevelWord, out: &mut Vec<Finding>) -> bool {
        let meant = |judged: &&mut Judged| judged.device.id == word.device;
        let Some(judged) = self.devices.iter_mut().find(meant) else {
            return false;
        };
        let (context, tracker) = judged.split((&self.site, &self.own));
        tracker.settled_mut().name_level(context, at, word, out)
    }

    /// Says it of every device that the meter feeds, unless it has been said just now.
    fn say(&mut self, at: Timestamp, meter: &str, kind: FaultKind, detail: &str, out: &mut Vec<Finding>) {
        for route in self.routes.to(meter) {
            let (context, tracker) = self.devices[route.device].split((&self.site, &self.own));
            tracker
                .settled_mut()
                .say(context, meter, at, kind, detail.to_owned(), out);
        }
    }

    /// Time has gone on to `now`, whether or not anything was heard. With very many devices it goes on in steps of up to
    /// [`ADVANCE_EVERY`].
    pub fn advance(&mut self, now: Timestamp, out: &mut Vec<Finding>) {
        let count = i64::try_from(self.devices.len()).unwrap_or(i64::MAX);
        let step = SignedDuration::from_micros(count.saturating_mul(1_000_000) / ADVANCED_A_SECOND)
            .min(ADVANCE_EVERY);
        if self
            .advanced
            .is_some_and(|advanced| now >= advanced && now.duration_since(advanced) < step)
        {
            return;
        }
        self.advanced = self.advanced.max(Some(now));
        for judged in &mut self.devices {
            let (context, tracker) = judged.split((&self.site, &self.own));
            tracker.advance(context, now, out);
        }
    }

    /// The stream ends at `until`: everything that waits is made final and said.
    pub fn finish(&mut self, until: Timestamp, out: &mut Vec<Finding>) {
        for judged in &mut self.devices {
            let (context, tracker) = judged.split((&self.site, &self.own));
            tracker.finish(context, until, out);
        }
    }

    /// How many devices there are.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.devices.len()
    }

    /// What a device has learned of its levels; none for a device that is not known.
    #[must_use]
    pub fn learned(&self, device: &str) -> Option<Learned> {
        let judged = self.devices.iter().find(|judged| &*judged.device.id == device)?;
        Some(judged.tracker.settled().learned(judged.device.modality))
    }

    /// What a device's power means by what it has learned; none before its first level is known.
    #[must_use]
    pub fn learned_bands(&self, device: &str) -> Option<&Bands> {
        let judged = self.devices.iter().find(|judged| &*judged.device.id == device)?;
        judged.tracker.settled().learned_bands()
    }

    /// All that is remembered, to be restored after a restart.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        self.snapshot_into(Vec::new())
    }

    /// As [`Analyzer::snapshot`], to something that packs it as it comes: of a hundred thousand devices it is too much to
    /// hold.
    pub fn snapshot_into<W: Extend<u8>>(&self, bytes: W) -> W {
        let trackers = self
            .devices
            .iter()
            .map(|judged| (judged.device.id.as_ref(), &judged.tracker));
        snapshot::encode(trackers, (&self.clocks, self.own), self.advanced, bytes)
    }

    /// Takes up where a snapshot was made. Devices that the snapshot does not know begin anew.
    ///
    /// # Errors
    /// The snapshot is of another version or damaged; then nothing has changed, and the journal can tell all again.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let snapshot::Memory {
            mut trackers,
            clocks,
            own,
            advanced,
        } = snapshot::decode(bytes)?;
        for judged in &mut self.devices {
            judged.tracker = trackers.remove(judged.device.id.as_ref()).unwrap_or_default();
        }
        (self.clocks, self.own, self.advanced) = (clocks, own, advanced);
        Ok(())
    }
}

/// Whether two readings are of one meter and of one instant.
fn is_together(one: &Reading, other: &Reading) -> bool {
    one.stamp == other.stamp && one.is_historical == other.is_historical && one.meter == other.meter
}
