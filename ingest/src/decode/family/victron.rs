//! Victron Venus: `N/<portal>/<service>/<instance>/Ac/[L<n>/]<what>`, JSON `{"value": …}`.
//!
//! Documented at <https://github.com/victronenergy/dbus-mqtt> and its wiki of D-Bus paths. Only AC services are
//! meters: grid, acload, pvinverter and genset (positive is generation), evcharger, heatpump. Energy is kWh. Null or an
//! empty list is no value: a lost device sends it on every path. The meter is the path between `N` and `Ac`. The sums
//! below `system` are views of the same meters.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless};

const SERVICES: [&str; 6] = ["grid", "acload", "pvinverter", "genset", "evcharger", "heatpump"];
const NO_VALUE: &str = "Victron: not a path of an AC meter";
const PATHS: [(&str, Quantity, f64); 5] = [
    ("Power", Quantity::Power, 1.0),
    ("Voltage", Quantity::Voltage, 1.0),
    ("Current", Quantity::Current, 1.0),
    ("Energy/Forward", Quantity::Energy, 1000.0),
    ("Energy/Reverse", Quantity::EnergyExport, 1000.0),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "victron",
    title: "Victron Venus",
    begin,
    reads: "N/<portal>/<service>/<instance>/Ac/[L<n>/]… (any prefix) of grid, acload, pvinverter, genset, evcharger and \
            heatpump: power, registers, voltage, current, channels total and l1 to l3; availability of Connected",
    leaves_out: &[
        "inverters, batteries, solar chargers and everything on the direct current side",
        "the sums of the system, which are views of the meters below them",
        "a portal that is not asked to stay awake: publishing its keepalive is left to others",
    ],
    evidence: Evidence::Messages,
    samples: &[
        ("N/c0ffee/grid/30/Ac/L1/Energy/Forward", br#"{"value":15}"#),
        ("N/c0ffee/acload/31/Ac/Power", br#"{"value":-40.5}"#),
        ("N/c0ffee/acload/31/Ac/L2/Voltage", br#"{"value":null}"#),
        ("N/c0ffee/acload/31/Connected", br#"{"value":1}"#),
        ("N/c0ffee/system/0/Ac/Consumption/L1/Power", br#"{"value":700}"#),
        ("N/c0ffee/battery/1/Dc/0/Power", br#"{"value":5}"#),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let from_end = input.position(|level| level == "N")?;
    if from_end < 3 || !input.is_object() {
        return None;
    }
    let path = input.last(from_end);
    let value = || input.json().map(|root| root.get("value"));
    if let Some(meter) = path.strip_suffix("/Connected") {
        let is_meter = meter.split('/').any(|level| SERVICES.contains(&level));
        return match value() {
            Ok(Some(value)) if is_meter => {
                let is_online = value
                    .boolean()
                    .or_else(|| value.number().map(|number| number != 0.0));
                Some(Outcome::availability(meter, is_online?))
            }
            _ => Some(Outcome::silent(NO_VALUE)),
        };
    }
    let Some((meter, what)) = path.split_once("/Ac/") else {
        return value().ok().flatten().map(|_| Outcome::silent(NO_VALUE));
    };
    let (channel, what) = match what.split_once('/') {
        Some(("L1", what)) => ("l1", what),
        Some(("L2", what)) => ("l2", what),
        Some(("L3", what)) => ("l3", what),
        _ => ("total", what),
    };
    let known = PATHS.iter().find(|(name, ..)| *name == what);
    let (true, Some((_, quantity, factor))) =
        (meter.split('/').any(|level| SERVICES.contains(&level)), known)
    else {
        return Some(Outcome::silent(NO_VALUE));
    };
    Some(match value() {
        Err(fault) => Outcome::malformed(format!("Victron {what}: {fault}")),
        Ok(value) => {
            let mut channels = Channels::of(meter);
            channels.set(
                Some(channel),
                *quantity,
                value.and_then(Value::number).map(|value| value * factor),
            );
            Outcome::readings(channels.stamped(None), "Victron: the path has no value")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn paths() {
        check(
            "N/c0ffee/acload/31/Ac/L2/Power",
            r#"{"value":-40.5}"#,
            "victron: c0ffee/acload/31 l2 power_w=-40.5",
        );
        check(
            "N/c0ffee/grid/30/Ac/Power",
            r#"{"value":900}"#,
            "victron: c0ffee/grid/30 total power_w=900",
        );
        check(
            "v/N/c0ffee/grid/30/Ac/Energy/Reverse",
            r#"{"value":2}"#,
            "victron: c0ffee/grid/30 total energy_export_wh=2000",
        );
        check(
            "N/c0ffee/grid/30/Ac/L1/Power",
            r#"{"value":null}"#,
            "victron: not a reading",
        );
        check(
            "N/c0ffee/grid/30/Ac/L1/Power",
            r#"{"value":"#,
            "victron: malformed",
        );
        check(
            "N/c0ffee/vebus/276/Ac/Out/L1/P",
            r#"{"value":5}"#,
            "victron: not a reading",
        );
        check(
            "N/c0ffee/battery/1/Dc/0/Power",
            r#"{"value":5}"#,
            "victron: not a reading",
        );
        check(
            "N/c0ffee/evcharger/40/Ac/Power",
            r#"{"value":7200}"#,
            "victron: c0ffee/evcharger/40 total power_w=7200",
        );
        check(
            "N/c0ffee/system/0/Ac/Consumption/L1/Power",
            r#"{"value":700}"#,
            "victron: not a reading",
        );
        check(
            "N/c0ffee/acload/31/Ac/L2/Voltage",
            r#"{"value":[]}"#,
            "victron: not a reading",
        );
        check(
            "N/c0ffee/acload/31/Ac/L2/Frequency",
            r#"{"value":50}"#,
            "victron: not a reading",
        );
        check(
            "N/c0ffee/grid/30/Connected",
            r#"{"value":0}"#,
            "victron: c0ffee/grid/30 is offline",
        );
        check(
            "N/c0ffee/grid/30/Connected",
            r#"{"value":true}"#,
            "victron: c0ffee/grid/30 is online",
        );
    }
}
