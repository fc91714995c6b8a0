//! The report of a configuration, word by word, and who does not answer.

use std::path::Path;
use std::process::ExitCode;

use super::{Arguments, report, run, text};

const NOW: &str = "2026-04-30T20:30:00Z";

fn arguments(config: &Path) -> Arguments {
    Arguments {
        config: config.to_owned(),
        print_config: false,
        offline: true,
        timeout_s: 5,
        json: false,
        quiet: false,
    }
}

fn first_toml() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/first.toml");
    std::fs::read_to_string(path).expect("docs/first.toml is part of the repository")
}

fn written(toml: &str, change: impl Fn(&mut Arguments)) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("idlewatt.toml");
    std::fs::write(&file, toml).expect("it can be written");
    let mut arguments = arguments(&file);
    change(&mut arguments);
    let report = report(&arguments, NOW.parse().expect("an instant")).expect("it runs");
    let mut out = Vec::new();
    text::write(&report, Path::new("idlewatt.toml"), &mut out).expect("memory does not fail");
    let text = String::from_utf8(out).expect("text");
    (
        report.is_ok,
        text.replace(&folder.path().display().to_string(), "FOLDER"),
    )
}

#[test]
fn it_says_what_would_happen() {
    let (is_ok, text) = written(&first_toml(), |_| {});
    assert!(is_ok);
    let expected = "\
idlewatt.toml: no faults, no warnings

Hôpital Saint-Luc, imagerie (Europe/Paris, now 2026-04-30 22:30)
  price     0.23 EUR/kWh, 0.17 from 22:00 to 06:00 (the hospital's contract, 2026)
  carbon    56.6 g CO2e/kWh (ADEME Base Carbone, consumption, life cycle, 2023)
  page      http://127.0.0.1:8080: this machine, without a login
  keeps     FOLDER/idlewatt-state

Listens to
  main  mqtt://localhost:1883, MQTT 5
      subscribes  #
      session     'idlewatt-main', kept for 7 days while we are away

Devices
  ct-1  CT 1, CT room 1 (ct)
      fed by      shellypro3em-ct1
      means       off -50…650 W, standby 650…1600 W, idle 1600…10000 W, scanning 10000…250000 W (published levels, until its own are learned: Schulz et al., Acad Radiol 2024; Brown et al., CARJ 2022; Lipford et al., AAPM 2022)
      learns      its own levels; idlewatt calibrate --device ct-1 shows them
      open        today 07:30-19:00; tomorrow closed
      alert       idle outside these hours for more than 30 min, again every 120 min
      silent      learned from the meter's rhythm
  mri-1  MRI 1, MRI room (mri)
      fed by      mri-mains + mri-cabinet (l1 + l2 + l3)
      means       standby 4500…6900 W, off 6900…9500 W, idle 9500…27000 W, scanning 27000…150000 W (published levels, until its own are learned: Woolen et al., Radiology 2023;307:e230441; Overweg, ISMRM 2024 E8954)
      learns      its own levels; idlewatt calibrate --device mri-1 shows them
      open        today 07:00-20:00; tomorrow closed
      alert       idle outside these hours for more than 30 min, again every 120 min
      silent      learned from the meter's rhythm

Writes to
  its own history, for the page
  influx  influxdb1 at http://localhost:8086, database 'idlewatt'
";
    assert_eq!(text, expected);
}

#[test]
fn faults_are_said_and_nothing_else() {
    let toml = first_toml().replace("modality = \"ct\"", "modality = \"tc\"");
    let (is_ok, text) = written(&toml, |_| {});
    assert!(!is_ok);
    assert!(
        text.contains("device 'ct-1': 'modality': \"tc\" is not a modality; write one of"),
        "{text}"
    );
    assert!(text.ends_with("idlewatt.toml: 1 fault, no warnings\n"), "{text}");
}

#[test]
fn a_service_manager_is_told_faults_and_not_the_plan() {
    let said = |toml: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("idlewatt.toml");
        std::fs::write(&file, toml).expect("it can be written");
        let mut arguments = arguments(&file);
        arguments.quiet = true;
        let mut out = Vec::new();
        let is_ok = run(&arguments, &mut out).expect("it runs") == ExitCode::SUCCESS;
        (is_ok, String::from_utf8(out).expect("text"))
    };
    assert_eq!(said(&first_toml()), (true, String::new()));
    let (is_ok, text) = said(&first_toml().replace("modality = \"ct\"", "modality = \"tc\""));
    assert!(
        !is_ok && text.lines().count() == 1 && text.contains("is not a modality"),
        "{text}"
    );
}

#[test]
fn who_does_not_answer_is_named_with_the_mend() {
    // below the ports that the kernel gives away: nobody comes to listen there
    let address = "127.0.0.1:1";
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let toml = first_toml()
        .replace("http://localhost:8086", &format!("http://{address}"))
        .replace(
            "mqtt://localhost:1883",
            &format!("mqtt://{}", silent.local_addr().expect("bound")),
        );
    let (is_ok, text) = written(&toml, |arguments| {
        arguments.offline = false;
        arguments.timeout_s = 1;
    });
    assert!(!is_ok);
    assert!(
        text.contains("FAIL  broker 'main': no MQTT answer within 1 s; check that"),
        "{text}"
    );
    assert!(
        text.contains(&format!("FAIL  sink 'influx': {address} refuses connections")),
        "{text}"
    );
    assert!(text.contains("; start it there, or correct 'url'"), "{text}");
}

#[test]
fn the_report_is_json_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("idlewatt.toml");
    std::fs::write(&file, first_toml()).expect("it can be written");
    let report = report(&arguments(&file), NOW.parse().expect("an instant")).expect("it runs");
    let json = serde_json::to_value(&report).expect("it can be written");
    assert_eq!(json["is_ok"], true);
    assert_eq!(
        json["plan"]["devices"][1]["feeds"][1],
        "mri-cabinet (l1 + l2 + l3)"
    );
    assert_eq!(json["plan"]["brokers"][0]["topics"][0], "#");
}
