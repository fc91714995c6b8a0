//! `[[mapper]]`: a meter that is configuration, not code.

use std::num::NonZeroU16;

use crate::config::section::{Entry, section};
use crate::config::value::{Number, QuantityWord, TimeUnitWord};

section! {
    /// A meter that speaks plain JSON or bare numbers.
    Mapper {
        /// What people call it.
        name: Option<String> => required("\"gateway of the angio room\""),
        /// The topics it reads: levels, '+', a trailing '#', and {meter}, {channel}, {field}, each a level of its own.
        topic: Option<String> => required("\"plant/{meter}/{field}\""),
        /// JSON pointer to a list of items, or to an object whose keys name the channels. Each item is read by itself:
        /// the pointers below start at it; those to meter, channel and time also at the whole message.
        items_pointer: Option<String> => optional("\"/metrics\""),
        /// The meter's name, where the topic does not hold it.
        meter: Option<String> => optional("\"angio\""),
        /// Or the JSON pointer to it.
        meter_pointer: Option<String> => optional("\"/device/serial\""),
        /// JSON pointer to the channel's name.
        channel_pointer: Option<String> => optional("\"/channel\""),
        /// Where the message says when it was measured. Not said: the time of arrival counts.
        time: Option<Entry<MapperTime>> => inline(MapperTime, "{ pointer = \"/ts\", unit = \"unix_ms\" }", Comment),
        /// A value of the message. Repeat it for each one.
        field: Vec<Entry<MapperField>> => tables(MapperField, Comment),
    }

    /// A value of the message.
    MapperField {
        /// The word at {field} for which this holds; it must be said where the topic has {field}.
        field: Option<String> => optional("\"P_total\""),
        /// JSON pointer to the value. Not said: the whole payload is the number.
        pointer: Option<String> => optional("\"/values/power\""),
        /// "power", "energy" (the counter), "energy_export", "voltage" or "current".
        quantity: Option<QuantityWord> => required("\"power\""),
        /// W, kW, MW, mW; Wh, kWh, MWh, mWh, Wmin, Ws, J; V, mV; A, mA.
        unit: Option<String> => required("\"kW\""),
        /// The number is multiplied by this first.
        scale: Number => preset(Number(1.0)),
        /// The clamp sits backwards: the sign is turned.
        reversed: bool => preset(false),
        /// The channel's name, where neither topic nor payload hold it.
        channel: Option<String> => optional("\"total\""),
        /// Numbers, as they are sent, by which the meter says that it has no value.
        no_value: Vec<Number> => preset(Vec::new()),
    }

    /// What a name means that a gateway, a codec or a controller was given freely.
    Naming {
        /// The family whose messages carry the name; `idlewatt decode --families` lists them.
        family: Option<String> => required("\"sparkplug\""),
        /// Only for this meter.
        meter: Option<String> => optional("\"Hospital/gateway 1/mri\""),
        /// Only for this device profile (LoRaWAN), measurement (Telegraf) or model.
        profile: Option<String> => optional("\"Panel meter\""),
        /// The name, exactly as it is sent.
        name: Option<String> => required("\"Meter1/kW\""),
        /// "power", "energy" (the counter), "energy_export", "voltage" or "current".
        quantity: Option<QuantityWord> => required("\"power\""),
        /// W, kW, MW, mW; Wh, kWh, MWh, mWh, Wmin, Ws, J; V, mV; A, mA.
        unit: Option<String> => required("\"kW\""),
        /// The number is multiplied by this first.
        scale: Number => preset(Number(1.0)),
        /// The clamp sits backwards: the sign is turned.
        reversed: bool => preset(false),
        /// The channel it is of. Not said: the meter has one load.
        channel: Option<String> => optional("\"l1\""),
    }

    /// A clamp that says a current and nothing else.
    Clamp {
        /// The meter, as `idlewatt decode` names it.
        meter: Option<String> => required("\"24e124136b502217\""),
        /// One of its channels. Not said: all.
        channel: Option<String> => optional("\"chn1\""),
        /// Voltage between phase and neutral, V.
        voltage_v: Number => preset(Number(230.0)),
        /// Power factor of the load, above 0 and at most 1.
        power_factor: Number => preset(Number(0.9)),
        /// Phases that carry the same current: 3 for one clamp on a balanced load.
        phases: NonZeroU16 => preset(NonZeroU16::MIN),
    }

    /// Where a message says when it was measured.
    MapperTime {
        /// JSON pointer to the stamp.
        pointer: Option<String> => required("\"/ts\""),
        /// "unix_s", "unix_ms", "unix_us", "unix_ns", "rfc3339", or "local" for the zone of [decode].
        unit: Option<TimeUnitWord> => required("\"unix_ms\""),
    }
}
