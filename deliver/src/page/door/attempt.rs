//! Wrong logins, counted by address.
//!
//! After [`WRONG_MAX`] wrong ones within a minute an address is not listened to until the minute is over: neither wrong
//! nor right secrets are looked at, so that guessing gains nothing. Counts are forgiven all at once, every
//! [`FORGIVEN_EVERY`]: no clock is read.
//!
//! Limits: [`ADDRESSES_MAX`] addresses are told apart, IPv6 by the network of 64 bits; all others share one count. People
//! behind one address (a proxy that does not say `X-Forwarded-For`) share theirs.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Somebody who mistypes does not need more; a secret of twelve characters is not guessed so.
pub(super) const WRONG_MAX: u32 = 10;
/// When all is forgiven.
pub(in crate::page) const FORGIVEN_EVERY: Duration = Duration::from_secs(60);
const ADDRESSES_MAX: usize = 4096;

#[derive(Debug, Default)]
struct Counts {
    of: HashMap<IpAddr, u32>,
    others: u32,
}

/// The wrong logins of this minute.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<Counts>);

impl Attempts {
    /// Whether an address is listened to.
    pub(super) fn may_try(&self, address: IpAddr) -> bool {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = counts.of.len() >= ADDRESSES_MAX;
        let count = match counts.of.get(&network(address)) {
            Some(count) => *count,
            None if is_full => counts.others,
            None => 0,
        };
        count < WRONG_MAX
    }

    /// One more wrong login; how many there are.
    pub(super) fn wrong(&self, address: IpAddr) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, is_full) = (network(address), counts.of.len() >= ADDRESSES_MAX);
        let count = if is_full && !counts.of.contains_key(&address) {
            &mut counts.others
        } else {
            counts.of.entry(address).or_default()
        };
        *count = count.saturating_add(1);
        *count
    }

    /// A minute is over.
    pub(super) fn forgive(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
    }
}

/// One household or server has a whole IPv6 network of 64 bits to choose from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_guesses_is_not_listened_to_until_it_is_forgiven() {
        let attempts = Attempts::default();
        let [guesser, neighbour, other]: [IpAddr; 3] =
            ["2001:db8::1", "2001:db8::2", "192.0.2.1"].map(|text| text.parse().unwrap());
        for count in 1..=WRONG_MAX {
            assert!(attempts.may_try(guesser));
            assert_eq!(attempts.wrong(guesser), count);
        }
        assert!(!attempts.may_try(guesser));
        assert!(!attempts.may_try(neighbour), "the same network");
        assert!(attempts.may_try(other));
        attempts.forgive();
        assert!(attempts.may_try(guesser));
    }

    #[test]
    fn the_table_does_not_grow_beyond_its_bound() {
        let attempts = Attempts::default();
        for number in 0..20_000_u32 {
            attempts.wrong(std::net::Ipv4Addr::from_bits(number).into());
        }
        assert_eq!(attempts.0.lock().unwrap().of.len(), ADDRESSES_MAX);
        assert!(
            !attempts.may_try("192.0.2.1".parse().unwrap()),
            "the rest share a count"
        );
        assert!(attempts.may_try(std::net::Ipv4Addr::from_bits(7).into()));
    }
}
