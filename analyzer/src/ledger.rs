//! The energy ledger of one device: local hour × state × open or closed × tariff.
//!
//! An hour is *settled* when time is final beyond it and no parcel that waits for its counter reaches into it or
//! before it: nothing can be booked to it any more. Its rows are then said once more, as settled, and forgotten.
//!
//! Limits: a counter is waited for as long as the booking waits (two hours where power is stated, a month in silence),
//! so as long the hours from its last word on are not settled. Invariants: the rows said last add up to the parcels
//! booked; a row that was said as settled is never said again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::booking::Parcel;
use crate::finding::{Finding, LedgerRow};
use crate::site::{Site, TariffPeriod};
use crate::{DeviceId, Energy, State};

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
    /// Of the hours that are not settled yet.
    booked: BTreeMap<Key, Sum>,
    /// What was last said of each of these rows.
    said: BTreeMap<Key, Sum>,
}

impl Ledger {
    /// Adds a parcel whose energy is known.
    pub(crate) fn add(&mut self, parcel: &Parcel) {
        self.booked
            .entry(parcel.key)
            .or_default()
            .add(parcel.energy, parcel.estimated, parcel.duration);
    }

    /// The rows of settled hours, and of the others those that differ from what was last said of them; `open` parcels
    /// count with their integrals so far. Time is final beyond the hours before `final_hour`.
    pub(crate) fn news(
        &mut self,
        (site, device): (&Site, &DeviceId),
        open: &[Parcel],
        final_hour: Timestamp,
        out: &mut Vec<Finding>,
    ) {
        let unsettled = open
            .iter()
            .map(|parcel| parcel.key.hour)
            .fold(final_hour, Ord::min);
        let mut sums = self.booked.clone();
        for parcel in open {
            sums.entry(parcel.key)
                .or_default()
                .add(parcel.integral, parcel.integral, parcel.duration);
        }
        sums.retain(|key, sum| key.hour < unsettled || self.said.get(key) != Some(sum));
        self.said.extend(sums.iter().map(|(key, sum)| (*key, *sum)));
        self.booked.retain(|key, _| key.hour >= unsettled);
        self.said.retain(|key, _| key.hour >= unsettled);
        out.extend(sums.into_iter().map(|(key, sum)| {
            let row = row(site, device, key, sum);
            if key.hour < unsettled {
                Finding::Settled(row)
            } else {
                Finding::Ledger(row)
            }
        }));
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
