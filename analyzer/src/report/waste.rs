//! Where idling goes: by weekday and local hour, by day, and by night; and what resting for some hours of a night would
//! have saved.
//!
//! Invariants: rows may come in any order; the cells, the days and the whole add up to the same energy; resting for all
//! hours of a night saves what the figure `avoidable_kwh` says. Saving is reckoned against the idling that was observed in
//! closed hours, night by night, never against idling round the clock.
//!
//! Of hours and nights those count of which some device was known: a period of which half is missing is no better for it.
//! A night is from local noon to local noon, so that the closed hours of a weekend belong to the nights around them.
//! Limits: devices that are not named at the beginning are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::totals::{Part, Spread};
use crate::finding::LedgerRow;
use crate::{DeviceId, Energy, State};

/// Hours of a day in a table: the twenty-fifth of a long day counts as the hour of its name.
pub const HOURS: usize = 24;
/// From Monday to Sunday.
pub const WEEKDAYS: usize = 7;
/// Local hours: a night ends with the one, and begins with the other.
const MORNING: usize = 6;
const EVENING: usize = 18;
/// A device was left on in a night in which it idled for so long while closed, hours.
const LEFT_ON_HOURS_MIN: f64 = 1.0;

/// Idle energy of some hours, and the part of it in closed hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Idle {
    /// All of it.
    pub all: Energy,
    /// Outside of opening hours.
    pub closed: Energy,
}

impl AddAssign for Idle {
    fn add_assign(&mut self, other: Self) {
        self.all += other.all;
        self.closed += other.closed;
    }
}

/// Idling of one night in closed hours.
#[derive(Clone, Copy, Debug, Default)]
struct Night {
    energy: Energy,
    duration: SignedDuration,
}

/// The idling of a device, or of several.
#[derive(Clone, Debug, Default)]
pub struct Idling {
    /// By weekday, Monday first, and local hour.
    pub cells: [[Idle; HOURS]; WEEKDAYS],
    /// By local day.
    pub days: BTreeMap<Date, Idle>,
    /// All of it.
    pub all: Part,
    /// Outside of opening hours.
    pub closed: Part,
    nights: BTreeMap<Date, Night>,
}

impl Idling {
    /// The sum of all cells.
    #[must_use]
    pub fn whole(&self) -> Idle {
        let mut whole = Idle::default();
        self.cells.iter().flatten().for_each(|cell| whole += *cell);
        whole
    }

    /// In how many nights it was left on: idle in closed hours for an hour or more.
    #[must_use]
    pub fn nights_left_on(&self) -> usize {
        let hours = |night: &Night| night.duration.as_secs_f64() / 3600.0;
        self.nights
            .values()
            .filter(|night| hours(night) >= LEFT_ON_HOURS_MIN)
            .count()
    }

    /// What resting at `target_w` would have saved for at most so many of the closed idle hours of each night; none where
    /// resting draws more.
    #[must_use]
    pub fn saved_by_resting(&self, hours_a_night: f64, target_w: f64) -> Option<Part> {
        let of_night = |night: &Night| {
            let seconds = night.duration.as_secs_f64();
            if seconds <= 0.0 {
                return (0.0, 0.0);
            }
            let share = (hours_a_night * 3600.0 / seconds).clamp(0.0, 1.0);
            let above_wh = night.energy.wh() - Energy::from_power(target_w, seconds).wh();
            (above_wh * share, seconds * share)
        };
        let nights = self.nights.values().map(of_night);
        let (wh, seconds) = nights.fold((0.0, 0.0), |sum, night| (sum.0 + night.0, sum.1 + night.1));
        if wh < 0.0 {
            return None;
        }
        let closed_wh = self.closed.energy.wh();
        let share = if closed_wh > 0.0 { wh / closed_wh } else { 0.0 };
        Some(Part {
            energy: Energy::from_wh(wh),
            estimated: Energy::from_wh(self.closed.estimated.wh() * share),
            duration: SignedDuration::try_from_secs_f64(seconds).unwrap_or_default(),
            cost: self.closed.cost * share,
            co2e_g: self.closed.co2e_g * share,
            spread: Spread::default(),
        })
    }

    fn merge(&mut self, other: &Self) {
        for (cells, others) in self.cells.iter_mut().zip(&other.cells) {
            for (cell, other) in cells.iter_mut().zip(others) {
                *cell += *other;
            }
        }
        for (day, idle) in &other.days {
            *self.days.entry(*day).or_default() += *idle;
        }
        for (evening, night) in &other.nights {
            self.put_night(*evening, *night);
        }
        self.all += other.all;
        self.closed += other.closed;
    }

    fn put_night(&mut self, evening: Date, night: Night) {
        let sum = self.nights.entry(evening).or_default();
        sum.energy += night.energy;
        sum.duration = sum.duration.saturating_add(night.duration);
    }
}

/// An hour as people call it.
#[derive(Clone, Copy, Debug)]
struct Local {
    day: Date,
    evening: Date,
    weekday: usize,
    hour: usize,
}

/// Takes rows of the ledger in, tells where idling goes.
#[derive(Clone, Debug)]
pub struct Waste {
    from: Timestamp,
    until: Timestamp,
    zone: TimeZone,
    devices: BTreeMap<DeviceId, Idling>,
    /// Hours in which some device was known.
    known: BTreeSet<Timestamp>,
    /// The hour of the last row: rows of one hour mostly come together.
    last: Option<(Timestamp, Local)>,
}

impl Waste {
    /// Of a range, about those devices whose idling is waste.
    #[must_use]
    pub fn new(
        (from, until): (Timestamp, Timestamp),
        zone: TimeZone,
        devices: impl IntoIterator<Item = DeviceId>,
    ) -> Self {
        let devices = devices.into_iter().map(|id| (id, Idling::default()));
        Self {
            from,
            until,
            zone,
            devices: devices.collect(),
            known: BTreeSet::new(),
            last: None,
        }
    }

    /// Takes a row of the ledger, the last that was said of its key.
    pub fn ledger(&mut self, row: &LedgerRow) {
        if row.state == State::Unknown || row.hour < self.from || row.hour >= self.until {
            return;
        }
        if self.last.is_none_or(|(hour, _)| hour != row.hour) {
            self.known.insert(row.hour);
        }
        let local = match self.last {
            Some((hour, local)) if hour == row.hour => local,
            _ => local(row.hour, &self.zone),
        };
        self.last = Some((row.hour, local));
        if row.state != State::Idle {
            return;
        }
        let Some(idling) = self.devices.get_mut(&row.device) else {
            return;
        };
        let part = Part::of(row);
        let closed = if row.is_open { Energy::ZERO } else { row.energy };
        let idle = Idle {
            all: row.energy,
            closed,
        };
        idling.all += part;
        idling.cells[local.weekday][local.hour] += idle;
        *idling.days.entry(local.day).or_default() += idle;
        if !row.is_open {
            idling.closed += part;
            let night = Night {
                energy: row.energy,
                duration: row.duration,
            };
            idling.put_night(local.evening, night);
        }
    }

    /// Of one device.
    #[must_use]
    pub fn device(&self, id: &str) -> Option<&Idling> {
        self.devices.get(id)
    }

    /// Of all together.
    #[must_use]
    pub fn all(&self) -> Idling {
        let mut all = Idling::default();
        self.devices.values().for_each(|idling| all.merge(idling));
        all
    }

    /// How many hours of each name are known: what a cell is divided by for the mean of such an hour.
    #[must_use]
    pub fn hours(&self) -> [[u32; HOURS]; WEEKDAYS] {
        let mut hours = [[0; HOURS]; WEEKDAYS];
        for hour in &self.known {
            let local = local(*hour, &self.zone);
            hours[local.weekday][local.hour] += 1;
        }
        hours
    }

    /// The nights of which some hour between evening and morning is known.
    #[must_use]
    pub fn nights(&self) -> usize {
        let locals = self.known.iter().map(|hour| local(*hour, &self.zone));
        let dark = locals.filter(|local| !(MORNING..EVENING).contains(&local.hour));
        dark.map(|local| local.evening).collect::<BTreeSet<Date>>().len()
    }
}

fn local(at: Timestamp, zone: &TimeZone) -> Local {
    let local = zone.to_datetime(at);
    let day = local.date();
    let evening = if local.hour() < 12 {
        day.checked_sub(1.day()).unwrap_or(day)
    } else {
        day
    };
    let place = |number: i8| usize::try_from(number).unwrap_or(0);
    Local {
        day,
        evening,
        weekday: place(day.weekday().to_monday_zero_offset()).min(WEEKDAYS - 1),
        hour: place(local.hour()).min(HOURS - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::TariffPeriod;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a test's stamp")
    }

    fn row(hour: &str, state: State, is_open: bool, minutes: i64, wh: f64) -> LedgerRow {
        LedgerRow {
            device: "ct".into(),
            hour: at(hour),
            state,
            is_open,
            tariff: TariffPeriod::Night,
            energy: Energy::from_wh(wh),
            estimated: Energy::ZERO,
            duration: SignedDuration::from_mins(minutes),
            cost: wh / 1000.0 * 0.2,
            co2e_g: wh / 1000.0 * 50.0,
        }
    }

    /// A week with the end of summer time in it.
    fn week() -> Waste {
        let zone = TimeZone::get("Europe/Paris").expect("bundled");
        let range = (at("2026-10-18T22:00:00Z"), at("2026-10-25T23:00:00Z"));
        Waste::new(range, zone, ["ct".into()])
    }

    #[test]
    fn idling_stands_at_its_local_hour_and_weekday_and_adds_up() {
        let mut waste = week();
        for row in [
            row("2026-10-19T20:00:00Z", State::Idle, false, 60, 2_000.0), // Monday, 22:00
            row("2026-10-20T08:00:00Z", State::Idle, true, 30, 1_000.0),  // Tuesday, 10:00
            row("2026-10-20T09:00:00Z", State::Scanning, true, 30, 9_000.0),
            row("2026-10-25T00:00:00Z", State::Idle, false, 60, 2_000.0), // Sunday, 02:00, summer time
            row("2026-10-25T01:00:00Z", State::Idle, false, 60, 2_000.0), // and again in winter time
            row("2026-10-26T01:00:00Z", State::Idle, false, 60, 2_000.0), // after the range
        ] {
            waste.ledger(&row);
        }
        let all = waste.all();
        let kwh = |weekday: usize, hour: usize| all.cells[weekday][hour].all.kwh();
        assert_eq!((kwh(0, 22), kwh(1, 10), kwh(6, 2)), (2.0, 1.0, 4.0));
        assert_eq!((all.whole().all.kwh(), all.whole().closed.kwh()), (7.0, 6.0));
        let hours = waste.hours();
        assert_eq!(
            (hours[0][22], hours[1][10], hours[6][2]),
            (1, 1, 2),
            "two o'clock came twice"
        );
        assert_eq!(hours.iter().flatten().sum::<u32>(), 5);
        assert_eq!(waste.nights(), 2);
        let days: Energy = all.days.values().map(|idle| idle.all).sum();
        assert_eq!(days, all.whole().all);
        assert_eq!(all.nights_left_on(), 2, "Monday's and Saturday's");
    }

    #[test]
    fn resting_saves_no_more_than_was_idled_of_each_night() {
        let mut waste = week();
        for hour in 20..24 {
            waste.ledger(&row(
                &format!("2026-10-19T{hour}:00:00Z"),
                State::Idle,
                false,
                60,
                2_000.0,
            ));
        }
        waste.ledger(&row("2026-10-21T22:00:00Z", State::Idle, false, 60, 2_000.0));
        let idling = waste.device("ct").expect("named");
        let kwh = |hours: f64| {
            idling
                .saved_by_resting(hours, 500.0)
                .expect("it rests lower")
                .energy
                .kwh()
        };
        assert!(
            (kwh(2.0) - (2.0 + 1.0) * 1.5).abs() < 1e-9,
            "two hours of one night, one of the other"
        );
        assert!((kwh(24.0) - 5.0 * 1.5).abs() < 1e-9);
        let part = idling.saved_by_resting(24.0, 500.0).expect("it rests lower");
        assert!((part.cost - 7.5 * 0.2).abs() < 1e-9);
        assert_eq!(idling.saved_by_resting(24.0, 3_000.0), None, "resting draws more");
    }
}
