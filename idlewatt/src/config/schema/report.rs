//! `[[report]]`: a report that the service writes by itself.

use std::path::PathBuf;

use crate::config::section::{Entry, section};
use crate::config::value::{EveryWord, FormatWord, Id, Language};

section! {
    /// A report that the running service writes when a period is over.
    Report {
        /// A name of its own; it begins the names of the files, as in monthly-2026-10.html.
        name: Option<Id> => required("\"monthly\""),
        /// "month", or "week" (Monday to Sunday), in local time.
        every: EveryWord => preset(EveryWord::Month),
        /// Any of "html", "csv", "json", "md".
        formats: Vec<Entry<FormatWord>> => preset(vec![Entry::preset(FormatWord::html())]),
        /// The folder to write into. Not said: the folder 'reports' in the state folder.
        folder: Option<PathBuf> => optional("\"/srv/reports/radiology\""),
        /// The language: "en" or "fr". Not said: the site's.
        language: Option<Language> => optional("\"fr\""),
        /// Only devices of these rooms. Empty: of all.
        rooms: Vec<Entry<String>> => preset(Vec::new()),
        /// Only these devices, by id. Empty: all.
        devices: Vec<Entry<String>> => preset(Vec::new()),
        /// So long after the end of the period what comes late is awaited, minutes.
        after_minutes: u32 => preset(30),
    }
}
