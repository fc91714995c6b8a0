//! No secret leaves but to the server it is for: not in logs at their loudest, pages, metrics, answers, files, topics.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tests::certificate::write_secret;
use tests::idlewatt::{Idlewatt, WITHIN, command_in};
use tests::influxd::Influxd;
use tests::mosquitto::Mosquitto;
use tests::shipped::Shipped;

use super::{ROOM, reading};

const BROKER: &str = "Zq81-broker-of-Anna";
const DATABASE: &str = "Zq82-database-of-Anna";
const WRONG: &str = "Zq83-wrong-of-Anna";
const TOKEN: &str = "Zq84-token-of-influx";
const PAGE_TOKEN: &str = "Zq85-token-of-page";
const PAGE_PASSWORD: &str = "Zq86-password-of-page";
const METRICS_TOKEN: &str = "Zq87-token-of-metrics";
const GUESSED: &str = "Zq88-guessed-by-somebody";
const ALL: [&str; 8] = [
    BROKER,
    DATABASE,
    WRONG,
    TOKEN,
    PAGE_TOKEN,
    PAGE_PASSWORD,
    METRICS_TOKEN,
    GUESSED,
];

/// `user:secret` in base64 at each of its three alignments: what stands in the middle does not depend on the neighbours.
fn disguises(secret: &str) -> Vec<Vec<u8>> {
    let percent = secret
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect::<String>();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let list: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    let mut all = vec![secret.to_owned(), percent, hex, list.join(", ")];
    for lead in ["", "a", "ab"] {
        let encoded = STANDARD.encode(format!("{lead}{secret}"));
        all.push(encoded[4..encoded.len() - 4].to_owned());
    }
    all.into_iter().map(String::into_bytes).collect()
}

/// The first secret that bytes hold, and where.
fn held(bytes: &[u8]) -> Option<(&'static str, usize)> {
    ALL.into_iter().find_map(|secret| {
        let mut found = disguises(secret).into_iter().filter_map(|disguise| {
            bytes
                .windows(disguise.len())
                .position(|window| window == disguise)
        });
        found.next().map(|at| (secret, at))
    })
}

fn assert_silent(place: &str, bytes: &[u8]) {
    if let Some((secret, at)) = held(bytes) {
        let around = &bytes[at.saturating_sub(300)..(at + 100).min(bytes.len())];
        panic!("{place} holds {secret}: {}", String::from_utf8_lossy(around));
    }
}

#[test]
fn the_judge_knows_secrets_in_their_disguises() {
    assert_eq!(held(b"nothing of the kind"), None);
    for secret in ALL {
        let login = STANDARD.encode(format!("user:{secret}"));
        for said in [
            format!("said {secret}."),
            format!("Basic {login}"),
            format!("{:?}", secret.as_bytes()),
        ] {
            assert_eq!(
                held(said.as_bytes()).map(|(held, _)| held),
                Some(secret),
                "{said}"
            );
        }
    }
}

fn files(folder: &Path, look: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        if path.is_dir() {
            files(&path, look);
        } else {
            look(&path);
        }
    }
}

/// The environment in which all of it runs: secrets, and the loudest log.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("RUST_LOG", "trace"),
    ("RUST_BACKTRACE", "full"),
    ("TEST_DATABASE_PASSWORD", DATABASE),
    ("TEST_METRICS_TOKEN", METRICS_TOKEN),
];

const SHOWN: [&str; 12] = [
    "/",
    "/device/ct-1",
    "/alerts",
    "/pipeline",
    "/api/devices",
    "/api/summary",
    "/api/alerts",
    "/api/kpi",
    "/api/status",
    "/metrics",
    "/health",
    "/nowhere",
];

/// Every way in which a secret can be said, to servers that take it, refuse it, do not know it, are away.
fn prepare(broker: &Mosquitto, influx: &Influxd, secrets: &Path) -> anyhow::Result<Idlewatt> {
    let put = |name: &str, text: &str| {
        let path = secrets.join(name);
        write_secret(&path, text).map(|()| path.display().to_string())
    };
    let sections = format!(
        r#"[[broker]]
name = "main"
url = "{broker}"
username = "idlewatt"
password_file = "{password}"
[[broker]]
name = "refuses"
url = "{broker}"
username = "idlewatt"
password_file = "{wrong}"
version = "3.1.1"
[[sink]]
name = "good"
kind = "influxdb1"
url = "{influx}"
username = "root"
password_env = "TEST_DATABASE_PASSWORD"
[[sink]]
name = "refuses"
kind = "influxdb1"
url = "{influx}"
username = "root"
password_file = "{wrong}"
[[sink]]
name = "tokens"
kind = "influxdb2"
org = "o"
url = "{influx}"
token_file = "{token}"
[[sink]]
name = "away"
kind = "influxdb2"
org = "o"
url = "http://127.0.0.1:1"
token_file = "{token}"
[publish]
enabled = true
"#,
        broker = broker.url(),
        influx = influx.url(),
        password = put("broker", BROKER)?,
        wrong = put("wrong", WRONG)?,
        token = put("token", TOKEN)?,
    );
    let page = format!(
        "token_file = \"{}\"\nusername = \"anna\"\npassword_file = \"{}\"\nmetrics_token_env = \"TEST_METRICS_TOKEN\"\n",
        put("page", PAGE_TOKEN)?,
        put("password", PAGE_PASSWORD)?
    );
    let mut idlewatt = Idlewatt::prepare_with_page(&(ROOM.to_owned() + &sections), &page)?;
    idlewatt.log_in(PAGE_TOKEN);
    for (name, value) in ENVIRONMENT {
        idlewatt.set_environment(name, value);
    }
    Ok(idlewatt)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_anything_that_comes_out() -> anyhow::Result<()> {
    let broker = Shipped::start(&[("idlewatt", BROKER), ("plug", WRONG)], "")
        .await?
        .broker;
    let mut influx = Influxd::start(true).await?;
    influx.create_admin("root", DATABASE).await?;
    influx.query("", "CREATE DATABASE idlewatt").await?;
    let secrets = tempfile::tempdir()?;
    let mut idlewatt = prepare(&broker, &influx, secrets.path())?;
    idlewatt.restart().await?;
    idlewatt.until_connected("main").await?;
    tests::publisher::publish_as(broker.port(), ("plug", WRONG), vec![reading(100), reading(200)]).await?;
    let delivered = |metrics: &tests::account::Metrics| {
        metrics.account().journalled >= 2.0
            && metrics.sum("sink_behind_rows{sink=\"good\",kind=\"influxdb1\"}") == 0.0
            && metrics.sum("sink_cursor{sink=\"good\",kind=\"influxdb1\"}") > 0.0
    };
    idlewatt.until("with the good sink", WITHIN, delivered).await?;
    let refused = |health: &serde_json::Value| {
        let text = health.to_string();
        let places = [
            "sink refuses",
            "sink tokens",
            "sink away",
            "the broker refuses us",
        ];
        places.iter().all(|place| text.contains(place))
    };
    idlewatt.until_health("what refuses us", refused).await?;
    for path in SHOWN {
        let (_, body) = idlewatt.get(path).await?;
        assert!(body.len() > 20, "{path}: {body}");
        assert_silent(path, body.as_bytes());
    }
    idlewatt.log_in(GUESSED);
    let (status, body) = idlewatt.get("/").await?;
    assert_eq!(status, 401);
    assert_silent("a refusal", body.as_bytes());
    look_at_commands(&idlewatt.configuration_path().display().to_string())?;
    let topics = broker.retained("#", &["-u", "idlewatt", "-P", BROKER]).await?;
    assert!(
        topics.keys().any(|topic| topic.starts_with("idlewatt/")),
        "{topics:?}"
    );
    assert_silent("our topics", format!("{topics:?}").as_bytes());
    assert_eq!(idlewatt.stop().await?.code(), Some(0));
    let log = idlewatt.log();
    assert!(
        log.contains("TRACE") && log.contains("a wrong login"),
        "it is at its loudest"
    );
    assert_silent("the log", log.as_bytes());
    files(&idlewatt.state_folder(), &mut |path| {
        assert_silent(&path.display().to_string(), &std::fs::read(path).expect("ours"));
    });
    Ok(())
}

fn look_at_commands(file: &str) -> anyhow::Result<()> {
    for arguments in [
        &["check", "-c", file][..],
        &["check", "-c", file, "--json"],
        &["check", "-c", file, "--offline"],
        &["alert", "list", "-c", file],
        &["kpi", "-c", file],
    ] {
        let output = command_in(&ENVIRONMENT, arguments, "")?;
        assert!(!output.stdout.is_empty(), "{arguments:?}");
        assert_silent(&format!("{arguments:?}"), &output.stdout);
        assert_silent(&format!("{arguments:?}"), &output.stderr);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_for_its_owner_alone() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let broker = Mosquitto::start("").await?;
    let sections = format!("[[broker]]\nname = \"main\"\nurl = \"{}\"\n", broker.url());
    let idlewatt = Idlewatt::start(&(ROOM.to_owned() + &sections)).await?;
    idlewatt.until_connected("main").await?;
    tests::publisher::publish(broker.port(), vec![reading(100)]).await?;
    idlewatt
        .until("heard", WITHIN, |metrics| metrics.account().journalled >= 1.0)
        .await?;
    let mode = |path: &Path| std::fs::metadata(path).map(|file| file.permissions().mode() & 0o777);
    assert_eq!(mode(&idlewatt.state_folder())?, 0o700);
    let mut seen = 0;
    files(&idlewatt.state_folder(), &mut |path| {
        assert_eq!(mode(path).expect("ours"), 0o600, "{}", path.display());
        seen += 1;
    });
    assert!(seen >= 3, "{seen}");
    Ok(())
}
