//! What a person says of learned levels: pins.

use analyzer::learn::{PIN_REACH, Pin};
use analyzer::modality::Modality;
use analyzer::{PINS_MAX, State};

use crate::config::review::Review;
use crate::config::schema;
use crate::config::section::Entry;

/// A label stands in tables and series.
const LABEL_CHARS_MAX: usize = 40;

/// The pins of a device; nothing where a fault was said.
pub(super) fn pins(
    review: &mut Review<'_>,
    section: &Entry<schema::Device>,
    modality: &'static Modality,
) -> Option<Vec<Pin>> {
    let levels = &section.levels;
    if !levels.is_given() {
        return Some(Vec::new());
    }
    if section.bands.is_given() {
        review.fault(
            levels.span(),
            "'bands' are fixed: nothing is learned that a level could name",
            "take out 'bands' to learn and name levels, or 'levels' to fix the bands",
        );
        return None;
    }
    if modality.names.is_empty() {
        let what = format!(
            "no levels are learned of a device of the kind '{}'",
            modality.name
        );
        review.fault(levels.span(), what, "give it 'bands' instead");
        return None;
    }
    if levels.len() > PINS_MAX {
        let what = format!("{} levels are named; at most {PINS_MAX} make sense", levels.len());
        review.fault(levels.span(), what, "name those that have a wrong name alone");
        return None;
    }
    let pins: Vec<Pin> = levels
        .iter()
        .filter_map(|level| pin(review, level, modality))
        .collect();
    let is_sound = pins.len() == levels.len() && are_apart(review, levels, &pins);
    is_sound.then_some(pins)
}

fn pin(review: &mut Review<'_>, level: &Entry<schema::Level>, modality: &Modality) -> Option<Pin> {
    let state = review.need(level, "state", &level.state).map(|word| word.0);
    let level_w = review
        .need(level, "level_w", &level.level_w)
        .map(|number| number.0);
    let (state, level_w) = (state?, level_w?);
    let mut is_sound = true;
    if level_w <= 0.0 {
        review.fault(
            level.level_w.span(),
            format!("{level_w} W is no level that could be found again"),
            "write the level that 'idlewatt calibrate' shows",
        );
        is_sound = false;
    }
    let mut states: Vec<State> = modality.names.iter().map(|name| name.state).collect();
    // a state may have several kinds of level
    states.dedup();
    if !states.contains(&state) {
        let names: Vec<String> = states.iter().map(|state| format!("\"{state}\"")).collect();
        review.fault(
            level.state.span(),
            format!("no level at which a {} rests is '{state}'", modality.label),
            format!("write one of {}", names.join(", ")),
        );
        is_sound = false;
    }
    let label = (*level.label).clone();
    if let Some(label) = &label
        && (label.trim().is_empty() || label.chars().count() > LABEL_CHARS_MAX)
    {
        review.fault(
            level.label.span(),
            format!("a label has 1 to {LABEL_CHARS_MAX} characters"),
            "write what people call it, as in label = \"Eco mode\"",
        );
        is_sound = false;
    }
    is_sound.then_some(Pin {
        level_w,
        state,
        label,
    })
}

/// Whether every level of the device can be near one pin alone.
fn are_apart(review: &mut Review<'_>, levels: &Entry<Vec<Entry<schema::Level>>>, pins: &[Pin]) -> bool {
    let mut sorted: Vec<&Pin> = pins.iter().collect();
    sorted.sort_by(|a, b| a.level_w.total_cmp(&b.level_w));
    let near = sorted
        .iter()
        .zip(sorted.iter().skip(1))
        .find(|(lower, upper)| lower.level_w * (1.0 + PIN_REACH) > upper.level_w * (1.0 - PIN_REACH));
    if let Some((lower, upper)) = near {
        review.fault(
            levels.span(),
            format!(
                "the levels {} W and {} W are too near each other: each names what lies within {} % of it",
                lower.level_w,
                upper.level_w,
                PIN_REACH * 100.0
            ),
            "take out one of them, or give the device 'bands'",
        );
    }
    near.is_none()
}
