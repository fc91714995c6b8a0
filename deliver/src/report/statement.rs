//! All that a report says, before any format: the figures of the span and of the one before it, alerts, faults and
//! levels by device, and what remains unknown.
//!
//! Limits: bands and opening hours are those of the configuration that asks, not of the past.

use std::collections::BTreeMap;

use analyzer::band::Bands;
use analyzer::report::{Facts, Group, Idling, Row};
use analyzer::{BandsLearned, DeviceId, Energy};
use jiff::Timestamp;

use super::figures::Figures;
use super::unknown::{self, Unknown};
use super::{SPAN_DAYS_MAX, Span};
use crate::history::{AlertCount, FaultSum, HistoryError, Reader};
use crate::page::{Language, PageDevice, SiteInfo};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// The period.
    pub span: Span,
    /// What it is compared with; none means the period before it.
    pub baseline: Option<Span>,
    /// The time of the asking.
    pub now: Timestamp,
    /// The language of texts.
    pub language: Language,
}

/// A device that is reported on.
#[derive(Clone, Debug)]
pub struct Subject {
    /// As people call it.
    pub device: PageDevice,
    /// What figures need to know of it.
    pub facts: Facts,
    /// Why it may idle overnight.
    pub exempt: Option<String>,
    /// Its bands, where the configuration fixes them.
    pub bands: Option<Bands>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The span has no time.
    #[error("the period ends ({until}) before it begins ({from}); change --from and --to about")]
    Reversed {
        /// First instant.
        from: Timestamp,
        /// First instant after.
        until: Timestamp,
    },
    /// The span is longer than a history.
    #[error("the period has {days:.0} days, more than {SPAN_DAYS_MAX}; ask for a shorter one")]
    TooLong {
        /// Its days.
        days: f64,
    },
    /// The span has not begun.
    #[error(
        "the period begins at {from}, and it is {now}: nothing can be said of it yet; choose an earlier one"
    )]
    Future {
        /// First instant.
        from: Timestamp,
        /// The time of the asking.
        now: Timestamp,
    },
    /// Nothing was measured in the span.
    #[error("nothing was measured from {from} to {until}; {held}")]
    Empty {
        /// First instant.
        from: Timestamp,
        /// First instant after.
        until: Timestamp,
        /// What the history holds.
        held: String,
    },
    /// The history cannot be read.
    #[error("{0}")]
    History(#[from] HistoryError),
}

/// What is told of a device beside its figures.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) subject: Subject,
    pub(crate) alerts: Vec<AlertCount>,
    pub(crate) faults: Vec<FaultSum>,
    pub(crate) learned: Option<BandsLearned>,
}

/// Rows of now, and how to come by those of before.
type Kind<'a> = (Group, &'a [Row], fn(&Figures) -> &[Row]);

/// See the module.
#[derive(Debug)]
pub struct Statement {
    pub(crate) site: SiteInfo,
    pub(crate) language: Language,
    /// The period as it was asked for; its figures reach no further than now.
    pub(crate) span: Span,
    pub(crate) now: Timestamp,
    pub(crate) figures: Figures,
    /// What the period is compared with; none where nothing was measured in it.
    pub(crate) before: Option<Figures>,
    pub(crate) before_span: Span,
    /// The comparison was asked for by name.
    pub(crate) is_baseline: bool,
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) unknowns: Vec<Unknown>,
}

impl Statement {
    /// Asks the history.
    ///
    /// # Errors
    /// Why there is no report, for a person.
    pub fn read(
        reader: &Reader,
        site: SiteInfo,
        subjects: Vec<Subject>,
        question: &Question,
    ) -> Result<Self, ReportError> {
        let Question { span, now, .. } = *question;
        check(span, now)?;
        let facts: Vec<Facts> = subjects.iter().map(|subject| subject.facts.clone()).collect();
        let figures = Figures::read(reader, &facts, &site.zone, span, now)?;
        let held = reader.ledger_span()?;
        if figures.is_empty() {
            let held = held.map_or_else(
                || "the history is empty: the service writes it".to_owned(),
                |(first, last)| format!("the history holds {first} to {last}"),
            );
            let (from, until) = (span.from, span.until);
            return Err(ReportError::Empty { from, until, held });
        }
        let before_span = question.baseline.unwrap_or_else(|| span.before(&site.zone));
        let before = Figures::read(reader, &facts, &site.zone, before_span, now)?;
        let before = Some(before).filter(|before| !before.is_empty());
        let sheets = sheets(reader, subjects, figures.span)?;
        let mut statement = Self {
            site,
            language: question.language,
            span,
            now,
            figures,
            before,
            before_span,
            is_baseline: question.baseline.is_some(),
            sheets,
            unknowns: Vec::new(),
        };
        statement.unknowns = unknown::of(&statement, held, reader.faults_known_from()?);
        Ok(statement)
    }

    /// The sheet of a device.
    pub(crate) fn sheet(&self, id: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| &*sheet.subject.device.id == id)
    }

    /// What people call a device.
    pub(crate) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.sheet(id).map_or(id, |sheet| &sheet.subject.device.name)
    }

    /// Devices whose idling can be avoided, the most idle energy in closed hours first.
    pub(crate) fn worst(&self) -> Vec<(&Sheet, &Row, &Idling)> {
        let ranked = self.figures.ranked().into_iter();
        ranked
            .filter(|(_, idling)| idling.closed.energy > Energy::ZERO)
            .filter_map(|(row, idling)| Some((self.sheet(&row.group)?, row, idling)))
            .filter(|(sheet, ..)| sheet.subject.exempt.is_none())
            .collect()
    }

    /// The site, then modalities and rooms, with their figures before.
    pub(crate) fn groups(&self) -> Vec<(Group, &Row, Option<&Row>)> {
        let now = &self.figures;
        let kinds: [Kind<'_>; 3] = [
            (Group::Site, std::slice::from_ref(&now.site), |figures| {
                std::slice::from_ref(&figures.site)
            }),
            (Group::Modality, &now.modalities, |figures| &figures.modalities),
            (Group::Room, &now.rooms, |figures| &figures.rooms),
        ];
        let mut groups = Vec::new();
        for (by, rows, earlier) in kinds {
            let before = self.before.as_ref().map_or(&[][..], earlier);
            groups.extend(rows.iter().map(|row| {
                let before = before.iter().find(|earlier| earlier.group == row.group);
                (by, row, before)
            }));
        }
        groups
    }

    /// Each device with its figures and those before.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Sheet, &Row, Option<&Row>)> {
        self.sheets.iter().filter_map(|sheet| {
            let id = &sheet.subject.device.id;
            let before = self.before.as_ref().and_then(|before| before.device(id));
            Some((sheet, self.figures.device(id)?, before))
        })
    }
}

fn check(span: Span, now: Timestamp) -> Result<(), ReportError> {
    let Span { from, until } = span;
    if from >= until {
        return Err(ReportError::Reversed { from, until });
    }
    if from >= now {
        return Err(ReportError::Future { from, now });
    }
    let days = span.days();
    #[expect(clippy::cast_precision_loss, reason = "a few years of days")]
    if days > SPAN_DAYS_MAX as f64 {
        return Err(ReportError::TooLong { days });
    }
    Ok(())
}

fn sheets(reader: &Reader, subjects: Vec<Subject>, span: Span) -> Result<Vec<Sheet>, HistoryError> {
    let mut alerts: BTreeMap<DeviceId, Vec<AlertCount>> = BTreeMap::new();
    for count in reader.alert_counts(span.from, span.until)? {
        alerts.entry(count.device.clone()).or_default().push(count);
    }
    let mut faults: BTreeMap<DeviceId, Vec<FaultSum>> = BTreeMap::new();
    for count in reader.fault_sums(span.from, span.until)? {
        faults.entry(count.device.clone()).or_default().push(count);
    }
    let sheet = |subject: Subject| {
        let id = &subject.device.id;
        Ok(Sheet {
            alerts: alerts.remove(id).unwrap_or_default(),
            faults: faults.remove(id).unwrap_or_default(),
            learned: reader.learned_before(id, span.until)?,
            subject,
        })
    };
    subjects.into_iter().map(sheet).collect()
}
