//! Faults of whole files: each with its exact line, subject and mend.

mod alert;
mod channel;
mod door;
mod report;

use std::path::Path;

use super::section::Keys as _;
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
    assert!(analyzer.devices[0].alerts.overnight_idle.is_some());
}

/// Replaces a line of the sound file and expects exactly these faults.
fn check(line: &str, replacement: &str, expected: &[&str]) {
    assert_eq!(
        faults_with(line, replacement).lines().collect::<Vec<_>>(),
        expected,
        "{replacement}"
    );
}

#[test]
fn unknown_keys_are_refused_with_what_was_meant() {
    check(
        "name = \"Saint-Luc\"",
        "nam = \"x\"",
        &["idlewatt.toml:2: [site] 'nam': the key 'nam' is not known here; did you mean 'name'?"],
    );
    check(
        "[defaults]",
        "listen = \"127.0.0.1:1\"\n[defaults]",
        &[
            "idlewatt.toml:12: [site.carbon] 'listen': the key 'listen' is not known here; it belongs under [page]",
        ],
    );
    check(
        "[[device]]",
        "[[devices]]",
        &["idlewatt.toml:17: [devices]: the key 'devices' is not known here; did you mean 'device'?"],
    );
    check(
        "url = \"mqtt://localhost\"",
        "url = \"mqtt://localhost\"\npassword = \"hunter2\"",
        &[
            "idlewatt.toml:17: broker 'main': 'password': the key 'password' is not known here; secrets stay out of this file: write password_file or password_env",
        ],
    );
    check(
        "opening = { mon_fri = [\"07:30-19:00\"] }",
        "opening = { mon_fri = [\"07:30-19:00\"], sut = [] }\nfoo = 1",
        &[
            "idlewatt.toml:13: [defaults.opening] 'sut': the key 'sut' is not known here; did you mean 'sun'?",
            "idlewatt.toml:14: [defaults] 'foo': the key 'foo' is not known here; the keys here are opening, holidays, silent_after_s",
        ],
    );
}

#[test]
fn values_of_the_wrong_kind_are_said_with_an_example() {
    check(
        "[defaults]",
        "[page]\nlisten = 5\n[defaults]",
        &[
            "idlewatt.toml:13: [page] 'listen': 5 is not an address and port; write for example: listen = \"127.0.0.1:8080\"",
        ],
    );
    check(
        "[[device]]",
        "[device]",
        &["idlewatt.toml:17: [device]: [device] is not a list of [[tables]]; write it as [[device]]"],
    );
    check(
        "name = \"main\"",
        "name = \"main\"\npassword_file = [\"hunter2\"]",
        &[
            "idlewatt.toml:16: broker 'main': 'password_file': this is not a path; write for example: password_file = \"/run/secrets/mqtt_password\"",
        ],
    );
    check(
        "year = 2026",
        "year = \"2026\"",
        &["idlewatt.toml:7: [site.tariff] 'year': \"2026\" is not a year; write for example: year = 2026"],
    );
    check(
        "g_per_kwh = 56.6",
        "g_per_kwh = nan",
        &[
            "idlewatt.toml:9: [site.carbon] 'g_per_kwh': NaN is not a number to reckon with; write a finite one",
        ],
    );
    check(
        "meter = \"m1\"",
        "meter = m1",
        &[
            "idlewatt.toml:21: this is not TOML: string values must be quoted, expected literal string; see https://toml.io; text needs quotes, lists need [ ], a key stands once in its table",
        ],
    );
}

#[test]
fn all_faults_are_said_at_once_in_the_order_of_the_file() {
    let text = SOUND
        .replace("Europe/Paris", "Europe/Pari")
        .replace("07:30-19:00", "7h30-19h")
        .replace(
            "modality = \"ct\"",
            "modality = \"mrt\"\nbands = [{ state = \"idel\", from_w = 3, until_w = \"5\" }]",
        )
        .replace("source = \"contract\"\n", "");
    let expected = [
        "idlewatt.toml:3: [site] 'zone': \"Europe/Pari\" is not a time zone; did you mean \"Europe/Paris\"?",
        "idlewatt.toml:4: [site.tariff]: 'source' is missing; add for example: source = \"the hospital's contract\"",
        "idlewatt.toml:12: [defaults.opening] 'mon_fri': \"7h30-19h\" is not a window; write \"07:30-19:00\"",
        "idlewatt.toml:19: device 'ct-1': 'modality': \"mrt\" is not a modality; did you mean \"mri\"?",
        "idlewatt.toml:20: device 'ct-1': bands 'state': \"idel\" is not a state; did you mean \"idle\"?",
        "idlewatt.toml:20: device 'ct-1': bands 'until_w': \"5\" is not a number; write for example: until_w = 10000",
    ];
    assert_eq!(faults(&text).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_missing_is_said_with_an_example() {
    assert_eq!(
        faults("").lines().collect::<Vec<_>>(),
        [
            "idlewatt.toml: 'site' is missing; add for example: [site]",
            "idlewatt.toml: 'broker' is missing; add for example: [[broker]]",
        ]
    );
    check(
        "id = \"ct-1\"",
        "",
        &["idlewatt.toml:17: device 1: 'id' is missing; add for example: id = \"ct-1\""],
    );
    check(
        "meter = \"m1\"",
        "",
        &[
            "idlewatt.toml:17: device 'ct-1': 'meter' is missing; add for example: meter = \"shellypro3em-ct1\"",
        ],
    );
    check(
        "source = \"ADEME\"\nyear = 2023",
        "source = \" \"",
        &[
            "idlewatt.toml:8: [site.carbon]: 'year' is missing; add for example: year = 2023",
            "idlewatt.toml:10: [site.carbon] 'source': this is empty; say what 'source' is",
        ],
    );
}

#[test]
fn devices_are_checked_against_each_other() {
    check(
        "meter = \"m1\"",
        "meter = \"m1\"\n[[device]]\nid = \"ct-1\"\nroom = \"2\"\nmodality = \"ct\"\nfeeds = [{ meter = \"m1\", channels = [\"l1\"] }]",
        &[
            "idlewatt.toml:23: device 'ct-1': 'id': the id \"ct-1\" stands at line 18 already; give each device an id of its own",
            "idlewatt.toml:26: device 'ct-1': 'feeds': the meter 'm1' feeds device 'ct-1' already: its watts would be counted twice; take it out once",
        ],
    );
    check(
        "meter = \"m1\"",
        "feeds = [{ meter = \"m1\", channels = [\"l1\", \"l1\", \"total\"] }]\nexempt = \"\"\npower_w_max = 0",
        &[
            "idlewatt.toml:21: device 'ct-1': feeds 'channels': \"total\" is the sum of the other channels: their watts would be counted twice; name either \"total\" or the others",
            "idlewatt.toml:21: device 'ct-1': feeds 'channels': the channel \"l1\" is named twice; take one out",
            "idlewatt.toml:22: device 'ct-1': 'exempt': a device is exempt without a reason; say why, as in exempt = \"emergency CT, must be ready at night\", or take the key out",
            "idlewatt.toml:23: device 'ct-1': 'power_w_max': 0 W leaves no reading plausible; write the most the device can draw, or leave it out for 250000 W",
        ],
    );
    let shared = SOUND.replace(
        "meter = \"m1\"",
        "feeds = [{ meter = \"m1\", shared = true }]\n[[device]]\nid = \"ct-2\"\nroom = \"2\"\nmodality = \"ct\"\nfeeds = [{ meter = \"m1\", shared = true, reversed = true }]",
    );
    let devices = load(&shared).expect("it is meant").config.devices;
    assert_eq!(devices[1].device.feeds[0].sign, -1.0);
}

#[test]
fn bands_and_windows_must_not_overlap() {
    check(
        "meter = \"m1\"",
        "meter = \"m1\"\nbands = [{ state = \"off\", from_w = 0, until_w = 5 }, { state = \"idle\", from_w = 3, until_w = 9 }]",
        &[
            "idlewatt.toml:22: device 'ct-1': 'bands': the bands 'off' and 'idle' overlap at 3 W; let one end where the other begins",
        ],
    );
    check(
        "opening = { mon_fri = [\"07:30-19:00\"] }",
        "opening = { mon_fri = [\"07:30-12:00\", \"11:00-19:00\"], sat = [\"08:00-08:00\"] }",
        &[
            "idlewatt.toml:13: [defaults.opening] 'mon_fri': \"11:00-19:00\" overlaps \"07:30-12:00\"; join them into one window",
            "idlewatt.toml:13: [defaults.opening] 'sat': \"08:00-08:00\" has no length; write \"00:00-24:00\" for the whole day",
        ],
    );
}

#[test]
fn named_levels_are_checked() {
    let level = |levels: &str| format!("meter = \"m1\"\nlevels = [{levels}]");
    for (levels, expected) in [
        (
            "{ level_w = 0, state = \"off\", label = \" \" }",
            &[
                "idlewatt.toml:22: device 'ct-1': levels 'level_w': 0 W is no level that could be found again; write the level that 'idlewatt calibrate' shows",
                "idlewatt.toml:22: device 'ct-1': levels 'label': a label has 1 to 40 characters; write what people call it, as in label = \"Eco mode\"",
            ][..],
        ),
        (
            "{ level_w = 1000, state = \"standby\" }, { level_w = 1200, state = \"idle\" }",
            &[
                "idlewatt.toml:22: device 'ct-1': 'levels': the levels 1000 W and 1200 W are too near each other: each names what lies within 15 % of it; take out one of them, or give the device 'bands'",
            ],
        ),
        (
            "{ level_w = 1000, state = \"standby\" }]\nbands = [{ state = \"idle\", from_w = 0, until_w = 9 }",
            &[
                "idlewatt.toml:22: device 'ct-1': 'levels': 'bands' are fixed: nothing is learned that a level could name; take out 'bands' to learn and name levels, or 'levels' to fix the bands",
            ],
        ),
    ] {
        check("meter = \"m1\"", &level(levels), expected);
    }
    check(
        "modality = \"ct\"",
        "modality = \"workstation\"\nlevels = [{ level_w = 90, state = \"scanning\" }]",
        &[
            "idlewatt.toml:21: device 'ct-1': levels 'state': no level at which a Workstation rests is 'scanning'; write one of \"off\", \"standby\", \"idle\"",
        ],
    );
    let named = level("{ level_w = 1000, state = \"standby\", label = \"Eco mode\" }");
    let devices = load(&SOUND.replace("meter = \"m1\"", &named))
        .expect("sound")
        .config
        .devices;
    let expected = analyzer::learn::Pin {
        level_w: 1000.0,
        state: analyzer::State::Standby,
        label: Some("Eco mode".to_owned()),
    };
    assert_eq!(devices[0].device.pins, [expected]);
}

#[test]
fn brokers_and_sinks_are_checked() {
    check(
        "url = \"mqtt://localhost\"",
        "url = \"localhost:1883\"\ntopics = [\"a#\"]\nusername = \"u\"\npassword_env = \"IDLEWATT_NOT_SET\"",
        &[
            "idlewatt.toml:16: broker 'main': 'url': this is not a URL; write for example \"mqtt://broker.example:1883\"",
            "idlewatt.toml:17: broker 'main': 'topics': \"a#\" is not a topic filter; '+' stands for one whole level and '#' for all that follows, as in \"tele/+/SENSOR\" or \"shellies/#\"",
            "idlewatt.toml:19: broker 'main': 'password_env': the environment variable IDLEWATT_NOT_SET is not set; set it for the service, or name a file instead",
        ],
    );
    check(
        "[[device]]",
        "[[sink]]\nname = \"a\"\nkind = \"influxdb2\"\nurl = \"ftp://db\"\ndatabase = \"x\"\n[[sink]]\nname = \"b\"\nkind = \"influx\"\nurl = \"http://me:hunter2@db\"\n[[device]]",
        &[
            "idlewatt.toml:17: sink 'a': 'org' is missing; add for example: org = \"hospital\"",
            "idlewatt.toml:20: sink 'a': 'url': \"ftp://\" is not one of http://, https://; write for example \"http://localhost:8086\"",
            "idlewatt.toml:21: sink 'a': 'database': 'database' means nothing to influxdb2; write 'bucket' instead",
            "idlewatt.toml:24: sink 'b': 'kind': \"influx\" is not a kind of sink; write one of \"influxdb1\", \"influxdb2\", \"influxdb3\", \"victoriametrics\"",
            "idlewatt.toml:25: sink 'b': 'url': the URL holds a user or password; take it out and use the keys for them",
        ],
    );
}

#[test]
fn mappers_are_tried_out() {
    check(
        "[[device]]",
        "[[mapper]]\nname = \"gateway\"\ntopic = \"plant/{meter}/{field}\"\n[[mapper.field]]\nquantity = \"power\"\nunit = \"kW\"\n[[mapper.field]]\nfield = \"P\"\nquantity = \"power\"\nunit = \"horse\"\n[[device]]",
        &[
            "idlewatt.toml:20: mapper 'gateway': 'field': the topic has {field}; say for which word this holds: field = \"…\"",
            "idlewatt.toml:23: mapper 'gateway': 'field': unit \"horse\" is not known; this quantity takes W, kW, MW, mW",
        ],
    );
}

/// What is worth a look in the sound file with a line replaced.
fn warnings_with(line: &str, replacement: &str) -> Vec<String> {
    assert!(SOUND.contains(line), "{line} is not a line of the sound file");
    let loaded = load(&SOUND.replacen(line, replacement, 1)).expect("no fault");
    loaded.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_worth_a_look_is_said() {
    for (line, replacement, expected) in [
        (
            "opening = { mon_fri = [\"07:30-19:00\"] }",
            "",
            "idlewatt.toml:17: device 'ct-1': no opening hours are said",
        ),
        (
            "modality = \"ct\"",
            "modality = \"mri\"\nbands = [{ state = \"off\", from_w = 0, until_w = 1000 }, { state = \"idle\", from_w = 1000, until_w = 9000 }]",
            "idlewatt.toml:21: device 'ct-1': 'bands': an MRI that is off still draws",
        ),
        (
            "day_price_per_kwh = 0.23",
            "day_price_per_kwh = 23",
            "idlewatt.toml:5: [site.tariff] 'day_price_per_kwh': 23 for a kilowatt-hour is much; if it is meant in cents",
        ),
        (
            "url = \"mqtt://localhost\"",
            "url = \"mqtt://localhost\"\ntopics = [\"tele/#\", \"tele/+/SENSOR\"]",
            "idlewatt.toml:17: broker 'main': 'topics': \"tele/+/SENSOR\" is part of \"tele/#\" already",
        ),
    ] {
        let warnings = warnings_with(line, replacement);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with(expected), "{}", warnings[0]);
    }
}

/// A file of the repository.
fn repository_file(path: &str) -> String {
    let whole = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{whole}: {error}"))
}

#[test]
fn the_deployed_sample_is_what_print_config_prints() {
    let is_equal = repository_file("deploy/idlewatt.toml") == super::print_config();
    assert!(
        is_equal,
        "mend it: cargo run -p idlewatt -- check --print-config > deploy/idlewatt.toml"
    );
}

#[test]
fn what_print_config_prints_loads_without_a_warning() {
    let loaded = load(&super::print_config()).expect("no fault");
    assert_eq!(loaded.warnings, []);
    assert_eq!(
        (
            loaded.config.brokers.len(),
            loaded.config.devices.len(),
            loaded.config.sinks.len()
        ),
        (1, 1, 0)
    );
}

#[test]
fn every_line_of_print_config_can_be_uncommented() {
    let is_key = |rest: &str| rest.starts_with(|first: char| first == '[' || first.is_ascii_lowercase());
    let lines = super::print_config()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if is_key(rest) => rest.to_owned(),
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    let document = super::document::Document::parse(Path::new("all.toml"), &lines).expect("it is TOML");
    let mut review = super::review::Review::new(&document);
    let _file: super::schema::File = super::shape::read(&mut review);
    review.finish().expect("each key and each value is read");
    for key in keys(&super::schema::File::SECTION) {
        let is_there =
            |line: &str| line.starts_with(&format!("{key} =")) || line.contains(&format!("{key}]"));
        let is_inline = lines.contains(&format!(" {key}: "));
        assert!(lines.lines().any(is_there) || is_inline, "{key} is not printed");
    }
}

/// Every key of the schema, as serde knows the fields: they are the same by construction.
fn keys(section: &super::section::Section) -> Vec<&'static str> {
    let below = (section.keys)();
    let below = below.iter().flat_map(|key| {
        let inner = key.section().map(keys).unwrap_or_default();
        std::iter::once(key.name).chain(inner)
    });
    below.collect()
}

#[test]
fn the_first_configuration_of_the_readme_loads() {
    let loaded = load(&repository_file("docs/first.toml")).expect("no fault");
    assert_eq!(loaded.warnings, []);
    let config = loaded.config;
    assert_eq!(
        (config.brokers.len(), config.devices.len(), config.sinks.len()),
        (1, 2, 1)
    );
    assert_eq!(
        config.decoder.meters_of_devices,
        ["mri-cabinet", "mri-mains", "shellypro3em-ct1"]
    );
}

#[test]
fn a_secret_is_read_from_a_file_and_never_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("idlewatt.toml");
    std::fs::write(folder.path().join("password"), "hunter2\n").expect("it can be written");
    let text = SOUND.replace(
        "url = \"mqtt://localhost\"",
        "url = \"mqtt://localhost\"\nusername = \"u\"\npassword_file = \"password\"",
    );
    std::fs::write(&file, text).expect("it can be written");
    let loaded = Config::load(&file).expect("no fault");
    let password = loaded.config.brokers[0].password.as_ref().expect("it was read");
    assert_eq!(password.reveal(), "hunter2");
    assert!(!format!("{loaded:?}").contains("hunter2"));
    assert_eq!(loaded.config.state_dir, folder.path().join("idlewatt-state"));
    let faults = Config::load(&folder.path().join("none.toml")).expect_err("no such file");
    assert!(
        faults
            .to_string()
            .contains("check --print-config > idlewatt.toml"),
        "{faults}"
    );
}

#[test]
fn publishing_names_a_broker() {
    let text = SOUND.to_owned() + "[publish]\nenabled = true\nprefix = \"hospital/idlewatt/\"\n";
    let config = load(&text).expect("no fault").config;
    let publish = config.publish.expect("it is enabled");
    assert_eq!(
        (publish.prefix.as_str(), publish.client_id.as_str()),
        ("hospital/idlewatt", "idlewatt-main-publish")
    );
    assert_eq!(config.decoder.ignored_prefixes, ["hospital/idlewatt"]);
    assert_eq!(
        faults(&(text + "broker = \"mian\"\n")),
        "idlewatt.toml:25: [publish] 'broker': no [[broker]] is named \"mian\"; did you mean \"main\"?"
    );
}

#[test]
fn no_more_faults_are_said_than_anyone_reads() {
    let keys: String = (0..150).map(|number| format!("wrong_{number} = 1\n")).collect();
    let said = faults(&keys);
    assert_eq!(said.lines().count(), super::review::FAULTS_MAX + 1);
    assert!(
        said.starts_with("idlewatt.toml: there are more than 100 faults; mend these first\n"),
        "{said}"
    );
}
