//! Values that are the same for many devices are held once: a hundred thousand workstations have one plan of opening hours.

use std::collections::VecDeque;
use std::sync::Arc;

/// A new value is compared with the newest so many.
const COMPARED_MAX: usize = 32;

/// The newest different values.
pub(super) struct Alike<T>(VecDeque<Arc<T>>);

impl<T> Default for Alike<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: PartialEq> Alike<T> {
    /// The value, shared with the ones before that equal it.
    pub(super) fn shared(&mut self, value: T) -> Arc<T> {
        if let Some(known) = self.0.iter().find(|known| ***known == value) {
            return known.clone();
        }
        let value = Arc::new(value);
        self.0.truncate(COMPARED_MAX - 1);
        self.0.push_front(value.clone());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_held_once_and_few_are_compared() {
        let mut alike = Alike::default();
        let (one, again) = (alike.shared(1), alike.shared(1));
        assert!(Arc::ptr_eq(&one, &again));
        let others: Vec<_> = (2..200).map(|number| alike.shared(number)).collect();
        assert_eq!((alike.0.len(), *others[100]), (COMPARED_MAX, 102));
        assert_eq!(*alike.shared(1), 1);
    }
}
