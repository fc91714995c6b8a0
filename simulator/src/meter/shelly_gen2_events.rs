//! Shelly Pro 3EM through `<topic>/events/rpc`: `NotifyStatus` with only the keys that changed, to be laid over what is
//! known; `NotifyFullStatus` when it connects and every quarter of an hour.
//!
//! `em:0` on a power report, `emdata:0` (Wh) when the counter is due. `ts` is unix seconds UTC by the meter's clock.
//! QoS 1, not retained. `<topic>/online` is QoS 0, not retained.

use super::shelly_gen2_status::{Fields, counters, powers};
use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::{Parcel, put_key, put_number};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::ShellyGen2Events,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| {
        let prefix = context.topic();
        Box::new(ShellyGen2Events {
            line: context.line(format!("{prefix}/events/rpc"), 1, false),
            head: format!(
                r#"{{"src":"shellypro3em-{}","dst":"{prefix}/events","#,
                context.hardware_address()
            ),
            powers: Vec::new(),
            counters: Vec::new(),
            full_ms: i64::MIN,
            availability: Availability {
                line: Line {
                    topic: format!("{prefix}/online").into(),
                    qos: 0,
                    retain: false,
                },
                online: b"true".into(),
                offline: b"false".into(),
            },
        })
    },
};

const FULL_STATUS_MS: i64 = 900_000;

struct ShellyGen2Events {
    line: Line,
    head: String,
    powers: Fields,
    counters: Fields,
    full_ms: i64,
    availability: Availability,
}

/// Appends the component with the fields that differ from `said`; nothing where none does.
fn put_changes(out: &mut Vec<u8>, component: &str, said: &mut Fields, fields: Fields, all: bool) {
    let changed =
        |index: usize, text: &Vec<u8>| all || said.get(index).is_none_or(|(_, before)| before != text);
    if !fields
        .iter()
        .enumerate()
        .any(|(index, (_, text))| changed(index, text))
    {
        return;
    }
    put_key(out, component);
    out.extend_from_slice(b"{\"id\":0");
    for (index, (key, text)) in fields.iter().enumerate() {
        if changed(index, text) {
            put_key(out, key);
            out.extend_from_slice(text);
        }
    }
    out.push(b'}');
    *said = fields;
}

impl WireFormat for ShellyGen2Events {
    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>) {
        let full = sample.at_ms.saturating_sub(self.full_ms) >= FULL_STATUS_MS;
        let mut text = Vec::with_capacity(if full { 900 } else { 360 });
        text.extend_from_slice(self.head.as_bytes());
        let method: &[u8] = if full {
            br#""method":"NotifyFullStatus","#
        } else {
            br#""method":"NotifyStatus","#
        };
        text.extend_from_slice(method);
        text.extend_from_slice(b"\"params\":{\"ts\":");
        #[expect(clippy::cast_precision_loss, reason = "unix milliseconds")]
        put_number(&mut text, sample.stamp_ms as f64 / 1000.0, 2);
        let bare = text.len();
        if due.power || full {
            put_changes(&mut text, "em:0", &mut self.powers, powers(sample), full);
        }
        if due.counter || full {
            put_changes(&mut text, "emdata:0", &mut self.counters, counters(sample), full);
        }
        if full {
            self.full_ms = sample.at_ms;
            text.extend_from_slice(br#","sys":{"restart_required":false},"mqtt":{"connected":true}"#);
        }
        if text.len() > bare {
            text.extend_from_slice(b"}}");
            out.push(self.line.say(sample.at_ms, text));
        }
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
