//! Real messages that lie beside the project, where they do: each line says what to expect of it.
//!
//! A line is exact where meters, channels and every stated value agree (relative 1e-6, stamps to the millisecond),
//! and wrong where a reading is made that the line does not state. Run with `--nocapture` for the table.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::lines::decode_line;
use super::{Decoder, DecoderConfig};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/payloads");
const VALUES: [&str; 5] = [
    "power_w",
    "energy_wh",
    "energy_export_wh",
    "voltage_v",
    "current_a",
];

#[test]
fn real_messages_say_what_they_should() {
    if !Path::new(FOLDER).exists() {
        return;
    }
    let mut files: Vec<_> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let (mut faults, mut all, mut exact) = (Vec::new(), 0, 0);
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "jsonl"))
    {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let mut decoder = Decoder::new(&DecoderConfig::default()).unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty());
        let verdicts: Vec<_> = lines.map(|line| (verdict(&mut decoder, line), line)).collect();
        let right = verdicts.iter().filter(|(verdict, _)| verdict.is_none()).count();
        println!("{name}: {right} of {}", verdicts.len());
        (all, exact) = (all + verdicts.len(), exact + right);
        for (miss, line) in verdicts
            .iter()
            .filter_map(|(miss, line)| miss.as_ref().map(|miss| (miss, line)))
        {
            println!(
                "  {}{}\n    {}",
                if miss.is_wrong { "WRONG " } else { "" },
                miss.text,
                &line[..line.len().min(200)]
            );
            faults.push(format!("{name}: {}", miss.text));
        }
    }
    println!("all: {exact} of {all}");
    assert!(faults.is_empty(), "{faults:#?}");
}

struct Miss {
    /// A reading that the line does not state.
    is_wrong: bool,
    text: String,
}

fn verdict(decoder: &mut Decoder, line: &str) -> Option<Miss> {
    let message: Value = serde_json::from_str(line).unwrap();
    let answer: Value = serde_json::from_str(&decode_line(decoder, line)).unwrap();
    let expected = message["expect"].as_array().unwrap();
    let readings = answer["readings"].as_array().unwrap();
    let same = |a: &Value, b: &Value| a["meter"] == b["meter"] && a["channel"] == b["channel"];
    let wrong = readings
        .iter()
        .find(|reading| !expected.iter().any(|wanted| agrees(reading, wanted)));
    let missing = expected
        .iter()
        .find(|wanted| !readings.iter().any(|reading| same(reading, wanted)));
    if let Some(reading) = wrong {
        let text = format!(
            "{}: says {reading}, expected {}",
            message["topic"], message["expect"]
        );
        return Some(Miss { is_wrong: true, text });
    }
    let said = answer["reason"].as_str().unwrap_or_default();
    missing.map(|wanted| Miss {
        is_wrong: false,
        text: format!("{}: nothing like {wanted}; {said}", message["topic"]),
    })
}

fn agrees(reading: &Value, wanted: &Value) -> bool {
    let near = |key: &str| match (reading[key].as_f64(), wanted[key].as_f64()) {
        (Some(said), Some(wanted)) => (said - wanted).abs() <= 1e-6 * wanted.abs().max(1e-3),
        (said, wanted) => said == wanted,
    };
    let stamp = |value: &Value| {
        value["ts"]
            .as_str()
            .map(|text| text.parse::<Timestamp>().unwrap().as_millisecond())
    };
    reading["meter"] == wanted["meter"]
        && reading["channel"] == wanted["channel"]
        && VALUES.iter().all(|key| near(key))
        && stamp(reading) == stamp(wanted)
}
