//! Findings as lines: changes of the live state when they are said, final intervals, examinations, alerts, faults, and
//! at the end the sums of the ledger and how many points of the curve were said and corrected. Times are local.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use analyzer::{Energy, Finding};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The lines of all findings.
pub(crate) fn of(findings: &[Finding], zone: &TimeZone) -> String {
    let local = |at: Timestamp| {
        at.to_zoned_datetime(zone.clone())
            .strftime("%d %H:%M:%S")
            .to_string()
    };
    let mut text = String::new();
    for finding in findings {
        text.extend(line(finding, local).map(|line| line + "\n"));
    }
    let mut sums = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for finding in findings {
        if let Some(row) = finding.ledger_row() {
            rows.insert(
                (row.hour, row.state, row.is_open, row.tariff),
                (row.energy, row.duration),
            );
        }
    }
    for ((_, state, is_open, tariff), (energy, duration)) in rows {
        let sum = sums
            .entry((state, is_open, tariff))
            .or_insert((Energy::ZERO, SignedDuration::ZERO));
        sum.0 += energy;
        sum.1 += duration;
    }
    for ((state, is_open, tariff), (energy, duration)) in sums {
        let _ = writeln!(
            text,
            "ledger   {} {} {}: {:.1} Wh in {}",
            state.name(),
            if is_open { "open" } else { "closed" },
            tariff.name(),
            energy.wh(),
            clock(duration)
        );
    }
    let mut points = BTreeMap::new();
    let mut corrected = 0;
    for finding in findings {
        if let Finding::Sample(sample) = finding {
            let before = points.insert(sample.at, sample.state);
            corrected += i32::from(before.is_some_and(|before| before != sample.state));
        }
    }
    let _ = writeln!(text, "curve    {} points, {corrected} corrected", points.len());
    text
}

fn line(finding: &Finding, local: impl Fn(Timestamp) -> String) -> Option<String> {
    Some(match finding {
        Finding::StateChange(change) => {
            let (from, to) = (change.from.name(), change.to.name());
            let power = change
                .power_w
                .map_or(String::new(), |power_w| format!(" at {power_w:.0} W"));
            format!("change   {} {from} -> {to}{power}", local(change.at))
        }
        Finding::Interval(interval) => format!(
            "interval {} {} {}: {:.1} Wh, {:.1} estimated",
            local(interval.from),
            clock(interval.until.duration_since(interval.from)),
            interval.state.name(),
            interval.energy.wh(),
            interval.estimated.wh()
        ),
        Finding::Exam(exam) => format!(
            "exam     {} {} number {}: {:.1} Wh, scanning {} and {:.1} Wh",
            local(exam.from),
            clock(exam.until.duration_since(exam.from)),
            exam.number,
            exam.energy.wh(),
            clock(exam.scanning),
            exam.scanning_energy.wh()
        ),
        Finding::Alert(alert) => format!(
            "alert    {} {} {}: since {}, {:.0} Wh",
            local(alert.at),
            alert.rule,
            alert.phase.name(),
            local(alert.since),
            alert.energy.wh()
        ),
        Finding::Fault(fault) => format!(
            "fault    {} {} of {}",
            local(fault.at),
            fault.kind.name(),
            fault.meter
        ),
        _ => return None,
    })
}

/// Hours, minutes, seconds.
fn clock(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The lines that only one of both has.
pub(crate) fn difference(expected: &str, found: &str) -> String {
    let only = |of: &str, other: &str, sign: char| -> String {
        let lines = of
            .lines()
            .filter(|line| !other.lines().any(|known| known == *line));
        lines.map(|line| format!("{sign} {line}\n")).collect()
    };
    let lines = only(expected, found, '-') + &only(found, expected, '+');
    if lines.is_empty() {
        "the same lines in another order".to_owned()
    } else {
        lines
    }
}
