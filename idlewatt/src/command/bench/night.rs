//! One closed period of a device: what its alert should have done, by the truth alone, and what it did.
//!
//! An alert is due where the device was truly idle for longer than the grace without a break. Where the longest such
//! stretch is within [`MARGIN`] of the grace either answer is right: a meter that speaks once a minute cannot tell. What
//! nobody could hear calls for no alert: where a gap of more than [`GAP_MIN`] cuts a stretch, the grace runs anew after it.
//! An alert that is due is told within [`DELAY_MAX`] of that instant, and its end within the same time after the device
//! has stopped idling for good (for at least [`PAUSE_MIN`]) and the alert has settled, or after the room has opened.
//!
//! Invariant: nothing here is taken from the analyzer but the alert's own words.

use analyzer::{AlertPhase, State};
use jiff::{SignedDuration, Timestamp};

use super::trace::{Span, Trace};

/// Idle in closed hours for longer raises the alert.
pub(super) const GRACE: SignedDuration = SignedDuration::from_mins(30);
/// So near to the grace either answer is right.
pub(super) const MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// What is final is so within two minutes; a meter of a minute may need two readings to be believed.
pub(super) const DELAY_MAX: SignedDuration = SignedDuration::from_mins(5);
/// A shorter silence hides nothing that matters for a grace of half an hour.
const GAP_MIN: SignedDuration = SignedDuration::from_mins(3);
/// Idling that returns within less may go on as the same: examinations have pauses, and slow meters miss pulses.
const PAUSE_MIN: SignedDuration = SignedDuration::from_mins(15);
/// What ends and returns within this goes on as the same alert.
const SETTLE: SignedDuration = SignedDuration::from_mins(5);

/// A step of an alert, and when it was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) phase: AlertPhase,
    pub(super) since: Timestamp,
    pub(super) at: Timestamp,
    /// The stamp of the reading with which it came.
    pub(super) said: Timestamp,
}

/// A stretch of time.
type Stretch = (Timestamp, Timestamp);

/// A closed period with what was true and what was said in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Night {
    pub(super) device: String,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// True idle in it.
    idle: Vec<Stretch>,
    /// The same, cut where the meter was not heard.
    heard: Vec<Stretch>,
    /// Where it was not heard.
    gaps: Vec<Stretch>,
    pub(super) told: Vec<Told>,
}

/// What is wrong with a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Said and not due, or said twice, or of another time than that of the idling.
    False,
    /// Due and not said.
    Missed,
    /// Raised too late.
    RaisedLate,
    /// Its end was said too late, or not at all.
    ClearedLate,
    /// Its end was said while the device idled on.
    ClearedEarly,
}

impl Fault {
    pub(super) const ALL: [Self; 5] = [
        Self::False,
        Self::Missed,
        Self::RaisedLate,
        Self::ClearedLate,
        Self::ClearedEarly,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::False => "false",
            Self::Missed => "missed",
            Self::RaisedLate => "raised late",
            Self::ClearedLate => "cleared late",
            Self::ClearedEarly => "cleared early",
        }
    }
}

impl Night {
    /// The night of these instants; of all that was `told` it takes its own.
    pub(super) fn new(device: &str, (from, until): Stretch, trace: &Trace, told: &[Told]) -> Self {
        let idle = true_idle(&trace.truth, from, until);
        let gaps: Vec<Stretch> = trace
            .gaps
            .iter()
            .map(|gap| (instant(gap.0), instant(gap.1)))
            .filter(|gap| gap.1 > from && gap.0 < until && gap.1.duration_since(gap.0) > GAP_MIN)
            .collect();
        Self {
            device: device.to_owned(),
            from,
            until,
            heard: idle.iter().flat_map(|stretch| outside(*stretch, &gaps)).collect(),
            idle,
            gaps,
            told: told
                .iter()
                .copied()
                .filter(|told| (from..until).contains(&told.since))
                .collect(),
        }
    }

    /// What is wrong with it; the first that applies.
    pub(super) fn fault(&self) -> Option<Fault> {
        let Some(raised) = self.raised().next() else {
            let is_due = longest(&self.heard) > GRACE + MARGIN;
            return is_due.then_some(Fault::Missed);
        };
        let of = |stretch: &&Stretch| {
            length(stretch) >= GRACE - MARGIN
                && raised.since >= stretch.0 - MARGIN
                && raised.since < stretch.1
        };
        let Some(stretch) = self.idle.iter().find(of).filter(|_| self.raised().count() == 1) else {
            return Some(Fault::False);
        };
        let first_due = self.heard.iter().find(|heard| length(heard) > GRACE + MARGIN);
        if first_due.is_some_and(|due| raised.said > due.0 + GRACE + DELAY_MAX) {
            return Some(Fault::RaisedLate);
        }
        self.clearing(*stretch, raised)
    }

    /// Whether the end of the alert that was raised in this stretch is told when it should be.
    fn clearing(&self, stretch: Stretch, raised: Told) -> Option<Fault> {
        let cleared = self
            .told
            .iter()
            .find(|told| told.phase == AlertPhase::Cleared && told.at >= raised.at);
        if cleared.is_some_and(|cleared| cleared.at < stretch.1 - MARGIN) {
            return Some(Fault::ClearedEarly);
        }
        let mut end = stretch.1;
        for next in &self.idle {
            if next.0 >= end && next.0.duration_since(end) < PAUSE_MIN {
                end = next.1;
            }
        }
        let end = if end < self.until { end + SETTLE } else { end };
        let unheard = self.gaps.iter().find(|gap| gap.0 <= end && end < gap.1);
        let end = unheard.map_or(end, |gap| gap.1 + SETTLE);
        let is_late = cleared.is_none_or(|cleared| cleared.said > end + DELAY_MAX);
        is_late.then_some(Fault::ClearedLate)
    }

    pub(super) fn is_near(&self) -> bool {
        (self.longest_idle() - GRACE).abs() <= MARGIN
    }

    /// The longest stretch of true idle.
    pub(super) fn longest_idle(&self) -> SignedDuration {
        longest(&self.idle)
    }

    /// What was said in it, in one line.
    pub(super) fn said(&self) -> String {
        let steps: Vec<String> = self
            .told
            .iter()
            .filter(|told| told.phase != AlertPhase::Reminded)
            .map(|told| format!("{} at {:.0} since {:.0}", told.phase.name(), told.at, told.since))
            .collect();
        if steps.is_empty() {
            "nothing".to_owned()
        } else {
            steps.join(", ")
        }
    }

    /// The alerts raised in it.
    pub(super) fn raised(&self) -> impl Iterator<Item = Told> + '_ {
        let raised = self.told.iter().filter(|told| told.phase == AlertPhase::Raised);
        raised.copied()
    }
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

fn length(stretch: &Stretch) -> SignedDuration {
    stretch.1.duration_since(stretch.0)
}

fn longest(stretches: &[Stretch]) -> SignedDuration {
    stretches.iter().map(length).max().unwrap_or_default()
}

/// The stretches of true idle inside these instants.
fn true_idle(truth: &[Span], from: Timestamp, until: Timestamp) -> Vec<Stretch> {
    let idle = truth.iter().filter(|span| span.state == State::Idle);
    let inside = idle.map(|span| (instant(span.from_ms).max(from), instant(span.until_ms).min(until)));
    inside.filter(|stretch| stretch.0 < stretch.1).collect()
}

/// The parts of a stretch that lie in no gap; gaps are in order of time.
fn outside(stretch: Stretch, gaps: &[Stretch]) -> Vec<Stretch> {
    let (mut parts, mut from) = (Vec::new(), stretch.0);
    for gap in gaps.iter().filter(|gap| gap.1 > stretch.0 && gap.0 < stretch.1) {
        if gap.0 > from {
            parts.push((from, gap.0));
        }
        from = gap.1;
    }
    if from < stretch.1 {
        parts.push((from, stretch.1));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlertPhase::{Cleared, Raised};

    const EVENING: Timestamp = Timestamp::constant(1_794_938_400, 0);

    fn minute(minute: i64) -> Timestamp {
        EVENING + SignedDuration::from_mins(minute)
    }

    /// A night of 14 h; what is idle, what is not heard and what was said, in minutes since closing.
    fn night(idle: &[(i64, i64)], gaps: &[(i64, i64)], told: &[(AlertPhase, i64, i64)]) -> Night {
        let ms = |at: i64| minute(at).as_millisecond();
        let trace = Trace {
            truth: idle
                .iter()
                .map(|(from, until)| Span {
                    from_ms: ms(*from),
                    until_ms: ms(*until),
                    state: State::Idle,
                    energy_wh: 0.0,
                })
                .collect(),
            gaps: gaps.iter().map(|gap| (ms(gap.0), ms(gap.1))).collect(),
            points: Vec::new(),
        };
        let told: Vec<Told> = told
            .iter()
            .map(|(phase, since, at)| Told {
                phase: *phase,
                since: minute(*since),
                at: minute(*at),
                said: minute(*at + 2),
            })
            .collect();
        Night::new("ct", (minute(0), minute(840)), &trace, &told)
    }

    #[test]
    fn a_night_is_right_or_says_what_is_wrong() {
        let right = [(Raised, 0, 30), (Cleared, 0, 60)];
        for (minutes, told, fault) in [
            (27, &right[..0], None),
            (29, &right[..0], None),
            (31, &right[..0], None),
            (60, &right[..], None),
            (33, &right[..0], Some(Fault::Missed)),
            (27, &right[..1], Some(Fault::False)),
            (60, &right[..1], Some(Fault::ClearedLate)),
            (45, &right[..], Some(Fault::ClearedLate)),
            (70, &right[..], Some(Fault::ClearedEarly)),
            (60, &[(Raised, 0, 36), (Cleared, 0, 60)], Some(Fault::RaisedLate)),
            (60, &[right[0], right[0], right[1]], Some(Fault::False)),
            (60, &[(Raised, 90, 120), (Cleared, 90, 125)], Some(Fault::False)),
        ] {
            assert_eq!(
                night(&[(-50, minutes)], &[], told).fault(),
                fault,
                "{minutes} {told:?}"
            );
        }
    }

    #[test]
    fn what_nobody_heard_calls_for_no_alert() {
        assert_eq!(night(&[(0, 50)], &[(25, 45)], &[]).fault(), None);
        let late = [(Raised, 45, 75), (Cleared, 45, 100)];
        assert_eq!(night(&[(0, 100)], &[(25, 45)], &late).fault(), None);
        let unheard_end = [(Raised, 0, 30), (Cleared, 0, 90)];
        assert_eq!(night(&[(0, 60)], &[(50, 90)], &unheard_end).fault(), None);
        assert_eq!(
            night(&[(0, 60)], &[], &unheard_end).fault(),
            Some(Fault::ClearedLate)
        );
    }
}
