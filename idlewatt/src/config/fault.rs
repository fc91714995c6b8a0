//! What is wrong with a configuration: where, what, and how to mend it.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// One thing wrong, or worth a warning. Prints as
/// `idlewatt.toml:42: device 'ct-1': opening 'mon_fri': "7h30-19h" is not a window; write "07:30-19:00"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// From 1; 0 where it is about the whole file.
    pub line: usize,
    /// From 1, in characters; 0 where it is about the whole file.
    pub column: usize,
    /// The key path, as in `device[0].opening.mon_fri`; empty where it is about the whole file.
    pub path: String,
    /// The same in words, as in `device 'ct-1': opening 'mon_fri'`.
    pub subject: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(formatter, "{}:", self.line)?;
        }
        if !self.subject.is_empty() {
            write!(formatter, " {}:", self.subject)?;
        }
        write!(formatter, " {}; {}", self.what, self.mend)
    }
}

/// Everything wrong with a configuration, in the order of the file. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// What keeps the configuration from being used.
    pub faults: Vec<Fault>,
    /// What is worth a look.
    pub warnings: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
