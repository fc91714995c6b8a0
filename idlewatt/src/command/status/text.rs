//! The status for people.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::now;

/// Incidents shown; `--json` has them all.
const INCIDENTS_MAX: usize = 10;

/// The parts of the account of messages, with what they mean.
const MESSAGES: [(&str, &str); 6] = [
    ("received", "deliveries, of which at QoS 0: {qos0}"),
    ("stored", "analyzed, findings in the log"),
    ("duplicates", "delivered again, already in the journal"),
    (
        "quarantined",
        "could not be read; `idlewatt quarantine list` shows them",
    ),
    ("waiting", "in the journal, not analyzed yet"),
    ("lost", "gone before they were analyzed"),
];

pub(super) fn write(status: &Value, out: &mut dyn Write) -> io::Result<()> {
    let zone = status["zone"].as_str().and_then(|name| TimeZone::get(name).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let verdict = if status["ok"] == Value::Bool(true) {
        "all is well"
    } else {
        "something is wrong"
    };
    writeln!(
        out,
        "{} at {}: {verdict}",
        word(&status["site"]),
        local(&status["now"], &zone)
    )?;
    now::running(status, &zone, out)?;
    problems(&status["problems"], out)?;
    now::devices(&status["devices"], &zone, out)?;
    now::alerts(&status["alerts"], &zone, out)?;
    now::brokers(&status["brokers"], out)?;
    messages(&status["messages"], out)?;
    if let Some(rebuild) = status["rebuild"].as_object() {
        let percent = rebuild["fraction"].as_f64().unwrap_or(0.0) * 100.0;
        let since = local(&rebuild["since"], &zone);
        writeln!(
            out,
            "\nThe past since {since} is being analyzed again: {percent:.0} %"
        )?;
    }
    sinks(&status["sinks"], &zone, out)?;
    channels(&status["channels"], &zone, out)?;
    incidents(&status["incidents"], &zone, out)
}

fn messages(messages: &Value, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nMessages since the journal was begun")?;
    for (place, (key, says)) in MESSAGES.iter().enumerate() {
        let sign = ["  ", "= ", "+ ", "+ ", "+ ", "+ "][place];
        let says = says.replace("{qos0}", &count(&messages["received_qos0"]));
        writeln!(out, "  {sign}{:>14} {key:<12} {says}", count(&messages[key]))?;
    }
    match messages["unexplained"].as_u64() {
        Some(0) => writeln!(out, "  The account balances.")?,
        _ => writeln!(
            out,
            "  The account does not balance: {} messages are not explained.",
            count(&messages["unexplained"])
        )?,
    }
    writeln!(
        out,
        "  Apart: {} dropped at QoS 0, {} sessions forgotten by a broker",
        count(&messages["qos0_dropped"]),
        count(&messages["sessions_lost"])
    )
}

fn sinks(sinks: &Value, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\nFindings by sink\n  {:<20} {:>12} {:>12} {:>9} {:>10} {:>9} {:>10}  delivered until",
        "sink", "all", "= written", "+ refused", "+ left out", "+ skipped", "+ waiting"
    )?;
    for sink in sinks.as_array().into_iter().flatten() {
        writeln!(
            out,
            "  {:<20} {:>12} {:>12} {:>9} {:>10} {:>9} {:>10}  {}",
            word(&sink["name"]),
            count(&sink["findings"]),
            count(&sink["written"]),
            count(&sink["refused"]),
            count(&sink["left_out"]),
            count(&sink["skipped"]),
            count(&sink["waiting"]),
            local(&sink["delivered_until"], zone)
        )?;
        if let Some(error) = sink["error"].as_str() {
            writeln!(out, "    {}", printable(error))?;
        }
    }
    Ok(())
}

fn channels(channels: &Value, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    let channels = channels.as_array().map_or(&[][..], Vec::as_slice);
    if channels.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\nAlerts by channel\n  {:<20} {:<14} {:<9} {:>9} {:>9} {:>9}  sent last",
        "channel", "kind", "state", "sent", "failed", "waiting"
    )?;
    for channel in channels {
        writeln!(
            out,
            "  {:<20} {:<14} {:<9} {:>9} {:>9} {:>9}  {}",
            word(&channel["name"]),
            word(&channel["kind"]),
            word(&channel["state"]),
            count(&channel["sent"]),
            count(&channel["failed"]),
            count(&channel["waiting"]),
            local(&channel["sent_at"], zone)
        )?;
        if let Some(error) = channel["error"].as_str() {
            writeln!(out, "    {}", printable(error))?;
        }
    }
    Ok(())
}

fn problems(problems: &Value, out: &mut dyn Write) -> io::Result<()> {
    let problems = problems.as_array().map_or(&[][..], Vec::as_slice);
    if problems.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWrong now")?;
    for problem in problems {
        writeln!(out, "  {}: {}", word(&problem["where"]), word(&problem["what"]))?;
        writeln!(out, "    {}", word(&problem["mend"]))?;
    }
    Ok(())
}

fn incidents(incidents: &Value, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    let incidents = incidents.as_array().map_or(&[][..], Vec::as_slice);
    if incidents.is_empty() {
        return writeln!(out, "\nNothing was lost.");
    }
    writeln!(out, "\nLost, or nearly (newest first)")?;
    for incident in incidents.iter().take(INCIDENTS_MAX) {
        let (at, place) = (local(&incident["at"], zone), word(&incident["where"]));
        writeln!(
            out,
            "  {at}  {place}: {} ({} lost)",
            word(&incident["what"]),
            count(&incident["lost"])
        )?;
        writeln!(out, "    {}", word(&incident["mend"]))?;
    }
    Ok(())
}

/// What comes from a server may hold anything: a terminal gets only what can be shown.
pub(in crate::command) fn printable(text: &str) -> String {
    text.chars()
        .map(|one| if one.is_control() { '\u{fffd}' } else { one })
        .collect()
}

pub(super) fn word(value: &Value) -> String {
    printable(value.as_str().unwrap_or_default())
}

pub(super) fn local(value: &Value, zone: &TimeZone) -> String {
    let at: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
    at.map_or_else(
        || "-".to_owned(),
        |at| {
            at.to_zoned_datetime(zone.clone())
                .strftime("%Y-%m-%d %H:%M:%S %Z")
                .to_string()
        },
    )
}

/// Thousands in groups.
fn count(value: &Value) -> String {
    let digits = value.as_u64().unwrap_or(0).to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_are_grouped_times_are_local_and_controls_stay_out_of_the_terminal() {
        assert_eq!(count(&json!(1_204_332)), "1 204 332");
        assert_eq!(count(&json!(12)), "12");
        let zone = TimeZone::get("Europe/Zurich").expect("it is bundled");
        assert_eq!(
            local(&json!("2026-11-27T12:00:00Z"), &zone),
            "2026-11-27 13:00:00 CET"
        );
        assert_eq!(printable("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
    }

    #[test]
    fn what_is_wrong_and_what_was_lost_is_said_with_its_mend() {
        let status = json!({
            "ok": false, "now": "2026-11-27T12:00:00Z", "site": "St. Anna", "zone": "Europe/Zurich",
            "messages": {"received": 10, "stored": 8, "unexplained": 1},
            "sinks": [{"name": "influx", "findings": 5, "waiting": 5, "error": "no connection"}],
            "problems": [{"what": "no connection", "where": "sink influx", "mend": "start it"}],
            "incidents": [{"at": "2026-11-27T11:00:00Z", "where": "broker ward", "what": "forgotten", "lost": 0, "mend": "persistence true"}],
            "rebuild": {"since": "2026-11-26T23:00:00Z", "fraction": 0.5}
        });
        let mut out = Vec::new();
        write(&status, &mut out).expect("memory grows");
        let text = String::from_utf8(out).expect("text");
        for wanted in [
            "St. Anna at 2026-11-27 13:00:00 CET: something is wrong",
            "1 messages are not explained",
            "sink influx: no connection\n    start it",
            "broker ward: forgotten (0 lost)\n    persistence true",
            "since 2026-11-27 00:00:00 CET is being analyzed again: 50 %",
        ] {
            assert!(text.contains(wanted), "{wanted}\nis not in\n{text}");
        }
    }
}
