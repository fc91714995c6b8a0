//! Values under free names, as gateways send them: taken where configuration or the name itself says what they are.
//!
//! A configured naming wins. Else a value is taken only where its name, or the gateway beside it, states the unit;
//! its channel is the one that the name speaks of, or else what is left of the name, so that two loads of one device
//! never become one. A name that speaks of power or energy and states no unit is left for a person: the message's
//! reason says which, and a notice is raised once for each such name of a meter.
//!
//! Limits: [`DecoderConfig::meters_max`] names are remembered as told.

use std::borrow::Cow;

use analyzer::{FaultKind, Notice, Reading};

use super::super::collect::{Channels, Quantity};
use super::super::message::Outcome;
use super::super::recent::Recent;
use super::super::{DecoderConfig, naming};
use super::{Namings, Place, unit, word};

/// Words that say that a value is of a part, not of which.
const PARTS: [&str; 7] = ["outlet", "port", "channel", "phase", "line", "inlet", "bank"];

/// The free names of one family.
#[derive(Debug)]
pub(in super::super) struct FreeNames {
    family: &'static str,
    namings: Namings,
    told: Recent<()>,
}

/// What a person should know of a message's names.
#[derive(Debug, Default)]
pub(in super::super) struct Unexplained {
    first: Option<String>,
    notices: Vec<Notice>,
}

impl Unexplained {
    pub(in super::super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}

/// What the value under a name is.
#[derive(Debug, PartialEq)]
enum Field<'n> {
    Known {
        quantity: Quantity,
        factor: f64,
        channel: Option<Cow<'n, str>>,
    },
    /// Power or energy, in a unit that nobody has said.
    NoUnit,
    /// Nothing that is used.
    Other,
}

impl FreeNames {
    pub(in super::super) fn of(family: &'static str, config: &DecoderConfig) -> Self {
        Self {
            family,
            namings: Namings::of(&config.namings).unwrap_or_default(),
            told: Recent::of(config.meters_max),
        }
    }

    /// How often a told name was forgotten because the memory was full.
    pub(in super::super) fn forgotten(&self) -> u64 {
        self.told.forgotten()
    }

    /// Whether a value under that name would be taken.
    pub(in super::super) fn knows(&self, meter: &str, profile: Option<&str>, name: &str) -> bool {
        matches!(self.field(meter, profile, name, None), Field::Known { .. })
    }

    /// Whether the configuration explains that name.
    pub(in super::super) fn is_configured(&self, meter: &str, profile: Option<&str>, name: &str) -> bool {
        self.configured(meter, profile, name).is_some()
    }

    /// Takes the value under a name, with the unit that the gateway states beside it, if it states one. `given` is the
    /// channel that the gateway names, and the name's own is a part of it; a configured one wins.
    pub(in super::super) fn take(
        &mut self,
        channels: &mut Channels<'_>,
        (profile, given): (Option<&str>, Option<&str>),
        (name, stated): (&str, Option<&str>),
        value: Option<f64>,
        unexplained: &mut Unexplained,
    ) {
        let Some(value) = value else { return };
        let meter = channels.meter();
        let is_configured = self.is_configured(meter, profile, name);
        match self.field(meter, profile, name, stated) {
            Field::Known {
                quantity,
                factor,
                channel,
            } => {
                let own = channel
                    .as_deref()
                    .filter(|own| given.is_none() || !PARTS.contains(own));
                let channel = match (given, own) {
                    (Some(given), Some(own)) if !is_configured => Some(Cow::Owned(format!("{given}_{own}"))),
                    _ => own.or(given).map(Cow::Borrowed),
                };
                channels.set(channel.as_deref(), quantity, Some(value * factor));
            }
            Field::NoUnit => {
                let key = format!("{meter}\n{name}");
                if !self.told.holds(&key) {
                    self.told.put(&key, ());
                    unexplained.notices.push(Notice {
                        meter: meter.to_owned(),
                        kind: FaultKind::UnknownName,
                        detail: format!("\"{name}\" states no unit; [[naming]] can"),
                    });
                }
                unexplained.first.get_or_insert_with(|| name.to_owned());
            }
            Field::Other => {}
        }
    }

    /// The outcome of a message whose names have been looked at.
    pub(in super::super) fn outcome(
        &self,
        readings: Vec<Reading>,
        unexplained: Unexplained,
        else_reason: &'static str,
    ) -> Outcome {
        let Unexplained { first, notices } = unexplained;
        let outcome = match first {
            Some(name) if readings.is_empty() => Outcome::unmapped(format!(
                "{0}: \"{name}\" looks like power or energy, but nobody says its unit; add [[naming]] family = \"{0}\", \
                 name = \"{name}\" with quantity and unit",
                self.family
            )),
            _ => Outcome::readings(readings, else_reason),
        };
        outcome.noting(notices)
    }

    fn configured(&self, meter: &str, profile: Option<&str>, name: &str) -> Option<naming::Meaning<'_>> {
        let place = Place {
            family: self.family,
            meter,
            profile,
        };
        self.namings.meaning(place, name)
    }

    fn field(&self, meter: &str, profile: Option<&str>, name: &str, stated: Option<&str>) -> Field<'_> {
        if let Some(meaning) = self.configured(meter, profile, name) {
            return Field::Known {
                quantity: meaning.quantity,
                factor: meaning.factor,
                channel: meaning.channel.map(Cow::Borrowed),
            };
        }
        let said = match stated.map(str::trim).filter(|unit| !unit.is_empty()) {
            Some(stated) => by_unit(name, stated),
            None => word::said(name).map(|said| (said.quantity, said.factor)),
        };
        match said {
            Some((quantity, Some(factor))) => Field::Known {
                quantity,
                factor,
                channel: word::channel(name)
                    .map(Cow::Borrowed)
                    .or_else(|| word::rest(name).map(Cow::Owned)),
            },
            Some((Quantity::Power | Quantity::Energy | Quantity::EnergyExport, None))
                if is_of_a_meter(name) =>
            {
                Field::NoUnit
            }
            _ => Field::Other,
        }
    }
}

/// What a name says beside which a unit is stated; a name that speaks of something else is believed.
fn by_unit(name: &str, stated: &str) -> Option<(Quantity, Option<f64>)> {
    const WORDS: [(Quantity, &str); 4] = [
        (Quantity::Power, "power"),
        (Quantity::Energy, "energy"),
        (Quantity::Voltage, "voltage"),
        (Quantity::Current, "current"),
    ];
    let (_, measured) = WORDS
        .iter()
        .find(|(quantity, _)| unit::find(stated, *quantity).is_ok())?;
    let said = word::said(&format!("{name} {measured}"))?;
    Some((said.quantity, Some(word::factor(stated, said.quantity)?)))
}

/// `counter` and `import` alone are words of many programs.
fn is_of_a_meter(name: &str) -> bool {
    let has = |word: &str| {
        name.as_bytes()
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    has("power") || has("energy") || has("watt")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_taken_with_their_units() {
        let config = json!({"naming": [{"family": "telegraf", "profile": "pdu", "name": "load", "quantity": "power", "unit": "kW", "channel": "all"}]});
        let config: DecoderConfig = serde_json::from_value(config).unwrap();
        let names = FreeNames::of("telegraf", &config);
        let check = |name: &str, stated: Option<&str>, expected: &str| {
            let said = match names.field("m", Some("pdu"), name, stated) {
                Field::Known {
                    quantity,
                    factor,
                    channel,
                } => format!("{quantity:?} {factor} {}", channel.as_deref().unwrap_or("-")),
                other => format!("{other:?}"),
            };
            assert_eq!(said, expected, "{name} {stated:?}");
        };
        check("load", None, "Power 1000 all");
        check("active_power_w", None, "Power 1 -");
        check("pump_power_kw", None, "Power 1000 pump");
        check("P_L2", Some("kW"), "Power 1000 l2");
        check("Imp", Some("kWh"), "Energy 1000 imp");
        check("current_l1", Some("mA"), "Current 0.001 l1");
        check("energy export", Some("Wh"), "EnergyExport 1 -");
        check("apparent", Some("VA"), "Other");
        check("max demand", Some("W"), "Other");
        check("energy", Some("W"), "Other");
        check("active_power", None, "NoUnit");
        check("read_counter", None, "Other");
        check("voltage", None, "Other");
    }
}
