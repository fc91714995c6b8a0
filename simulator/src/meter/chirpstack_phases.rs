//! Yobiiq EM4301, three phases, through ChirpStack v4: an uplink on port 3 for the powers, one on port 1 for the registers, one on
//! port 2 for voltages and currents: `application/<topic>/device/<devEui>/event/up`.
//!
//! `activePowerL1`… W, `activeEnergyImportL123T1` and `T2` Wh (whole), currents mA. One tariff is in use, so the second
//! register stands at 0. QoS 0, not retained. <https://github.com/thingsboard/data-converters>, vendor Yobiiq.

use super::chirpstack_plug::JOIN;
use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::ChirpstackPhases,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[
        JOIN,
        Group {
            when: When::Power,
            qos: 0,
            retain: false,
            says: &[(
                "application/<topic>/device/24e1<address>/event/up",
                r#"{"deduplicationId":"3f0a5c1e-7d2b-4c55-9a10-<address>","time":"<time utc>",
                    "deviceInfo":{"tenantName":"Rooms","applicationId":"<topic>","applicationName":"meters",
                    "deviceProfileName":"EM4301","deviceName":"<leaf>","devEui":"24e1<address>","tags":{}},
                    "devAddr":"01a2b3c4","adr":true,"dr":5,"fCnt":<count>,"fPort":3,"confirmed":false,"data":"AA==",
                    "object":{"activePowerL123":<power total W .0>,"activePowerL1":<power l1 W .0>,
                    "activePowerL2":<power l2 W .0>,"activePowerL3":<power l3 W .0>},
                    "rxInfo":[{"gatewayId":"a84041fdfe000001","rssi":-71,"snr":9.5}]}"#,
            )],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: false,
            says: &[
                (
                    "application/<topic>/device/24e1<address>/event/up",
                    r#"{"deduplicationId":"3f0a5c1e-7d2b-4c55-9a10-<address>","time":"<time utc>",
                    "deviceInfo":{"tenantName":"Rooms","applicationId":"<topic>","applicationName":"meters",
                    "deviceProfileName":"EM4301","deviceName":"<leaf>","devEui":"24e1<address>","tags":{}},
                    "devAddr":"01a2b3c4","adr":true,"dr":5,"fCnt":<count>,"fPort":1,"confirmed":false,"data":"AA==",
                    "object":{"timestamp":<time s>,"dataloggerTimestamp":<time s>,
                    "activeEnergyImportL123T1":<import total Wh whole>,"activeEnergyImportL123T2":0,
                    "activeEnergyExportL123T1":<export total Wh whole>,"activeEnergyExportL123T2":0},
                    "rxInfo":[{"gatewayId":"a84041fdfe000001","rssi":-71,"snr":9.5}]}"#,
                ),
                (
                    "application/<topic>/device/24e1<address>/event/up",
                    r#"{"deduplicationId":"3f0a5c1e-7d2b-4c55-9a10-<address>","time":"<time utc>",
                    "deviceInfo":{"tenantName":"Rooms","applicationId":"<topic>","applicationName":"meters",
                    "deviceProfileName":"EM4301","deviceName":"<leaf>","devEui":"24e1<address>","tags":{}},
                    "devAddr":"01a2b3c4","adr":true,"dr":5,"fCnt":<count>,"fPort":2,"confirmed":false,"data":"AA==",
                    "object":{"voltageL1N":<voltage l1 V .1>,"voltageL2N":<voltage l2 V .1>,
                    "voltageL3N":<voltage l3 V .1>,"currentL1":<current l1 mA .0>,"currentL2":<current l2 mA .0>,
                    "currentL3":<current l3 mA .0>,"currentL123":<current total mA .0>,"frequency":50.0},
                    "rxInfo":[{"gatewayId":"a84041fdfe000001","rssi":-71,"snr":9.5}]}"#,
                ),
            ],
        },
    ],
};
