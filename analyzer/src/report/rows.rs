//! The ledger as findings tell it: of each key, the row that was said last.
//!
//! Bounded by what is put in: a row for each hour, state and tariff of a device.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::finding::LedgerRow;
use crate::site::TariffPeriod;
use crate::{DeviceId, State};

type Key = (DeviceId, Timestamp, State, bool, TariffPeriod);

/// Rows by their key.
#[derive(Clone, Debug, Default)]
pub struct LedgerRows(BTreeMap<Key, LedgerRow>);

impl LedgerRows {
    /// Takes a row; it replaces the one that was said before of its key.
    pub fn put(&mut self, row: LedgerRow) {
        let key = (row.device.clone(), row.hour, row.state, row.is_open, row.tariff);
        self.0.insert(key, row);
    }

    /// The rows, by device, then by hour.
    pub fn iter(&self) -> impl Iterator<Item = &LedgerRow> {
        self.0.values()
    }
}
