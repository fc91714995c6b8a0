//! Which devices a meter feeds.
//!
//! Messages of one meter come one after the other more often than not, so the meter asked for last is tried first: then
//! a reading costs one comparison, however many meters there are.

use crate::{Device, Feed};

/// One meter's part in a device, both by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) device: usize,
    pub(crate) feed: usize,
}

/// All meters, sorted by name.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    meters: Vec<(String, Vec<Route>)>,
    /// The place of the meter that was asked for last.
    last: usize,
}

impl Routes {
    pub(crate) fn of(devices: &[Device]) -> Self {
        let mut routes = Self::default();
        for (device, configured) in devices.iter().enumerate() {
            for (feed, Feed { meter, .. }) in configured.feeds.iter().enumerate() {
                let route = Route { device, feed };
                match routes.search(meter) {
                    Ok(place) => routes.meters[place].1.push(route),
                    Err(place) => routes.meters.insert(place, (meter.clone(), vec![route])),
                }
            }
        }
        routes
    }

    fn search(&self, meter: &str) -> Result<usize, usize> {
        self.meters.binary_search_by(|(name, _)| name.as_str().cmp(meter))
    }

    /// What the meter feeds; nothing where it is not configured.
    pub(crate) fn to(&mut self, meter: &str) -> &[Route] {
        let is_last = self.meters.get(self.last).is_some_and(|(name, _)| name == meter);
        if !is_last {
            match self.search(meter) {
                Ok(place) => self.last = place,
                Err(_) => return &[],
            }
        }
        &self.meters[self.last].1
    }
}
