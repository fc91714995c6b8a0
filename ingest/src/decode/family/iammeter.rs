//! IAMMETER WEM3080 and WEM3080T: JSON with the serial number and positional lists, `Data` of one phase or `Datas`
//! of three: voltage, current, power, import kWh, export kWh, then what is not used. The topic is the user's.
//!
//! Documented at <https://www.iammeter.com/newsshow/energy-meter-json-value>. There is no time in it.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless};

const POSITIONS: [(Quantity, f64); 5] = [
    (Quantity::Voltage, 1.0),
    (Quantity::Current, 1.0),
    (Quantity::Power, 1.0),
    (Quantity::Energy, 1000.0),
    (Quantity::EnergyExport, 1000.0),
];

/// More than a meter's list has; the sticks of SolaX inverters send longer ones in the same frame.
const NUMBERS_MAX: usize = 8;

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "iammeter",
    title: "IAMMETER",
    begin,
    reads: "any topic with a JSON that has SN and Datas (channels l1 to l3) or Data (one load): voltage, current, power, \
            both registers",
    leaves_out: &["frequency, power factor and what stands under EA (reactive energy)"],
    evidence: Evidence::Messages,
    samples: &[
        (
            "any/topic",
            br#"{"SN":"A1B2","Datas":[[230,1.5,-340,2,1,50,0.9],[231,0,0,null],[]],"EA":{"Reactive":[[1,2]]}}"#,
        ),
        (
            "any/topic",
            br#"{"method":"uploadsn","SN":"A1","data":[230,1,220,3,0]}"#,
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let is_marked = |mark| input.text().contains(mark);
    if !(input.is_object() && is_marked("\"SN\"") && (is_marked("\"Data") || is_marked("\"data"))) {
        return None;
    }
    let root = input.json().ok()?;
    let meter = root.get("SN").and_then(Value::text)?;
    let mut channels = Channels::of(meter);
    let list = |names: [&str; 2]| {
        names
            .into_iter()
            .find_map(|name| root.get(name))
            .filter(|list| list.is_list())
    };
    if let Some(phases) = list(["Datas", "datas"]) {
        for (phase, name) in phases.items().zip(["l1", "l2", "l3"]) {
            positions(&mut channels, Some(name), phase);
        }
    } else {
        let load = list(["Data", "data"]).filter(|load| load.items().count() <= NUMBERS_MAX);
        positions(&mut channels, None, load?);
    }
    Some(Outcome::readings(
        channels.stamped(None),
        "IAMMETER: the lists hold no numbers",
    ))
}

fn positions(channels: &mut Channels<'_>, channel: Option<&str>, list: Value<'_>) {
    for ((quantity, factor), value) in POSITIONS.into_iter().zip(list.items()) {
        channels.set(channel, quantity, value.number().map(|value| value * factor));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn positions() {
        check(
            "any/topic",
            r#"{"method":"uploadsn","SN":"A1B2","Datas":[[230,1.5,-340,2,1,50,0.9],[231,0,0,null],[]]}"#,
            "iammeter: A1B2 l1 power_w=-340 energy_wh=2000 energy_export_wh=1000 voltage_v=230 current_a=1.5
             iammeter: A1B2 l2 power_w=0 voltage_v=231 current_a=0",
        );
        check(
            "x",
            r#"{"SN":"A1","Data":[230,1,220,3,0]}"#,
            "iammeter: A1 - power_w=220 energy_wh=3000 energy_export_wh=0 voltage_v=230 current_a=1",
        );
        check("x", r#"{"SN":"A1","Data":5}"#, "unknown");
        check("x", r#"{"SN":"A1","Data":[1,2,300,0,3,230,700,41,5]}"#, "unknown");
        check("x", r#"{"SN":"A1","Data":[]}"#, "iammeter: not a reading");
    }
}
