//! Meters' own time stamps: taken where they name their zone, or where the configuration does.
//!
//! Whether a stamp is believable (near the arrival) is for the analyzer to say; here only clocks that were never set
//! are refused, so that a stamp of 1970 is none.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::json::Value;

/// 2015-01-01: an earlier stamp comes from a clock that was never set.
const FIRST_SECOND: f64 = 1_420_070_400.0;
/// 2100-01-01: later is not a time.
const LAST_SECOND: f64 = 4_102_444_800.0;

/// The zone of stamps that name none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zone(pub(crate) Option<TimeZone>);

impl Zone {
    /// A stamp however it is written: RFC 3339, a number of seconds or milliseconds since 1970, or local time where
    /// its zone is configured and the hour is not ambiguous.
    pub(crate) fn stamp(&self, value: Value<'_>) -> Option<Timestamp> {
        match value.number() {
            Some(number) => of_unix(number),
            None => self.of_text(value.text()?),
        }
    }

    /// A stamp written as date and time.
    pub(crate) fn of_text(&self, text: &str) -> Option<Timestamp> {
        let stamp = of_rfc3339(text).or_else(|| self.of_local(text))?;
        believable(stamp)
    }

    /// Local time; old firmware separates the date by dots.
    pub(crate) fn of_local(&self, text: &str) -> Option<Timestamp> {
        let zone = self.0.as_ref()?;
        let civil: DateTime = text.parse().or_else(|_| text.replace('.', "-").parse()).ok()?;
        believable(zone.to_ambiguous_timestamp(civil).unambiguous().ok()?)
    }
}

/// Date and time with `Z` or an offset.
pub(crate) fn of_rfc3339(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    // Most stamps are local: nothing is tried, and no error put together, where no zone can be.
    let names_a_zone = text.get(10..)?.contains(['Z', 'z', '+', '-']);
    names_a_zone.then(|| believable(text.parse().ok()?))?
}

/// Seconds since 1970, or milliseconds where seconds would be beyond 2100.
pub(crate) fn of_unix(number: f64) -> Option<Timestamp> {
    of_unix_seconds(if number > LAST_SECOND {
        number / 1000.0
    } else {
        number
    })
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970: only one of them lies between 2015 and 2100.
pub(crate) fn of_unix_any(number: f64) -> Option<Timestamp> {
    [1.0, 1e3, 1e6, 1e9]
        .iter()
        .find_map(|per_second| of_unix_seconds(number / per_second))
}

/// Seconds since 1970, to the millisecond.
#[expect(clippy::cast_possible_truncation, reason = "within the years 2015 to 2100")]
pub(crate) fn of_unix_seconds(seconds: f64) -> Option<Timestamp> {
    let is_time = (FIRST_SECOND..LAST_SECOND).contains(&seconds);
    is_time.then(|| Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok())?
}

#[expect(clippy::cast_precision_loss, reason = "compared with years")]
fn believable(stamp: Timestamp) -> Option<Timestamp> {
    (FIRST_SECOND..LAST_SECOND)
        .contains(&(stamp.as_second() as f64))
        .then_some(stamp)
}

#[cfg(test)]
mod tests {
    use super::super::json::Document;
    use super::*;

    fn check(zone: &Zone, json: &str, expected: &str) {
        let document = Document::parse(json.as_bytes()).unwrap();
        let said = zone
            .stamp(document.root())
            .map_or("none".to_owned(), |stamp| stamp.to_string());
        assert_eq!(said, expected, "{json}");
    }

    #[test]
    fn the_unit_shows_in_the_size() {
        for number in [1.79e9, 1.79e12, 1.79e15, 1.79e18] {
            let said = of_unix_any(number).map(|stamp| stamp.as_second());
            assert_eq!(said, Some(1_790_000_000), "{number}");
        }
        assert_eq!(of_unix_any(1.79e11), None);
    }

    #[test]
    fn only_unambiguous_stamps_are_taken() {
        let (unknown, berlin) = (
            Zone::default(),
            Zone(Some(TimeZone::get("Europe/Berlin").unwrap())),
        );
        for zone in [&unknown, &berlin] {
            check(zone, r#""2026-03-01T10:00:00+02:00""#, "2026-03-01T08:00:00Z");
            check(zone, r#""2026-03-01T10:00:00.5Z""#, "2026-03-01T10:00:00.5Z");
            check(zone, "1788820998.37", "2026-09-07T22:43:18.37Z");
            check(zone, "1788820998370", "2026-09-07T22:43:18.37Z");
            check(zone, r#""1970-01-01T00:00:10Z""#, "none");
            check(zone, "1632", "none");
            check(zone, "null", "none");
        }
        check(&unknown, r#""2026-03-01T10:00:00""#, "none");
        check(&berlin, r#""2026-03-01T10:00:00""#, "2026-03-01T09:00:00Z");
        check(&berlin, r#""2026.07.01 10:00:00""#, "2026-07-01T08:00:00Z");
        check(&berlin, r#""2026-10-25T02:30:00""#, "none");
        check(&berlin, r#""2026-03-29T02:30:00""#, "none");
        check(&berlin, r#""1970-01-01T00:00:10""#, "none");
    }
}
