//! Figures of a range: rows of the ledger and examinations in, sums by period and group out.
//!
//! The only place where sums are made for [`crate::kpi`]: the command, the API and the tests all ask here.
//!
//! Invariants: rows may come in any order; a row counts in the period of its local hour, an examination in that of its
//! begin; a group's sums are the sums of its devices.
//!
//! Limits: devices that the configuration does not name are left out. At most [`PERIODS_MAX`] periods; later ones are
//! not told of.

mod device;
mod period;
mod rows;
#[cfg(test)]
mod tests;
mod totals;
mod waste;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::finding::{Exam, ExamKind, LedgerRow};
use crate::{DeviceId, Energy, State};
use device::Book;

pub use device::{Facts, Target};
pub use period::Period;
pub use rows::LedgerRows;
pub use totals::{Avoidable, Exams, Part, Shutdown, Spread, Totals};
pub use waste::{HOURS, Idle, Idling, WEEKDAYS, Waste};

/// Three years of days.
pub const PERIODS_MAX: usize = 1_100;

/// What devices are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Each for itself.
    Device,
    /// By the room they stand in.
    Room,
    /// By kind of machine.
    Modality,
    /// All of the hospital.
    Site,
}

impl Group {
    /// All, the smallest first.
    pub const ALL: [Self; 4] = [Self::Device, Self::Room, Self::Modality, Self::Site];

    /// The stable word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Room => "room",
            Self::Modality => "modality",
            Self::Site => "site",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }

    fn of(self, facts: &Facts) -> &str {
        match self {
            Self::Device => &facts.id,
            Self::Room => &facts.room,
            Self::Modality => facts.modality.name,
            Self::Site => "site",
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// First instant.
    pub from: Timestamp,
    /// First instant after.
    pub until: Timestamp,
    /// The hospital's local zone.
    pub zone: TimeZone,
    /// How the range is cut; none leaves it whole.
    pub period: Option<Period>,
    /// What devices are put together by.
    pub group: Group,
}

/// The sums of one group over one period.
#[derive(Clone, Debug)]
pub struct Row {
    /// The period's name; none where the range is whole.
    pub period: Option<String>,
    /// First instant of the period inside the range.
    pub from: Timestamp,
    /// First instant after.
    pub until: Timestamp,
    /// The group's name.
    pub group: String,
    /// What figures are made of.
    pub totals: Totals,
    /// What each of its devices is measured against.
    pub targets: Vec<(DeviceId, Target)>,
}

/// Takes rows in, gives sums out.
#[derive(Debug)]
pub struct Report {
    question: Question,
    facts: Vec<Facts>,
    books: BTreeMap<(Option<Date>, DeviceId), Book>,
}

impl Report {
    /// Of a question, about devices.
    #[must_use]
    pub const fn new(question: Question, facts: Vec<Facts>) -> Self {
        Self {
            question,
            facts,
            books: BTreeMap::new(),
        }
    }

    /// The range asked for.
    #[must_use]
    pub const fn range(&self) -> (Timestamp, Timestamp) {
        (self.question.from, self.question.until)
    }

    /// Takes a row of the ledger, the last that was said of its key.
    pub fn ledger(&mut self, row: &LedgerRow) {
        let part = Part {
            spread: Spread::of_row(row.energy, row.duration),
            ..Part::of(row)
        };
        let day = row.hour.to_zoned_datetime(self.question.zone.clone()).date();
        let Some(book) = self.book(&row.device, row.hour, day) else {
            return;
        };
        *book.parts.entry((row.state, row.is_open)).or_default() += part;
        if row.state != State::Unknown {
            let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            *(if is_weekend {
                &mut book.weekend
            } else {
                &mut book.weekday
            }) += part;
        }
    }

    /// Takes an examination.
    pub fn exam(&mut self, exam: &Exam) {
        let day = exam.from.to_zoned_datetime(self.question.zone.clone()).date();
        let Some(book) = self.book(&exam.device, exam.from, day) else {
            return;
        };
        match exam.kind {
            ExamKind::Patient => {
                book.exams.patients += 1;
                book.exams.energy += exam.energy;
                book.exams.duration += exam.until.duration_since(exam.from);
            }
            ExamKind::CalibrationGuess => book.exams.calibrations += 1,
        }
    }

    fn book(&mut self, device: &DeviceId, at: Timestamp, day: Date) -> Option<&mut Book> {
        let is_asked = self.question.from <= at && at < self.question.until;
        if !is_asked || !self.facts.iter().any(|facts| facts.id == *device) {
            return None;
        }
        let first = self.question.period.map(|period| period.first_day(day));
        Some(self.books.entry((first, device.clone())).or_default())
    }

    /// The sums, by period and by group, in the order of the devices.
    #[must_use]
    pub fn finish(self) -> Vec<Row> {
        self.rows(self.question.group)
    }

    /// The same by another group than was asked for.
    #[must_use]
    pub fn rows(&self, group: Group) -> Vec<Row> {
        let targets = self.targets();
        let mut names: Vec<&str> = Vec::new();
        for facts in &self.facts {
            if !names.contains(&group.of(facts)) {
                names.push(group.of(facts));
            }
        }
        let mut rows = Vec::new();
        for (first, from, until) in self.spans() {
            for name in &names {
                let members = self.facts.iter().filter(|facts| group.of(facts) == *name);
                let members: Vec<&Facts> = members.collect();
                rows.push(Row {
                    period: first
                        .zip(self.question.period)
                        .map(|(first, period)| period.label(first)),
                    from,
                    until,
                    group: (*name).to_owned(),
                    totals: self.totals(first, until.duration_since(from), &members, &targets),
                    targets: members
                        .iter()
                        .filter_map(|facts| Some((facts.id.clone(), *targets.get(&facts.id)?)))
                        .collect(),
                });
            }
        }
        rows
    }

    fn totals(
        &self,
        first: Option<Date>,
        calendar: SignedDuration,
        members: &[&Facts],
        targets: &BTreeMap<DeviceId, Target>,
    ) -> Totals {
        let (mut sum, nothing) = (Totals::default(), Book::default());
        for facts in members {
            let book = self.books.get(&(first, facts.id.clone())).unwrap_or(&nothing);
            if let Some(target) = targets.get(&facts.id) {
                sum.merge(&book.totals(facts, target, calendar));
            }
        }
        // two chillers may cool the same room: each load counts once
        let cooled: BTreeSet<&DeviceId> = members.iter().flat_map(|facts| &facts.cools).collect();
        let energies = cooled
            .into_iter()
            .filter_map(|id| self.books.get(&(first, id.clone())))
            .map(Book::energy);
        sum.cooled = energies.sum::<Energy>();
        sum
    }

    /// By the whole range: a day that holds no standby is measured against that of the others.
    fn targets(&self) -> BTreeMap<DeviceId, Target> {
        let target = |facts: &Facts| {
            let mut whole = Book::default();
            let books = self.books.iter().filter(|((_, id), _)| *id == facts.id);
            books.for_each(|(_, book)| whole.merge(book));
            (facts.id.clone(), whole.target(facts))
        };
        self.facts.iter().map(target).collect()
    }

    /// The periods of the range: first day, first instant, first instant after.
    fn spans(&self) -> Vec<(Option<Date>, Timestamp, Timestamp)> {
        let Question {
            from,
            until,
            zone,
            period,
            ..
        } = &self.question;
        let Some(period) = period else {
            return vec![(None, *from, *until)];
        };
        let mut first = period.first_day(from.to_zoned_datetime(zone.clone()).date());
        let mut spans = Vec::new();
        while spans.len() < PERIODS_MAX {
            let (begin, next) = (period::midnight(zone, first), period.next(first));
            if begin >= *until {
                break;
            }
            let end = period::midnight(zone, next);
            spans.push((Some(first), begin.max(*from), end.min(*until)));
            first = next;
        }
        spans
    }
}
