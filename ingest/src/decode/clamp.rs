//! Clamps that say a current and nothing else: with a configured voltage and power factor they give an estimated power.
//!
//! P = phases × U × I × cos φ, the active power of a sinusoidal current (IEC 60050-131, 131-11-42). A voltage of the
//! same channel in the same message is believed rather than the configured one. The result is marked as estimated, and
//! a reading that states a power is left as it is.

use analyzer::Reading;
use serde::Deserialize;

use super::ConfigError;

/// A clamp without a voltage of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clamp {
    /// The meter, as its family names it.
    pub meter: String,
    /// One of its channels; without one, all.
    pub channel: Option<String>,
    /// Voltage between phase and neutral, V.
    pub voltage_v: f64,
    /// Power factor, above 0 and at most 1.
    pub power_factor: f64,
    /// Phases that carry the same current: 1, or 3 for one clamp on a balanced load.
    #[serde(default = "one")]
    pub phases: u8,
}

fn one() -> u8 {
    1
}

impl Clamp {
    /// # Errors
    /// What cannot be meant, and how to mend it.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fault = if !(50.0..=1000.0).contains(&self.voltage_v) {
            format!(
                "voltage_v = {} is no mains voltage; give phase to neutral, such as 230",
                self.voltage_v
            )
        } else if !(self.power_factor > 0.0 && self.power_factor <= 1.0) {
            format!(
                "power_factor = {} must be above 0 and at most 1; a scanner at rest has about 0.8",
                self.power_factor
            )
        } else if !(1..=3).contains(&self.phases) {
            format!("phases = {} must be 1, 2 or 3", self.phases)
        } else {
            return Ok(());
        };
        Err(ConfigError::Clamp {
            meter: self.meter.clone(),
            fault,
        })
    }

    fn is_of(&self, reading: &Reading) -> bool {
        *self.meter == *reading.meter
            && (self.channel.is_none() || self.channel.as_deref() == reading.channel.as_deref())
    }

    fn power_w(&self, current_a: f64, voltage_v: Option<f64>) -> f64 {
        f64::from(self.phases) * voltage_v.unwrap_or(self.voltage_v) * current_a * self.power_factor
    }
}

/// Gives readings that state a current and no power their estimated power, where a clamp is configured.
pub(super) fn estimate(clamps: &[Clamp], readings: &mut [Reading]) {
    if clamps.is_empty() {
        return;
    }
    for reading in readings.iter_mut().filter(|reading| reading.power_w.is_none()) {
        let clamp = clamps.iter().find(|clamp| clamp.is_of(reading));
        if let Some((clamp, current_a)) = clamp.zip(reading.current_a) {
            let power_w = clamp.power_w(current_a, reading.voltage_v);
            reading.power_w = Some(power_w).filter(|power_w| power_w.is_finite());
            reading.is_estimated = reading.power_w.is_some();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clamp(channel: Option<&str>, phases: u8) -> Clamp {
        Clamp {
            meter: "m".to_owned(),
            channel: channel.map(str::to_owned),
            voltage_v: 230.0,
            power_factor: 0.5,
            phases,
        }
    }

    #[test]
    fn a_current_becomes_an_estimated_power() {
        let said = |channel: Option<&str>, power_w: Option<f64>, voltage_v: Option<f64>| {
            let mut readings = [Reading {
                current_a: Some(2.0),
                power_w,
                voltage_v,
                ..Reading::of("m", channel)
            }];
            estimate(&[clamp(Some("chn1"), 1), clamp(Some("chn2"), 3)], &mut readings);
            (readings[0].power_w, readings[0].is_estimated)
        };
        assert_eq!(said(Some("chn1"), None, None), (Some(230.0), true));
        assert_eq!(said(Some("chn1"), None, Some(240.0)), (Some(240.0), true));
        assert_eq!(said(Some("chn2"), None, None), (Some(690.0), true));
        assert_eq!(said(Some("chn1"), Some(7.0), None), (Some(7.0), false));
        assert_eq!(said(None, None, None), (None, false));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (clamp, part) in [
            (
                Clamp {
                    voltage_v: 0.4,
                    ..clamp(None, 1)
                },
                "voltage_v = 0.4",
            ),
            (
                Clamp {
                    power_factor: 80.0,
                    ..clamp(None, 1)
                },
                "power_factor = 80",
            ),
            (clamp(None, 0), "phases = 0"),
        ] {
            let fault = clamp.check().unwrap_err().to_string();
            assert!(
                fault.starts_with("clamp \"m\": ") && fault.contains(part),
                "{fault}"
            );
        }
    }
}
