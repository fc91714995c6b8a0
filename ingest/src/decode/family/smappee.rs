//! Smappee Pro and Infinity, local MQTT: `servicelocation/<uuid>/realtime`.
//!
//! Documented at <https://support.smappee.com> ("MQTT local"). Energies are watt-seconds, currents tenths of an ampere,
//! `utcTimeStamp` is milliseconds. Clamps on the mains and on circuits below them stand in one list: the total is the
//! mains', the clamps are channels `ct<n>`. `presence` says whether the monitor is there.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, take};

const WATT_HOURS_PER_WATT_SECOND: f64 = 1.0 / 3600.0;
/// More clamps than an Infinity has.
const CLAMPS_MAX: usize = 64;
const TOTAL: Fields<'_> = &[
    ("totalPower", Quantity::Power, 1.0),
    ("totalImportEnergy", Quantity::Energy, WATT_HOURS_PER_WATT_SECOND),
    (
        "totalExportEnergy",
        Quantity::EnergyExport,
        WATT_HOURS_PER_WATT_SECOND,
    ),
];
const CLAMP: Fields<'_> = &[
    ("power", Quantity::Power, 1.0),
    ("importEnergy", Quantity::Energy, WATT_HOURS_PER_WATT_SECOND),
    ("exportEnergy", Quantity::EnergyExport, WATT_HOURS_PER_WATT_SECOND),
    ("current", Quantity::Current, 0.1),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "smappee",
    title: "Smappee",
    begin,
    reads: "servicelocation/<uuid>/realtime: the total and a channel ct<n> for each clamp, with power, both registers, \
            current and the voltage of the clamp's phase; availability of presence",
    leaves_out: &[
        "the averages on the other topics (power, aggregated, …), which say the same later",
        "reactive power",
        "which clamps are on the mains: a device's feed names its channel",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        ("servicelocation/aa-bb/presence", br#"{"value":true}"#),
        ("servicelocation/aa-bb/power", br#"{"power":5}"#),
        (
        "servicelocation/aa-bb/realtime",
        br#"{"totalPower":300,"totalImportEnergy":7200,"utcTimeStamp":1790000000500,
            "channelPowers":[{"ctInput":0,"power":-10,"importEnergy":3600,"phaseId":0,"current":15}],"voltages":[{"voltage":231,"phaseId":0}]}"#,
    ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let at = input.position(|level| level == "servicelocation")?;
    let meter = input.level(at.checked_sub(1)?);
    if input.level(0) == "presence" && at == 2 {
        let value = input.json().ok().and_then(|root| root.get("value"));
        return Some(match value.and_then(Value::boolean) {
            Some(is_online) => Outcome::availability(meter, is_online),
            None => Outcome::silent("Smappee: a presence that says neither yes nor no"),
        });
    }
    if input.level(0) != "realtime" || at != 2 {
        return Some(Outcome::silent("Smappee: not the realtime topic"));
    }
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("Smappee realtime: {fault}"))),
    };
    let mut channels = Channels::of(meter);
    take(&mut channels, Some("total"), root, TOTAL);
    let phase = |value: Value<'_>| value.get("phaseId").and_then(Value::number);
    for (index, clamp) in items(root, "channelPowers").take(CLAMPS_MAX).enumerate() {
        let number = clamp.get("ctInput").and_then(Value::number);
        let name = number.map_or_else(|| format!("ct{index}"), |number| format!("ct{number}"));
        take(&mut channels, Some(&name), clamp, CLAMP);
        let voltage = items(root, "voltages")
            .find(|voltage| phase(*voltage).is_some() && phase(*voltage) == phase(clamp));
        let voltage_v = voltage
            .and_then(|voltage| voltage.get("voltage"))
            .and_then(Value::number);
        channels.set(Some(&name), Quantity::Voltage, voltage_v);
    }
    let stamp = root
        .get("utcTimeStamp")
        .and_then(Value::number)
        .and_then(stamp::of_unix);
    Some(Outcome::readings(
        channels.stamped(stamp),
        "Smappee realtime: no powers in it",
    ))
}

fn items<'d>(root: Value<'d>, key: &str) -> impl Iterator<Item = Value<'d>> {
    root.get(key).into_iter().flat_map(Value::items)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn realtime() {
        check(
            "servicelocation/aa-bb/realtime",
            r#"{"totalPower":300,"totalImportEnergy":7200,"totalExportEnergy":0,"utcTimeStamp":1790000000500,
                "channelPowers":[{"ctInput":0,"power":-10,"importEnergy":3600,"phaseId":0,"current":15},
                                 {"ctInput":4,"power":20,"phaseId":1}],"voltages":[{"voltage":231,"phaseId":0}]}"#,
            "smappee: aa-bb total power_w=300 energy_wh=2 energy_export_wh=0 stamp=2026-09-21T14:13:20.5Z
             smappee: aa-bb ct0 power_w=-10 energy_wh=1 voltage_v=231 current_a=1.5 stamp=2026-09-21T14:13:20.5Z
             smappee: aa-bb ct4 power_w=20 stamp=2026-09-21T14:13:20.5Z",
        );
        check("servicelocation/aa-bb/realtime", "{}", "smappee: not a reading");
        check("servicelocation/aa-bb/realtime", "{a:1}", "smappee: malformed");
        check("servicelocation/aa-bb/power", "5", "smappee: not a reading");
        check(
            "servicelocation/aa-bb/presence",
            r#"{"value":false}"#,
            "smappee: aa-bb is offline",
        );
        check(
            "servicelocation/aa-bb/presence",
            "maybe",
            "smappee: not a reading",
        );
    }
}
