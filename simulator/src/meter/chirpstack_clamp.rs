//! Milesight CT103 clamp through ChirpStack v4: a current in A (1 decimal) and nothing else.
//!
//! It has neither voltage nor power nor energy: whoever wants watts configures voltage and power factor. QoS 0, not retained:
//! `application/<topic>/device/<devEui>/event/up`. <https://github.com/Milesight-IoT/SensorDecoders>, CT1xx.

use super::chirpstack_plug::JOIN;
use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::ChirpstackClamp,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[
        JOIN,
        Group {
            when: When::Report,
            qos: 0,
            retain: false,
            says: &[(
                "application/<topic>/device/24e1<address>/event/up",
                r#"{"deduplicationId":"3f0a5c1e-7d2b-4c55-9a10-<address>","time":"<time utc>",
                    "deviceInfo":{"tenantName":"Rooms","applicationId":"<topic>","applicationName":"meters",
                    "deviceProfileName":"CT103","deviceName":"<leaf>","devEui":"24e1<address>","tags":{}},
                    "devAddr":"01a2b3c4","adr":true,"dr":5,"fCnt":<count>,"fPort":85,"confirmed":false,
                    "data":"AA==","object":{"current":<current total A .1>},
                    "rxInfo":[{"gatewayId":"a84041fdfe000001","rssi":-71,"snr":9.5}]}"#,
            )],
        },
    ],
};
