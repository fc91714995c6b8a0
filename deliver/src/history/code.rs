//! The stored forms: small integers for enumerations, milliseconds for instants, whole sub-units for amounts.
//!
//! A code is never given another meaning; a new one takes the next number (and a new schema version).

use analyzer::site::TariffPeriod;
use analyzer::{AlertPhase, ExamKind, FaultKind, Severity, State};
use jiff::{SignedDuration, Timestamp};

/// Seconds in a minute, the grain of the power curve.
pub(super) const MINUTE_S: i64 = 60;
/// Minutes in a row of the old power curve.
pub(super) const QUARTER_MINUTES: i64 = 15;
/// Milliseconds in a day, for limits counted in days.
pub(super) const DAY_MS: i64 = 86_400_000;

const STATES: [State; 5] = [
    State::Off,
    State::Standby,
    State::Idle,
    State::Scanning,
    State::Unknown,
];
const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];
const PHASES: [AlertPhase; 6] = [
    AlertPhase::Raised,
    AlertPhase::Reminded,
    AlertPhase::Cleared,
    AlertPhase::Acknowledged,
    AlertPhase::Snoozed,
    AlertPhase::Noted,
];
const FAULTS: [FaultKind; 17] = [
    FaultKind::CounterReset,
    FaultKind::CounterRollback,
    FaultKind::CounterJump,
    FaultKind::ImplausiblePower,
    FaultKind::Silent,
    FaultKind::Heard,
    FaultKind::Offline,
    FaultKind::ClockWrong,
    FaultKind::TooLate,
    FaultKind::CounterWrap,
    FaultKind::CounterStuck,
    FaultKind::MessageLost,
    FaultKind::MeterError,
    FaultKind::EstimatedPower,
    FaultKind::UnknownName,
    FaultKind::UnitAssumed,
    FaultKind::IntervalTooCoarse,
];

const EXAMS: [ExamKind; 2] = [ExamKind::Patient, ExamKind::CalibrationGuess];

fn code_of<T: PartialEq>(table: &[T], value: &T) -> i64 {
    let place = table
        .iter()
        .position(|known| known == value)
        .expect("every variant stands in its table (tested)");
    i64::try_from(place).expect("the tables are short")
}

fn value_of<T: Copy>(table: &[T], code: i64) -> Option<T> {
    usize::try_from(code)
        .ok()
        .and_then(|place| table.get(place).copied())
}

pub(super) fn state_code(state: State) -> i64 {
    code_of(&STATES, &state)
}

/// A code from a damaged row is honestly unknown.
pub(super) fn state_of(code: i64) -> State {
    value_of(&STATES, code).unwrap_or(State::Unknown)
}

pub(super) fn exam_code(kind: ExamKind) -> i64 {
    code_of(&EXAMS, &kind)
}

pub(super) fn exam_of(code: i64) -> ExamKind {
    value_of(&EXAMS, code).unwrap_or(ExamKind::Patient)
}

pub(super) fn severity_code(severity: Severity) -> i64 {
    code_of(&SEVERITIES, &severity)
}

pub(super) fn severity_of(code: i64) -> Severity {
    value_of(&SEVERITIES, code).unwrap_or(Severity::Warning)
}

pub(super) fn phase_code(phase: AlertPhase) -> i64 {
    code_of(&PHASES, &phase)
}

pub(super) fn phase_of(code: i64) -> AlertPhase {
    value_of(&PHASES, code).unwrap_or(AlertPhase::Raised)
}

pub(super) fn fault_code(kind: FaultKind) -> i64 {
    code_of(&FAULTS, &kind)
}

pub(super) fn fault_of(code: i64) -> Option<FaultKind> {
    value_of(&FAULTS, code)
}

pub(super) const fn tariff_code(tariff: TariffPeriod) -> i64 {
    match tariff {
        TariffPeriod::Day => 0,
        TariffPeriod::Night => 1,
    }
}

pub(super) const fn tariff_of(code: i64) -> TariffPeriod {
    if code == 1 {
        TariffPeriod::Night
    } else {
        TariffPeriod::Day
    }
}

/// Milliseconds since 1970, rounded down.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_nanosecond()
        .div_euclid(1_000_000)
        .try_into()
        .expect("a timestamp's milliseconds fit 64 bits")
}

/// The instant of a stored millisecond; a damaged value becomes 1970.
pub(super) fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn duration_millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A shown amount in whole thousandths or millionths of it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "float to integer saturates and NaN is 0; both are harmless here"
)]
pub(super) fn scaled(amount: f64, scale: f64) -> i64 {
    (amount * scale).round() as i64
}

/// Back from [`scaled`].
#[expect(clippy::cast_precision_loss, reason = "a shown figure")]
pub(super) fn unscaled(stored: i64, scale: f64) -> f64 {
    stored as f64 / scale
}

/// Stored money is in millionths of the currency.
pub(super) const COST_SCALE: f64 = 1e6;
/// Stored carbon is in milligrams.
pub(super) const CO2E_SCALE: f64 = 1e3;
/// Stored power is in tenths of a watt.
pub(super) const POWER_SCALE: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_has_a_code_and_comes_back() {
        for state in State::ALL {
            assert_eq!(state_of(state_code(state)), state);
        }
        for kind in FAULTS {
            assert_eq!(fault_of(fault_code(kind)), Some(kind));
        }
        for phase in PHASES {
            assert_eq!(phase_of(phase_code(phase)), phase);
        }
        for severity in SEVERITIES {
            assert_eq!(severity_of(severity_code(severity)), severity);
        }
        for tariff in [TariffPeriod::Day, TariffPeriod::Night] {
            assert_eq!(tariff_of(tariff_code(tariff)), tariff);
        }
        assert_eq!(state_of(99), State::Unknown);
    }

    #[test]
    fn instants_round_down_on_both_sides_of_1970() {
        let early = Timestamp::from_nanosecond(-1).expect("in range");
        assert_eq!(millis(early), -1);
        assert_eq!(instant(millis(early)).as_millisecond(), -1);
    }
}
