//! Overnight idle: a device stays ready to scan outside its opening hours for longer than a grace time.
//!
//! It fires on what is left on at closing time as well as on what wakes itself at three in the morning. One alert per
//! device and closed period: when the device goes idle again in the same night the alert is reminded, not raised anew.
//! A short scan (or a meter's nonsense that looks like one) does not clear it: the device idles on, and that is what it tells.
//! Workstations have a rule of their own; racks and chillers run at night by their nature.

use super::{Rule, minutes};
use crate::Severity;

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "overnight_idle",
    severity: Severity::Warning,
    says: "It was left idle outside its opening hours.",
    limits: minutes(30, 120, 5),
    looks_at: |modality| modality.idle_is_waste && modality.exam_gap.is_some(),
    is_of_closed_hours: true,
    is_one_a_period: true,
};
