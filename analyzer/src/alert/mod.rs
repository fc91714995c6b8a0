//! Alert rules. One file per rule; a new one is a file, its entry in [`RULES`] and its field in [`Alerts`].
//!
//! Rules on states watch final time, so none is raised on something that is corrected a minute later; rules on meters
//! watch readings and silence. How an alert lives is the same for all: [`crate::life`]. Its memory is part of the
//! snapshot, so a restart repeats nothing.

mod counter_fault;
mod cryo_base_lost;
mod left_on_all_weekend;
mod level_drift;
mod meter_silent;
mod overnight_idle;
mod phase_reversed_or_missing;
mod self_wake;
mod workstation_on_overnight;

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::finding::{FaultKind, Finding};
use crate::learn::LevelMoved;
use crate::life::{Frame, Life, Limits, Spent};
use crate::modality::Modality;
use crate::site::{Site, TariffPeriod};
use crate::{Device, Energy, Severity, State};

use left_on_all_weekend::Weekend;
use self_wake::Waking;

/// All rules, in the order in which they are listed to people.
pub static RULES: [Rule; 9] = [
    cryo_base_lost::RULE,
    overnight_idle::RULE,
    left_on_all_weekend::RULE,
    workstation_on_overnight::RULE,
    self_wake::RULE,
    meter_silent::RULE,
    phase_reversed_or_missing::RULE,
    counter_fault::RULE,
    level_drift::RULE,
];

/// What is told of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The stable word of the configuration, the series and the topics.
    pub name: &'static str,
    /// How urgent its alerts are.
    pub severity: Severity,
    /// A sentence for a person, of the device.
    pub says: &'static str,
    /// Its times, unless the configuration says others.
    pub limits: Limits,
    /// Which kinds of machine it looks at.
    pub looks_at: fn(&Modality) -> bool,
    /// Whether an exemption from idling in closed hours holds for it.
    pub is_of_closed_hours: bool,
    /// One alert for a device and closed period: what returns is reminded, not raised anew.
    pub(crate) is_one_a_period: bool,
}

impl Rule {
    /// The rule of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.name == name)
    }
}

/// The field that bears a rule's name; none where the rule is not known. What is kept of a rule bears its name everywhere.
macro_rules! of_rule {
    ($rule:expr, $of:expr $(, $mut:tt)?) => {
        match $rule {
            "overnight_idle" => Some(&$($mut)? $of.overnight_idle),
            "self_wake" => Some(&$($mut)? $of.self_wake),
            "cryo_base_lost" => Some(&$($mut)? $of.cryo_base_lost),
            "meter_silent" => Some(&$($mut)? $of.meter_silent),
            "counter_fault" => Some(&$($mut)? $of.counter_fault),
            "phase_reversed_or_missing" => Some(&$($mut)? $of.phase_reversed_or_missing),
            "level_drift" => Some(&$($mut)? $of.level_drift),
            "left_on_all_weekend" => Some(&$($mut)? $of.left_on_all_weekend),
            "workstation_on_overnight" => Some(&$($mut)? $of.workstation_on_overnight),
            _ => None,
        }
    };
}

/// Which rules look at a device, and with which times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertPlan {
    /// See `overnight_idle`; none means that it does not look, as below.
    pub overnight_idle: Option<Limits>,
    /// See `self_wake`.
    pub self_wake: Option<Limits>,
    /// See `cryo_base_lost`.
    pub cryo_base_lost: Option<Limits>,
    /// See `meter_silent`.
    pub meter_silent: Option<Limits>,
    /// See `counter_fault`.
    pub counter_fault: Option<Limits>,
    /// See `phase_reversed_or_missing`.
    pub phase_reversed_or_missing: Option<Limits>,
    /// See `level_drift`.
    pub level_drift: Option<Limits>,
    /// See `left_on_all_weekend`.
    pub left_on_all_weekend: Option<Limits>,
    /// See `workstation_on_overnight`.
    pub workstation_on_overnight: Option<Limits>,
    /// What an MRI's cooling draws at least, W, where a person has said it.
    pub cryo_base_w: Option<f64>,
    /// A phase below this share of the others' mean is missing, below minus this share reversed.
    pub phase_share: f64,
    /// Local days whose nights nobody is told of: a night belongs to the day on which it begins.
    pub exempt_days: BTreeSet<Date>,
}

impl AlertPlan {
    /// A rule's times; none where it does not look.
    #[must_use]
    pub fn limits(&self, rule: &str) -> Option<Limits> {
        of_rule!(rule, self).copied().flatten()
    }

    /// The place of a rule's times.
    pub fn limits_mut(&mut self, rule: &str) -> Option<&mut Option<Limits>> {
        of_rule!(rule, self, mut)
    }

    /// Whether any rule looks at pieces of final time.
    pub(crate) fn looks_at_time(&self) -> bool {
        self.overnight_idle.is_some()
            || self.workstation_on_overnight.is_some()
            || self.self_wake.is_some()
            || self.left_on_all_weekend.is_some()
    }

    fn is_exempt(&self, site: &Site, at: Timestamp) -> bool {
        const NOON: SignedDuration = SignedDuration::from_hours(12);
        let night = || (at - NOON).to_zoned_datetime(site.zone.clone()).date();
        !self.exempt_days.is_empty() && self.exempt_days.contains(&night())
    }
}

/// A piece of final time under one ledger key, as rules see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) state: State,
    /// Idle as far as its meter can tell, at the power of work.
    pub(crate) is_work: bool,
    pub(crate) is_open: bool,
    pub(crate) tariff: TariffPeriod,
    /// The integral of power over it.
    pub(crate) energy: Energy,
}

impl Piece {
    fn span(&self) -> (Timestamp, Timestamp) {
        (self.from, self.until)
    }

    fn spent(&self, site: &Site) -> Spent {
        Spent {
            energy: self.energy,
            cost: self.energy.kwh() * site.tariff.price_per_kwh(self.tariff),
        }
    }
}

/// Whose rules are applied.
#[derive(Clone, Copy)]
pub(crate) struct Watched<'a> {
    pub(crate) site: &'a Site,
    pub(crate) device: &'a Device,
}

impl<'a> Watched<'a> {
    fn frame(self, rule: &'static Rule, limits: Option<Limits>) -> Option<Frame<'a>> {
        Some(Frame {
            site: self.site,
            device: &self.device.id,
            rule,
            limits: limits?,
        })
    }
}

/// What all rules remember of one device, and what they have to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alerts {
    overnight_idle: Life,
    self_wake: Life,
    waking: Waking,
    cryo_base_lost: Life,
    meter_silent: Life,
    counter_fault: Life,
    phase_reversed_or_missing: Life,
    level_drift: Life,
    left_on_all_weekend: Life,
    period: Weekend,
    workstation_on_overnight: Life,
}

impl Alerts {
    /// Takes the next piece of final time.
    pub(crate) fn piece(&mut self, watched: Watched<'_>, piece: &Piece, out: &mut Vec<Finding>) {
        let plan = &watched.device.alerts;
        let is_exempt = !piece.is_open && plan.is_exempt(watched.site, piece.from);
        // a meter too slow for scans to be claimed shows well enough that somebody is at work
        let state = match piece.state {
            State::Idle if piece.is_work => State::Scanning,
            state => state,
        };
        // a night of exemption is like an open one
        let piece = &Piece {
            is_open: piece.is_open || is_exempt,
            state,
            ..*piece
        };
        if let Some(frame) = watched.frame(&overnight_idle::RULE, plan.overnight_idle) {
            closed_idle(&mut self.overnight_idle, frame, piece, out);
        }
        if let Some(frame) = watched.frame(&workstation_on_overnight::RULE, plan.workstation_on_overnight) {
            closed_idle(&mut self.workstation_on_overnight, frame, piece, out);
        }
        if let Some(frame) = watched.frame(&self_wake::RULE, plan.self_wake) {
            self.waking.piece(&mut self.self_wake, frame, piece, out);
        }
        if let Some(frame) = watched.frame(&left_on_all_weekend::RULE, plan.left_on_all_weekend) {
            let opening = &watched.device.opening;
            self.period
                .piece(&mut self.left_on_all_weekend, frame, opening, piece, out);
        }
    }

    /// Takes a sound reading of the whole device; `base_w` is the lowest steady level that was learned of it.
    pub(crate) fn sample(
        &mut self,
        watched: Watched<'_>,
        (at, power_w): (Timestamp, f64),
        base_w: Option<f64>,
        out: &mut Vec<Finding>,
    ) {
        let plan = &watched.device.alerts;
        if let Some(frame) = watched.frame(&cryo_base_lost::RULE, plan.cryo_base_lost) {
            let base_w = cryo_base_lost::base_w(watched.device, base_w);
            cryo_base_lost::sample(&mut self.cryo_base_lost, frame, (at, power_w), base_w, out);
        }
    }

    /// Takes what the phases of the device's three-phase meters draw; of none while the device is off.
    pub(crate) fn phases<'a>(
        &mut self,
        watched: Watched<'_>,
        at: Timestamp,
        meters: impl Iterator<Item = (&'a str, [f64; 3])>,
        out: &mut Vec<Finding>,
    ) {
        let plan = &watched.device.alerts;
        let rule = &phase_reversed_or_missing::RULE;
        if let Some(frame) = watched.frame(rule, plan.phase_reversed_or_missing) {
            let meters: Vec<_> = meters.collect();
            phase_reversed_or_missing::sample(
                &mut self.phase_reversed_or_missing,
                frame,
                at,
                &meters,
                plan.phase_share,
                out,
            );
        }
    }

    /// A meter has been silent since `at`.
    pub(crate) fn silent(
        &mut self,
        watched: Watched<'_>,
        (meter, at): (&str, Timestamp),
        out: &mut Vec<Finding>,
    ) {
        self.cryo_base_lost.begin_anew();
        self.phase_reversed_or_missing.begin_anew();
        if let Some(frame) = watched.frame(&meter_silent::RULE, watched.device.alerts.meter_silent) {
            meter_silent::silent(&mut self.meter_silent, frame, (meter, at), out);
        }
    }

    /// All meters are heard again, from `at` on.
    pub(crate) fn heard(&mut self, watched: Watched<'_>, at: Timestamp, out: &mut Vec<Finding>) {
        if let Some(frame) = watched.frame(&meter_silent::RULE, watched.device.alerts.meter_silent) {
            self.meter_silent.fails(frame, (at, at), out);
        }
    }

    /// Time has gone on to `now`; `is_silent` where a meter still is.
    pub(crate) fn advance(
        &mut self,
        watched: Watched<'_>,
        now: Timestamp,
        is_silent: bool,
        out: &mut Vec<Finding>,
    ) {
        let plan = &watched.device.alerts;
        let lives = [
            (&mut self.counter_fault, &counter_fault::RULE, plan.counter_fault),
            (&mut self.level_drift, &level_drift::RULE, plan.level_drift),
            (
                &mut self.cryo_base_lost,
                &cryo_base_lost::RULE,
                plan.cryo_base_lost,
            ),
            (
                &mut self.phase_reversed_or_missing,
                &phase_reversed_or_missing::RULE,
                plan.phase_reversed_or_missing,
            ),
        ];
        for (life, rule, limits) in lives {
            // nearly always there is nothing to be settled
            if life.is_quiet() {
                continue;
            }
            if let Some(frame) = watched.frame(rule, limits) {
                life.settle(frame, now, out);
            }
        }
        if self.meter_silent.is_quiet() {
            return;
        }
        if let Some(frame) = watched.frame(&meter_silent::RULE, plan.meter_silent) {
            meter_silent::advance(&mut self.meter_silent, frame, now, is_silent, out);
        }
    }

    /// Takes what was found wrong with a register.
    pub(crate) fn fault(
        &mut self,
        watched: Watched<'_>,
        (kind, at): (FaultKind, Timestamp),
        meter: &str,
        out: &mut Vec<Finding>,
    ) {
        if let Some(frame) = watched.frame(&counter_fault::RULE, watched.device.alerts.counter_fault) {
            counter_fault::fault(&mut self.counter_fault, frame, (kind, at), meter, out);
        }
    }

    /// Takes what the learner reports: a level has moved.
    pub(crate) fn level_moved(
        &mut self,
        watched: Watched<'_>,
        at: Timestamp,
        moved: &LevelMoved,
        out: &mut Vec<Finding>,
    ) {
        if let Some(frame) = watched.frame(&level_drift::RULE, watched.device.alerts.level_drift) {
            level_drift::moved(&mut self.level_drift, frame, at, moved, out);
        }
    }

    /// Takes a person's word. Returns whether there is an open alert that it is meant for.
    pub(crate) fn act(
        &mut self,
        watched: Watched<'_>,
        at: Timestamp,
        action: &Action,
        out: &mut Vec<Finding>,
    ) -> bool {
        let limits = watched.device.alerts.limits(&action.rule);
        let found = Rule::named(&action.rule).zip(self.life_mut(&action.rule));
        found.is_some_and(|(rule, life)| {
            watched
                .frame(rule, limits)
                .is_some_and(|frame| life.act(frame, at, action, out))
        })
    }

    fn life_mut(&mut self, rule: &str) -> Option<&mut Life> {
        of_rule!(rule, self, mut)
    }
}

/// Idle in closed hours, one alert a closed period. Silence neither raises nor clears it; scanning (an emergency),
/// standby and off clear it when they have lasted for the settling time, opening time clears it at once.
fn closed_idle(life: &mut Life, frame: Frame<'_>, piece: &Piece, out: &mut Vec<Finding>) {
    if piece.is_open {
        life.fails(frame.at_once(), piece.span(), out);
        life.forget();
        return;
    }
    match piece.state {
        State::Unknown => life.unheard(piece.span()),
        State::Idle => life.holds(frame, piece.span(), piece.spent(frame.site), out),
        State::Scanning | State::Standby | State::Off => life.fails(frame, piece.span(), out),
    }
}

const fn minutes(grace: i64, remind_every: i64, settle: i64) -> Limits {
    Limits {
        grace: SignedDuration::from_mins(grace),
        remind_every: SignedDuration::from_mins(remind_every),
        settle: SignedDuration::from_mins(settle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_life_and_a_place_for_its_times() {
        let (mut plan, mut alerts) = (AlertPlan::default(), Alerts::default());
        for rule in &RULES {
            assert!(plan.limits_mut(rule.name).is_some(), "{}", rule.name);
            assert!(alerts.life_mut(rule.name).is_some(), "{}", rule.name);
            assert_eq!(Rule::named(rule.name).map(|found| found.name), Some(rule.name));
        }
    }
}
