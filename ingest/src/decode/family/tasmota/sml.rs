//! SML scripts: a group whose name and keys the user chose (`SML`, `MT175`, even the empty name), most often after
//! the examples of <https://tasmota.github.io/docs/Smart-Meter-Interface/>. Registers are kWh, power is W.
//!
//! A group counts as a meter only where a configured name, a register or one of the scripts' own names of power is
//! among its keys, so that a lamp's or a sensor's `Power` is not taken for one. A key that the examples use for
//! different units (`1_8_0`: Wh and kWh) means nothing without a naming.
//!
//! A script may send one value at once and the others later: whether a group has phases, and whether its name stands in
//! its channels, is remembered for [`DecoderConfig::meters_max`](super::DecoderConfig::meters_max) groups.

use super::super::super::collect::{Channels, Quantity};
use super::super::super::json::Value;
use super::super::super::naming::{Namings, Place};
use super::super::super::recent::Recent;
use super::{LOADS_MAX, is_own_group};

/// How much a key says about its group.
#[derive(Clone, Copy, PartialEq)]
enum Shows {
    /// Only a meter has it.
    Meter,
    /// A meter's beside a power.
    WithPower,
    /// Anything may have it.
    Nothing,
}

use Quantity::{Current, Energy, EnergyExport, Power, Voltage};
use Shows::{Meter, Nothing, WithPower};

/// Lower-case key without the suffix of a phase, quantity, what it shows.
const KEYS: [(&str, Quantity, Shows); 68] = [
    ("total_in", Energy, Meter),
    ("totalin", Energy, Meter),
    ("total_kwh", Energy, Meter),
    ("dj_tpwrin", Energy, Meter),
    ("total_consumed", Energy, Meter),
    ("total_consumed_kwh", Energy, Meter),
    ("e_in", Energy, Meter),
    ("energy_in", Energy, Meter),
    ("energy_import", Energy, Meter),
    ("enrg_imp", Energy, Meter),
    ("kwh_in", Energy, Meter),
    ("import", Energy, Meter),
    ("importactive", Energy, Meter),
    ("counter_pos", Energy, Meter),
    ("verbrauch_summe", Energy, Meter),
    ("gesamtverbrauch", Energy, Meter),
    ("zaehlerstand", Energy, Meter),
    ("1.8.0", Energy, Meter),
    ("1-8-0", Energy, Meter),
    ("total", Energy, WithPower),
    ("energy", Energy, WithPower),
    ("counter", Energy, WithPower),
    ("total_out", EnergyExport, Meter),
    ("totalout", EnergyExport, Meter),
    ("dj_tpwrout", EnergyExport, Meter),
    ("total_delivered", EnergyExport, Meter),
    ("total_delivered_kwh", EnergyExport, Meter),
    ("export_total_kwh", EnergyExport, Meter),
    ("e_out", EnergyExport, Meter),
    ("en_out", EnergyExport, Meter),
    ("energy_out", EnergyExport, Meter),
    ("energy_export", EnergyExport, Meter),
    ("enrg_exp", EnergyExport, Meter),
    ("kwh_out", EnergyExport, Meter),
    ("export", EnergyExport, Meter),
    ("exportactive", EnergyExport, Meter),
    ("counter_neg", EnergyExport, Meter),
    ("einspeisung_summe", EnergyExport, Meter),
    ("gesamteinspeisung", EnergyExport, Meter),
    ("2.8.0", EnergyExport, Meter),
    ("2-8-0", EnergyExport, Meter),
    ("power_curr", Power, Meter),
    ("power_cur", Power, Meter),
    ("curr_power", Power, Meter),
    ("dj_tpwrcurr", Power, Meter),
    ("curr_w", Power, Meter),
    ("power_actual", Power, Meter),
    ("actual_power", Power, Meter),
    ("power_total", Power, Meter),
    ("power_in", Power, Meter),
    ("p_in", Power, Meter),
    ("current_consumption", Power, Meter),
    ("watt_summe", Power, Meter),
    ("momentanverbrauch", Power, Meter),
    ("power", Power, Nothing),
    ("p", Power, Nothing),
    ("watt", Power, Nothing),
    ("leistung", Power, Nothing),
    ("voltage", Voltage, Nothing),
    ("volt", Voltage, Nothing),
    ("volts", Voltage, Nothing),
    ("spannung", Voltage, Nothing),
    ("current", Current, Nothing),
    ("curr", Current, Nothing),
    ("amperage", Current, Nothing),
    ("ampere", Current, Nothing),
    ("amp", Current, Nothing),
    ("strom", Current, Nothing),
];

/// The group that scripts for dbus-mqtt-grid have to use: nothing but a meter is called so, and its power is the total.
const GRID: &str = "grid";

/// OBIS codes of power, voltage and current, with `.`, `-` or `_` between the numbers; quantity, phase.
const CODES: [(&str, Quantity, Option<&str>); 10] = [
    ("16.7.0", Power, None),
    ("36.7.0", Power, Some("l1")),
    ("56.7.0", Power, Some("l2")),
    ("76.7.0", Power, Some("l3")),
    ("32.7.0", Voltage, Some("l1")),
    ("52.7.0", Voltage, Some("l2")),
    ("72.7.0", Voltage, Some("l3")),
    ("31.7.0", Current, Some("l1")),
    ("51.7.0", Current, Some("l2")),
    ("71.7.0", Current, Some("l3")),
];

/// The suffix of a phase, lower case, and the channel's name.
const PHASES: [(&str, &str); 9] = [
    ("_l1", "l1"),
    ("_l2", "l2"),
    ("_l3", "l3"),
    ("_p1", "l1"),
    ("_p2", "l2"),
    ("_p3", "l3"),
    ("_phase1", "l1"),
    ("_phase2", "l2"),
    ("_phase3", "l3"),
];

/// The powers of the phases beside a power called `P`, as the example for the MT175 names them.
const BESIDE_P: [(&str, &str); 3] = [("L1", "l1"), ("L2", "l2"), ("L3", "l3")];

/// What a key's value is.
struct Field<'f> {
    quantity: Quantity,
    value: f64,
    phase: Option<&'f str>,
    /// The channel of a configured naming: it stands as it is.
    channel: Option<&'f str>,
    shows: Shows,
}

/// How a group's channels are called.
#[derive(Clone, Copy, Default, PartialEq)]
struct Shape {
    has_phases: bool,
    is_named: bool,
}

/// The scripts' groups.
pub(super) struct Scripts {
    namings: Namings,
    /// By meter and group; only where it is not the plain one.
    shapes: Recent<Shape>,
}

impl Scripts {
    pub(super) fn of(namings: Namings, meters_max: usize) -> Self {
        Self {
            namings,
            shapes: Recent::of(meters_max),
        }
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.shapes.forgotten()
    }

    /// Takes the groups. Where one is not the only load of the message, its name stands in its channels.
    pub(super) fn take(
        &mut self,
        channels: &mut Channels<'_>,
        meter: &str,
        root: Value<'_>,
        has_energy: bool,
    ) {
        let Self { namings, shapes } = self;
        let is_meter = |(name, group): &(&str, Value<'_>)| is_meter(namings, (meter, *name), *group);
        let is_named = has_energy || root.entries().filter(is_meter).nth(1).is_some();
        for (name, group) in root.entries().filter(is_meter).take(LOADS_MAX) {
            let now = Shape {
                has_phases: name == GRID
                    || fields(namings, (meter, name), group).any(|field| field.phase.is_some()),
                is_named,
            };
            let shape = remembered(shapes, &format!("{meter}\0{name}"), now);
            for field in fields(namings, (meter, name), group) {
                let channel = field.phase.or(shape.has_phases.then_some("total"));
                let mut set = |channel| channels.set(channel, field.quantity, Some(field.value));
                match (field.channel, channel) {
                    (None, Some(channel)) if shape.is_named => set(Some(&format!("{name}:{channel}"))),
                    (None, None) if shape.is_named => set(Some(name)),
                    (configured, channel) => set(configured.or(channel)),
                }
            }
        }
    }
}

fn is_meter(namings: &Namings, place: (&str, &str), group: Value<'_>) -> bool {
    let fields = || fields(namings, place, group);
    let has_power = || fields().any(|field| field.quantity == Power);
    let shows = |field: Field<'_>| match field.shows {
        Meter => true,
        WithPower => has_power(),
        Nothing => place.1 == GRID && has_power(),
    };
    group.is_object() && !is_own_group(place.1) && fields().any(shows)
}

/// What the group showed now or before.
fn remembered(shapes: &mut Recent<Shape>, key: &str, now: Shape) -> Shape {
    let before = shapes.get(key).copied().unwrap_or_default();
    let shape = Shape {
        has_phases: before.has_phases || now.has_phases,
        is_named: before.is_named || now.is_named,
    };
    if shape != before {
        shapes.put(key, shape);
    }
    shape
}

fn fields<'f>(
    namings: &'f Namings,
    (meter, name): (&'f str, &'f str),
    group: Value<'f>,
) -> impl Iterator<Item = Field<'f>> {
    let has_p = group.get("P").is_some();
    group.entries().filter_map(move |(key, value)| {
        let value = value.number()?;
        let beside_p = || BESIDE_P.iter().find(|(name, _)| has_p && key == *name);
        let place = Place {
            family: super::ENTRY.name,
            meter,
            profile: Some(name),
        };
        if let Some(meaning) = namings.meaning(place, key) {
            return Some(Field {
                quantity: meaning.quantity,
                value: value * meaning.factor,
                phase: None,
                channel: meaning.channel,
                shows: Meter,
            });
        }
        let (quantity, phase, shows) = of_code(key)
            .or_else(|| of_word(key))
            .or_else(|| beside_p().map(|(_, phase)| (Power, Some(*phase), Nothing)))?;
        let factor = if matches!(quantity, Energy | EnergyExport) {
            1000.0
        } else {
            1.0
        };
        Some(Field {
            quantity,
            value: value * factor,
            phase,
            channel: None,
            shows,
        })
    })
}

fn of_word(key: &str) -> Option<(Quantity, Option<&'static str>, Shows)> {
    let (key, phase) = without_phase(key);
    let (_, quantity, shows) = KEYS.iter().find(|(name, ..)| key.eq_ignore_ascii_case(name))?;
    Some((*quantity, phase, *shows))
}

fn of_code(key: &str) -> Option<(Quantity, Option<&'static str>, Shows)> {
    if !key.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let is_same = |code: &str| {
        let mut pairs = key.bytes().zip(code.bytes());
        key.len() == code.len() && pairs.all(|(a, b)| a == b || (b == b'.' && matches!(a, b'-' | b'_')))
    };
    let (_, quantity, phase) = CODES.iter().find(|(code, ..)| is_same(code))?;
    Some((*quantity, *phase, Meter))
}

fn without_phase(key: &str) -> (&str, Option<&'static str>) {
    let found = PHASES.iter().find_map(|(suffix, phase)| {
        let at = key.len().checked_sub(suffix.len())?;
        let tail = key.get(at..)?;
        tail.eq_ignore_ascii_case(suffix).then(|| (&key[..at], *phase))
    });
    found.map_or((key, None), |(key, phase)| (key, Some(phase)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::super::Decoder;
    use super::super::super::super::check::{check, check_by, decoder};

    #[test]
    fn scripts() {
        for (group, expected) in [
            (
                r#""":{"Total_in":12.5,"Total_out":0.5,"Power_curr":-80,"Meter_number":"0a"}"#,
                "tasmota: m - power_w=-80 energy_wh=12500 energy_export_wh=500",
            ),
            (
                r#""MT175":{"E_in":1,"Power":30,"Power_L1":10,"Power_L2":20,"Voltage_L1":230,"phase_angle_L1":9},"Gas":{"Count":5}"#,
                "tasmota: m total power_w=30 energy_wh=1000
                 tasmota: m l1 power_w=10 voltage_v=230
                 tasmota: m l2 power_w=20",
            ),
            (r#""grid":{"power":75}"#, "tasmota: m total power_w=75"),
            (
                r#""MT175":{"E_in":2,"E_out":3,"P":-90,"L1":-40,"L2":-60,"L3":10,"Server_ID":"0c"}"#,
                "tasmota: m total power_w=-90 energy_wh=2000 energy_export_wh=3000
                 tasmota: m l1 power_w=-40
                 tasmota: m l2 power_w=-60
                 tasmota: m l3 power_w=10",
            ),
            (
                r#""SML":{"DJ_TPWRIN":2,"DJ_TPWROUT":3,"DJ_TPWRCURR":40,"L1":229}"#,
                "tasmota: m - power_w=40 energy_wh=2000 energy_export_wh=3000",
            ),
            (r#""Boiler":{"P":1.4,"L1":2}"#, "tasmota: not a reading"),
            (
                r#""DW74":{"Total":12.5,"TotalOut":0.25,"Power":7,"Server_id":"0b"}"#,
                "tasmota: m - power_w=7 energy_wh=12500 energy_export_wh=250",
            ),
            (
                r#""H1":{"total_kwh":3,"curr_w":40,"volt_p2":231,"amp_p2":0.5,"freq":50}"#,
                "tasmota: m total power_w=40 energy_wh=3000
                 tasmota: m l2 voltage_v=231 current_a=0.5",
            ),
            (
                r#""E3":{"1_8_0":512.25,"1-8-0":2,"16_7_0":-4.5,"36.7.0":-1.5,"32-7-0":229}"#,
                "tasmota: m total power_w=-4.5 energy_wh=2000
                 tasmota: m l1 power_w=-1.5 voltage_v=229",
            ),
            (
                r#""in":{"Total_in":1},"out":{"Total_in":2,"Power_L1":3}"#,
                "tasmota: m in energy_wh=1000
                 tasmota: m out:total energy_wh=2000
                 tasmota: m out:l1 power_w=3",
            ),
            (
                r#""ENERGY":{"Power":5},"SML":{"Power_curr":900}"#,
                "tasmota: m - power_w=5
                 tasmota: m SML power_w=900",
            ),
            (
                r#""INA219":{"Voltage":4.4,"Current":0.02,"Power":0.09}"#,
                "tasmota: not a reading",
            ),
            (r#""Water":{"Total":81.5,"Counter":7}"#, "tasmota: not a reading"),
            (
                r#""SML":{"Power_curr":null,"Total_in":"nan"}"#,
                "tasmota: not a reading",
            ),
        ] {
            check(
                "stat/m/STATUS10",
                &format!(r#"{{"StatusSNS":{{"Time":"2026-03-02T08:00:05",{group}}}}}"#),
                expected,
            );
        }
    }

    #[test]
    fn a_value_sent_at_once_is_of_the_same_channel() {
        let mut decoder = decoder();
        for (payload, expected) in [
            (r#"{"SML":{"Power_curr":7}}"#, "tasmota: m - power_w=7"),
            (
                r#"{"SML":{"Power_curr":8,"Volt_p1":230}}"#,
                "tasmota: m total power_w=8\ntasmota: m l1 voltage_v=230",
            ),
            (r#"{"SML":{"Power_curr":9}}"#, "tasmota: m total power_w=9"),
        ] {
            check_by(&mut decoder, "tele/m/SENSOR", payload, expected);
        }
    }

    #[test]
    fn a_configured_name_is_read() {
        let config = json!({"naming": [
            {"family": "tasmota", "name": "1_8_0", "quantity": "energy", "unit": "Wh"},
            {"family": "tasmota", "profile": "heat", "name": "pw", "quantity": "power", "unit": "kW", "channel": "pump"},
        ]});
        let mut decoder = Decoder::new(&serde_json::from_value(config).unwrap()).unwrap();
        check_by(
            &mut decoder,
            "tele/m/SENSOR",
            r#"{"heat":{"1_8_0":512.25,"pw":1.5},"other":{"pw":9}}"#,
            "tasmota: m - energy_wh=512.25
             tasmota: m pump power_w=1500",
        );
    }
}
