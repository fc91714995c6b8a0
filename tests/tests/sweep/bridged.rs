//! Meters behind something that speaks for them: a reader, a gateway, a network server, a controller.

use crate::row::View::{Estimated, Idle, Phase, Total};
use crate::row::{ALL, PLUG, ROW, Row, TOTAL_REGISTERS, Word};

/// By their names.
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
        format: "modpoll",
        family: "modpoll",
        channels: TOTAL_REGISTERS,
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
    Row {
        format: "rtl_433",
        topic: "rtl_433/attic",
        family: "rtl_433",
        meter: "Clamp-Transmitter/4711",
        energy_step_wh: 10.0,
        word: Word::Nothing,
        ..PLUG
    },
    Row {
        format: "sma_em",
        topic: "1900123456",
        family: "sma_em",
        meter: "1900123456",
        channels: ALL,
        power_step_w: 0.1,
        energy_step_wh: 0.1,
        word: Word::Nothing,
        ..ROW
    },
    Row {
        format: "supla",
        topic: "mew-01-ct1",
        family: "supla",
        meter: "mew-01-ct1",
        channels: &[
            ("total", Total, "ie"),
            ("l1", Phase(0), "pie"),
            ("l2", Phase(1), "pie"),
            ("l3", Phase(2), "pie"),
        ],
        power_step_w: 0.01,
        energy_step_wh: 0.01,
        ..ROW
    },
    Row {
        format: "venus_grid",
        topic: "energy/ct1",
        family: "dbus_mqtt",
        channels: ALL,
        power_step_w: 0.1,
        word: Word::Nothing,
        ..ROW
    },
];
