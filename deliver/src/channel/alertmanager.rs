//! A Prometheus Alertmanager, by `POST /api/v2/alerts`.
//!
//! An alert that is open is told again within a third of the time after which Alertmanager would take it for resolved
//! ([`AlertmanagerConfig::resolve_after`], told as `endsAt`); one that is over is told with the `endsAt` at which it
//! ended. Labels are what an alert is known by, so they hold no figures: rule, device, room, modality, site, severity. Words
//! are annotations. Grouping, silences and repeats are Alertmanager's own business.

use std::collections::BTreeMap;
use std::time::Duration;

use analyzer::AlertPhase;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use serde::Serialize;

use super::http::{HttpTarget, Post};
use super::message::{Item, Subject};
use super::{ChannelConfigError, Courier, Failure, Kind, Message};

pub(super) const KIND: Kind = Kind {
    name: "alertmanager",
    says: "a Prometheus Alertmanager, by its API v2",
};

/// Within the time after which it would be taken for resolved an alert is told so often.
const TELLINGS: u32 = 3;

/// An Alertmanager.
#[derive(Clone, Debug)]
pub struct AlertmanagerConfig {
    /// Where it is and as whom.
    pub http: HttpTarget,
    /// An open alert that is not told again in this time is taken for resolved.
    pub resolve_after: Duration,
}

impl AlertmanagerConfig {
    pub(super) fn courier(&self) -> Result<Alertmanager, ChannelConfigError> {
        Ok(Alertmanager {
            post: self.http.post()?.below(&["api", "v2", "alerts"]),
            resolve_after: self.resolve_after,
        })
    }
}

/// Carries messages to an Alertmanager.
#[derive(Debug)]
pub(super) struct Alertmanager {
    post: Post,
    resolve_after: Duration,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    labels: BTreeMap<&'static str, &'a str>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<&'a str>,
}

impl Alertmanager {
    /// What is over, then all that is open: of two alerts with the same labels the later counts.
    fn alerts<'a>(&self, message: &'a Message) -> Vec<Alert<'a>> {
        let timeout = SignedDuration::try_from(self.resolve_after).unwrap_or(SignedDuration::from_mins(5));
        let until = message.at + timeout;
        if matches!(message.subject, Subject::Notice | Subject::Test) {
            return vec![other(message, until)];
        }
        let over = message
            .items
            .iter()
            .filter(|item| item.event.phase == AlertPhase::Cleared);
        let is_same = |one: &Item, other: &Item| {
            one.event.rule == other.event.rule && one.event.device == other.event.device
        };
        let over = over.filter(|item| !message.open.iter().any(|open| is_same(open, item)));
        // an end that lies ahead of its clock would be none
        let over = over.map(|item| alert(message, item, item.event.at.min(message.at)));
        over.chain(message.open.iter().map(|item| alert(message, item, until)))
            .collect()
    }
}

fn alert<'a>(message: &'a Message, item: &'a Item, ends_at: Timestamp) -> Alert<'a> {
    let labels = [
        ("alertname", item.event.rule.as_str()),
        ("device", &item.event.device),
        ("room", &item.room),
        ("modality", &item.modality),
        ("site", &message.site),
        ("severity", item.event.severity.name()),
    ];
    let mut annotations = BTreeMap::from([
        ("summary", item.headline.clone()),
        ("description", item.facts.join("\n")),
        ("device_name", item.device_name.clone()),
    ]);
    if !item.to_do.is_empty() {
        annotations.insert("what_to_do", item.advice.to_owned());
    }
    Alert {
        labels: labels
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect(),
        annotations,
        // what begins after its end is refused
        starts_at: item.event.since.min(ends_at),
        ends_at,
        generator_url: item.url.as_deref(),
    }
}

/// A notice or a test.
fn other(message: &Message, until: Timestamp) -> Alert<'_> {
    let (name, channel, since) = match &message.notice {
        Some(notice) => (
            "idlewatt_channel_unreachable",
            notice.channel.as_str(),
            notice.since,
        ),
        None => ("idlewatt_test", "", message.at),
    };
    let labels = [
        ("alertname", name),
        ("channel", channel),
        ("site", message.site.as_str()),
        ("severity", message.severity.name()),
    ];
    Alert {
        labels: labels
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect(),
        annotations: BTreeMap::from([
            ("summary", message.title.clone()),
            ("description", message.text.clone()),
        ]),
        starts_at: since,
        ends_at: if message.is_over { message.at } else { until },
        generator_url: message.url.as_deref(),
    }
}

impl Courier for Alertmanager {
    fn target(&self) -> String {
        self.post.target()
    }

    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Failure>> {
        async move {
            let body = serde_json::to_vec(&self.alerts(message)).expect("plain structs with text keys");
            self.post.json(body, HeaderMap::new()).await
        }
        .boxed()
    }

    fn repeats_every(&self) -> Option<Duration> {
        Some(self.resolve_after / TELLINGS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::desk::example::{at, http, message, message_of};

    fn alertmanager() -> Alertmanager {
        let config = AlertmanagerConfig {
            http: http("http://127.0.0.1:1/am/"),
            resolve_after: Duration::from_secs(300),
        };
        config.courier().unwrap()
    }

    #[test]
    fn open_alerts_end_later_than_they_are_told_again_and_labels_hold_no_figures() {
        let (courier, message) = (alertmanager(), message("CT 1"));
        assert_eq!(courier.target(), "http://127.0.0.1:1/am/api/v2/alerts");
        let alerts = serde_json::to_value(courier.alerts(&message)).unwrap();
        assert_eq!(
            alerts[0]["labels"],
            serde_json::json!({"alertname": "overnight_idle", "device": "ct-1", "room": "one", "modality": "ct",
                "site": "General", "severity": "warning"})
        );
        let ends: Timestamp = alerts[0]["endsAt"].as_str().unwrap().parse().unwrap();
        let repeats = SignedDuration::try_from(courier.repeats_every().unwrap()).unwrap();
        assert_eq!(ends, message.at + repeats * 3);
        assert_eq!(alerts[0]["generatorURL"], "https://idlewatt.example/device/ct-1");
    }

    #[test]
    fn what_is_over_ends_when_it_ended_and_what_is_open_again_does_not() {
        let courier = alertmanager();
        let over = message_of("CT 1", AlertPhase::Cleared, "02:00:00", &[]);
        let alerts = courier.alerts(&over);
        assert_eq!((alerts.len(), alerts[0].ends_at), (1, at("02:00:00")));
        let again = message_of("CT 1", AlertPhase::Cleared, "02:00:00", &["03:00:00"]);
        let alerts = courier.alerts(&again);
        assert_eq!((alerts.len(), alerts[0].starts_at), (1, at("03:00:00")));
    }
}
