//! No secret leaves but to the server it is for: not in logs at their loudest, pages, metrics, answers, files, topics.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tests::certificate::write_secret;
use tests::idlewatt::{Idlewatt, WITHIN, command};
use tests::influxd::Influxd;
use tests::mosquitto::Mosquitto;

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

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_anything_that_comes_out() -> anyhow::Result<()> {
    let broker = Mosquitto::start_shipped(&[("idlewatt", BROKER), ("meters", WRONG)]).await?;
    let mut influx = Influxd::start(true).await?;
    influx.create_admin("root", DATABASE).await?;
    influx.query("", "CREATE DATABASE idlewatt").await?;
    let secrets = tempfile::tempdir()?;
    let put = |name: &str, text: &str| {
        let path = secrets.path().join(name);
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
    for (name, value) in [
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
        ("TEST_DATABASE_PASSWORD", DATABASE),
        ("TEST_METRICS_TOKEN", METRICS_TOKEN),
    ] {
        idlewatt.set_environment(name, value);
    }
    idlewatt.restart().await?;
    idlewatt.until_connected("main").await?;
    tests::publisher::publish_as(broker.port(), ("meters", WRONG), vec![reading(100), reading(200)]).await?;
    let delivered = |metrics: &tests::account::Metrics| {
        metrics.account().journalled >= 2.0
            && metrics.sum("sink_behind_rows{sink=\"good\",kind=\"influxdb1\"}") == 0.0
            && metrics.sum("sink_cursor{sink=\"good\",kind=\"influxdb1\"}") > 0.0
    };
    idlewatt.until("with the good sink", WITHIN, delivered).await?;
    let refused = |health: &serde_json::Value| {
        let text = health.to_string();
        ["sink refuses", "sink tokens", "sink away"]
            .iter()
            .all(|place| text.contains(place))
            && text.contains("the broker refuses us")
    };
    idlewatt.until_health("what refuses us", refused).await?;

    let shown = [
        "/",
        "/device/ct-1",
        "/alerts",
        "/pipeline",
        "/api/devices",
        "/api/summary",
        "/api/alerts",
        "/api/kpi",
        "/metrics",
        "/health",
        "/nowhere",
    ];
    for path in shown {
        let (_, body) = idlewatt.get(path).await?;
        assert!(body.len() > 20, "{path}: {body}");
        assert_silent(path, body.as_bytes());
    }
    idlewatt.log_in(GUESSED);
    assert_eq!(idlewatt.get("/").await?.0, 401);
    assert_silent("/", idlewatt.get("/").await?.1.as_bytes());
    for path in ["/?token=", "/device/", "/api/kpi?by="] {
        idlewatt.log_in(PAGE_TOKEN);
        assert!(idlewatt.get(path).await?.0 < 500);
    }

    let file = idlewatt.configuration_path().display().to_string();
    for arguments in [
        &["check", "-c", &file][..],
        &["check", "-c", &file, "--json"],
        &["check", "-c", &file, "--print-config"],
        &["check", "-c", &file, "--offline"],
        &["alert", "list", "-c", &file],
        &["kpi", "-c", &file],
    ] {
        let output = tests::idlewatt::command_in(
            &[
                ("RUST_LOG", "trace"),
                ("TEST_DATABASE_PASSWORD", DATABASE),
                ("TEST_METRICS_TOKEN", METRICS_TOKEN),
            ],
            arguments,
            "",
        )?;
        assert!(!output.stdout.is_empty(), "{arguments:?}");
        assert_silent(&format!("{arguments:?}"), &output.stdout);
        assert_silent(&format!("{arguments:?}"), &output.stderr);
    }
    let login = ["-u", "idlewatt", "-P", BROKER];
    let topics = broker.retained("#", &login).await?;
    assert!(
        topics.keys().any(|topic| topic.starts_with("idlewatt/")),
        "{topics:?}"
    );
    assert_silent("our topics", format!("{topics:?}").as_bytes());
    assert_eq!(idlewatt.stop().await?.code(), Some(0));
    let log = idlewatt.log();
    assert!(
        log.contains("TRACE") && log.contains("DEBUG"),
        "it is at its loudest"
    );
    assert_silent("the log", log.as_bytes());
    files(&idlewatt.state_folder(), &mut |path| {
        assert_silent(&path.display().to_string(), &std::fs::read(path).expect("ours"));
    });
    // a wrong word on the command line is not repeated with secrets either
    assert_silent("a fault", &command(&["check", "-c", "/nowhere"], "")?.stdout);
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
