//! The newest ledger rows of one device, summed by local day.
//!
//! Invariant: a day's total is the exact sum of its rows; a row of a known key replaces the one before.

use std::collections::{BTreeMap, HashMap};

use analyzer::site::TariffPeriod;
use analyzer::{LedgerRow, State};
use jiff::Timestamp;

use super::WEEK_DAYS;
use crate::history::{Amount, Totals};

type RowKey = (Timestamp, State, bool, TariffPeriod);

#[derive(Debug, Default)]
pub(super) struct Book {
    days: BTreeMap<Timestamp, Day>,
}

#[derive(Debug, Default)]
struct Day {
    rows: HashMap<RowKey, Amount>,
    totals: Totals,
}

impl Book {
    pub(super) fn put(&mut self, day_start: Timestamp, row: &LedgerRow) {
        let amount = Amount::of_row(row);
        let day = self.days.entry(day_start).or_default();
        let before = day
            .rows
            .insert((row.hour, row.state, row.is_open, row.tariff), amount)
            .unwrap_or_default();
        day.totals.add(row.state, row.is_open, amount - before);
        while self.days.len() > usize::try_from(WEEK_DAYS).unwrap_or(7) {
            self.days.pop_first();
        }
    }

    pub(super) fn since(&self, from: Timestamp) -> Totals {
        let mut sum = Totals::default();
        for day in self.days.range(from..).map(|(_, day)| day) {
            sum.merge(&day.totals);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use analyzer::Energy;
    use jiff::SignedDuration;

    fn row(hour: i64, wh: f64) -> LedgerRow {
        LedgerRow {
            device: "ct".into(),
            hour: Timestamp::from_second(hour * 3600).unwrap(),
            state: State::Idle,
            is_open: false,
            tariff: TariffPeriod::Night,
            energy: Energy::from_wh(wh),
            estimated: Energy::ZERO,
            duration: SignedDuration::from_hours(1),
            cost: wh * 0.001,
            co2e_g: wh * 0.05,
        }
    }

    #[test]
    fn a_row_replaces_itself_and_old_days_leave() {
        let mut book = Book::default();
        let day = |number: i64| Timestamp::from_second(number * 86_400).unwrap();
        book.put(day(0), &row(1, 500.0));
        book.put(day(0), &row(1, 700.0));
        book.put(day(0), &row(2, 100.0));
        assert_eq!(book.since(day(0)).idle_closed().energy, Energy::from_wh(800.0));
        assert_eq!(book.since(day(1)), Totals::default());
        for number in 1..=7 {
            book.put(day(number), &row(number * 24, 1.0));
        }
        assert_eq!(
            book.since(day(0)).idle().energy,
            Energy::from_wh(7.0),
            "the eighth day back is gone"
        );
    }
}
