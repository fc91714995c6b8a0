//! The contracts that scripts rely on: `classify`, `decode` and `check`, run as people run them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};
use tests::idlewatt::{answer, command};

/// Runs a command that must succeed; its lines.
fn answers(arguments: &[&str], input: &str) -> anyhow::Result<Vec<Value>> {
    let text = answer(arguments, input)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// A CT's hour: idle at 2600 W, one scan of a minute at 40 kW, then standby.
fn trace() -> String {
    let power = |second: u32| match second {
        0..1200 => 2600,
        1200..1260 => 40_000,
        1260..2400 => 2600,
        _ => 900,
    };
    let row = |second: u32| format!("{},{}\n", 1_795_428_000 + second, power(second));
    "ts_unix_s,power_w\n".to_owned() + &(0..=3600).map(row).collect::<String>()
}

#[test]
fn classify_says_exactly_what_was_in_a_small_trace() -> anyhow::Result<()> {
    let intervals = answers(&["classify", "--modality", "ct", "-"], &trace())?;
    let (start, wh_per_kws) = (1_795_428_000, 1000.0 / 3600.0);
    let expected = [
        (0, 1200, "idle", 2.6 * 1200.0 * wh_per_kws),
        (1200, 1260, "scanning", 40.0 * 60.0 * wh_per_kws),
        (1260, 2400, "idle", 2.6 * 1140.0 * wh_per_kws),
        (2400, 3600, "standby", 0.9 * 1200.0 * wh_per_kws),
    ];
    assert_eq!(intervals.len(), expected.len(), "{intervals:#?}");
    for (interval, (from, until, state, energy_wh)) in intervals.iter().zip(expected) {
        assert_eq!(
            json!([start + from, start + until, state]),
            json!([interval["from"], interval["until"], interval["state"]])
        );
        let said = interval["energy_wh"].as_f64().context("energy")?;
        assert!((said - energy_wh).abs() < 0.01, "{interval}: {energy_wh}");
    }
    Ok(())
}

#[test]
fn classify_with_exams_adds_them() -> anyhow::Result<()> {
    let said = answers(&["classify", "--modality", "ct", "--exams", "-"], &trace())?;
    let exams: Vec<&Value> = said.iter().filter(|line| line.get("exam").is_some()).collect();
    assert_eq!(exams.len(), 1, "{said:#?}");
    assert_eq!(
        json!([
            exams[0]["exam"],
            exams[0]["from"],
            exams[0]["until"],
            exams[0]["scanning_wh"]
        ]),
        json!([1, 1_795_429_200, 1_795_429_260, exams[0]["energy_wh"]])
    );
    Ok(())
}

#[test]
fn classify_says_what_is_wrong_with_its_arguments() -> anyhow::Result<()> {
    for (arguments, input, words) in [
        (
            ["classify", "--modality", "ct", "-"],
            "time,watts\n1,2\n",
            "it must be ts_unix_s,power_w",
        ),
        (
            ["classify", "--modality", "ct", "/no/such/trace.csv"],
            "",
            "cannot read the trace /no/such/trace.csv",
        ),
    ] {
        let output = command(&arguments, input)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{said}");
    }
    Ok(())
}

/// The recorded traces, which stay outside the project: a path in `IDLEWATT_TRACES`, or beside the checkout.
fn traces() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let folder = std::env::var_os("IDLEWATT_TRACES").map_or(beside, PathBuf::from);
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                folders.push(path);
            } else if (name.ends_with(".csv") || name.ends_with(".csv.gz"))
                && !name.ends_with(".labels.csv")
                && name != "index.csv"
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn text(trace: &Path) -> anyhow::Result<String> {
    let is_packed = trace.extension().is_some_and(|extension| extension == "gz");
    if !is_packed {
        return Ok(std::fs::read_to_string(trace)?);
    }
    let output = std::process::Command::new("gzip")
        .arg("-dc")
        .arg(trace)
        .output()?;
    anyhow::ensure!(output.status.success(), "gzip -dc {}", trace.display());
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn classify_tiles_the_time_of_recorded_traces() -> anyhow::Result<()> {
    let traces = traces();
    println!("{} recorded traces", traces.len());
    for trace in traces {
        let name = trace.display();
        let text = text(&trace)?;
        let modality = if name.to_string().contains("tracebase") {
            "workstation"
        } else {
            "ct"
        };
        let intervals = answers(&["classify", "--modality", modality, "-"], &text)?;
        let stamps = text
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next()?.parse::<f64>().ok());
        let (first, last) = stamps.fold((f64::MAX, f64::MIN), |(first, last), at| {
            (first.min(at), last.max(at))
        });
        let bound =
            |interval: Option<&Value>, key: &str| interval.and_then(|interval| interval[key].as_f64());
        assert_eq!(bound(intervals.last(), "until"), Some(last), "{name}");
        // a clock that steps back leaves readings from before the beginning
        let begins = bound(intervals.first(), "from").context("an interval")?;
        assert!(
            begins == first || name.to_string().contains("clockstep"),
            "{name}: {begins} {first}"
        );
        for pair in intervals.windows(2) {
            assert_eq!(pair[0]["until"], pair[1]["from"], "{name}");
            assert_ne!(pair[0]["state"], pair[1]["state"], "{name}");
        }
        let is_known = |interval: &Value| interval["state"] != "unknown";
        assert!(intervals.iter().any(is_known), "{name}: nothing but unknown");
    }
    Ok(())
}

#[test]
fn decode_answers_each_line_in_order() -> anyhow::Result<()> {
    let input = [
        json!({"topic": "tele/ws1/SENSOR", "payload": "{\"ENERGY\":{\"Total\":12.5,\"Power\":45,\"Voltage\":230,\"Current\":0.2}}"}),
        json!({"topic": "shellies/shellyem3-A/emeter/0/power", "payload": "812.5", "retained": false, "qos": 0}),
        json!({"topic": "shellies/shellyem3-A/emeter/0/power", "payload": "3831322e35", "payload_encoding": "hex"}),
        json!({"topic": "building/7/mystery", "payload": "?"}),
        json!({"topic": "tele/ws1/SENSOR", "payload": "{\"ENERGY\":"}),
    ];
    let mut text: String = input.iter().map(|line| format!("{line}\n")).collect();
    text.push_str("no json at all\n");
    let answers = answers(&["decode"], &text)?;
    assert_eq!(answers.len(), 6, "{answers:#?}");
    assert_eq!(
        answers[0],
        json!({"family": "tasmota", "readings": [
            {"meter": "ws1", "channel": null, "power_w": 45.0, "energy_wh": 12500.0, "voltage_v": 230.0, "current_a": 0.2}
        ]})
    );
    let shelly = json!({"family": "shelly_gen1", "readings": [{"meter": "shellyem3-A", "channel": "l1", "power_w": 812.5}]});
    assert_eq!(answers[1], shelly);
    assert_eq!(answers[2], shelly);
    for (answer, family) in answers[3..]
        .iter()
        .zip([Value::Null, json!("tasmota"), Value::Null])
    {
        assert_eq!(
            json!([answer["family"], answer["readings"]]),
            json!([family, []]),
            "{answer}"
        );
        assert!(
            answer["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
            "{answer}"
        );
    }
    Ok(())
}

#[test]
fn the_demo_configuration_has_no_faults_and_says_what_would_happen() -> anyhow::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../idlewatt/demo/demo.toml");
    let report = command(&["check", "--offline", "--json", "-c", path], "")?;
    assert_eq!(report.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&report.stdout)?;
    assert_eq!(
        json!([report["is_ok"], report["faults"], report["warnings"]]),
        json!([true, [], []])
    );
    assert_eq!(
        report["plan"]["devices"].as_array().map(Vec::len),
        Some(14),
        "{report:#}"
    );
    let said = command(&["check", "--offline", "-c", path], "")?;
    let said = String::from_utf8(said.stdout)?;
    for words in ["no faults", "ct-1", "fed by", "idle outside these hours"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    Ok(())
}
