//! Faults of `[[report]]`, and of a household's figure without its source.

use std::path::Path;

use analyzer::report::Period;

use super::{SOUND, check, faults, load};

/// Puts a section at the end of the sound file, of which line 22 is its first, and expects exactly these faults.
fn check_section(section: &str, expected: &[&str]) {
    let said = faults(&(SOUND.to_owned() + section));
    assert_eq!(said.lines().collect::<Vec<_>>(), expected, "{section}");
}

#[test]
fn what_is_wrong_with_a_report_is_said() {
    for (keys, expected) in [
        (
            "formats = [\"pdf\"]",
            "idlewatt.toml:24: report 'monthly': 'formats': \"pdf\" is not a form of a report; write one of \"html\", \"csv\", \"json\", \"md\"",
        ),
        (
            "formats = []",
            "idlewatt.toml:24: report 'monthly': 'formats': a report in no form is none; name one or more of \"html\", \"csv\", \"json\", \"md\"",
        ),
        (
            "every = \"monht\"",
            "idlewatt.toml:24: report 'monthly': 'every': \"monht\" is not a period of reports; did you mean \"month\"?",
        ),
        (
            "rooms = [\"CT 9\"]",
            "idlewatt.toml:24: report 'monthly': 'rooms': no device stands in a room \"CT 9\"; write a room as the [[device]] says it",
        ),
        (
            "devices = [\"ct-9\"]",
            "idlewatt.toml:24: report 'monthly': 'devices': no device has the id \"ct-9\"; write the id of a [[device]]",
        ),
    ] {
        check_section(&format!("[[report]]\nname = \"monthly\"\n{keys}\n"), &[expected]);
    }
    let twice = "[[report]]\nname = \"monthly\"\n[[report]]\nname = \"monthly\"\n";
    check_section(
        twice,
        &[
            "idlewatt.toml:25: report 'monthly': 'name': the name \"monthly\" is taken by another report; give each report a name of its own",
        ],
    );
}

#[test]
fn a_report_goes_into_the_state_folder_and_speaks_the_sites_language() {
    let text = SOUND.replacen("zone =", "language = \"fr\"\nzone =", 1);
    let loaded = load(
        &(text
            + "[[report]]\nname = \"weekly\"\nevery = \"week\"\n[service]\nstate_dir = \"/srv/idlewatt\"\n"),
    );
    let config = loaded.expect("no fault").config;
    let [plan] = config.reports.as_slice() else {
        panic!("one report")
    };
    assert_eq!(plan.every, Period::Week);
    assert_eq!(plan.folder, Path::new("/srv/idlewatt/reports"));
    assert_eq!(plan.language, deliver::page::Language::French);
    assert_eq!(plan.devices, [analyzer::DeviceId::from("ct-1")]);
    assert_eq!(
        plan.formats.iter().map(|format| format.name).collect::<Vec<_>>(),
        ["html"]
    );
}

#[test]
fn a_households_figure_has_its_source_and_year() {
    let line = "zone = \"Europe/Paris\"";
    check(
        line,
        &format!("{line}\nhousehold_kwh_per_year = 4300"),
        &[
            "idlewatt.toml:4: [site] 'household_kwh_per_year': a household's use stands here without its source and year; add household_source and household_year: both stand on every report",
        ],
    );
    let said =
        format!("{line}\nhousehold_kwh_per_year = 4300\nhousehold_source = \"ADEME\"\nhousehold_year = 2024");
    let config = load(&SOUND.replacen(line, &said, 1)).expect("no fault").config;
    assert_eq!(config.site_info().household, "ADEME, 2024");
}
