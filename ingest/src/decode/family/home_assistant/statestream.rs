//! Home Assistant's own states, as `mqtt_statestream` mirrors them: `<base>/sensor/<object id>/state` with the state as
//! text, every attribute on a topic of its own beside it, as JSON (`"W"` with its quotes).
//!
//! Documented at <https://www.home-assistant.io/integrations/mqtt_statestream/>. The meter is the object id without the
//! words at its end that say what the value is, so that `press_power` and `press_energy` are one meter; a second power
//! of that meter stands on a channel of its own. A state is read once `unit_of_measurement` was heard. Limits: entities
//! by the memory's bound.

use super::super::super::collect::{Channels, Quantity};
use super::super::super::json::Value;
use super::super::super::naming::load::{Claim, Loads};
use super::super::super::naming::word;
use super::super::super::number::{self, Bare};
use super::super::super::recent::Recent;
use super::super::{Input, Outcome};

const UNIT: &str = "unit_of_measurement";
/// Attributes that tell a mirrored state from other topics of that shape.
const ATTRIBUTES: [&str; 8] = [
    "attribution",
    "device_class",
    "friendly_name",
    "icon",
    "last_changed",
    "last_reset",
    "last_updated",
    "state_class",
];
const QUANTITIES: [Quantity; 4] = [
    Quantity::Power,
    Quantity::Energy,
    Quantity::Voltage,
    Quantity::Current,
];

/// What the mirrored entities measure.
#[derive(Debug)]
pub(super) struct Streams {
    /// Quantity and factor by the entity's topic.
    units: Recent<(Quantity, f64)>,
    loads: Loads,
}

impl Streams {
    pub(super) fn of(entities_max: usize) -> Self {
        Self {
            units: Recent::of(entities_max),
            loads: Loads::of(entities_max),
        }
    }

    pub(super) fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if input.level(2) != "sensor" {
            return None;
        }
        match input.level(0) {
            "state" => self.state(input),
            UNIT => Some(self.unit(input)),
            attribute if ATTRIBUTES.contains(&attribute) => Some(Outcome::silent(
                "Home Assistant statestream: an attribute, not a state",
            )),
            _ => None,
        }
    }

    fn unit(&mut self, input: &Input<'_>) -> Outcome {
        const TEXT: &str = "Home Assistant statestream: the unit of a state";
        let Some(entity) = input.before(1) else {
            return Outcome::silent(TEXT);
        };
        let root = input.json().ok();
        let unit = root.and_then(Value::text).unwrap_or(input.text());
        let object = input.level(1);
        let of_unit = |quantity| Some((quantity, word::factor(unit, quantity)?));
        let known = QUANTITIES.into_iter().find_map(of_unit);
        let was_known = self.forget(entity);
        match known.filter(|_| !word::is_other(object)) {
            Some((quantity, factor)) => {
                let quantity = match quantity {
                    Quantity::Energy if word::is_export(object) => Quantity::EnergyExport,
                    other => other,
                };
                self.learn(entity, object, quantity, factor);
                Outcome::silent(TEXT).taught()
            }
            // What it taught before holds no more, after a restart either.
            None if was_known => Outcome::silent(TEXT).taught(),
            None => Outcome::silent(TEXT),
        }
    }

    fn learn(&mut self, entity: &str, object: &str, quantity: Quantity, factor: f64) {
        if let Some((oldest, _)) = self.units.put(entity, (quantity, factor)) {
            self.release(&oldest);
        }
        let claim = Claim {
            key: entity.to_owned(),
            quantity,
            load: None,
            name: object.to_owned(),
        };
        self.loads.claim(word::subject(object), claim);
    }

    /// Whether it was known.
    fn forget(&mut self, entity: &str) -> bool {
        let was_known = self.units.forget(entity).is_some();
        self.release(entity);
        was_known
    }

    fn release(&mut self, entity: &str) {
        let object = entity.rsplit('/').next().unwrap_or_default();
        self.loads.release(word::subject(object), entity);
    }

    fn state(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let entity = input.before(1)?;
        let (quantity, factor) = *self.units.get(entity)?;
        Some(match number::bare(input.text()) {
            Bare::Value(_) if quantity == Quantity::Power && word::is_export(input.level(1)) => {
                Outcome::unmapped(
                    "Home Assistant statestream: a power of one direction only is half of a signed one; \
                     describe the topic with a [[mapper]]",
                )
            }
            Bare::Value(value) => {
                let meter = word::subject(input.level(1));
                let channel = self.loads.channel(meter, entity);
                let mut channels = Channels::of(meter);
                channels.set(channel.as_deref(), quantity, Some(value * factor));
                Outcome::readings(
                    channels.stamped(None),
                    "a register or a voltage cannot be negative",
                )
            }
            Bare::Nothing => Outcome::silent("Home Assistant statestream: the entity has no value"),
            Bare::Broken => {
                Outcome::malformed("Home Assistant statestream: an entity with a unit should state a number")
            }
        })
    }

    pub(super) fn unlearn(&mut self, topic: &str) {
        if let Some(entity) = topic.strip_suffix(UNIT).and_then(|topic| topic.strip_suffix('/')) {
            self.forget(entity);
        }
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.units.forgotten() + self.loads.forgotten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::super::check::{check, check_by, decoder};

    #[test]
    fn a_state_is_read_once_its_unit_was_heard() {
        let mut decoder = decoder();
        for (topic, payload, expected) in [
            ("ha/sensor/press_load/state", "1.5", "unknown"),
            ("ha/sensor/press_load/unit_of_measurement", r#""kW""#, ""),
            ("ha/sensor/press_load/state", "1.5", "press - power_w=1500"),
            ("ha/sensor/press_active_power/unit_of_measurement", r#""W""#, ""),
            ("ha/sensor/press_active_power/state", "5", "press - power_w=5"),
            (
                "ha/sensor/press_load/state",
                "1.5",
                "press press_load power_w=1500",
            ),
            ("ha/sensor/press_energy_total/unit_of_measurement", r#""kWh""#, ""),
            (
                "ha/sensor/press_energy_total/state",
                "2",
                "press - energy_wh=2000",
            ),
            ("ha/sensor/press_load/state", "unavailable", ""),
            ("ha/sensor/press_load/state", "on", "malformed"),
            ("ha/sensor/press_load/friendly_name", r#""Press""#, ""),
            ("ha/sensor/feed_export/unit_of_measurement", r#""kWh""#, ""),
            ("ha/sensor/feed_export/state", "2", "feed - energy_export_wh=2000"),
            ("ha/sensor/power_export/unit_of_measurement", r#""W""#, ""),
            ("ha/sensor/power_export/state", "2", "unknown"),
            ("ha/sensor/energy_today/unit_of_measurement", r#""kWh""#, ""),
            ("ha/sensor/press_load/unit_of_measurement", r#""VA""#, ""),
            ("ha/sensor/press_load/state", "1.5", "unknown"),
        ] {
            let expected = match expected {
                "" => "home_assistant: not a reading".to_owned(),
                "unknown" => expected.to_owned(),
                said => format!("home_assistant: {said}"),
            };
            check_by(&mut decoder, topic, payload, &expected);
        }
    }

    #[test]
    fn a_cleared_unit_holds_no_more() {
        let mut decoder = decoder();
        let topic = "ha/sensor/x/unit_of_measurement";
        check_by(&mut decoder, topic, r#""W""#, "home_assistant: not a reading");
        let lessons: Vec<_> = decoder.lessons().map(|(topic, _)| topic.to_owned()).collect();
        assert_eq!(lessons, [topic]);
        check_by(&mut decoder, topic, "", "not a reading");
        check_by(&mut decoder, "ha/sensor/x/state", "5", "unknown");
        check(
            "ha/sensor/x/unit_of_measurement",
            r#""%""#,
            "home_assistant: not a reading",
        );
    }
}
