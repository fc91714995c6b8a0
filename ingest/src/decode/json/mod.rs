//! JSON as one flat list of nodes that point into the text: read in one pass, no allocation for keys and values.
//!
//! Meters' JSON is not always JSON: old firmware prints a bare `nan` for a value it does not have. Where a document
//! does not parse, such words become null and it is read once more.
//!
//! Limits: nesting as `serde_json` has it (127); a text shorter than 4 GiB; the number of nodes is bounded by its length.

mod repair;
mod scan;

use std::borrow::Cow;

use super::number;

/// The room that is kept between messages: 64 KiB.
const NODES_KEPT_MAX: usize = 4096;

/// One value or key. Places are byte offsets; lists and objects say how many nodes belong to them.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Node {
    Null,
    Bool(bool),
    Number(f64),
    /// From and to in the text.
    Text(u32, u32),
    /// From and to in the texts whose escapes are resolved.
    Unescaped(u32, u32),
    List(u32),
    /// Key, value, key, value…
    Object(u32),
}

/// Room for the nodes of a document, kept from message to message.
#[derive(Debug, Default)]
pub(crate) struct Scratch(Vec<Node>);

/// A parsed payload.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: Cow<'a, str>,
    unescaped: String,
    nodes: Vec<Node>,
}

impl<'a> Document<'a> {
    /// # Errors
    /// What is wrong, and where in the payload.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, String> {
        match std::str::from_utf8(payload) {
            Ok(text) => Self::parse_text(text, Scratch::default()),
            Err(fault) => Err(format!("not JSON: {fault}")),
        }
    }

    /// The same of a text, in the room of an earlier document.
    ///
    /// # Errors
    /// What is wrong, and where in the text.
    pub(crate) fn parse_text(text: &'a str, Scratch(nodes): Scratch) -> Result<Self, String> {
        let (fault, nodes) = match Self::read(Cow::Borrowed(text), nodes) {
            Ok(document) => return Ok(document),
            Err(fault) => fault,
        };
        let repaired = repair::without_bare_words(text);
        let document = repaired.and_then(|repaired| Self::read(Cow::Owned(repaired), nodes).ok());
        document.ok_or_else(|| format!("not JSON: {fault}"))
    }

    fn read(text: Cow<'a, str>, mut nodes: Vec<Node>) -> Result<Self, (serde_json::Error, Vec<Node>)> {
        let mut unescaped = String::new();
        nodes.clear();
        match scan::scan(&text, &mut nodes, &mut unescaped) {
            Ok(()) => Ok(Self {
                text,
                unescaped,
                nodes,
            }),
            Err(fault) => Err((fault, nodes)),
        }
    }

    /// The room, for the next document, unless this one was uncommonly large.
    pub(crate) fn into_scratch(self) -> Scratch {
        let is_kept = self.nodes.capacity() <= NODES_KEPT_MAX;
        Scratch(if is_kept { self.nodes } else { Vec::new() })
    }

    pub(crate) fn root(&self) -> Value<'_> {
        Value {
            document: self,
            at: 0,
        }
    }

    fn node(&self, at: usize) -> Node {
        self.nodes.get(at).copied().unwrap_or(Node::Null)
    }

    /// The first node behind a value.
    fn after(&self, at: usize) -> usize {
        at + 1
            + match self.node(at) {
                Node::List(length) | Node::Object(length) => length as usize,
                _ => 0,
            }
    }

    /// The text at a place; none where there is something else.
    fn text(&self, at: usize) -> Option<&str> {
        match self.node(at) {
            Node::Text(from, to) => self.text.get(from as usize..to as usize),
            Node::Unescaped(from, to) => self.unescaped.get(from as usize..to as usize),
            _ => None,
        }
    }

    /// Whether a text stands at a place. Most keys are told apart by their lengths.
    fn is_text(&self, at: usize, wanted: &[u8]) -> bool {
        let (bytes, from, to) = match self.nodes.get(at) {
            Some(Node::Text(from, to)) => (self.text.as_bytes(), *from as usize, *to as usize),
            Some(Node::Unescaped(from, to)) => (self.unescaped.as_bytes(), *from as usize, *to as usize),
            _ => return false,
        };
        from + wanted.len() == to && bytes.get(from..to) == Some(wanted)
    }
}

/// One value of a document: a node and all that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'d> {
    document: &'d Document<'d>,
    at: usize,
}

impl<'d> Value<'d> {
    fn node(self) -> Node {
        self.document.node(self.at)
    }

    /// The value under a key of an object; the first, should it stand there twice.
    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.places()
            .find(|at| self.document.is_text(*at - 1, key.as_bytes()))
            .map(|at| Self { at, ..self })
    }

    /// The value at a JSON pointer (RFC 6901).
    pub(crate) fn pointer(self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut value = self;
        for token in pointer.strip_prefix('/')?.split('/') {
            let key = token.replace("~1", "/").replace("~0", "~");
            value = match value.node() {
                Node::List(_) => value.items().nth(key.parse().ok()?)?,
                _ => value.get(&key)?,
            };
        }
        Some(value)
    }

    /// The entries of an object; none for anything else.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'d str, Self)> {
        let document = self.document;
        self.places()
            .filter_map(move |at| Some((document.text(at - 1)?, Self { document, at })))
    }

    /// Where the values of an object stand; each behind its key.
    fn places(self) -> impl Iterator<Item = usize> + use<'d> {
        let Self { document, at } = self;
        let end = if self.is_object() { document.after(at) } else { at };
        let mut next = at + 2;
        std::iter::from_fn(move || {
            let at = next;
            (at < end).then(|| {
                next = document.after(at) + 1;
                at
            })
        })
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let Self { document, at } = self;
        let end = if self.is_list() { document.after(at) } else { at };
        let mut next = at + 1;
        std::iter::from_fn(move || {
            let at = next;
            (at < end).then(|| {
                next = document.after(at);
                Self { document, at }
            })
        })
    }

    pub(crate) fn is_object(self) -> bool {
        matches!(self.node(), Node::Object(_))
    }

    pub(crate) fn is_list(self) -> bool {
        matches!(self.node(), Node::List(_))
    }

    pub(crate) fn is_null(self) -> bool {
        matches!(self.node(), Node::Null)
    }

    pub(crate) fn boolean(self) -> Option<bool> {
        match self.node() {
            Node::Bool(is) => Some(is),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> Option<&'d str> {
        self.document.text(self.at)
    }

    /// A finite number, also where it is written as a text; nothing else is one.
    pub(crate) fn number(self) -> Option<f64> {
        match self.node() {
            Node::Number(number) => Some(number),
            _ => number::of_text(self.text()?),
        }
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
