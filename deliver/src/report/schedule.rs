//! Which reports are due, and which were written: a report of every month or week, soon after its end in local time, once,
//! and made up for after a time in which the service was down.
//!
//! What was written is kept in a small file beside the history. Where there is none yet, only the last period that is over
//! is due: nobody asked for the years before.
//!
//! Limits: at most [`MADE_UP_MAX`] periods are made up for; earlier ones are asked for with `idlewatt report`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use analyzer::DeviceId;
use analyzer::report::Period;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Format, Span, write_whole};
use crate::page::Language;

/// More are not made up for.
pub const MADE_UP_MAX: usize = 24;

/// A report that the service writes by itself.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Begins the names of its files.
    pub name: String,
    /// Which periods it is of.
    pub every: Period,
    /// In which forms.
    pub formats: Vec<&'static Format>,
    /// Where to.
    pub folder: PathBuf,
    /// In which language.
    pub language: Language,
    /// So long after the end what comes late is still awaited.
    pub after: SignedDuration,
    /// Of which devices.
    pub devices: Vec<DeviceId>,
}

impl Plan {
    /// The first days of the periods that are due, the oldest first. `next` is the first day that was not written yet.
    #[must_use]
    pub fn due(&self, next: Option<Date>, now: Timestamp, zone: &TimeZone) -> Vec<Date> {
        let today = self.every.first_day(zone.to_datetime(now).date());
        let is_over = |first: &Date| Span::of_period(self.every, *first, zone).until + self.after <= now;
        let mut due = Vec::new();
        let mut next_day = today;
        while due.len() < MADE_UP_MAX {
            let Some(first) = self.before(next_day) else { break };
            if next.is_some_and(|next| first < next) {
                break;
            }
            next_day = first;
            if is_over(&first) {
                due.push(first);
                if next.is_none() {
                    break;
                }
            }
        }
        due.reverse();
        due
    }

    /// The first day of the period before.
    fn before(&self, first: Date) -> Option<Date> {
        let last = first.checked_sub(1.day()).ok()?;
        Some(self.every.first_day(last))
    }

    /// Where a period's report is written to in one form.
    #[must_use]
    pub fn file(&self, first: Date, format: &Format) -> PathBuf {
        let label = self.every.label(first);
        self.folder.join(format!("{}-{label}.{}", self.name, format.name))
    }
}

/// What was written: by the name of the plan, the first day that was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    path: PathBuf,
    next: BTreeMap<String, Date>,
}

impl Written {
    /// As the file has it; a file that is not there or cannot be read is empty.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let next = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(path = %path.display(), %error, "which reports were written is not known any more; the last period is written again");
                BTreeMap::new()
            }),
            Err(_) => BTreeMap::new(),
        };
        let path = path.to_owned();
        Self { path, next }
    }

    /// The first day that was not written.
    #[must_use]
    pub fn next(&self, plan: &Plan) -> Option<Date> {
        self.next.get(&plan.name).copied()
    }

    /// Everything up to a period is written.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set(&mut self, plan: &Plan, first: Date) -> std::io::Result<()> {
        self.next.insert(plan.name.clone(), plan.every.next(first));
        let bytes = serde_json::to_vec_pretty(&self.next)?;
        write_whole(&self.path, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(every: Period) -> Plan {
        Plan {
            name: "radiology".to_owned(),
            every,
            formats: Vec::new(),
            folder: "reports".into(),
            language: Language::French,
            after: SignedDuration::from_mins(30),
            devices: Vec::new(),
        }
    }

    fn due(every: Period, next: Option<&str>, now: &str) -> Vec<String> {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let next = next.map(|day| day.parse().unwrap());
        let due = plan(every).due(next, now.parse().unwrap(), &zone);
        due.into_iter().map(|first| first.to_string()).collect()
    }

    #[test]
    fn a_month_is_due_half_an_hour_after_its_local_end_and_only_once() {
        let month = |next, now| due(Period::Month, next, now);
        assert_eq!(month(Some("2026-10-01"), "2026-10-31T23:29:59Z"), [""; 0]);
        assert_eq!(month(Some("2026-10-01"), "2026-10-31T23:30:00Z"), ["2026-10-01"]);
        assert_eq!(month(Some("2026-11-01"), "2026-11-20T00:00:00Z"), [""; 0]);
        assert_eq!(month(None, "2026-11-20T00:00:00Z"), ["2026-10-01"]);
        assert_eq!(
            month(None, "2026-10-31T23:10:00Z"),
            ["2026-09-01"],
            "the last that is over"
        );
    }

    #[test]
    fn what_was_missed_is_made_up_for_in_order_and_within_a_bound() {
        let months = due(Period::Month, Some("2026-07-01"), "2026-11-02T00:00:00Z");
        assert_eq!(months, ["2026-07-01", "2026-08-01", "2026-09-01", "2026-10-01"]);
        assert_eq!(
            due(Period::Month, Some("2020-01-01"), "2026-11-02T00:00:00Z").len(),
            MADE_UP_MAX
        );
        let weeks = due(Period::Week, Some("2026-10-19"), "2026-11-02T00:00:00Z");
        assert_eq!(
            weeks,
            ["2026-10-19", "2026-10-26"],
            "a week with 169 hours among them"
        );
    }

    #[test]
    fn files_are_named_by_plan_and_period() {
        let html = Format::named("html").unwrap();
        let week: Date = "2026-12-28".parse().unwrap();
        let file = plan(Period::Week).file(week, html);
        assert_eq!(file, Path::new("reports/radiology-2026-W53.html"));
    }

    #[test]
    fn what_was_written_is_remembered_and_a_torn_memory_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reports.json");
        let (plan, first) = (plan(Period::Month), "2026-10-01".parse().unwrap());
        let mut written = Written::load(&path);
        assert_eq!(written.next(&plan), None);
        written.set(&plan, first).unwrap();
        assert_eq!(
            Written::load(&path).next(&plan),
            Some("2026-11-01".parse().unwrap())
        );
        std::fs::write(&path, "{").unwrap();
        assert_eq!(Written::load(&path).next(&plan), None);
    }
}
