//! Milesight WS52x plug through The Things Stack v3: `v3/<topic>@rooms/devices/plug-<address>/up`.
//!
//! The codec's object is `uplink_message.decoded_payload`: `active_power` W, `power_consumption` Wh, `current` mA. `received_at` is
//! the network's clock. QoS 0, not retained. <https://www.thethingsindustries.com/docs/integrations/other-integrations/mqtt/>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::ThingsStack,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "v3/<topic>@rooms/devices/plug-<address>/up",
            r#"{"end_device_ids":{"device_id":"plug-<address>","application_ids":{"application_id":"<topic>"},
                    "dev_eui":"24E1<ADDRESS>","dev_addr":"260B1234"},"received_at":"<time utc>",
                    "uplink_message":{"f_port":85,"f_cnt":<count>,"frm_payload":"AA==",
                    "decoded_payload":{"active_power":<power total W .0>,"current":<current total mA .0>,
                    "power_consumption":<import total Wh whole>,"power_factor":<factor l1 % .0>,
                    "socket_status":"on","voltage":<voltage l1 V .1>},
                    "rx_metadata":[{"gateway_ids":{"gateway_id":"roof"},"rssi":-80,"snr":7.2}],
                    "received_at":"<time utc>"}}"#,
        )],
    }],
};
