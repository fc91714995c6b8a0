//! The channels of one feed, by name.
//!
//! A feed has one to four of them, so a sorted list is looked through faster than any tree: every reading asks for a
//! channel and for the meter's own sum several times.
//!
//! Limits: at most [`CHANNELS_MAX`]; the feed ignores more. Invariant: sorted by name, each name once.

use serde::{Deserialize, Serialize};

use super::Channel;

/// More channels than any meter of one device has.
const CHANNELS_MAX: usize = 64;
/// The name decoders give to a meter's own sum of its channels.
pub(super) const TOTAL: &str = "total";
/// The key of a channel without a name.
pub(super) const ONLY: &str = "";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Channels(Vec<(String, Channel)>);

impl Channels {
    pub(super) fn get(&self, name: &str) -> Option<&Channel> {
        self.all()
            .find(|(key, _)| is_same(key, name))
            .map(|(_, channel)| channel)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Channel> {
        self.all_mut()
            .find(|(key, _)| is_same(key, name))
            .map(|(_, channel)| channel)
    }

    /// The channel of that name, a new one where there is none; none where there is no room for it.
    pub(super) fn entry(&mut self, name: &str) -> Option<&mut Channel> {
        let known = self.0.iter().position(|(key, _)| is_same(key, name));
        let place = match known {
            Some(place) => place,
            None if self.0.len() >= CHANNELS_MAX => return None,
            None => {
                let place = self.0.partition_point(|(key, _)| key.as_str() < name);
                // nearly all have one, and room for four of them is a kilobyte and a half
                self.0.reserve_exact(1);
                self.0.insert(place, (name.to_owned(), Channel::default()));
                place
            }
        };
        Some(&mut self.0[place].1)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Channel)> {
        self.0.iter().map(|(key, channel)| (key.as_str(), channel))
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (&str, &mut Channel)> {
        self.0.iter_mut().map(|(key, channel)| (key.as_str(), channel))
    }
}

/// Whether two names are the same. The bytes of the empty name lie nowhere: processors that compare with masks take
/// longer for that than for all else that is done with a reading.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found_and_there_is_room_for_so_many() {
        let mut channels = Channels::default();
        for number in (0..100).rev() {
            channels.entry(&format!("{number:02}"));
        }
        let names: Vec<String> = channels.all().map(|(name, _)| name.to_owned()).collect();
        let expected: Vec<String> = (100 - CHANNELS_MAX..100)
            .map(|number| format!("{number:02}"))
            .collect();
        assert_eq!(names, expected);
        assert!(channels.get("99").is_some() && channels.get("00").is_none());
        assert!(channels.entry("99").is_some() && channels.entry("00").is_none());
    }
}
