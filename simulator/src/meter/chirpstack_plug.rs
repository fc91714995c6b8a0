//! Milesight WS52x plug through ChirpStack v4: `application/<topic>/device/<devEui>/event/up` with the codec's object.
//!
//! `active_power` W (whole), `power_consumption` Wh (whole), `current` mA, `power_factor` percent. `time` is the network's. QoS 0,
//! not retained; the network server knows no availability.
//! <https://www.chirpstack.io/docs/chirpstack/integrations/events.html>, <https://github.com/Milesight-IoT/SensorDecoders>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::ChirpstackPlug,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

/// What the network server says when a device has joined.
pub(super) const JOIN: Group = Group {
    when: When::Greeting,
    qos: 0,
    retain: false,
    says: &[(
        "application/<topic>/device/24e1<address>/event/join",
        r#"{"time":"<time utc>","deviceInfo":{"applicationId":"<topic>","deviceName":"<leaf>",
            "devEui":"24e1<address>"},"devAddr":"01a2b3c4"}"#,
    )],
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
                    "deviceProfileName":"WS523","deviceName":"<leaf>","devEui":"24e1<address>","tags":{}},
                    "devAddr":"01a2b3c4","adr":true,"dr":5,"fCnt":<count>,"fPort":85,"confirmed":false,
                    "data":"AA==","object":{"active_power":<power total W .0>,"current":<current total mA .0>,
                    "power_consumption":<import total Wh whole>,"power_factor":<factor l1 % .0>,
                    "socket_status":"on","voltage":<voltage l1 V .1>},"rxInfo":[{"gatewayId":"a84041fdfe000001",
                    "rssi":-71,"snr":9.5}]}"#,
            )],
        },
    ],
};
