//! Meters and plugs that speak MQTT themselves.

use crate::row::View::{Phase, Total};
use crate::row::{ALL, BY_PHASE, PLUG, ROW, Row, TOTAL_REGISTERS, Word};

/// By their names.
pub(crate) const ROWS: &[Row] = &[
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
        format: "esphome_named",
        family: "esphome",
        power_step_w: 0.1,
        ..PLUG
    },
    Row {
        format: "netio_variables",
        topic: "rack/pdu-2",
        family: "netio",
        meter: "rack/pdu-2",
        channels: &[("1", Total, "pie")],
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "unit_text",
        topic: "rack/ports",
        family: "unit_text",
        meter: "strip-ports",
        channels: &[("3", Total, "pi")],
        power_step_w: 0.01,
        word: Word::Nothing,
        ..PLUG
    },
];
