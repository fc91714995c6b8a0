//! Which alert rules look at a device, and with which times: `[alerts]`, then the device's own word.

use std::collections::HashSet;

use analyzer::Limits;
use analyzer::alert::{AlertPlan, RULES, Rule};
use analyzer::modality::Modality;

use crate::config::review::Review;
use crate::config::schema;
use crate::config::section::Entry;
use crate::config::value::{Minutes, Number};

/// No magnet is cooled with less, and none with more, W.
const CRYO_BASE_W: std::ops::RangeInclusive<f64> = 500.0..=50_000.0;

/// A rule's times for the whole hospital; none where it is not enabled.
fn of_site(rule: &Rule, alerts: &schema::Alerts) -> Option<Limits> {
    let limits = |enabled: bool, grace: Option<Minutes>, remind: Minutes, settle: Minutes| {
        enabled.then(|| Limits {
            grace: grace.map_or(rule.limits.grace, Minutes::duration),
            remind_every: remind.duration(),
            settle: settle.duration(),
        })
    };
    macro_rules! section {
        ($name:ident, all) => {{
            let section = &alerts.$name;
            let (grace, settle) = (*section.grace_minutes, *section.settle_minutes);
            limits(*section.enabled, Some(grace), *section.remind_minutes, settle)
        }};
        ($name:ident, without grace) => {{
            let section = &alerts.$name;
            limits(
                *section.enabled,
                None,
                *section.remind_minutes,
                *section.settle_minutes,
            )
        }};
    }
    match rule.name {
        "overnight_idle" => section!(overnight_idle, all),
        "workstation_on_overnight" => section!(workstation_on_overnight, all),
        "left_on_all_weekend" => section!(left_on_all_weekend, all),
        "self_wake" => section!(self_wake, all),
        "cryo_base_lost" => section!(cryo_base_lost, all),
        "meter_silent" => section!(meter_silent, all),
        "phase_reversed_or_missing" => section!(phase_reversed_or_missing, all),
        "counter_fault" => section!(counter_fault, without grace),
        "level_drift" => section!(level_drift, without grace),
        _ => None,
    }
}

/// Says what is wrong with `[alerts]` itself, once.
pub(super) fn review_alerts(review: &mut Review<'_>, alerts: &schema::Alerts) {
    let share = &alerts.phase_reversed_or_missing.share;
    if share.0 <= 0.0 || share.0 >= 1.0 {
        review.fault(
            share.span(),
            format!("a share of {} is none", share.0),
            "write a number above 0 and below 1, as 0.05",
        );
    }
}

/// What the rules are told of a device.
pub(super) fn plan(
    review: &mut Review<'_>,
    file: &schema::File,
    section: &Entry<schema::Device>,
    modality: &'static Modality,
) -> AlertPlan {
    let mut plan = AlertPlan {
        cryo_base_w: cryo_base_w(review, section, modality),
        phase_share: file.alerts.phase_reversed_or_missing.share.0,
        exempt_days: section.exempt_days.iter().map(|day| day.0).collect(),
        ..AlertPlan::default()
    };
    let is_exempt = section.exempt.is_some();
    for rule in RULES
        .iter()
        .filter(|rule| (rule.looks_at)(modality) && !(is_exempt && rule.is_of_closed_hours))
    {
        if let Some(limits) = plan.limits_mut(rule.name) {
            *limits = of_site(rule, &file.alerts);
        }
    }
    let mut named = HashSet::new();
    for entry in section.rules.iter() {
        let Some(word) = review.need(entry, "rule", &entry.rule) else {
            continue;
        };
        if !named.insert(word.0.name) {
            let what = format!("the rule \"{}\" is named twice at this device", word.0.name);
            review.fault(entry.span(), what, "say all of a rule in one entry");
        }
        if !(word.0.looks_at)(modality) {
            let what = format!(
                "the rule \"{}\" never looks at a device of this modality",
                word.0.name
            );
            review.warn(entry.span(), what, "take the entry out");
            continue;
        }
        refuse_idle_grace(review, entry, word.0);
        here(&mut plan, entry, word.0);
    }
    plan
}

/// A time that a rule does not have is not to be waited for in vain.
fn refuse_idle_grace(review: &mut Review<'_>, entry: &Entry<schema::RuleHere>, rule: &Rule) {
    if entry.grace_minutes.is_given() && rule.limits.grace.is_zero() {
        review.fault(
            entry.grace_minutes.span(),
            format!("the rule \"{}\" is raised at once", rule.name),
            "take 'grace_minutes' out",
        );
    }
}

fn here(plan: &mut AlertPlan, entry: &schema::RuleHere, rule: &'static Rule) {
    let Some(place) = plan.limits_mut(rule.name) else {
        return;
    };
    if *entry.enabled == Some(false) {
        *place = None;
    } else if *entry.enabled == Some(true) {
        place.get_or_insert(rule.limits);
    }
    if let Some(limits) = place {
        limits.grace = entry.grace_minutes.map_or(limits.grace, Minutes::duration);
        limits.remind_every = entry
            .remind_minutes
            .map_or(limits.remind_every, Minutes::duration);
        limits.settle = entry.settle_minutes.map_or(limits.settle, Minutes::duration);
    }
}

fn cryo_base_w(
    review: &mut Review<'_>,
    section: &Entry<schema::Device>,
    modality: &'static Modality,
) -> Option<f64> {
    let Number(base_w) = (*section.cryo_base_w)?;
    if modality.name != "mri" {
        review.fault(
            section.cryo_base_w.span(),
            "only an MRI has a magnet to cool",
            "take 'cryo_base_w' out",
        );
    } else if !CRYO_BASE_W.contains(&base_w) {
        review.fault(
            section.cryo_base_w.span(),
            format!("no magnet is cooled with {base_w} W"),
            "write what the meter shows at night with the scanner off, as 7000",
        );
    }
    Some(base_w)
}
