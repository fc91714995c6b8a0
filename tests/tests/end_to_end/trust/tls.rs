//! TLS to real servers with an authority of our own: what works, and what is said of what cannot be trusted.

use std::path::Path;

use serde_json::Value;
use tests::certificate::{Authority, Pair};
use tests::idlewatt::{Idlewatt, WITHIN, answer};
use tests::influxd::Influxd;
use tests::mosquitto::{Mosquitto, free_port};
use tests::publisher::publish;

use super::{ROOM, reading};

/// A broker that wants TLS and a certificate at one port, and nothing at another.
struct Broker {
    server: Mosquitto,
    plain_port: u16,
}

impl Broker {
    fn prepare() -> anyhow::Result<Self> {
        let plain_port = free_port()?;
        let tls = format!(
            "cafile {{folder}}/ca.pem\ncertfile {{folder}}/server.pem\nkeyfile {{folder}}/server.key\n\
             require_certificate true\nlistener {plain_port} 127.0.0.1"
        );
        let server = Mosquitto::prepare(&tls)?;
        Ok(Self { server, plain_port })
    }

    /// Starts it (again) with this certificate.
    async fn present(&mut self, authority: &Authority, pair: &Pair) -> anyhow::Result<()> {
        std::fs::write(self.server.folder().join("ca.pem"), authority.pem())?;
        pair.write(self.server.folder(), "server")?;
        self.server.restart().await?;
        tests::mosquitto::until_listening(self.plain_port).await
    }

    /// Three brokers of one: plain, and over TLS in both versions of MQTT; our own topics go over TLS as well.
    fn sections(&self, certificates: &Path, has_client: bool) -> String {
        let (tls_port, plain_port) = (self.server.port(), self.plain_port);
        let at = |name: &str| certificates.join(name).display().to_string();
        let client = format!(
            "client_cert_file = \"{}\"\nclient_key_file = \"{}\"\n",
            at("client.pem"),
            at("client.key")
        );
        let (client, publish) = if has_client {
            (
                client,
                format!("client_pem_file = \"{}\"\n", at("client.both.pem")),
            )
        } else {
            Default::default()
        };
        let mut text = format!("[[broker]]\nname = \"plain\"\nurl = \"mqtt://127.0.0.1:{plain_port}\"\n");
        for (name, version) in [("five", "5"), ("three", "3.1.1")] {
            text += &format!(
                "[[broker]]\nname = \"{name}\"\nurl = \"mqtts://localhost:{tls_port}\"\nversion = \"{version}\"\n\
                 ca_file = \"{}\"\n{client}",
                at("ca.pem")
            );
        }
        text + &format!("[publish]\nenabled = true\nbroker = \"five\"\n{publish}")
    }
}

/// Whether a problem of each place says these words, with a mend that has those.
fn all_say(health: &Value, places: &[(&str, usize)], what: &str, mend: &str) -> bool {
    let problems = health["problems"].as_array().cloned().unwrap_or_default();
    let says = |problem: &&Value, key: &str, words: &str| {
        problem[key].as_str().is_some_and(|text| text.contains(words))
    };
    places.iter().all(|(place, count)| {
        let of = |problem: &&Value| {
            says(problem, "where", place) && says(problem, "what", what) && says(problem, "mend", mend)
        };
        problems.iter().filter(of).count() == *count
    })
}

async fn until_heard(idlewatt: &Idlewatt, journalled: u32) -> anyhow::Result<()> {
    let is_there = |metrics: &tests::account::Metrics| metrics.account().journalled >= f64::from(journalled);
    idlewatt.until("heard", WITHIN, is_there).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_over_tls_and_what_is_said_of_those_that_cannot_be_trusted() -> anyhow::Result<()> {
    let (authority, stranger) = (Authority::new("ours")?, Authority::new("nobody's")?);
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("ca.pem"), authority.pem())?;
    authority.client("idlewatt")?.write(folder.path(), "client")?;
    let right = authority.server(&["localhost"])?;
    let mut broker = Broker::prepare()?;
    broker.present(&authority, &right).await?;
    let idlewatt = Idlewatt::start(&(ROOM.to_owned() + &broker.sections(folder.path(), true))).await?;
    let is_well = |health: &Value| health["ok"] == true;
    idlewatt.until_health("all is well over TLS", is_well).await?;
    publish(broker.plain_port, vec![reading(100)]).await?;
    until_heard(&idlewatt, 3).await?;

    let brokers = format!("mqtts://localhost:{}", broker.server.port());
    let places = [(brokers.as_str(), 2), ("sink publish", 1)];
    let mut heard = 3;
    for (pair, what, mend) in [
        (
            stranger.server(&["localhost"])?,
            "an authority that we do not trust",
            "'ca_file'",
        ),
        (
            authority.expired_server(&["localhost"])?,
            "has expired",
            "renew the certificate",
        ),
        (
            authority.server(&["elsewhere.example"])?,
            "for another name",
            "in 'url'",
        ),
    ] {
        broker.present(&authority, &pair).await?;
        heard += 1;
        publish(broker.plain_port, vec![reading(100 + heard)]).await?;
        until_heard(&idlewatt, heard).await?;
        let says = |health: &Value| all_say(health, &places, what, mend);
        idlewatt.until_health(what, says).await?;
        let check = tests::idlewatt::command(
            &[
                "check",
                "-c",
                &idlewatt.configuration_path().display().to_string(),
            ],
            "",
        )?;
        let said = String::from_utf8(check.stdout)?;
        assert!(said.contains(what) && said.contains(mend), "{said}");
    }
    // mended there, it goes on by itself
    broker.present(&authority, &right).await?;
    idlewatt.until_health("all is well again", is_well).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_ours_that_is_missing_is_said_and_named_it_works() -> anyhow::Result<()> {
    let authority = Authority::new("ours")?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("ca.pem"), authority.pem())?;
    authority.client("idlewatt")?.write(folder.path(), "client")?;
    let mut broker = Broker::prepare()?;
    broker
        .present(&authority, &authority.server(&["localhost"])?)
        .await?;
    let idlewatt = Idlewatt::start(&(ROOM.to_owned() + &broker.sections(folder.path(), false))).await?;
    idlewatt.until_connected("plain").await?;
    publish(broker.plain_port, vec![reading(100)]).await?;
    until_heard(&idlewatt, 1).await?;
    let brokers = format!("mqtts://localhost:{}", broker.server.port());
    let what = "wants a certificate of ours and got none";
    idlewatt
        .until_health(what, |health| {
            all_say(health, &[(&brokers, 2)], what, "'client_cert_file'")
                && all_say(health, &[("sink publish", 1)], what, "'client_pem_file'")
        })
        .await?;
    idlewatt.rewrite(&(ROOM.to_owned() + &broker.sections(folder.path(), true)))?;
    idlewatt.hang_up()?;
    idlewatt
        .until_health("all is well", |health| health["ok"] == true)
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_over_tls_and_what_is_said_of_one_that_cannot_be_trusted() -> anyhow::Result<()> {
    let (authority, stranger) = (Authority::new("ours")?, Authority::new("nobody's")?);
    let folder = tempfile::tempdir()?;
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem())?;
    let right = authority.server(&["localhost"])?;
    let mut influx = Influxd::start_tls(&authority, &right).await?;
    influx.query("", "CREATE DATABASE idlewatt").await?;
    let broker = Mosquitto::start("").await?;
    let sections = format!(
        "[[broker]]\nname = \"main\"\nurl = \"{}\"\n[[sink]]\nname = \"influx\"\nkind = \"influxdb1\"\n\
         url = \"{}\"\nca_file = \"{}\"\n",
        broker.url(),
        influx.url(),
        ca.display()
    );
    let idlewatt = Idlewatt::start(&(ROOM.to_owned() + &sections)).await?;
    idlewatt.until_connected("main").await?;
    let (mut power_w, count) = (100, "SELECT COUNT(power_w) FROM power");
    publish(broker.port(), vec![reading(power_w)]).await?;
    idlewatt
        .until("delivered", WITHIN, |metrics| {
            metrics.account().journalled > 0.0 && metrics.is_drained()
        })
        .await?;
    assert!(influx.number("idlewatt", count).await? >= 1.0);
    for (pair, what, mend) in [
        (
            stranger.server(&["localhost"])?,
            "an authority that we do not trust",
            "'ca_file'",
        ),
        (
            authority.expired_server(&["localhost"])?,
            "has expired",
            "renew the certificate",
        ),
        (
            authority.server(&["elsewhere.example"])?,
            "for another name",
            "in 'url'",
        ),
    ] {
        influx.present(&pair).await?;
        // sinks begin afresh: none of them waits half a minute for the next try
        idlewatt.hang_up()?;
        power_w += 1;
        publish(broker.port(), vec![reading(power_w)]).await?;
        let says = |health: &Value| all_say(health, &[("sink influx", 1)], what, mend);
        idlewatt.until_health(what, says).await?;
    }
    // mended there, it goes on by itself and nothing is missing
    influx.present(&right).await?;
    idlewatt
        .until_health("all is well again", |health| health["ok"] == true)
        .await?;
    idlewatt
        .until("delivered", WITHIN, tests::account::Metrics::is_drained)
        .await?;
    assert!(influx.number("idlewatt", count).await? >= 4.0);
    assert!(
        answer(
            &[
                "check",
                "--offline",
                "-c",
                &idlewatt.configuration_path().display().to_string()
            ],
            ""
        )
        .is_ok()
    );
    Ok(())
}
