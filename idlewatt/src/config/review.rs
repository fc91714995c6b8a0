//! Collects what is wrong while a configuration is built, so that all of it is said at once.
//!
//! Limits: at most [`FAULTS_MAX`] faults and as many warnings are kept.

use std::ops::Range;
use std::path::Path;

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
    /// Keys that stand in the file but could not be read: they are not said to be missing as well.
    broken_keys: Vec<Vec<Step>>,
}

impl<'a> Review<'a> {
    /// Nothing wrong so far.
    pub(crate) const fn new(document: &'a Document<'a>) -> Self {
        Self {
            document,
            faults: Vec::new(),
            warnings: Vec::new(),
            broken_keys: Vec::new(),
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
        } else if self.faults.len() == FAULTS_MAX {
            let what = format!("there are more than {FAULTS_MAX} faults");
            let fault = self.document.fault(0..0, what, "mend these first".to_owned());
            self.faults.push(fault);
        }
    }

    /// A fault of a key of a section, wherever the section says it.
    pub(crate) fn fault_key<S>(
        &mut self,
        section: &Entry<S>,
        key: &str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let mut path = self.document.path(&section.span()).to_vec();
        path.push(Step::Key(key.to_owned()));
        let span = self.document.span(&path).unwrap_or_else(|| section.span());
        self.fault(span, what, mend);
    }

    /// Says so where a file that a key names cannot be read.
    pub(crate) fn readable<S>(&mut self, section: &Entry<S>, key: &str, path: &Path) {
        if let Err(error) = std::fs::File::open(path) {
            let what = format!("the file {} cannot be read ({error})", path.display());
            self.fault_key(section, key, what, "name a PEM file that idlewatt may read");
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

    /// The key that a span is in could not be read; `meant` where another key is meant by it.
    pub(crate) fn broken_key(&mut self, span: &Range<usize>, meant: Option<&str>) {
        let mut path = self.document.path(span).to_vec();
        while matches!(path.last(), Some(Step::Item(_))) {
            path.pop();
        }
        if let (Some(meant), Some(last)) = (meant, path.last_mut()) {
            *last = Step::Key(meant.to_owned());
        }
        self.broken_keys.push(path);
    }

    /// A key that must be said and is not.
    pub(crate) fn missing<S: Keys>(&mut self, section: &Entry<S>, name: &str) {
        let span = section.span();
        let table = self.document.path(&span);
        let is_broken = |broken: &Vec<Step>| match broken.split_last() {
            Some((Step::Key(key), inside)) => inside == table && key == name,
            _ => false,
        };
        if self.broken_keys.iter().any(is_broken) {
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
