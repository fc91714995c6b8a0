//! The command on recordings of our own, and that what it proposes loads.

use std::io::Write as _;
use std::path::Path;

use clap::Parser;
use serde_json::Value;

use super::*;
use crate::example::SITE;

/// A gateway nobody knows, a clamp with phases, a plug, a copy of the plug, junk.
fn recording(with_times: bool) -> String {
    let mut lines = String::new();
    let mut say = |second: u32, topic: &str, payload: &str| {
        let mut line = serde_json::json!({ "topic": topic, "payload": payload, "retained": false, "qos": 0 });
        if with_times {
            line["at"] = (1_795_428_000 + second).into();
        }
        lines += &format!("{line}\n");
    };
    for step in 0..12 {
        let second = step * 2;
        for (phase, load) in [(0, 700 + step), (1, 200), (2, 300)] {
            say(
                second,
                &format!("shellies/shellyem3-CT1/emeter/{phase}/power"),
                &format!("{load}.5"),
            );
            say(
                second,
                &format!("shellies/shellyem3-CT1/emeter/{phase}/total"),
                &format!("{}", 81_000 + step),
            );
        }
        let plug = format!(
            r#"{{"ENERGY":{{"Total":{}.125,"Power":{},"Voltage":230,"Current":0.3}}}}"#,
            70 + step,
            61 + step
        );
        say(second, "tele/reading-3/SENSOR", &plug);
        say(second, "copy/tele/reading-3b/SENSOR", &plug);
        say(
            second,
            "site/gw1/out",
            &format!(
                r#"{{"P_total_kW":{}.5,"E_import_kWh":{},"temp":21}}"#,
                12 + step,
                900 + step
            ),
        );
        say(second, "ahu/7/power", &format!("{}", 1500 + step));
        say(second, "hall/door", "open \u{1b}[31m");
    }
    say(24, "tele/reading-3/LWT", "Online");
    lines
}

fn found(extra: &[&str], lines: &str) -> String {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }
    let words = ["discover", "--from", "-"].iter().chain(extra);
    let line = Line::try_parse_from(words).expect("sound arguments");
    let mut out = Vec::new();
    run(&line.arguments, &mut lines.as_bytes(), &mut out).expect("it reads");
    String::from_utf8(out).expect("text")
}

fn json(lines: &str) -> Value {
    serde_json::from_str(&found(&["--json"], lines)).expect("JSON")
}

#[test]
fn the_report_is_pleasant_and_safe_to_read() {
    let text = found(&[], &recording(true));
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{}: {line}", line.chars().count());
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    for words in [
        "Read - (2026-11-23 10:00:00 to 10:00:24 UTC): 133 messages on 12 topics, 3 meters",
        "One load, heard twice\n  tasmota 'reading-3' and tasmota 'reading-3b': the same counter 12 times; use the first",
        "a copy of tasmota 'reading-3'",
        "hall/door  open \\u{1b}[31m",
        "[[mapper]]\nname = \"site out\"\ntopic = \"site/{meter}/out\"",
        "unit = \"W\"  # check this",
        "modality = \"ct\"  # guessed from the word \"ct\"",
    ] {
        assert!(text.contains(words), "{words}\n---\n{text}");
    }
}

#[test]
fn json_says_the_same_and_marks_what_feeds_a_device() {
    let report = json(&recording(true));
    let meters = report["meters"].as_array().expect("meters");
    let names: Vec<_> = meters
        .iter()
        .map(|meter| meter["meter"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(names, ["shellyem3-CT1", "reading-3", "reading-3b"]);
    assert_eq!(meters[0]["quality"], "A", "{report:#}");
    assert_eq!(meters[1]["interval_s"], 2.0);
    assert_eq!(meters[1]["channels"][0]["counter"], "rises");
    assert_eq!(meters[2]["copy_of"], "reading-3");
    assert_eq!(report["duplicates"].as_array().map(Vec::len), Some(1));

    let device =
        "[[device]]\nid = \"desk\"\nroom = \"r\"\nmodality = \"workstation\"\nmeter = \"reading-3\"\n";
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    write!(file, "{SITE}{device}").expect("written");
    let path = file.path().display().to_string();
    let text = found(&["-c", &path], &recording(true));
    assert!(
        text.contains("feeds the device desk") && text.contains("Europe/Paris"),
        "{text}"
    );
    assert!(!text.contains("meter = \"reading-3\""), "{text}");
}

#[test]
fn without_times_no_rhythm_is_told() {
    let report = json(&recording(false));
    assert_eq!(
        (&report["from"], &report["meters"][0]["interval_s"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(report["meters"][0]["quality"], "A");
}

/// The stanzas of a report as one text, a modality put in where a person is asked for it.
fn completed(report: &Value) -> String {
    let stanzas = report["stanzas"].as_array().expect("stanzas");
    let stanzas: Vec<&str> = stanzas.iter().filter_map(Value::as_str).collect();
    stanzas
        .join("\n")
        .replace("#modality = \"\"", "modality = \"server\"")
}

#[test]
fn what_is_proposed_loads_and_reads_what_was_unread() {
    let odd = "{\"topic\":\"tele/é \\\"x\\\" \\u007f#/SENSOR\",\"payload\":{\"ENERGY\":{\"Total\":1,\"Power\":4000}}}\n";
    let lines = recording(true) + odd;
    let report = json(&lines);
    let text = format!("{SITE}\n{}", completed(&report));
    let loaded = Config::parse(Path::new("proposed.toml"), &text);
    let config = loaded.unwrap_or_else(|faults| panic!("{faults}\n{text}")).config;
    assert_eq!(config.decoder.mappers.len(), 2, "{text}");
    assert_eq!(config.devices.len(), 3, "{text}");

    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let path = file.path().display().to_string();
    let again: Value = serde_json::from_str(&found(&["-c", &path, "--json"], &lines)).expect("JSON");
    let mapped: Vec<_> = again["meters"]
        .as_array()
        .expect("meters")
        .iter()
        .filter(|meter| meter["family"] == "mapper")
        .collect();
    assert_eq!(mapped.len(), 2, "{again:#}");
    assert_eq!(mapped[1]["channels"][0]["power_w"], 23_500.0, "{again:#}");
    let text = format!("{text}\n{}", completed(&again));
    let loaded = Config::parse(Path::new("proposed.toml"), &text);
    assert_eq!(
        loaded
            .map(|loaded| loaded.config.devices.len())
            .map_err(|faults| faults.to_string()),
        Ok(5)
    );
}

#[test]
fn what_is_wrong_with_the_arguments_is_said() {
    let arguments = |broker: Option<&str>, from: Option<&str>| Arguments {
        broker: broker.map(str::to_owned),
        username: None,
        password_file: None,
        password_env: None,
        ca_file: None,
        client_cert: None,
        client_key: None,
        mqtt_3: false,
        topics: Vec::new(),
        seconds: 1,
        config: None,
        from: from.map(PathBuf::from),
        json: false,
        progress: progress::Asked { quiet: true },
    };
    for (arguments, input, words) in [
        (arguments(None, None), "", "name a broker with --broker"),
        (arguments(Some("http://x"), None), "", "write mqtt://host:1883"),
        (
            arguments(Some("mqtt://u:hunter2@x"), None),
            "",
            "say the user with --username",
        ),
        (
            arguments(None, Some("/no/such.jsonl")),
            "",
            "cannot read the recording /no/such.jsonl",
        ),
        (arguments(None, Some("-")), "", "the recording is empty"),
        (
            arguments(None, Some("-")),
            "nonsense\n",
            "1 of 1 lines are no messages; line 1: the line itself is not",
        ),
    ] {
        let error = run(&arguments, &mut input.as_bytes(), &mut Vec::new()).expect_err(words);
        let said = format!("{error:#}");
        assert!(said.contains(words) && !said.contains("hunter2"), "{said}");
    }
}
