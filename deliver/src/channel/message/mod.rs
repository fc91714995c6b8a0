//! What a channel says: an alert's step or many of them, that another channel cannot be reached, or a test.
//!
//! Words are in the site's language, times in its zone. Of the hospital a message tells devices, rooms and watts; nothing
//! in it is of a patient, and nothing is secret. Identifiers are made of what is told, so the same is known again.

mod item;
mod json;
mod words;

use std::collections::BTreeMap;

use analyzer::{AlertEvent, AlertPhase, DeviceId, Energy, Severity};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::device::DeviceTags;
use crate::page::{Language, SiteInfo, Speaker};
pub(super) use item::{Circumstances, Item};
pub(super) use json::Body;
use words::{Words, words};

/// Names that a notice lists at most.
const NAMED_MAX: usize = 20;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// One step of one alert.
    Alert,
    /// Several.
    Digest,
    /// Another channel.
    Notice,
    /// Nothing: a person tries the channel out.
    Test,
}

impl Subject {
    /// The stable word.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Digest => "digest",
            Self::Notice => "notice",
            Self::Test => "test",
        }
    }
}

/// A message, ready to be put into a receiver's form.
#[derive(Clone, Debug)]
pub struct Message {
    /// The same for the same content.
    pub(super) id: String,
    pub(super) subject: Subject,
    pub(super) at: Timestamp,
    pub(super) site: String,
    pub(super) language: Language,
    /// The most urgent of what is not over.
    pub(super) severity: Severity,
    /// Nothing in it is still so.
    pub(super) is_over: bool,
    pub(super) title: String,
    /// Plain text, many lines.
    pub(super) text: String,
    pub(super) url: Option<String>,
    pub(super) items: Vec<Item>,
    /// All that the receiver is to hold for open: for one that wants to hear it again and again.
    pub(super) open: Vec<Item>,
    pub(super) notice: Option<Notice>,
}

/// That a channel cannot be reached, or is again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notice {
    /// Which.
    pub(super) channel: String,
    /// Since when.
    pub(super) since: Timestamp,
    /// The last error.
    pub(super) reason: String,
    /// Alerts that wait on it, in words; no more than are worth listing.
    pub(super) waiting: Vec<String>,
    /// How many wait.
    pub(super) waiting_count: usize,
    /// When it was reached again.
    pub(super) over_at: Option<Timestamp>,
}

/// Finds the words, for one hospital.
pub struct Scribe {
    site: SiteInfo,
    speaker: Speaker,
    words: &'static Words,
    devices: BTreeMap<DeviceId, DeviceTags>,
    public_url: Option<String>,
}

impl Scribe {
    /// For this site and these devices; `public_url` is where people reach the page.
    #[must_use]
    pub fn new(site: SiteInfo, devices: &[DeviceTags], public_url: Option<String>) -> Self {
        let devices = devices.iter().map(|tags| (tags.id.clone(), tags.clone()));
        Self {
            speaker: Speaker::new(site.language, &site),
            words: words(site.language),
            devices: devices.collect(),
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            site,
        }
    }

    /// A message of these alerts; `open` are all that are open.
    pub(super) fn alerts(&self, channel: &str, items: Vec<Item>, open: Vec<Item>, now: Timestamp) -> Message {
        let ids: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let is_over = items.iter().all(|item| item.event.phase == AlertPhase::Cleared);
        let severities = items
            .iter()
            .filter(|item| item.event.phase != AlertPhase::Cleared);
        let severity = severities
            .map(|item| item.event.severity)
            .max()
            .unwrap_or(Severity::Info);
        let texts: Vec<String> = items.iter().map(Item::text).collect();
        let (subject, title, url) = match items.as_slice() {
            [item] => (Subject::Alert, item.headline.clone(), item.url.clone()),
            items => (Subject::Digest, self.digest_title(items), self.page("/alerts")),
        };
        Message {
            subject,
            severity,
            is_over,
            title,
            text: texts.join("\n\n"),
            url,
            open,
            ..self.blank(channel, &ids, items, now)
        }
    }

    /// A message of another channel.
    pub(super) fn notice(&self, channel: &str, notice: &Notice, now: Timestamp) -> Message {
        let words = self.words;
        let since = self.speaker.moment(notice.since, now);
        let (title, mut text) = match notice.over_at {
            None => (
                words.unreachable,
                format!(
                    "{} {} {} {since}.",
                    words.channel, notice.channel, words.not_reached_since
                ),
            ),
            Some(over_at) => {
                let over = self.speaker.moment(over_at, now);
                let said = words.is_reached_again;
                (
                    words.reached_again,
                    format!(
                        "{} {} {said} {} {since} {} {over}.",
                        words.channel, notice.channel, words.from, words.to
                    ),
                )
            }
        };
        if notice.over_at.is_none() {
            text.push_str(&format!("\n{}{}{}", words.last_error, words.colon, notice.reason));
            let names = match notice.waiting.as_slice() {
                [] => words.none_waiting.to_owned(),
                names => names.iter().map(|name| format!("\n- {name}")).collect(),
            };
            let more = notice.waiting_count > notice.waiting.len();
            let more = if more {
                format!("\n- {}", words.and_more)
            } else {
                String::new()
            };
            text.push_str(&format!(
                "\n{} ({}){}{names}{more}",
                words.waiting, notice.waiting_count, words.colon
            ));
        }
        let since_ms = notice.since.as_millisecond().to_string();
        let ids = [
            "notice",
            &notice.channel,
            &since_ms,
            if notice.over_at.is_some() { "over" } else { "" },
        ];
        Message {
            subject: Subject::Notice,
            severity: if notice.over_at.is_some() {
                Severity::Info
            } else {
                Severity::Warning
            },
            is_over: notice.over_at.is_some(),
            title: format!("{title} ({})", notice.channel),
            text,
            url: self.page("/pipeline"),
            notice: Some(notice.clone()),
            ..self.blank(channel, &ids, Vec::new(), now)
        }
    }

    /// A message that says that it is a test.
    #[must_use]
    pub fn test(&self, channel: &str, now: Timestamp) -> Message {
        let words = self.words;
        let at = now.as_millisecond().to_string();
        let clock = self.speaker.moment(now, now);
        Message {
            subject: Subject::Test,
            title: format!("{} ({channel})", words.test),
            text: format!("{} {}, {clock}.", words.test_says, self.site.name),
            ..self.blank(channel, &["test", &at], Vec::new(), now)
        }
    }

    /// Messages of every shape, of a hospital that there is not: a template is tried with them.
    pub(super) fn samples() -> [Message; 3] {
        let (id, at): (DeviceId, _) = ("ct-1".into(), Timestamp::UNIX_EPOCH);
        let device = DeviceTags {
            id: id.clone(),
            name: "CT 1".to_owned(),
            room: "CT room 1".to_owned(),
            modality: "ct".to_owned(),
            site: "Hospital".to_owned(),
        };
        let site = SiteInfo {
            name: device.site.clone(),
            zone: TimeZone::UTC,
            language: Language::English,
            currency: "EUR".to_owned(),
            tariff: String::new(),
            carbon: String::new(),
            household_kwh_per_year: 0.0,
            household: String::new(),
        };
        let event = AlertEvent {
            rule: "overnight_idle".to_owned(),
            device: id,
            severity: Severity::Warning,
            phase: AlertPhase::Raised,
            since: at,
            at,
            energy: Energy::ZERO,
            cost: 0.0,
            co2e_g: 0.0,
            detail: String::new(),
            by: String::new(),
            until: None,
        };
        let notice = Notice {
            channel: "mail".to_owned(),
            since: at,
            reason: String::new(),
            waiting: Vec::new(),
            waiting_count: 0,
            over_at: None,
        };
        let beside = Circumstances {
            is_first: true,
            untold: 0,
            power_w: None,
        };
        let scribe = Self::new(site, &[device], None);
        let item = scribe.item(&event, beside, at);
        [
            scribe.alerts("sample", vec![item.clone(), item], Vec::new(), at),
            scribe.notice("sample", &notice, at),
            scribe.test("sample", at),
        ]
    }

    /// What waits on a channel, for a notice: names, and how many there are.
    pub(super) fn waiting(items: &[Item]) -> (Vec<String>, usize) {
        let names = items.iter().take(NAMED_MAX).map(|item| item.headline.clone());
        (names.collect(), items.len())
    }

    pub(super) fn zone(&self) -> TimeZone {
        self.site.zone.clone()
    }

    fn blank(&self, channel: &str, ids: &[&str], items: Vec<Item>, now: Timestamp) -> Message {
        let parts: Vec<&str> = [channel].iter().chain(ids).copied().collect();
        Message {
            id: identifier(&parts),
            subject: Subject::Alert,
            at: now,
            site: self.site.name.clone(),
            language: self.site.language,
            severity: Severity::Info,
            is_over: false,
            title: String::new(),
            text: String::new(),
            url: self.page("/"),
            items,
            open: Vec::new(),
            notice: None,
        }
    }

    fn page(&self, path: &str) -> Option<String> {
        self.public_url.as_ref().map(|url| format!("{url}{path}"))
    }

    /// `5 alerts: 3 new, 1 still so, 1 over`.
    fn digest_title(&self, items: &[Item]) -> String {
        let words = self.words;
        let count = |holds: &dyn Fn(&Item) -> bool| items.iter().filter(|item| holds(item)).count();
        let over = count(&|item| item.event.phase == AlertPhase::Cleared);
        let new = count(&|item| item.event.phase != AlertPhase::Cleared && item.is_first);
        let parts = [
            (new, words.new),
            (items.len() - over - new, words.reminded),
            (over, words.ended),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let total = items.len();
        format!("{total} {}{}{}", words.alerts, words.colon, parts.join(", "))
    }
}

/// What is known again by these words, in their order.
fn identifier(parts: &[&str]) -> String {
    let digest = digest(&SHA256, parts.join("\0").as_bytes());
    digest
        .as_ref()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a step of an alert is known by.
pub(super) fn step_id(event: &AlertEvent) -> String {
    identifier(&[
        &event.rule,
        &event.device,
        &event.since.as_millisecond().to_string(),
        event.phase.name(),
        &event.at.as_millisecond().to_string(),
    ])
}

#[cfg(test)]
mod tests;
