//! snmp2mqtt: SNMP values of PDUs and UPSs, `snmp2mqtt/<host>/<slug>/value` and `/status`.
//!
//! Source: `src/mqtt.ts` and `src/util.ts` of <https://github.com/dchesterton/snmp2mqtt>. A slug is the sensor's name in
//! the bridge's configuration, small letters joined by `_`. Unit and scale stand only there, so a value is read where
//! the slug carries its unit (`outlet_3_power_w`) or `[[naming]]` explains it. Vendors' registers are seldom in base
//! units (APC rPDU load: 0.1 A; CyberPower outlet energy: 0.1 kWh): `scale` is for that.
//!
//! A host is offline while one of its sensors that are read could not be fetched. `snmp2mqtt/status` is the bridge's.
//!
//! Limits: of a host at most [`FAILED_MAX`] failed sensors are remembered.

use super::super::collect::Channels;
use super::super::naming::free::{FreeNames, Unexplained};
use super::super::number::{self, Bare};
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, is_online};

const NAME: &str = "snmp2mqtt";
const FAILED_MAX: usize = 64;

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: NAME,
    title: "snmp2mqtt, PDUs and UPSs by SNMP",
    begin,
    reads: "snmp2mqtt/<host>/<slug>/value: power, energy, voltage, current whose slug carries a unit or that [[naming]] \
            explains; channels by slug; status of such sensors as the host's availability",
    leaves_out: &[
        "slugs without a unit: [[naming]] with unit and scale",
        "another base_topic: [[mapper]]",
        "snmp2mqtt/status, which is the bridge's own",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        ("snmp2mqtt/10.0.0.7/outlet_3_power_w/value", b"61"),
        ("snmp2mqtt/10.0.0.7/outlet_3_power_w/status", b"offline"),
        ("snmp2mqtt/10.0.0.7/rpdu_power/value", b"61"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Snmp {
        names: FreeNames::of(NAME, config),
        failed: Recent::of(config.meters_max),
    })
}

struct Snmp {
    names: FreeNames,
    /// By host, the slugs of sensors that are read and could not be fetched.
    failed: Recent<Vec<String>>,
}

impl Family for Snmp {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let (host, slug) = (input.level(2), input.level(1));
        match input.position(|level| level == NAME)? {
            1 => Some(Outcome::silent("snmp2mqtt: the bridge's own state")),
            3 if input.level(0) == "value" => Some(self.value(input, host, slug)),
            3 if input.level(0) == "status" => Some(self.status(input, host, slug)),
            _ => None,
        }
    }

    fn forgotten(&self) -> u64 {
        self.names.forgotten() + self.failed.forgotten()
    }
}

impl Snmp {
    fn value(&mut self, input: &Input<'_>, host: &str, slug: &str) -> Outcome {
        let Bare::Value(value) = number::bare(input.text()) else {
            return Outcome::silent("snmp2mqtt: a sensor without a number");
        };
        let mut channels = Channels::of(host);
        let mut unexplained = Unexplained::default();
        self.names.take(
            &mut channels,
            (None, None),
            (slug, None),
            Some(value),
            &mut unexplained,
        );
        let readings = channels.stamped(None);
        self.names
            .outcome(readings, unexplained, "snmp2mqtt: not a sensor of a meter")
    }

    fn status(&mut self, input: &Input<'_>, host: &str, slug: &str) -> Outcome {
        let is_online = is_online(input.text()).filter(|_| self.names.knows(host, None, slug));
        let Some(is_online) = is_online else {
            return Outcome::silent("snmp2mqtt: the state of a sensor that is not read");
        };
        if self.failed.get(host).is_none() {
            self.failed.put(host, Vec::new());
        }
        let Some(failed) = self.failed.get(host) else {
            return Outcome::availability(host, is_online);
        };
        failed.retain(|other| other != slug);
        if !is_online && failed.len() < FAILED_MAX {
            failed.push(slug.to_owned());
        }
        let is_whole = failed.is_empty();
        Outcome::availability(host, is_whole && is_online)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::check::{check, check_by};
    use super::super::super::{Decoder, DecoderConfig};

    #[test]
    fn values_by_slug() {
        let check = |slug: &str, payload: &str, expected: &str| {
            check(&format!("snmp2mqtt/10.0.0.7/{slug}/value"), payload, expected);
        };
        check("outlet_3_power_w", "61", "snmp2mqtt: 10.0.0.7 3 power_w=61");
        check(
            "total_energy_kwh",
            "2.5",
            "snmp2mqtt: 10.0.0.7 total energy_wh=2500",
        );
        check(
            "bank_1_current_amps",
            "2.5",
            "snmp2mqtt: 10.0.0.7 bank_1 current_a=2.5",
        );
        check("power_supply_2", "ok", "snmp2mqtt: not a reading");
        check("uptime", "77", "snmp2mqtt: not a reading");
        check(
            "rpdu_power",
            "77",
            "snmp2mqtt: 10.0.0.7 notes unknown_name\nunknown",
        );
        check("outlet_3_power_w", "", "not a reading");
    }

    #[test]
    fn availability_and_configured_names() {
        let config = json!({"naming": [
            {"family": "snmp2mqtt", "name": "load", "quantity": "current", "unit": "A", "scale": 0.1, "channel": "total"}]});
        let config: DecoderConfig = serde_json::from_value(config).unwrap();
        let mut decoder = Decoder::new(&config).unwrap();
        let mut check = |slug: &str, payload: &str, expected: &str| {
            check_by(
                &mut decoder,
                &format!("site/snmp2mqtt/pdu/{slug}"),
                payload,
                expected,
            );
        };
        check("load/value", "25", "snmp2mqtt: pdu total current_a=2.5");
        check("load/status", "offline", "snmp2mqtt: pdu is offline");
        check("power_w/status", "online", "snmp2mqtt: pdu is offline");
        check("cpu/status", "online", "snmp2mqtt: not a reading");
        check("load/status", "online", "snmp2mqtt: pdu is online");
    }

    #[test]
    fn the_bridge_is_not_a_meter() {
        check("snmp2mqtt/status", "offline", "snmp2mqtt: not a reading");
    }
}
