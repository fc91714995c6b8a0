//! Readings that wait, in a snapshot: what the device's feed asks of them, and nothing else. Of the meter's name the feed
//! reminds; the stamp has become the instant.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serializer};

use crate::Reading;

/// Channel, W, imported Wh, exported Wh, whether it is estimated.
type Kept<'a> = (Option<Cow<'a, str>>, Option<f64>, Option<f64>, Option<f64>, bool);

pub(super) fn serialize<S: Serializer>(readings: &[Reading], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(readings.iter().map(kept))
}

fn kept(reading: &Reading) -> Kept<'_> {
    (
        reading.channel.as_deref().map(Cow::Borrowed),
        reading.power_w,
        reading.energy_wh,
        reading.energy_export_wh,
        reading.is_estimated,
    )
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reading>, D::Error> {
    let kept: Vec<Kept<'_>> = Vec::deserialize(deserializer)?;
    let reading = |(channel, power_w, energy_wh, energy_export_wh, is_estimated): Kept<'_>| Reading {
        power_w,
        energy_wh,
        energy_export_wh,
        is_estimated,
        ..Reading::of("", channel.as_deref())
    };
    Ok(kept.into_iter().map(reading).collect())
}
