//! Scenario files: the built-in ones are good; a bad one is refused with place and mend.

use std::collections::BTreeSet;

use proptest::prelude::*;
use simulator::{BUILT_IN, Family, Modality, Scenario, Simulation};

const GOOD: &str = r#"
name = "one"
seed = 1
zone = "Europe/Paris"
start = "2026-11-16"
[[devices]]
id = "ct-1"
modality = "ct"
meter = { family = "generic_json", topic = "gateway/ct1" }
"#;

#[test]
fn every_file_is_in_the_table_and_plays() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let table: BTreeSet<String> = BUILT_IN.iter().map(|(name, _)| format!("{name}.toml")).collect();
    assert_eq!(files, table);
    for (name, _) in BUILT_IN {
        let scenario = Scenario::builtin(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(scenario.name, *name);
    }
}

#[test]
fn the_demo_has_the_hospital_that_is_promised() {
    for name in ["demo", "week"] {
        let scenario = Scenario::builtin(name).unwrap();
        let count = |modality| {
            scenario
                .devices
                .iter()
                .filter(|device| device.modality == modality)
                .count()
        };
        let all = [
            Modality::Ct,
            Modality::Mri,
            Modality::Angio,
            Modality::Xray,
            Modality::Workstation,
        ];
        assert_eq!(all.map(count), [2, 2, 1, 1, 6]);
        assert_eq!([Modality::Server, Modality::Cooling].map(count), [1, 1]);
        let meter = |id: &str| {
            let device = scenario.devices.iter().find(|device| device.id == id).unwrap();
            (device.meter.family, device.meter.topic.as_str())
        };
        assert_eq!(meter("ct-1"), (Family::ShellyGen2Events, "ct1-panel"));
        assert_eq!(meter("ct-2"), (Family::GenericJson, "gateway/ct2/data"));
        assert_eq!(meter("mri-1"), (Family::ShellyGen1, "shellyem3-MRI1"));
        assert_eq!(meter("mri-2"), (Family::ShellyGen2Status, "mri2-panel"));
        assert_eq!(meter("angio-1"), (Family::GenericNumber, "plc/angio1"));
        assert_eq!(meter("ws-4"), (Family::Zigbee2mqtt, "ws4"));
        assert_eq!(meter("rack-1"), (Family::Tasmota, "rack1"));
    }
    let week = Scenario::builtin("week").unwrap();
    let scanners = week.devices.iter().filter(|device| {
        matches!(
            device.modality,
            Modality::Ct | Modality::Mri | Modality::Angio | Modality::Xray
        )
    });
    assert!(
        scanners
            .into_iter()
            .all(|device| device.meter.report.seconds <= 2.0)
    );
}

#[test]
fn faults_are_refused_with_place_and_mend() {
    assert!(Scenario::from_toml(GOOD).is_ok());
    for (from, to, expected) in [
        ("seed = 1", "seed = 1\ncolour = 2", "colour"),
        ("modality = \"ct\"", "modality = \"pet\"", "pet"),
        ("modality = \"ct\"", "modality = \"ct\"\nscedule = {}", "scedule"),
        ("topic = \"gateway/ct1\"", "topic = \"gateway/#\"", "meter.topic"),
        (
            "topic = \"gateway/ct1\"",
            "topic = \"t\", report = { seconds = 0 }",
            "report.seconds",
        ),
        (
            "modality = \"ct\"",
            "modality = \"ct\"\nlevels = { idle_watts = -5 }",
            "levels.idle_watts",
        ),
        (
            "modality = \"ct\"",
            "modality = \"ct\"\nschedule = { open = \"19:00\" }",
            "close is not later",
        ),
        (
            "modality = \"ct\"",
            "modality = \"ct\"\nschedule = { open = \"7h\" }",
            "no time of day",
        ),
        (
            "modality = \"ct\"",
            "modality = \"ct\"\ncools = [\"x\"]",
            "only cooling",
        ),
        (
            "modality = \"ct\"",
            "modality = \"ct\"\nfaults = [{ kind = \"delay\", probability = 0.1 }]",
            "seconds is missing",
        ),
        (
            "modality = \"ct\"",
            "modality = \"ct\"\nfaults = [{ kind = \"drop\", probability = 1 }]",
            "probability",
        ),
        (
            "modality = \"ct\"",
            "modality = \"ct\"\nevents = [{ kind = \"left_on\", nights = [1], repeat_days = 0 }]",
            "repeat_days",
        ),
        ("Europe/Paris", "Europe/Pariss", "zone"),
        ("\"ct-1\"", "\"\"", "id is empty"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        let said = Scenario::from_toml(&text)
            .map(|_| text.clone())
            .unwrap_err()
            .to_string();
        assert!(said.contains(expected) && said.contains("mend:"), "{to}: {said}");
    }
    let said = Scenario::builtin("demoo").unwrap_err().to_string();
    assert!(said.contains("demo") && said.contains("mend:"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever passes the check can be played, and its power is what the levels allow.
    #[test]
    fn what_is_accepted_can_be_played(
        modality in prop::sample::select(vec!["ct", "mri", "angio", "xray", "workstation", "server", "cooling"]),
        family in prop::sample::select(vec![
            "tasmota", "shelly_gen1", "shelly_gen1_plug", "shelly_gen2_events", "shelly_gen2_status",
            "shelly_gen2_plug", "zigbee2mqtt", "generic_json", "generic_number",
        ]),
        policy in prop::sample::select(vec!["interval", "on_change"]),
        watts in 0.0..300_000.0_f64,
        seconds in 0.05..600.0_f64,
        rate in 0.0..25.0_f64,
        probability in 0.0..1.2_f64,
        seed in any::<u64>(),
    ) {
        let text = format!(
            r#"
            name = "any"
            seed = {}
            zone = "America/St_Johns"
            start = "2026-03-08"
            [[devices]]
            id = "any"
            modality = "{modality}"
            levels = {{ idle_watts = {watts:.1}, scanning_watts_max = {watts:.1}, scanning_watts_min = 0.0 }}
            schedule = {{ days = ["sun"], open = "00:00", close = "23:59", exams_per_hour = {rate:.2} }}
            meter = {{ family = "{family}", topic = "any", report = {{ policy = "{policy}", seconds = {seconds:.2} }} }}
            faults = [
                {{ kind = "delay", probability = {probability:.2}, seconds = 9 }},
                {{ kind = "reversed_phase", phase = 3 }},
                {{ kind = "drop", probability = {probability:.2} }},
            ]
            "#,
            seed >> 1
        );
        let possible = (0.1..=250_000.0).contains(&watts)
            && (0.1..600.0).contains(&seconds)
            && rate <= 20.0
            && probability <= 0.98;
        match Scenario::from_toml(&text) {
            Ok(scenario) => {
                let mut simulation = Simulation::new(&scenario);
                let last = simulation.by_ref().take(3_000).last();
                prop_assert!(last.is_none_or(|message| message.at < scenario.end()));
                prop_assert!(!simulation.until(scenario.start).finish().is_empty());
            }
            Err(error) => {
                prop_assert!(!possible, "{error}");
                prop_assert!(error.to_string().contains("mend:"), "{error}");
            }
        }
    }
}
