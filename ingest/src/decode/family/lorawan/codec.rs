//! The known codecs, told apart by their fields.
//!
//! | Codec | Fields | Source |
//! |---|---|---|
//! | Milesight WS plugs | `active_power` W, `power_consumption` Wh, `voltage` V, `current` mA | <https://github.com/Milesight-IoT/SensorDecoders> |
//! | Milesight CT | `current` or `current_chn<n>` A | the same |
//! | Yobiiq EM | `activePowerL1` W, `currentL1` mA, `activeEnergyImportL123T1` Wh | <https://github.com/thingsboard/data-converters> |
//! | Netvox R718N | `Current<n>` mA, times `Multiplier<n>` where the codec states it | <https://github.com/TheThingsNetwork/lorawan-devices> |

use super::super::super::collect::{Channels, Quantity};
use super::super::super::json::Value;
use super::{Fields, take};

/// Milesight's plugs; the current apart, see [`plug`].
const PLUG: Fields<'_> = &[
    ("active_power", Quantity::Power, 1.0),
    ("power_consumption", Quantity::Energy, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
];
/// Yobiiq's names, without the phase.
const YOBIIQ: [(&str, Quantity, f64); 3] = [
    ("activePower", Quantity::Power, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 0.001),
];
const REGISTERS: [(&str, Quantity); 2] = [
    ("activeEnergyImport", Quantity::Energy),
    ("activeEnergyExport", Quantity::EnergyExport),
];
const PHASES: [(&str, &str); 7] = [
    ("L123", "total"),
    ("L1", "l1"),
    ("L2", "l2"),
    ("L3", "l3"),
    ("L1N", "l1"),
    ("L2N", "l2"),
    ("L3N", "l3"),
];
const NETVOX: [(&str, &str, Option<&str>); 4] = [
    ("Current", "Multiplier", None),
    ("Current1", "Multiplier1", Some("1")),
    ("Current2", "Multiplier2", Some("2")),
    ("Current3", "Multiplier3", Some("3")),
];
/// How a clamp says that it could not be read.
const FAILED: &str = "read failed";
/// Fields of known codecs that are no readings: a frame of them alone is nothing to map.
const OTHERS: [&str; 14] = [
    "total_current",
    "current_alarm",
    "current_max",
    "current_sensor_status",
    "socket_status",
    "power_factor",
    "temperature",
    "battery",
    "device_status",
    "firmware_version",
    "Volt",
    "SWver",
    "history",
    "relaySwitchingOffReason",
];

/// Netvox's multipliers, which come in frames of their own.
pub(super) type Multipliers = [Option<f64>; NETVOX.len()];

/// Takes what a known codec's object states; whether it is one.
pub(super) fn take_all(
    channels: &mut Channels<'_>,
    object: Value<'_>,
    multipliers: &mut Multipliers,
) -> bool {
    if object.get("active_power").is_some() || object.get("power_consumption").is_some() {
        plug(channels, object);
        return true;
    }
    if object.entries().any(|(key, _)| is_yobiiq(key)) {
        phases(channels, object);
        return true;
    }
    netvox(channels, object, multipliers) || clamps(channels, object)
}

/// Whether a frame is a known codec's, although it states no reading.
pub(super) fn is_known(object: Value<'_>) -> bool {
    object.entries().any(|(key, _)| {
        OTHERS.contains(&key)
            || is_yobiiq(key)
            || key.starts_with("current_chn")
            || key.starts_with("Multiplier")
            || key.ends_with("_sumkwh")
    })
}

/// What a frame says of a sensor that could not be read: the field.
pub(super) fn failure<'d>(object: Value<'d>) -> Option<&'d str> {
    let says = |value: Value<'_>| {
        value.text() == Some(FAILED) || value.items().any(|item| item.text() == Some(FAILED))
    };
    let mut entries = object.entries();
    entries.find_map(|(key, value)| (key.starts_with("current") && says(value)).then_some(key))
}

/// Milliampere, unless the power would then be more than voltage times current: other makers use the same names for
/// ampere.
fn plug(channels: &mut Channels<'_>, object: Value<'_>) {
    take(channels, None, object, PLUG);
    let value = |key| object.get(key).and_then(Value::number);
    let current_a = value("current").map(|current_ma| current_ma / 1000.0);
    let is_possible = match (value("active_power"), value("voltage"), current_a) {
        (Some(power_w), Some(voltage_v), Some(current_a)) => {
            power_w.abs() <= voltage_v * current_a.abs() * 1.2 + 5.0
        }
        _ => true,
    };
    channels.set(None, Quantity::Current, current_a.filter(|_| is_possible));
}

/// `current`, or `current_chn<n>`; whether there is one.
fn clamps(channels: &mut Channels<'_>, object: Value<'_>) -> bool {
    let mut is_clamp = false;
    for (key, value) in object.entries() {
        let channel = match key {
            "current" => None,
            _ => match key
                .strip_prefix("current_")
                .filter(|channel| is_numbered(channel))
            {
                Some(channel) => Some(channel),
                None => continue,
            },
        };
        is_clamp = true;
        channels.set(channel, Quantity::Current, value.number());
    }
    is_clamp
}

fn is_numbered(channel: &str) -> bool {
    let number = channel.strip_prefix("chn");
    number.is_some_and(|number| number.parse::<u8>().is_ok())
}

/// A codec that states multipliers has not applied them; one that states none has. Whether it is Netvox's.
fn netvox(channels: &mut Channels<'_>, object: Value<'_>, multipliers: &mut Multipliers) -> bool {
    let number = |key| object.get(key).and_then(Value::number);
    let mut is_netvox = false;
    let is_raw = object.entries().any(|(key, _)| key.starts_with("Multiplier"));
    for (place, (current, multiplier, channel)) in multipliers.iter_mut().zip(NETVOX) {
        *place = number(multiplier).or(*place);
        // Without multiplier or battery voltage a current of such a name is anybody's.
        let is_own = is_raw || channel.is_some() && object.get("Volt").is_some();
        if let Some(current_ma) = number(current).filter(|_| is_own) {
            is_netvox = true;
            let factor = if is_raw { *place } else { Some(1.0) };
            let current_a = factor.map(|factor| current_ma * factor / 1000.0);
            channels.set(channel, Quantity::Current, current_a);
        }
    }
    is_netvox || is_raw
}

fn phases(channels: &mut Channels<'_>, object: Value<'_>) {
    for (key, value) in object.entries() {
        if let Some((quantity, factor, channel)) = yobiiq(key) {
            let value = value.number().map(|value| value * factor);
            channels.set(Some(channel), quantity, value);
        }
    }
    // A register by tariff is one register: both or none.
    for (name, quantity) in REGISTERS {
        for (phase, channel) in PHASES {
            let number = |tariff| {
                let value = object.get(&format!("{name}{phase}{tariff}"));
                value.and_then(Value::number)
            };
            let both_wh = number("T1")
                .zip(number("T2"))
                .map(|(first_wh, second_wh)| first_wh + second_wh);
            channels.set(Some(channel), quantity, number("").or(both_wh));
        }
    }
}

fn is_yobiiq(key: &str) -> bool {
    yobiiq(key).is_some() || REGISTERS.iter().any(|(name, _)| key.starts_with(name))
}

fn yobiiq(key: &str) -> Option<(Quantity, f64, &'static str)> {
    YOBIIQ.iter().find_map(|(name, quantity, factor)| {
        let phase = key.strip_prefix(name)?;
        let (_, channel) = PHASES.iter().find(|(suffix, _)| *suffix == phase)?;
        Some((*quantity, *factor, *channel))
    })
}
