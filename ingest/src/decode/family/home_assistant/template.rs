//! The part of Jinja that sensors' templates really need: one value, found by name, times or divided by numbers.
//!
//! `{{ value }}`, `{{ value_json.a['b'][0] | float / 1000 | round(1) }}`, `float(value)`. Anything else (conditions,
//! sums, other filters) is refused: a number that the template would have changed must not become a reading.
//! Rounding and defaults are left out: the value as it came is more exact, and a default is no value.
//! The language: <https://jinja.palletsprojects.com/en/stable/templates/>, with Home Assistant's `value` and
//! `value_json`. Limits: [`LENGTH_MAX`], [`DEPTH_MAX`].

const LENGTH_MAX: usize = 512;
const DEPTH_MAX: usize = 8;
const FILTERS: [&str; 4] = ["float", "int", "round", "default"];

/// Where a template finds its value, and what it multiplies it by.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template {
    /// A JSON pointer; the bare payload without one.
    pub(super) pointer: Option<String>,
    pub(super) factor: f64,
}

impl Template {
    /// No template: the payload is the value.
    pub(super) const BARE: Self = Self {
        pointer: None,
        factor: 1.0,
    };

    /// None where it does more than find one value.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self::BARE);
        }
        let inner = text.strip_prefix("{{")?.strip_suffix("}}")?;
        let inner = inner.strip_prefix('-').unwrap_or(inner);
        let rest = inner.strip_suffix('-').unwrap_or(inner);
        let mut parser = Parser { rest, depth: 0 };
        let term = (text.len() <= LENGTH_MAX).then(|| parser.product())??;
        let factor = Some(term.factor).filter(|factor| factor.is_normal())?;
        let pointer = match term.place? {
            Place::Bare => None,
            Place::Pointer(pointer) => Some(pointer),
        };
        parser.rest.trim().is_empty().then_some(Self { pointer, factor })
    }
}

enum Place {
    Bare,
    Pointer(String),
}

/// A number, or a place times a number.
struct Term {
    place: Option<Place>,
    factor: f64,
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn takes(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn takes_while(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn name(&mut self) -> &'t str {
        self.takes_while(|c| c.is_alphanumeric() || c == '_')
    }

    fn product(&mut self) -> Option<Term> {
        let mut left = self.filtered()?;
        loop {
            if self.takes("*") {
                let right = self.filtered()?;
                if left.place.is_some() && right.place.is_some() {
                    return None;
                }
                left = Term {
                    place: left.place.or(right.place),
                    factor: left.factor * right.factor,
                };
            } else if self.takes("/") {
                let right = self.filtered()?;
                if right.place.is_some() {
                    return None;
                }
                left.factor /= right.factor;
            } else {
                return Some(left);
            }
        }
    }

    fn filtered(&mut self) -> Option<Term> {
        let term = self.atom()?;
        while self.takes("|") {
            self.rest = self.rest.trim_start();
            if !FILTERS.contains(&self.name()) {
                return None;
            }
            if self.takes("(") {
                self.takes_while(|c| c.is_alphanumeric() || " ,.'\"-_".contains(c));
                self.takes(")").then_some(())?;
            }
        }
        Some(term)
    }

    fn atom(&mut self) -> Option<Term> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        self.rest = self.rest.trim_start();
        let term = if self.takes("(") {
            self.enclosed()
        } else if self.rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            let number = self.takes_while(|c| c.is_ascii_digit() || c == '.');
            number.parse().ok().map(|factor| Term { place: None, factor })
        } else {
            match self.name() {
                "float" | "int" if self.takes("(") => self.enclosed(),
                "value" => Some(Term {
                    place: Some(Place::Bare),
                    factor: 1.0,
                }),
                "value_json" => self.pointer().map(|pointer| Term {
                    place: Some(Place::Pointer(pointer)),
                    factor: 1.0,
                }),
                _ => None,
            }
        };
        self.depth -= 1;
        term
    }

    fn enclosed(&mut self) -> Option<Term> {
        let term = self.product()?;
        self.takes(")").then_some(term)
    }

    /// `.a`, `['a']`, `["a"]`, `[0]`, `.get('a')`, as a JSON pointer.
    fn pointer(&mut self) -> Option<String> {
        let mut pointer = String::new();
        loop {
            let key = if self.rest.starts_with('.') {
                self.takes(".");
                match self.name() {
                    "" => return None,
                    "get" if self.takes("(") => self.key(")")?,
                    name => name,
                }
            } else if self.rest.starts_with('[') {
                self.takes("[");
                self.key("]")?
            } else {
                return Some(pointer);
            };
            pointer.push('/');
            pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        }
    }

    fn key(&mut self, end: &str) -> Option<&'t str> {
        self.rest = self.rest.trim_start();
        let quote = ["'", "\""].into_iter().find(|quote| self.rest.starts_with(quote));
        let key = match quote {
            Some(quote) => {
                self.takes(quote);
                let key = self.takes_while(|c| !quote.contains(c));
                self.takes(quote).then_some(key)?
            }
            None => self.takes_while(|c| c.is_ascii_digit()),
        };
        (self.takes(end) && !key.is_empty()).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_times_numbers_and_nothing_else() {
        for (text, expected) in [
            ("", Some((None, 1.0))),
            ("{{ value }}", Some((None, 1.0))),
            ("{{value|float(0)|round(2)}}", Some((None, 1.0))),
            ("{{- float(value) * 0.1 -}}", Some((None, 0.1))),
            ("{{ value_json.meter.p }}", Some((Some("/meter/p"), 1.0))),
            (
                "{{ value_json['a/b'][\"c\"][0] }}",
                Some((Some("/a~1b/c/0"), 1.0)),
            ),
            ("{{ value_json.get('p') | int }}", Some((Some("/p"), 1.0))),
            ("{{ value_json }}", Some((Some(""), 1.0))),
            (
                "{{ (value_json.p | float / 1000) | round(3) }}",
                Some((Some("/p"), 0.001)),
            ),
            ("{{ 60 * value_json.p / 4 * 2 }}", Some((Some("/p"), 30.0))),
            ("{{ value_json.a + value_json.b }}", None),
            ("{{ value_json.a * value_json.b }}", None),
            ("{{ 5 / value }}", None),
            ("{{ value / 0 }}", None),
            ("{{ 5 }}", None),
            ("{{ value | abs }}", None),
            ("{{ value | multiply(2) }}", None),
            ("{{ -value }}", None),
            ("{% if value %}{{ value }}{% endif %}", None),
            ("{{ value }}{{ value }}", None),
            ("{{ value_json['a }}", None),
            ("{{ value_json. }}", None),
            ("{{ states('sensor.x') }}", None),
            ("{{ ((((((((((value)))))))))) }}", None),
            ("value", None),
        ] {
            let found = Template::of(text);
            let found = found
                .as_ref()
                .map(|found| (found.pointer.as_deref(), found.factor));
            assert_eq!(found, expected, "{text}");
        }
    }
}
