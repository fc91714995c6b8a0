//! A first configuration: by flags from the meters of a real broker, and by questions on a real terminal.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use idlewatt::config::Config;
use simulator::{Message, Scenario, Simulation, Speed};
use tempfile::TempDir;
use tests::idlewatt::command;
use tests::mosquitto::Mosquitto;
use tests::pipeline::play;
use tests::terminal::{CTRL_C, dialogue, presses, says, says_unseen};

const PASSWORD: &str = "a password of the broker";

/// Meters of the demo that no family knows: its configuration has a `[[mapper]]` for each of their two gateways.
const NEED_A_MAPPER: [&str; 3] = ["ct2", "angio1", "chiller1"];

/// The meters of the demo hospital, some minutes of them.
fn messages() -> anyhow::Result<Vec<Message>> {
    Ok(Simulation::new(&Scenario::builtin("demo")?).take(3_000).collect())
}

/// A broker that wants the account `idlewatt`.
async fn closed_broker() -> anyhow::Result<Mosquitto> {
    let mut broker = Mosquitto::prepare("allow_anonymous false\npassword_file {folder}/passwords")?;
    let passwords = broker.folder().join("passwords");
    let made = Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&passwords)
        .args(["idlewatt", PASSWORD])
        .status()?;
    anyhow::ensure!(made.success(), "mosquitto_passwd");
    broker.restart().await?;
    Ok(broker)
}

/// A folder and the file in it that is to be written.
fn output() -> anyhow::Result<(TempDir, PathBuf, String)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("idlewatt.toml");
    let name = path.display().to_string();
    Ok((folder, path, name))
}

fn mode(path: &Path) -> anyhow::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<String> = entries
        .iter()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_meters_that_are_heard_become_devices_and_the_check_passes() -> anyhow::Result<()> {
    let broker = Mosquitto::start("").await?;
    let (_folder, path, name) = output()?;
    let (url, port) = (broker.url(), broker.port());
    let arguments = [
        "init",
        "--output",
        &name,
        "--broker",
        &url,
        "--discover",
        "--seconds",
        "10",
        "--site-name",
        "St. Anna",
    ];
    let arguments = arguments.map(str::to_owned);
    let written = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        command(&arguments, "")
    });
    // again and again, so that the meters are heard whenever it begins to listen
    while !written.is_finished() {
        play(port, messages()?.into_iter(), Speed::AsFastAsPossible, |_| {}).await?;
    }
    let written = written.await??;
    let (said, messages) = (
        String::from_utf8(written.stdout)?,
        String::from_utf8(written.stderr)?,
    );
    assert_eq!(written.status.code(), Some(0), "{said}{messages}");
    for wanted in [
        "written: ",
        "devices: ",
        "assumed: a price of 0.23",
        "ok    broker 'main'",
        "idlewatt serve -c",
        "http://127.0.0.1:8080/",
    ] {
        assert!(said.contains(wanted), "{wanted}\nis not in\n{said}");
    }
    assert!(messages.contains("listening, 10 s"), "{messages}");
    let checked = command(&["check", "-c", &name], "")?;
    assert_eq!(
        checked.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );
    let config = Config::load(&path)?.config;
    let demo = Config::parse(Path::new("demo.toml"), idlewatt::demo::CONFIG)?.config;
    let text = std::fs::read_to_string(&path)?;
    let feeds = demo.devices.iter().flat_map(|device| &device.device.feeds);
    let missing = feeds.filter(|feed| !text.contains(&format!("meter = \"{}\"", feed.meter)));
    let missing: Vec<&str> = missing.map(|feed| feed.meter.as_str()).collect();
    assert_eq!(
        missing, NEED_A_MAPPER,
        "in the order of the demo's devices\n{text}"
    );
    assert!(said.contains(" kinds of topics were not read"), "{said}");
    assert!(
        !config.devices.is_empty() && text.contains("check this"),
        "{text}"
    );
    assert_eq!(mode(&path)?, 0o640);

    overwritten_only_by_force(&path, &url)
}

/// The file stays as it is, unless somebody wants it replaced.
fn overwritten_only_by_force(path: &Path, url: &str) -> anyhow::Result<()> {
    let (name, text) = (path.display().to_string(), std::fs::read_to_string(path)?);
    let again = command(&["init", "--output", &name, "--broker", url], "")?;
    let said = String::from_utf8(again.stderr)?;
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(
        said.contains("is there already") && said.contains("--force"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(path)?, text, "it is as it was");
    let forced = command(&["init", "--output", &name, "--broker", url, "--force"], "")?;
    assert_eq!(forced.status.code(), Some(0), "{forced:?}");
    assert!(Config::load(path)?.config.devices.is_empty());
    Ok(())
}

/// Everything that can be said, but for the secret and the place.
const ALL: [&str; 43] = [
    "init",
    "--broker",
    "mqtt://127.0.0.1:1",
    "--username",
    "idlewatt",
    "--site-name",
    "St. \"Anna\"",
    "--zone",
    "Europe/Zurich",
    "--language",
    "fr",
    "--currency",
    "CHF",
    "--day-price",
    "0.27",
    "--night-price",
    "0.21",
    "--price-source",
    "contract",
    "--price-year",
    "2026",
    "--carbon-g",
    "128",
    "--carbon-source",
    "a study",
    "--carbon-year",
    "2024",
    "--opening-mon-fri",
    "07:00-12:00,13:00-19:00",
    "--sink",
    "influxdb1=http://127.0.0.1:1",
    "--sink-database",
    "rooms",
    "--listen",
    "127.0.0.1:9090",
    "--state-dir",
    "/var/lib/idlewatt",
    "--sink-username",
    "grafana",
    "--opening-sat",
    "",
    "--opening-sun",
    "10:00-11:00",
];

#[test]
fn flags_say_it_all() -> anyhow::Result<()> {
    let (folder, path, name) = output()?;
    let secret = folder.path().join("mqtt_password");
    std::fs::write(&secret, PASSWORD)?;
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600))?;
    let file = secret.display().to_string();
    let secrets = [
        "--password-file",
        &file,
        "--sink-password-file",
        &file,
        "--output",
        &name,
    ];
    let written = command(&[&ALL[..], &secrets].concat(), "")?;
    let said = String::from_utf8(written.stdout)?;
    let messages = String::from_utf8(written.stderr)?;
    assert_eq!(written.status.code(), Some(0), "{said}{messages}");
    assert!(!said.contains("assumed"), "{said}");
    for silent in ["FAIL  broker 'main'", "FAIL  sink 'database'"] {
        assert!(said.contains(silent), "{said}");
    }
    let config = Config::load(&path)?.config;
    let tariff = &config.site.site.tariff;
    let site = (config.site.name.as_str(), tariff.currency.as_str());
    assert_eq!(site, ("St. \"Anna\"", "CHF"));
    assert_eq!(config.page.to_string(), "127.0.0.1:9090");
    assert_eq!(config.state_dir, Path::new("/var/lib/idlewatt"));
    assert_eq!(
        (config.brokers[0].username.as_str(), config.sinks.len()),
        ("idlewatt", 1)
    );
    let text = std::fs::read_to_string(&path)?;
    let opening = "opening = { mon_fri = [\"07:00-12:00\", \"13:00-19:00\"], sun = [\"10:00-11:00\"] }";
    assert!(!text.contains(PASSWORD) && text.contains(opening), "{text}");
    Ok(())
}

#[test]
fn what_cannot_be_used_leaves_nothing_behind() -> anyhow::Result<()> {
    let (folder, _path, name) = output()?;
    for (further, code, words) in [
        (&[][..], 2, "name it with --broker"),
        (&["--broker", "http://x"], 2, "--broker: "),
        (
            &["--broker", "mqtt://x", "--zone", "Europe/Pariss"],
            2,
            "--zone: ",
        ),
        (
            &["--broker", "mqtt://x", "--day-price", "cheap"],
            2,
            "write a number",
        ),
        (
            &["--broker", "mqtt://x", "--opening-sat", "8-12h"],
            2,
            "--opening-sat: ",
        ),
        (
            &["--broker", "mqtt://x", "--sink", "oracle=http://x"],
            2,
            "--sink",
        ),
        (
            &[
                "--broker",
                "mqtt://x",
                "--username",
                "u",
                "--password-file",
                "/no/such",
            ],
            1,
            "cannot be read",
        ),
        (
            &["--broker", "mqtt://127.0.0.1:1", "--discover", "--seconds", "1"],
            1,
            "nothing was heard",
        ),
    ] {
        let arguments = [&["init", "--output", &name][..], further].concat();
        let refused = command(&arguments, "")?;
        let said = String::from_utf8(refused.stderr)?;
        assert_eq!(refused.status.code(), Some(code), "{further:?}: {said}");
        assert!(said.contains(words), "{further:?}: {said}");
        assert_eq!(names(folder.path())?, [""; 0], "{further:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_and_the_password_is_never_shown() -> anyhow::Result<()> {
    let broker = closed_broker().await?;
    let (folder, path, name) = output()?;
    let url = broker.url();
    let answers = [
        says("The broker", &url),
        says("The account at the broker", "idlewatt"),
        says_unseen("Its password", PASSWORD),
        says("What people call the hospital", "St. Anna"),
        says("Its time zone", "Europe/Zurich"),
        says("Language of page", "fr"),
        says("Currency", "CHF"),
        says("Price of a kilowatt-hour by day", "much"),
        says("write a number", "0.27"),
        says("Price by night", "0.21"),
        says("Where the prices come from", ""),
        says("The year they hold for", ""),
        says("another one", "6"),
        says("Grams of CO2", "128"),
        says("Where the factor comes from", "a study"),
        says("The year it holds for", "2024"),
        says("Open Monday to Friday", ""),
        says("Open on Saturday", "08:00-12:00"),
        says("Open on Sunday", ""),
        says("A database for the series", ""),
        says("Listen to the broker", "no"),
    ];
    let (code, screen) = dialogue(&["init", "--output", &name], &answers)?;
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains(PASSWORD), "{screen}");
    assert!(screen.contains("ok    broker 'main'"), "{screen}");
    assert_eq!(names(folder.path())?, ["idlewatt.toml", "mqtt_password"]);
    let secret = folder.path().join("mqtt_password");
    assert_eq!(std::fs::read_to_string(&secret)?, format!("{PASSWORD}\n"));
    assert_eq!((mode(&secret)?, mode(&path)?), (0o640, 0o640));
    let loaded = Config::load(&path)?;
    let config = loaded.config;
    assert_eq!(config.site.name, "St. Anna");
    assert_eq!(config.site.site.carbon.year, 2024);
    let text = std::fs::read_to_string(&path)?;
    assert!(
        text.contains("day_price_per_kwh = 0.27") && text.contains("sat = [\"08:00-12:00\"]"),
        "{text}"
    );
    assert!(!text.contains(PASSWORD), "{text}");
    let checked = command(&["check", "-c", &name], "")?;
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    Ok(())
}

#[test]
fn ctrl_c_leaves_nothing_behind() -> anyhow::Result<()> {
    let (folder, _path, name) = output()?;
    let answers = [
        says("The broker", "mqtt://localhost:1883"),
        says("The account at the broker", "idlewatt"),
        says_unseen("Its password", PASSWORD),
        presses("What people call the hospital", CTRL_C),
    ];
    let (code, screen) = dialogue(&["init", "--output", &name], &answers)?;
    assert!(code == 130 || code == 1, "{code} {screen}");
    assert_eq!(names(folder.path())?, [""; 0], "{screen}");
    assert!(!screen.contains(PASSWORD), "{screen}");
    Ok(())
}

#[test]
fn without_a_terminal_nothing_is_asked() -> anyhow::Result<()> {
    let (_folder, path, name) = output()?;
    let written = command(&["init", "--output", &name, "--broker", "mqtt://127.0.0.1:1"], "")?;
    let said = String::from_utf8(written.stdout).context("text")?;
    assert_eq!(written.status.code(), Some(0), "{said}");
    assert!(
        said.contains("--site-name") && said.contains("--zone") && said.contains("--carbon"),
        "{said}"
    );
    assert!(Config::load(&path).is_ok());
    Ok(())
}
