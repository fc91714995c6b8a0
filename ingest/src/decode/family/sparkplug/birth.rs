//! What a birth teaches: the meaning of its metrics, and what a person should know of their names.

use std::collections::HashSet;

use analyzer::{FaultKind, Notice};

use super::super::super::naming::Namings;
use super::name::{self, Meaning};
use super::payload::{Metric, Payload};
use super::session::{Device, Known};
use super::{Heard, notice};

/// Names that are listed for a person at most.
const LISTED_MAX: usize = 5;
const NAME_CHARS_MAX: usize = 100;

/// A device as its birth describes it. Of metrics that say the same of one channel the first is taken.
pub(super) fn learned(namings: &Namings, heard: &Heard<'_>) -> (Device, Vec<Notice>) {
    let meaning = |metric: &Metric| {
        let unit = metric.property.unit.as_deref();
        let name = metric.name.as_deref().filter(|_| metric.can_be_number())?;
        name::meaning(namings, &heard.meter, name, unit)
    };
    let metrics = &heard.payload.metrics;
    let meanings: Vec<Option<Meaning>> = metrics.iter().map(meaning).collect();
    let common = name::common(meanings.iter().flatten());
    let (mut device, mut taken) = (Device::born(), HashSet::new());
    let (mut assumed, mut doubled) = (Listed::default(), Listed::default());
    for (metric, meaning) in metrics.iter().zip(meanings) {
        let name = metric.name.as_deref();
        let is_speaking = meaning.is_some()
            || name.is_some_and(|name| name::meaning(namings, &heard.meter, name, None).is_some());
        let known = meaning.and_then(|meaning| {
            let (channel, quantity) = (meaning.of.channel(common), meaning.quantity);
            if !taken.insert((channel.clone(), quantity)) {
                doubled.add(name);
                return None;
            }
            if meaning.is_assumed {
                assumed.add(name);
            }
            Some(Known {
                datatype: metric.datatype,
                factor: meaning.factor,
                quantity,
                channel,
            })
        });
        device.learn(name.filter(|_| is_speaking), metric.alias, known);
    }
    let mut notices = Vec::new();
    let mut tell = |kind, listed: &Listed, text| {
        if let Some(names) = listed.text() {
            notices.push(notice(heard.meter.clone(), kind, format!("{names}: {text}")));
        }
    };
    tell(
        FaultKind::UnitAssumed,
        &assumed,
        "no unit is stated; power is taken for W and energy for kWh. Give the tag its engUnit, or a [[naming]]",
    );
    tell(
        FaultKind::UnknownName,
        &doubled,
        "says what another metric of this channel says already; not used. Give it a channel by a [[naming]]",
    );
    (device, notices)
}

/// Whether it states numbers of the plant, beside the session's own.
pub(super) fn has_numbers(payload: &Payload) -> bool {
    payload.metrics.iter().any(is_of_plant)
}

fn is_of_plant(metric: &Metric) -> bool {
    metric.is_number() && metric.name.as_deref().is_some_and(|name| !name::is_foreign(name))
}

/// What to do about a birth of which no name is understood.
pub(super) fn unnamed(payload: &Payload) -> String {
    let mut listed = Listed::default();
    for metric in payload.metrics.iter().filter(|metric| is_of_plant(metric)) {
        listed.add(metric.name.as_deref());
    }
    format!(
        "Sparkplug birth: no name or engUnit says power or energy ({}); if it is a meter, give its metrics a [[naming]] with \
         family = \"sparkplug\"",
        listed.text().unwrap_or_default()
    )
}

/// Some names for a person to read, and how many more there are.
#[derive(Default)]
struct Listed {
    text: String,
    count: usize,
}

impl Listed {
    fn add(&mut self, name: Option<&str>) {
        let Some(name) = name else { return };
        if self.count < LISTED_MAX {
            let separator = if self.count == 0 { "" } else { ", " };
            self.text.push_str(separator);
            self.text.extend(name.chars().take(NAME_CHARS_MAX));
        }
        self.count += 1;
    }

    fn text(&self) -> Option<String> {
        let more = self.count.saturating_sub(LISTED_MAX);
        match (self.count, more) {
            (0, _) => None,
            (_, 0) => Some(self.text.clone()),
            _ => Some(format!("{} and {more} more", self.text)),
        }
    }
}
