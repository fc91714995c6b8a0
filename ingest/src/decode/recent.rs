//! A memory with a bound: what was not used for longest is forgotten first.

use std::collections::{BTreeMap, HashMap};

/// Values by name, the most recently used `max` of them.
#[derive(Debug)]
pub(crate) struct Recent<V> {
    max: usize,
    uses: u64,
    values: HashMap<String, (u64, V)>,
    by_use: BTreeMap<u64, String>,
}

impl<V> Recent<V> {
    /// An empty memory.
    pub(crate) fn of(max: usize) -> Self {
        Self {
            max,
            uses: 0,
            values: HashMap::new(),
            by_use: BTreeMap::new(),
        }
    }

    /// What is remembered; looking at it is using it.
    pub(crate) fn get(&mut self, name: &str) -> Option<&mut V> {
        let (used, value) = self.values.get_mut(name)?;
        let name = self
            .by_use
            .remove(used)
            .expect("every value has its place in the order of use");
        self.uses += 1;
        *used = self.uses;
        self.by_use.insert(self.uses, name);
        Some(value)
    }

    /// Remembers a value, and forgets the least recently used one beyond the bound.
    pub(crate) fn put(&mut self, name: &str, value: V) {
        self.forget(name);
        self.uses += 1;
        self.values.insert(name.to_owned(), (self.uses, value));
        self.by_use.insert(self.uses, name.to_owned());
        if self.values.len() > self.max
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.values.remove(&oldest);
        }
    }

    /// Forgets a value.
    pub(crate) fn forget(&mut self, name: &str) {
        if let Some((used, _)) = self.values.remove(name) {
            self.by_use.remove(&used);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.values.len(), self.by_use.len());
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_forgotten_first() {
        let mut recent = Recent::of(2);
        recent.put("a", 1);
        recent.put("b", 2);
        assert_eq!(recent.get("a"), Some(&mut 1));
        recent.put("c", 3);
        assert_eq!((recent.get("a").copied(), recent.len()), (Some(1), 2));
        assert_eq!(recent.get("b"), None);
        recent.put("c", 4);
        recent.forget("a");
        assert_eq!((recent.get("c").copied(), recent.len()), (Some(4), 1));
    }
}
