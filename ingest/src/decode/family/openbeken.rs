//! OpenBeken (OpenBK7231T): `<client>/{power|voltage|current|energycounter}/get`, bare numbers.
//!
//! Documented in `docs/mqttTopics.md` of <https://github.com/openshwprojects/OpenBK7231T_App>. The counter is Wh; with
//! flag 40 it is kWh and the topic does not say so: map such a device. An empty payload is somebody asking. Numbers as
//! names are relays.

use super::super::collect::Quantity;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare, is_online};

const OTHERS: [&str; 5] = [
    "power_apparent",
    "power_reactive",
    "power_factor",
    "frequency",
    "rssi",
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "openbeken",
    title: "OpenBeken",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[("kiosk-plug/energycounter/get", b"900.5")],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let (what, meter) = (input.level(1), input.level(2));
    if input.level(0) == "connected" && input.text().eq_ignore_ascii_case("online") {
        return Some(Outcome::availability(what, is_online(input.text())?));
    }
    if input.level(0) != "get" || meter.is_empty() {
        return None;
    }
    let quantity = match what {
        "power" => Quantity::Power,
        "voltage" => Quantity::Voltage,
        "current" => Quantity::Current,
        "energycounter" => Quantity::Energy,
        _ => {
            let is_known =
                OTHERS.contains(&what) || what.starts_with("energycounter_") || what.parse::<u8>().is_ok();
            return is_known.then(|| Outcome::silent("OpenBeken: a relay, or a value that is not used"));
        }
    };
    Some(bare(input, meter, None, quantity, 1.0))
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
        check("kiosk-plug/mood/get", "1", "unknown");
    }
}
