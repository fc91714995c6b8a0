//! Which devices a meter feeds.
//!
//! Messages of one meter come one after the other more often than not, so the meter asked for last is tried first: then
//! a reading costs one comparison. Else it is found by a fingerprint of its name: with a hundred thousand meters,
//! comparing names is slower than all that is done with the reading.

use crate::{Device, Feed};

/// One meter's part in a device, both by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) device: usize,
    pub(crate) feed: usize,
}

/// All meters.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// Sorted by name.
    meters: Vec<(String, Vec<Route>)>,
    /// Fingerprint and place of each meter, sorted.
    places: Vec<(u64, usize)>,
    /// The place of the meter that was asked for last.
    last: usize,
}

impl Routes {
    pub(crate) fn of(devices: &[Device]) -> Self {
        let feeds = devices.iter().enumerate().flat_map(|(device, configured)| {
            let feeds = configured.feeds.iter().enumerate();
            feeds.map(move |(feed, Feed { meter, .. })| (meter, Route { device, feed }))
        });
        let mut feeds: Vec<(&String, Route)> = feeds.collect();
        // stable: a meter's routes stay in the order of the devices
        feeds.sort_by_key(|(meter, _)| *meter);
        let of_one = feeds.chunk_by(|one, other| one.0 == other.0);
        let meters: Vec<(String, Vec<Route>)> = of_one
            .map(|routes| {
                let name = routes[0].0.clone();
                (name, routes.iter().map(|(_, route)| *route).collect())
            })
            .collect();
        let mut places: Vec<(u64, usize)> = meters
            .iter()
            .enumerate()
            .map(|(place, (name, _))| (fingerprint(name), place))
            .collect();
        places.sort_unstable();
        Self {
            meters,
            places,
            last: 0,
        }
    }

    fn search(&self, meter: &str) -> Option<usize> {
        let print = fingerprint(meter);
        let first = self.places.partition_point(|(known, _)| *known < print);
        let alike = self.places[first..]
            .iter()
            .take_while(|(known, _)| *known == print);
        alike
            .map(|(_, place)| *place)
            .find(|place| self.meters[*place].0 == meter)
    }

    /// What the meter feeds; nothing where it is not configured.
    pub(crate) fn to(&mut self, meter: &str) -> &[Route] {
        let is_last = self.meters.get(self.last).is_some_and(|(name, _)| name == meter);
        if !is_last {
            match self.search(meter) {
                Some(place) => self.last = place,
                None => return &[],
            }
        }
        &self.meters[self.last].1
    }
}

/// FNV-1a, 64 bits. Names that share it cost a comparison each; the table holds only names of the configuration.
fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |print, byte| {
        (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
