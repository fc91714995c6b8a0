//! Smappee Pro: `servicelocation/<topic>/realtime` once a second or slower, three mains clamps and their sum.
//!
//! `totalPower` W; energies are WATT-SECONDS; `current` is tenths of an ampere; `utcTimeStamp` unix milliseconds. QoS 0, not
//! retained, no will. <https://support.smappee.com>, "MQTT".

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Smappee,
    phases: 3,
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
            "servicelocation/<topic>/realtime",
            r#"{"totalPower":<power total W .0>,"totalReactivePower":0,
                    "totalExportEnergy":<export total Ws whole>,"totalImportEnergy":<import total Ws whole>,
                    "monitorStatus":0,"utcTimeStamp":<time ms>,"channelPowers":[{"ctInput":0,
                    "power":<power l1 W .0>,"exportEnergy":<export l1 Ws whole>,"importEnergy":<import l1 Ws whole>,
                    "phaseId":0,"current":<current l1 dA .0>,"apparentPower":<apparent l1 VA .0>,
                    "cosPhi":<factor l1 % .0>},{"ctInput":1,"power":<power l2 W .0>,
                    "exportEnergy":<export l2 Ws whole>,"importEnergy":<import l2 Ws whole>,"phaseId":1,
                    "current":<current l2 dA .0>,"apparentPower":<apparent l2 VA .0>,"cosPhi":<factor l2 % .0>},
                    {"ctInput":2,"power":<power l3 W .0>,"exportEnergy":<export l3 Ws whole>,
                    "importEnergy":<import l3 Ws whole>,"phaseId":2,"current":<current l3 dA .0>,
                    "apparentPower":<apparent l3 VA .0>,"cosPhi":<factor l3 % .0>}],
                    "voltages":[{"voltage":<voltage l1 V .0>,"phaseId":0},{"voltage":<voltage l2 V .0>,"phaseId":1},
                    {"voltage":<voltage l3 V .0>,"phaseId":2}]}"#,
        )],
    }],
};
