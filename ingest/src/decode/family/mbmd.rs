//! mbmd, the reader of Modbus meters (Janitza, ABB, Carlo Gavazzi, Eastron, …), and its predecessor gosdm630.
//!
//! mbmd: `mbmd/<id>/<Measurement>[/<L1|L2|L3>]`, bare numbers, W and kWh; `<id>` is type, bus, `-`, slave
//! (`sdm1-1`). The copy for Homie, `homie/<id>/meter/<measurement>`, says the same again. gosdm630:
//! `<root>/<instrument>/<IEC 61850 name>`. Documented in `server/mqtt.go` and `meters/measurements.go` of
//! <https://github.com/volkszaehler/mbmd>. `Sum` is import plus export: not a register of import. `mbmd/status` is
//! the bridge's: a dead meter shows only as silence.

use super::super::collect::Quantity;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare};

const ROOT: &str = "mbmd";
const NO_VALUE: &str = "mbmd: not a measurement that is used";
const MEASUREMENTS: [(&str, Quantity, f64); 5] = [
    ("Power", Quantity::Power, 1.0),
    ("Import", Quantity::Energy, 1000.0),
    ("Export", Quantity::EnergyExport, 1000.0),
    ("Voltage", Quantity::Voltage, 1.0),
    ("Current", Quantity::Current, 1.0),
];
/// gosdm630's names, without the phase.
const NAMES: [(&str, Quantity, f64); 5] = [
    ("WLoc", Quantity::Power, 1.0),
    ("TotkWhImport", Quantity::Energy, 1000.0),
    ("TotkWhExport", Quantity::EnergyExport, 1000.0),
    ("VolLoc", Quantity::Voltage, 1.0),
    ("AmpLoc", Quantity::Current, 1.0),
];
/// gosdm630's other names, without the phase.
const NAMES_OF_OTHERS: [&str; 3] = ["AngLoc", "ThdVolLoc", "ThdVol"];
const PHASES: [(&str, &str); 3] = [("PhsA", "l1"), ("PhsB", "l2"), ("PhsC", "l3")];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "mbmd",
    title: "mbmd and gosdm630, Modbus meters",
    begin,
    reads: "<root>/<id>/<Measurement>[/L1..L3] and its copy homie/<id>/meter/<measurement>; gosdm630's \
            <root>/<instrument>/WLocPhsA: power, import, export, voltage, current; channels total, l1, l2, l3",
    leaves_out: &[
        "Sum, which is import plus export at some meters and import at others: [[mapper]]",
        "registers by tariff, reactive and apparent values, direct current",
        "mbmd/status, which is the bridge's own: a dead meter shows only as silence",
    ],
    evidence: Evidence::Messages,
    samples: &[
        ("mbmd/abb1-3/Power/L2", b"15340.5"),
        ("/b/Janitza/Unit4/TotkWhImportPhsC", b"42.5"),
        ("homie/abb1-3/meter/voltagel3", b"231.5"),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let level = |from_end| input.level(from_end);
    if level(1) == ROOT {
        return Some(Outcome::silent(
            "mbmd: the bridge's own state; a dead meter shows only as silence",
        ));
    }
    let is_below = |at: usize| level(at + 1) == ROOT || is_id(level(at));
    let found = match phase(level(0)) {
        _ if level(1) == "meter" && is_below(2) => homie(input),
        Some(phase) if is_below(2) => measurement(input, level(2), level(1), Some(phase)),
        None if is_below(1) => measurement(input, level(1), level(0), None),
        _ => named(input),
    };
    let is_ours = level(2) == ROOT || level(3) == ROOT;
    found.or_else(|| is_ours.then(|| Outcome::silent(NO_VALUE)))
}

/// Type, bus, `-`, slave.
fn is_id(level: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    level.rsplit_once('-').is_some_and(|(bus, slave)| {
        let model = bus.trim_end_matches(|c: char| c.is_ascii_digit());
        is_number(slave) && model.len() < bus.len() && model.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

fn phase(level: &str) -> Option<&'static str> {
    match level {
        "L1" | "l1" => Some("l1"),
        "L2" | "l2" => Some("l2"),
        "L3" | "l3" => Some("l3"),
        _ => None,
    }
}

fn measurement(input: &Input<'_>, meter: &str, name: &str, phase: Option<&str>) -> Option<Outcome> {
    let (_, quantity, factor) = MEASUREMENTS
        .iter()
        .find(|(measurement, ..)| name.eq_ignore_ascii_case(measurement))?;
    Some(bare(input, meter, phase.or(Some("total")), *quantity, *factor))
}

/// The phase stands behind the name: `powerl1`.
fn homie(input: &Input<'_>) -> Option<Outcome> {
    let name = input.level(0);
    let at = name.len().saturating_sub(2);
    match name.get(at..).and_then(phase) {
        Some(phase) => measurement(input, input.level(2), &name[..at], Some(phase)),
        None => measurement(input, input.level(2), name, None),
    }
}

/// gosdm630's topics.
fn named(input: &Input<'_>) -> Option<Outcome> {
    let (name, meter) = (input.level(0), input.level(1));
    let is_of_phase = |suffix: &str| suffix.is_empty() || PHASES.iter().any(|(phase, _)| *phase == suffix);
    let mut others = NAMES_OF_OTHERS
        .iter()
        .filter_map(|start| name.strip_prefix(start));
    if others.any(is_of_phase) {
        return Some(Outcome::silent(NO_VALUE));
    }
    NAMES.iter().find_map(|(start, quantity, factor)| {
        let channel = match name.strip_prefix(start)? {
            "" => "total",
            suffix => PHASES.iter().find(|(phase, _)| *phase == suffix)?.1,
        };
        Some(bare(input, meter, Some(channel), *quantity, *factor))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn measurements() {
        check(
            "mbmd/abb1-3/Power",
            "15340.5",
            "mbmd: abb1-3 total power_w=15340.5",
        );
        check(
            "site/modbus/cgem1-12/Power/L2",
            "-20.125",
            "mbmd: cgem1-12 l2 power_w=-20.125",
        );
        check("mbmd/abb1-3/Import", "88.5", "mbmd: abb1-3 total energy_wh=88500");
        check(
            "mbmd/abb1-3/Export/L1",
            "0.5",
            "mbmd: abb1-3 l1 energy_export_wh=500",
        );
        check(
            "homie/abb1-3/meter/voltagel3",
            "231.5",
            "mbmd: abb1-3 l3 voltage_v=231.5",
        );
        check("/b/Janitza/Unit4/WLocPhsC", "42.5", "mbmd: Unit4 l3 power_w=42.5");
        check(
            "/b/Janitza/Unit4/TotkWhExport",
            "2",
            "mbmd: Unit4 total energy_export_wh=2000",
        );
    }

    #[test]
    fn what_is_not_a_reading() {
        check("mbmd/abb1-3/Sum", "5", "mbmd: not a reading");
        check("mbmd/abb1-3/Import/T1", "5", "mbmd: not a reading");
        check("esp1-2/uptime", "5", "unknown");
        check("mbmd/abb1-3/Cosphi/L1", "0.9", "mbmd: not a reading");
        check("mbmd/abb1-3/Power", "NaN", "mbmd: not a reading");
        check("mbmd/abb1-3/Power", "?", "mbmd: malformed");
        check("mbmd/status", "connected", "mbmd: not a reading");
        check("homie/abb1-3/meter/powerl1/$unit", "W", "homie: not a reading");
        check("/b/Janitza/Unit4/AngLocPhsA", "0.7", "mbmd: not a reading");
        check("/b/Janitza/Unit4/ThdVol", "0.7", "mbmd: not a reading");
        check("mbmd/abb1-3/ReactivePower/L1", "7", "mbmd: not a reading");
    }
}
