//! Names and payloads of somebody who wishes us ill, through the whole: broker, journal, analyzer, database, page, metrics,
//! log, our own topics. Each stays what it is: one point, one line, one label, text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Context;
use serde_json::Value;
use tests::account::Metrics;
use tests::idlewatt::{Idlewatt, WITHIN, influx_sink};
use tests::influxd::Influxd;
use tests::mosquitto::Mosquitto;
use tests::pipeline::{DATABASE, start_broker, whole};
use tests::publisher::{Outgoing, publish};

use super::{ROOM, reading};

/// Meters' names, as levels of topics. A broker lets no control characters through.
const METERS: [&str; 9] = [
    r"a,b=c d=1i 99",
    r#"x" 1i 99,power=2"#,
    r"<img src=x onerror=alert(1)>",
    r#""} 1
idlewatt_forged{a=""#,
    r"trailing\",
    r"{{7*7}}${HOME}%n%s'; DROP DATABASE idlewatt; --",
    "\u{202e}gulp\u{2066}\u{200f}",
    "\u{1F4A3}\u{FEFF}é",
    "&lt;b&gt; &amp;",
];

/// What people might be made to write as the name of a device and its room.
const NAMES: [&str; 9] = [
    "CT 1\n2026-11-27T10:00:00Z  INFO forged",
    "\u{1b}[2J\u{1b}[31mred\u{7}",
    "<script>alert(1)</script>",
    "'\"><svg onload=alert(1)>",
    "a,b=c d=1i 99\\",
    "\"} 1\nidlewatt_forged{a=\"",
    "\u{202e}1 TC",
    "\u{0}nul\u{85}\u{2028}",
    "</title><meta http-equiv=refresh content='0;url=//evil.example'>",
];

fn meters() -> impl Iterator<Item = String> {
    METERS.iter().map(|name| name.replace(char::is_control, " "))
}

/// A TOML string of any text.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => drop(write!(quoted, "\\u{:04X}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

fn configuration(broker: &Mosquitto, influx: &Influxd) -> String {
    let mut text = ROOM.to_owned();
    for (number, (meter, name)) in meters().zip(NAMES).enumerate() {
        let (meter, name) = (quoted(&meter), quoted(name));
        let _ = write!(
            text,
            "[[device]]\nid = \"d{number}\"\nname = {name}\nroom = {name}\nmodality = \"ct\"\nmeter = {meter}\n"
        );
    }
    let url = broker.url();
    text + &format!("[[broker]]\nname = \"main\"\nurl = \"{url}\"\n[publish]\nenabled = true\n")
        + &influx_sink(&influx.url())
}

fn hostile_payloads() -> Vec<Outgoing> {
    let deep = "[".repeat(100_000);
    let deep_objects = "{\"ENERGY\":".repeat(20_000);
    let mut messages: Vec<Outgoing> = [
        &b"\xff\xfe\x00\x1b[31m"[..],
        b"{\"ENERGY\":{\"Power\":\"1\\n2\"}}\n\x00{",
        b"{\"ENERGY\":{\"Power\":1e999,\"Total\":-1}}",
        b"{\"ENERGY\":{\"Power\":NaN}}",
        b"{\"ENERGY\":{\"Power\":[[[[1]]]],\"Total\":{}}}",
        "{\"ENERGY\":{\"\u{202e}Power\":5,\"<b>\":\"\\u0000\\ud800\"}}".as_bytes(),
        deep.as_bytes(),
        deep_objects.as_bytes(),
        &vec![b'9'; 300 * 1024],
    ]
    .into_iter()
    .map(|payload| Outgoing::new("tele/plug/SENSOR", payload))
    .collect();
    let discovery = r#"{"name":"<img src=x>\n\u001b[31m\u202e","unique_id":"a,b=c \"} 1\n","state_topic":"s/\u0000t","unit_of_measurement":"W","device_class":"power","device":{"name":"\u001b]0;x\u0007"}}"#;
    for (topic, payload) in [
        ("homeassistant/sensor/x/config", discovery),
        ("spBv1.0/g/NDATA/n", "\u{8}\u{96}\u{1}\u{ff}"),
        (
            "idlewatt/act",
            r#"{"act":"acknowledge","rule":"a\n<b>","device":"ct-1","by":"\u001b[31m\n<script>"}"#,
        ),
        ("idlewatt/act", "{\"act\":\"\u{1b}\""),
        ("nobody/knows/<this>", "\u{1b}[31m"),
    ] {
        messages.push(Outgoing::new(topic, payload));
    }
    messages.push(Outgoing::new(
        format!("tele/{}/SENSOR", "l".repeat(60_000)),
        "{\"ENERGY\":{\"Power\":7}}",
    ));
    messages.push(Outgoing::new("deep/".repeat(150) + "end", "7"));
    messages
}

fn is_clean(text: &str) -> bool {
    let turns =
        |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}');
    !text.chars().any(|letter| letter.is_control() || turns(letter))
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_payloads_stay_what_they_are() -> anyhow::Result<()> {
    let (broker, influx) = (start_broker().await?, Influxd::start(false).await?);
    influx.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
    let mut idlewatt = Idlewatt::prepare(&configuration(&broker, &influx))?;
    idlewatt.set_environment("RUST_LOG", "debug");
    idlewatt.restart().await?;
    idlewatt.until_connected("main").await?;
    let power = |number: usize| 100 + number;
    let from_meters = meters().enumerate().map(|(number, meter)| {
        let payload = format!(r#"{{"ENERGY":{{"Power":{}}}}}"#, power(number));
        Outgoing::new(format!("tele/{meter}/SENSOR"), payload)
    });
    let mut messages: Vec<Outgoing> = from_meters.collect();
    messages.extend(hostile_payloads());
    messages.push(reading(4_242));
    let sent = messages.len() as u64;
    publish(broker.port(), messages).await?;
    let through = |metrics: &Metrics| whole(metrics.account().journalled) >= sent && metrics.is_drained();
    let metrics = idlewatt.until("through", WITHIN, through).await?;
    let account = metrics.account();
    assert!(account.is_balanced(), "{account}");
    assert!(account.quarantined >= 5.0, "{account}");

    look_at_the_database(&influx).await?;
    look_at_the_page(&idlewatt).await?;
    look_at_the_metrics(&idlewatt.get("/metrics").await?.1);
    idlewatt
        .until_json("/api/devices", "the last reading", |devices| {
            devices[0]["power_w"].as_f64() == Some(4_242.0)
        })
        .await?;
    look_at_our_topics(&broker).await?;
    assert_eq!(idlewatt.stop().await?.code(), Some(0));
    let log = idlewatt.log();
    assert!(log.contains("poison message"), "the long one is said");
    for line in log.lines() {
        assert!(
            line.starts_with("20") && line.contains('Z'),
            "a forged line: {line:?}"
        );
        assert!(is_clean(line), "{line:?}");
    }
    Ok(())
}

/// Each reading is one point of its device; nothing else has come in.
async fn look_at_the_database(influx: &Influxd) -> anyhow::Result<()> {
    let measurements = influx.query(DATABASE, "SHOW MEASUREMENTS").await?;
    for row in measurements.iter().flat_map(tests::influxd::Series::rows) {
        let name = row[0].as_str().context("a name")?;
        assert!(
            name.chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_'),
            "{name:?}"
        );
    }
    let points = influx
        .query(DATABASE, "SELECT power_w FROM power GROUP BY device")
        .await?;
    let mut seen = BTreeSet::new();
    for series in &points {
        let device = series.tag("device").context("a device")?.to_owned();
        if let Some(number) = device.strip_prefix('d') {
            let number: u32 = number.parse()?;
            let rows = series.rows();
            assert_eq!(rows.len(), 1, "{device}: {rows:?}");
            assert_eq!(rows[0][1].as_f64(), Some(f64::from(100 + number)), "{device}");
        }
        seen.insert(device);
    }
    assert_eq!(seen.len(), METERS.len() + 1, "{seen:?}");
    let values = influx.query(DATABASE, "SHOW TAG VALUES WITH KEY =~ /.*/").await?;
    for row in values.iter().flat_map(tests::influxd::Series::rows) {
        let text = row[1].as_str().context("a tag's value")?;
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    Ok(())
}

/// Text from outside is text: no element, no attribute, no script of somebody else.
async fn look_at_the_page(idlewatt: &Idlewatt) -> anyhow::Result<()> {
    let mut pages = vec!["/".to_owned(), "/alerts".to_owned(), "/pipeline".to_owned()];
    pages.extend((0..METERS.len()).map(|number| format!("/device/d{number}")));
    for path in pages {
        let (status, html) = idlewatt.get(&path).await?;
        assert_eq!(status, 200, "{path}");
        for element in [
            "<img src=x",
            "<script>",
            "<svg onload",
            "<meta http-equiv=refresh",
            "<this>",
            "onerror=alert(1)>",
        ] {
            assert!(!html.contains(element), "{path} has {element}");
        }
        assert!(
            !html
                .chars()
                .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')),
            "{path}"
        );
    }
    for path in [
        "/api/devices",
        "/api/summary",
        "/api/alerts",
        "/api/kpi",
        "/health",
    ] {
        let json: Value = idlewatt.json(path).await?;
        assert!(!json.is_null(), "{path}");
    }
    let devices = idlewatt.json("/api/devices").await?;
    for (number, name) in NAMES.iter().enumerate() {
        assert_eq!(devices[number + 1]["name"], **name, "as it was written");
    }
    Ok(())
}

/// Every line is a comment of ours or one series of ours.
fn look_at_the_metrics(text: &str) {
    for line in text.lines() {
        assert!(is_clean(line), "{line:?}");
        let is_ours = line.starts_with("# ") || line.starts_with("idlewatt_");
        assert!(is_ours && !line.starts_with("idlewatt_forged"), "{line:?}");
        if line.starts_with("idlewatt_") {
            let value = line.rsplit(' ').next().unwrap_or_default();
            assert!(value.parse::<f64>().is_ok(), "{line:?}");
            assert!(is_one_series(line), "{line:?}");
        }
    }
    assert!(text.ends_with("# EOF\n"));
}

/// Outside of quotes, a line has one pair of braces at most and ends with its value.
fn is_one_series(line: &str) -> bool {
    let (mut in_quotes, mut is_escaped, mut braces, mut spaces) = (false, false, 0, 0);
    for letter in line.chars() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if in_quotes => is_escaped = true,
            '"' => in_quotes = !in_quotes,
            '{' | '}' if !in_quotes => braces += 1,
            ' ' if !in_quotes => spaces += 1,
            _ => {}
        }
    }
    !in_quotes && braces <= 2 && spaces == 1
}

/// Our topics have the levels that they should, whatever devices are called.
async fn look_at_our_topics(broker: &Mosquitto) -> anyhow::Result<()> {
    let topics = broker.retained("idlewatt/#", &[]).await?;
    assert!(topics.len() > METERS.len(), "{topics:?}");
    for (topic, payload) in &topics {
        let levels: Vec<&str> = topic.split('/').collect();
        let is_ours = matches!(
            *levels,
            ["idlewatt", "status"] | ["idlewatt", _, "state" | "energy"] | ["idlewatt", "alert", _, _]
        );
        assert!(is_ours, "{topic}");
        assert!(is_clean(topic) && is_clean(payload), "{topic} {payload}");
    }
    Ok(())
}
