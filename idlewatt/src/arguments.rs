//! Words that arguments of several commands take: clap refuses others, names them in the help and completes them.

use analyzer::modality::MODALITIES;
use clap::builder::PossibleValuesParser;
use deliver::report::FORMATS;

/// The kinds of machines.
pub(crate) fn modalities() -> PossibleValuesParser {
    PossibleValuesParser::new(MODALITIES.iter().map(|modality| modality.name))
}

/// What figures are put together by.
pub(crate) fn groups() -> PossibleValuesParser {
    PossibleValuesParser::new(["device", "room", "modality", "site"])
}

/// What a range is cut into.
pub(crate) fn periods() -> PossibleValuesParser {
    PossibleValuesParser::new(["day", "week", "month"])
}

/// The forms of a report.
pub(crate) fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|format| format.name))
}

/// The languages of pages, reports and alerts.
pub(crate) fn languages() -> PossibleValuesParser {
    PossibleValuesParser::new(["en", "fr"])
}

#[cfg(test)]
mod tests {
    use analyzer::report::{Group, Period};
    use clap::builder::TypedValueParser;
    use deliver::page::Language;

    use super::*;

    #[test]
    fn every_word_that_is_offered_is_understood() {
        let all = |parser: PossibleValuesParser| {
            let words = parser.possible_values().expect("it lists them");
            words.map(|word| word.get_name().to_owned()).collect::<Vec<_>>()
        };
        assert!(all(groups()).iter().all(|word| Group::named(word).is_some()));
        assert!(all(periods()).iter().all(|word| Period::named(word).is_some()));
        assert!(
            all(languages())
                .iter()
                .all(|word| Language::from_tag(word).is_some())
        );
    }
}
