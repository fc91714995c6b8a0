//! Readers of AMS meters (Norway, Sweden, Denmark, …) with the firmware of amsleser: one JSON, several, or bare numbers.
//!
//! Documented in `lib/JsonMqttHandler`, `lib/HomeAssistantMqttHandler` and `lib/RawMqttHandler` of
//! <https://github.com/UtilitechAS/amsreader-firmware>. The topic is the user's, so the keys tell: `P` and `PO` are W
//! bought and returned, `P1`… the phases', `U1` V, `I1` A, `tPI` and `tPO` the registers in kWh, which most meters send
//! once an hour. The meter is `name` (the MQTT client) or the topic's own last level. `t` is seconds or a text with
//! its zone; 0 where the clock is not set.
//!
//! The firmware prints zeros for what the meter did not say: phases without voltage are not there, phase powers that
//! are all zero beside a total that is not are unknown, a register of exactly zero on the import side is unknown.
//!
//! Limits: bare numbers state the two directions apart, and a lone `{"P": …}`, prices and the reader's own state are
//! recognised by what the topic showed before; for both at most [`DecoderConfig::meters_max`] topics are remembered.

use super::super::collect::{Channels, Quantity};
use super::super::direction::Directions;
use super::super::json::Value;
use super::super::number::{self, Bare};
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, bare, is_online};

const PHASES: [(&str, [&str; 6]); 3] = [
    ("l1", ["P1", "PO1", "U1", "I1", "tPI1", "tPO1"]),
    ("l2", ["P2", "PO2", "U2", "I2", "tPI2", "tPO2"]),
    ("l3", ["P3", "PO3", "U3", "I3", "tPI3", "tPO3"]),
];
/// What stands below `meter/` in the topics of bare numbers: channel, quantity, factor.
const BARE: [(&str, &str, Quantity, f64); 8] = [
    ("import/active/accumulated", "total", Quantity::Energy, 1000.0),
    (
        "export/active/accumulated",
        "total",
        Quantity::EnergyExport,
        1000.0,
    ),
    ("l1/voltage", "l1", Quantity::Voltage, 1.0),
    ("l2/voltage", "l2", Quantity::Voltage, 1.0),
    ("l3/voltage", "l3", Quantity::Voltage, 1.0),
    ("l1/current", "l1", Quantity::Current, 1.0),
    ("l2/current", "l2", Quantity::Current, 1.0),
    ("l3/current", "l3", Quantity::Current, 1.0),
];
const DIRECTIONS: [(&str, &str); 4] = [("active", "total"), ("l1", "l1"), ("l2", "l2"), ("l3", "l3")];
/// The reader's messages, where it sends several, as the topic's last level.
const MESSAGES: [&str; 7] = [
    "power",
    "energy",
    "realtime",
    "prices",
    "state",
    "status",
    "temperatures",
];
const NO_VALUE: &str = "AMS reader: prices, peaks, or the reader itself; no values of the meter";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "ams",
    title: "AMS meters by amsleser readers",
    begin,
    reads: "any topic with the reader's JSON (classic, multi topic, flat, Home Assistant): power, registers, voltages, \
            currents, channels total and l1 to l3; <root>/meter/… with bare numbers; availability of <root>/status \
            once the root has shown a meter",
    leaves_out: &[
        "sums of the hour, the day and the month, peaks and prices",
        "the raw telegrams of the meter (payload type raw bytes)",
        "reactive power and power factor",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "house/han",
            br#"{"id":"00:11","name":"han-7","up":90,"t":1790000000,"vcc":3.3,"rssi":-60,"temp":20,
                "data":{"lv":"X","id":"1","type":"Y","P":420,"Q":0,"PO":0,"QO":0,"I1":1.5,"I2":0,"I3":0,"U1":231.5,"U2":0,"U3":0,"tPI":12.5,"tPO":0.5,"rtc":1790000000}}"#,
        ),
        (
            "han/power",
            br#"{"lv":"","id":"","type":"","P":0,"P1":0,"P2":0,"P3":0,"PO":50,"PO1":0,"PO2":0,"PO3":0,"U1":230,"t":"2026-09-21T14:13:20Z"}"#,
        ),
        ("han/power", br#"{"P":0}"#),
        ("han/energy", br#"{"tPI":0,"tPO":3,"rtc":0}"#),
        ("han/realtime", br#"{"max":0.5,"peaks":[],"threshold":5,"hour":{"use":0.1}}"#),
        ("han/status", b"offline"),
        ("han/meter/import/active", b"0"),
        ("han/meter/export/active", b"35"),
        ("han/meter/import/active/accumulated", b"5.125"),
        ("han/meter/l2/voltage", b"230.5"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Ams {
        roots: Recent::of(config.meters_max),
        directions: Directions::of(config.meters_max),
    })
}

struct Ams {
    /// The users' topics that have shown an AMS meter.
    roots: Recent<()>,
    directions: Directions,
}

impl Family for Ams {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if !input.is_object() {
            return self.bare(input);
        }
        let mentions = |key: &&str| input.text().contains(*key);
        let is_known = self.is_known(input);
        if !(is_known || ["\"P\"", "\"tPI\""].iter().any(mentions)) {
            return None;
        }
        let root = match input.json() {
            Ok(root) => root,
            Err(fault) => {
                let is_marked = is_known || mentions(&"\"tPI\"");
                return is_marked.then(|| Outcome::malformed(format!("AMS reader: {fault}")));
            }
        };
        let values = root.get("data").filter(|data| data.is_object()).unwrap_or(root);
        let has = |key| values.get(key).is_some();
        let has_reader = root.get("rssi").is_some() && root.get("up").is_some();
        let is_marked = has("tPI") || has("P") && (has("PO") || has_reader);
        if !(is_marked || is_known) {
            return None;
        }
        if is_marked {
            self.roots.put(root_of(input), ());
        }
        let name = root.get("name").and_then(Value::text);
        let meter = name
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| own_name(input));
        let stamp = root.get("t").and_then(|stamp| input.zone().stamp(stamp));
        let total_w = self.total_w(meter, values);
        let readings = read(meter, values, total_w).stamped(stamp);
        Some(Outcome::readings(readings, NO_VALUE))
    }

    fn forgotten(&self) -> u64 {
        self.roots.forgotten() + self.directions.forgotten()
    }
}

/// The topic that the user has chosen: without the name of one of the reader's messages.
fn root_of<'m>(input: &Input<'m>) -> &'m str {
    let above = input.before(1).filter(|_| MESSAGES.contains(&input.level(0)));
    above.unwrap_or(input.topic())
}

/// The last level of that topic.
fn own_name<'m>(input: &Input<'m>) -> &'m str {
    let root = root_of(input);
    root.rsplit_once('/').map_or(root, |(_, name)| name)
}

impl Ams {
    fn is_known(&mut self, input: &Input<'_>) -> bool {
        self.roots.get(root_of(input)).is_some()
    }

    /// The signed power. A message that states only what is bought says nothing with a zero where the meter was last
    /// heard to return power.
    fn total_w(&mut self, meter: &str, values: Value<'_>) -> Option<f64> {
        let number = |key| values.get(key).and_then(Value::number);
        let (bought, returned) = (number("P"), number("PO"));
        let (in_key, out_key) = (format!("{meter} P"), format!("{meter} PO"));
        if let Some(returned) = returned {
            self.directions.signed(&out_key, &in_key, returned, true);
            return Some(bought.unwrap_or_default() - returned);
        }
        self.directions.signed(&in_key, &out_key, bought?, false)
    }

    fn bare(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if input.level(0) == "status" {
            let is_online = is_online(input.text())?;
            return self
                .is_known(input)
                .then(|| Outcome::availability(input.level(1), is_online));
        }
        let at = input
            .position(|level| level == "meter")
            .filter(|at| (2..=3).contains(at))?;
        let (meter, what) = (input.level(at + 1), input.last(at));
        if meter.is_empty() {
            return None;
        }
        if let Some((_, channel, quantity, factor)) = BARE.iter().find(|(topic, ..)| *topic == what) {
            // A register that the meter has not said yet is printed as zero.
            let is_unknown = *quantity == Quantity::Energy && number::bare(input.text()) == Bare::Value(0.0);
            return Some(if is_unknown {
                Outcome::silent("AMS reader: the register is not known yet")
            } else {
                bare(input, meter, Some(channel), *quantity, *factor)
            });
        }
        let (direction, name) = what.split_once('/')?;
        let is_returned = match direction {
            "import" => false,
            "export" => true,
            _ => return None,
        };
        let (_, channel) = DIRECTIONS.iter().find(|(topic, _)| *topic == name)?;
        let Bare::Value(watts) = number::bare(input.text()) else {
            return Some(bare(input, meter, None, Quantity::Power, 1.0));
        };
        let topic = input.topic();
        let opposite = match topic.strip_suffix(what) {
            Some(start) if is_returned => format!("{start}import/{name}"),
            start => format!("{}export/{name}", start.unwrap_or_default()),
        };
        let mut channels = Channels::of(meter);
        let power_w = self.directions.signed(topic, &opposite, watts, is_returned);
        channels.set(Some(channel), Quantity::Power, power_w);
        Some(Outcome::readings(
            channels.stamped(None),
            "AMS reader: zero in this direction, the other one says the power",
        ))
    }
}

/// The values of one message, whichever of them it has.
fn read<'m>(meter: &'m str, values: Value<'_>, total_w: Option<f64>) -> Channels<'m> {
    let number = |key| values.get(key).and_then(Value::number);
    let net = |bought, returned| {
        let (bought, returned): (Option<f64>, Option<f64>) = (number(bought), number(returned));
        bought
            .map(|bought| bought - returned.unwrap_or_default())
            .or(returned.map(|returned| -returned))
    };
    let positive = |key| number(key).filter(|value| *value > 0.0);
    let kilo = |value: Option<f64>| value.map(|value| value * 1000.0);
    let mut channels = Channels::of(meter);
    channels.set(Some("total"), Quantity::Power, total_w);
    let import = positive("tPI");
    channels.set(Some("total"), Quantity::Energy, kilo(import));
    // Exported nothing is a register; nothing in either direction is what the meter has not said yet.
    let export = number("tPO").filter(|export| import.is_some() || *export > 0.0);
    channels.set(Some("total"), Quantity::EnergyExport, kilo(export));
    let powers = PHASES.map(|(_, [bought, returned, ..])| net(bought, returned));
    let are_powers_known = total_w == Some(0.0) || powers.iter().flatten().any(|power_w| *power_w != 0.0);
    for ((channel, [_, _, voltage, current, bought, returned]), power_w) in PHASES.into_iter().zip(powers) {
        if number(voltage) == Some(0.0) {
            continue;
        }
        let channel = Some(channel);
        channels.set(channel, Quantity::Power, power_w.filter(|_| are_powers_known));
        channels.set(channel, Quantity::Voltage, number(voltage));
        channels.set(channel, Quantity::Current, number(current));
        channels.set(channel, Quantity::Energy, kilo(positive(bought)));
        channels.set(channel, Quantity::EnergyExport, kilo(positive(returned)));
    }
    channels
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{check, check_by, decoder};

    #[test]
    fn the_classic_message() {
        check(
            "house/han",
            r#"{"id":"00:11","name":"han-7","up":90,"t":1790000000,"vcc":3.3,"rssi":-60,"temp":20,
                "data":{"lv":"X","P":420,"Q":0,"PO":0,"QO":0,"I1":1.5,"I2":0,"I3":0,"U1":231.5,"U2":0,"U3":0,"tPI":12.5,"tPO":0.5},
                "realtime":{"h":0.1,"d":2,"t":5}}"#,
            "ams: han-7 total power_w=420 energy_wh=12500 energy_export_wh=500 stamp=2026-09-21T14:13:20Z
             ams: han-7 l1 voltage_v=231.5 current_a=1.5 stamp=2026-09-21T14:13:20Z",
        );
        check(
            "house/han",
            r#"{"id":"00:11","name":"","up":90,"t":0,"vcc":3.3,"rssi":-60,"temp":20,"data":{"P":420}}"#,
            "ams: han total power_w=420",
        );
        check("house/han", r#"{"P":420}"#, "unknown");
        check(
            "house/han",
            r#"{"prices":{"0":1.5},"rssi":-60,"up":9}"#,
            "unknown",
        );
        check("house/han", r#"{"up":1,"rssi":-60,"tPI":"#, "ams: malformed");
    }

    #[test]
    fn several_topics() {
        let mut decoder = decoder();
        for (topic, payload, expected) in [
            ("han/status", "online", "esphome: han is online"),
            ("han/power", r#"{"P":300}"#, "unknown"),
            (
                "han/power",
                r#"{"P":0,"P1":0,"P2":0,"P3":0,"PO":50,"PO1":0,"PO2":0,"PO3":0,"U1":230,"tPI1":0,"t":"2026-09-21T14:13:20Z"}"#,
                "ams: han total power_w=-50 stamp=2026-09-21T14:13:20Z
                 ams: han l1 voltage_v=230 stamp=2026-09-21T14:13:20Z",
            ),
            (
                "han/power",
                r#"{"P":0,"P1":70,"PO":20,"PO1":0,"P2":0,"PO2":90}"#,
                "ams: han total power_w=-20
                 ams: han l1 power_w=70
                 ams: han l2 power_w=-90",
            ),
            ("han/power", r#"{"P":0}"#, "ams: not a reading"),
            ("han/power", r#"{"P":300}"#, "ams: han total power_w=300"),
            ("han", r#"{"prices":{"0":1.5}}"#, "ams: not a reading"),
            ("han/other", r#"{"P":300}"#, "unknown"),
            ("han/power", r#"{"P":3,"#, "ams: malformed"),
            ("han/energy", r#"{"tPI":0,"tPO":0,"rtc":0}"#, "ams: not a reading"),
            (
                "han/energy",
                r#"{"tPI":10.5,"tPO":0,"rtc":0}"#,
                "ams: han total energy_wh=10500 energy_export_wh=0",
            ),
            (
                "han/realtime",
                r#"{"peaks":[1],"hour":{"use":1}}"#,
                "ams: not a reading",
            ),
            ("han/status", "offline", "ams: han is offline"),
        ] {
            check_by(&mut decoder, topic, payload, expected);
        }
    }

    #[test]
    fn bare_numbers() {
        let mut decoder = decoder();
        for (topic, payload, expected) in [
            ("import/active", "120", "total power_w=120"),
            ("import/active", "0", "total power_w=0"),
            ("export/active", "35", "total power_w=-35"),
            ("import/active", "0", ""),
            ("import/l2", "20", "l2 power_w=20"),
            ("import/active/accumulated", "5.125", "total energy_wh=5125"),
            ("import/active/accumulated", "0.000", ""),
            ("export/active/accumulated", "0.000", "total energy_export_wh=0"),
            ("l2/voltage", "230.5", "l2 voltage_v=230.5"),
            ("import/active", "nan", ""),
        ] {
            let expected = match expected {
                "" => "ams: not a reading".to_owned(),
                values => format!("ams: han {values}"),
            };
            check_by(&mut decoder, &format!("han/meter/{topic}"), payload, &expected);
        }
        check("han/meter/import/reactive", "5", "unknown");
        check("han/meter/import/active", "x", "ams: malformed");
        check("meter/import/active", "5", "unknown");
    }
}
