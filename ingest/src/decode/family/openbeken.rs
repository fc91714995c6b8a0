//! OpenBeken (OpenBK7231T): `<client>/{power|voltage|current|energycounter}/get`, bare numbers.
//!
//! Documented in `docs/mqttTopics.md` and `src/driver/drv_bl_shared.c` of
//! <https://github.com/openshwprojects/OpenBK7231T_App>. The counters are Wh; with flag 40 they are kWh and the topic does
//! not say so: map such a device. An empty payload is somebody asking. Numbers as names are relays. What a device says
//! in the shape of Tasmota is read by that family.

use super::super::collect::Quantity;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare, is_online};

/// What is read of a device that meters.
const VARIABLES: [(&str, Quantity); 5] = [
    ("power", Quantity::Power),
    ("voltage", Quantity::Voltage),
    ("current", Quantity::Current),
    ("energycounter", Quantity::Energy),
    ("energycounter_generation", Quantity::EnergyExport),
];
/// Further variables begin so.
const OTHERS: [&str; 5] = ["power_", "energycounter_", "frequency", "rssi", "led_"];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "openbeken",
    title: "OpenBeken",
    begin,
    reads: "<client>/{power|voltage|current|energycounter|energycounter_generation}/get, one load; availability of \
            <client>/connected",
    leaves_out: &[
        "registers of devices with flag 40 (kWh): nothing in the message tells them from Wh; map them",
        "sums of the hour and of days",
        "channels with numbers as names, whatever the user has put there",
        "apparent and reactive power, power factor, frequency",
    ],
    evidence: Evidence::Messages,
    samples: &[
        ("kiosk-plug/energycounter/get", b"900.5"),
        ("kiosk-plug/energycounter_generation/get", b"12"),
        ("kiosk-plug/energycounter_today/get", b"12"),
        ("kiosk-plug/138/get", b"50.02"),
        ("kiosk-plug/connected", b"offline"),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let (what, meter) = (input.level(1), input.level(2));
    let is_will = |text: &str| text.eq_ignore_ascii_case("online") || text.eq_ignore_ascii_case("offline");
    if input.level(0) == "connected" && is_will(input.text()) {
        return Some(Outcome::availability(what, is_online(input.text())?));
    }
    if input.level(0) != "get" || meter.is_empty() {
        return None;
    }
    if let Some((_, quantity)) = VARIABLES.iter().find(|(name, _)| *name == what) {
        return Some(bare(input, meter, None, *quantity, 1.0));
    }
    let is_known = OTHERS.iter().any(|start| what.starts_with(start)) || what.parse::<u8>().is_ok();
    is_known.then(|| Outcome::silent("OpenBeken: a relay, or a value that is not used"))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn variables() {
        check(
            "kiosk-plug/power/get",
            "12.5",
            "openbeken: kiosk-plug - power_w=12.5",
        );
        check(
            "a/kiosk-plug/energycounter/get",
            "900.5",
            "openbeken: kiosk-plug - energy_wh=900.5",
        );
        check(
            "kiosk-plug/energycounter_today/get",
            "900",
            "openbeken: not a reading",
        );
        check("kiosk-plug/1/get", "1", "openbeken: not a reading");
        check("kiosk-plug/power/get", "", "not a reading");
        check("kiosk-plug/power/get", "?", "openbeken: malformed");
        check(
            "kiosk-plug/connected",
            "online",
            "openbeken: kiosk-plug is online",
        );
        check(
            "kiosk-plug/energycounter_generation/get",
            "12",
            "openbeken: kiosk-plug - energy_export_wh=12",
        );
        check("kiosk-plug/power_apparent/get", "9", "openbeken: not a reading");
        check("kiosk-plug/138/get", "50.02", "openbeken: not a reading");
        check(
            "kiosk-plug/connected",
            "offline",
            "openbeken: kiosk-plug is offline",
        );
        check("kiosk-plug/connected", "2", "unknown");
        check("kiosk-plug/mood/get", "1", "unknown");
    }
}
