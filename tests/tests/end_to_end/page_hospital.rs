//! A hospital for the page's tests: a week of findings made from a timetable, no meters and no analyzer.

use std::sync::Arc;

use analyzer::calendar::OpeningHours;
use analyzer::learn::{Evidence, LearnedBand};
use analyzer::site::TariffPeriod;
use analyzer::{
    AlertEvent, AlertPhase, BandsLearned, DeviceId, Energy, Exam, Fault, FaultKind, Finding, Interval,
    LedgerRow, Sample, Severity, State, StateChange,
};
use deliver::page::PageDevice;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const PRICE_DAY: f64 = 0.22;
const PRICE_NIGHT: f64 = 0.16;
const G_PER_KWH: f64 = 56.6;

/// A kind of machine: watts by state, and its day.
struct Kind {
    modality: &'static str,
    label: &'static str,
    scanning_w: f64,
    idle_w: f64,
    standby_w: f64,
    off_w: f64,
    /// Minutes of scanning in each slot of so many minutes.
    slot: (i64, i64),
}

const CT: Kind = Kind {
    modality: "ct",
    label: "CT",
    scanning_w: 9_800.0,
    idle_w: 2_600.0,
    standby_w: 890.0,
    off_w: 8.0,
    slot: (4, 17),
};
const MRI: Kind = Kind {
    modality: "mri",
    label: "MRI",
    scanning_w: 31_000.0,
    idle_w: 12_400.0,
    standby_w: 6_400.0,
    off_w: 8_300.0,
    slot: (21, 33),
};
const ANGIO: Kind = Kind {
    modality: "angio",
    label: "Angiography",
    scanning_w: 10_800.0,
    idle_w: 6_900.0,
    standby_w: 3_000.0,
    off_w: 1_100.0,
    slot: (34, 70),
};
const XRAY: Kind = Kind {
    modality: "xray",
    label: "X-ray",
    scanning_w: 4_200.0,
    idle_w: 610.0,
    standby_w: 240.0,
    off_w: 90.0,
    slot: (2, 9),
};
const STATION: Kind = Kind {
    modality: "workstation",
    label: "Workstation",
    scanning_w: 117.4,
    idle_w: 117.4,
    standby_w: 54.2,
    off_w: 18.2,
    slot: (0, 60),
};
const RACK: Kind = Kind {
    modality: "server",
    label: "Server",
    scanning_w: 3_420.0,
    idle_w: 3_420.0,
    standby_w: 0.0,
    off_w: 0.0,
    slot: (0, 60),
};

struct Machine {
    id: &'static str,
    name: &'static str,
    room: &'static str,
    floor: &'static str,
    kind: &'static Kind,
    at_night: State,
}

const fn machine(
    id: &'static str,
    name: &'static str,
    room: &'static str,
    floor: &'static str,
    kind: &'static Kind,
    at_night: State,
) -> Machine {
    Machine {
        id,
        name,
        room,
        floor,
        kind,
        at_night,
    }
}

const MACHINES: [Machine; 13] = [
    machine("ct-1", "CT 1", "Emergency 012", "Ground floor", &CT, State::Idle),
    machine("ct-2", "CT 2", "B 104", "Ground floor", &CT, State::Off),
    machine(
        "xr-1",
        "X-ray 1",
        "Emergency 015",
        "Ground floor",
        &XRAY,
        State::Standby,
    ),
    machine("mri-1", "MRI 1", "Tunnel 1", "Basement", &MRI, State::Standby),
    machine("mri-2", "MRI 2", "Tunnel 2", "Basement", &MRI, State::Idle),
    machine("angio-1", "Angio 1", "Cath lab 3", "Basement", &ANGIO, State::Off),
    machine(
        "rack-1",
        "PACS rack",
        "Server room",
        "Basement",
        &RACK,
        State::Idle,
    ),
    machine(
        "ws-1",
        "Reading 1",
        "Reading room A",
        "Ground floor",
        &STATION,
        State::Off,
    ),
    machine(
        "ws-2",
        "Reading 2",
        "Reading room A",
        "Ground floor",
        &STATION,
        State::Standby,
    ),
    machine(
        "ws-3",
        "Reading 3",
        "Reading room A",
        "Ground floor",
        &STATION,
        State::Idle,
    ),
    machine(
        "ws-4",
        "Reading 4",
        "Reading room B",
        "Ground floor",
        &STATION,
        State::Off,
    ),
    machine(
        "ws-5",
        "Reading 5",
        "Reading room B",
        "Ground floor",
        &STATION,
        State::Off,
    ),
    machine(
        "ws-6",
        "Reading 6",
        "Reading room B",
        "Ground floor",
        &STATION,
        State::Off,
    ),
];

/// A Tuesday morning, 09:41 in Paris.
pub(crate) fn now() -> Timestamp {
    "2026-11-17T08:41:20Z".parse().expect("a fixed instant")
}

/// The zone of the hospital.
pub(crate) fn zone() -> TimeZone {
    TimeZone::get("Europe/Paris").expect("bundled")
}

/// The devices as the page names them.
pub(crate) fn devices() -> Vec<PageDevice> {
    let device = |machine: &Machine| PageDevice {
        id: Arc::from(machine.id),
        name: machine.name.to_owned(),
        room: machine.room.to_owned(),
        floor: Some(machine.floor.to_owned()),
        modality: machine.kind.modality,
        modality_label: machine.kind.label,
        meters: vec![format!("meter-{}", machine.id)],
        opening: OpeningHours::Always.into(),
        learns: true,
    };
    MACHINES.iter().map(device).collect()
}

/// Seven days and some hours of findings, device by device, in time order within each.
pub(crate) fn week() -> Vec<Finding> {
    let until = now().as_second().div_euclid(60);
    let from = until - 7 * 24 * 60 - 700;
    let mut findings = Vec::new();
    for (place, machine) in MACHINES.iter().enumerate() {
        play(
            machine,
            i64::try_from(place).unwrap_or(0),
            from,
            until,
            &mut findings,
        );
    }
    findings.extend(alerts());
    findings.push(Finding::Bands(levels()));
    findings.push(Finding::Fault(Fault {
        device: "ws-5".into(),
        meter: "plug-ws-5".to_owned(),
        at: now() - SignedDuration::from_mins(152),
        kind: FaultKind::Silent,
        detail: "no reading for 300 s".to_owned(),
    }));
    findings.push(Finding::Fault(Fault {
        device: "ct-2".into(),
        meter: "shellypro3em-ct2".to_owned(),
        at: now() - SignedDuration::from_hours(31),
        kind: FaultKind::CounterReset,
        detail: "from 182345.2 Wh to 0.0 Wh".to_owned(),
    }));
    findings
}

/// What CT 2 has learned of itself; one name is a person's, one may still change.
fn levels() -> BandsLearned {
    let band = |(state, level_w, confidence): (State, f64, f64)| LearnedBand {
        state,
        label: (state == State::Standby).then(|| "Eco mode".to_owned()),
        level_w,
        from_w: if state == State::Off {
            f64::MIN
        } else {
            level_w * 0.6
        },
        until_w: level_w * 1.6,
        from_w_seen: level_w * 0.98,
        until_w_seen: level_w * 1.02,
        cycles_until_w: None,
        evidence: Evidence {
            seconds: 86_400.0 * confidence,
            stability: 0.97,
            separation: Some(1.1),
            launches: 41.0,
            margin: Some(3.0),
            is_pinned: state == State::Standby,
            confidence,
        },
    };
    BandsLearned {
        device: "ct-2".into(),
        at: now() - SignedDuration::from_hours(40),
        bands: [
            (State::Off, 180.0, 0.3),
            (State::Standby, 900.0, 1.0),
            (State::Idle, 2_600.0, 0.98),
        ]
        .map(band)
        .to_vec(),
        scanning_from_w: Some(11_400.0),
        scout_from_w: Some(4_800.0),
        interval_s: 1.0,
        is_too_coarse: false,
    }
}

fn play(machine: &Machine, place: i64, from: i64, until: i64, findings: &mut Vec<Finding>) {
    let device: DeviceId = Arc::from(machine.id);
    let (mut since, mut state) = (from, State::Unknown);
    let (mut interval_wh, mut exams) = (0.0, 0);
    let mut hour: Vec<LedgerRow> = Vec::new();
    for minute in from..=until {
        let at = instant(minute);
        let next = timetable(machine, place, minute, until);
        if next != state {
            let power_w = Some(watts(machine.kind, next, place, minute));
            findings.push(Finding::StateChange(StateChange {
                device: device.clone(),
                at,
                from: state,
                to: next,
                power_w,
            }));
            if minute > since {
                let energy = Energy::from_wh(interval_wh);
                findings.push(Finding::Interval(Interval {
                    device: device.clone(),
                    from: instant(since),
                    until: at,
                    state,
                    energy,
                    estimated: Energy::ZERO,
                }));
                if state == State::Scanning {
                    exams += 1;
                    findings.push(Finding::Exam(Exam {
                        device: device.clone(),
                        number: exams,
                        from: instant(since),
                        until: at,
                        energy,
                        scanning_energy: energy,
                        scanning: SignedDuration::from_mins(minute - since),
                        kind: analyzer::ExamKind::Patient,
                    }));
                }
            }
            (since, state, interval_wh) = (minute, next, 0.0);
        }
        if state == State::Unknown {
            continue;
        }
        let power_w = watts(machine.kind, state, place, minute);
        interval_wh += power_w / 60.0;
        findings.push(Finding::Sample(Sample {
            device: device.clone(),
            at,
            power_w,
            state,
            is_provisional: false,
        }));
        if minute % 60 == 0 {
            findings.extend(hour.drain(..).map(Finding::Ledger));
        }
        book(&mut hour, &device, minute, state, power_w);
    }
    findings.extend(hour.into_iter().map(Finding::Ledger));
}

fn book(hour: &mut Vec<LedgerRow>, device: &DeviceId, minute: i64, state: State, power_w: f64) {
    let is_open = is_open(minute);
    let tariff = if is_open {
        TariffPeriod::Day
    } else {
        TariffPeriod::Night
    };
    let wh = power_w / 60.0;
    if !hour
        .iter()
        .any(|row| row.state == state && row.is_open == is_open)
    {
        hour.push(LedgerRow {
            device: device.clone(),
            hour: instant(minute / 60 * 60),
            state,
            is_open,
            tariff,
            energy: Energy::ZERO,
            estimated: Energy::ZERO,
            duration: SignedDuration::ZERO,
            cost: 0.0,
            co2e_g: 0.0,
        });
    }
    for row in hour
        .iter_mut()
        .filter(|row| row.state == state && row.is_open == is_open)
    {
        row.energy += Energy::from_wh(wh);
        row.duration += SignedDuration::from_mins(1);
        row.cost += wh / 1000.0 * if is_open { PRICE_DAY } else { PRICE_NIGHT };
        row.co2e_g += wh / 1000.0 * G_PER_KWH;
    }
}

/// 07:30 to 19:00 in Paris, not on Sunday.
fn is_open(minute: i64) -> bool {
    let local = instant(minute).to_zoned_datetime(zone());
    let of_day = i64::from(local.hour()) * 60 + i64::from(local.minute());
    (450..1140).contains(&of_day) && local.weekday().to_monday_zero_offset() != 6
}

fn timetable(machine: &Machine, place: i64, minute: i64, until: i64) -> State {
    let left = until - minute;
    match machine.id {
        "ws-5" if left < 157 => return State::Unknown,
        // forgotten last night, switched to work at seven
        "ct-2" if (160..910).contains(&left) => return State::Idle,
        // forgotten and still so: this room opens at noon
        "xr-1" if left < 880 => return State::Idle,
        "angio-1" if left < 25 => return State::Scanning,
        "rack-1" | "ws-3" => return State::Idle,
        "ws-4" => return State::Off,
        "ws-6" if left < 48 => return State::Standby,
        _ => {}
    }
    if !(is_open(minute) || machine.id == "ct-1" && noise(place, minute / 60) > 0.6) {
        return machine.at_night;
    }
    let (busy, slot) = machine.kind.slot;
    let slot_number = (minute + place * 5) / slot;
    let is_used = noise(place, slot_number) > 0.22;
    if is_used && (minute + place * 5) % slot < busy {
        State::Scanning
    } else {
        State::Idle
    }
}

fn watts(kind: &Kind, state: State, place: i64, minute: i64) -> f64 {
    let level = match state {
        State::Scanning => kind.scanning_w * (0.7 + 0.6 * noise(place + 9, minute)),
        State::Idle => kind.idle_w * (0.985 + 0.03 * noise(place, minute)),
        State::Standby => kind.standby_w * (0.97 + 0.06 * noise(place, minute)),
        State::Off | State::Unknown => kind.off_w,
    };
    (level * 10.0).round() / 10.0
}

fn noise(place: i64, minute: i64) -> f64 {
    let mixed = (minute.wrapping_mul(6_364_136_223_846_793_005)
        ^ place.wrapping_mul(1_442_695_040_888_963_407))
        >> 16;
    let mixed = mixed.wrapping_mul(2_862_933_555_777_941_757) >> 24;
    f64::from(u16::try_from(mixed & 0xffff).unwrap_or(0)) / 65_536.0
}

fn alerts() -> Vec<Finding> {
    let step = |device: &str, since_min: i64, at_min: i64, phase, wh: f64| {
        Finding::Alert(AlertEvent {
            rule: "overnight_idle".to_owned(),
            device: Arc::from(device),
            severity: Severity::Warning,
            phase,
            since: instant(now().as_second() / 60 - since_min),
            at: instant(now().as_second() / 60 - at_min),
            energy: Energy::from_wh(wh),
            cost: wh / 1000.0 * PRICE_NIGHT,
            co2e_g: wh / 1000.0 * G_PER_KWH,
            detail: String::new(),
            by: String::new(),
            until: None,
        })
    };
    vec![
        step("ct-2", 880, 850, AlertPhase::Raised, 1_300.0),
        step("ct-2", 880, 610, AlertPhase::Reminded, 11_700.0),
        step("ct-2", 880, 370, AlertPhase::Reminded, 22_100.0),
        step("ct-2", 880, 160, AlertPhase::Cleared, 31_200.0),
        step("xr-1", 880, 850, AlertPhase::Raised, 305.0),
        step("xr-1", 880, 610, AlertPhase::Reminded, 2_745.0),
        step("xr-1", 880, 130, AlertPhase::Reminded, 7_625.0),
        step(
            "mri-2",
            4 * 1440 + 880,
            4 * 1440 + 850,
            AlertPhase::Raised,
            6_200.0,
        ),
        step(
            "mri-2",
            4 * 1440 + 880,
            4 * 1440 + 131,
            AlertPhase::Cleared,
            154_800.0,
        ),
    ]
}

fn instant(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).expect("in range")
}
