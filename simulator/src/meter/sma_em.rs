//! SMA Energy Meter through the daemon of SMA-EM: `SMA-EM/status/<topic>`, one object.
//!
//! Each direction is a power of its own, W (1 decimal), never negative; the registers behind them are kWh (4 decimals).
//! `timestamp` is unix seconds. QoS 0, not retained, no will. <https://github.com/datenschuft/SMA-EM>, `features/mqtt.py`.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::SmaEm,
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
            "SMA-EM/status/<topic>",
            r#"{"serial":<topic>,"pconsume":<delivered total W .1>,"psupply":<returned total W .1>,
                    "pconsumecounter":<import total kWh .4>,"psupplycounter":<export total kWh .4>,
                    "p1consume":<delivered l1 W .1>,"p1consumecounter":<import l1 kWh .4>,
                    "p1supply":<returned l1 W .1>,"p1supplycounter":<export l1 kWh .4>,
                    "p2consume":<delivered l2 W .1>,"p2consumecounter":<import l2 kWh .4>,
                    "p2supply":<returned l2 W .1>,"p2supplycounter":<export l2 kWh .4>,
                    "p3consume":<delivered l3 W .1>,"p3consumecounter":<import l3 kWh .4>,
                    "p3supply":<returned l3 W .1>,"p3supplycounter":<export l3 kWh .4>,"u1":<voltage l1 V .1>,
                    "u2":<voltage l2 V .1>,"u3":<voltage l3 V .1>,"frequency":50.0,"timestamp":<time s>}"#,
        )],
    }],
};
