//! Numbers as meters write them: bare, as a text, with a unit behind them, or not at all.

/// Words for "no value", lower case, as the firmware and the bridges of several families print them.
const NO_VALUE: [&str; 12] = [
    "",
    "null",
    "nan",
    "-nan",
    "none",
    "unavailable",
    "unknown",
    "inf",
    "-inf",
    "n/a",
    "undefined",
    "-",
];

/// A payload that should be one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bare {
    /// A finite number.
    Value(f64),
    /// A word for "no value".
    Nothing,
    /// Anything else.
    Broken,
}

/// A finite number and nothing else. `f64::from_str` takes `nan` and `infinity` as well.
pub(crate) fn of_text(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A payload that should be one number.
pub(crate) fn bare(text: &str) -> Bare {
    let text = text.trim();
    match of_text(text) {
        Some(number) => Bare::Value(number),
        None if NO_VALUE.iter().any(|word| text.eq_ignore_ascii_case(word)) => Bare::Nothing,
        None => Bare::Broken,
    }
}

/// A finite number and what stands behind it: `140.25W` is 140.25 and `W`.
pub(crate) fn with_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    let end = text.find(|c| !is_of_number(c)).unwrap_or(text.len());
    let has_exponent = of_text(text).is_some();
    let (number, unit) = if has_exponent {
        (text, "")
    } else {
        text.split_at(end)
    };
    Some((of_text(number)?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_are_numbers() {
        for (text, expected) in [
            ("1.5", Bare::Value(1.5)),
            (" -3 ", Bare::Value(-3.0)),
            ("1e3", Bare::Value(1000.0)),
            ("nan", Bare::Nothing),
            ("NaN", Bare::Nothing),
            ("unavailable", Bare::Nothing),
            ("", Bare::Nothing),
            ("infinity", Bare::Broken),
            ("1e999", Bare::Broken),
            ("ON", Bare::Broken),
            ("0x10", Bare::Broken),
        ] {
            assert_eq!(bare(text), expected, "{text}");
        }
    }

    #[test]
    fn a_unit_may_follow() {
        assert_eq!(with_unit("140.25W"), Some((140.25, "W")));
        assert_eq!(with_unit("-1.5 kWh"), Some((-1.5, "kWh")));
        assert_eq!(with_unit("1e3"), Some((1000.0, "")));
        assert_eq!(with_unit("W"), None);
        assert_eq!(with_unit("1.2.3W"), None);
    }
}
