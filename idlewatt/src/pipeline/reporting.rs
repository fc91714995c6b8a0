//! Writes the reports of `[[report]]` when their period is over.
//!
//! A period is reported once the history has heard something from after its end, so that what a broker kept during a
//! downtime is in it; where nothing is heard any more, after [`SILENT_LOOKS`]. Files are whole or not there, and what was
//! written is remembered, so a report is not written twice. It is a reader of the history like any other: a report that
//! fails delays nothing, is said once and tried again.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use deliver::history::Reader;
use deliver::page::SiteInfo;
use deliver::report::schedule::{Plan, Written};
use deliver::report::{Question, ReportError, Span, Statement, Subject, write_whole};
use ingest::clock::Clock;
use jiff::civil::Date;

use super::Files;
use crate::config::Config;

/// How often it is looked for what is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// After so many looks in vain (an hour) a period is reported although nothing was heard after its end.
const SILENT_LOOKS: u32 = 720;

/// See the module.
pub(super) struct Reporting {
    plans: Vec<Plan>,
    site: SiteInfo,
    subjects: Vec<Subject>,
    history: PathBuf,
    written: PathBuf,
    clock: Clock,
    /// Looks since something was written.
    looks: u32,
    /// What was said last of what does not go.
    said: Option<String>,
}

impl Reporting {
    /// Of a configuration; nothing is done where it names no report.
    pub(super) fn new(config: &Config, clock: Clock) -> Self {
        let files = Files(&config.state_dir);
        Self {
            plans: config.reports.clone(),
            site: config.site_info(),
            subjects: config.subjects(),
            history: files.history(),
            written: files.reports(),
            clock,
            looks: 0,
            said: None,
        }
    }

    /// Looks from time to time until it is dropped; a report that is being written then is brought to its end.
    pub(super) async fn run(mut self) {
        while !self.plans.is_empty() {
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(reporting) => self = reporting,
                Err(error) => {
                    tracing::error!(%error, "reports are not written any more until the next start");
                    return;
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn look(&mut self) {
        self.looks = self.looks.saturating_add(1);
        let mut trouble = None;
        for plan in self.plans.clone() {
            if let Err(error) = self.write_due(&plan) {
                trouble = Some(format!("report '{}': {error:#}", plan.name));
            }
        }
        if let Some(trouble) = trouble
            .as_ref()
            .filter(|trouble| self.said.as_ref() != Some(trouble))
        {
            tracing::error!("{trouble}; it is tried again");
        }
        self.said = trouble;
    }

    fn write_due(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let mut written = Written::load(&self.written);
        let due = plan.due(written.next(plan), self.clock.now(), &self.site.zone);
        if due.is_empty() {
            return Ok(());
        }
        let reader = Reader::open(&self.history)?;
        for first in due {
            let span = Span::of_period(plan.every, first, &self.site.zone);
            let heard = reader
                .last_states()?
                .into_iter()
                .filter_map(|state| state.sampled_at)
                .max();
            let is_covered = heard.is_some_and(|at| at >= span.until + plan.after);
            if !is_covered && self.looks < SILENT_LOOKS {
                return Ok(());
            }
            self.write(&reader, plan, first, span)?;
            written
                .set(plan, first)
                .with_context(|| format!("cannot write {}", self.written.display()))?;
        }
        self.looks = 0;
        Ok(())
    }

    fn write(&self, reader: &Reader, plan: &Plan, first: Date, span: Span) -> anyhow::Result<()> {
        let subjects = self.subjects.iter();
        let subjects = subjects.filter(|subject| plan.devices.contains(&subject.device.id));
        let question = Question {
            span,
            baseline: None,
            now: self.clock.now(),
            language: plan.language,
        };
        let statement =
            match Statement::read(reader, self.site.clone(), subjects.cloned().collect(), &question) {
                Ok(statement) => statement,
                Err(error @ ReportError::Empty { .. }) => {
                    tracing::info!(
                        report = plan.name,
                        period = plan.every.label(first),
                        "no report: {error}"
                    );
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
        for format in &plan.formats {
            let path = plan.file(first, format);
            let text = (format.write)(&statement);
            write_whole(&path, text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            tracing::info!(report = plan.name, file = %path.display(), "report written");
        }
        Ok(())
    }
}
