//! An edge node of Sparkplug B with one device, the meter: `spBv1.0/rooms/<type>/<topic>[/meter]`, protobuf.
//!
//! NBIRTH and DBIRTH at every connection give names, aliases and datatypes; DDATA bear aliases only, floats for the powers
//! (kW, with the property `engUnit`), doubles for the registers (kWh), an Int32 for the power in W. `seq` runs 0 to 255 over
//! all of a node's messages and starts at its NBIRTH; `bdSeq` grows with each session and is the same in the will. Stamps are
//! the node's clock. Everything is QoS 0 and not retained, the will (NDEATH) QoS 1 and without a `seq`.
//! <https://sparkplug.eclipse.org/specification/version/3.0/>, `sparkplug_b.proto` of Eclipse Tahu.

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::Parcel;
use crate::protobuf::{put_bytes, put_double, put_float, put_varint};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::Sparkplug,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| {
        let line = |kind: &str, device: &str| {
            context.line(
                format!("spBv1.0/rooms/{kind}/{}{device}", context.topic()),
                0,
                false,
            )
        };
        Box::new(Sparkplug {
            node_birth: line("NBIRTH", ""),
            birth: line("DBIRTH", "/meter"),
            data: line("DDATA", "/meter"),
            availability: Availability {
                line: Line {
                    topic: format!("spBv1.0/rooms/NDEATH/{}", context.topic()).into(),
                    qos: 1,
                    retain: false,
                },
                online: b"".into(),
                offline: b"".into(),
            },
            sequence: 0,
            session: 0,
        })
    },
};

/// Datatypes of the specification.
#[derive(Clone, Copy)]
enum Datatype {
    Int32 = 3,
    Uint64 = 8,
    Float = 9,
    Double = 10,
}

/// A metric of the meter; its alias is its place in the table.
struct Metric {
    name: &'static str,
    datatype: Datatype,
    unit: &'static str,
    is_counter: bool,
    value: fn(&Sample) -> f64,
}

const METRICS: [Metric; 7] = [
    metric("Power/Active/Total", Datatype::Float, "kW", false, |sample| {
        sample.watts() / 1000.0
    }),
    metric("Power/Active/L1", Datatype::Float, "kW", false, |sample| {
        sample.phase[0].watts / 1000.0
    }),
    metric("Power/Active/L2", Datatype::Float, "kW", false, |sample| {
        sample.phase[1].watts / 1000.0
    }),
    metric("Power/Active/L3", Datatype::Int32, "W", false, |sample| {
        sample.phase[2].watts
    }),
    metric("Voltage/L1", Datatype::Float, "V", false, |sample| {
        sample.phase[0].volts
    }),
    metric("Energy/Import", Datatype::Double, "kWh", true, |sample| {
        sample.import_wh() / 1000.0
    }),
    metric("Energy/Export", Datatype::Double, "kWh", true, |sample| {
        sample.export_wh() / 1000.0
    }),
];

const fn metric(
    name: &'static str,
    datatype: Datatype,
    unit: &'static str,
    is_counter: bool,
    value: fn(&Sample) -> f64,
) -> Metric {
    Metric {
        name,
        datatype,
        unit,
        is_counter,
        value,
    }
}

struct Sparkplug {
    node_birth: Line,
    birth: Line,
    data: Line,
    availability: Availability,
    /// Of the next message.
    sequence: u8,
    /// Of the next connection: `bdSeq`.
    session: u8,
}

/// A metric's fields, without its frame; names only in births.
fn write_metric(alias: usize, metric: &Metric, sample: &Sample, is_birth: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    if is_birth {
        put_bytes(&mut out, 1, metric.name.as_bytes());
    }
    put_varint(&mut out, 2, alias as u64);
    put_varint(&mut out, 3, sample.stamp_ms.unsigned_abs());
    if is_birth {
        put_varint(&mut out, 4, metric.datatype as u64);
        put_bytes(&mut out, 9, &unit_property(metric.unit));
    }
    let value = (metric.value)(sample);
    #[expect(clippy::cast_possible_truncation, reason = "what the datatype holds")]
    match metric.datatype {
        // Two's complement of 32 bits.
        Datatype::Int32 => put_varint(&mut out, 10, u64::from((value.round() as i32).cast_unsigned())),
        Datatype::Uint64 => put_varint(&mut out, 11, value as i64 as u64),
        Datatype::Float => put_float(&mut out, 12, value as f32),
        Datatype::Double => put_double(&mut out, 13, value),
    }
    out
}

/// A property set of one: `engUnit`, a string.
fn unit_property(unit: &str) -> Vec<u8> {
    let mut value = Vec::new();
    put_varint(&mut value, 1, 12);
    put_bytes(&mut value, 8, unit.as_bytes());
    let mut set = Vec::new();
    put_bytes(&mut set, 1, b"engUnit");
    put_bytes(&mut set, 2, &value);
    set
}

/// `bdSeq`, by which a death is known to belong to a birth.
fn session_metric(session: u8) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, 1, b"bdSeq");
    put_varint(&mut out, 4, Datatype::Uint64 as u64);
    put_varint(&mut out, 11, u64::from(session));
    out
}

fn payload(stamp_ms: i64, metrics: impl IntoIterator<Item = Vec<u8>>, sequence: Option<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    put_varint(&mut out, 1, stamp_ms.unsigned_abs());
    for metric in metrics {
        put_bytes(&mut out, 2, &metric);
    }
    if let Some(sequence) = sequence {
        put_varint(&mut out, 3, u64::from(sequence));
    }
    out
}

impl Sparkplug {
    fn next_sequence(&mut self) -> Option<u8> {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        Some(sequence)
    }
}

impl WireFormat for Sparkplug {
    fn greet(&mut self, sample: &Sample, out: &mut Vec<Parcel>) {
        self.sequence = 0;
        let session = session_metric(self.session);
        self.session = self.session.wrapping_add(1);
        self.availability.offline = payload(sample.stamp_ms, [session.clone()], None).into();
        let node = payload(sample.stamp_ms, [session], self.next_sequence());
        out.push(self.node_birth.say(sample.at_ms, node));
        let metrics = METRICS.iter().enumerate();
        let metrics = metrics.map(|(alias, metric)| write_metric(alias, metric, sample, true));
        let birth = payload(sample.stamp_ms, metrics, self.next_sequence());
        out.push(self.birth.say(sample.at_ms, birth));
    }

    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>) {
        let metrics = METRICS.iter().enumerate();
        let metrics = metrics
            .filter(|(_, metric)| if metric.is_counter { due.counter } else { due.power })
            .map(|(alias, metric)| write_metric(alias, metric, sample, false));
        let sequence = self.next_sequence();
        out.push(
            self.data
                .say(sample.at_ms, payload(sample.stamp_ms, metrics, sequence)),
        );
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
