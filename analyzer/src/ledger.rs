//! The energy ledger of one device: local hour × state × open or closed × tariff.
//!
//! Limits: settled hours leave memory after [`HOURS_KEPT`]; what was said of them stands.
//! Invariant: the rows said last add up to the parcels booked.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::booking::Parcel;
use crate::finding::LedgerRow;
use crate::site::{Site, TariffPeriod};
use crate::{DeviceId, Energy, State};

/// Longer than any window of the booking, so that no row is touched after it has left.
const HOURS_KEPT: SignedDuration = SignedDuration::from_hours(6);

/// What a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) hour: Timestamp,
    pub(crate) state: State,
    pub(crate) is_open: bool,
    pub(crate) tariff: TariffPeriod,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sum {
    energy: Energy,
    estimated: Energy,
    duration: SignedDuration,
}

/// The rows of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    settled: BTreeMap<Key, Sum>,
    /// What was last said of each row that is still in memory.
    said: BTreeMap<Key, Sum>,
}

impl Ledger {
    /// Adds a settled parcel.
    pub(crate) fn add(&mut self, parcel: &Parcel) {
        self.settled
            .entry(parcel.key)
            .or_default()
            .add(parcel.energy, parcel.estimated, parcel.duration);
    }

    /// The rows that differ from what was last said of them; `open` parcels count with their integrals so far.
    pub(crate) fn changed_rows(&mut self, site: &Site, device: &DeviceId, open: &[Parcel]) -> Vec<LedgerRow> {
        let mut sums = self.settled.clone();
        for parcel in open {
            sums.entry(parcel.key)
                .or_default()
                .add(parcel.integral, parcel.integral, parcel.duration);
        }
        let newest = sums.keys().next_back().map(|key| key.hour);
        sums.retain(|key, sum| self.said.get(key) != Some(sum));
        self.said.extend(sums.iter().map(|(key, sum)| (*key, *sum)));
        if let Some(newest) = newest {
            let oldest_open = open.iter().map(|parcel| parcel.key.hour).min().unwrap_or(newest);
            let is_recent =
                |key: &Key| key.hour >= oldest_open || newest.duration_since(key.hour) <= HOURS_KEPT;
            self.settled.retain(|key, _| is_recent(key));
            self.said.retain(|key, _| is_recent(key));
        }
        sums.into_iter()
            .map(|(key, sum)| row(site, device, key, sum))
            .collect()
    }
}

impl Sum {
    fn add(&mut self, energy: Energy, estimated: Energy, duration: SignedDuration) {
        self.energy += energy;
        self.estimated += estimated;
        self.duration += duration;
    }
}

fn row(site: &Site, device: &DeviceId, key: Key, sum: Sum) -> LedgerRow {
    LedgerRow {
        device: device.clone(),
        hour: key.hour,
        state: key.state,
        is_open: key.is_open,
        tariff: key.tariff,
        energy: sum.energy,
        estimated: sum.estimated,
        duration: sum.duration,
        cost: sum.energy.kwh() * site.tariff.price_per_kwh(key.tariff),
        co2e_g: site.carbon.co2e_g(sum.energy),
    }
}
