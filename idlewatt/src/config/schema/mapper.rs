//! `[[mapper]]`: a meter that is configuration, not code.

use crate::config::section::section;
use crate::config::value::Id;

section! {
    /// A meter that speaks plain JSON or bare numbers.
    Mapper {
        /// A name of its own.
        name: Option<Id> => required("\"modbus\""),
    }
}
