//! What a component says of its own faults: `errors`, `a_errors` to `n_errors`, `flags`.
//!
//! Each list is told of when it changes, not with every message that repeats it. A value that a fault spoils is not read.
//!
//! Limits: the faults of at most as many lists as the decoder keeps meters; only lists that are not empty are kept.

use std::fmt::Write as _;

use analyzer::{FaultKind, Notice};

use super::super::super::collect::Quantity;
use super::super::super::json::Value;
use super::super::super::recent::Recent;

/// The keys under which a component lists its faults.
const LISTS: [&str; 6] = ["errors", "a_errors", "b_errors", "c_errors", "n_errors", "flags"];

/// The faults that components have.
pub(super) struct Faults {
    /// By meter, component and list: the faults as they were last told.
    told: Recent<String>,
}

impl Faults {
    pub(super) fn of(meters_max: usize) -> Self {
        Self {
            told: Recent::of(meters_max),
        }
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.told.forgotten()
    }

    /// The lists that are not what they were. `is_whole`: a list that is not stated is empty.
    pub(super) fn news(
        &mut self,
        (meter, component, is_whole): (&str, &str, bool),
        are_stated: bool,
        status: Value<'_>,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        let may_be_over = is_whole && self.told.has_any();
        if !are_stated && !may_be_over {
            return notices;
        }
        for list in LISTS {
            let stated = status.get(list);
            if stated.is_none() && !is_whole {
                continue;
            }
            let key = format!("{meter}\0{component}\0{list}");
            let faults = words(stated);
            if faults.is_empty() {
                self.told.forget(&key);
                continue;
            }
            if self.told.get(&key).is_some_and(|told| *told == faults) {
                continue;
            }
            notices.push(Notice {
                meter: meter.to_owned(),
                kind: FaultKind::MeterError,
                detail: format!("{component} {list}: {faults}"),
            });
            self.told.put(&key, faults);
        }
        notices
    }
}

/// Whether a key is one of [`LISTS`].
pub(super) fn is_list(key: &str) -> bool {
    (key.ends_with("errors") || key == "flags") && LISTS.contains(&key)
}

/// The faults of a list, in its order.
fn words(list: Option<Value<'_>>) -> String {
    let mut words = String::new();
    for word in list.into_iter().flat_map(Value::items).filter_map(Value::text) {
        let comma = if words.is_empty() { "" } else { ", " };
        write!(words, "{comma}{word}").expect("writing to a string cannot fail");
    }
    words
}

/// Whether a fault in the list makes values of a quantity untrue.
pub(super) fn spoils(status: Value<'_>, list: &str, quantity: Quantity) -> bool {
    let what = match quantity {
        Quantity::Power => "power",
        Quantity::Voltage => "voltage",
        Quantity::Current => "current",
        Quantity::Energy | Quantity::EnergyExport => return false,
    };
    let mut faults = status
        .get(list)
        .into_iter()
        .flat_map(Value::items)
        .filter_map(Value::text);
    faults.any(|fault| match fault.split_once(':') {
        Some(("out_of_range", range)) => range.ends_with(what) && !range.contains("aprt"),
        _ => fault == "power_meter_failure" || (fault == "ct_type_not_set" && quantity != Quantity::Voltage),
    })
}
