//! The life of an alert, the same for every rule: raised, reminded, acknowledged, snoozed, cleared.
//!
//! A rule says what it sees: the condition [`holds`](Life::holds) over a stretch of time, or [`fails`](Life::fails) from an
//! instant on; or nothing, where nobody knows. All else is decided here:
//!
//! - raised once the condition has held for the grace time; `at` is the end of the grace time;
//! - reminded after each interval in which it still holds; not while acknowledged; while snoozed, not before the instant named;
//! - cleared once it has been over for the settling time. The stamp of clearing is the instant at which it ended, or the
//!   person's word where that came later. What returns within the settling time goes on as the same alert;
//! - a rule with one alert a period keeps a cleared alert until [`forget`](Life::forget): what returns is reminded.
//!
//! Acknowledgement ends with clearing, snoozing with its instant. Limits: one alert a rule and device.
//! Invariants: the steps of an alert are in order of time; a closed alert is closed once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::{Action, Word};
use crate::alert::Rule;
use crate::finding::{AlertEvent, AlertPhase, Finding};
use crate::site::Site;
use crate::{DeviceId, Energy};

/// What ends and returns in a shorter silence was most likely never gone.
const UNHEARD_MAX: SignedDuration = SignedDuration::from_mins(5);

/// The times of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What holds for so long raises the alert.
    pub grace: SignedDuration,
    /// It is repeated after each of these.
    pub remind_every: SignedDuration,
    /// What ends and returns within this goes on as the same alert.
    pub settle: SignedDuration,
}

/// What a rule is applied with.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) site: &'a Site,
    pub(crate) device: &'a DeviceId,
    pub(crate) rule: &'static Rule,
    pub(crate) limits: Limits,
}

impl Frame<'_> {
    /// Without a settling time: what ends is over.
    pub(crate) fn at_once(self) -> Self {
        let limits = Limits {
            settle: SignedDuration::ZERO,
            ..self.limits
        };
        Self { limits, ..self }
    }
}

/// Energy and what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spent {
    pub(crate) energy: Energy,
    pub(crate) cost: f64,
}

impl Spent {
    pub(crate) fn add(&mut self, other: Self) {
        self.energy += other.energy;
        self.cost += other.cost;
    }

    /// The parts spent before and after an instant, of what was spent evenly between two.
    fn cut(self, (from, until): (Timestamp, Timestamp), at: Timestamp) -> (Self, Self) {
        let whole_s = until.duration_since(from).as_secs_f64();
        let part = if whole_s > 0.0 {
            (at.duration_since(from).as_secs_f64() / whole_s).clamp(0.0, 1.0)
        } else {
            1.0
        };
        let before = Self {
            energy: Energy::from_wh(self.energy.wh() * part),
            cost: self.cost * part,
        };
        let after = Self {
            energy: self.energy - before.energy,
            cost: self.cost - before.cost,
        };
        (before, after)
    }
}

/// Where the alert of one rule and device stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Life {
    /// The stretch of time that is going on in which the condition holds.
    stretch: Option<Stretch>,
    /// Most rules never say anything of most devices.
    alert: Option<Box<Told>>,
    /// What the rule says of it, for a person.
    detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stretch {
    since: Timestamp,
    spent: Spent,
    /// For how long nobody has known whether it goes on.
    unheard: SignedDuration,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    since: Timestamp,
    /// When it was last raised or reminded.
    told: Timestamp,
    /// When its last step was taken.
    stepped: Timestamp,
    is_open: bool,
    /// The condition ended then; the settling time runs.
    ended: Option<Timestamp>,
    is_acknowledged: bool,
    snoozed_until: Option<Timestamp>,
    /// Spent in stretches that are over.
    spent: Spent,
}

impl Life {
    /// Whether an alert is open.
    pub(crate) fn is_open(&self) -> bool {
        self.alert.as_ref().is_some_and(|alert| alert.is_open)
    }

    /// Whether the condition holds, as far as was said.
    pub(crate) fn is_running(&self) -> bool {
        self.stretch.is_some()
    }

    /// Whether there is nothing to follow.
    pub(crate) fn is_quiet(&self) -> bool {
        self.stretch.is_none() && self.alert.is_none()
    }

    /// What a person is told beside the rule's sentence.
    pub(crate) fn tell(&mut self, detail: String) {
        self.detail = detail;
    }

    /// The condition holds from `from` to `until`, as it did without a break since it last began.
    pub(crate) fn holds(
        &mut self,
        frame: Frame<'_>,
        (from, until): (Timestamp, Timestamp),
        spent: Spent,
        out: &mut Vec<Finding>,
    ) {
        self.settle(frame, from, out);
        let begin = Stretch {
            since: from,
            spent: Spent::default(),
            unheard: SignedDuration::ZERO,
        };
        let stretch = self.stretch.get_or_insert(begin);
        stretch.unheard = SignedDuration::ZERO;
        let since = stretch.since;
        let Some((phase, at)) = self.step(frame, (from, until), since) else {
            return self.spend(spent);
        };
        // what is told at an instant was spent by then, however long the piece of time is
        let (before, after) = spent.cut((from, until), at);
        self.spend(before);
        self.say(frame, phase, at, out);
        self.spend(after);
    }

    /// The step that the alert of a stretch takes between two instants.
    fn step(
        &mut self,
        frame: Frame<'_>,
        (from, until): (Timestamp, Timestamp),
        since: Timestamp,
    ) -> Option<(AlertPhase, Timestamp)> {
        let due = since + frame.limits.grace;
        let Some(alert) = &mut self.alert else {
            if until < due {
                return None;
            }
            self.alert = Some(Box::new(Told {
                since,
                told: due,
                stepped: due,
                is_open: true,
                ended: None,
                is_acknowledged: false,
                snoozed_until: None,
                spent: Spent::default(),
            }));
            return Some((AlertPhase::Raised, due));
        };
        alert.ended = None;
        let is_waiting = !alert.is_open && until < due;
        if is_waiting || alert.is_acknowledged {
            return None;
        }
        let next = match alert.snoozed_until {
            Some(snoozed_until) => snoozed_until,
            None => alert.told + frame.limits.remind_every,
        };
        if until <= next {
            return None;
        }
        let at = next.max(from);
        let at = if alert.is_open { at } else { at.max(due) };
        (alert.told, alert.is_open, alert.snoozed_until) = (at, true, None);
        Some((AlertPhase::Reminded, at))
    }

    fn spend(&mut self, spent: Spent) {
        if let Some(stretch) = &mut self.stretch {
            stretch.spent.add(spent);
        }
    }

    /// The condition does not hold from `at` on, and has not until `until`.
    pub(crate) fn fails(
        &mut self,
        frame: Frame<'_>,
        (at, until): (Timestamp, Timestamp),
        out: &mut Vec<Finding>,
    ) {
        let stretch = self.stretch.take();
        if let Some(alert) = &mut self.alert {
            alert.ended.get_or_insert(at);
            alert
                .spent
                .add(stretch.map_or_else(Spent::default, |stretch| stretch.spent));
        }
        self.settle(frame, until, out);
    }

    /// Something happened at an instant: the condition held then, and no longer.
    pub(crate) fn event_at(&mut self, frame: Frame<'_>, at: Timestamp, out: &mut Vec<Finding>) {
        let limits = Limits {
            grace: SignedDuration::ZERO,
            ..frame.limits
        };
        self.holds(Frame { limits, ..frame }, (at, at), Spent::default(), out);
        if let Some(alert) = &mut self.alert {
            (self.stretch, alert.ended) = (None, Some(at));
        }
    }

    /// Time has gone on to `now`: what has been over for long enough is cleared.
    pub(crate) fn settle(&mut self, frame: Frame<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        let Some(alert) = self.alert.as_mut().filter(|alert| alert.is_open) else {
            return;
        };
        let Some(ended) = alert.ended.filter(|ended| now >= *ended + frame.limits.settle) else {
            return;
        };
        (alert.is_open, alert.is_acknowledged) = (false, false);
        let at = ended.max(alert.stepped);
        self.say(frame, AlertPhase::Cleared, at, out);
        if !frame.rule.is_one_a_period {
            self.alert = None;
        }
    }

    /// Nobody knows whether the condition holds between two instants. Beyond [`UNHEARD_MAX`] what was not raised yet
    /// begins anew.
    pub(crate) fn unheard(&mut self, (from, until): (Timestamp, Timestamp)) {
        let Some(stretch) = &mut self.stretch else { return };
        stretch.unheard += until.duration_since(from);
        if stretch.unheard > UNHEARD_MAX {
            self.begin_anew();
        }
    }

    /// Nobody knows whether the condition holds: what was not raised yet begins anew.
    pub(crate) fn begin_anew(&mut self) {
        if !self.is_open() {
            self.stretch = None;
        }
    }

    /// The period is over: what comes next is another alert.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// A person's word. Returns whether there is an open alert that it is meant for.
    pub(crate) fn act(
        &mut self,
        frame: Frame<'_>,
        at: Timestamp,
        action: &Action,
        out: &mut Vec<Finding>,
    ) -> bool {
        let is_meant = |alert: &&mut Box<Told>| {
            alert.is_open
                && action
                    .since
                    .is_none_or(|since| is_same_instant(since, alert.since))
        };
        let Some(alert) = self.alert.as_mut().filter(is_meant) else {
            return false;
        };
        let at = at.max(alert.stepped);
        let (phase, until) = match &action.word {
            Word::Acknowledge => {
                (alert.is_acknowledged, alert.snoozed_until) = (true, None);
                (AlertPhase::Acknowledged, None)
            }
            &Word::Snooze { until } => {
                (alert.is_acknowledged, alert.snoozed_until) = (false, Some(until));
                (AlertPhase::Snoozed, Some(until))
            }
            Word::Note { .. } => (AlertPhase::Noted, None),
        };
        alert.stepped = at;
        let event = self.event(frame, phase, at);
        out.extend(event.map(|event| {
            let detail = match &action.word {
                Word::Note { text } => text.clone(),
                _ => event.detail,
            };
            Finding::Alert(AlertEvent {
                by: action.by.clone(),
                until,
                detail,
                ..event
            })
        }));
        true
    }

    fn say(&mut self, frame: Frame<'_>, phase: AlertPhase, at: Timestamp, out: &mut Vec<Finding>) {
        if let Some(alert) = &mut self.alert {
            alert.stepped = at;
        }
        out.extend(self.event(frame, phase, at).map(Finding::Alert));
    }

    fn event(&self, frame: Frame<'_>, phase: AlertPhase, at: Timestamp) -> Option<AlertEvent> {
        let alert = self.alert.as_ref()?;
        let mut spent = alert.spent;
        spent.add(self.stretch.map_or_else(Spent::default, |stretch| stretch.spent));
        Some(AlertEvent {
            rule: frame.rule.name.to_owned(),
            device: frame.device.clone(),
            severity: frame.rule.severity,
            phase,
            since: alert.since,
            at,
            energy: spent.energy,
            cost: spent.cost,
            co2e_g: frame.site.carbon.co2e_g(spent.energy),
            detail: self.detail.clone(),
            by: String::new(),
            until: None,
        })
    }
}

/// The history and the topics know instants to the millisecond.
fn is_same_instant(one: Timestamp, other: Timestamp) -> bool {
    one.as_millisecond() == other.as_millisecond()
}
