//! A person's word on an alert as a message: what `idlewatt alert` publishes and the pipeline reads.
//!
//! `{"act": "acknowledge", "rule": "overnight_idle", "device": "ct-1", "since": "…", "by": "Anna"}`, or
//! `"act": "snooze"` with `"until"`. `since` names the alert among those of its rule and device; left out, the open one is
//! meant. `by` may be left out. Instants are RFC 3339. Limits: `by` is cut at [`BY_CHARS_MAX`] characters.

use analyzer::{Action, Word};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// No name is longer.
const BY_CHARS_MAX: usize = 100;

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
    /// As the analyzer takes it.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(crate) fn read(payload: &[u8]) -> Result<Action, String> {
        let message: Self = serde_json::from_slice(payload).map_err(|error| {
            format!("no word on an alert: {error}; `idlewatt alert acknowledge` shows how one is written")
        })?;
        let word = match (message.act, message.until) {
            (Act::Acknowledge, _) => Word::Acknowledge,
            (Act::Snooze, Some(until)) => Word::Snooze { until },
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
        let read = |text: &str| ActMessage::read(text.as_bytes());
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
    }
}
