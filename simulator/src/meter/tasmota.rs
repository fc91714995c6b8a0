//! Tasmota plug: `tele/<topic>/SENSOR` with an `ENERGY` object, once a TelePeriod.
//!
//! `Time` is LOCAL without an offset (the firmware's default); `Total`, `Today`, `Yesterday` kWh (3 decimals; the day
//! turns at the meter's local midnight), `Period` Wh since the last message, `Power` W. QoS 0, not retained.
//! `tele/<topic>/LWT` is `Online` or `Offline`, retained.

use jiff::civil::Date;

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::local_time::LocalTime;
use crate::parcel::{Parcel, put_civil, put_field};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::Tasmota,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| {
        let topic = context.topic();
        Box::new(Tasmota {
            line: context.line(format!("tele/{topic}/SENSOR"), 0, false),
            local: LocalTime::new(context.scenario.zone.clone()),
            day: None,
            yesterday_wh: 0.0,
            last_wh: None,
            availability: Availability {
                line: Line {
                    topic: format!("tele/{topic}/LWT").into(),
                    qos: 1,
                    retain: true,
                },
                online: b"Online".into(),
                offline: b"Offline".into(),
            },
        })
    },
};

struct Tasmota {
    line: Line,
    local: LocalTime,
    /// The meter's date and its counter at the begin of it.
    day: Option<(Date, f64)>,
    yesterday_wh: f64,
    last_wh: Option<f64>,
    availability: Availability,
}

impl WireFormat for Tasmota {
    fn report(&mut self, sample: &Sample, _due: Due, out: &mut Vec<Parcel>) {
        let phase = sample.phase[0];
        let total_wh = phase.import_wh;
        let civil = self.local.civil(sample.stamp_ms);
        let begun_wh = match self.day {
            Some((date, begun_wh)) if date == civil.date() => begun_wh.min(total_wh),
            Some((_, begun_wh)) => {
                self.yesterday_wh = (total_wh - begun_wh).max(0.0);
                total_wh
            }
            None => total_wh,
        };
        self.day = Some((civil.date(), begun_wh));
        let period_wh = total_wh - self.last_wh.replace(total_wh).unwrap_or(total_wh);
        let apparent = phase.volts * phase.amperes;
        let reactive = (apparent * apparent - phase.watts * phase.watts).max(0.0).sqrt();
        let mut text = Vec::with_capacity(300);
        text.extend_from_slice(b"{\"Time\":\"");
        put_civil(&mut text, civil);
        text.extend_from_slice(b"\",\"ENERGY\":{\"TotalStartTime\":\"2024-01-08T09:12:31\"");
        put_field(&mut text, "Total", total_wh / 1000.0, 3);
        put_field(&mut text, "Yesterday", self.yesterday_wh / 1000.0, 3);
        put_field(&mut text, "Today", (total_wh - begun_wh) / 1000.0, 3);
        put_field(&mut text, "Period", period_wh.max(0.0), 0);
        put_field(&mut text, "Power", phase.watts, 0);
        put_field(&mut text, "ApparentPower", apparent, 0);
        put_field(&mut text, "ReactivePower", reactive, 0);
        put_field(&mut text, "Factor", phase.power_factor, 2);
        put_field(&mut text, "Voltage", phase.volts, 0);
        put_field(&mut text, "Current", phase.amperes, 3);
        text.extend_from_slice(b"}}");
        out.push(self.line.say(sample.at_ms, text));
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
