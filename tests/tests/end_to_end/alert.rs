//! A person's word on an alert, through the whole: `idlewatt alert` → mosquitto → journal → analyzer → topics, API, page.
//!
//! Two magnets lose their cooling. One alert is acknowledged, the other snoozed, and idlewatt is killed in between: nothing
//! is said twice, and reminders come when they are due and not before.

use anyhow::Context;
use ingest::clock::wall;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::account::{Account, Metrics};
use tests::idlewatt::{Idlewatt, WITHIN, answer, demo_configuration};
use tests::mosquitto::Mosquitto;
use tests::pipeline::{start_broker, until_subscribed_to, whole};
use tests::publisher::{Outgoing, publish};

/// In place of the devices of the demo hospital, whose site and mappers are used.
const MAGNETS: &str = r#"
[publish]
enabled = true
[[device]]
id = "mri-1"
room = "one"
modality = "mri"
meter = "magnet-1"
opening = "always"
[[device]]
id = "mri-2"
room = "two"
modality = "mri"
meter = "magnet-2"
opening = "always"
"#;

/// Our own topics are not listened to, but for the one on which people speak.
pub(crate) fn configuration(broker: &Mosquitto) -> String {
    let demo = demo_configuration(&broker.url(), "");
    let site = demo.split("[[device]]").next().unwrap_or_default();
    let clock = "clock_topic = \"simulator/clock\"";
    site.replace(clock, &format!("{clock}\ntopics = [\"plc/#\"]")) + MAGNETS
}

/// Its grace time is two minutes, it is reminded every half hour, and settles within ten minutes: docs/alerts.md.
pub(super) const RULE: &str = "cryo_base_lost";
const LOST_AT: i64 = -12;
const RAISED_AT: i64 = LOST_AT + 2;

/// Broker and idlewatt, in a play whose time is counted in minutes from its middle.
pub(crate) struct Hospital {
    pub(crate) broker: Mosquitto,
    pub(crate) idlewatt: Idlewatt,
    /// The wall clock's time: the command `snooze` counts from it.
    pub(crate) middle: Timestamp,
    /// Messages published that are not of the clock.
    pub(crate) published: u64,
}

impl Hospital {
    async fn start() -> anyhow::Result<Self> {
        Self::start_of("", "", None).await
    }

    /// With further keys of `[page]`, and the token that opens it.
    pub(crate) async fn start_with(page: &str, token: Option<&str>) -> anyhow::Result<Self> {
        Self::start_of("", page, token).await
    }

    /// `further` are sections of the configuration.
    pub(crate) async fn start_among(further: &str) -> anyhow::Result<Self> {
        Self::start_of(further, "", None).await
    }

    async fn start_of(further: &str, page: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let broker = start_broker().await?;
        let mut idlewatt = Idlewatt::prepare_with_page(&(configuration(&broker) + further), page)?;
        if let Some(token) = token {
            idlewatt.log_in(token);
        }
        idlewatt.restart().await?;
        // the last of the filters, and one that the configuration does not name
        until_subscribed_to(&broker, "idlewatt/act").await?;
        let middle = Timestamp::from_second(wall().as_second())?;
        Ok(Self {
            broker,
            idlewatt,
            middle,
            published: 0,
        })
    }

    fn at(&self, minute: i64) -> Timestamp {
        self.middle + SignedDuration::from_mins(minute)
    }

    /// Both magnets draw so much between two minutes, told every half minute. Returns when all of it is everywhere.
    pub(crate) async fn draw(&mut self, from: i64, until: i64, power_kw: f64) -> anyhow::Result<()> {
        let mut messages = Vec::new();
        for half in from * 2..until * 2 {
            let told = self.middle + SignedDuration::from_secs(half * 30);
            messages.push(Outgoing::new(
                "simulator/clock",
                told.as_millisecond().to_string(),
            ));
            for magnet in [1, 2] {
                messages.push(Outgoing::new(
                    format!("plc/magnet-{magnet}/power_kw"),
                    power_kw.to_string(),
                ));
                self.published += 1;
            }
        }
        let end = self.at(until);
        messages.push(Outgoing::new("simulator/clock", end.as_millisecond().to_string()));
        publish(self.broker.port(), messages).await?;
        // the page's time is what the clock has told, and its newest sample of both is the last one
        let last = self.middle + SignedDuration::from_secs(until * 60 - 30);
        let last = json!(last.to_string());
        let is_shown = |devices: &Value| (0..2).all(|magnet| devices[magnet]["sampled_at"] == last);
        self.idlewatt
            .until_json("/api/devices", "the last sample", is_shown)
            .await?;
        self.until_drained().await
    }

    pub(super) async fn until_drained(&self) -> anyhow::Result<()> {
        let is_done =
            |metrics: &Metrics| whole(metrics.account().journalled) >= self.published && metrics.is_drained();
        self.idlewatt.until("delivered", WITHIN, is_done).await?;
        Ok(())
    }

    /// Runs `idlewatt alert` as a person does.
    fn alert(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let file = self.idlewatt.configuration_path().display().to_string();
        answer(&[&["alert"], arguments, &["-c", &file]].concat(), "")
    }

    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.idlewatt.kill()?;
        self.idlewatt.restart().await
    }

    /// The only alert of a device, as the API tells it.
    pub(super) async fn told(&self, device: &str) -> anyhow::Result<Value> {
        let alerts = self.idlewatt.json("/api/alerts").await?;
        let mut of = alerts
            .as_array()
            .into_iter()
            .flatten()
            .filter(|alert| alert["device"] == device);
        let alert = of
            .next()
            .with_context(|| format!("no alert of {device}: {alerts:#}"))?;
        anyhow::ensure!(of.next().is_none(), "more than one of {device}: {alerts:#}");
        Ok(alert.clone())
    }

    /// Phases and instants of the steps of a device's only alert.
    pub(super) async fn steps(&self, device: &str) -> anyhow::Result<Vec<(String, Timestamp)>> {
        steps(&self.told(device).await?)
    }

    /// What the retained topic of a device's alert shows.
    pub(super) async fn retained(&self, device: &str) -> anyhow::Result<Value> {
        let topics = self.broker.retained("idlewatt/#", &[]).await?;
        let topic = format!("idlewatt/alert/{RULE}/{device}");
        let payload = topics
            .get(&topic)
            .with_context(|| format!("{topic} is not in {topics:?}"))?;
        Ok(serde_json::from_str(payload)?)
    }
}

fn steps(alert: &Value) -> anyhow::Result<Vec<(String, Timestamp)>> {
    let step = |step: &Value| {
        let (phase, at) = (step["phase"].as_str(), step["at"].as_str());
        Ok((phase.context("phase")?.to_owned(), at.context("at")?.parse()?))
    };
    alert["steps"]
        .as_array()
        .context("steps")?
        .iter()
        .map(step)
        .collect()
}

pub(super) fn phases(steps: &[(String, Timestamp)]) -> Vec<&str> {
    steps.iter().map(|(phase, _)| phase.as_str()).collect()
}

/// The alert steps of a device that a replay of the journal finds.
pub(super) fn replayed(hospital: &Hospital, device: &str) -> anyhow::Result<Vec<(String, Timestamp)>> {
    let file = hospital.idlewatt.configuration_path().display().to_string();
    let said = answer(&["replay", "-c", &file], "")?;
    let mut steps = Vec::new();
    for line in said.lines() {
        let finding: Value = serde_json::from_str(line)?;
        if finding["kind"] == "alert" && finding["device"] == device {
            steps.push((
                finding["phase"].as_str().context("phase")?.to_owned(),
                finding["at"].as_str().context("at")?.parse()?,
            ));
        }
    }
    Ok(steps)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_is_heard_kept_over_kills_and_stops_reminders() -> anyhow::Result<()> {
    let mut hospital = Hospital::start().await?;
    both_are_raised(&mut hospital).await?;
    let snoozed_until = both_are_spoken_of(&mut hospital).await?;

    // the reminder of minute 20 is not due to anybody; killed before and after it
    hospital.restart().await?;
    hospital.draw(-8, 45, 0.0).await?;
    hospital.restart().await?;
    hospital.until_drained().await?;
    assert_eq!(
        phases(&hospital.steps("mri-1").await?),
        ["raised", "acknowledged"]
    );
    assert_eq!(phases(&hospital.steps("mri-2").await?), ["raised", "snoozed"]);
    assert_eq!(word_is_everywhere(&hospital).await?, snoozed_until);

    hospital.draw(45, 70, 0.0).await?;
    let woken = hospital.steps("mri-2").await?;
    assert_eq!(phases(&woken), ["raised", "snoozed", "reminded"]);
    let late = woken[2].1.duration_since(snoozed_until);
    assert!(
        (SignedDuration::ZERO..SignedDuration::from_secs(31)).contains(&late),
        "{late}"
    );
    hospital.restart().await?;
    hospital.draw(70, 85, 7.0).await?;
    println!("{}", both_are_over(&mut hospital).await?);
    Ok(())
}

/// Both magnets lose their cooling, and that is all that is said.
pub(super) async fn both_are_raised(hospital: &mut Hospital) -> anyhow::Result<()> {
    hospital.draw(-60, LOST_AT, 7.0).await?;
    assert_eq!(hospital.alert(&["list"])?, "no alert is open\n");
    hospital.draw(LOST_AT, -8, 0.0).await?;
    for device in ["mri-1", "mri-2"] {
        assert_eq!(
            hospital.steps(device).await?,
            [("raised".to_owned(), hospital.at(RAISED_AT))]
        );
        assert_eq!(hospital.retained(device).await?["phase"], "raised");
    }
    let listed = hospital.alert(&["list"])?;
    assert_eq!(listed.matches("critical  cryo_base_lost").count(), 2, "{listed}");
    let listed = hospital.alert(&["list", "--json"])?;
    let alerts = listed.lines().map(serde_json::from_str::<Value>);
    let alerts = alerts.collect::<Result<Vec<_>, _>>()?;
    assert_eq!(alerts.len(), 2, "{listed}");
    assert!(
        alerts
            .iter()
            .all(|alert| alert["severity"] == "critical" && alert["cleared_at"].is_null()),
        "{listed}"
    );
    Ok(())
}

/// Anna acknowledges one, Ben snoozes the other; until when.
async fn both_are_spoken_of(hospital: &mut Hospital) -> anyhow::Result<Timestamp> {
    hospital.alert(&["acknowledge", RULE, "mri-1", "--by", "Anna"])?;
    hospital.alert(&["snooze", RULE, "mri-2", "--hours", "1", "--by", "Ben"])?;
    // words that change nothing: no alert of this rule is open; this is no word at all
    hospital.alert(&["acknowledge", "meter_silent", "mri-1"])?;
    let forget = Outgoing::new("idlewatt/act", "{\"act\":\"forget\"}");
    publish(hospital.broker.port(), vec![forget]).await?;
    hospital.published += 4;
    hospital.until_drained().await?;
    let is_heard = |alerts: &Value| ["acknowledged", "snoozed"].iter().all(|phase| has(alerts, phase));
    hospital
        .idlewatt
        .until_json("/api/alerts", "both words", is_heard)
        .await?;
    let snoozed_until = word_is_everywhere(hospital).await?;
    assert!(
        (hospital.at(60)..hospital.at(65)).contains(&snoozed_until),
        "{snoozed_until}"
    );
    let metrics = hospital.idlewatt.metrics().await?;
    let of_rule = format!("{{rule=\"{RULE}\",severity=\"critical\"}}");
    for name in ["alerts_raised_total", "alerts_open", "alerts_attended"] {
        assert_eq!(metrics.sum(&format!("{name}{of_rule}")), 2.0, "{name}");
        assert_eq!(metrics.sum(name), 2.0, "no other rule says anything: {name}");
    }
    Ok(snoozed_until)
}

/// Both are cleared, a replay of the journal says the same, and no message is unaccounted for: the account.
async fn both_are_over(hospital: &mut Hospital) -> anyhow::Result<Account> {
    for (device, expected) in [
        ("mri-1", &["raised", "acknowledged", "cleared"][..]),
        ("mri-2", &["raised", "snoozed", "reminded", "cleared"]),
    ] {
        let steps = hospital.steps(device).await?;
        assert_eq!(phases(&steps), expected);
        assert_eq!(hospital.retained(device).await?["phase"], "cleared");
        assert_eq!(replayed(hospital, device)?, steps, "a replay says the same");
    }
    assert_eq!(hospital.alert(&["list"])?, "no alert is open\n");
    let metrics = hospital.idlewatt.metrics().await?;
    for name in ["alerts_open", "alerts_attended", "alerts_raised_total"] {
        assert_eq!(metrics.sum(name), 0.0, "{name} since the last start");
    }
    let account = metrics.account();
    assert!(account.is_balanced(), "{account}");
    assert_eq!(
        (whole(account.journalled), account.quarantined),
        (hospital.published, 1.0)
    );
    assert!(hospital.idlewatt.stop().await?.success());
    Ok(account)
}

/// Whether some alert is in this phase.
fn has(alerts: &Value, phase: &str) -> bool {
    alerts
        .as_array()
        .into_iter()
        .flatten()
        .any(|alert| alert["phase"] == phase)
}

/// That Anna's and Ben's words are what API, topics and page show; until when Ben wants silence.
async fn word_is_everywhere(hospital: &Hospital) -> anyhow::Result<Timestamp> {
    let (anna, ben) = (hospital.told("mri-1").await?, hospital.told("mri-2").await?);
    for (told, device, phase, by) in [
        (&anna, "mri-1", "acknowledged", "Anna"),
        (&ben, "mri-2", "snoozed", "Ben"),
    ] {
        let shown = hospital.retained(device).await?;
        for word in [told, &shown] {
            assert_eq!(
                (&word["phase"], &word["by"]),
                (&json!(phase), &json!(by)),
                "{word:#}"
            );
        }
        assert_eq!(until(&shown)?, until(told)?);
    }
    let (_, page) = hospital.idlewatt.get("/alerts").await?;
    assert!(
        page.contains("acknowledged by Anna") && page.contains("snoozed until"),
        "{page}"
    );
    let listed = hospital.alert(&["list"])?;
    assert!(
        listed.contains("acknowledged") && listed.contains("snoozed"),
        "{listed}"
    );
    until(&ben)?.context("snoozed_until")
}

/// Until when an alert is snoozed; the history knows instants to the millisecond.
fn until(word: &Value) -> anyhow::Result<Option<Timestamp>> {
    let Some(text) = word["snoozed_until"].as_str() else {
        return Ok(None);
    };
    let until: Timestamp = text.parse()?;
    Ok(Some(Timestamp::from_millisecond(until.as_millisecond())?))
}
