//! A large hospital's past as findings of a timetable: no meters and no analyzer, every day a little different.
//!
//! One device in six is a scanner (CT, MRI, angiography, X-ray in turn), one in forty a rack, the others workstations. Scanners
//! are told every minute in the days that the history keeps by the minute, every quarter of an hour before; workstations every
//! five minutes and every hour. Invariants: the same day is the same each time; the ledger adds up with the watts.

use analyzer::calendar::OpeningHours;
use analyzer::site::TariffPeriod;
use analyzer::{
    AlertEvent, AlertPhase, DeviceId, Energy, Exam, ExamKind, Fault, FaultKind, Finding, Interval, LedgerRow,
    Sample, Severity, State, StateChange,
};
use deliver::page::PageDevice;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;
/// The history keeps rows by the minute for 35 days.
const FINE_DAYS: i64 = 36;
const G_PER_KWH: f64 = 56.6;
const PRICE_PER_KWH: f64 = 0.2;

/// Watts of a kind: scanning, idle, by night.
struct Kind {
    modality: &'static str,
    label: &'static str,
    watts: [f64; 3],
    night: State,
    /// Seconds of an examination, and from one to the next.
    exam_s: Option<(i64, i64)>,
}

const SCANNERS: [Kind; 4] = [
    kind(
        "ct",
        "CT",
        [9_800.0, 2_600.0, 890.0],
        State::Standby,
        Some((240, 1_200)),
    ),
    kind(
        "mri",
        "MRI",
        [31_000.0, 12_400.0, 6_400.0],
        State::Standby,
        Some((1_200, 1_800)),
    ),
    kind(
        "angio",
        "Angiography",
        [10_800.0, 6_900.0, 1_100.0],
        State::Off,
        Some((1_800, 3_600)),
    ),
    kind(
        "xray",
        "X-ray",
        [4_200.0, 610.0, 240.0],
        State::Standby,
        Some((60, 600)),
    ),
];
const STATION: Kind = kind(
    "workstation",
    "Workstation",
    [117.0, 117.0, 18.2],
    State::Off,
    None,
);
const RACK: Kind = kind("server", "Server", [3_400.0, 3_400.0, 3_400.0], State::Idle, None);

const fn kind(
    modality: &'static str,
    label: &'static str,
    watts: [f64; 3],
    night: State,
    exam_s: Option<(i64, i64)>,
) -> Kind {
    Kind {
        modality,
        label,
        watts,
        night,
        exam_s,
    }
}

impl Kind {
    fn watts(&self, state: State) -> f64 {
        match state {
            State::Scanning => self.watts[0],
            State::Idle => self.watts[1],
            State::Standby | State::Off | State::Unknown => self.watts[2],
        }
    }
}

/// Devices and how long they have been watched.
pub(super) struct Hospital {
    devices: Vec<PageDevice>,
    days: i64,
}

/// The zone of the hospital: days are those of UTC, so that the timetable stays simple.
pub(super) const fn zone() -> TimeZone {
    TimeZone::UTC
}

fn kind_of(place: usize) -> &'static Kind {
    match place {
        _ if place.is_multiple_of(6) => &SCANNERS[place / 6 % SCANNERS.len()],
        _ if place % 40 == 1 => &RACK,
        _ => &STATION,
    }
}

impl Hospital {
    pub(super) fn new(devices: usize, days: i64) -> Self {
        let device = |place: usize| {
            let kind = kind_of(place);
            PageDevice {
                id: format!("{}-{place}", kind.modality).into(),
                name: format!("{} {place}", kind.label),
                room: format!("Room {}", 100 + place / 2),
                floor: Some(format!("Floor {}", place * 5 / devices)),
                modality: kind.modality,
                modality_label: kind.label,
                meters: vec![format!("meter-{place}")],
                opening: OpeningHours::Always.into(),
                learns: false,
            }
        };
        Self {
            devices: (0..devices).map(device).collect(),
            days,
        }
    }

    pub(super) fn devices(&self) -> &[PageDevice] {
        &self.devices
    }

    /// A Tuesday, a quarter to ten.
    pub(super) fn now(&self) -> Timestamp {
        instant(self.now_s())
    }

    #[expect(clippy::unused_self, reason = "the hospital's own clock")]
    fn now_s(&self) -> i64 {
        // 2026-11-17T09:45:00Z
        1_794_908_700
    }

    /// The first second of every day, oldest first; the last is today.
    pub(super) fn days(&self) -> Vec<i64> {
        let today = self.now_s().div_euclid(DAY_S) * DAY_S;
        (0..self.days).rev().map(|back| today - back * DAY_S).collect()
    }

    /// One day of every device, up to now.
    pub(super) fn play(&self, day_s: i64, out: &mut Vec<Finding>) {
        for (place, device) in self.devices.iter().enumerate() {
            let day = Day {
                id: &device.id,
                kind: kind_of(place),
                seed: i64::try_from(place).unwrap_or(0) * 7_919 + day_s / DAY_S,
                day_s,
                until_s: (day_s + DAY_S).min(self.now_s()),
                is_fine: self.now_s() - day_s < FINE_DAYS * DAY_S,
            };
            day.play(out);
        }
    }
}

/// A day of one device.
struct Day<'a> {
    id: &'a DeviceId,
    kind: &'static Kind,
    seed: i64,
    day_s: i64,
    until_s: i64,
    is_fine: bool,
}

impl Day<'_> {
    fn play(&self, out: &mut Vec<Finding>) {
        let pieces = self.pieces();
        for piece in &pieces {
            self.piece(piece, out);
        }
        self.samples(&pieces, out);
        self.ledger(&pieces, out);
        self.night(out);
    }

    /// States that tile the day: night, then work with examinations, then night. One night in nine it is left on.
    fn pieces(&self) -> Vec<(i64, i64, State)> {
        let is_left_on = noise(self.seed) % 9 == 0;
        let evening = if is_left_on { State::Idle } else { self.kind.night };
        let (opens, closes) = (self.day_s + 7 * HOUR_S, self.day_s + 19 * HOUR_S);
        let mut pieces = vec![(self.day_s, opens, self.kind.night)];
        let mut at = opens;
        if let Some((exam_s, every_s)) = self.kind.exam_s {
            while at + every_s <= closes {
                let begin = at + noise(self.seed + at).rem_euclid(every_s - exam_s);
                pieces.push((at, begin, State::Idle));
                pieces.push((begin, begin + exam_s, State::Scanning));
                at = begin + exam_s;
            }
        }
        pieces.push((at, closes, State::Idle));
        pieces.push((closes, self.day_s + DAY_S, evening));
        let mut cut: Vec<(i64, i64, State)> = pieces
            .into_iter()
            .map(|(from, until, state)| (from, until.min(self.until_s), state))
            .filter(|(from, until, _)| from < until)
            .collect();
        cut.dedup_by(|next, last| {
            let is_same = next.2 == last.2;
            if is_same {
                last.1 = next.1;
            }
            is_same
        });
        cut
    }

    fn piece(&self, &(from, until, state): &(i64, i64, State), out: &mut Vec<Finding>) {
        let (device, energy) = (self.id.clone(), self.energy(from, until, state));
        let (from_at, until_at) = (instant(from), instant(until));
        out.push(Finding::StateChange(StateChange {
            device: device.clone(),
            at: from_at,
            from: State::Unknown,
            to: state,
            power_w: Some(self.kind.watts(state)),
        }));
        if until < self.until_s || until == self.day_s + DAY_S {
            out.push(Finding::Interval(Interval {
                device: device.clone(),
                from: from_at,
                until: until_at,
                state,
                energy,
                estimated: Energy::ZERO,
            }));
        }
        if state == State::Scanning {
            out.push(Finding::Exam(Exam {
                device,
                number: u64::try_from(from / 60).unwrap_or(0),
                from: from_at,
                until: until_at,
                energy,
                scanning_energy: energy,
                scanning: SignedDuration::from_secs(until - from),
                kind: ExamKind::Patient,
            }));
        }
    }

    fn energy(&self, from: i64, until: i64, state: State) -> Energy {
        let seconds = f64::from(i32::try_from(until - from).unwrap_or(0));
        Energy::from_wh(self.kind.watts(state) * seconds / 3_600.0)
    }

    fn samples(&self, pieces: &[(i64, i64, State)], out: &mut Vec<Finding>) {
        let every_s = match (self.kind.exam_s.is_some(), self.is_fine) {
            (true, true) => 60,
            (true, false) => 900,
            (false, true) => 300,
            (false, false) => 3_600,
        };
        for &(from, until, state) in pieces {
            let first = from.div_euclid(every_s) * every_s + every_s;
            let mut at = first;
            while at < until {
                let wave =
                    f64::from(i32::try_from(noise(self.seed + at).rem_euclid(100)).unwrap_or(0)) / 1_000.0;
                out.push(Finding::Sample(Sample {
                    device: self.id.clone(),
                    at: instant(at),
                    power_w: self.kind.watts(state) * (0.95 + wave),
                    state,
                    is_provisional: false,
                }));
                at += every_s;
            }
        }
    }

    fn ledger(&self, pieces: &[(i64, i64, State)], out: &mut Vec<Finding>) {
        let mut hour = self.day_s;
        while hour < self.until_s {
            let of_day = (hour - self.day_s) / HOUR_S;
            let is_open = (7..19).contains(&of_day);
            for state in State::ALL {
                let seconds: i64 = pieces
                    .iter()
                    .filter(|piece| piece.2 == state)
                    .map(|(from, until, _)| ((*until).min(hour + HOUR_S) - (*from).max(hour)).max(0))
                    .sum();
                if seconds > 0 {
                    out.push(self.row(hour, state, is_open, seconds));
                }
            }
            hour += HOUR_S;
        }
    }

    fn row(&self, hour: i64, state: State, is_open: bool, seconds: i64) -> Finding {
        let energy = self.energy(0, seconds, state);
        Finding::Ledger(LedgerRow {
            device: self.id.clone(),
            hour: instant(hour),
            state,
            is_open,
            tariff: if is_open {
                TariffPeriod::Day
            } else {
                TariffPeriod::Night
            },
            energy,
            estimated: Energy::ZERO,
            duration: SignedDuration::from_secs(seconds),
            cost: energy.kwh() * PRICE_PER_KWH,
            co2e_g: energy.kwh() * G_PER_KWH,
        })
    }

    /// A scanner that is left on is told of; a meter is silent now and then.
    fn night(&self, out: &mut Vec<Finding>) {
        let closes = self.day_s + 19 * HOUR_S;
        if self.kind.exam_s.is_some() && noise(self.seed) % 9 == 0 && closes < self.until_s {
            for (phase, after_s) in [
                (AlertPhase::Raised, 1_800),
                (AlertPhase::Reminded, 9_000),
                (AlertPhase::Cleared, 5 * HOUR_S),
            ] {
                let energy = self.energy(0, after_s, State::Idle);
                out.push(Finding::Alert(AlertEvent {
                    rule: "overnight_idle".to_owned(),
                    device: self.id.clone(),
                    severity: Severity::Warning,
                    phase,
                    since: instant(closes),
                    at: instant(closes + after_s),
                    energy,
                    cost: energy.kwh() * PRICE_PER_KWH,
                    co2e_g: energy.kwh() * G_PER_KWH,
                    detail: String::new(),
                    by: String::new(),
                    until: None,
                }));
            }
        }
        if noise(self.seed + 1) % 40 == 0 {
            out.push(Finding::Fault(Fault {
                device: self.id.clone(),
                meter: format!("meter of {}", self.id),
                at: instant(self.day_s + HOUR_S),
                kind: FaultKind::Silent,
                detail: "no reading for 900 s".to_owned(),
            }));
        }
    }
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A number that looks like chance and is the same each time; never below 0.
fn noise(seed: i64) -> i64 {
    let mixed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (mixed ^ (mixed >> 29))
        .wrapping_mul(2_862_933_555_777_941_757)
        .wrapping_shr(33)
        & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_tiled_and_its_ledger_is_its_watts() {
        let hospital = Hospital::new(12, 10);
        let mut findings = Vec::new();
        hospital.play(hospital.days()[3], &mut findings);
        let mut ledger_s = SignedDuration::ZERO;
        let (mut ledger, mut intervals) = (Energy::ZERO, Energy::ZERO);
        for finding in &findings {
            match finding {
                Finding::Ledger(row) => {
                    ledger_s += row.duration;
                    ledger += row.energy;
                }
                Finding::Interval(interval) => intervals += interval.energy,
                _ => {}
            }
        }
        assert_eq!(ledger_s, SignedDuration::from_hours(12 * 24));
        assert!(
            (ledger.wh() - intervals.wh()).abs() < 1.0,
            "{} {}",
            ledger.wh(),
            intervals.wh()
        );
    }
}
