//! A hospital that lives by a timetable: as many rows of each kind as a real one brings to the history.
//!
//! Scanning every quarter of an hour in opening hours, rest at night for two devices of three, the others left idle; a
//! sample a minute as long as the history keeps minutes, one a quarter before that; intervals, examinations, a ledger of
//! hours, an alert for each night left on, a fault now and then. Nothing is drawn by chance.

use std::fmt::Write as _;
use std::path::Path;

use analyzer::site::TariffPeriod;
use analyzer::{
    AlertEvent, AlertPhase, DeviceId, Energy, Exam, ExamKind, Fault, FaultKind, Finding, Interval, LedgerRow,
    Sample, Severity, State,
};
use deliver::history::{History, HistoryConfig};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::config::Config;

/// A kind of machine: how many of twenty, and watts of scanning, idle and rest.
struct Kind {
    modality: &'static str,
    of_twenty: usize,
    scanning_w: f64,
    idle_w: f64,
    rest_w: f64,
}

const KINDS: [Kind; 6] = [
    Kind {
        modality: "ct",
        of_twenty: 4,
        scanning_w: 24_000.0,
        idle_w: 2_600.0,
        rest_w: 890.0,
    },
    Kind {
        modality: "mri",
        of_twenty: 3,
        scanning_w: 31_000.0,
        idle_w: 12_400.0,
        rest_w: 8_300.0,
    },
    Kind {
        modality: "angio",
        of_twenty: 2,
        scanning_w: 10_800.0,
        idle_w: 6_900.0,
        rest_w: 1_100.0,
    },
    Kind {
        modality: "xray",
        of_twenty: 4,
        scanning_w: 9_000.0,
        idle_w: 1_610.0,
        rest_w: 240.0,
    },
    Kind {
        modality: "workstation",
        of_twenty: 6,
        scanning_w: 117.0,
        idle_w: 117.0,
        rest_w: 18.0,
    },
    Kind {
        modality: "server",
        of_twenty: 1,
        scanning_w: 3_400.0,
        idle_w: 3_400.0,
        rest_w: 3_400.0,
    },
];

/// Opening hours of every device, local.
const OPEN: std::ops::Range<i64> = 8..18;
/// From one examination to the next.
const SLOT: SignedDuration = SignedDuration::from_mins(15);
/// Of which it scans so long.
const SCAN: SignedDuration = SignedDuration::from_mins(4);

struct Machine {
    id: DeviceId,
    kind: &'static Kind,
    place: usize,
}

/// See the module.
pub(super) struct Hospital(Vec<Machine>);

impl Hospital {
    /// Of so many devices.
    pub(super) fn new(devices: usize) -> Self {
        let kinds = KINDS
            .iter()
            .flat_map(|kind| std::iter::repeat_n(kind, kind.of_twenty));
        let kinds: Vec<&'static Kind> = kinds.collect();
        let machine = |place: usize| {
            let kind = kinds[place % kinds.len()];
            let id = format!("{}-{}", kind.modality, place + 1).into();
            Machine { id, kind, place }
        };
        Self((0..devices).map(machine).collect())
    }

    /// The file that describes it.
    pub(super) fn configuration(&self) -> String {
        let mut text = "[site]\nname = \"A hospital of the bench\"\nzone = \"Europe/Paris\"\n\
                        [site.tariff]\nday_price_per_kwh = 0.23\nnight_price_per_kwh = 0.17\nsource = \"the bench\"\nyear = 2026\n\
                        [site.carbon]\ng_per_kwh = 56.6\nsource = \"the bench\"\nyear = 2026\n\
                        [[broker]]\nname = \"none\"\nurl = \"mqtt://127.0.0.1:1\"\n\
                        [service]\nstate_dir = \"state\"\n\
                        [defaults]\nopening = { mon_fri = [\"08:00-18:00\"] }\n"
            .to_owned();
        for machine in &self.0 {
            let (id, modality) = (&machine.id, machine.kind.modality);
            // writing to a String cannot fail
            let _ = write!(
                text,
                "[[device]]\nid = \"{id}\"\nroom = \"room {}\"\nmodality = \"{modality}\"\nmeter = \"{id}\"\n",
                machine.place / 4
            );
        }
        text
    }

    /// Writes so many days of its life into a history.
    ///
    /// # Errors
    /// When the history cannot be written.
    pub(super) fn live(
        &self,
        config: &Config,
        path: &Path,
        first: Date,
        days: u32,
        mut progress: impl FnMut(u32),
    ) -> anyhow::Result<()> {
        let history_config = HistoryConfig::default();
        let mut history = History::open(path, &history_config)?;
        let zone = &config.site.site.zone;
        for day in 0..days {
            let date = first.checked_add(i64::from(day).days())?;
            let (from, until) = (
                zone.to_timestamp(date.at(0, 0, 0, 0))?,
                zone.to_timestamp(date.tomorrow()?.at(0, 0, 0, 0))?,
            );
            let every = if days - day > history_config.minute_rows_kept_days {
                SignedDuration::from_mins(15)
            } else {
                SignedDuration::from_mins(1)
            };
            let mut findings = Vec::new();
            for machine in &self.0 {
                machine.day(
                    Day {
                        date,
                        day,
                        from,
                        until,
                    },
                    every,
                    &mut findings,
                );
            }
            history.apply(u64::from(day) + 1, &findings)?;
            progress(day + 1);
        }
        Ok(())
    }
}

/// A day of the hospital.
#[derive(Clone, Copy)]
struct Day {
    date: Date,
    day: u32,
    from: Timestamp,
    until: Timestamp,
}

impl Day {
    fn is_working(&self) -> bool {
        !matches!(self.date.weekday(), Weekday::Saturday | Weekday::Sunday)
    }
}

impl Machine {
    fn day(&self, day: Day, every: SignedDuration, findings: &mut Vec<Finding>) {
        let (mut at, mut hour) = (day.from, 0);
        let left_on = (self.place + usize::try_from(day.day).unwrap_or(0)).is_multiple_of(3);
        while at < day.until {
            let next = (at + SignedDuration::from_hours(1)).min(day.until);
            if day.is_working() && OPEN.contains(&hour) {
                self.open_hour(at, next, findings);
            } else {
                let (state, power_w) = self.at_night(left_on);
                self.book(at, state, false, next.duration_since(at), power_w, findings);
            }
            (at, hour) = (next, hour + 1);
        }
        let (state, power_w) = self.at_night(left_on);
        for (from, until) in [
            (day.from, day.from + SignedDuration::from_hours(8)),
            (day.from + SignedDuration::from_hours(18), day.until),
        ] {
            findings.push(self.interval(from, until, state, power_w));
        }
        self.samples(day, every, left_on, findings);
        if left_on {
            findings.push(self.alert(day));
        }
        if day.day.is_multiple_of(30) {
            findings.push(Finding::Fault(Fault {
                device: self.id.clone(),
                meter: self.id.to_string(),
                at: day.from,
                kind: FaultKind::Silent,
                detail: "nothing for 90 s".to_owned(),
            }));
        }
    }

    /// A base load never rests, a machine that was forgotten idles.
    fn at_night(&self, left_on: bool) -> (State, f64) {
        if left_on || self.kind.modality == "server" {
            (State::Idle, self.kind.idle_w)
        } else {
            (State::Standby, self.kind.rest_w)
        }
    }

    fn open_hour(&self, from: Timestamp, until: Timestamp, findings: &mut Vec<Finding>) {
        let scans = !matches!(self.kind.modality, "workstation" | "server");
        let whole = until.duration_since(from);
        if !scans {
            self.book(from, State::Idle, true, whole, self.kind.idle_w, findings);
            findings.push(self.interval(from, until, State::Idle, self.kind.idle_w));
            return;
        }
        let (mut at, mut scanning) = (from, SignedDuration::ZERO);
        while at < until {
            let scan_end = at + SCAN;
            findings.push(self.interval(at, scan_end, State::Scanning, self.kind.scanning_w));
            findings.push(self.interval(scan_end, at + SLOT, State::Idle, self.kind.idle_w));
            let energy = Energy::from_power(self.kind.scanning_w, SCAN.as_secs_f64());
            findings.push(Finding::Exam(Exam {
                device: self.id.clone(),
                number: u64::try_from(at.as_second() / SLOT.as_secs()).unwrap_or_default(),
                from: at,
                until: scan_end,
                energy,
                scanning_energy: energy,
                scanning: SCAN,
                kind: ExamKind::Patient,
            }));
            scanning += SCAN;
            at += SLOT;
        }
        self.book(
            from,
            State::Scanning,
            true,
            scanning,
            self.kind.scanning_w,
            findings,
        );
        self.book(
            from,
            State::Idle,
            true,
            whole - scanning,
            self.kind.idle_w,
            findings,
        );
    }

    fn book(
        &self,
        hour: Timestamp,
        state: State,
        is_open: bool,
        duration: SignedDuration,
        power_w: f64,
        findings: &mut Vec<Finding>,
    ) {
        let energy = Energy::from_power(power_w, duration.as_secs_f64());
        findings.push(Finding::Settled(LedgerRow {
            device: self.id.clone(),
            hour,
            state,
            is_open,
            tariff: if is_open {
                TariffPeriod::Day
            } else {
                TariffPeriod::Night
            },
            energy,
            estimated: Energy::ZERO,
            duration,
            cost: energy.kwh() * 0.2,
            co2e_g: energy.kwh() * 56.6,
        }));
    }

    fn interval(&self, from: Timestamp, until: Timestamp, state: State, power_w: f64) -> Finding {
        Finding::Interval(Interval {
            device: self.id.clone(),
            from,
            until,
            state,
            energy: Energy::from_power(power_w, until.duration_since(from).as_secs_f64()),
            estimated: Energy::ZERO,
        })
    }

    fn samples(&self, day: Day, every: SignedDuration, left_on: bool, findings: &mut Vec<Finding>) {
        let (state, power_w) = self.at_night(left_on);
        let mut at = day.from;
        while at < day.until {
            findings.push(Finding::Sample(Sample {
                device: self.id.clone(),
                at,
                power_w: power_w + f64::from(u8::try_from(at.as_second() / 60 % 50).unwrap_or(0)),
                state,
                is_provisional: false,
            }));
            at += every;
        }
    }

    fn alert(&self, day: Day) -> Finding {
        Finding::Alert(AlertEvent {
            rule: "overnight_idle".to_owned(),
            device: self.id.clone(),
            severity: Severity::Warning,
            phase: AlertPhase::Cleared,
            since: day.from,
            at: day.from + SignedDuration::from_hours(8),
            energy: Energy::from_power(self.kind.idle_w, 8.0 * 3600.0),
            cost: 1.0,
            co2e_g: 100.0,
            detail: String::new(),
            by: String::new(),
            until: None,
        })
    }
}
