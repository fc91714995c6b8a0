//! Words with a fixed set of meanings, and names that go into topics and series.

use std::fmt;
use std::str::FromStr;

use analyzer::State;
use analyzer::alert::{RULES, Rule};
use analyzer::modality::{MODALITIES, Modality};
use deliver::report::{FORMATS, Format};

use super::text_value;
use crate::config::shape::nearest;

/// `word` is none of `known`.
fn not_one_of<'a>(word: &str, what: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let mend = match nearest(word, known.clone()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            let known: Vec<String> = known.into_iter().map(|word| format!("\"{word}\"")).collect();
            format!("write one of {}", known.join(", "))
        }
    };
    format!("{word:?} is not {what}; {mend}")
}

/// A modality's name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ModalityWord(pub &'static Modality);

text_value!(ModalityWord, "a modality");

impl FromStr for ModalityWord {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names = MODALITIES.map(|modality| modality.name);
        let found = Modality::named(text).map(Self);
        found.ok_or_else(|| not_one_of(text, "a modality", names))
    }
}

impl fmt::Display for ModalityWord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.name)
    }
}

/// A form of a report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormatWord(pub &'static Format);

text_value!(FormatWord, "a form of a report");

impl FormatWord {
    /// The one for people.
    pub(crate) fn html() -> Self {
        Self(&FORMATS[0])
    }
}

impl FromStr for FormatWord {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names = FORMATS.map(|format| format.name);
        let found = Format::named(text).map(Self);
        found.ok_or_else(|| not_one_of(text, "a form of a report", names))
    }
}

impl fmt::Display for FormatWord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.name)
    }
}

/// An alert rule's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuleWord(pub &'static Rule);

text_value!(RuleWord, "an alert rule");

impl FromStr for RuleWord {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        let found = Rule::named(text).map(Self);
        found.ok_or_else(|| not_one_of(text, "an alert rule", names))
    }
}

impl fmt::Display for RuleWord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.name)
    }
}

/// A state's name; `unknown` is what no band claims, so it is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StateWord(pub State);

text_value!(StateWord, "a state");

impl FromStr for StateWord {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<State>() {
            Ok(State::Unknown) => Err("'unknown' is what no band claims; leave this band out".to_owned()),
            Ok(state) => Ok(Self(state)),
            Err(_) => Err(not_one_of(
                text,
                "a state",
                ["off", "standby", "idle", "scanning"],
            )),
        }
    }
}

impl fmt::Display for StateWord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Declares an enumeration of words.
macro_rules! words_value {
    ($($(#[doc = $title:literal])* $vis:vis $type:ident, $what:literal { $($(#[doc = $doc:literal])* $variant:ident = $word:literal,)* })*) => { $(
        $(#[doc = $title])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        $vis enum $type { $($(#[doc = $doc])* $variant,)* }

        impl $type {
            /// The word of the file.
            #[must_use]
            $vis const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(not_one_of(text, $what, [$($word),*])),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.name())
            }
        }

        text_value!($type, $what);
    )* };
}

words_value! {
    /// What language people are spoken to in.
    pub Language, "a language we speak" {
        /// English.
        English = "en",
        /// French.
        French = "fr",
    }
    /// How often a report is written.
    pub(crate) EveryWord, "a period of reports" {
        /// From Monday to Sunday.
        Week = "week",
        /// From the first to the last of a month.
        Month = "month",
    }
    /// Which MQTT is spoken.
    pub(crate) MqttVersion, "an MQTT version we speak" {
        /// Version 5.
        V5 = "5",
        /// Version 3.1.1.
        V311 = "3.1.1",
    }
    /// Which of InfluxDB's write paths VictoriaMetrics is written to.
    pub(crate) WritePathWord, "a write path" {
        /// `/api/v2/write`.
        V2 = "v2",
        /// `/write`.
        V1 = "v1",
    }
    /// What a meter's value is of.
    pub(crate) QuantityWord, "a quantity" {
        /// Active power.
        Power = "power",
        /// The counter of what was taken.
        Energy = "energy",
        /// The counter of what was given back.
        EnergyExport = "energy_export",
        /// Voltage.
        Voltage = "voltage",
        /// Current.
        Current = "current",
    }
    /// How a stamp is written.
    pub(crate) TimeUnitWord, "a way to write a stamp" {
        /// Seconds since 1970.
        UnixS = "unix_s",
        /// Milliseconds since 1970.
        UnixMs = "unix_ms",
        /// Microseconds since 1970.
        UnixUs = "unix_us",
        /// Nanoseconds since 1970.
        UnixNs = "unix_ns",
        /// Date and time with an offset.
        Rfc3339 = "rfc3339",
        /// Date and time in the zone of `[decode]`.
        Local = "local",
    }
    /// What kind of channel it is.
    pub(crate) ChannelKind, "a kind of channel" {
        /// Prometheus Alertmanager.
        Alertmanager = "alertmanager",
        /// SMTP.
        Mail = "mail",
        /// ntfy.
        Ntfy = "ntfy",
        /// JSON over HTTP.
        Webhook = "webhook",
    }
    /// How a connection to a mail server is protected.
    pub(crate) MailTlsWord, "a way to protect mail" {
        /// Upgraded from plain.
        Starttls = "starttls",
        /// From the first byte.
        Tls = "tls",
        /// Not at all.
        None = "none",
    }
    /// A step of an alert.
    pub(crate) StepWord, "a step of an alert" {
        /// New.
        Raised = "raised",
        /// Still so.
        Reminded = "reminded",
        /// A person knows.
        Acknowledged = "acknowledged",
        /// A person wants no reminders.
        Snoozed = "snoozed",
        /// Over.
        Cleared = "cleared",
    }
    /// How urgent an alert is.
    pub(crate) SeverityWord, "how urgent an alert is" {
        /// Good to know.
        Info = "info",
        /// Somebody should act.
        Warning = "warning",
        /// Somebody must act now.
        Critical = "critical",
    }
    /// Within or outside of a device's opening hours.
    pub(crate) WhenWord, "a time of a route" {
        /// Within.
        Open = "open",
        /// Outside.
        Closed = "closed",
    }
    /// A day of the week.
    pub(crate) WeekdayWord, "a day of the week" {
        /// Monday.
        Mon = "mon",
        /// Tuesday.
        Tue = "tue",
        /// Wednesday.
        Wed = "wed",
        /// Thursday.
        Thu = "thu",
        /// Friday.
        Fri = "fri",
        /// Saturday.
        Sat = "sat",
        /// Sunday.
        Sun = "sun",
    }
    /// What kind of database a sink is.
    pub(crate) SinkKind, "a kind of sink" {
        /// InfluxDB 1.x, `/write`.
        InfluxDb1 = "influxdb1",
        /// InfluxDB 2.x, `/api/v2/write`.
        InfluxDb2 = "influxdb2",
        /// InfluxDB 3, `/api/v2/write`.
        InfluxDb3 = "influxdb3",
        /// VictoriaMetrics.
        VictoriaMetrics = "victoriametrics",
    }
}

impl Language {
    /// The same, for pages and reports.
    #[must_use]
    pub const fn page(self) -> deliver::page::Language {
        match self {
            Self::English => deliver::page::Language::English,
            Self::French => deliver::page::Language::French,
        }
    }
}

/// Longer ids do not fit on a tile.
const ID_LENGTH_MAX: usize = 64;

/// An id or name that goes into topics, series and addresses: small letters, digits, `-`, `_`, `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub String);

text_value!(Id, "an id");

impl FromStr for Id {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '-' | '_' | '.');
        if (1..=ID_LENGTH_MAX).contains(&text.len()) && text.chars().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        let plain: String = text
            .to_lowercase()
            .chars()
            .map(|letter| if is_plain(letter) { letter } else { '-' })
            .collect();
        let plain: String = plain.trim_matches('-').chars().take(ID_LENGTH_MAX).collect();
        let example = if plain.is_empty() {
            "ct-1".to_owned()
        } else {
            plain
        };
        Err(format!(
            "{text:?} is not an id (small letters, digits, - _ . and at most {ID_LENGTH_MAX} of them); write for example \"{example}\""
        ))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_answered_with_the_nearest_word() {
        let fault = "workstations"
            .parse::<ModalityWord>()
            .expect_err("no such modality");
        assert_eq!(
            fault,
            "\"workstations\" is not a modality; did you mean \"workstation\"?"
        );
        let fault = "toaster".parse::<ModalityWord>().expect_err("no such modality");
        assert!(fault.contains("write one of \"angio\""), "{fault}");
        assert!("unknown".parse::<StateWord>().is_err());
    }

    #[test]
    fn an_id_is_safe_in_topics_and_series() {
        assert!("ct-1".parse::<Id>().is_ok());
        for text in ["", "CT 1", "ct/1", "ct+", "é", &"x".repeat(65)] {
            let fault = text.parse::<Id>().expect_err("not an id");
            assert!(fault.contains("write for example"), "{fault}");
        }
        let fault = "CT 1".parse::<Id>().expect_err("not an id");
        assert!(fault.ends_with("write for example \"ct-1\""), "{fault}");
    }
}
