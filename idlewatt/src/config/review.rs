//! Collects what is wrong while a configuration is built, so that all of it is said at once.
//!
//! Limits: at most [`FAULTS_MAX`] faults and as many warnings are kept.

use std::ops::Range;

use super::document::{Document, Step, dotted};
use super::fault::{Fault, Faults};
use super::section::{Entry, Keys, Kind};

/// Nobody reads more than this at once.
pub(crate) const FAULTS_MAX: usize = 100;

/// The faults so far.
#[derive(Debug)]
pub(crate) struct Review<'a> {
    document: &'a Document<'a>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    /// Tables in which a key could not be read: nothing is said to be missing there, it may be that key.
    broken_tables: Vec<Vec<Step>>,
}

impl<'a> Review<'a> {
    /// Nothing wrong so far.
    pub(crate) const fn new(document: &'a Document<'a>) -> Self {
        Self {
            document,
            faults: Vec::new(),
            warnings: Vec::new(),
            broken_tables: Vec::new(),
        }
    }

    /// The file under review.
    pub(crate) const fn document(&self) -> &'a Document<'a> {
        self.document
    }

    /// Whether no more faults are kept.
    pub(crate) const fn is_full(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    /// Something that keeps the configuration from being used.
    pub(crate) fn fault(&mut self, span: Range<usize>, what: impl Into<String>, mend: impl Into<String>) {
        if !self.is_full() {
            let fault = self.document.fault(span, what.into(), mend.into());
            self.faults.push(fault);
        }
    }

    /// Something worth a look.
    pub(crate) fn warn(&mut self, span: Range<usize>, what: impl Into<String>, mend: impl Into<String>) {
        if self.warnings.len() < FAULTS_MAX {
            let warning = self.document.fault(span, what.into(), mend.into());
            self.warnings.push(warning);
        }
    }

    /// The line of a span, from 1.
    pub(crate) fn line(&self, span: &Range<usize>) -> usize {
        self.document.line_column(span.start).0
    }

    /// A key that could not be read: the same table is not said to miss one.
    pub(crate) fn broken_key(&mut self, span: &Range<usize>) {
        let path = self.document.path(span);
        let table = path.split_last().map_or(&[][..], |(_, table)| table);
        self.broken_tables.push(table.to_vec());
    }

    /// A key that must be said and is not.
    pub(crate) fn missing<S: Keys>(&mut self, section: &Entry<S>, name: &str) {
        let span = section.span();
        let table = self.document.path(&span);
        if self.broken_tables.iter().any(|broken| broken == table) {
            return;
        }
        let key = (S::SECTION.keys)().into_iter().find(|key| key.name == name);
        let example = match key {
            Some(key) if matches!(key.kind, Kind::Table(_)) && !table.is_empty() => {
                format!("[{}.{name}]", dotted(table))
            }
            Some(key) => key.example(),
            None => name.to_owned(),
        };
        self.fault(
            span,
            format!("'{name}' is missing"),
            format!("add for example: {example}"),
        );
    }

    /// The value of a key that must be said.
    pub(crate) fn need<S: Keys, T: Clone>(
        &mut self,
        section: &Entry<S>,
        name: &str,
        value: &Entry<Option<T>>,
    ) -> Option<T> {
        let found = (**value).clone();
        if found.is_none() {
            self.missing(section, name);
        }
        found
    }

    /// All of it, in the order of the file: faults if there are any, else the warnings.
    ///
    /// # Errors
    /// There is a fault.
    pub(crate) fn finish(mut self) -> Result<Vec<Fault>, Faults> {
        self.faults.sort_by_key(|fault| (fault.line, fault.column));
        self.warnings.sort_by_key(|fault| (fault.line, fault.column));
        if self.faults.is_empty() {
            Ok(self.warnings)
        } else {
            Err(Faults {
                faults: self.faults,
                warnings: self.warnings,
            })
        }
    }
}
