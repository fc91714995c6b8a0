//! Names that people gave freely, in gateways, codecs and controllers: what they mean.
//!
//! ```toml
//! [[naming]]
//! family = "sparkplug"
//! name = "Meter1/kW"
//! quantity = "power"
//! unit = "kW"
//! channel = "l1"
//! ```
//!
//! A configured naming wins. Without one, [`word`] reads what the name itself says; a family decides how much of a
//! guess it may make of that.

pub(super) mod free;
pub(super) mod load;
pub(super) mod unit;
pub(super) mod word;

use serde::Deserialize;

use super::collect::Quantity;
use super::{ConfigError, family};

/// What one freely given name means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    /// The family in whose messages the name stands.
    pub family: String,
    /// Only for this meter.
    pub meter: Option<String>,
    /// Only for this device profile (LoRaWAN), measurement (Telegraf) or model.
    pub profile: Option<String>,
    /// The name, exactly as the family has it: a metric, a field, a key of the codec's object.
    pub name: String,
    /// What it is.
    pub quantity: Quantity,
    /// W, kW, MW, mW; Wh, kWh, MWh, mWh, Wmin, Ws, J; V, mV; A, mA.
    pub unit: String,
    /// The number is multiplied by this first.
    #[serde(default = "one")]
    pub scale: f64,
    /// −1 where a clamp sits the wrong way round.
    #[serde(default = "plus")]
    pub sign: i8,
    /// The channel it is of; without one the meter has one load.
    pub channel: Option<String>,
}

fn one() -> f64 {
    1.0
}

fn plus() -> i8 {
    1
}

/// Where a name was met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) family: &'a str,
    pub(super) meter: &'a str,
    pub(super) profile: Option<&'a str>,
}

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Meaning<'n> {
    pub(super) quantity: Quantity,
    /// To W, Wh, V or A, scale and sign included.
    pub(super) factor: f64,
    pub(super) channel: Option<&'n str>,
}

/// The configured namings, found right.
#[derive(Clone, Debug, Default)]
pub(super) struct Namings {
    entries: Vec<(Naming, f64)>,
}

impl Namings {
    /// # Errors
    /// The first naming that cannot be meant.
    pub(super) fn of(namings: &[Naming]) -> Result<Self, ConfigError> {
        let compile = |naming: &Naming| {
            let factor = check(naming).map_err(|fault| ConfigError::Naming {
                name: naming.name.clone(),
                fault,
            })?;
            Ok((naming.clone(), factor))
        };
        Ok(Self {
            entries: namings.iter().map(compile).collect::<Result<_, _>>()?,
        })
    }

    /// What the configuration says of a name; the first entry that fits.
    pub(super) fn meaning(&self, place: Place<'_>, name: &str) -> Option<Meaning<'_>> {
        let fits = |wanted: &Option<String>, met: Option<&str>| {
            wanted.is_none() || (met.is_some() && wanted.as_deref() == met)
        };
        let entry = self.entries.iter().find(|(naming, _)| {
            naming.name == name
                && naming.family == place.family
                && fits(&naming.meter, Some(place.meter))
                && fits(&naming.profile, place.profile)
        });
        entry.map(|(naming, factor)| Meaning {
            quantity: naming.quantity,
            factor: *factor,
            channel: naming.channel.as_deref(),
        })
    }
}

/// The factor to the base unit, or what is wrong and how to mend it.
fn check(naming: &Naming) -> Result<f64, String> {
    if !family::FAMILIES.iter().any(|family| family.name == naming.family) {
        return Err(format!(
            "family \"{}\" is not known; `idlewatt decode --families` lists them",
            naming.family
        ));
    }
    let unit = unit::find(&naming.unit, naming.quantity)?;
    Ok(unit.factor * factor(naming.quantity, naming.scale, naming.sign)?)
}

/// Scale and sign of a configured value as one factor.
///
/// # Errors
/// What cannot be meant, and how to mend it.
pub(super) fn factor(quantity: Quantity, scale: f64, sign: i8) -> Result<f64, String> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(format!(
            "scale = {scale} must be above 0; to turn the sign use sign = -1"
        ));
    }
    if !matches!(sign, 1 | -1) {
        return Err(format!("sign = {sign} must be 1 or -1; to multiply use scale"));
    }
    if sign < 0 && !matches!(quantity, Quantity::Power | Quantity::Current) {
        return Err(
            "sign = -1 is for power and current; a register counts up: use quantity = \"energy_export\""
                .to_owned(),
        );
    }
    Ok(scale * f64::from(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(json: serde_json::Value) -> Naming {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_first_that_fits_is_meant() {
        let namings = Namings::of(&[
            naming(serde_json::json!({"family": "lorawan", "profile": "P", "name": "i", "quantity": "current", "unit": "mA"})),
            naming(serde_json::json!({"family": "lorawan", "name": "i", "quantity": "current", "unit": "A", "sign": -1, "channel": "l1"})),
        ])
        .unwrap();
        let at = |family, profile| {
            let place = Place {
                family,
                meter: "m",
                profile,
            };
            namings
                .meaning(place, "i")
                .map(|meaning| (meaning.factor, meaning.channel))
        };
        assert_eq!(at("lorawan", Some("P")), Some((0.001, None)));
        assert_eq!(at("lorawan", None), Some((-1.0, Some("l1"))));
        assert_eq!(at("tasmota", None), None);
    }

    #[test]
    fn faults_say_how_to_mend() {
        for (json, part) in [
            (
                serde_json::json!({"family": "x", "name": "i", "quantity": "current", "unit": "A"}),
                "decode --families",
            ),
            (
                serde_json::json!({"family": "lorawan", "name": "i", "quantity": "current", "unit": "amps"}),
                "did you mean A?",
            ),
            (
                serde_json::json!({"family": "lorawan", "name": "i", "quantity": "energy", "unit": "Wh", "sign": -1}),
                "energy_export",
            ),
        ] {
            let fault = Namings::of(&[naming(json)]).unwrap_err().to_string();
            assert!(
                fault.starts_with("naming \"i\": ") && fault.contains(part),
                "{fault}"
            );
        }
    }
}
