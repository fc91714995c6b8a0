//! One pass over a JSON text (RFC 8259) that appends its nodes.
//!
//! Numbers become doubles: those of up to fifteen digits without an exponent exactly and at once, as meters write them,
//! all others by the standard library. A number beyond a double is refused, as `serde_json` does.
//!
//! Invariant, swept below: a text is taken exactly where `serde_json` takes it, with the same values.

use super::Node;

/// Lists and objects within each other, as `serde_json` limits them.
const DEPTH_MAX: u8 = 127;
/// Powers of ten that a double holds exactly, as far as fifteen digits need them.
const TENS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// Every byte of a word the same.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// How many bytes stand before the end of a text, an escape, or what must be escaped. Eight are looked at together: a
/// byte below another borrows from its highest bit, and the lowest byte that does is the first one.
fn plain(bytes: &[u8]) -> usize {
    const HIGHEST: u64 = each(0x80);
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let below = |word: u64, limit: u8| word.wrapping_sub(each(limit)) & !word & HIGHEST;
        let special = below(word, b' ') | below(word ^ each(b'"'), 1) | below(word ^ each(b'\\'), 1);
        if special != 0 {
            return number * 8 + (special.trailing_zeros() / 8) as usize;
        }
    }
    let is_special = |byte: &u8| matches!(byte, ..b' ' | b'"' | b'\\');
    bytes.len() - rest.len() + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// Appends the nodes of a text; none where it is not JSON.
pub(super) fn scan(text: &str, nodes: &mut Vec<Node>, unescaped: &mut String) -> Option<()> {
    u32::try_from(text.len()).ok()?;
    let mut scan = Scan {
        text,
        rest: text.as_bytes(),
        nodes,
        unescaped,
    };
    scan.value(DEPTH_MAX)?;
    scan.blanks();
    scan.rest.is_empty().then_some(())
}

struct Scan<'t, 'n> {
    text: &'t str,
    /// What is not read yet.
    rest: &'t [u8],
    nodes: &'n mut Vec<Node>,
    unescaped: &'n mut String,
}

impl Scan<'_, '_> {
    /// How much is read.
    fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn blanks(&mut self) {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Goes on behind a byte, if it is there.
    fn take(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn value(&mut self, depth: u8) -> Option<()> {
        self.blanks();
        match self.rest.first()? {
            b'"' => self.string(),
            b'{' => self.members(depth.checked_sub(1)?, b'}', Node::Object),
            b'[' => self.members(depth.checked_sub(1)?, b']', Node::List),
            b't' => self.word("true", Node::Bool(true)),
            b'f' => self.word("false", Node::Bool(false)),
            b'n' => self.word("null", Node::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, node: Node) -> Option<()> {
        self.rest = self.rest.strip_prefix(word.as_bytes())?;
        self.nodes.push(node);
        Some(())
    }

    /// What stands between the brackets of a list or an object.
    fn members(&mut self, depth: u8, end: u8, node: fn(u32) -> Node) -> Option<()> {
        let place = self.nodes.len();
        self.nodes.push(node(0));
        self.rest = self.rest.get(1..)?;
        self.blanks();
        if !self.take(end) {
            loop {
                if end == b'}' {
                    self.key()?;
                }
                self.value(depth)?;
                self.blanks();
                if self.take(end) {
                    break;
                }
                self.take(b',').then_some(())?;
            }
        }
        *self.nodes.get_mut(place)? = node(offset(self.nodes.len() - place - 1)?);
        Some(())
    }

    fn key(&mut self) -> Option<()> {
        self.blanks();
        if self.rest.first() != Some(&b'"') {
            return None;
        }
        self.string()?;
        self.blanks();
        self.take(b':').then_some(())
    }

    /// A text, from its quotation mark.
    fn string(&mut self) -> Option<()> {
        let from = self.at() + 1;
        let mut text = self.rest.get(1..)?;
        let mut has_escapes = false;
        loop {
            text = match text.get(plain(text)..)? {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    break;
                }
                [b'\\', _, rest @ ..] => rest,
                _ => return None,
            };
            has_escapes = true;
        }
        let to = self.at() - 1;
        let node = if has_escapes {
            let start = self.unescaped.len();
            let text: String = serde_json::from_str(self.text.get(from - 1..=to)?).ok()?;
            self.unescaped.push_str(&text);
            Node::Unescaped(offset(start)?, offset(self.unescaped.len())?)
        } else {
            Node::Text(offset(from)?, offset(to)?)
        };
        self.nodes.push(node);
        Some(())
    }

    /// `-? (0 | 1…9 digits) (. digits)? (e ±? digits)?`
    fn number(&mut self) -> Option<()> {
        let from = self.at();
        let is_negative = self.take(b'-');
        let mut digits = Digits::default();
        if !self.take(b'0') {
            self.digits(&mut digits)?;
        }
        let whole = digits.count;
        if self.take(b'.') {
            self.digits(&mut digits)?;
        }
        let decimals = digits.count - whole;
        let has_exponent = matches!(self.rest, [b'e' | b'E', ..]);
        if has_exponent {
            self.rest = match self.rest {
                [_, b'+' | b'-', rest @ ..] | [_, rest @ ..] => rest,
                [] => return None,
            };
            self.digits(&mut Digits::default())?;
        }
        let number = match digits.exact().zip(TENS.get(decimals)) {
            Some((exact, tens)) if !has_exponent => {
                let number = exact / tens;
                if is_negative { -number } else { number }
            }
            _ => self.text.get(from..self.at())?.parse().ok()?,
        };
        number.is_finite().then(|| self.nodes.push(Node::Number(number)))
    }

    /// At least one.
    fn digits(&mut self, digits: &mut Digits) -> Option<()> {
        let mut rest = self.rest;
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            digits.value = digits
                .value
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'));
            rest = after;
        }
        let count = self.rest.len() - rest.len();
        digits.count += count;
        self.rest = rest;
        (count > 0).then_some(())
    }
}

/// The digits of a number, read as a whole one.
#[derive(Default)]
struct Digits {
    value: u64,
    count: usize,
}

impl Digits {
    /// As a double, where that is exact.
    #[expect(clippy::cast_precision_loss, reason = "fifteen digits are below 2^53")]
    fn exact(&self) -> Option<f64> {
        (self.count <= 15).then_some(self.value as f64)
    }
}

fn offset(place: usize) -> Option<u32> {
    u32::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Known;

    use super::super::{Document, Value};

    /// Whether a value is what `serde_json` makes of the same text.
    fn is_same(value: Value<'_>, known: &Known) -> bool {
        match known {
            Known::Null => value.is_null(),
            Known::Bool(is) => value.boolean() == Some(*is),
            Known::Number(number) => {
                let (a, b) = (value.number().unwrap(), number.as_f64().unwrap());
                (a - b).abs() <= b.abs() * 1e-14 + f64::MIN_POSITIVE
            }
            Known::String(text) => value.text() == Some(text),
            Known::Array(items) => {
                value.items().count() == items.len()
                    && value
                        .items()
                        .zip(items)
                        .all(|(value, known)| is_same(value, known))
            }
            Known::Object(entries) => entries.iter().all(|(key, known)| {
                let last = value.entries().filter(|(name, _)| name == key).last();
                last.is_some_and(|(_, value)| is_same(value, known))
            }),
        }
    }

    #[track_caller]
    fn check(text: &str) {
        let mut unescaped = String::new();
        let is_taken = super::scan(text, &mut Vec::new(), &mut unescaped).is_some();
        match serde_json::from_str::<Known>(text) {
            Ok(known) => {
                let document = Document::parse(text.as_bytes()).unwrap();
                assert!(is_taken && is_same(document.root(), &known), "{text}");
            }
            Err(_) => assert!(!is_taken, "{text}"),
        }
    }

    #[test]
    fn what_serde_json_takes_is_taken() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "01",
            "1.",
            ".5",
            "-",
            "+1",
            "1e5",
            "1E-5",
            "1e",
            "1e+",
            "1e400",
            "-1e400",
            "1e-400",
            "123456789012345",
            "0.000000000000001",
            "12345678901234567890",
            "0.1234567890123456789",
            "1 2",
            "",
            "tru",
            "nul",
            "true ",
            " [ ] ",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "{1:2}",
            "[\"a\"",
            "\"\\",
            "\"\t\"",
            r#""\t\u00e9\ud83d\ude00""#,
            r#""\ud83d""#,
            r#""\x""#,
            r#"{"a":1,"a":2}"#,
            "\u{feff}1",
            r#"{"a":{"b":[1,[2,{}],"c\"d"]},"":null}"#,
        ] {
            check(text);
        }
        for depth in [126, 127, 128, 129] {
            check(&("[".repeat(depth) + &"]".repeat(depth)));
        }
    }

    proptest! {
        #[test]
        fn scan_and_serde_json_agree(text in r#"[\[\]{}:,"0-9eE.+\-tfn\\ a]{0,24}"#, number in any::<f64>()) {
            check(&text);
            check(&number.to_string());
            check(&format!(r#"{{"a":[{number},{{"b":{text}}}],"{text}":"{text}"}}"#));
            for length in 0..9 {
                check(&format!("\"{}{text}é\"", "€".repeat(length)));
            }
        }
    }
}
