//! How far a meter can be trusted, and why not further.
//!
//! A: all that idlewatt does can be done. B: some of it. C: hardly any. The limit of ten seconds: slower meters miss
//! scans of a CT or tell them too long; they still tell idle from off.

use analyzer::FaultKind;

use super::meter::{Channel, Meter};
use super::series::{SCANNING_S_MAX, seconds};

/// So many quick values show a meter that reports on change, however rarely it does in quiet hours.
const QUICK_MIN: u64 = 3;
/// A counter that should have risen by so much and did not stands still.
const STANDING_WH: f64 = 200.0;

/// How far a meter can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// For all that idlewatt does.
    A,
    /// For some of it.
    B,
    /// For hardly any.
    C,
}

/// What a counter has done while we listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// It rose.
    Rises,
    /// It stood still although enough was drawn.
    Stands,
    /// It fell at least once.
    Fell,
    /// Too little was drawn, or it was heard only once: nothing can be said.
    Unproven,
}

/// What a channel's counter does.
pub(super) fn counting(channel: &Channel) -> Counting {
    let (energy, power) = (&channel.energy, &channel.power);
    if energy.falls > 0 {
        return Counting::Fell;
    }
    if energy.rises > 0 {
        return Counting::Rises;
    }
    let (Some(first), Some(last)) = (energy.first, energy.last()) else {
        return Counting::Unproven;
    };
    let drawn_wh = power.min.unwrap_or_default() * seconds(last.at_us - first.at_us) / 3600.0;
    if drawn_wh >= STANDING_WH {
        Counting::Stands
    } else {
        Counting::Unproven
    }
}

/// The grade with its reasons, the worst first. `has_times`: it is known when the messages came.
pub(super) fn grade(meter: &Meter, interval_s: Option<f64>, has_times: bool) -> (Grade, Vec<String>) {
    let mut reasons = Reasons::default();
    reasons.of_values(meter);
    reasons.of_rhythm(meter, interval_s, has_times);
    reasons.of_counters(meter);
    reasons.of_faults(meter, has_times);
    let mut reasons = reasons.0;
    reasons.sort_by_key(|(grade, _)| std::cmp::Reverse(*grade));
    let worst = reasons.first().map_or(Grade::A, |(grade, _)| *grade);
    (worst, reasons.into_iter().map(|(_, text)| text).collect())
}

/// Why a meter cannot be trusted further, each with the grade that it leaves.
#[derive(Default)]
struct Reasons(Vec<(Grade, String)>);

impl Reasons {
    fn because(&mut self, grade: Grade, text: impl Into<String>) {
        self.0.push((grade, text.into()));
    }

    /// What it states at all.
    fn of_values(&mut self, meter: &Meter) {
        let has = |is: fn(&Channel) -> bool| meter.channels.values().any(is);
        let has_power = has(|channel| channel.power.count > 0);
        let has_counter = has(|channel| channel.energy.count > 0);
        let has_current = has(|channel| channel.current.count > 0);
        match (has_power, has_counter) {
            (true, true) => {}
            (true, false) => self.because(Grade::B, "no counter: energy is estimated from power"),
            (false, true) => self.because(Grade::C, "no power, only a counter"),
            (false, false) if has_current => self.because(
                Grade::C,
                "current only: describe it as a [[clamp]] to have its power estimated",
            ),
            (false, false) => self.because(Grade::C, "neither power nor counter"),
        }
        if has(|channel| channel.is_estimated) {
            self.because(Grade::B, "power is estimated from the current");
        }
    }

    /// How often it says something.
    fn of_rhythm(&mut self, meter: &Meter, interval_s: Option<f64>, has_times: bool) {
        let is_quick = meter
            .channels
            .values()
            .any(|channel| channel.power.quick >= QUICK_MIN);
        match interval_s {
            _ if meter.live == 0 => {
                self.because(
                    Grade::C,
                    "retained messages only: nothing new came while we listened",
                );
            }
            Some(every_s) if every_s > SCANNING_S_MAX && !is_quick => {
                let limit = format!("more than {SCANNING_S_MAX:.0} s");
                self.because(
                    Grade::B,
                    format!("every {every_s:.0} s: too coarse to see scanning ({limit})"),
                );
            }
            None if has_times => {
                self.because(Grade::B, "heard once: its rhythm is not known, listen longer");
            }
            _ => {}
        }
    }

    fn of_counters(&mut self, meter: &Meter) {
        let counters = || meter.channels.values().filter(|channel| channel.energy.count > 0);
        if counters().any(|channel| counting(channel) == Counting::Stands) {
            self.because(Grade::C, "its counter stands still although power flows");
        }
        if counters().any(|channel| counting(channel) == Counting::Fell) {
            self.because(Grade::B, "its counter went back");
        }
    }

    /// What went wrong, and what the decoders say of it.
    fn of_faults(&mut self, meter: &Meter, has_times: bool) {
        if let Some(off_us) = meter.clock_off_us.filter(|_| has_times) {
            let off = duration(seconds(off_us.abs()));
            self.because(Grade::B, format!("its clock is wrong by {off}"));
        }
        if meter.malformed > 0 {
            let total = meter.messages + meter.malformed;
            let grade = if meter.malformed * 10 > total {
                Grade::C
            } else {
                Grade::B
            };
            let (malformed, reason) = (meter.malformed, &meter.malformed_reason);
            self.because(
                grade,
                format!("{malformed} of {total} messages malformed: {reason}"),
            );
        }
        for (kind, detail) in &meter.notices {
            let what = match kind {
                FaultKind::UnitAssumed => "unit assumed",
                FaultKind::MessageLost => "messages lost",
                FaultKind::MeterError => "the meter reports an error",
                FaultKind::UnknownName => "a name nobody has explained",
                FaultKind::EstimatedPower => continue,
                other => other.name(),
            };
            self.because(Grade::B, format!("{what}: {detail}"));
        }
        if meter.channels_left_out > 0 {
            self.because(Grade::B, "it has more channels than are told apart");
        }
    }
}

/// A span in the unit that people would use.
fn duration(seconds: f64) -> String {
    match seconds {
        long if long >= 2.0 * 86_400.0 => format!("{:.0} days", long / 86_400.0),
        long if long >= 2.0 * 3600.0 => format!("{:.0} h", long / 3600.0),
        short => format!("{:.0} min", short / 60.0),
    }
}
