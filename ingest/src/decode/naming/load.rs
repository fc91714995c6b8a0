//! Which channel each value of a meter stands on, where its values come one by one under free names.
//!
//! Limits: meters by the memory's bound, [`CLAIMS_MAX`] values a meter. Invariants: two values of one quantity never
//! stand on one channel of a meter; the channels do not depend on the order in which the values were announced.

use super::super::collect::Quantity;
use super::super::recent::Recent;
use super::word;

/// More values than any meter announces.
const CLAIMS_MAX: usize = 512;
const TOTAL: &str = "total";

/// One announced value of a meter.
#[derive(Debug)]
pub(in super::super) struct Claim {
    /// Unique among all that is announced.
    pub(in super::super) key: String,
    pub(in super::super) quantity: Quantity,
    /// The load that its name speaks of.
    pub(in super::super) load: Option<String>,
    /// Its whole name: its channel, where another value has the load already.
    pub(in super::super) name: String,
}

impl Claim {
    fn part(&self) -> Option<&str> {
        self.load.as_deref().filter(|load| *load != TOTAL)
    }
}

/// What the meters have announced.
#[derive(Debug)]
pub(in super::super) struct Loads {
    meters: Recent<Vec<Claim>>,
}

impl Loads {
    pub(in super::super) fn of(meters_max: usize) -> Self {
        Self {
            meters: Recent::of(meters_max),
        }
    }

    /// Takes a value of a meter in place of what its key claimed before.
    pub(in super::super) fn claim(&mut self, meter: &str, claim: Claim) {
        self.release(meter, &claim.key);
        if let Some(claims) = self.meters.get(meter) {
            if claims.len() < CLAIMS_MAX {
                claims.push(claim);
            }
        } else {
            self.meters.put(meter, vec![claim]);
        }
    }

    pub(in super::super) fn release(&mut self, meter: &str, key: &str) {
        let Some(claims) = self.meters.get(meter) else {
            return;
        };
        claims.retain(|claim| claim.key != key);
        if claims.is_empty() {
            self.meters.forget(meter);
        }
    }

    /// The channel of a claimed value: its load; `total` beside loads of the same meter; none where the meter has one
    /// load only, whatever its name.
    pub(in super::super) fn channel(&mut self, meter: &str, key: &str) -> Option<String> {
        let claims = self.meters.get(meter)?;
        let own = claims.iter().find(|claim| claim.key == key)?;
        let is_before = |other: &Claim| {
            other.quantity == own.quantity && other.part() == own.part() && other.key < own.key
        };
        if claims.iter().any(is_before) {
            return Some(own.name.clone());
        }
        let is_alone = |part: &str| {
            let is_phase = word::channel(part).is_some() || part.parse::<u8>().is_ok();
            !is_phase && claims.iter().all(|claim| claim.part() == Some(part))
        };
        if own.part().is_some_and(is_alone) {
            return None;
        }
        let has_parts = || claims.iter().any(|claim| claim.part().is_some());
        own.part()
            .map(str::to_owned)
            .or_else(|| has_parts().then(|| TOTAL.to_owned()))
    }

    pub(in super::super) fn forgotten(&self) -> u64 {
        self.meters.forgotten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_values_of_one_quantity_share_a_channel() {
        let claim = |key: &str, quantity, load: Option<&str>| Claim {
            key: key.to_owned(),
            quantity,
            load: load.map(str::to_owned),
            name: format!("name of {key}"),
        };
        let mut loads = Loads::of(2);
        loads.claim("m", claim("b", Quantity::Power, None));
        assert_eq!(loads.channel("m", "b"), None);
        loads.claim("m", claim("c", Quantity::Power, Some("l1")));
        loads.claim("m", claim("a", Quantity::Power, Some(TOTAL)));
        loads.claim("m", claim("d", Quantity::Energy, None));
        let mut channel = |key| loads.channel("m", key);
        assert_eq!(channel("a").as_deref(), Some(TOTAL));
        assert_eq!(channel("b").as_deref(), Some("name of b"));
        assert_eq!(channel("c").as_deref(), Some("l1"));
        assert_eq!(channel("d").as_deref(), Some(TOTAL));
        for key in ["a", "c", "d"] {
            loads.release("m", key);
        }
        assert_eq!((loads.channel("m", "b"), loads.forgotten()), (None, 0));
        loads.claim("m", claim("b", Quantity::Power, Some("hall")));
        assert_eq!(loads.channel("m", "b"), None);
        loads.claim("m", claim("b", Quantity::Power, Some("l2")));
        assert_eq!(loads.channel("m", "b").as_deref(), Some("l2"));
        loads.claim("m", claim("e", Quantity::Power, Some("hall")));
        assert_eq!(loads.channel("m", "e").as_deref(), Some("hall"));
        loads.claim("n", claim("x", Quantity::Power, None));
        loads.claim("o", claim("x", Quantity::Power, None));
        assert_eq!((loads.channel("m", "e"), loads.forgotten()), (None, 1));
    }
}
