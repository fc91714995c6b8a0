//! The names of zigbee2mqtt's properties: what they are, which load they are of, and how one device spells its loads.

use super::super::super::collect::Quantity;

pub(super) const TOTAL: &str = "total";
const PHASES: [&str; 3] = ["l1", "l2", "l3"];
const CLAMPS: [&str; 3] = ["a", "b", "c"];
/// A battery's voltage is in mV: no mains voltage is above this.
const VOLTAGE_MAX: f64 = 1000.0;
/// What Zigbee says for "not measured" (65535 or -32768), in the scales that devices have.
const NOT_MEASURED: [(Quantity, &[f64]); 2] = [
    (Quantity::Current, &[65535.0, 6553.5, 655.35, 65.535]),
    (Quantity::Power, &[-32768.0, -3276.8]),
];

/// Property, quantity, factor to the base unit; the longer of two with the same beginning first.
const PROPERTIES: [(&str, Quantity, f64); 7] = [
    ("energy_produced", Quantity::EnergyExport, 1000.0),
    ("produced_energy", Quantity::EnergyExport, 1000.0),
    ("energy_wh", Quantity::Energy, 1.0),
    ("energy", Quantity::Energy, 1000.0),
    ("power", Quantity::Power, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 1.0),
];

/// Which of a device's loads a property is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'n> {
    /// No suffix.
    Bare,
    /// `_a`, `_b`, `_c`.
    Letter(usize),
    /// `_phase_a`, `_phase_b`, `_phase_c`.
    Phase(usize),
    /// A suffix that is a name.
    Named(&'n str),
}

const PARTS: [(&str, Part<'static>); 26] = [
    ("", Part::Bare),
    ("_a", Part::Letter(0)),
    ("_b", Part::Letter(1)),
    ("_c", Part::Letter(2)),
    ("_phase_a", Part::Phase(0)),
    ("_phase_b", Part::Phase(1)),
    ("_phase_c", Part::Phase(2)),
    ("_ab", Part::Named("ab")),
    ("_l1", Part::Named("l1")),
    ("_l2", Part::Named("l2")),
    ("_l3", Part::Named("l3")),
    ("_l4", Part::Named("l4")),
    ("_l5", Part::Named("l5")),
    ("_l6", Part::Named("l6")),
    ("_l7", Part::Named("l7")),
    ("_l8", Part::Named("l8")),
    ("_1", Part::Named("1")),
    ("_2", Part::Named("2")),
    ("_3", Part::Named("3")),
    ("_4", Part::Named("4")),
    ("_left", Part::Named("left")),
    ("_right", Part::Named("right")),
    ("_top", Part::Named("top")),
    ("_bottom", Part::Named("bottom")),
    ("_center", Part::Named("center")),
    ("_total", Part::Named(TOTAL)),
];

/// What a property is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Meaning<'n> {
    pub(super) quantity: Quantity,
    /// To W, Wh, V or A.
    pub(super) factor: f64,
    pub(super) part: Part<'n>,
}

/// What a property is by its name alone.
pub(super) fn meaning(property: &str) -> Option<Meaning<'static>> {
    // Most keys are no property of a meter, and show it by their first letter.
    if !property.starts_with(['p', 'e', 'v', 'c']) {
        return None;
    }
    let (name, quantity, factor) = PROPERTIES.iter().find(|(name, ..)| property.starts_with(name))?;
    part_of(&property[name.len()..]).map(|part| Meaning {
        quantity: *quantity,
        factor: *factor,
        part,
    })
}

/// What a property is whose load is named by an endpoint that is in no table: `power_pump` of the endpoint `pump`.
pub(super) fn meaning_at<'n>(property: &str, endpoint: &'n str) -> Option<Meaning<'n>> {
    let name = property.strip_suffix(endpoint)?.strip_suffix('_')?;
    let (_, quantity, factor) = PROPERTIES.iter().find(|(known, ..)| *known == name)?;
    Some(Meaning {
        quantity: *quantity,
        factor: *factor,
        part: Part::Named(endpoint),
    })
}

/// A property beside the values: `energy_flow` and `timestamp`, and the load that it is of.
pub(super) fn beside(property: &str) -> Option<(&'static str, Part<'static>)> {
    let name = ["energy_flow", "timestamp"]
        .into_iter()
        .find(|name| property.starts_with(name))?;
    part_of(&property[name.len()..]).map(|part| (name, part))
}

fn part_of(suffix: &str) -> Option<Part<'static>> {
    PARTS
        .iter()
        .find(|(name, _)| *name == suffix)
        .map(|(_, part)| *part)
}

/// Whether a value was measured at the mains at all.
pub(super) fn is_measured(quantity: Quantity, value: f64) -> bool {
    let is_sentinel = NOT_MEASURED
        .iter()
        .any(|(of, values)| *of == quantity && values.contains(&value));
    !is_sentinel && (quantity != Quantity::Voltage || value <= VOLTAGE_MAX)
}

/// How a device spells its loads.
#[derive(Debug, Default)]
pub(super) struct Spelling {
    /// Letters are phases: there is a third.
    has_third: bool,
    /// There are loads beside the bare one.
    has_parts: bool,
    /// Loads have voltages of their own.
    pub(super) has_voltages: bool,
    /// Whether the bare value of each of [`PHASED`] is phase A's.
    is_bare_first: [bool; PHASED.len()],
    /// Standard meters: letters or phases.
    has_phases: bool,
}

/// What a standard meter states for each phase; its registers are the whole meter's.
const PHASED: [Quantity; 3] = [Quantity::Power, Quantity::Voltage, Quantity::Current];

impl Spelling {
    /// From all that a device states (`is_complete`), or from what stands in one message.
    pub(super) fn of<'n>(properties: impl Iterator<Item = Meaning<'n>>, is_complete: bool) -> Self {
        let mut spelling = Self::default();
        let mut seen = [Seen::default(); PHASED.len()];
        for Meaning { quantity, part, .. } in properties {
            spelling.has_third |= part == Part::Letter(2);
            spelling.has_parts |= part != Part::Bare;
            spelling.has_voltages |= part != Part::Bare && quantity == Quantity::Voltage;
            spelling.has_phases |= matches!(part, Part::Phase(_));
            if let Some(at) = PHASED.iter().position(|phased| *phased == quantity) {
                seen[at].take(part);
            }
        }
        let is_standard = seen.iter().any(|seen| seen.has_later_phase);
        for ((is_first, seen), quantity) in spelling.is_bare_first.iter_mut().zip(seen).zip(PHASED) {
            // A power may be the whole meter's beside the phases' voltages and currents; those have no total.
            let is_standard = is_standard && quantity != Quantity::Power;
            *is_first = seen.is_bare_first(is_standard, is_complete);
        }
        spelling
    }

    /// The channel that a value stands on.
    pub(super) fn channel<'n>(&self, part: Part<'n>, quantity: Quantity) -> Option<&'n str> {
        let is_first = || {
            let at = PHASED.iter().position(|phased| *phased == quantity);
            at.is_some_and(|at| self.is_bare_first[at])
        };
        match part {
            Part::Bare if is_first() && (self.has_phases || self.has_third) => Some(PHASES[0]),
            Part::Bare if is_first() => Some(CLAMPS[0]),
            Part::Bare => self.has_parts.then_some(TOTAL),
            Part::Letter(letter) if self.has_third => Some(PHASES[letter]),
            Part::Letter(letter) => Some(CLAMPS[letter]),
            Part::Phase(phase) => Some(PHASES[phase]),
            Part::Named(name) => Some(name),
        }
    }
}

/// Which loads a device has of one quantity.
#[derive(Clone, Copy, Default)]
struct Seen {
    has_first: bool,
    has_later_phase: bool,
    has_later_letter: bool,
    has_total: bool,
}

impl Seen {
    fn take(&mut self, part: Part<'_>) {
        self.has_first |= matches!(part, Part::Phase(0) | Part::Letter(0));
        self.has_later_phase |= matches!(part, Part::Phase(1 | 2));
        self.has_later_letter |= matches!(part, Part::Letter(1 | 2));
        self.has_total |= part == Part::Named(TOTAL);
    }

    /// Letters without an A may only be what one message leaves out: then the bare value is the total.
    fn is_bare_first(self, is_standard: bool, is_complete: bool) -> bool {
        let by_letters = self.has_later_letter && (is_complete || self.has_total);
        !self.has_first && (self.has_later_phase || is_standard || by_letters)
    }
}
