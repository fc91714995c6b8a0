//! Values of the file with a meaning of their own. Each says what is wrong with a text and how to mend it, the two
//! separated by a semicolon, so that a fault can show them apart.

mod address;
mod time;
mod word;

pub(crate) use address::{HttpUrl, MqttUrl, TopicFilter, TopicPrefix};
pub(crate) use time::{Day, LocalTime, Minutes, OpenWindow, Zone};
pub use word::Language;
pub(crate) use word::{
    ChannelKind, EveryWord, FormatWord, Id, MailTlsWord, ModalityWord, MqttVersion, QuantityWord, RuleWord,
    SeverityWord, SinkKind, StateWord, StepWord, TimeUnitWord, WeekdayWord, WhenWord, WritePathWord,
};

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::section::Words;

/// A number that is one: TOML knows `nan` and `inf`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Number(pub f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number.is_finite() {
            Ok(Self(number))
        } else {
            let message = format!("{number} is not a number to reckon with; write a finite one");
            Err(serde::de::Error::custom(message))
        }
    }
}

impl Words for Number {
    const WORDS: &'static str = "a number";
}

/// A default as a number above 0.
pub(crate) fn count(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}

/// A default as whole seconds above 0.
pub(crate) fn seconds(duration: Duration) -> NonZeroU32 {
    let seconds = u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
    NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN)
}

/// A value that is written as text: read by its `FromStr`, whose error is `what; mend`, and printed by its `Display`.
macro_rules! text_value {
    ($type:ty, $words:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl $crate::config::section::Words for $type {
            const WORDS: &'static str = $words;
        }
    };
}
use text_value;
