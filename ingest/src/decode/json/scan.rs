//! One pass of `serde_json` over a text that appends its nodes: places in the text rather than copies.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Node;

/// Appends the nodes of a text.
///
/// # Errors
/// Where the text is not JSON, or longer than 4 GiB.
pub(super) fn scan(text: &str, nodes: &mut Vec<Node>, unescaped: &mut String) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut target = Target {
        start: text.as_ptr().addr(),
        nodes,
        unescaped,
    };
    Seed(&mut target).deserialize(&mut deserializer)?;
    deserializer.end()
}

/// Where the nodes go.
struct Target<'n> {
    /// The address of the text's first byte: what is borrowed from it says its place by its own.
    start: usize,
    nodes: &'n mut Vec<Node>,
    unescaped: &'n mut String,
}

/// Takes one value.
struct Seed<'s, 'n>(&'s mut Target<'n>);

impl Seed<'_, '_> {
    #[inline]
    fn push<E>(self, node: Node) -> Result<(), E> {
        self.0.nodes.push(node);
        Ok(())
    }

    /// Closes the list or object that was begun at a place.
    fn close<E: Error>(self, place: usize, node: fn(u32) -> Node) -> Result<(), E> {
        let length = offset(self.0.nodes.len() - place - 1)?;
        self.0.nodes[place] = node(length);
        Ok(())
    }
}

fn offset<E: Error>(place: usize) -> Result<u32, E> {
    u32::try_from(place).map_err(|_| E::custom("longer than 4 GiB"))
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.push(Node::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<(), E> {
        self.push(Node::Bool(is))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JSON numbers are doubles; counters stay far below 2^53"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.push(Node::Number(number as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JSON numbers are doubles; counters stay far below 2^53"
    )]
    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.push(Node::Number(number as f64))
    }

    #[inline]
    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.push(Node::Number(number))
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        let from = text.as_ptr().addr() - self.0.start;
        let node = Node::Text(offset(from)?, offset(from + text.len())?);
        self.push(node)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let from = self.0.unescaped.len();
        self.0.unescaped.push_str(text);
        let node = Node::Unescaped(offset(from)?, offset(self.0.unescaped.len())?);
        self.push(node)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let place = self.0.nodes.len();
        self.0.nodes.push(Node::List(0));
        while items.next_element_seed(Seed(&mut *self.0))?.is_some() {}
        self.close(place, Node::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let place = self.0.nodes.len();
        self.0.nodes.push(Node::Object(0));
        while entries.next_key_seed(Seed(&mut *self.0))?.is_some() {
            entries.next_value_seed(Seed(&mut *self.0))?;
        }
        self.close(place, Node::Object)
    }
}
