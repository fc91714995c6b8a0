//! Local times, windows, days, zones, and minutes of waiting.

use std::fmt;
use std::str::FromStr;

use analyzer::calendar::Window;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize};

use super::text_value;
use crate::config::section::Words;
use crate::config::shape::nearest;

/// No rule waits for longer than a year: half a million minutes.
const MINUTES_MAX: u32 = 365 * 24 * 60;

/// How long a rule of alerts waits, minutes: one at least, a year at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Minutes(u32);

impl Minutes {
    /// A default; it must be one that the file could say.
    pub(crate) const fn of(minutes: u32) -> Self {
        assert!(minutes >= 1 && minutes <= MINUTES_MAX, "a year at most");
        Self(minutes)
    }

    /// The same as a duration.
    pub(crate) fn duration(self) -> SignedDuration {
        SignedDuration::from_mins(self.0.into())
    }
}

impl<'de> Deserialize<'de> for Minutes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let said = i64::deserialize(deserializer)?;
        let minutes = u32::try_from(said)
            .ok()
            .filter(|minutes| (1..=MINUTES_MAX).contains(minutes));
        minutes.map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "a rule cannot wait for {said} minutes; write a whole number from 1 to {MINUTES_MAX} (a year), \
                 or enabled = false where the rule is not wanted"
            ))
        })
    }
}

impl Words for Minutes {
    const WORDS: &'static str = "a whole number from 1 to 525600";
}

/// An IANA time zone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zone(pub TimeZone);

text_value!(Zone, "a time zone");

impl FromStr for Zone {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(zone) = TimeZone::get(text) {
            return Ok(Self(zone));
        }
        let names: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.as_str().to_owned())
            .collect();
        let mend = match nearest(text, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "write an IANA name such as \"Europe/Paris\"".to_owned(),
        };
        Err(format!("{text:?} is not a time zone; {mend}"))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// A local time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalTime(pub Time);

text_value!(LocalTime, "a local time");

impl FromStr for LocalTime {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let time = clock(text)
            .map(|minutes| minutes % MINUTES_PER_DAY)
            .and_then(of_day);
        time.map(Self)
            .ok_or_else(|| format!("{text:?} is not a time of day; write \"22:00\""))
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

const MINUTES_PER_DAY: u16 = 24 * 60;

/// Minutes since midnight of `07:30` or `7:30`, up to `24:00`.
fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_plain = |part: &str, digits| {
        (1..=2).contains(&part.len())
            && part.len() >= digits
            && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_plain(hours, 1) || !is_plain(minutes, 2) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= MINUTES_PER_DAY).then_some(total)
}

fn of_day(minutes: u16) -> Option<Time> {
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok()
}

/// A window of opening: `07:30-19:00`; `20:00-02:00` runs past midnight, `00:00-24:00` is the whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenWindow {
    from_minute: u16,
    until_minute: u16,
}

text_value!(OpenWindow, "a window of opening");

impl OpenWindow {
    /// The analyzer's window.
    pub(crate) fn window(self) -> Window {
        let midnight = Time::midnight();
        Window {
            from: of_day(self.from_minute).unwrap_or(midnight),
            until: of_day(self.until_minute % MINUTES_PER_DAY).unwrap_or(midnight),
        }
    }

    /// First minute and first minute after it, counted from the midnight the window's day begins with.
    const fn minutes(self) -> (u16, u16) {
        if self.until_minute <= self.from_minute {
            (self.from_minute, self.until_minute + MINUTES_PER_DAY)
        } else {
            (self.from_minute, self.until_minute)
        }
    }

    /// Whether two windows of the same day share a minute.
    pub(crate) const fn overlaps(self, other: Self) -> bool {
        let ((from, until), (other_from, other_until)) = (self.minutes(), other.minutes());
        from < other_until && other_from < until
    }
}

impl FromStr for OpenWindow {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(['-', '–']);
        let window = parts.and_then(|(from, until)| Some((clock(from)?, clock(until)?)));
        let Some((from_minute, until_minute)) = window.filter(|(from, _)| *from < MINUTES_PER_DAY) else {
            return Err(format!("{text:?} is not a window; write \"07:30-19:00\""));
        };
        if from_minute == until_minute {
            return Err(format!(
                "{text:?} has no length; write \"00:00-24:00\" for the whole day"
            ));
        }
        Ok(Self {
            from_minute,
            until_minute,
        })
    }
}

impl fmt::Display for OpenWindow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from_minute, self.until_minute);
        write!(
            formatter,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            until / 60,
            until % 60
        )
    }
}

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day(pub Date);

text_value!(Day, "a day");

impl FromStr for Day {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = text.len() == "2026-05-01".len();
        let date = text.parse().ok().filter(|_| is_plain);
        date.map(Self)
            .ok_or_else(|| format!("{text:?} is not a day; write \"2026-05-01\""))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(error: Result<OpenWindow, String>) -> String {
        error.expect_err("not a window")
    }

    #[test]
    fn windows_are_read_as_people_write_them() {
        for (text, printed) in [
            ("07:30-19:00", "07:30-19:00"),
            ("7:30 - 19:00", "07:30-19:00"),
            ("20:00-02:00", "20:00-02:00"),
            ("00:00-24:00", "00:00-24:00"),
        ] {
            let window: OpenWindow = text.parse().expect(text);
            assert_eq!(window.to_string(), printed);
        }
        for text in [
            "7h30-19h",
            "0730-1900",
            "07:30",
            "24:00-25:00",
            "07:60-08:00",
            "+7:30-08:00",
        ] {
            assert_eq!(
                fault(text.parse()),
                format!("{text:?} is not a window; write \"07:30-19:00\"")
            );
        }
        assert!(fault("07:30-07:30".parse()).contains("no length"));
    }

    #[test]
    fn windows_that_share_a_minute_overlap() {
        let window = |text: &str| text.parse::<OpenWindow>().expect(text);
        assert!(window("07:00-12:00").overlaps(window("11:59-14:00")));
        assert!(!window("07:00-12:00").overlaps(window("12:00-14:00")));
        assert!(window("20:00-02:00").overlaps(window("23:00-23:30")));
    }

    #[test]
    fn a_zone_is_named_by_iana() {
        assert!("Europe/Zurich".parse::<Zone>().is_ok());
        let fault = "Europe/Pariss".parse::<Zone>().expect_err("no such zone");
        assert_eq!(
            fault,
            "\"Europe/Pariss\" is not a time zone; did you mean \"Europe/Paris\"?"
        );
    }

    #[test]
    fn times_and_days_say_their_form() {
        assert_eq!("22:00".parse::<LocalTime>().expect("time").to_string(), "22:00");
        assert!("22h".parse::<LocalTime>().is_err());
        assert_eq!(
            "2026-05-01".parse::<Day>().expect("day").to_string(),
            "2026-05-01"
        );
        assert!("2026-02-30".parse::<Day>().is_err());
        assert!("1.5.2026".parse::<Day>().is_err());
    }
}
