//! `[[mapper]]`: a meter that is configuration, not code.

use crate::config::section::{Entry, section};
use crate::config::value::{Number, QuantityWord, TimeUnitWord};

section! {
    /// A meter that speaks plain JSON or bare numbers.
    Mapper {
        /// What people call it.
        name: Option<String> => required("\"gateway of the angio room\""),
        /// The topics it reads: levels, '+', a trailing '#', and {meter}, {channel}, {field}, each a level of its own.
        topic: Option<String> => required("\"plant/{meter}/{field}\""),
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
    }

    /// Where a message says when it was measured.
    MapperTime {
        /// JSON pointer to the stamp.
        pointer: Option<String> => required("\"/ts\""),
        /// "unix_s", "unix_ms", "rfc3339", or "local" for the zone of [decode].
        unit: Option<TimeUnitWord> => required("\"unix_ms\""),
    }
}
