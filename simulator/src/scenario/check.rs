//! Refuses scenarios that cannot be played, before anything starts.

use std::collections::HashSet;

use super::{DeviceSpec, EventKind, FaultKind, FaultSpec, Modality, Scenario, ScenarioError};
use crate::agenda::time_of_day;

pub(super) fn invalid(
    place: impl Into<String>,
    what: impl Into<String>,
    mend: impl Into<String>,
) -> ScenarioError {
    ScenarioError::Invalid {
        place: place.into(),
        what: what.into(),
        mend: mend.into(),
    }
}

pub(super) fn check(scenario: &Scenario) -> Result<(), ScenarioError> {
    if scenario.days == 0 {
        return Err(invalid("days", "0 days", "write at least 1"));
    }
    if !(0.1..=10.0).contains(&scenario.step_seconds) {
        return Err(invalid(
            "step_seconds",
            format!("{}", scenario.step_seconds),
            "write 0.1 to 10",
        ));
    }
    let mut ids = HashSet::new();
    let mut topics = HashSet::new();
    for device in &scenario.devices {
        let place = format!("device {:?}", device.id);
        if device.id.is_empty() || !ids.insert(device.id.as_str()) {
            return Err(invalid(
                place,
                "the id is empty or used twice",
                "give every device an id of its own",
            ));
        }
        if !topics.insert((device.meter.family, device.meter.topic.as_str())) {
            return Err(invalid(
                format!("{place} meter.topic"),
                "used by another meter",
                "give every meter its own topic",
            ));
        }
        check_day(device, &place)?;
        check_levels(device, &place)?;
        check_meter(device, &place)?;
        for (index, fault) in device.faults.iter().enumerate() {
            check_fault(fault, &format!("{place} faults[{index}] {:?}", fault.kind))?;
        }
    }
    check_cooling(scenario)
}

fn check_cooling(scenario: &Scenario) -> Result<(), ScenarioError> {
    for device in &scenario.devices {
        for cooled in &device.cools {
            let known = scenario.devices.iter().find(|other| other.id == *cooled);
            let place = format!("device {:?} cools", device.id);
            match known {
                _ if device.modality != Modality::Cooling => {
                    return Err(invalid(
                        place,
                        "only cooling has it",
                        "remove it, or set modality = \"cooling\"",
                    ));
                }
                None => {
                    return Err(invalid(
                        place,
                        format!("no device {cooled:?}"),
                        "name an id of this scenario",
                    ));
                }
                Some(other) if other.modality == Modality::Cooling => {
                    return Err(invalid(
                        place,
                        format!("{cooled:?} is itself cooling"),
                        "name only sources of heat",
                    ));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

fn clock(place: String, text: &str) -> Result<jiff::civil::Time, ScenarioError> {
    time_of_day(text).ok_or_else(|| {
        invalid(
            place,
            format!("{text:?} is no time of day"),
            "write HH:MM, as in 07:30",
        )
    })
}

fn check_day(device: &DeviceSpec, place: &str) -> Result<(), ScenarioError> {
    let day = &device.schedule;
    let open = clock(format!("{place} schedule.open"), &day.open)?;
    let close = clock(format!("{place} schedule.close"), &day.close)?;
    if close <= open {
        return Err(invalid(
            format!("{place} schedule"),
            "close is not later than open",
            "hours may not cross midnight",
        ));
    }
    let rate = day.exams_per_hour.unwrap_or(0.0);
    if !(0.0..=20.0).contains(&rate) {
        return Err(invalid(
            format!("{place} schedule.exams_per_hour"),
            format!("{rate}"),
            "write 0 to 20",
        ));
    }
    for (name, minutes) in [
        ("ready_before_minutes", day.ready_before_minutes),
        ("closing_delay_minutes", day.closing_delay_minutes),
    ] {
        if !(0.0..=180.0).contains(&minutes) {
            return Err(invalid(
                format!("{place} schedule.{name}"),
                format!("{minutes}"),
                "write 0 to 180",
            ));
        }
    }
    for (index, event) in device.events.iter().enumerate() {
        let place = format!("{place} events[{index}]");
        if let Some(time) = &event.time {
            clock(format!("{place}.time"), time)?;
        }
        if event.repeat_days.is_some_and(|days| days < 1) {
            return Err(invalid(
                format!("{place}.repeat_days"),
                "less than 1",
                "write at least 1, or leave it out",
            ));
        }
        if event.kind != EventKind::Emergency && event.exams.is_some() {
            return Err(invalid(
                format!("{place}.exams"),
                "only emergencies have exams",
                "remove it",
            ));
        }
        if event.exams.is_some_and(|exams| !(1..=10).contains(&exams)) {
            return Err(invalid(
                format!("{place}.exams"),
                "not in 1 to 10",
                "write 1 to 10",
            ));
        }
    }
    Ok(())
}

fn check_levels(device: &DeviceSpec, place: &str) -> Result<(), ScenarioError> {
    let levels = crate::load::levels(device);
    let all = [
        ("off_watts", levels.off_watts),
        ("standby_watts", levels.standby_watts),
        ("idle_watts", levels.idle_watts),
        ("ready_watts", levels.ready_watts),
        ("scanning_watts_min", levels.scanning_watts_min),
        ("scanning_watts_max", levels.scanning_watts_max),
        ("burst_watts", levels.burst_watts),
    ];
    for (name, watts) in all {
        if !(0.0..=250_000.0).contains(&watts) {
            return Err(invalid(
                format!("{place} levels.{name}"),
                format!("{watts} W"),
                "write 0 to 250000",
            ));
        }
    }
    if levels.scanning_watts_min > levels.scanning_watts_max {
        return Err(invalid(
            format!("{place} levels"),
            "scanning_watts_min is above scanning_watts_max",
            "swap them",
        ));
    }
    Ok(())
}

fn check_meter(device: &DeviceSpec, place: &str) -> Result<(), ScenarioError> {
    let meter = &device.meter;
    if meter.topic.is_empty() || meter.topic.contains(['+', '#', '\0']) || meter.topic.starts_with('/') {
        return Err(invalid(
            format!("{place} meter.topic"),
            format!("{:?}", meter.topic),
            "write a topic without + and #",
        ));
    }
    let seconds = [
        ("report.seconds", meter.report.seconds),
        ("report.heartbeat_seconds", meter.report.heartbeat_seconds),
        ("counter_seconds", meter.counter_seconds.unwrap_or(60.0)),
    ];
    for (name, value) in seconds {
        if !(0.1..=86_400.0).contains(&value) {
            return Err(invalid(
                format!("{place} meter.{name}"),
                format!("{value} s"),
                "write 0.1 to 86400",
            ));
        }
    }
    let shares = [
        ("accuracy_percent", meter.accuracy_percent.unwrap_or(0.0)),
        ("noise_percent", meter.noise_percent.unwrap_or(0.0)),
        ("report.percent", meter.report.percent),
    ];
    for (name, value) in shares {
        if !(0.0..=50.0).contains(&value) {
            return Err(invalid(
                format!("{place} meter.{name}"),
                format!("{value} %"),
                "write 0 to 50",
            ));
        }
    }
    if !(0.0..=1e6).contains(&meter.report.watts) {
        return Err(invalid(
            format!("{place} meter.report.watts"),
            "out of range",
            "write 0 to 1000000",
        ));
    }
    if !(0.0..=1e6).contains(&meter.counter_start_kwh.unwrap_or(0.0)) {
        return Err(invalid(
            format!("{place} meter.counter_start_kwh"),
            "out of range",
            "write 0 to 1000000",
        ));
    }
    if meter.qos.is_some_and(|qos| qos > 2) {
        return Err(invalid(
            format!("{place} meter.qos"),
            "there are 0, 1 and 2",
            "write one of them",
        ));
    }
    Ok(())
}

fn check_fault(fault: &FaultSpec, place: &str) -> Result<(), ScenarioError> {
    use FaultKind::{
        ClockWrong, CounterReset, Delay, Drop, Duplicate, Poison, Reorder, ReversedPhase, RollBack, Silence,
    };
    let need = |present: bool, key: &str| {
        if present {
            Ok(())
        } else {
            Err(invalid(place, format!("{key} is missing"), format!("add {key}")))
        }
    };
    match fault.kind {
        Drop | Duplicate | Reorder | Poison => need(fault.probability.is_some(), "probability")?,
        Delay => {
            need(fault.probability.is_some(), "probability")?;
            need(fault.seconds.is_some(), "seconds")?;
        }
        Silence => {
            need(fault.from.is_some(), "from")?;
            need(fault.until.is_some(), "until")?;
        }
        CounterReset => need(fault.at.is_some(), "at")?,
        RollBack => {
            need(fault.at.is_some(), "at")?;
            need(fault.watt_hours.is_some(), "watt_hours")?;
        }
        ReversedPhase => need(
            fault.phase.is_some_and(|phase| (1..=3).contains(&phase)),
            "phase (1 to 3)",
        )?,
        ClockWrong => need(fault.hours.is_some(), "hours")?,
    }
    // A meter that never gets a message through would be looked at for ever by an endless simulation.
    let most = if fault.kind == Drop { 0.99 } else { 1.0 };
    if !(0.0..=most).contains(&fault.probability.unwrap_or(0.0)) {
        return Err(invalid(
            format!("{place} probability"),
            format!("not in 0 to {most}"),
            "write a share, as in 0.01; for no messages at all use silence",
        ));
    }
    if !(0.0..=86_400.0).contains(&fault.seconds.unwrap_or(0.0)) {
        return Err(invalid(
            format!("{place} seconds"),
            "not in 0 to 86400",
            "write at most a day",
        ));
    }
    for moment in [&fault.at, &fault.from, &fault.until].into_iter().flatten() {
        if !(-3660..=3660).contains(&moment.day) {
            return Err(invalid(
                format!("{place} day"),
                format!("{}", moment.day),
                "write a day within ten years",
            ));
        }
        clock(format!("{place} time"), &moment.time)?;
    }
    Ok(())
}
