//! What the encoder writes, as a table: measurements, tags and fields with units. `docs/series.md` shows the same.

/// A measurement: its key is device tags, `tags` and the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Its name.
    pub name: &'static str,
    /// What one point says.
    pub says: &'static str,
    /// What the point's instant is.
    pub instant: &'static str,
    /// Tags beyond `device`, `modality`, `room`, `site`.
    pub tags: &'static [Column],
    /// Fields in the order they are written.
    pub fields: &'static [Column],
}

/// A tag or a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its key.
    pub key: &'static str,
    /// `tag`, `float`, `integer`, `boolean` or `string`.
    pub kind: &'static str,
    /// Its unit, `-` where there is none.
    pub unit: &'static str,
    /// What it says.
    pub says: &'static str,
}

const fn column(key: &'static str, kind: &'static str, unit: &'static str, says: &'static str) -> Column {
    Column {
        key,
        kind,
        unit,
        says,
    }
}

const LEVEL: &str = "the level of this state that was held longest; absent while none is known";
const CONFIDENCE: &str = "how sure its name is, 0 to 1; below 0.5 is provisional";
const STATES: &str = "off, standby, idle, scanning, unknown";
const STATE_CODES: &str = "0 off, 1 standby, 2 idle, 3 scanning, 4 unknown";

/// Every measurement.
pub const SERIES: &[Measurement] = &[
    Measurement {
        name: "power",
        says: "the power curve, one point a reading",
        instant: "of the measurement",
        tags: &[],
        fields: &[
            column(
                "power_w",
                "float",
                "W",
                "signed active power, summed over the device's meters",
            ),
            column("state", "string", "-", STATES),
            column("state_code", "integer", "-", STATE_CODES),
            column(
                "provisional",
                "boolean",
                "-",
                "a later point may still correct the state",
            ),
        ],
    },
    Measurement {
        name: "state",
        says: "the state changed",
        instant: "since when the new state holds",
        tags: &[],
        fields: &[
            column("state", "string", "-", STATES),
            column("state_code", "integer", "-", STATE_CODES),
            column("was", "string", "-", "the state before"),
            column("was_code", "integer", "-", "its code"),
            column(
                "power_w",
                "float",
                "W",
                "the power that made the change; absent where silence did",
            ),
        ],
    },
    Measurement {
        name: "interval",
        says: "a stretch of time in one state, final; the intervals of a device tile time",
        instant: "its beginning",
        tags: &[],
        fields: &[
            column("duration_s", "float", "s", "how long"),
            column("energy_wh", "float", "Wh", "energy booked to it"),
            column(
                "estimated_wh",
                "float",
                "Wh",
                "the part integrated from power, not counted by a meter",
            ),
            column("state", "string", "-", STATES),
            column("state_code", "integer", "-", STATE_CODES),
        ],
    },
    Measurement {
        name: "exam",
        says: "a cluster of scanning, probably one examination",
        instant: "start of its first acquisition",
        tags: &[],
        fields: &[
            column("number", "integer", "-", "counts up from 1 for each device"),
            column("duration_s", "float", "s", "first acquisition to end of the last"),
            column("energy_wh", "float", "Wh", "all energy in that time"),
            column("scanning_s", "float", "s", "the scanning inside"),
            column("scanning_wh", "float", "Wh", "its energy"),
            column(
                "kind",
                "string",
                "-",
                "patient, or calibration_guess: short regular exposures, the first of the day",
            ),
            column("patient", "boolean", "-", "whether it counts as a patient's"),
        ],
    },
    Measurement {
        name: "energy",
        says: "the energy ledger of one local hour so far; the last write of a point is the whole hour",
        instant: "start of the local hour",
        tags: &[
            column(
                "open",
                "tag",
                "-",
                "true inside the device's opening hours, false outside",
            ),
            column("state", "tag", "-", STATES),
            column("tariff", "tag", "-", "day, night"),
        ],
        fields: &[
            column("energy_wh", "float", "Wh", "energy"),
            column(
                "estimated_wh",
                "float",
                "Wh",
                "the part integrated from power, not counted by a meter",
            ),
            column("duration_s", "float", "s", "time"),
            column(
                "cost",
                "float",
                "currency",
                "at the tariff's price, in the site's currency",
            ),
            column("co2e_g", "float", "g", "CO2 equivalent"),
        ],
    },
    Measurement {
        name: "alert",
        says: "a step in an alert's life",
        instant: "of the step",
        tags: &[
            column(
                "phase",
                "tag",
                "-",
                "raised, reminded, acknowledged, snoozed, cleared",
            ),
            column("rule", "tag", "-", "the rule's name"),
            column("severity", "tag", "-", "info, warning, critical"),
        ],
        fields: &[
            column(
                "open",
                "boolean",
                "-",
                "whether the alert is open after this step",
            ),
            column(
                "since_ms",
                "integer",
                "ms",
                "when what it tells of began, Unix time",
            ),
            column("duration_s", "float", "s", "from then to this step"),
            column("energy_wh", "float", "Wh", "energy spent on it so far"),
            column("cost", "float", "currency", "in the site's currency"),
            column("co2e_g", "float", "g", "CO2 equivalent"),
        ],
    },
    Measurement {
        name: "meter_fault",
        says: "something is wrong with a meter",
        instant: "of the fault",
        tags: &[
            column(
                "kind",
                "tag",
                "-",
                "counter_reset, counter_rollback, counter_jump, implausible_power, silent, heard, offline, clock_wrong, too_late, counter_wrap, counter_stuck, message_lost, meter_error, estimated_power, unknown_name, unit_assumed, interval_too_coarse",
            ),
            column("meter", "tag", "-", "the meter's name"),
        ],
        fields: &[
            column("count", "integer", "-", "always 1, to be counted"),
            column("detail", "string", "-", "the figures, for an engineer"),
        ],
    },
    Measurement {
        name: "band",
        says: "what a device has learned of its levels, said when it has changed",
        instant: "from when it holds",
        tags: &[],
        fields: &[
            column("off_w", "float", "W", LEVEL),
            column("off_confidence", "float", "-", CONFIDENCE),
            column("standby_w", "float", "W", LEVEL),
            column("standby_confidence", "float", "-", CONFIDENCE),
            column("idle_w", "float", "W", LEVEL),
            column("idle_confidence", "float", "-", CONFIDENCE),
            column(
                "scanning_from_w",
                "float",
                "W",
                "acquisition begins here; absent where it is not claimed",
            ),
            column(
                "scout_from_w",
                "float",
                "W",
                "what rises to so much from idle is an acquisition too, if others are near",
            ),
            column(
                "interval_s",
                "float",
                "s",
                "how often the meter tells something new",
            ),
            column(
                "too_coarse",
                "boolean",
                "-",
                "too rarely for acquisitions to be seen",
            ),
            column("provisional", "boolean", "-", "a name may still change"),
            column("bands", "string", "-", "all levels in words"),
        ],
    },
];
