//! One line under construction.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::clean::{escape_string, escape_tag};

/// Whether the database keeps strings; VictoriaMetrics keeps numbers alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strings {
    /// Write string fields.
    Kept,
    /// Leave them out; every string has a number beside it.
    LeftOut,
}

/// Writes tags, then fields, then the instant. Tags must come in the order of their keys.
pub(super) struct Point<'out> {
    out: &'out mut String,
    strings: Strings,
    separator: char,
}

impl<'out> Point<'out> {
    pub(super) fn new(out: &'out mut String, measurement: &str, strings: Strings) -> Self {
        out.push_str(measurement);
        Self {
            out,
            strings,
            separator: ' ',
        }
    }

    /// A tag of ours or of a meter; an empty value is left out.
    pub(super) fn tag(&mut self, key: &str, value: &str) -> &mut Self {
        if !value.is_empty() {
            self.out.extend([",", key, "="]);
            escape_tag(value, self.out);
        }
        self
    }

    /// Tags that were escaped before.
    pub(super) fn escaped(&mut self, tags: &str) -> &mut Self {
        self.out.push_str(tags);
        self
    }

    fn key(&mut self, key: &str) {
        self.out.push(self.separator);
        self.separator = ',';
        self.out.extend([key, "="]);
    }

    /// Not a number and infinity are left out.
    pub(super) fn float(&mut self, key: &str, value: f64) -> &mut Self {
        if value.is_finite() {
            self.key(key);
            write!(self.out, "{value}").expect("a string grows");
        }
        self
    }

    pub(super) fn integer(&mut self, key: &str, value: i64) -> &mut Self {
        self.key(key);
        write!(self.out, "{value}i").expect("a string grows");
        self
    }

    pub(super) fn boolean(&mut self, key: &str, value: bool) -> &mut Self {
        self.key(key);
        self.out.push_str(if value { "true" } else { "false" });
        self
    }

    pub(super) fn string(&mut self, key: &str, value: &str) -> &mut Self {
        if self.strings == Strings::Kept {
            self.key(key);
            escape_string(value, self.out);
        }
        self
    }

    /// Ends the line.
    pub(super) fn at(&mut self, at: Timestamp) {
        writeln!(self.out, " {}", at.as_millisecond()).expect("a string grows");
    }
}
