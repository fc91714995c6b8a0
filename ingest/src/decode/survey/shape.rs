//! The shape of a topic: which of its levels are words of its layout, which are names or numbers of one meter.

use super::super::naming::word;
use super::meter::cut;

/// Deeper topics keep their first levels.
const LEVELS_MAX: usize = 12;
/// A longer level is cut.
const LEVEL_BYTES_MAX: usize = 64;
/// Stands in a shape where topics of the same kind differ.
pub(super) const ANY: &str = "+";
/// Stands in a shape for the word that says what the payload is.
pub(super) const FIELD: &str = "{field}";
/// Words that name a kind of message, not a meter.
const GENERIC: [&str; 22] = [
    "data",
    "state",
    "status",
    "telemetry",
    "sensor",
    "sensors",
    "value",
    "values",
    "json",
    "up",
    "tele",
    "stat",
    "meter",
    "meters",
    "measurement",
    "measurements",
    "reading",
    "readings",
    "energy",
    "power",
    "mqtt",
    "event",
];

/// The levels of a topic, those that look like a name of one meter replaced by [`ANY`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) levels: Vec<String>,
}

impl Shape {
    /// The shape of a topic. `is_bare`: the payload is one value, so the topic says what it is: that level becomes
    /// [`FIELD`] and is returned.
    pub(super) fn of(topic: &str, is_bare: bool) -> (Self, Option<&str>) {
        let words: Vec<&str> = topic.split('/').take(LEVELS_MAX).collect();
        let says = |word: &&str| word::said(word).is_some();
        let field_at = is_bare
            .then(|| {
                words
                    .iter()
                    .rposition(says)
                    .or_else(|| words.len().checked_sub(1))
            })
            .flatten()
            .filter(|at| says(&words[*at]) || !is_name(words[*at]));
        let levels = words.iter().enumerate().map(|(at, word)| match () {
            () if field_at == Some(at) => FIELD.to_owned(),
            () if is_name(word) => ANY.to_owned(),
            () => cut(word, LEVEL_BYTES_MAX).to_owned(),
        });
        let levels = levels.collect();
        (Self { levels }, field_at.map(|at| words[at]))
    }

    /// The one place at which two shapes of the same length differ.
    pub(super) fn only_difference(&self, other: &Self) -> Option<usize> {
        if self.levels.len() != other.levels.len() {
            return None;
        }
        let pairs = self.levels.iter().zip(&other.levels);
        let mut differing = pairs.enumerate().filter(|(_, (one, two))| one != two);
        let (at, (one, two)) = differing.next()?;
        let is_field = one == FIELD || two == FIELD;
        (differing.next().is_none() && !is_field).then_some(at)
    }

    /// Whether something but placeholders is left.
    pub(super) fn has_word(&self) -> bool {
        self.levels
            .iter()
            .any(|level| level != ANY && level != FIELD && !level.is_empty())
    }
}

/// Whether a level looks like the name or number of one thing: it has a digit.
fn is_name(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a word names a kind of message, not a meter.
pub(super) fn is_generic(word: &str) -> bool {
    word.is_empty()
        || word.starts_with('$')
        || GENERIC.iter().any(|generic| word.eq_ignore_ascii_case(generic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_are_told_apart() {
        for (topic, is_bare, shape, field) in [
            ("plant/ct1/data", false, "plant/+/data", None),
            ("plc/angio/power_kw", true, "plc/angio/{field}", Some("power_kw")),
            ("house/power/7", true, "house/{field}/+", Some("power")),
            ("house/7", true, "house/+", None),
            ("a/phase1_power", true, "a/{field}", Some("phase1_power")),
            ("a/door", true, "a/{field}", Some("door")),
        ] {
            let (found, word) = Shape::of(topic, is_bare);
            assert_eq!((found.levels.join("/").as_str(), word), (shape, field), "{topic}");
        }
        let of = |topic| Shape::of(topic, false).0;
        assert_eq!(of("a/b/c").only_difference(&of("a/x/c")), Some(1));
        assert_eq!(of("a/b/c").only_difference(&of("x/b/d")), None);
        assert!(!of("1/2").has_word() && of("a/2").has_word());
    }
}
