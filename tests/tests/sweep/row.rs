//! What a row of the sweep says: how the messages of one format are to be understood.

use simulator::Sample;

use crate::{bridged, direct};

/// Which part of what the meter showed a channel is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View {
    /// All phases together.
    Total,
    /// One of them, from 0.
    Phase(usize),
    /// An idle outlet beside the load.
    Idle,
    /// The power that a `[[clamp]]` works out of the current.
    Estimated { voltage_v: f64, power_factor: f64 },
}

/// What a channel should say.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) watts: f64,
    pub(crate) import_wh: f64,
    pub(crate) export_wh: f64,
    pub(crate) volts: f64,
    pub(crate) amperes: f64,
}

impl View {
    /// What the meter showed of this part, its counters from `begun` on.
    pub(crate) fn of(self, sample: &Sample, begun: Option<&Sample>) -> Shown {
        let phases = sample.each();
        let mut shown = match self {
            Self::Total => Shown {
                watts: sample.watts(),
                import_wh: sample.import_wh(),
                export_wh: sample.export_wh(),
                volts: phases[0].volts,
                amperes: phases.iter().map(|phase| phase.amperes).sum(),
            },
            Self::Phase(phase) => Shown {
                watts: phases[phase].watts,
                import_wh: phases[phase].import_wh,
                export_wh: phases[phase].export_wh,
                volts: phases[phase].volts,
                amperes: phases[phase].amperes,
            },
            Self::Idle => Shown::default(),
            Self::Estimated {
                voltage_v,
                power_factor,
            } => Shown {
                watts: voltage_v * phases[0].amperes * power_factor,
                amperes: phases[0].amperes,
                ..Shown::default()
            },
        };
        if let Some(begun) = begun {
            let begun = self.of(begun, None);
            shown.import_wh -= begun.import_wh;
            shown.export_wh -= begun.export_wh;
        }
        shown
    }
}

/// What a meter says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// That it is there, and by its will that it is not.
    Will,
    /// That it is there; the will is its bridge's.
    Online,
    /// Nothing, or only its bridge does.
    Nothing,
}

/// One format.
pub(crate) struct Row {
    /// The simulator's name of it.
    pub(crate) format: &'static str,
    /// The scenario's topic.
    pub(crate) topic: &'static str,
    /// One phase, in front of a workstation.
    pub(crate) is_plug: bool,
    /// Whether a clamp can sit the wrong way round.
    pub(crate) can_reverse: bool,
    /// Whether the counters begin with the meter's start.
    pub(crate) is_counter_from_boot: bool,
    /// What its availability says.
    pub(crate) word: Word,
    /// The decoder's family.
    pub(crate) family: &'static str,
    /// The meter's name; where empty, whatever the first message says; `*` where every value is a meter.
    pub(crate) meter: &'static str,
    /// Another name under which the same meter says whether it is there: its node, its prefix.
    pub(crate) alias: &'static str,
    /// What a person has to configure, as JSON.
    pub(crate) config: &'static str,
    /// Each channel, the part it is of, and what it must say: power, import, export.
    pub(crate) channels: &'static [(&'static str, View, &'static str)],
    /// One step of the last digit.
    pub(crate) power_step_w: f64,
    /// One step of the last digit; counters that are cut rather than rounded miss up to one.
    pub(crate) energy_step_wh: f64,
    /// Why a channel's first power may be a zero that is none yet.
    pub(crate) first_zero: Option<&'static str>,
}

pub(crate) const ROW: Row = Row {
    format: "",
    topic: "ct1",
    is_plug: false,
    can_reverse: true,
    is_counter_from_boot: false,
    word: Word::Will,
    family: "",
    meter: "ct1",
    alias: "",
    config: r#"{"zone_of_local_stamps":"Europe/Paris"}"#,
    channels: &[],
    power_step_w: 1.0,
    energy_step_wh: 1.0,
    first_zero: None,
};
pub(crate) const PLUG: Row = Row {
    topic: "ws1",
    meter: "ws1",
    is_plug: true,
    channels: &[("", View::Total, "pi")],
    ..ROW
};
pub(crate) const BY_PHASE: &[(&str, View, &str)] = &[
    ("l1", View::Phase(0), "pie"),
    ("l2", View::Phase(1), "pie"),
    ("l3", View::Phase(2), "pie"),
];
pub(crate) const ALL: &[(&str, View, &str)] = &[
    ("total", View::Total, "pie"),
    ("l1", View::Phase(0), "pie"),
    ("l2", View::Phase(1), "pie"),
    ("l3", View::Phase(2), "pie"),
];
/// Powers by phase beside the total, registers of the total only.
pub(crate) const TOTAL_REGISTERS: &[(&str, View, &str)] = &[
    ("total", View::Total, "pie"),
    ("l1", View::Phase(0), "p"),
    ("l2", View::Phase(1), "p"),
    ("l3", View::Phase(2), "p"),
];

/// Every format of the simulator.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    direct::ROWS.iter().chain(bridged::ROWS)
}
