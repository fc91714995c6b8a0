//! Grafana's expressions of the three kinds that our files use, as it documents them: `reduce` takes the last value of each
//! series, `math` reckons with what others gave, label by label, `threshold` says 1 where a value is beyond.
//!
//! Numbers that have no partner with the same labels fall out, as in Grafana; one without labels goes with all.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};

use super::ask::Labels;
use super::model::{Comparison, ExpressionKind, ExpressionTarget};

/// By labels, what a target gave.
pub(super) type Found = BTreeMap<Labels, f64>;
/// By name of the target.
pub(super) type Numbers = BTreeMap<String, Found>;

/// What a target gives; `reduced` knows the last values of the queries.
pub(super) fn work_out(
    target: &ExpressionTarget,
    numbers: &Numbers,
    reduced: impl Fn(&str) -> Found,
) -> anyhow::Result<Found> {
    match target.kind {
        ExpressionKind::Reduce => Ok(reduced(&target.expression)),
        ExpressionKind::Math => math(&target.expression, numbers),
        ExpressionKind::Threshold => {
            let conditions = target
                .conditions
                .as_deref()
                .context("a threshold has conditions")?;
            let [condition] = conditions else {
                bail!("one condition, not {}", conditions.len())
            };
            let limit = *condition.evaluator.params.first().context("no limit")?;
            let is_beyond = |value: f64| match condition.evaluator.kind {
                Comparison::Gt => value > limit,
                Comparison::Lt => value < limit,
            };
            let of = numbers.get(&target.expression).context("no such target")?;
            Ok(of
                .iter()
                .map(|(labels, value)| (labels.clone(), f64::from(u8::from(is_beyond(*value)))))
                .collect())
        }
    }
}

/// `($D - $E * $F) / 1000`.
fn math(text: &str, numbers: &Numbers) -> anyhow::Result<Found> {
    let letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut reader = Reader {
        letters: &letters,
        numbers,
    };
    let found = reader.sum()?;
    ensure!(reader.letters.is_empty(), "{text}: cannot be read to its end");
    Ok(found)
}

struct Reader<'a> {
    letters: &'a [char],
    numbers: &'a Numbers,
}

impl Reader<'_> {
    fn take(&mut self, wanted: &[char]) -> Option<char> {
        let (first, rest) = self.letters.split_first()?;
        if !wanted.contains(first) {
            return None;
        }
        self.letters = rest;
        Some(*first)
    }

    fn sum(&mut self) -> anyhow::Result<Found> {
        let mut left = self.product()?;
        while let Some(sign) = self.take(&['+', '-']) {
            let right = self.product()?;
            left = join(&left, &right, |a, b| if sign == '+' { a + b } else { a - b });
        }
        Ok(left)
    }

    fn product(&mut self) -> anyhow::Result<Found> {
        let mut left = self.value()?;
        while let Some(sign) = self.take(&['*', '/']) {
            let right = self.value()?;
            left = join(&left, &right, |a, b| if sign == '*' { a * b } else { a / b });
        }
        Ok(left)
    }

    fn value(&mut self) -> anyhow::Result<Found> {
        if self.take(&['(']).is_some() {
            let inner = self.sum()?;
            ensure!(self.take(&[')']).is_some(), "a bracket is not closed");
            return Ok(inner);
        }
        let is_name = self.take(&['$']).is_some();
        let length = self
            .letters
            .iter()
            .take_while(|letter| letter.is_ascii_alphanumeric() || **letter == '.')
            .count();
        let (word, rest) = self.letters.split_at(length);
        self.letters = rest;
        let word: String = word.iter().collect();
        if is_name {
            return self
                .numbers
                .get(&word)
                .cloned()
                .with_context(|| format!("no target {word}"));
        }
        Ok(Found::from([(
            Labels::new(),
            word.parse().with_context(|| word.clone())?,
        )]))
    }
}

fn join(left: &Found, right: &Found, reckon: impl Fn(f64, f64) -> f64) -> Found {
    let alone = |found: &Found| match found.iter().next() {
        Some((labels, value)) if found.len() == 1 && labels.is_empty() => Some(*value),
        _ => None,
    };
    match (alone(left), alone(right)) {
        (_, Some(value)) => left
            .iter()
            .map(|(labels, a)| (labels.clone(), reckon(*a, value)))
            .collect(),
        (Some(value), _) => right
            .iter()
            .map(|(labels, b)| (labels.clone(), reckon(value, *b)))
            .collect(),
        (None, None) => left
            .iter()
            .filter_map(|(labels, a)| Some((labels.clone(), reckon(*a, *right.get(labels)?))))
            .collect(),
    }
}

#[test]
fn expressions_are_reckoned_label_by_label() -> anyhow::Result<()> {
    let of = |device: &str| Labels::from([("device".to_owned(), device.to_owned())]);
    let numbers = Numbers::from([
        ("D".to_owned(), Found::from([(of("a"), 9000.0), (of("b"), 1.0)])),
        ("E".to_owned(), Found::from([(of("a"), 3.0), (of("c"), 1.0)])),
        ("F".to_owned(), Found::from([(Labels::new(), 1000.0)])),
    ]);
    let found = math("($D - $E * $F) / 1000", &numbers)?;
    assert_eq!(found, Found::from([(of("a"), 6.0)]), "b and c have no partner");
    assert!(math("$D - ", &numbers).is_err() && math("$X", &numbers).is_err());
    Ok(())
}
