//! Home Assistant's MQTT discovery: one retained message a device, which tells of its entities and of our topics that
//! feed them. Nothing else is published for it but how many alerts are open of a device.
//!
//! The form is device discovery, `<prefix>/device/<id>/config`, which Home Assistant reads since 2024.11. "Today" begins
//! anew at local midnight: the energy is a `total` whose `last_reset` is that midnight. A device that leaves the
//! configuration, or all of them once the option is off, is taken back with an empty message.

use std::collections::BTreeMap;

use analyzer::State;
use analyzer::modality::Modality;
use serde_json::{Value, json};

use super::board::{Topic, level};
use crate::device::DeviceTags;
use crate::page::Language;

/// How Home Assistant is told of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeAssistant {
    /// The topic below which it looks.
    pub prefix: String,
    /// The language of names.
    pub language: Language,
    /// Where people reach the page; none: no link.
    pub public_url: Option<String>,
}

/// An entity's key and its name in both languages.
const STATE: (&str, [&str; 2]) = ("state", ["State", "État"]);
const POWER: (&str, [&str; 2]) = ("power", ["Power", "Puissance"]);
const IDLE_TODAY: (&str, [&str; 2]) = (
    "idle_today",
    ["Idle waste today", "Gaspillage en attente aujourd’hui"],
);
const ALERT: (&str, [&str; 2]) = ("alert", ["Alert", "Alerte"]);

impl HomeAssistant {
    /// Where a device is told of.
    #[must_use]
    pub fn topic(&self, device: &str) -> String {
        format!("{}/device/{}/config", self.prefix, unique(device))
    }

    /// The discovery messages of all devices; `prefix` is that of our own topics.
    pub(super) fn messages(&self, prefix: &str, devices: &[DeviceTags]) -> BTreeMap<Topic, String> {
        let message = |device: &DeviceTags| {
            let topic = Topic::Discovery {
                path: self.topic(&device.id),
                device: device.id.to_string(),
            };
            (topic, self.message(prefix, device).to_string())
        };
        devices.iter().map(message).collect()
    }

    fn message(&self, prefix: &str, device: &DeviceTags) -> Value {
        let id = unique(&device.id);
        let below = format!("{prefix}/{}", level(&device.id));
        let modality = Modality::named(&device.modality);
        let mut entities = serde_json::Map::new();
        let mut add = |(key, names): (&str, [&str; 2]), platform: &str, topic: &str, mut entity: Value| {
            entity["platform"] = platform.into();
            entity["name"] = names[usize::from(self.language == Language::French)].into();
            entity["unique_id"] = format!("{id}_{key}").into();
            entity["state_topic"] = format!("{below}/{topic}").into();
            entities.insert(key.to_owned(), entity);
        };
        let options = State::ALL.map(State::name);
        add(
            STATE,
            "sensor",
            "state",
            json!({
                "device_class": "enum", "options": options, "value_template": "{{ value_json.state }}",
            }),
        );
        add(
            POWER,
            "sensor",
            "state",
            json!({
                "device_class": "power", "state_class": "measurement", "unit_of_measurement": "W",
                "suggested_display_precision": 0, "value_template": "{{ value_json.power_w }}",
            }),
        );
        // a rack or a chiller works while it idles: that is no waste
        if modality.is_none_or(|modality| modality.idle_is_waste) {
            add(
                IDLE_TODAY,
                "sensor",
                "energy",
                json!({
                    "device_class": "energy", "state_class": "total", "unit_of_measurement": "kWh",
                    "suggested_display_precision": 1, "value_template": "{{ value_json.idle_kwh }}",
                    "last_reset_value_template": "{{ value_json.since }}",
                }),
            );
        }
        add(
            ALERT,
            "binary_sensor",
            "alerts",
            json!({
                "device_class": "problem", "value_template": "{{ 'ON' if value_json.open > 0 else 'OFF' }}",
                "json_attributes_topic": format!("{below}/alerts"),
            }),
        );
        let mut about = json!({
            "identifiers": [id], "name": device.name, "manufacturer": device.site, "suggested_area": device.room,
            "model": modality.map_or(device.modality.as_str(), |modality| modality.label),
        });
        if let Some(url) = &self.public_url {
            about["configuration_url"] = format!("{url}/device/{}", device.id).into();
        }
        json!({
            "device": about,
            "origin": { "name": "idlewatt", "sw_version": env!("CARGO_PKG_VERSION") },
            "availability_topic": format!("{prefix}/status"),
            "components": entities,
        })
    }
}

/// Letters, digits, `_` and `-` are all that a discovery topic may hold.
fn unique(id: &str) -> String {
    let plain = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => letter.to_string(),
        '_' => "__".to_owned(),
        other => format!("_{:x}_", u32::from(other)),
    };
    format!("idlewatt_{}", id.chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;

    use super::super::board::Board;
    use super::*;

    fn device(id: &str, modality: &str) -> DeviceTags {
        DeviceTags {
            id: id.into(),
            name: "CT \"1\"".to_owned(),
            room: "one".to_owned(),
            modality: modality.to_owned(),
            site: "General".to_owned(),
        }
    }

    fn home_assistant() -> HomeAssistant {
        HomeAssistant {
            prefix: "homeassistant".to_owned(),
            language: Language::French,
            public_url: Some("https://idlewatt.example".to_owned()),
        }
    }

    #[test]
    fn a_device_is_told_with_its_entities_and_every_entity_has_a_topic_of_ours() {
        let message = home_assistant().message("idlewatt", &device("ct-1", "ct"));
        let entities = message["components"].as_object().unwrap();
        assert_eq!(
            entities.keys().collect::<Vec<_>>(),
            ["alert", "idle_today", "power", "state"]
        );
        for entity in entities.values() {
            assert!(
                entity["state_topic"]
                    .as_str()
                    .unwrap()
                    .starts_with("idlewatt/ct-1/"),
                "{entity}"
            );
        }
        assert_eq!(message["components"]["state"]["name"], "État");
        assert_eq!(
            message["device"]["configuration_url"],
            "https://idlewatt.example/device/ct-1"
        );
        assert_eq!(message["availability_topic"], "idlewatt/status");
        let rack = home_assistant().message("idlewatt", &device("rack", "server"));
        assert!(
            rack["components"].get("idle_today").is_none(),
            "a rack works while it idles"
        );
    }

    #[test]
    fn ids_are_plain_and_stay_different() {
        let ids = ["ct-1", "ct.1", "ct_1", "ct_2e_1", "ct__1"].map(unique);
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        assert!(ids.iter().all(|id| id.chars().all(is_plain)), "{ids:?}");
    }

    #[test]
    fn what_is_not_told_any_more_is_taken_back() {
        let devices = BTreeSet::from(["ct-1".to_owned(), "ct-2".to_owned()]);
        let board = |ids: &[&str]| {
            let tags: Vec<DeviceTags> = ids.iter().map(|id| device(id, "ct")).collect();
            let board = Board::new(TimeZone::UTC, "EUR".to_owned(), devices.clone());
            if ids.is_empty() {
                board
            } else {
                board.with_discovery(home_assistant().messages("idlewatt", &tags))
            }
        };
        let mut both = board(&["ct-1", "ct-2"]);
        both.recall(Vec::new());
        let memory: Vec<(String, Vec<u8>)> = both
            .memory_changes()
            .into_iter()
            .map(|(key, value)| (key, value.unwrap()))
            .collect();
        assert_eq!(
            both.unpublished.len(),
            4,
            "a discovery and a count of alerts for each"
        );
        let cleared = |ids: &[&str]| {
            let mut board = board(ids);
            board.recall(memory.clone());
            let cleared = board
                .unpublished
                .iter()
                .filter(|topic| board.payload(topic).is_empty());
            cleared.map(Topic::path).collect::<Vec<_>>()
        };
        assert!(cleared(&["ct-1", "ct-2"]).is_empty());
        let discovery = |id: &str| format!("homeassistant/device/idlewatt_{id}/config");
        assert_eq!(cleared(&["ct-1"]), [discovery("ct-2")]);
        assert_eq!(
            cleared(&[]),
            [
                "ct-1/alerts".to_owned(),
                "ct-2/alerts".to_owned(),
                discovery("ct-1"),
                discovery("ct-2")
            ]
        );
    }
}
