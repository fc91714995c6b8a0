//! The account of messages, as `/metrics` tells it.

use std::collections::BTreeMap;
use std::fmt;

/// What `/metrics` said: every series with its labels, as written.
#[derive(Clone, Debug, Default)]
pub struct Metrics(BTreeMap<String, f64>);

/// What became of the messages since the journal was begun.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    /// Deliveries at QoS 0.
    pub received_qos0: f64,
    /// Deliveries at QoS 1, each counted.
    pub received_qos1: f64,
    /// Deliveries of what was journalled already.
    pub duplicates: f64,
    /// Messages in the journal, ever.
    pub journalled: f64,
    /// Messages whose findings are in the findings log.
    pub stored: f64,
    /// Messages put aside with a reason.
    pub quarantined: f64,
    /// Messages not analyzed yet.
    pub in_journal: f64,
    /// Messages that told the time; they are no part of the others.
    pub beacons: f64,
}

impl Metrics {
    /// Reads the text format of Prometheus.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            let name = name.strip_prefix("idlewatt_").unwrap_or(name);
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(series.collect())
    }

    /// The sum of all series of this name; with labels in braces, that series alone.
    #[must_use]
    pub fn sum(&self, name: &str) -> f64 {
        let is_of = |series: &str| {
            let rest = series.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('{'))
        };
        self.0
            .iter()
            .filter(|(series, _)| is_of(series))
            .map(|(_, value)| value)
            .sum()
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            received_qos0: self.sum("messages_received_total{qos=\"0\"}"),
            received_qos1: self.sum("messages_received_total{qos=\"1\"}"),
            duplicates: self.sum("messages_duplicate_total"),
            journalled: self.sum("messages_journalled_total"),
            stored: self.sum("messages_stored_total"),
            quarantined: self.sum("messages_quarantined_total"),
            in_journal: self.sum("messages_in_journal"),
            beacons: self.sum("clock_beacons_total"),
        }
    }

    /// Whether everything journalled is analyzed, and all that was found is with every sink.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        !self.0.is_empty() && self.account().in_journal == 0.0 && self.sum("sink_behind_rows") == 0.0
    }
}

impl Account {
    /// All deliveries.
    #[must_use]
    pub fn received(&self) -> f64 {
        self.received_qos0 + self.received_qos1
    }

    /// received = stored + duplicates + quarantined + still in the journal.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.received() == self.stored + self.duplicates + self.quarantined + self.in_journal
            && self.received() == self.journalled + self.duplicates
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_interest = |series: &str| !series.starts_with("device_");
        for (series, value) in self.0.iter().filter(|(series, _)| of_interest(series)) {
            writeln!(formatter, "{series} {value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "received {} (QoS 0: {}, QoS 1: {}) = stored {} + duplicates {} + quarantined {} + in the journal {}; \
             journalled {}, beacons apart {}",
            self.received(),
            self.received_qos0,
            self.received_qos1,
            self.stored,
            self.duplicates,
            self.quarantined,
            self.in_journal,
            self.journalled,
            self.beacons
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_summed_by_name_and_not_by_prefix() {
        let metrics = Metrics::parse(
            "# HELP x\nidlewatt_a_total{q=\"0\"} 1\nidlewatt_a_total{q=\"1\"} 2\nidlewatt_a_total_b 4\n# EOF",
        );
        assert_eq!(
            (metrics.sum("a_total"), metrics.sum("a_total{q=\"1\"}")),
            (3.0, 2.0)
        );
    }
}
