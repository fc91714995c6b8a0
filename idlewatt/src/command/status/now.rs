//! What is true just now: the program, devices, open alerts, brokers.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use serde_json::Value;

use super::text::{local, word};

/// Which program, and for how long it has been running.
pub(super) fn running(status: &Value, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    let version = word(&status["version"]);
    let at = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let Some(started) = at(&status["started"]) else {
        return writeln!(out, "idlewatt {version}");
    };
    // a played service tells another time than the one it was started at
    let up = at(&status["now"]).map(|now| now.duration_since(started));
    let up = up
        .filter(|up| up.is_positive())
        .and_then(|up| up.round(Unit::Minute).ok());
    let up = up.map_or_else(String::new, |up| format!(", up {up:#}"));
    writeln!(
        out,
        "idlewatt {version}, started {}{up}",
        local(&status["started"], zone)
    )
}

/// Each device: what it does, since when, its power, and what is the matter with it.
pub(super) fn devices(devices: &Value, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    let devices = devices.as_array().map_or(&[][..], Vec::as_slice);
    writeln!(
        out,
        "\nDevices\n  {:<20} {:<9} {:>10}  {:<24} room",
        "device", "state", "power", "since"
    )?;
    for device in devices {
        let power = device["power_w"].as_f64();
        let power = power.map_or_else(|| "-".to_owned(), |power_w| format!("{power_w:.0} W"));
        let alert = match device["has_open_alert"] == Value::Bool(true) {
            true => "  ALERT",
            false => "",
        };
        let fault = device["meter_fault"].as_str().map_or_else(String::new, |_| {
            format!("  meter: {}", word(&device["meter_fault"]))
        });
        writeln!(
            out,
            "  {:<20} {:<9} {power:>10}  {:<24} {}{alert}{fault}",
            word(&device["id"]),
            word(&device["state"]),
            local(&device["since"], zone),
            word(&device["room"]),
        )?;
    }
    if devices.is_empty() {
        writeln!(
            out,
            "  none is configured; `idlewatt discover` lists the meters on a broker"
        )?;
    }
    Ok(())
}

/// Open alerts, newest first.
pub(super) fn alerts(alerts: &Value, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    let Some(alerts) = alerts.as_array() else {
        return writeln!(out, "\nAlerts: the history cannot be read just now.");
    };
    if alerts.is_empty() {
        return writeln!(out, "\nNo alert is open.");
    }
    writeln!(out, "\nOpen alerts")?;
    for alert in alerts {
        writeln!(
            out,
            "  {:<8} {:<26} {:<20} {:<12} since {}  {}",
            word(&alert["severity"]),
            word(&alert["rule"]),
            word(&alert["device"]),
            word(&alert["phase"]),
            local(&alert["since"], zone),
            word(&alert["detail"]),
        )?;
    }
    Ok(())
}

/// Brokers, connected or not.
pub(super) fn brokers(brokers: &Value, out: &mut dyn Write) -> io::Result<()> {
    let brokers = brokers.as_array().map_or(&[][..], Vec::as_slice);
    let words: Vec<String> = brokers
        .iter()
        .map(|broker| match broker["is_up"] == Value::Bool(true) {
            true => format!("{} is connected", word(&broker["name"])),
            false => format!("{} is NOT connected", word(&broker["name"])),
        })
        .collect();
    if words.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nBrokers: {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("memory grows");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn devices_alerts_and_brokers_are_said_in_local_time() {
        let zone = TimeZone::get("Europe/Zurich").expect("it is bundled");
        let devices_json = json!([{ "id": "ct-1", "state": "idle", "power_w": 2612.4, "since": "2026-11-27T18:00:00Z",
            "room": "CT room 1", "has_open_alert": true, "meter_fault": null }]);
        let text = said(|out| devices(&devices_json, &zone, out));
        assert!(
            text.contains(
                "ct-1                 idle          2612 W  2026-11-27 19:00:00 CET  CT room 1  ALERT"
            ),
            "{text}"
        );
        let alert = json!([{ "severity": "warning", "rule": "overnight_idle", "device": "ct-1", "phase": "raised",
            "since": "2026-11-27T18:00:00Z", "detail": "" }]);
        let text = said(|out| alerts(&alert, &zone, out));
        assert!(
            text.contains("overnight_idle") && text.contains("19:00:00 CET"),
            "{text}"
        );
        let both = json!([{ "name": "main", "is_up": true }, { "name": "ward", "is_up": false }]);
        let text = said(|out| brokers(&both, out));
        assert_eq!(text, "\nBrokers: main is connected, ward is NOT connected\n");
        let status =
            json!({ "version": "1.2.3", "started": "2026-11-27T12:00:00Z", "now": "2026-11-27T14:30:00Z" });
        let text = said(|out| running(&status, &zone, out));
        assert_eq!(
            text,
            "idlewatt 1.2.3, started 2026-11-27 13:00:00 CET, up 2h 30m\n"
        );
    }
}
