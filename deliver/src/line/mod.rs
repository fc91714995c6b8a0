//! Findings as InfluxDB line protocol, one line each; the one encoder of every time-series sink.
//!
//! Invariants:
//! - One finding is exactly one line, whatever the names and values in it say ([`clean`] makes them harmless); none where
//!   [`Hours`] leaves it out.
//! - The key of a line (measurement, tags, instant) comes from the finding's own key, so writing it again overwrites
//!   it, and two findings of different keys stay two points. Tags that are not in the key (room, modality, site) come
//!   from the configuration: renaming a room begins new series.
//! - The same finding gives the same bytes: tags sorted by key, fields in the order of [`SERIES`].
//!
//! Limits: instants are written to the millisecond, which is what VictoriaMetrics keeps and no meter is better than.
//! The reader's side of it is `docs/series.md`; a test compares it with [`SERIES`] and [`SERIES`] with the encoder.

pub mod clean;
mod point;
mod series;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use analyzer::learn::LearnedBand;
use analyzer::{
    AlertEvent, AlertPhase, BandsLearned, DeviceId, Exam, ExamKind, Fault, Finding, Interval, LedgerRow,
    Sample, State, StateChange,
};
use jiff::SignedDuration;

use crate::device::DeviceTags;
use point::Point;
pub use point::Strings;
pub use series::{Column, Measurement, SERIES};

/// The instants' unit, for the query string of a write.
pub const PRECISION: &str = "ms";

/// The number beside every state string: off 0, standby 1, idle 2, scanning 3, unknown 4.
#[must_use]
pub const fn state_code(state: State) -> i64 {
    match state {
        State::Off => 0,
        State::Standby => 1,
        State::Idle => 2,
        State::Scanning => 3,
        State::Unknown => 4,
    }
}

/// Encodes findings of the devices it was made for; an unknown device is written with its id alone.
#[derive(Clone, Debug)]
pub struct LineEncoder {
    devices: HashMap<DeviceId, DeviceFragments>,
    strings: Strings,
    hours: Hours,
}

/// Which rows of the energy ledger are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// Every row: the hour so far is written again and again at one instant, and the last write holds.
    SoFar,
    /// Those of settled hours alone: each point once, for a database that keeps any one of several writes.
    Settled,
}

/// A device's tags, escaped once. Cut where other tags come between in the order of keys.
#[derive(Clone, Debug)]
struct DeviceFragments {
    device: String,
    modality: String,
    room: String,
    site: String,
}

impl DeviceFragments {
    fn new(tags: &DeviceTags) -> Self {
        let fragment = |key, value: &str| {
            let mut out = String::new();
            Point::new(&mut out, "", Strings::Kept).tag(key, value);
            out
        };
        Self {
            device: fragment("device", &tags.id),
            modality: fragment("modality", &tags.modality),
            room: fragment("room", &tags.room),
            site: fragment("site", &tags.site),
        }
    }
}

impl LineEncoder {
    /// For these devices.
    #[must_use]
    pub fn new(devices: &[DeviceTags], strings: Strings, hours: Hours) -> Self {
        let devices = devices
            .iter()
            .map(|tags| (tags.id.clone(), DeviceFragments::new(tags)))
            .collect();
        Self {
            devices,
            strings,
            hours,
        }
    }

    /// Adds one line with its line end; none for what is left out ([`Hours`]).
    pub fn encode(&self, finding: &Finding, out: &mut String) {
        match finding {
            Finding::Sample(sample) => self.sample(sample, out),
            Finding::StateChange(change) => self.change(change, out),
            Finding::Interval(interval) => self.interval(interval, out),
            Finding::Exam(exam) => self.exam(exam, out),
            Finding::Ledger(_) if self.hours == Hours::Settled => {}
            Finding::Ledger(row) | Finding::Settled(row) => self.ledger(row, out),
            // a note is for those who look at the alert; what it said would hide the alert's own point of that instant
            Finding::Alert(event) if event.phase == AlertPhase::Noted => {}
            Finding::Alert(event) => self.alert(event, out),
            Finding::Fault(fault) => self.fault(fault, out),
            Finding::Bands(bands) => self.bands(bands, out),
        }
    }

    /// The ids of the devices it was made for.
    pub(crate) fn devices(&self) -> BTreeSet<String> {
        self.devices.keys().map(|id| id.to_string()).collect()
    }

    fn with_device(&self, id: &DeviceId, write: impl FnOnce(&DeviceFragments)) {
        if let Some(known) = self.devices.get(id) {
            return write(known);
        }
        let (name, room, modality, site) = Default::default();
        write(&DeviceFragments::new(&DeviceTags {
            id: id.clone(),
            name,
            room,
            modality,
            site,
        }));
    }

    fn point<'out>(&self, id: &DeviceId, measurement: &str, out: &'out mut String) -> Point<'out> {
        let mut point = Point::new(out, measurement, self.strings);
        self.with_device(id, |tags| {
            point
                .escaped(&tags.device)
                .escaped(&tags.modality)
                .escaped(&tags.room)
                .escaped(&tags.site);
        });
        point
    }

    fn sample(&self, sample: &Sample, out: &mut String) {
        self.point(&sample.device, "power", out)
            .float("power_w", sample.power_w)
            .string("state", sample.state.name())
            .integer("state_code", state_code(sample.state))
            .boolean("provisional", sample.is_provisional)
            .at(sample.at);
    }

    fn change(&self, change: &StateChange, out: &mut String) {
        self.point(&change.device, "state", out)
            .string("state", change.to.name())
            .integer("state_code", state_code(change.to))
            .string("was", change.from.name())
            .integer("was_code", state_code(change.from))
            .float("power_w", change.power_w.unwrap_or(f64::NAN))
            .at(change.at);
    }

    fn interval(&self, interval: &Interval, out: &mut String) {
        self.point(&interval.device, "interval", out)
            .float(
                "duration_s",
                seconds(interval.until.duration_since(interval.from)),
            )
            .float("energy_wh", interval.energy.wh())
            .float("estimated_wh", interval.estimated.wh())
            .string("state", interval.state.name())
            .integer("state_code", state_code(interval.state))
            .at(interval.from);
    }

    fn exam(&self, exam: &Exam, out: &mut String) {
        self.point(&exam.device, "exam", out)
            .integer("number", i64::try_from(exam.number).unwrap_or(i64::MAX))
            .float("duration_s", seconds(exam.until.duration_since(exam.from)))
            .float("energy_wh", exam.energy.wh())
            .float("scanning_s", seconds(exam.scanning))
            .float("scanning_wh", exam.scanning_energy.wh())
            .string("kind", exam.kind.name())
            .boolean("patient", exam.kind == ExamKind::Patient)
            .at(exam.from);
    }

    fn ledger(&self, row: &LedgerRow, out: &mut String) {
        let mut point = Point::new(out, "energy", self.strings);
        self.with_device(&row.device, |tags| {
            point.escaped(&tags.device).escaped(&tags.modality);
            point.tag("open", if row.is_open { "true" } else { "false" });
            point.escaped(&tags.room).escaped(&tags.site);
            point
                .tag("state", row.state.name())
                .tag("tariff", row.tariff.name());
        });
        point
            .float("energy_wh", row.energy.wh())
            .float("estimated_wh", row.estimated.wh())
            .float("duration_s", seconds(row.duration))
            .float("cost", row.cost)
            .float("co2e_g", row.co2e_g)
            .at(row.hour);
    }

    fn alert(&self, event: &AlertEvent, out: &mut String) {
        let mut point = Point::new(out, "alert", self.strings);
        self.with_device(&event.device, |tags| {
            point
                .escaped(&tags.device)
                .escaped(&tags.modality)
                .tag("phase", event.phase.name());
            point
                .escaped(&tags.room)
                .tag("rule", &event.rule)
                .tag("severity", event.severity.name());
            point.escaped(&tags.site);
        });
        point
            .boolean("open", event.phase != AlertPhase::Cleared)
            .integer("since_ms", event.since.as_millisecond())
            .float("duration_s", seconds(event.at.duration_since(event.since)))
            .float("energy_wh", event.energy.wh())
            .float("cost", event.cost)
            .float("co2e_g", event.co2e_g)
            .at(event.at);
    }

    fn fault(&self, fault: &Fault, out: &mut String) {
        let mut point = Point::new(out, "meter_fault", self.strings);
        self.with_device(&fault.device, |tags| {
            point
                .escaped(&tags.device)
                .tag("kind", fault.kind.name())
                .tag("meter", &fault.meter);
            point
                .escaped(&tags.modality)
                .escaped(&tags.room)
                .escaped(&tags.site);
        });
        point
            .integer("count", 1)
            .string("detail", &fault.detail)
            .at(fault.at);
    }

    fn bands(&self, learned: &BandsLearned, out: &mut String) {
        // a state may have several levels: a series shows the one held longest
        let main = |state: State| {
            let of_state = learned.bands.iter().filter(|band| band.state == state);
            of_state.max_by(|a, b| a.evidence.seconds.total_cmp(&b.evidence.seconds))
        };
        let level_w = |state| main(state).map_or(f64::NAN, |band| band.level_w);
        let confidence = |state| main(state).map_or(f64::NAN, |band| band.evidence.confidence);
        self.point(&learned.device, "band", out)
            .float("off_w", level_w(State::Off))
            .float("off_confidence", confidence(State::Off))
            .float("standby_w", level_w(State::Standby))
            .float("standby_confidence", confidence(State::Standby))
            .float("idle_w", level_w(State::Idle))
            .float("idle_confidence", confidence(State::Idle))
            .float("scanning_from_w", learned.scanning_from_w.unwrap_or(f64::NAN))
            .float("scout_from_w", learned.scout_from_w.unwrap_or(f64::NAN))
            .float("interval_s", learned.interval_s)
            .boolean("too_coarse", learned.is_too_coarse)
            .boolean(
                "provisional",
                learned.bands.iter().any(|band| band.evidence.is_provisional()),
            )
            .string("bands", &in_words(&learned.bands))
            .at(learned.at);
    }
}

/// All bands in words, for a person.
fn in_words(bands: &[LearnedBand]) -> String {
    let words = bands.iter().map(|band| {
        let label = band.label.as_ref().map(|label| format!(" ({label})"));
        let doubt = if band.evidence.is_provisional() {
            ", provisional"
        } else {
            ""
        };
        format!(
            "{}{} {:.0} W{doubt}",
            band.state,
            label.unwrap_or_default(),
            band.level_w
        )
    });
    words.collect::<Vec<_>>().join("; ")
}

fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}
