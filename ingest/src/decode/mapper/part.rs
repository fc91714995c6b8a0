//! The part of a message that a mapper reads at a time: the whole message, or one of its items.

use super::super::input::Input;
use super::super::json::Value;

/// One part of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'p, 'm> {
    input: &'p Input<'m>,
    item: Option<Value<'p>>,
    /// The item's name, where the items are the entries of an object.
    pub(super) key: Option<&'p str>,
}

impl<'p, 'm> Part<'p, 'm> {
    pub(super) fn whole(input: &'p Input<'m>) -> Self {
        Self {
            input,
            item: None,
            key: None,
        }
    }

    /// The items of a list, or the entries of an object; none for anything else.
    ///
    /// # Errors
    /// The payload is no JSON.
    pub(super) fn items(input: &'p Input<'m>, pointer: &str) -> Result<impl Iterator<Item = Self>, String> {
        let list = input.json()?.pointer(pointer);
        let part = move |key, item| Self {
            input,
            item: Some(item),
            key,
        };
        let items = list.into_iter().flat_map(Value::items);
        let entries = list.into_iter().flat_map(Value::entries);
        Ok(items
            .map(move |item| part(None, item))
            .chain(entries.map(move |(key, item)| part(Some(key), item))))
    }

    /// What stands at a pointer of the part; without one the part itself, where it is an item.
    ///
    /// # Errors
    /// The payload is no JSON.
    pub(super) fn value(&self, pointer: Option<&str>) -> Result<Option<Value<'p>>, String> {
        match (self.item, pointer) {
            (Some(item), pointer) => Ok(item.pointer(pointer.unwrap_or_default())),
            (None, Some(pointer)) => Ok(self.input.json()?.pointer(pointer)),
            (None, None) => Ok(None),
        }
    }

    /// The payload as text, where the part is the whole message.
    pub(super) fn text(&self) -> &'p str {
        self.input.text()
    }

    /// What stands at a pointer of the part, or else of the whole message.
    ///
    /// # Errors
    /// The payload is no JSON.
    pub(super) fn shared(&self, pointer: &str) -> Result<Option<Value<'p>>, String> {
        let own = self.item.and_then(|item| item.pointer(pointer));
        Ok(match own {
            Some(value) => Some(value),
            None => self.input.json()?.pointer(pointer),
        })
    }

    /// A local time in the configured zone.
    pub(super) fn local(&self, text: &str) -> Option<jiff::Timestamp> {
        self.input.zone().of_local(text)
    }
}
