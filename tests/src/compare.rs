//! Two runs compared by what InfluxDB holds of them, point by point.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::influxd::Influxd;
use crate::pipeline::{Fields, points};

/// Everything that idlewatt writes of devices but for the learned bands, which follow from the rest.
const MEASUREMENTS: [&str; 7] = [
    "energy",
    "interval",
    "state",
    "exam",
    "alert",
    "meter_fault",
    "power",
];

/// Rounding of pieces to micro-watt-hours, added up over a night; Wh, and what follows from it in money and grams.
const ROUNDING: f64 = 1e-4;
const ROUNDED: [&str; 5] = ["energy_wh", "estimated_wh", "scanning_wh", "cost", "co2e_g"];
/// Of each measurement, for a person.
const SHOWN_MAX: usize = 10;

/// What a run left: measurement → series and instant → fields.
pub struct Points(BTreeMap<&'static str, BTreeMap<String, Fields>>);

/// How two runs compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How many points there are, and how many differ, by measurement.
    pub counts: String,
    /// The first that differ, of each measurement.
    pub differing: Vec<String>,
}

impl Points {
    /// All that the database holds.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn read(influx: &Influxd) -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        for measurement in MEASUREMENTS {
            all.insert(measurement, points(influx, measurement).await?);
        }
        Ok(Self(all))
    }

    /// What is before an instant, and what is at it or later.
    #[must_use]
    pub fn split(self, at_ms: i64) -> (Self, Self) {
        let is_before = |key: &String| {
            key.rsplit(' ')
                .next()
                .and_then(|ms| ms.parse().ok())
                .is_some_and(|ms: i64| ms < at_ms)
        };
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        for (measurement, points) in self.0 {
            let (early, late) = points.into_iter().partition(|(key, _)| is_before(key));
            before.insert(measurement, early);
            after.insert(measurement, late);
        }
        (Self(before), Self(after))
    }

    /// Without measurements whose points last: those that span an instant belong to both sides of it.
    #[must_use]
    pub fn instants_alone(mut self) -> Self {
        for measurement in ["interval", "exam", "alert"] {
            self.0.insert(measurement, BTreeMap::new());
        }
        self
    }

    /// How many points of a measurement there are.
    #[must_use]
    pub fn count(&self, measurement: &str) -> usize {
        self.0.get(measurement).map_or(0, BTreeMap::len)
    }

    /// This calm run beside a stormy one.
    #[must_use]
    pub fn compare(&self, stormy: &Self) -> Comparison {
        let (mut counts, mut differing) = (String::new(), Vec::new());
        for measurement in MEASUREMENTS {
            let (calm, stormy) = (&self.0[measurement], &stormy.0[measurement]);
            let keys: BTreeSet<&String> = calm.keys().chain(stormy.keys()).collect();
            let is_other = |key: &&&String| !is_same(measurement, calm.get(**key), stormy.get(**key));
            counts += &format!(
                "{measurement}: {} points, {} differ\n",
                calm.len(),
                keys.iter().filter(is_other).count()
            );
            differing.extend(keys.iter().filter(is_other).take(SHOWN_MAX).map(|key| {
                let (calm, stormy) = (calm.get(*key), stormy.get(*key));
                format!("{measurement} {key}\n   calm {calm:?}\n stormy {stormy:?}")
            }));
        }
        Comparison { counts, differing }
    }
}

/// Whether two runs say the same of a point, but for what depends on batches.
fn is_same(measurement: &str, calm: Option<&Fields>, stormy: Option<&Fields>) -> bool {
    let (Some(calm), Some(stormy)) = (calm, stormy) else {
        return false;
    };
    calm.len() == stormy.len()
        && calm.iter().all(|(name, value)| {
            let other = stormy.get(name).unwrap_or(&Value::Null);
            match (measurement, name.as_str(), value.as_f64(), other.as_f64()) {
                (_, name, Some(a), Some(b)) if ROUNDED.contains(&name) => (a - b).abs() <= ROUNDING,
                ("state", "power_w", a, b) if a.is_none() || b.is_none() => true,
                _ => value == other,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(energy_wh: f64, state: &str) -> Points {
        let fields = Fields::from([
            ("energy_wh".to_owned(), Value::from(energy_wh)),
            ("state".to_owned(), Value::from(state)),
        ]);
        let mut all: BTreeMap<_, _> = MEASUREMENTS.map(|name| (name, BTreeMap::new())).into();
        all.insert("energy", BTreeMap::from([("ct 0".to_owned(), fields)]));
        Points(all)
    }

    #[test]
    fn only_rounding_may_differ() {
        let calm = points(1.0, "idle");
        let differing = |stormy: Points| calm.compare(&stormy).differing.len();
        assert_eq!(differing(points(1.000_05, "idle")), 0);
        assert_eq!(differing(points(1.001, "idle")), 1);
        assert_eq!(differing(points(1.0, "off")), 1);
        let mut empty = points(1.0, "idle");
        empty.0.insert("energy", BTreeMap::new());
        assert_eq!(differing(empty), 1);
    }
}
