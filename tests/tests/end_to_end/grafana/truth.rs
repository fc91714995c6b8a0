//! What really happened in the demo hospital's week, from the simulator alone: intervals cut at local hours, opening hours and
//! so at tariffs, and what its meters are like.
//!
//! Within an interval of up to an hour energy is taken as evenly spread; within a longer one it is spread as the register of the
//! simulated meter ran. Nothing of the analyzer's findings is used; of its configuration the
//! opening hours, prices and factors are, as the judge does.

use std::collections::BTreeMap;

use analyzer::site::TariffPeriod;
use analyzer::{Config as AnalyzerConfig, Device};
use anyhow::Context;
use idlewatt::config::Config;
use jiff::{SignedDuration, Timestamp};
use simulator::{MeterSpec, PhaseReading, Scenario, Simulation, State, TruthRecord};
use tests::judge::{AlertKey, Books};

use super::ask::Asked;

/// A stretch in one state, within one local hour, all of it open or all of it closed.
pub(super) struct Piece {
    pub(super) device: String,
    pub(super) modality: &'static str,
    pub(super) state: &'static str,
    pub(super) is_open: bool,
    pub(super) hour: Timestamp,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) energy_wh: f64,
    pub(super) cost: f64,
    pub(super) co2e_g: f64,
}

impl Piece {
    pub(super) fn seconds(&self) -> f64 {
        self.until.duration_since(self.from).as_secs_f64()
    }

    /// Whether idling is waste with this kind of device.
    pub(super) fn may_rest(&self) -> bool {
        !["server", "cooling"].contains(&self.modality)
    }

    pub(super) fn is_scanner(&self) -> bool {
        self.may_rest() && self.modality != "workstation"
    }

    pub(super) fn is_closed_idle(&self) -> bool {
        self.state == "idle" && !self.is_open && self.may_rest()
    }

    /// A workstation that is on while closed.
    pub(super) fn is_closed_on(&self) -> bool {
        self.modality == "workstation" && self.state != "off" && !self.is_open
    }
}

/// What a simulated meter showed as it sent a message.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) at: Timestamp,
    pub(super) power_w: f64,
    register_wh: f64,
}

/// By key, a value.
pub(super) type Map = BTreeMap<String, f64>;

pub(super) struct Truth {
    pub(super) scenario: Scenario,
    pub(super) analyzer: AnalyzerConfig,
    pub(super) pieces: Vec<Piece>,
    pub(super) records: Vec<TruthRecord>,
    /// The overnight alerts that are due.
    pub(super) overnight: Vec<AlertKey>,
    /// What the meter of each device showed, message by message.
    shown: BTreeMap<String, Vec<Shown>>,
    pub(super) now: Timestamp,
}

impl Truth {
    /// The demo's week up to `now`.
    pub(super) fn of(scenario: Scenario, config: &Config, now: Timestamp) -> anyhow::Result<Self> {
        let mut simulation = Simulation::new(&scenario);
        simulation.set_end(Some(now));
        let mut shown = BTreeMap::<String, Vec<Shown>>::new();
        for message in simulation.by_ref() {
            let mut devices = scenario.devices.iter();
            let of = devices.find(|device| message.topic.contains(&device.meter.topic));
            if let (Some(device), Some(sample)) = (of, message.sample) {
                let sum = |part: fn(&PhaseReading) -> f64| sample.each().iter().map(part).sum();
                shown.entry(device.id.clone()).or_default().push(Shown {
                    at: message.at,
                    power_w: sum(|phase| phase.watts),
                    register_wh: sum(|phase| phase.import_wh),
                });
            }
        }
        let (records, analyzer) = (simulation.finish(), config.analyzer());
        let mut pieces = Vec::new();
        for record in &records {
            if let TruthRecord::Interval {
                device,
                from,
                until,
                state,
                energy_wh,
            } = record
            {
                let of = |other: &&Device| *other.id == **device;
                let device = analyzer.devices.iter().find(of).with_context(|| device.clone())?;
                let whole = (*from, *until, *energy_wh);
                let meter = shown.get(&*device.id).map_or(&[][..], Vec::as_slice);
                cut(device, &analyzer, word(*state), whole, meter, &mut pieces);
            }
        }
        let overnight = Books::truth(&records, &analyzer, now).alerts;
        Ok(Self {
            scenario,
            analyzer,
            pieces,
            records,
            overnight,
            shown,
            now,
        })
    }

    pub(super) fn devices(&self) -> impl Iterator<Item = &str> {
        self.analyzer.devices.iter().map(|device| &*device.id)
    }

    /// Sums of the pieces whose hour begins in the time asked for, of the devices asked for.
    pub(super) fn sum(
        &self,
        asked: &Asked,
        is_meant: impl Fn(&Piece) -> bool,
        key: impl Fn(&Piece) -> String,
        measure: impl Fn(&Piece) -> f64,
    ) -> Map {
        let mut sums = Map::new();
        for piece in &self.pieces {
            let is_asked = (asked.from..=asked.to).contains(&piece.hour)
                && asked.device().is_none_or(|device| device == piece.device);
            if is_asked && is_meant(piece) {
                *sums.entry(key(piece)).or_default() += measure(piece);
            }
        }
        sums
    }

    /// What a device was doing at an instant, and what its meter showed last.
    pub(super) fn at(&self, id: &str, at: Timestamp) -> Option<(&'static str, f64)> {
        let state = self.records.iter().find_map(|record| match record {
            TruthRecord::Interval {
                device,
                from,
                until,
                state,
                ..
            } if device == id && (*from..=*until).contains(&at) => Some(word(*state)),
            _ => None,
        });
        let last = self.shown(id).iter().rev().find(|shown| shown.at <= at)?;
        Some((state?, last.power_w))
    }

    /// What a device's meter showed, message by message.
    pub(super) fn shown(&self, id: &str) -> &[Shown] {
        self.shown.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether a device was in a state at some instant of a stretch.
    pub(super) fn was(&self, id: &str, state: &str, begin: Timestamp, length: SignedDuration) -> bool {
        self.records.iter().any(|record| match record {
            TruthRecord::Interval {
                device,
                from,
                until,
                state: real,
                ..
            } => device == id && word(*real) == state && *from <= begin + length && begin <= *until,
            _ => false,
        })
    }

    /// Examinations that began in the time asked for: device, begin, energy in Wh.
    pub(super) fn exams<'a>(&'a self, asked: &'a Asked) -> impl Iterator<Item = (&'a str, Timestamp, f64)> {
        self.records.iter().filter_map(|record| match record {
            TruthRecord::Exam {
                device,
                from,
                energy_wh,
                ..
            } if (asked.from..=asked.to).contains(from) && asked.device().is_none_or(|id| id == device) => {
                Some((device.as_str(), *from, *energy_wh))
            }
            _ => None,
        })
    }

    /// The meter of a device, as the scenario has it.
    pub(super) fn meter(&self, id: &str) -> Option<&MeterSpec> {
        let mut devices = self.scenario.devices.iter();
        devices.find(|device| device.id == id).map(|device| &device.meter)
    }

    /// The local day of an instant.
    pub(super) fn day(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.scenario.zone.clone())
            .date()
            .to_string()
    }

    /// The local hour of an instant.
    pub(super) fn hour(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.scenario.zone.clone())
            .strftime("%FT%H")
            .to_string()
    }
}

fn cut(
    device: &Device,
    config: &AnalyzerConfig,
    state: &'static str,
    (from, until, energy_wh): (Timestamp, Timestamp, f64),
    meter: &[Shown],
    pieces: &mut Vec<Piece>,
) {
    let site = &config.site;
    let (mut at, whole_s) = (from, until.duration_since(from).as_secs_f64());
    while at < until {
        let hour = site.hour_start(at);
        let next = until
            .min(hour + SignedDuration::from_hours(1))
            .min(device.opening.next_change(at));
        let even = next.duration_since(at).as_secs_f64() / whole_s;
        let ran = |from, until| register_wh(meter, until) - register_wh(meter, from);
        let part = if whole_s > 3600.0 {
            ran(at, next) / ran(from, until)
        } else {
            even
        };
        let part_wh = energy_wh * if part.is_finite() { part } else { even };
        let price = match site
            .tariff
            .period(hour.to_zoned_datetime(site.zone.clone()).time())
        {
            TariffPeriod::Day => site.tariff.day_price_per_kwh,
            TariffPeriod::Night => site.tariff.night_price_per_kwh,
        };
        pieces.push(Piece {
            device: device.id.to_string(),
            modality: device.modality.name,
            state,
            is_open: device.opening.is_open(at),
            hour,
            from: at,
            until: next,
            energy_wh: part_wh,
            cost: part_wh / 1000.0 * price,
            co2e_g: part_wh / 1000.0 * site.carbon.g_per_kwh,
        });
        at = next;
    }
}

/// A meter's register at an instant, between what it showed before and after.
fn register_wh(meter: &[Shown], at: Timestamp) -> f64 {
    let behind = meter.partition_point(|shown| shown.at <= at);
    match (
        behind.checked_sub(1).and_then(|before| meter.get(before)),
        meter.get(behind),
    ) {
        (Some(before), Some(after)) => {
            let whole = after.at.duration_since(before.at).as_secs_f64();
            let part = at.duration_since(before.at).as_secs_f64() / whole;
            before.register_wh + (after.register_wh - before.register_wh) * part
        }
        (one, other) => one.or(other).map_or(f64::NAN, |shown| shown.register_wh),
    }
}

/// The word of a state in the series.
fn word(state: State) -> &'static str {
    match state {
        State::Off => "off",
        State::Standby => "standby",
        State::Idle => "idle",
        State::Scanning => "scanning",
    }
}
