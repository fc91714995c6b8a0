//! What was heard of one meter: its channels, its word on itself, its faults.
//!
//! Limits: [`CHANNELS_MAX`] channels and [`TOPICS_MAX`] topics are told apart, the rest is counted.

use std::collections::BTreeMap;

use analyzer::{FaultKind, Notice, Reading};
use jiff::Timestamp;

use super::series::{Sample, Series};

/// More channels than the largest PDU has outlets.
pub(super) const CHANNELS_MAX: usize = 128;
/// Topics that are named for one meter.
const TOPICS_MAX: usize = 8;
/// A longer topic is cut where it is shown.
const TOPIC_BYTES_MAX: usize = 200;
/// Kinds of notices that are kept for one meter, each with its last figures.
const NOTICES_MAX: usize = 16;
/// A stamp further from the arrival than this comes from a clock that is wrong.
const CLOCK_WRONG_US: i64 = 5 * 60 * 1_000_000;

/// One channel's values.
#[derive(Clone, Debug, Default)]
pub(super) struct Channel {
    pub(super) power: Series,
    pub(super) energy: Series,
    pub(super) current: Series,
    pub(super) energy_export_wh: Option<f64>,
    pub(super) voltage_v: Option<f64>,
    pub(super) is_estimated: bool,
}

/// One meter.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub(super) family: &'static str,
    pub(super) name: String,
    pub(super) channels: BTreeMap<Option<String>, Channel>,
    /// Values of channels beyond the bound.
    pub(super) channels_left_out: u64,
    /// Short name and topic of each.
    pub(super) topics: Vec<(u32, String)>,
    pub(super) messages: u64,
    pub(super) live: u64,
    pub(super) malformed: u64,
    pub(super) malformed_reason: String,
    pub(super) historical: u64,
    pub(super) is_online: Option<bool>,
    /// How far the meter's last stamp was from its arrival.
    pub(super) clock_off_us: Option<i64>,
    pub(super) notices: Vec<(FaultKind, String)>,
}

/// How a reading came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coming<'t> {
    pub(super) at: Timestamp,
    pub(super) topic: &'t str,
    pub(super) topic_id: u32,
    pub(super) is_retained: bool,
}

impl Meter {
    pub(super) fn of(family: &'static str, name: &str) -> Self {
        Self {
            family,
            name: name.to_owned(),
            channels: BTreeMap::new(),
            channels_left_out: 0,
            topics: Vec::new(),
            messages: 0,
            live: 0,
            malformed: 0,
            malformed_reason: String::new(),
            historical: 0,
            is_online: None,
            clock_off_us: None,
            notices: Vec::new(),
        }
    }

    /// A message that brought readings of this meter.
    pub(super) fn message(&mut self, coming: Coming<'_>) {
        self.messages += 1;
        self.live += u64::from(!coming.is_retained);
        let is_known = self.topics.iter().any(|(id, _)| *id == coming.topic_id);
        if !is_known && self.topics.len() < TOPICS_MAX {
            let topic = cut(coming.topic, TOPIC_BYTES_MAX).to_owned();
            self.topics.push((coming.topic_id, topic));
        }
    }

    /// Takes a reading.
    pub(super) fn reading(&mut self, coming: Coming<'_>, reading: &Reading) {
        if reading.is_historical {
            self.historical += 1;
            return;
        }
        let name = reading.channel.as_deref().map(str::to_owned);
        if !self.channels.contains_key(&name) && self.channels.len() >= CHANNELS_MAX {
            self.channels_left_out += 1;
            return;
        }
        let at_us = coming.at.as_microsecond();
        if let Some(stamp) = reading.stamp.filter(|_| !coming.is_retained) {
            let off_us = stamp.as_microsecond() - at_us;
            self.clock_off_us = Some(off_us).filter(|off_us| off_us.abs() > CLOCK_WRONG_US);
        }
        let channel = self.channels.entry(name).or_default();
        for (series, value) in [
            (&mut channel.power, reading.power_w),
            (&mut channel.energy, reading.energy_wh),
            (&mut channel.current, reading.current_a),
        ] {
            let sample = |value| Sample {
                at_us,
                value,
                topic: coming.topic_id,
                is_live: !coming.is_retained,
            };
            value
                .map(sample)
                .into_iter()
                .for_each(|sample| series.push(sample));
        }
        channel.energy_export_wh = reading.energy_export_wh.or(channel.energy_export_wh);
        channel.voltage_v = reading.voltage_v.or(channel.voltage_v);
        channel.is_estimated |= reading.is_estimated;
    }

    /// Takes what a person should know.
    pub(super) fn notice(&mut self, notice: &Notice) {
        let detail = cut(&notice.detail, TOPIC_BYTES_MAX).to_owned();
        if let Some((_, last)) = self.notices.iter_mut().find(|(kind, _)| *kind == notice.kind) {
            *last = detail;
        } else if self.notices.len() < NOTICES_MAX {
            self.notices.push((notice.kind, detail));
        }
    }

    /// The channel that stands for the meter: its total, its only load, else its first.
    pub(super) fn headline(&self) -> Option<(&Option<String>, &Channel)> {
        let total = Some("total".to_owned());
        let of = |name: &Option<String>| self.channels.get_key_value(name);
        of(&total)
            .or_else(|| of(&None))
            .or_else(|| self.channels.iter().next())
    }
}

/// The beginning of a text, whole letters.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
