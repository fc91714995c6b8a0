//! SUPLA electricity meters: `<prefix>/supla/devices/<host>/channels/<n>/state/…` of a device in MQTT mode, and
//! `supla/<account>/devices/<id>/channels/<n>/state/…` of a SUPLA server. Bare numbers.
//!
//! Documented in `docs/mqtt/topics.md` of <https://github.com/SUPLA/supla-device>; the server's topics are alike.
//! `power_active` is W, `voltage` V, `current` A, the registers kWh; below `phases/<p>` they are a phase's, otherwise
//! the sum's. The meter is the device. Its channel 0 is not named; values of another one stand under its number, so
//! that two meters in one device stay apart.

use super::super::collect::Quantity;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare, is_online};

const FIELDS: [(&str, Quantity, f64); 5] = [
    ("power_active", Quantity::Power, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 1.0),
    ("total_forward_active_energy", Quantity::Energy, 1000.0),
    ("total_reverse_active_energy", Quantity::EnergyExport, 1000.0),
];
const NO_VALUE: &str = "SUPLA: not a value of an electricity meter that is used";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "supla",
    title: "SUPLA electricity meters",
    begin,
    reads: "supla/…/devices/<id>/channels/<n>/state/[phases/<p>/]…: power, voltage, current, registers, channels total \
            and l1 to l3 (with the channel's number before them where it is not 0); availability of state/connected",
    leaves_out: &[
        "balanced registers, which another method of counting gives",
        "reactive and apparent power, power factor, phase angle, frequency, cost",
        "channels that are no electricity meters",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        (
            "house/supla/devices/mew-7/channels/0/state/phases/2/power_active",
            b"-120.5",
        ),
        (
            "supla/devices/mew-7/channels/0/state/total_forward_active_energy",
            b"12.5000",
        ),
        (
            "supla/a1/devices/77/channels/12/state/phases/1/voltage",
            b"231.10",
        ),
        ("supla/devices/mew-7/state/connected", b"false"),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let devices = input.position(|level| level == "devices").filter(|at| *at >= 3)?;
    let is_supla = [1, 2]
        .into_iter()
        .any(|above| input.level(devices + above) == "supla");
    let meter = input.level(devices - 1);
    if !is_supla || meter.is_empty() {
        return None;
    }
    let below = input.last(devices - 1);
    if below == "state/connected" {
        return Some(match is_online(input.text()) {
            Some(is_online) => Outcome::availability(meter, is_online),
            None => Outcome::silent(NO_VALUE),
        });
    }
    let mut levels = below.split('/');
    let (Some("channels"), Some(number), Some("state")) = (levels.next(), levels.next(), levels.next())
    else {
        return Some(Outcome::silent(NO_VALUE));
    };
    let (part, name) = match (levels.next(), levels.next(), levels.next()) {
        (Some(name), None, None) => ("total", name),
        (Some("phases"), Some(phase), Some(name)) => match phase {
            "1" => ("l1", name),
            "2" => ("l2", name),
            "3" => ("l3", name),
            _ => return Some(Outcome::silent(NO_VALUE)),
        },
        _ => return Some(Outcome::silent(NO_VALUE)),
    };
    let Some((_, quantity, factor)) = FIELDS.iter().find(|(field, ..)| *field == name) else {
        return Some(Outcome::silent(NO_VALUE));
    };
    let of_other_channel = (number != "0").then(|| format!("{number}/{part}"));
    let channel = of_other_channel.as_deref().unwrap_or(part);
    Some(bare(input, meter, Some(channel), *quantity, *factor))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn channels_and_phases() {
        let device = "house/supla/devices/mew-7";
        for (topic, payload, expected) in [
            (
                "channels/0/state/phases/2/power_active",
                "-120.500",
                "supla: mew-7 l2 power_w=-120.5",
            ),
            (
                "channels/0/state/total_forward_active_energy",
                "12.5000",
                "supla: mew-7 total energy_wh=12500",
            ),
            (
                "channels/3/state/phases/1/total_reverse_active_energy",
                "1",
                "supla: mew-7 3/l1 energy_export_wh=1000",
            ),
            (
                "channels/0/state/total_forward_active_energy_balanced",
                "12.5",
                "supla: not a reading",
            ),
            ("channels/0/state/phases/4/voltage", "230", "supla: not a reading"),
            ("channels/0/state/phases/1/voltage", "", "not a reading"),
            ("channels/0/state/phases/1/voltage", "x", "supla: malformed"),
            ("channels/2/execute_action", "open", "supla: not a reading"),
            ("state/connected", "true", "supla: mew-7 is online"),
            ("state/connected", "?", "supla: not a reading"),
        ] {
            check(&format!("{device}/{topic}"), payload, expected);
        }
        check(
            "supla/a1/devices/77/channels/12/state/phases/3/current",
            "0.5",
            "supla: 77 12/l3 current_a=0.5",
        );
        check("iot/devices/77/channels/0/state/voltage", "5", "unknown");
    }
}
