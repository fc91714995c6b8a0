//! Faults of whole files: each with its exact line, subject and mend.

use std::path::Path;

use super::{Config, Loaded};

/// A file without faults.
const SOUND: &str = r#"[site]
name = "Saint-Luc"
zone = "Europe/Paris"
[site.tariff]
day_price_per_kwh = 0.23
source = "contract"
year = 2026
[site.carbon]
g_per_kwh = 56.6
source = "ADEME"
year = 2023
[defaults]
opening = { mon_fri = ["07:30-19:00"] }
[[broker]]
name = "main"
url = "mqtt://localhost"
[[device]]
id = "ct-1"
room = "CT 1"
modality = "ct"
meter = "m1"
"#;

fn load(text: &str) -> Result<Loaded, String> {
    Config::parse(Path::new("idlewatt.toml"), text).map_err(|faults| faults.to_string())
}

/// What is wrong with a file.
fn faults(text: &str) -> String {
    load(text).expect_err("the file has a fault")
}

/// What is said of the sound file with a line replaced.
fn faults_with(line: &str, replacement: &str) -> String {
    assert!(SOUND.contains(line), "{line} is not a line of the sound file");
    faults(&SOUND.replacen(line, replacement, 1))
}

#[test]
fn a_sound_file_has_neither_faults_nor_warnings() {
    let loaded = load(SOUND).expect("no fault");
    assert_eq!(loaded.warnings, []);
    let analyzer = loaded.config.analyzer();
    assert_eq!(analyzer.devices.len(), 1);
    assert_eq!(analyzer.devices[0].power_w_max, 250_000.0);
    assert!(analyzer.devices[0].overnight_idle.is_some());
}

#[test]
fn dump() {
    for (line, with) in [
        ("name = \"Saint-Luc\"\n", "nam = \"x\"\n"),
        (
            "zone = \"Europe/Paris\"",
            "zone = \"Europe/Pari\"\nlisten = \"x\"",
        ),
        ("[site.tariff]", "[site.tarif]"),
        ("source = \"contract\"\n", ""),
        ("[defaults]\n", "[page]\nlisten = 5\n[defaults]\nfoo = 3\n"),
        ("07:30-19:00", "7h30-19h"),
        (
            "opening = { mon_fri = [\"07:30-19:00\"] }",
            "opening = { mon_fry = [\"07:30-19:00\", 5] , sat = 3}",
        ),
        (
            "opening = { mon_fri = [\"07:30-19:00\"] }",
            "opening = \"sometimes\"",
        ),
        ("[[device]]", "[device]"),
        ("[[device]]", "[[devices]]"),
        (
            "modality = \"ct\"",
            "modality = \"mrt\"\nbands = [{state = \"idel\", from_w = 3, until_w= \"5\"}]",
        ),
        ("id = \"ct-1\"", "name = \"CT\""),
        ("meter = \"m1\"", ""),
        (
            "meter = \"m1\"",
            "feeds = [\n{ meter = \"a\"},\n { channels = [\"l1\", \"l1\", \"total\"] }]",
        ),
        (
            "meter = \"m1\"",
            "meter = \"m1\"\n[[device]]\nid = \"ct-1\"\nroom=\"2\"\nmodality=\"ct\"\nfeeds=[{meter=\"m1\"}]",
        ),
        ("meter = \"m1\"", "meter = m1\nx"),
        ("[site]", ""),
        (
            "meter = \"m1\"",
            "meter = \"m1\"\nbands = [{state = \"off\", from_w = 0, until_w= 5},{state = \"idle\", from_w = 3, until_w= 5}]",
        ),
    ] {
        println!("--- {with}\n{}", faults_with(line, with));
    }
    println!("{}", faults(""));
}
