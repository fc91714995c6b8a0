//! A HAN reader with the AMS firmware: one JSON document on `<topic>`, power every few seconds, registers much more rarely.
//!
//! `P` and `PO` are W bought and sold, both positive, one of them 0; `tPI` and `tPO` are kWh (2 decimals) and, as on real meters,
//! come with the counter only (give `counter_seconds = 3600`). `t` is unix seconds. QoS 0, not retained; `<topic>/status`.
//! <https://github.com/UtilitechAS/amsreader-firmware/wiki>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Ams,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "<topic>/status",
        qos: 1,
        retain: true,
        online: "online",
        offline: "offline",
    }),
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: false,
            says: &[(
                "<topic>/power",
                r#"{"id":"ams-4b1c","name":"<leaf>","up":<up s>,"t":<time s>,"vcc":3.291,"rssi":-58,"temp":0.00,
                    "data":{"lv":"Kamstrup_V0001","id":"5706567000000000","type":"6861111BN242101040",
                    "P":<delivered total W .0>,"Q":0,"PO":<returned total W .0>,"QO":0,"I1":<current l1 A .2>,
                    "I2":<current l2 A .2>,"I3":<current l3 A .2>,"U1":<voltage l1 V .1>,"U2":<voltage l2 V .1>,
                    "U3":<voltage l3 V .1>}}"#,
            )],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: false,
            says: &[(
                "<topic>/power",
                r#"{"id":"ams-4b1c","name":"<leaf>","up":<up s>,"t":<time s>,"vcc":3.291,"rssi":-58,"temp":0.00,
                    "data":{"lv":"Kamstrup_V0001","id":"5706567000000000","type":"6861111BN242101040",
                    "P":<delivered total W .0>,"Q":0,"PO":<returned total W .0>,"QO":0,"I1":<current l1 A .2>,
                    "I2":<current l2 A .2>,"I3":<current l3 A .2>,"U1":<voltage l1 V .1>,"U2":<voltage l2 V .1>,
                    "U3":<voltage l3 V .1>,"rtc":<time s>,"tPI":<import total kWh .2>,"tPO":<export total kWh .2>,
                    "tQI":0.00,"tQO":0.00}}"#,
            )],
        },
    ],
};
