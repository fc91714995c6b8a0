//! How each format of the simulator is to be understood.

use simulator::Sample;

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
    /// Parts of topics that no decoder needs to know, each with the reason.
    pub(crate) unread: &'static [(&'static str, &'static str)],
    /// Why a channel's first power may be a zero that is none yet.
    pub(crate) first_zero: Option<&'static str>,
    /// What a person is told of such a meter.
    pub(crate) notices: &'static [&'static str],
}

use View::{Estimated, Idle, Phase, Total};

const ROW: Row = Row {
    format: "",
    topic: "ct1",
    is_plug: false,
    can_reverse: true,
    is_counter_from_boot: false,
    word: Word::Will,
    family: "",
    meter: "ct1",
    alias: "",
    config: "{}",
    channels: &[],
    power_step_w: 1.0,
    energy_step_wh: 1.0,
    unread: &[],
    first_zero: None,
    notices: &[],
};
const PLUG: Row = Row {
    topic: "ws1",
    meter: "ws1",
    is_plug: true,
    channels: &[("", Total, "pi")],
    ..ROW
};
const BY_PHASE: &[(&str, View, &str)] = &[
    ("l1", Phase(0), "pie"),
    ("l2", Phase(1), "pie"),
    ("l3", Phase(2), "pie"),
];
const ALL: &[(&str, View, &str)] = &[
    ("total", Total, "pie"),
    ("l1", Phase(0), "pie"),
    ("l2", Phase(1), "pie"),
    ("l3", Phase(2), "pie"),
];
/// Powers by phase beside the total, registers of the total only.
const TOTAL_REGISTERS: &[(&str, View, &str)] = &[
    ("total", Total, "pie"),
    ("l1", Phase(0), "p"),
    ("l2", Phase(1), "p"),
    ("l3", Phase(2), "p"),
];

/// Every format, in the order of the simulator's table.
pub(crate) const ROWS: &[Row] = &[
    Row {
        format: "ams",
        family: "ams",
        channels: &[
            ("total", Total, "pie"),
            ("l1", Phase(0), ""),
            ("l2", Phase(1), ""),
            ("l3", Phase(2), ""),
        ],
        energy_step_wh: 10.0,
        ..ROW
    },
    Row {
        format: "chirpstack_clamp",
        topic: "075f3db0-0000-4bd2-a355-b5e3e4418b2f",
        family: "lorawan",
        meter: "24e1aa1921ca5caf",
        config: r#"{"clamp":[{"meter":"24e1aa1921ca5caf","voltage_v":230,"power_factor":0.9}]}"#,
        channels: &[(
            "",
            Estimated {
                voltage_v: 230.0,
                power_factor: 0.9,
            },
            "p",
        )],
        power_step_w: 20.7,
        word: Word::Nothing,
        can_reverse: false,
        ..PLUG
    },
    Row {
        format: "chirpstack_phases",
        topic: "075f3db0-0000-4bd2-a355-b5e3e4418b2f",
        family: "lorawan",
        meter: "",
        channels: TOTAL_REGISTERS,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "chirpstack_plug",
        topic: "075f3db0-0000-4bd2-a355-b5e3e4418b2f",
        family: "lorawan",
        meter: "",
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "cyberpower",
        topic: "rack-2",
        family: "cyberpower",
        meter: "rack-2",
        channels: &[
            ("1", Total, "pi"),
            ("2", Idle, "pi"),
            ("bank1", Total, "p"),
            ("total", Total, "pi"),
            ("input", Total, ""),
        ],
        power_step_w: 0.1,
        energy_step_wh: 100.0,
        can_reverse: false,
        ..PLUG
    },
    Row {
        format: "dsmr",
        topic: "dsmr",
        family: "dsmr",
        meter: "dsmr",
        channels: TOTAL_REGISTERS,
        energy_step_wh: 2.0,
        word: Word::Nothing,
        first_zero: Some(
            "what is bought is 0 before what is returned was ever heard: many meters never say it",
        ),
        ..ROW
    },
    Row {
        format: "emontx",
        family: "emon",
        channels: &[
            ("1", Phase(0), "pi"),
            ("2", Phase(1), "pi"),
            ("3", Phase(2), "pi"),
            ("", Total, ""),
        ],
        is_counter_from_boot: true,
        // Its counters are net: they fall below nothing.
        can_reverse: false,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "esphome",
        family: "home_assistant",
        channels: TOTAL_REGISTERS,
        power_step_w: 0.1,
        ..ROW
    },
    Row {
        format: "esphome_kilo",
        family: "home_assistant",
        power_step_w: 0.1,
        ..PLUG
    },
    Row {
        format: "espurna",
        family: "espurna",
        energy_step_wh: 0.001,
        ..PLUG
    },
    Row {
        format: "generic_json",
        topic: "plc/ct1",
        family: "mapper",
        config: r#"{"mapper":[{"name":"gateway","topic":"plc/{meter}","field":[
            {"pointer":"/P_total_kW","quantity":"power","unit":"kW"},
            {"pointer":"/E_import_kWh","quantity":"energy","unit":"kWh"},
            {"pointer":"/E_export_kWh","quantity":"energy_export","unit":"kWh"}]}]}"#,
        channels: &[("", Total, "pie")],
        ..ROW
    },
    Row {
        format: "generic_number",
        topic: "plc/ct1",
        family: "mapper",
        config: r#"{"mapper":[{"name":"controller","topic":"plc/{meter}/{field}","field":[
            {"field":"power_kw","quantity":"power","unit":"kW"},
            {"field":"energy_kwh","quantity":"energy","unit":"kWh"}]}]}"#,
        channels: &[("", Total, "pi")],
        energy_step_wh: 10.0,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "gosdm630",
        family: "mbmd",
        channels: &[
            ("total", Total, "ie"),
            ("l1", Phase(0), "pie"),
            ("l2", Phase(1), "pie"),
            ("l3", Phase(2), "pie"),
        ],
        power_step_w: 0.001,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "gude",
        topic: "00:19:32:0a:0b:0c",
        family: "gude",
        meter: "00:19:32:0a:0b:0c",
        channels: &[
            ("l1", Phase(0), "p"),
            ("l2", Phase(1), "p"),
            ("l3", Phase(2), "p"),
        ],
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "homie4",
        family: "homie",
        channels: TOTAL_REGISTERS,
        power_step_w: 0.1,
        ..ROW
    },
    Row {
        format: "homie5",
        family: "homie",
        channels: TOTAL_REGISTERS,
        power_step_w: 0.1,
        ..ROW
    },
    Row {
        format: "iammeter",
        topic: "A1B2C3D4",
        family: "iammeter",
        meter: "A1B2C3D4",
        channels: BY_PHASE,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "kasa_v1",
        family: "kasa",
        power_step_w: 1e-6,
        energy_step_wh: 1e-3,
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "kasa_v2",
        family: "kasa",
        power_step_w: 1e-3,
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "mbmd",
        topic: "sdm1-1",
        family: "mbmd",
        meter: "sdm1-1",
        channels: ALL,
        power_step_w: 0.001,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "meross",
        topic: "90a1b2",
        family: "meross",
        meter: "90a1b2",
        channels: &[("0", Total, "p")],
        power_step_w: 0.001,
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "modpoll",
        family: "modpoll",
        channels: TOTAL_REGISTERS,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "netio",
        topic: "netio/ws1",
        family: "mapper",
        config: r#"{"mapper":[{"name":"flex","topic":"netio/{meter}/outputs/{channel}","field":[
            {"pointer":"/load","quantity":"power","unit":"W"},
            {"pointer":"/energy_nr","quantity":"energy","unit":"Wh"},
            {"pointer":"/reverse_energy","quantity":"energy_export","unit":"Wh"}]}]}"#,
        channels: &[("1", Total, "pie")],
        ..PLUG
    },
    Row {
        format: "openbeken",
        family: "openbeken",
        power_step_w: 0.01,
        energy_step_wh: 0.001,
        ..PLUG
    },
    Row {
        format: "shelly_em1",
        family: "shelly_gen2",
        channels: &[
            ("0", Phase(0), "pie"),
            ("1", Phase(1), "pie"),
            ("2", Phase(2), "pie"),
        ],
        power_step_w: 0.1,
        energy_step_wh: 0.01,
        ..ROW
    },
    Row {
        format: "shelly_gen1",
        topic: "shellyem3-ct1",
        family: "shelly_gen1",
        meter: "shellyem3-ct1",
        channels: BY_PHASE,
        power_step_w: 0.01,
        energy_step_wh: 0.1,
        ..ROW
    },
    Row {
        format: "shelly_gen1_info",
        topic: "shellyem3-ct1",
        family: "shelly_gen1",
        meter: "shellyem3-ct1",
        channels: BY_PHASE,
        power_step_w: 0.01,
        energy_step_wh: 0.1,
        ..ROW
    },
    Row {
        format: "shelly_gen1_plug",
        family: "shelly_gen1",
        channels: &[("0", Total, "pi")],
        power_step_w: 0.01,
        energy_step_wh: 0.02,
        is_counter_from_boot: true,
        ..PLUG
    },
    Row {
        format: "shelly_gen2_events",
        family: "shelly_gen2",
        meter: "shellypro3em-aa1921ca5caf",
        alias: "ct1",
        channels: ALL,
        power_step_w: 0.1,
        energy_step_wh: 0.01,
        ..ROW
    },
    Row {
        format: "shelly_gen2_plug",
        family: "shelly_gen2",
        channels: &[("0", Total, "pi")],
        power_step_w: 0.1,
        energy_step_wh: 0.001,
        ..PLUG
    },
    Row {
        format: "shelly_gen2_status",
        family: "shelly_gen2",
        channels: ALL,
        power_step_w: 0.1,
        energy_step_wh: 0.01,
        ..ROW
    },
    Row {
        format: "smappee",
        topic: "91d9dff3-0000-4316-af61-dafd26172dd9",
        family: "smappee",
        meter: "91d9dff3-0000-4316-af61-dafd26172dd9",
        channels: &[
            ("total", Total, "pie"),
            ("ct0", Phase(0), "pie"),
            ("ct1", Phase(1), "pie"),
            ("ct2", Phase(2), "pie"),
        ],
        energy_step_wh: 0.001,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "snmp2mqtt",
        topic: "pdu-1",
        family: "snmp2mqtt",
        meter: "pdu-1",
        config: r#"{"naming":[
            {"family":"snmp2mqtt","name":"active_power","quantity":"power","unit":"W"},
            {"family":"snmp2mqtt","name":"energy","quantity":"energy","unit":"kWh","scale":0.1}]}"#,
        energy_step_wh: 100.0,
        can_reverse: false,
        word: Word::Online,
        ..PLUG
    },
    Row {
        format: "sparkplug",
        family: "sparkplug",
        meter: "rooms/ct1/meter",
        alias: "rooms/ct1",
        channels: TOTAL_REGISTERS,
        energy_step_wh: 0.001,
        ..ROW
    },
    Row {
        format: "statestream",
        family: "home_assistant",
        meter: "*",
        energy_step_wh: 10.0,
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "tasmota",
        family: "tasmota",
        ..PLUG
    },
    Row {
        format: "tasmota_phases",
        family: "tasmota",
        channels: &[
            ("total", Total, "i"),
            ("l1", Phase(0), "pe"),
            ("l2", Phase(1), "pe"),
            ("l3", Phase(2), "pe"),
        ],
        ..ROW
    },
    Row {
        format: "tasmota_sml",
        family: "tasmota",
        channels: &[("", Total, "pie")],
        energy_step_wh: 0.1,
        ..ROW
    },
    Row {
        format: "telegraf",
        topic: "gateway",
        family: "telegraf",
        meter: "gateway/1",
        channels: TOTAL_REGISTERS,
        power_step_w: 0.1,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "telegraf_batch",
        topic: "gateway",
        family: "telegraf",
        meter: "gateway/1",
        channels: TOTAL_REGISTERS,
        power_step_w: 0.1,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "things_stack",
        topic: "meters",
        family: "lorawan",
        meter: "",
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "tuya",
        topic: "bf0123456789abcdef",
        family: "tuya",
        meter: "bf0123456789abcdef",
        channels: &[("", Total, "p")],
        power_step_w: 0.1,
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "victron",
        topic: "grid/30",
        family: "victron",
        meter: "",
        channels: ALL,
        power_step_w: 0.1,
        ..ROW
    },
    Row {
        format: "zigbee2mqtt",
        family: "zigbee2mqtt",
        energy_step_wh: 10.0,
        ..PLUG
    },
    Row {
        format: "zigbee2mqtt_phases",
        family: "zigbee2mqtt",
        channels: TOTAL_REGISTERS,
        energy_step_wh: 10.0,
        ..ROW
    },
    Row {
        format: "zwave_js_ui",
        family: "zwave_js_ui",
        channels: &[("0", Total, "pi")],
        power_step_w: 0.1,
        ..PLUG
    },
];
