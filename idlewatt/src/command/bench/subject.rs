//! A device nobody has seen, with its meter, its days and its faults, made of a seed and a number.
//!
//! Of 220 devices every pairing of the twenty places of [`MODALITIES`] with the eleven of [`SAMPLINGS`] comes once.
//! Rules: the first day is a working day, and where a weekend would leave none to be scored the simulation is a day
//! longer; a spot meter of 60 s has a counter (without one its energy is a matter of luck: CT exposures last seconds);
//! a meter that reports on change loses no message (each stands for a change; MQTT resends them); gaps last 5 to 90
//! minutes; spikes come to meters of up to 2 s; a counter resets once, in the scored time.

use jiff::civil::{Date, Time, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use simulator::{
    Day, DeviceSpec, EventKind, EventSpec, Family, FaultKind, FaultSpec, MeterSpec, Modality, Mode, Moment,
    Policy, ReportSpec, Scenario, Schedule,
};

use super::dice::Dice;
use super::levels;

/// How long a device is watched before it is scored.
pub(super) const LEARNING: SignedDuration = SignedDuration::from_hours(48);

/// Midnight of Monday 16 November 2026, UTC; a device's first day is one of the five from it on.
const MONDAY: Timestamp = Timestamp::constant(1_794_787_200, 0);

/// How finely a meter sees; each class has bars of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Up to 2 s, or on change.
    Fast,
    /// 5 to 10 s.
    Middle,
    /// 60 s.
    Slow,
}

/// When a meter speaks and of what.
#[derive(Debug)]
pub(super) struct Sampling {
    pub(super) name: &'static str,
    pub(super) class: Class,
    pub(super) seconds: u32,
    pub(super) policy: Policy,
    pub(super) is_mean: bool,
}

const fn spot(name: &'static str, class: Class, seconds: u32) -> Sampling {
    Sampling {
        name,
        class,
        seconds,
        policy: Policy::Interval,
        is_mean: false,
    }
}

const fn mean(name: &'static str, class: Class, seconds: u32) -> Sampling {
    Sampling {
        is_mean: true,
        ..spot(name, class, seconds)
    }
}

const ON_CHANGE: Sampling = Sampling {
    policy: Policy::OnChange,
    ..spot("change", Class::Fast, 1)
};

/// The samplings; a device's number walks through them.
static SAMPLINGS: [Sampling; 11] = [
    spot("spot1", Class::Fast, 1),
    mean("mean10", Class::Middle, 10),
    ON_CHANGE,
    spot("spot5", Class::Middle, 5),
    spot("spot60", Class::Slow, 60),
    spot("spot2", Class::Fast, 2),
    mean("mean5", Class::Middle, 5),
    ON_CHANGE,
    spot("spot10", Class::Middle, 10),
    spot("spot1", Class::Fast, 1),
    mean("mean60", Class::Slow, 60),
];

/// A modality as the bench uses it.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) modality: Modality,
    /// Fewest and most examinations an hour.
    exams_per_hour: (f64, f64),
    /// What staff leave it in.
    after_hours: &'static [Mode],
    /// What its meter shows, W.
    power_step_w: f64,
}

const ANY_MODE: &[Mode] = &[Mode::Off, Mode::Standby, Mode::Idle];

pub(super) static CT: Kind = Kind {
    name: "ct",
    modality: Modality::Ct,
    exams_per_hour: (1.5, 5.0),
    after_hours: ANY_MODE,
    power_step_w: 1.0,
};
pub(super) static MRI: Kind = Kind {
    name: "mri",
    modality: Modality::Mri,
    exams_per_hour: (1.0, 1.8),
    after_hours: ANY_MODE,
    power_step_w: 10.0,
};
static ANGIO: Kind = Kind {
    name: "angio",
    modality: Modality::Angio,
    exams_per_hour: (0.4, 1.0),
    after_hours: ANY_MODE,
    power_step_w: 1.0,
};
static XRAY: Kind = Kind {
    name: "xray",
    modality: Modality::Xray,
    exams_per_hour: (2.0, 6.0),
    after_hours: ANY_MODE,
    power_step_w: 1.0,
};
static WORKSTATION: Kind = Kind {
    name: "workstation",
    modality: Modality::Workstation,
    exams_per_hour: (3.0, 9.0),
    after_hours: ANY_MODE,
    power_step_w: 0.1,
};
static SERVER: Kind = Kind {
    name: "server",
    modality: Modality::Server,
    exams_per_hour: (2.0, 6.0),
    after_hours: &[Mode::Idle],
    power_step_w: 1.0,
};

/// The modalities; a device's number walks through them.
static MODALITIES: [&Kind; 20] = [
    &CT,
    &MRI,
    &ANGIO,
    &CT,
    &WORKSTATION,
    &MRI,
    &CT,
    &XRAY,
    &MRI,
    &CT,
    &ANGIO,
    &CT,
    &MRI,
    &WORKSTATION,
    &CT,
    &XRAY,
    &MRI,
    &ANGIO,
    &WORKSTATION,
    &SERVER,
];

/// What is left on or wakes at night. A rack is never switched off.
static NIGHT_MODALITIES: [&Kind; 5] = [&CT, &MRI, &ANGIO, &WORKSTATION, &XRAY];

/// How the meters of the nights speak. One of 1 s is left to the sweep of states: it takes as long as all of these.
static NIGHT_SAMPLINGS: [Sampling; 8] = [
    spot("spot60", Class::Slow, 60),
    ON_CHANGE,
    mean("mean10", Class::Middle, 10),
    spot("spot10", Class::Middle, 10),
    mean("mean60", Class::Slow, 60),
    spot("spot5", Class::Middle, 5),
    spot("spot2", Class::Fast, 2),
    mean("mean5", Class::Middle, 5),
];

/// Where and when the nights are; a device's number walks through them. The clocks go back on Sunday 25 October 2026
/// and forward on Sunday 28 March 2027.
static NIGHT_PLACES: [(&str, Date); 3] = [
    ("UTC", date(2026, 11, 16)),
    ("Europe/Zurich", date(2026, 10, 19)),
    ("Europe/Zurich", date(2027, 3, 22)),
];

/// One device of the bench.
pub(super) struct Subject {
    /// Number, modality and sampling in one word.
    pub(super) name: String,
    pub(super) kind: &'static Kind,
    pub(super) sampling: &'static Sampling,
    /// The device alone in its hospital.
    pub(super) scenario: Scenario,
    /// The counter's step in Wh; none without a counter.
    pub(super) counter_step_wh: Option<f64>,
    pub(super) power_step_w: f64,
    pub(super) spikes_per_day: f64,
    /// When its counter begins again at 0.
    pub(super) counter_reset: Option<Timestamp>,
    /// For the draws of what happens to its samples.
    pub(super) dice: Dice,
}

impl Subject {
    /// The device of this number.
    pub(super) fn draw(seed: u64, number: u32) -> Self {
        let kind = MODALITIES[number as usize % MODALITIES.len()];
        let sampling = &SAMPLINGS[number as usize % SAMPLINGS.len()];
        Self::of(seed, number, (kind, sampling), None)
    }

    /// The device of this number in the bench of nights, which need many days.
    ///
    /// # Errors
    /// A zone is not known.
    pub(super) fn night(seed: u64, number: u32, days: u32) -> anyhow::Result<Self> {
        let place = number as usize;
        let kind = NIGHT_MODALITIES[place % NIGHT_MODALITIES.len()];
        let sampling = &NIGHT_SAMPLINGS[place / NIGHT_MODALITIES.len() % NIGHT_SAMPLINGS.len()];
        let mut subject = Self::of(seed, number, (kind, sampling), Some(days));
        let (zone, monday) = NIGHT_PLACES[place % NIGHT_PLACES.len()];
        let zone = TimeZone::get(zone)?;
        let weekday = i64::from(subject.scenario.first_date().weekday().to_monday_zero_offset());
        let start = zone.to_timestamp(monday.checked_add(weekday.days())?.at(0, 0, 0, 0))?;
        let moved = start.duration_since(subject.scenario.start);
        subject.counter_reset = subject.counter_reset.map(|at| at + moved);
        (subject.scenario.start, subject.scenario.zone) = (start, zone);
        Ok(subject)
    }

    /// The CT or MRI whose samples are timed: at 1 s for five days, with a counter and without faults.
    pub(super) fn plain(kind: &'static Kind) -> Self {
        let mut subject = Self::of(1, 0, (kind, &SAMPLINGS[0]), Some(5));
        for device in &mut subject.scenario.devices {
            device.faults.clear();
        }
        (subject.counter_step_wh, subject.counter_reset) = (Some(1.0), None);
        subject.spikes_per_day = 0.0;
        subject
    }

    fn of(
        seed: u64,
        number: u32,
        (kind, sampling): (&'static Kind, &'static Sampling),
        days: Option<u32>,
    ) -> Self {
        let mut dice = Dice::of(seed, number.into());
        let name = format!("{number:03}-{}-{}", kind.name, sampling.name);
        let weekday = dice.count(0, 4);
        let usual_days = if weekday >= 2 { 5 } else { dice.count(4, 5) };
        let days = days.unwrap_or(usual_days);
        let start = MONDAY + SignedDuration::from_hours(24 * i64::from(weekday));
        let is_slow_spot = sampling.class == Class::Slow && !sampling.is_mean;
        let steps_wh = if kind.power_step_w < 1.0 {
            [0.1, 1.0]
        } else {
            [1.0, 10.0]
        };
        let counter_step_wh = (is_slow_spot || dice.chance(0.65)).then(|| dice.pick(&steps_wh));
        let after = SignedDuration::from_secs(i64::from(dice.count(3_600, 80_000)));
        let resets = counter_step_wh.is_some() && dice.chance(0.15);
        let spikes = sampling.class == Class::Fast && dice.chance(0.3);
        let spikes_per_day = if spikes { dice.between(1.0, 5.0) } else { 0.0 };
        let device = device(kind, sampling, days, &mut dice);
        Self {
            scenario: Scenario {
                name: name.clone(),
                seed: dice.next(),
                zone: TimeZone::UTC,
                start,
                days,
                step_seconds: 0.5,
                devices: vec![device],
            },
            name,
            kind,
            sampling,
            counter_step_wh,
            power_step_w: kind.power_step_w,
            spikes_per_day,
            counter_reset: resets.then_some(start + LEARNING + after),
            dice,
        }
    }

    /// The first instant that is scored.
    pub(super) fn scored_from(&self) -> Timestamp {
        self.scenario.start + LEARNING
    }

    /// All that was drawn, in one line.
    pub(super) fn parameters(&self) -> String {
        let device = &self.scenario.devices[0];
        let (levels, day) = (simulator::levels(device), &device.schedule);
        let events: Vec<String> = device
            .events
            .iter()
            .map(|event| format!("{:?}{:?}", event.kind, event.nights))
            .collect();
        let faults: Vec<String> = device
            .faults
            .iter()
            .map(|fault| match fault.probability {
                Some(probability) => format!("{:?} {:.1} %", fault.kind, probability * 100.0),
                None => "gap".to_owned(),
            })
            .collect();
        format!(
            "off {:.0} standby {:.0} idle {:.0} ready {:.0} scan {:.0}-{:.0} burst {:.0} W; after hours {:?}, {:.1} exams/h, \
             {} days a week from {:?}, {} simulated; noise {:.2} %, counter {}, spikes {:.1}/d{}; events [{}]; faults [{}]",
            levels.off_watts,
            levels.standby_watts,
            levels.idle_watts,
            levels.ready_watts,
            levels.scanning_watts_min,
            levels.scanning_watts_max,
            levels.burst_watts,
            day.after_hours.unwrap_or(Mode::Idle),
            day.exams_per_hour.unwrap_or(0.0),
            day.days.len(),
            self.scenario.first_date().weekday(),
            self.scenario.days,
            device.meter.noise_percent.unwrap_or(0.0),
            self.counter_step_wh
                .map_or("none".to_owned(), |step| format!("{step} Wh")),
            self.spikes_per_day,
            if self.counter_reset.is_some() {
                ", counter reset"
            } else {
                ""
            },
            events.join(" "),
            faults.join(", "),
        )
    }
}

fn device(kind: &Kind, sampling: &Sampling, days: u32, dice: &mut Dice) -> DeviceSpec {
    DeviceSpec {
        id: kind.name.to_owned(),
        name: None,
        room: None,
        modality: kind.modality,
        levels: levels::draw(kind.modality, dice),
        schedule: schedule(kind, dice),
        meter: MeterSpec {
            family: Family::GenericJson,
            topic: kind.name.to_owned(),
            report: ReportSpec {
                policy: sampling.policy,
                seconds: sampling.seconds.into(),
                mean: sampling.is_mean,
                ..ReportSpec::default()
            },
            counter_seconds: None,
            // Power and counter are compared with the truth: no gain error.
            accuracy_percent: Some(0.0),
            noise_percent: Some(dice.between(0.1, 1.5)),
            counter_start_kwh: Some(dice.between(0.0, 50_000.0)),
            qos: None,
            retain: None,
            stamped: false,
        },
        events: events(days, dice),
        faults: faults(sampling, days, dice),
        cools: Vec::new(),
    }
}

fn schedule(kind: &Kind, dice: &mut Dice) -> Schedule {
    const WEEK: [Day; 7] = [
        Day::Mon,
        Day::Tue,
        Day::Wed,
        Day::Thu,
        Day::Fri,
        Day::Sat,
        Day::Sun,
    ];
    let days = dice.pick(&[5, 5, 6, 7]);
    let (from, to) = kind.exams_per_hour;
    Schedule {
        days: WEEK[..days].to_vec(),
        open: dice
            .pick(&["06:30", "07:00", "07:30", "08:00", "08:30"])
            .to_owned(),
        close: dice.pick(&["16:00", "17:00", "18:00", "20:00"]).to_owned(),
        exams_per_hour: Some(dice.between(from, to)),
        after_hours: Some(dice.pick(kind.after_hours)),
        ..Schedule::default()
    }
}

/// What happens at night: left on every fifth night, woken by itself every tenth, an emergency every seventh.
fn events(days: u32, dice: &mut Dice) -> Vec<EventSpec> {
    let kinds = [
        (EventKind::LeftOn, 0.2),
        (EventKind::SelfWake, 0.1),
        (EventKind::Emergency, 0.15),
    ];
    let mut events = Vec::new();
    for (kind, chance) in kinds {
        for night in 0..days {
            let time = dice.pick(&["21:30", "23:10", "01:20", "03:00", "04:40"]);
            let exams = dice.count(1, 3);
            if dice.chance(chance) {
                events.push(EventSpec {
                    kind,
                    nights: vec![i32::try_from(night).unwrap_or(0)],
                    repeat_days: None,
                    time: (kind != EventKind::LeftOn).then(|| time.to_owned()),
                    exams: (kind == EventKind::Emergency).then_some(exams),
                });
            }
        }
    }
    events
}

fn faults(sampling: &Sampling, days: u32, dice: &mut Dice) -> Vec<FaultSpec> {
    let plain = |kind, probability| FaultSpec {
        kind,
        probability,
        seconds: None,
        at: None,
        from: None,
        until: None,
        watt_hours: None,
        phase: None,
        hours: None,
    };
    let mut faults = Vec::new();
    if sampling.policy == Policy::Interval && dice.chance(0.5) {
        faults.push(plain(FaultKind::Drop, Some(dice.between(0.001, 0.02))));
    }
    if dice.chance(0.35) {
        faults.push(plain(FaultKind::Duplicate, Some(dice.between(0.001, 0.02))));
    }
    let gaps = if dice.chance(0.4) { dice.count(1, 4) } else { 0 };
    for _ in 0..gaps {
        let day = i32::try_from(dice.count(0, days - 1)).unwrap_or(0);
        // From the first minute of the day to the ninetieth before its end.
        let minute = dice.count(0, 24 * 60 - 91);
        let moment = |minute: u32| Moment {
            day,
            time: clock(minute),
        };
        faults.push(FaultSpec {
            from: Some(moment(minute)),
            until: Some(moment(minute + dice.count(6, 90))),
            ..plain(FaultKind::Silence, None)
        });
    }
    faults
}

/// A minute of the day as the scenario writes it.
fn clock(minute: u32) -> String {
    let time = Time::midnight().saturating_add(i64::from(minute).minutes());
    time.strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_sweep_pairs_every_modality_with_every_sampling() {
        let names: HashSet<String> = (0..220)
            .map(|number| {
                Subject::draw(1, number)
                    .name
                    .split_once('-')
                    .unwrap()
                    .1
                    .to_owned()
            })
            .collect();
        for kind in ["ct", "mri", "angio", "xray", "workstation", "server"] {
            for sampling in &SAMPLINGS {
                assert!(
                    names.contains(&format!("{kind}-{}", sampling.name)),
                    "{kind} {}",
                    sampling.name
                );
            }
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_device() {
        let draw = |seed| Subject::draw(seed, 17);
        assert_eq!(draw(3).scenario, draw(3).scenario);
        assert_ne!(draw(3).scenario, draw(4).scenario);
        assert!(draw(3).scenario.first_date().weekday().to_monday_one_offset() <= 5);
    }
}
