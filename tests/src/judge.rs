//! The judge: compares what idlewatt found with the simulator's truth.
//!
//! Energy is compared by device and state; overnight alerts are worked out anew from the truth's idle intervals and
//! the opening hours, without the analyzer's rule.

use std::collections::BTreeMap;
use std::fmt;

use analyzer::{AlertPhase, Config, Finding, Limits};
use jiff::{SignedDuration, Timestamp};
use simulator::TruthRecord;

/// Device and state.
type Key = (String, &'static str);

/// Device, and when what the alert tells of began.
pub type AlertKey = (String, Timestamp);

/// Energy by device and state, and the alerts by device and first instant.
#[derive(Debug, Default)]
pub struct Books {
    /// Wh.
    pub energy_wh: BTreeMap<Key, f64>,
    /// Device → when what the alert tells of began.
    pub alerts: Vec<AlertKey>,
}

/// The truth, beside what was found.
#[derive(Debug)]
pub struct Verdict {
    /// From the simulator.
    pub truth: Books,
    /// From idlewatt.
    pub found: Books,
}

impl Books {
    /// What idlewatt found: the last row of each ledger key, and every alert raised.
    #[must_use]
    pub fn found<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let (mut rows, mut books) = (BTreeMap::new(), Self::default());
        for finding in findings {
            match finding {
                Finding::Ledger(row) | Finding::Settled(row) => {
                    let key = (
                        row.device.to_string(),
                        row.state.name(),
                        row.hour,
                        row.is_open,
                        row.tariff,
                    );
                    rows.insert(key, row.energy.wh());
                }
                Finding::Alert(alert)
                    if alert.phase == AlertPhase::Raised && alert.rule == "overnight_idle" =>
                {
                    books.alerts.push((alert.device.to_string(), alert.since));
                }
                _ => {}
            }
        }
        for ((device, state, ..), energy_wh) in rows {
            *books.energy_wh.entry((device, state)).or_default() += energy_wh;
        }
        books.alerts.sort();
        books
    }

    /// What really happened up to `end`.
    #[must_use]
    pub fn truth(records: &[TruthRecord], config: &Config, end: Timestamp) -> Self {
        let mut books = Self::default();
        for record in records {
            if let TruthRecord::Interval {
                device,
                state,
                energy_wh,
                ..
            } = record
            {
                *books.energy_wh.entry((device.clone(), word(*state))).or_default() += energy_wh;
            }
        }
        for device in &config.devices {
            let Some(limits) = device.alerts.overnight_idle else {
                continue;
            };
            let intervals = records.iter().filter_map(|record| match record {
                TruthRecord::Interval {
                    device: id,
                    from,
                    until,
                    state,
                    ..
                } if **id == *device.id => Some((*from, *until, *state == simulator::State::Idle)),
                _ => None,
            });
            let since = nights(device, limits, &intervals.collect::<Vec<_>>(), end);
            books
                .alerts
                .extend(since.into_iter().map(|since| (device.id.to_string(), since)));
        }
        books.alerts.sort();
        books
    }
}

/// When each overnight alert that is due begins: the first idle stretch of a closed period that outlasts the grace.
fn nights(
    device: &analyzer::Device,
    limits: Limits,
    intervals: &[(Timestamp, Timestamp, bool)],
    end: Timestamp,
) -> Vec<Timestamp> {
    let (mut alerts, mut told_until) = (Vec::new(), Timestamp::MIN);
    for &(from, until, is_idle) in intervals {
        let mut at = from;
        while is_idle && at < until.min(end) {
            let change = device.opening.next_change(at);
            let last = change.min(until).min(end);
            if !device.opening.is_open(at) && at >= told_until && last.duration_since(at) > limits.grace {
                alerts.push(at);
                told_until = change;
            }
            at = last;
        }
    }
    alerts
}

fn word(state: simulator::State) -> &'static str {
    match state {
        simulator::State::Off => "off",
        simulator::State::Standby => "standby",
        simulator::State::Idle => "idle",
        simulator::State::Scanning => "scanning",
    }
}

impl Verdict {
    /// The largest error of energy by state, as a share of the truth, among states that hold at least `share_min` of
    /// their device's energy.
    #[must_use]
    pub fn worst(&self, share_min: f64) -> Option<(Key, f64)> {
        self.worst_where(|device, truth_wh| {
            let of_device = self
                .truth
                .energy_wh
                .iter()
                .filter(|((other, _), _)| other == device);
            truth_wh >= of_device.map(|(_, energy_wh)| energy_wh).sum::<f64>() * share_min
        })
    }

    /// The largest error of energy by state, as a share of the truth, among these devices.
    #[must_use]
    pub fn worst_of(&self, devices: &[&str]) -> Option<(Key, f64)> {
        self.worst_where(|device, _| devices.contains(&device))
    }

    fn worst_where(&self, is_asked: impl Fn(&str, f64) -> bool) -> Option<(Key, f64)> {
        let asked = self
            .truth
            .energy_wh
            .iter()
            .filter(|(key, truth_wh)| is_asked(&key.0, **truth_wh));
        let errors = asked.map(|(key, truth_wh)| {
            let found_wh = self.found.energy_wh.get(key).copied().unwrap_or_default();
            (key.clone(), (found_wh - truth_wh).abs() / truth_wh)
        });
        errors.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Alerts that are due and were not raised, and alerts raised that are not due; `slack` is how far their first
    /// instants may differ.
    #[must_use]
    pub fn alerts_amiss(&self, slack: SignedDuration) -> (Vec<AlertKey>, Vec<AlertKey>) {
        let is_in = |books: &Books, (device, at): &(String, Timestamp)| {
            books
                .alerts
                .iter()
                .any(|(other, since)| other == device && since.duration_since(*at).abs() <= slack)
        };
        let missing = self
            .truth
            .alerts
            .iter()
            .filter(|alert| !is_in(&self.found, alert))
            .cloned()
            .collect();
        let surplus = self
            .found
            .alerts
            .iter()
            .filter(|alert| !is_in(&self.truth, alert))
            .cloned()
            .collect();
        (missing, surplus)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:<12} {:<10} {:>12} {:>12} {:>8}",
            "device", "state", "truth kWh", "found kWh", "error"
        )?;
        let mut keys: Vec<&Key> = self
            .truth
            .energy_wh
            .keys()
            .chain(self.found.energy_wh.keys())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let of = |books: &Books| books.energy_wh.get(key).copied().unwrap_or_default() / 1000.0;
            let (truth, found) = (of(&self.truth), of(&self.found));
            let error = if truth > 0.0 {
                format!("{:+.2} %", (found - truth) / truth * 100.0)
            } else {
                String::new()
            };
            writeln!(
                formatter,
                "{:<12} {:<10} {truth:>12.3} {found:>12.3} {error:>8}",
                key.0, key.1
            )?;
        }
        let (missing, surplus) = self.alerts_amiss(SignedDuration::from_mins(5));
        let (due, raised) = (self.truth.alerts.len(), self.found.alerts.len());
        writeln!(
            formatter,
            "overnight alerts: {due} due, {raised} raised, missing {missing:?}, surplus {surplus:?}"
        )
    }
}
