//! Alerts that arrive: real meters' messages → mosquitto → `idlewatt serve` → a real HTTP server, a real mail server, a
//! real Alertmanager. Two magnets lose their cooling: raised, reminded, resolved; with receivers that are away and an
//! idlewatt that is killed meanwhile, and a message tried out.

mod home_assistant;
mod trial;

use anyhow::Context;
use serde_json::Value;
use tests::alertmanager::Alertmanager;
use tests::certificate::{Authority, write_secret};
use tests::idlewatt::WITHIN;
use tests::receiver::{Heard, Receiver};
use tests::smtpd::{PASSWORD, Smtpd, USER};

use crate::alert::Hospital;

/// The key that messages are signed with.
const KEY: &str = "a key that both sides know";
/// Cooling is lost here, and back there; minutes of the play.
const LOST_AT: i64 = -12;
const BACK_AT: i64 = 25;

/// The check of docs/alerts.md: key, header and body are its arguments.
const CHECK: &str = r#"
import hashlib, hmac, sys
key, header, body = sys.argv[1].encode(), sys.argv[2], sys.argv[3].encode()
wanted = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
sys.exit(0 if hmac.compare_digest(wanted, header) else 1)
"#;

/// Everybody who is told.
pub(super) struct Receivers {
    pub(super) http: Receiver,
    pub(super) smtpd: Smtpd,
    pub(super) alertmanager: Alertmanager,
    /// Of files that the configuration names.
    folder: tempfile::TempDir,
}

impl Receivers {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let (http, authority, folder) = (
            Receiver::start().await?,
            Authority::new("ours")?,
            tempfile::tempdir()?,
        );
        std::fs::write(folder.path().join("ca.pem"), authority.pem())?;
        write_secret(&folder.path().join("key"), KEY)?;
        write_secret(&folder.path().join("password"), PASSWORD)?;
        write_secret(&folder.path().join("url"), &http.url("/secret-path"))?;
        Ok(Self {
            alertmanager: Alertmanager::start(&http.url("/from-alertmanager")).await?,
            smtpd: Smtpd::start(&authority).await?,
            http,
            folder,
        })
    }

    /// A channel of each kind.
    pub(super) fn sections(&self) -> String {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let gather =
            "[[route]]\nchannels = [\"hook\", \"phone\", \"post\", \"am\"]\ndigest_after_ms = 1500\n";
        let quick = "pause_s = 0\ntimeout_s = 5\n";
        format!(
            "[[channel]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\nsecret_file = \"{}\"\n\
             headers = [{{ name = \"X-Team\", value = \"radiology\" }}]\n{quick}\
             [[channel]]\nname = \"phone\"\nkind = \"ntfy\"\nurl = \"{}\"\ntopic = \"radiology\"\n{quick}\
             [[channel]]\nname = \"post\"\nkind = \"mail\"\nserver = \"localhost:{}\"\nca_file = \"{}\"\nusername = \"{USER}\"\n\
             password_file = \"{}\"\nfrom = \"idlewatt@hospital.example\"\nto = [\"oncall@hospital.example\"]\n{quick}\
             [[channel]]\nname = \"am\"\nkind = \"alertmanager\"\nurl = \"{}\"\nresolve_after_s = 6\ntimeout_s = 5\n{gather}",
            self.http.url("/hook"),
            at("key"),
            self.http.url("/ntfy"),
            self.smtpd.port(),
            at("ca.pem"),
            at("password"),
            self.alertmanager.url(),
        )
    }

    async fn stop(&mut self) -> anyhow::Result<()> {
        self.smtpd.stop()?;
        self.http.stop().await
    }

    async fn restart(&mut self) -> anyhow::Result<()> {
        self.smtpd.restart().await?;
        self.http.restart().await
    }

    pub(super) async fn until_mails(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let arriving = async {
            loop {
                let mails = self.smtpd.mails()?;
                if mails.len() >= count {
                    return anyhow::Ok(mails);
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let waited = tokio::time::timeout(WITHIN, arriving).await;
        waited.with_context(|| format!("{count} mails never come: {:?}", self.smtpd.mails()))?
    }

    /// Waits until so many alerts are active at the Alertmanager.
    async fn until_active(&self, count: usize) -> anyhow::Result<Vec<Value>> {
        let looking = async {
            loop {
                let active = self.alertmanager.active().await?;
                if active.len() == count {
                    return anyhow::Ok(active);
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let waited = tokio::time::timeout(WITHIN, looking).await;
        waited.with_context(|| format!("never {count} alerts at the Alertmanager"))?
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_channel_tells_raised_reminded_and_resolved_and_an_outage_is_one_message() -> anyhow::Result<()>
{
    let mut receivers = Receivers::start().await?;
    let mut hospital = Hospital::start_among(&receivers.sections()).await?;
    hospital.draw(-60, LOST_AT, 7.0).await?;
    hospital.draw(LOST_AT, -8, 0.0).await?;
    all_have_heard(&receivers, 1, "raised").await?;
    let active = receivers.until_active(2).await?;
    assert_eq!(active[0]["labels"]["alertname"], "cryo_base_lost", "{active:#?}");
    receivers.http.until_heard("/from-alertmanager", 2).await?;
    // an Alertmanager that was restarted has forgotten all: it is told again
    receivers.alertmanager.stop()?;
    receivers.alertmanager.restart().await?;
    receivers.until_active(2).await?;

    hospital.draw(-8, BACK_AT, 0.0).await?;
    all_have_heard(&receivers, 2, "reminded").await?;
    // all this time the Alertmanager was told again: both are active beyond the time after which it forgets
    receivers.until_active(2).await?;

    receivers.stop().await?;
    hospital.draw(BACK_AT, 40, 7.0).await?;
    let is_waiting = |status: &Value| {
        let channels = status["channels"].as_array().map_or(&[][..], Vec::as_slice);
        channels.len() == 4
            && channels[..3]
                .iter()
                .all(|channel| channel["waiting"] == 2 && channel["error"].is_string())
    };
    let status = hospital
        .idlewatt
        .until_json("/api/status", "three wait", is_waiting)
        .await?;
    assert_eq!(status["ok"], false, "{status:#}");
    hospital.restart().await?;
    receivers.restart().await?;
    all_have_heard(&receivers, 3, "cleared").await?;
    receivers.until_active(0).await?;
    let is_resolved = |heard: &Heard| heard.json()["status"] == "resolved";
    let mut count = 3;
    while receivers
        .http
        .heard("/from-alertmanager")
        .iter()
        .filter(|heard| is_resolved(heard))
        .count()
        < 2
    {
        count = receivers
            .http
            .until_heard("/from-alertmanager", count)
            .await?
            .len()
            + 1;
    }

    nothing_is_left(&mut hospital, &receivers).await
}

/// Nothing waits and nothing is wrong; each message came once; no secret was logged.
async fn nothing_is_left(hospital: &mut Hospital, receivers: &Receivers) -> anyhow::Result<()> {
    let is_well = |status: &Value| {
        let channels = status["channels"].as_array().map_or(&[][..], Vec::as_slice);
        channels
            .iter()
            .all(|channel| channel["waiting"] == 0 && channel["state"] == "ok" && channel["error"].is_null())
    };
    hospital
        .idlewatt
        .until_json("/api/status", "nothing waits", is_well)
        .await?;
    let metrics = hospital.idlewatt.metrics().await?;
    for kind in [("hook", "webhook"), ("phone", "ntfy"), ("post", "mail")] {
        let labels = format!("{{channel=\"{}\",kind=\"{}\"}}", kind.0, kind.1);
        assert_eq!(
            metrics.sum(&format!("channel_sent_total{labels}")),
            1.0,
            "{labels} since the restart"
        );
    }
    assert!(metrics.account().is_balanced(), "{}", metrics.account());
    assert!(!hospital.idlewatt.log().contains(PASSWORD) && !hospital.idlewatt.log().contains(KEY));
    assert!(hospital.idlewatt.stop().await?.success());
    let counts = (
        receivers.http.heard("/hook").len(),
        receivers.http.heard("/ntfy").len(),
        receivers.smtpd.mails()?.len(),
    );
    assert_eq!(counts, (3, 3, 3), "three messages each, and not one more");
    Ok(())
}

/// The newest message of each channel is of both magnets, in this phase; it is the `count`th.
async fn all_have_heard(receivers: &Receivers, count: usize, phase: &str) -> anyhow::Result<()> {
    let hooks = receivers.http.until_heard("/hook", count).await?;
    assert_eq!(hooks.len(), count, "{hooks:#?}");
    let hook = hooks.last().context("a message")?;
    is_signed(hook)?;
    let message = hook.json();
    assert_eq!(
        (&message["kind"], &message["version"]),
        (&"digest".into(), &1.into()),
        "{message:#}"
    );
    let alerts = message["alerts"].as_array().context("alerts")?;
    let mut devices: Vec<&str> = alerts
        .iter()
        .filter_map(|alert| alert["device"].as_str())
        .collect();
    devices.sort_unstable();
    assert_eq!(devices, ["mri-1", "mri-2"], "{message:#}");
    assert!(
        alerts.iter().all(|alert| alert["phase"] == phase),
        "{phase}: {message:#}"
    );

    let pushed = receivers.http.until_heard("/ntfy", count).await?;
    let (pushed, priority) = (pushed[count - 1].json(), if phase == "cleared" { 2 } else { 5 });
    assert_eq!(
        (&pushed["topic"], &pushed["priority"]),
        (&"radiology".into(), &priority.into()),
        "{pushed:#}"
    );
    assert_eq!(pushed["title"], message["title"]);

    let mails = receivers.until_mails(count).await?;
    let mail = &mails[count - 1];
    let (head, body) = mail.split_once("\n\n").context("no end of the headers")?;
    assert!(
        head.contains("Message-ID: <") && head.contains("@hospital.example>"),
        "{mail}"
    );
    assert!(body.contains("mri-1") && body.contains("mri-2"), "{mail}");
    assert!(body.contains("Content-Type: text/html"), "{mail}");
    Ok(())
}

/// The signature is checked as docs/alerts.md says.
fn is_signed(heard: &Heard) -> anyhow::Result<()> {
    let header = heard
        .headers
        .get("x-idlewatt-signature")
        .context("no signature")?;
    let arguments = ["-c", CHECK, KEY, header, &heard.body];
    let checked = std::process::Command::new("python3").args(arguments).status()?;
    anyhow::ensure!(checked.success(), "{heard:#?}");
    let id = heard.json()["id"].clone();
    anyhow::ensure!(
        heard.headers.get("idempotency-key").is_some_and(|key| *key == id),
        "{heard:#?}"
    );
    anyhow::ensure!(
        heard
            .headers
            .get("x-team")
            .is_some_and(|team| team == "radiology"),
        "{heard:#?}"
    );
    Ok(())
}
