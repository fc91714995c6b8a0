//! A person's word as a message: what the page and `idlewatt alert` publish and the pipeline reads.
//!
//! `{"act": "acknowledge", "rule": "overnight_idle", "device": "ct-1", "since": "…", "by": "Anna"}`; `"act": "snooze"` with
//! `"until"`; `"act": "note"` with `"text"`. `since` names the alert among those of its rule and device; left out, the open
//! one is meant. `{"act": "name_level", "device": "ct-1", "level_w": 890, "state": "standby", "label": "Eco mode"}` says what
//! a level is called, `"act": "forget_level"` takes that back. `by` may be left out. Instants are RFC 3339.
//!
//! Limits: `by` is cut at [`BY_CHARS_MAX`] characters, `text` at [`TEXT_CHARS_MAX`], `label` at [`LABEL_CHARS_MAX`]; nobody
//! snoozes for more than [`SNOOZE_HOURS_MAX`] hours, so an alert cannot be silenced for good by a slip.

use analyzer::{Action, LevelName, LevelWord, State, Word};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// No name is longer.
const BY_CHARS_MAX: usize = 100;
/// A note is a sentence or two.
const TEXT_CHARS_MAX: usize = 500;
/// A label stands in tables and series.
const LABEL_CHARS_MAX: usize = 40;
/// No level of a machine is higher, W.
const LEVEL_W_MAX: f64 = 10e6;

/// A month: what is not mended then is to be acknowledged.
pub const SNOOZE_HOURS_MAX: u16 = 24 * 31;

/// The message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActMessage {
    /// What is said.
    pub act: Act,
    /// The rule of the alert.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The device's id.
    pub device: String,
    /// Which alert, by its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Until when no reminders are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What is noted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The level that is meant, W.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_w: Option<f64>,
    /// Its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Who says so.
    #[serde(default)]
    pub by: String,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The alert is known: no more reminders.
    Acknowledge,
    /// No reminders for a while.
    Snooze,
    /// Something for others to read.
    Note,
    /// A level is called so.
    NameLevel,
    /// What was said of a level no longer holds.
    ForgetLevel,
}

/// A message as the analyzer takes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// On an alert.
    Alert(Action),
    /// On a level.
    Level(LevelWord),
}

impl ActMessage {
    /// A message that says nothing yet but of which device.
    #[must_use]
    pub fn of(act: Act, device: &str) -> Self {
        Self {
            act,
            rule: String::new(),
            device: device.to_owned(),
            since: None,
            until: None,
            text: String::new(),
            level_w: None,
            state: None,
            label: None,
            by: String::new(),
        }
    }

    /// As the analyzer takes it; it came at `at`.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn read(payload: &[u8], at: Timestamp) -> Result<Heard, String> {
        let message: Self = serde_json::from_slice(payload).map_err(|error| {
            format!("no word of a person: {error}; `idlewatt alert acknowledge` shows how one is written")
        })?;
        message.heard(at)
    }

    /// As the analyzer takes it; it came at `at`.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn heard(&self, at: Timestamp) -> Result<Heard, String> {
        let word = match self.act {
            Act::Acknowledge => Word::Acknowledge,
            Act::Snooze => Word::Snooze {
                until: self.snoozed_until(at)?,
            },
            Act::Note if self.text.trim().is_empty() => {
                return Err("a note without 'text': say what is to be noted".to_owned());
            }
            Act::Note => Word::Note {
                text: cut(self.text.trim(), TEXT_CHARS_MAX),
            },
            Act::NameLevel | Act::ForgetLevel => return self.level().map(Heard::Level),
        };
        Ok(Heard::Alert(Action {
            word,
            rule: self.rule.clone(),
            device: self.device.as_str().into(),
            since: self.since,
            by: cut(&self.by, BY_CHARS_MAX),
        }))
    }

    fn snoozed_until(&self, at: Timestamp) -> Result<Timestamp, String> {
        let until = self.until.ok_or("snooze without 'until': say until when")?;
        // an hour of slack for clocks that do not agree
        if until.duration_since(at) > SignedDuration::from_hours(i64::from(SNOOZE_HOURS_MAX) + 1) {
            return Err(format!(
                "snooze until {until} is longer than {SNOOZE_HOURS_MAX} hours: snooze for less, or acknowledge it"
            ));
        }
        Ok(until)
    }

    fn level(&self) -> Result<LevelWord, String> {
        let level_w = self.level_w.filter(|watts| *watts > 0.0 && *watts <= LEVEL_W_MAX);
        let level_w = level_w.ok_or("no 'level_w': say which level is meant, in watts above 0")?;
        let label = self.label.as_deref().map(str::trim);
        let label = label.filter(|label| !label.is_empty());
        let name = match self.act {
            Act::ForgetLevel => None,
            _ => Some(LevelName {
                state: self.resting_state()?,
                label: label.map(|label| cut(label, LABEL_CHARS_MAX)),
            }),
        };
        Ok(LevelWord {
            device: self.device.as_str().into(),
            level_w,
            name,
        })
    }

    fn resting_state(&self) -> Result<State, String> {
        let state: Option<State> = self.state.as_deref().and_then(|word| word.parse().ok());
        state
            .filter(|state| matches!(state, State::Off | State::Standby | State::Idle))
            .ok_or_else(|| "a level has a 'state': \"off\", \"standby\" or \"idle\"".to_owned())
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Heard, String> {
        let at: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap();
        ActMessage::read(text.as_bytes(), at)
    }

    #[test]
    fn a_word_is_read_and_what_is_none_is_answered() {
        let heard = read(r#"{"act":"acknowledge","rule":"self_wake","device":"ct-1"}"#).unwrap();
        let Heard::Alert(action) = heard else {
            panic!("{heard:?}");
        };
        assert_eq!((&action.word, &*action.device), (&Word::Acknowledge, "ct-1"));
        for bad in [
            "",
            "{}",
            r#"{"act":"snooze","rule":"self_wake","device":"ct-1"}"#,
            r#"{"act":"note","rule":"self_wake","device":"ct-1","text":" "}"#,
            r#"{"act":"forget","rule":"self_wake","device":"ct-1"}"#,
            r#"{"act":"name_level","device":"ct-1","level_w":890}"#,
            r#"{"act":"name_level","device":"ct-1","level_w":-1,"state":"off"}"#,
            r#"{"act":"name_level","device":"ct-1","level_w":890,"state":"scanning"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let snooze = |until: &str| {
            read(&format!(
                r#"{{"act":"snooze","rule":"self_wake","device":"ct-1","until":"{until}"}}"#
            ))
        };
        assert!(snooze("2026-12-28T10:59:00Z").is_ok());
        let fault = snooze("2027-12-28T10:00:00Z").unwrap_err();
        assert!(fault.contains("longer than 744 hours"), "{fault}");
    }

    #[test]
    fn a_level_is_named_and_forgotten() {
        let named =
            read(r#"{"act":"name_level","device":"ct-1","level_w":890,"state":"standby","label":" Eco "}"#);
        let Heard::Level(word) = named.unwrap() else {
            panic!("a level");
        };
        let name = word.name.unwrap();
        assert_eq!((name.state, name.label.as_deref()), (State::Standby, Some("Eco")));
        let forgotten = read(r#"{"act":"forget_level","device":"ct-1","level_w":890}"#);
        assert!(matches!(
            forgotten.unwrap(),
            Heard::Level(LevelWord { name: None, .. })
        ));
    }
}
