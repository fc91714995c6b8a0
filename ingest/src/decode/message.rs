//! What goes into a decoder and what comes out of it.

use std::borrow::Cow;

use analyzer::{Availability, Notice, Reading};

/// One MQTT message as the broker delivered it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The topic, without any change.
    pub topic: &'a str,
    /// The payload, any bytes.
    pub payload: &'a [u8],
    /// Delivered from the broker's retained store.
    pub is_retained: bool,
    /// Quality of service, 0 to 2.
    pub qos: u8,
}

/// What a message said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The family that recognised the message; `mapper` for a configured mapper.
    pub family: Option<&'static str>,
    /// What the meter stated: only values of this very message.
    pub readings: Vec<Reading>,
    /// What the message says of the meter itself.
    pub availability: Vec<Availability>,
    /// What a person should know of the meter, beside its values.
    pub notices: Vec<Notice>,
    /// Why there are no readings: present exactly where `readings` is empty.
    pub reason: Option<Reason>,
}

/// Why a message yields no reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What to do with the message.
    pub kind: ReasonKind,
    /// For a person: what, where, how to mend. Borrowed where it is always the same, so that ignoring is cheap.
    pub text: Cow<'static, str>,
}

/// What to do with a message without readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonKind {
    /// Understood, and no reading by its nature: a command, a state, an availability. Nothing to do.
    NotAReading,
    /// No family and no mapper knows what it means: to be listed, so that somebody can map it.
    UnknownTopic,
    /// A meter's message that cannot be read: to be kept in quarantine.
    Malformed,
}

/// What a family makes of a message that is its own.
#[derive(Debug)]
pub struct Outcome {
    pub(super) readings: Vec<Reading>,
    pub(super) availability: Vec<Availability>,
    pub(super) notices: Vec<Notice>,
    /// Whether later messages can be read only by whoever has heard this one: a birth, a discovery, a list of names.
    pub(super) is_lesson: bool,
    /// Used only where no reading is left.
    pub(super) reason: Reason,
}

impl Outcome {
    /// Readings; the text is the reason given should none of them state a value.
    #[must_use]
    pub fn readings(readings: Vec<Reading>, else_reason: &'static str) -> Self {
        Self {
            readings,
            ..Self::silent(else_reason)
        }
    }

    /// No reading by the message's nature.
    #[must_use]
    pub fn silent(text: impl Into<Cow<'static, str>>) -> Self {
        Self::without(ReasonKind::NotAReading, text)
    }

    /// A meter's message that cannot be read.
    #[must_use]
    pub fn malformed(text: impl Into<Cow<'static, str>>) -> Self {
        Self::without(ReasonKind::Malformed, text)
    }

    /// The family's message, but what its numbers mean is for a person to say.
    #[must_use]
    pub fn unmapped(text: impl Into<Cow<'static, str>>) -> Self {
        Self::without(ReasonKind::UnknownTopic, text)
    }

    fn without(kind: ReasonKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            readings: Vec::new(),
            availability: Vec::new(),
            notices: Vec::new(),
            is_lesson: false,
            reason: Reason {
                kind,
                text: text.into(),
            },
        }
    }

    /// The message is to be remembered across restarts: later ones can be read only by whoever has heard it.
    #[must_use]
    pub fn taught(mut self) -> Self {
        self.is_lesson = true;
        self
    }

    /// Adds what a person should know of the meter.
    #[must_use]
    pub fn noting(mut self, notices: impl IntoIterator<Item = Notice>) -> Self {
        self.notices.extend(notices);
        self
    }

    /// The meter's word on itself.
    #[must_use]
    pub fn availability(meter: &str, is_online: bool) -> Self {
        let text = if is_online {
            "availability: the meter says that it is online"
        } else {
            "availability: the meter is offline, its last values are stale (not zero)"
        };
        let availability = vec![Availability {
            meter: meter.to_owned(),
            is_online,
        }];
        Self {
            availability,
            ..Self::silent(text)
        }
    }
}
