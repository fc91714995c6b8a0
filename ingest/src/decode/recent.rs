//! A memory with a bound: what was not used for longest is forgotten first.

use std::collections::{BTreeMap, HashMap};

/// Values by name, the most recently used `max` of them.
#[derive(Debug)]
pub(crate) struct Recent<V> {
    max: usize,
    uses: u64,
    forgotten: u64,
    values: HashMap<String, (u64, V)>,
    by_use: BTreeMap<u64, String>,
}

impl<V> Recent<V> {
    /// An empty memory.
    pub(crate) fn of(max: usize) -> Self {
        Self {
            max,
            uses: 0,
            forgotten: 0,
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

    /// Remembers a value, and forgets the least recently used one beyond the bound: that one is returned.
    pub(crate) fn put(&mut self, name: &str, value: V) -> Option<(String, V)> {
        self.forget(name);
        self.uses += 1;
        self.values.insert(name.to_owned(), (self.uses, value));
        self.by_use.insert(self.uses, name.to_owned());
        (self.values.len() > self.max).then(|| self.forget_oldest())?
    }

    /// Whether a name is remembered; asking is not using it.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Whether anything is remembered.
    pub(crate) fn has_any(&self) -> bool {
        !self.values.is_empty()
    }

    /// Forgets what was not used for longest, and returns it.
    pub(crate) fn forget_oldest(&mut self) -> Option<(String, V)> {
        let (_, oldest) = self.by_use.pop_first()?;
        self.forgotten += 1;
        let (_, value) = self.values.remove(&oldest)?;
        Some((oldest, value))
    }

    /// How many values were forgotten because of the bound.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// All values with their names, the least recently used first.
    pub(crate) fn by_use(&self) -> impl Iterator<Item = (&str, &V)> {
        self.by_use
            .values()
            .filter_map(|name| self.values.get(name).map(|(_, value)| (name.as_str(), value)))
    }

    /// Forgets a value.
    pub(crate) fn forget(&mut self, name: &str) -> Option<V> {
        let (used, value) = self.values.remove(name)?;
        self.by_use.remove(&used);
        Some(value)
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
        assert_eq!((recent.forgotten(), recent.by_use().count()), (1, 1));
    }
}
