//! A person's word on an alert as a message: what `idlewatt alert` publishes and the pipeline reads.
//!
//! `{"act": "acknowledge", "rule": "overnight_idle", "device": "ct-1", "since": "…", "by": "Anna"}`, or
//! `"act": "snooze"` with `"until"`. `since` names the alert among those of its rule and device; left out, the open one is
//! meant. `by` may be left out. Instants are RFC 3339. Limits: `by` is cut at [`BY_CHARS_MAX`] characters; nobody snoozes for
//! more than [`SNOOZE_HOURS_MAX`] hours, so an alert cannot be silenced for good by a slip.

use analyzer::{Action, Word};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// No name is longer.
const BY_CHARS_MAX: usize = 100;

/// A month: what is not mended then is to be acknowledged.
pub(crate) const SNOOZE_HOURS_MAX: u16 = 24 * 31;

/// The message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActMessage {
    pub(crate) act: Act,
    pub(crate) rule: String,
    pub(crate) device: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    #[serde(default)]
    pub(crate) by: String,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    Acknowledge,
    Snooze,
}

impl ActMessage {
    /// As the analyzer takes it; it came at `at`.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(crate) fn read(payload: &[u8], at: Timestamp) -> Result<Action, String> {
        let message: Self = serde_json::from_slice(payload).map_err(|error| {
            format!("no word on an alert: {error}; `idlewatt alert acknowledge` shows how one is written")
        })?;
        let word = match (message.act, message.until) {
            (Act::Acknowledge, _) => Word::Acknowledge,
            (Act::Snooze, Some(until)) => {
                // an hour of slack for clocks that do not agree
                if until.duration_since(at) > SignedDuration::from_hours(i64::from(SNOOZE_HOURS_MAX) + 1) {
                    return Err(format!(
                        "snooze until {until} is longer than {SNOOZE_HOURS_MAX} hours: snooze for less, or acknowledge it"
                    ));
                }
                Word::Snooze { until }
            }
            (Act::Snooze, None) => return Err("snooze without 'until': say until when".to_owned()),
        };
        Ok(Action {
            word,
            rule: message.rule,
            device: message.device.into(),
            since: message.since,
            by: message.by.chars().take(BY_CHARS_MAX).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_and_what_is_none_is_answered() {
        let at: Timestamp = "2026-11-27T10:00:00Z".parse().expect("an instant");
        let read = |text: &str| ActMessage::read(text.as_bytes(), at);
        let action = read(r#"{"act":"acknowledge","rule":"self_wake","device":"ct-1"}"#).expect("a word");
        assert_eq!((action.word, &*action.device), (Word::Acknowledge, "ct-1"));
        for bad in [
            "",
            "{}",
            r#"{"act":"snooze","rule":"self_wake","device":"ct-1"}"#,
            r#"{"act":"forget","rule":"self_wake","device":"ct-1"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let snooze = |until: &str| {
            read(&format!(
                r#"{{"act":"snooze","rule":"self_wake","device":"ct-1","until":"{until}"}}"#
            ))
        };
        assert!(snooze("2026-12-28T10:59:00Z").is_ok());
        let fault = snooze("2027-12-28T10:00:00Z").expect_err("a year");
        assert!(fault.contains("longer than 744 hours"), "{fault}");
    }
}
