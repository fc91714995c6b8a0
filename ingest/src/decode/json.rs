//! JSON as one flat list of nodes that borrow from the payload: one allocation a document, whatever its shape.
//!
//! Meters' JSON is not always JSON: old firmware prints a bare `nan` for a value it does not have. Where a document
//! does not parse, such words become null and it is read once more.
//!
//! Limits: nesting as `serde_json` has it (128); the number of nodes is bounded by the payload's length.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::number;

/// The bare words of a missing value, lower case, longest first.
const NO_NUMBER: [&str; 4] = ["-infinity", "infinity", "nan", "inf"];

/// A parsed payload.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    nodes: Vec<Node<'a>>,
}

#[derive(Debug)]
enum Node<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// With the number of nodes that belong to it.
    List(usize),
    /// With the number of nodes that belong to it: key, value, key, value…
    Object(usize),
}

impl<'a> Document<'a> {
    /// # Errors
    /// What is wrong, and where in the payload.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, String> {
        let fault = match Self::read(payload) {
            Ok(document) => return Ok(document),
            Err(fault) => fault,
        };
        match repair(payload).and_then(|repaired| Document::read(&repaired).ok().map(Document::into_owned)) {
            Some(document) => Ok(document),
            None => Err(format!("not JSON: {fault}")),
        }
    }

    fn read(payload: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut nodes = Vec::with_capacity(payload.len() / 8 + 1);
        let mut deserializer = serde_json::Deserializer::from_slice(payload);
        Node::seed(&mut nodes).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(Self { nodes })
    }

    fn into_owned(self) -> Document<'static> {
        let nodes = self.nodes.into_iter().map(|node| match node {
            Node::Null => Node::Null,
            Node::Bool(is) => Node::Bool(is),
            Node::Number(number) => Node::Number(number),
            Node::Text(text) => Node::Text(Cow::Owned(text.into_owned())),
            Node::List(length) => Node::List(length),
            Node::Object(length) => Node::Object(length),
        });
        Document {
            nodes: nodes.collect(),
        }
    }

    pub(crate) fn root(&self) -> Value<'_> {
        Value { nodes: &self.nodes }
    }
}

/// One value of a document: a node and all that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'d> {
    nodes: &'d [Node<'d>],
}

impl<'d> Value<'d> {
    /// The value under a key of an object; the first, should it stand there twice.
    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.entries()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// The value at a JSON pointer (RFC 6901).
    pub(crate) fn pointer(self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut value = self;
        for token in pointer.strip_prefix('/')?.split('/') {
            let key = token.replace("~1", "/").replace("~0", "~");
            value = match value.nodes.first()? {
                Node::List(_) => value.items().nth(key.parse().ok()?)?,
                _ => value.get(&key)?,
            };
        }
        Some(value)
    }

    /// The entries of an object; none for anything else.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'d str, Self)> {
        let mut rest = match self.nodes.first() {
            Some(Node::Object(length)) => &self.nodes[1..=*length],
            _ => &[],
        };
        std::iter::from_fn(move || {
            let (key, after) = rest.split_first()?;
            let (value, after) = after.split_at(size(after));
            rest = after;
            let Node::Text(key) = key else { return None };
            Some((key.as_ref(), Value { nodes: value }))
        })
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let mut rest = match self.nodes.first() {
            Some(Node::List(length)) => &self.nodes[1..=*length],
            _ => &[],
        };
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (value, after) = rest.split_at(size(rest));
            rest = after;
            Some(Value { nodes: value })
        })
    }

    pub(crate) fn is_object(self) -> bool {
        matches!(self.nodes.first(), Some(Node::Object(_)))
    }

    pub(crate) fn is_list(self) -> bool {
        matches!(self.nodes.first(), Some(Node::List(_)))
    }

    pub(crate) fn is_null(self) -> bool {
        matches!(self.nodes.first(), Some(Node::Null))
    }

    pub(crate) fn boolean(self) -> Option<bool> {
        match self.nodes.first()? {
            Node::Bool(is) => Some(*is),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> Option<&'d str> {
        match self.nodes.first()? {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A finite number, also where it is written as a text; nothing else is one.
    pub(crate) fn number(self) -> Option<f64> {
        match self.nodes.first()? {
            Node::Number(number) => Some(*number).filter(|number| number.is_finite()),
            Node::Text(text) => number::of_text(text),
            _ => None,
        }
    }
}

/// The number of nodes of the first value.
fn size(nodes: &[Node<'_>]) -> usize {
    match nodes.first() {
        Some(Node::List(length) | Node::Object(length)) => length + 1,
        Some(_) => 1,
        None => 0,
    }
}

/// Bare words for "no number" turned to null; none where there is none.
fn repair(payload: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = Vec::with_capacity(payload.len() + 16);
    let (mut rest, mut is_in_text, mut is_changed) = (payload, false, false);
    while let [byte, after @ ..] = rest {
        let word = NO_NUMBER.iter().find(|word| {
            let start = rest.get(..word.len());
            !is_in_text && start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        });
        if let Some(word) = word {
            if repaired.last() == Some(&b'-') {
                repaired.pop();
            }
            repaired.extend_from_slice(b"null");
            rest = &rest[word.len()..];
            is_changed = true;
            continue;
        }
        repaired.push(*byte);
        rest = after;
        if *byte == b'"' {
            is_in_text = !is_in_text;
        } else if let (true, b'\\', [escaped, after @ ..]) = (is_in_text, byte, rest) {
            repaired.push(*escaped);
            rest = after;
        }
    }
    is_changed.then_some(repaired)
}

/// Appends what is read to a list of nodes.
struct Seed<'n, 'a>(&'n mut Vec<Node<'a>>);

impl<'a> Node<'a> {
    fn seed<'n>(nodes: &'n mut Vec<Node<'a>>) -> Seed<'n, 'a> {
        Seed(nodes)
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push(Node::Null);
        Ok(())
    }

    fn visit_bool<E>(self, is: bool) -> Result<(), E> {
        self.0.push(Node::Bool(is));
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JSON numbers are doubles; counters stay far below 2^53"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.0.push(Node::Number(number as f64));
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JSON numbers are doubles; counters stay far below 2^53"
    )]
    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.0.push(Node::Number(number as f64));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.0.push(Node::Number(number));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.0.push(Node::Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push(Node::Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let at = self.0.len();
        self.0.push(Node::List(0));
        while items.next_element_seed(Seed(self.0))?.is_some() {}
        self.0[at] = Node::List(self.0.len() - at - 1);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let at = self.0.len();
        self.0.push(Node::Object(0));
        while entries.next_key_seed(Seed(self.0))?.is_some() {
            if !matches!(self.0.last(), Some(Node::Text(_))) {
                return Err(A::Error::custom("a key must be a text"));
            }
            entries.next_value_seed(Seed(self.0))?;
        }
        self.0[at] = Node::Object(self.0.len() - at - 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_key_and_pointer() {
        let text = r#"{"a":{"b":[1,-2.5,"3.5",null,true]},"c~/":"tab\t","d":{}}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        let root = document.root();
        let numbers: Vec<_> = root.pointer("/a/b").unwrap().items().map(Value::number).collect();
        assert_eq!(numbers, [Some(1.0), Some(-2.5), Some(3.5), None, None]);
        assert_eq!(root.pointer("/c~0~1").and_then(Value::text), Some("tab\t"));
        assert_eq!(root.pointer("/a/b/1").and_then(Value::number), Some(-2.5));
        assert!(root.pointer("/a/b/9").is_none() && root.pointer("/a/b/x").is_none());
        assert_eq!(
            root.entries().map(|(key, _)| key).collect::<Vec<_>>(),
            ["a", "c~/", "d"]
        );
        assert!(root.get("d").unwrap().is_object());
    }

    #[test]
    fn a_bare_nan_is_null() {
        let text = r#"{"a":nan,"b":[-nan,NaN,-inf,1],"c":"a nan \" nan"}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        let root = document.root();
        assert!(root.get("a").unwrap().is_null());
        assert_eq!(
            root.get("b").unwrap().items().filter_map(Value::number).count(),
            1
        );
        assert_eq!(root.get("c").and_then(Value::text), Some("a nan \" nan"));
    }

    #[test]
    fn what_is_not_json_says_where() {
        let fault = Document::parse(b"{\"a\":1,}").unwrap_err();
        assert!(fault.contains("line 1 column 8"), "{fault}");
        assert!(Document::parse(&b"[".repeat(100_000)).is_err());
        assert!(Document::parse(b"1e999").is_err() && Document::parse(b"\xff").is_err());
    }
}
