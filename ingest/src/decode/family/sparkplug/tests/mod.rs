//! Sessions of invented plants, message by message.

mod message;

use proptest::prelude::*;
use prost::Message as _;

use super::super::super::check::{check_by, check_bytes, decoder};
use super::super::super::{Decoded, Decoder, DecoderConfig, Message, ReasonKind};
use super::proto::MetricMessage;
use message::{DOUBLE, FLOAT, INT32, NOW, NOW_MS, PayloadMessage, alias, bd_seq, named, payload};

fn decode(decoder: &mut Decoder, topic: &str, payload: &[u8]) -> Decoded {
    decoder.decode(&Message {
        topic,
        payload,
        is_retained: false,
        qos: 0,
    })
}

const DBIRTH: &str = "spBv1.0/wing/DBIRTH/e1/ct";
const DDATA: &str = "spBv1.0/wing/DDATA/e1/ct";
const NOT: &str = "sparkplug: not a reading";

/// A decoder that has heard a birth of a device with power (1) in kW and energy (2) without a unit.
fn born() -> Decoder {
    let mut decoder = decoder();
    let nbirth = payload(0, [bd_seq(7)]);
    check_bytes(
        &mut decoder,
        "spBv1.0/wing/NBIRTH/e1",
        &nbirth,
        "sparkplug: wing/e1 is online",
    );
    let metrics = [
        named("Power/Active", 1, DOUBLE).unit("kW"),
        named("Energy/Import", 2, DOUBLE).double(1.5),
        named("Door/Open", 3, 11),
        named("Power/Reactive", 4, DOUBLE),
    ];
    check_bytes(
        &mut decoder,
        DBIRTH,
        &payload(1, metrics),
        &format!(
            "sparkplug: wing/e1/ct total energy_wh=1500 {NOW}\nsparkplug: wing/e1/ct is online
             sparkplug: wing/e1/ct notes unit_assumed"
        ),
    );
    decoder
}

#[test]
fn data_speak_by_alias() {
    let mut decoder = born();
    let mut check = |seq, metrics: Vec<MetricMessage>, expected: &str| {
        check_bytes(&mut decoder, DDATA, &payload(seq, metrics), expected);
    };
    let reading = "sparkplug: wing/e1/ct total";
    check(
        2,
        vec![alias(1).double(-0.5).at(2), alias(3).int(5)],
        &format!("{reading} power_w=-500 stamp=2026-09-21T14:13:18Z"),
    );
    check(
        3,
        vec![alias(1).double(2.0).at(9), alias(2).double(3.0).at(4)],
        &format!("{reading} power_w=2000 energy_wh=3000 stamp=2026-09-21T14:13:16Z"),
    );
    let null = MetricMessage {
        is_null: Some(true),
        ..alias(1).double(4.0)
    };
    check(4, vec![null], NOT);
    check(5, vec![alias(1).double(f64::NAN), alias(2).double(-1.0)], NOT);
    let transient = MetricMessage {
        is_transient: Some(true),
        ..alias(1).double(4.0)
    };
    check(6, vec![transient], NOT);
    for bad in [0, 500, 0x8000_0204] {
        let stale = alias(1).double(4.0).with("Quality", None, Some(bad));
        check(7, vec![stale], NOT);
    }
    let good = alias(1).double(4.0).with("Quality", None, Some(192));
    check(8, vec![good], &format!("{reading} power_w=4000 {NOW}"));
    check(9, vec![alias(4).double(4.0)], NOT);
    check(
        10,
        vec![alias(9).double(4.0), alias(1).double(1.0)],
        &format!("{reading} power_w=1000 {NOW}\nsparkplug: wing/e1/ct notes unknown_name"),
    );
    check(11, vec![alias(8).double(4.0)], NOT);
}

#[test]
fn back_filled_values_are_never_beside_current_ones() {
    let mut decoder = born();
    let reading = "sparkplug: wing/e1/ct total";
    let mut check = |seq, metrics: Vec<MetricMessage>, expected: &str| {
        check_bytes(&mut decoder, DDATA, &payload(seq, metrics), expected);
    };
    let old = |seconds, value| alias(1).double(value).at(seconds).historical();
    check(
        2,
        vec![
            old(60, 1.0),
            old(40, 2.0),
            alias(2).double(9.0).at(40).historical(),
            old(50, 3.0),
        ],
        &format!("{reading} power_w=2000 energy_wh=9000 stamp=2026-09-21T14:12:40Z historical"),
    );
    let current = [
        alias(1).double(4.0).at(8),
        alias(1).double(5.0),
        alias(1).double(6.0).at(9),
    ];
    let mixed = [&[old(60, 1.0)], current.as_slice(), &[old(1, 2.0)]].concat();
    check(3, mixed, &format!("{reading} power_w=5000 {NOW}"));
}

#[test]
fn numbers_are_of_their_types() {
    let check = |datatype, metric: MetricMessage, expected: Option<f64>| {
        let mut decoder = decoder();
        let birth = payload(0, [named("P", 1, datatype).unit("W")]);
        decode(&mut decoder, DBIRTH, &birth);
        let decoded = decode(&mut decoder, DDATA, &payload(1, [metric]));
        let power_w = decoded.readings.first().and_then(|reading| reading.power_w);
        assert_eq!(power_w, expected, "{datatype}");
    };
    check(1, alias(1).int(0xFF), Some(-1.0));
    check(2, alias(1).int(0xFFFE), Some(-2.0));
    check(2, alias(1).int(0xFFFF_FFFE), Some(-2.0));
    check(INT32, alias(1).int(0xFFFF_FC18), Some(-1000.0));
    check(INT32, alias(1).long(0xFFFF_FFFF_FFFF_FC18), Some(-1000.0));
    check(4, alias(1).long((-7_i64).cast_unsigned()), Some(-7.0));
    check(5, alias(1).int(200), Some(200.0));
    check(7, alias(1).int(u32::MAX), Some(4_294_967_295.0));
    check(8, alias(1).long(1 << 40), Some(1_099_511_627_776.0));
    let float = MetricMessage {
        float_value: Some(-2.5),
        ..alias(1)
    };
    check(FLOAT, float, Some(-2.5));
    check(DOUBLE, alias(1).double(f64::INFINITY), None);
    check(12, alias(1).text(" 7.25"), Some(7.25));
    check(12, alias(1).text("on"), None);
    check(11, alias(1).int(1), None);
    check(13, alias(1).long(NOW_MS), None);
    check(0, alias(1).int(12), Some(12.0));
    check(0, alias(1).int(0xFFFF_FC18), None);
    let own = MetricMessage {
        datatype: Some(INT32),
        ..alias(1).int(0xFFFF_FFFF)
    };
    check(7, own, Some(-1.0));
}

#[test]
fn a_rebirth_gives_other_aliases() {
    let mut decoder = born();
    let nbirth = payload(0, [bd_seq(8)]);
    decode(&mut decoder, "spBv1.0/wing/NBIRTH/e1", &nbirth);
    let data = payload(1, [alias(1).double(4.0)]);
    check_bytes(
        &mut decoder,
        DDATA,
        &data,
        "sparkplug: wing/e1/ct notes unknown_name\nsparkplug: not a reading",
    );
    // The same is not told twice.
    let metrics = [
        named("Power/Active", 2, DOUBLE).unit("W"),
        named("Energy/Import", 1, DOUBLE),
    ];
    check_bytes(
        &mut decoder,
        DBIRTH,
        &payload(2, metrics),
        "sparkplug: wing/e1/ct is online",
    );
    check_bytes(
        &mut decoder,
        DDATA,
        &payload(3, [alias(1).double(4.0), alias(2).double(4.0)]),
        &format!("sparkplug: wing/e1/ct total power_w=4 energy_wh=4000 {NOW}"),
    );
}

#[test]
fn deaths_end_what_aliases_mean() {
    let mut decoder = born();
    let death = |number| {
        let message = PayloadMessage {
            metrics: vec![bd_seq(number)],
            ..PayloadMessage::default()
        };
        message.encode_to_vec()
    };
    let data = |seq| payload(seq, [alias(2).double(4.0)]);
    let reading = format!("sparkplug: wing/e1/ct total energy_wh=4000 {NOW}");
    check_bytes(&mut decoder, "spBv1.0/wing/NDEATH/e1", &death(6), NOT);
    check_bytes(&mut decoder, DDATA, &data(2), &reading);
    check_bytes(
        &mut decoder,
        "spBv1.0/wing/NDEATH/e1",
        &death(7),
        "sparkplug: wing/e1 is offline\nsparkplug: wing/e1/ct is offline",
    );
    let unknown = "sparkplug: wing/e1/ct notes unknown_name\nsparkplug: not a reading";
    check_bytes(&mut decoder, DDATA, &data(3), unknown);
    let again = named("Power/Active", 1, DOUBLE).double(4.0);
    check_bytes(&mut decoder, DDATA, &payload(4, [again]), NOT);

    let mut decoder = born();
    let ddeath = payload(2, []);
    check_bytes(
        &mut decoder,
        "spBv1.0/wing/DDEATH/e1/ct",
        &ddeath,
        "sparkplug: wing/e1/ct is offline",
    );
    check_bytes(&mut decoder, DDATA, &data(3), unknown);
}

#[test]
fn a_lost_message_is_said_once_to_all_meters() {
    let mut decoder = born();
    let birth = payload(2, [named("kW", 1, DOUBLE)]);
    decode(&mut decoder, "spBv1.0/wing/DBIRTH/e1/mr", &birth);
    let data = |seq| payload(seq, [alias(1).double(1.0)]);
    let reading = format!("sparkplug: wing/e1/mr total power_w=1000 {NOW}");
    let lost = ["wing/e1", "wing/e1/ct", "wing/e1/mr"]
        .map(|meter| format!("\nsparkplug: {meter} notes message_lost"));
    let topic = "spBv1.0/wing/DDATA/e1/mr";
    check_bytes(&mut decoder, topic, &data(3), &reading);
    check_bytes(&mut decoder, topic, &data(6), &(reading.clone() + &lost.concat()));
    check_bytes(&mut decoder, topic, &data(7), &reading);
}

#[test]
fn an_edge_node_can_be_a_meter_and_names_need_no_birth() {
    let mut decoder = decoder();
    let name = |name: &str| MetricMessage {
        alias: None,
        ..named(name, 0, DOUBLE)
    };
    let topic = "spBv1.0/wing/NDATA/e2";
    let metrics = [
        name("Main/Power").double(2.0).unit("kW"),
        name("UPS/Power_kW").double(1.0),
        name("Main/Power").double(3.0).unit("kW"),
        name("Main/Real Power").double(9.0).unit("kW"),
    ];
    check_bytes(
        &mut decoder,
        topic,
        &payload(9, metrics),
        &format!("sparkplug: wing/e2 Main power_w=3000 {NOW}\nsparkplug: wing/e2 UPS power_w=1000 {NOW}"),
    );
    check_bytes(
        &mut decoder,
        topic,
        &payload(10, [alias(1).double(1.0)]),
        "sparkplug: wing/e2 notes unknown_name\nsparkplug: not a reading",
    );
}

#[test]
fn several_loads_of_a_device_are_several_channels() {
    let mut decoder = decoder();
    let metrics = [
        named("Hall/Meter1/kW", 1, DOUBLE).double(1.0),
        named("Hall/Meter2/kW", 2, DOUBLE).double(2.0),
        named("Hall/Meter2/Power/Sum", 3, DOUBLE).double(9.0).unit("kW"),
        named("Hall/Meter2/Voltage/L1", 4, DOUBLE).double(230.0),
    ];
    let readings = format!(
        "sparkplug: wing/e1/ct Meter1 power_w=1000 {NOW}\nsparkplug: wing/e1/ct Meter2 power_w=2000 {NOW}
         sparkplug: wing/e1/ct Meter2/l1 voltage_v=230 {NOW}"
    );
    check_bytes(
        &mut decoder,
        DBIRTH,
        &payload(0, metrics),
        &(readings + "\nsparkplug: wing/e1/ct is online\nsparkplug: wing/e1/ct notes unknown_name"),
    );
    // What the birth left out is not let in by its name.
    let again = named("Hall/Meter2/Power/Sum", 3, DOUBLE).double(9.0);
    check_bytes(&mut decoder, DDATA, &payload(1, [again]), NOT);
}

#[test]
fn a_configured_naming_wins() {
    let config = serde_json::json!({"naming": [
        {"family": "sparkplug", "meter": "wing/e1/ct", "name": "PT7", "quantity": "power", "unit": "kW", "sign": -1, "channel": "l2"},
        {"family": "sparkplug", "name": "Energy/Net", "quantity": "energy", "unit": "Wh"},
    ]});
    let config: DecoderConfig = serde_json::from_value(config).unwrap();
    let mut decoder = Decoder::new(&config).unwrap();
    let metrics = [
        named("PT7", 1, DOUBLE).double(2.0).unit("bar"),
        named("Energy/Net", 2, DOUBLE).double(5.0),
    ];
    check_bytes(
        &mut decoder,
        DBIRTH,
        &payload(0, metrics.clone()),
        &format!(
            "sparkplug: wing/e1/ct - energy_wh=5 {NOW}\nsparkplug: wing/e1/ct l2 power_w=-2000 {NOW}
             sparkplug: wing/e1/ct is online"
        ),
    );
    let other = "spBv1.0/wing/DBIRTH/e1/pump";
    let decoded = decode(&mut decoder, other, &payload(1, [metrics[0].clone()]));
    let reason = decoded.reason.unwrap();
    assert_eq!(reason.kind, ReasonKind::UnknownTopic);
    assert!(
        reason.text.contains("(PT7)") && reason.text.contains("[[naming]]"),
        "{reason:?}"
    );
}

#[test]
fn births_and_deaths_survive_a_restart() {
    let mut before = born();
    let restart = |before: &Decoder| {
        let mut after = decoder();
        for (topic, payload) in before.lessons() {
            after.teach(topic, payload);
        }
        after
    };
    let data = payload(200, [alias(1).double(1.0)]);
    let reading = format!("sparkplug: wing/e1/ct total power_w=1000 {NOW}");
    check_bytes(&mut restart(&before), DDATA, &data, &reading);
    decode(&mut before, "spBv1.0/wing/NDEATH/e1", &payload(0, [bd_seq(7)]));
    let unknown = "sparkplug: wing/e1/ct notes unknown_name\nsparkplug: not a reading";
    check_bytes(&mut restart(&before), DDATA, &data, unknown);

    let mut before = born();
    decode(&mut before, DBIRTH, b" ");
    check_bytes(&mut restart(&before), DDATA, &data, unknown);
    check_bytes(&mut before, DDATA, &payload(2, [alias(1).double(1.0)]), unknown);
}

#[test]
fn copies_of_births_teach_and_say_nothing() {
    let mut decoder = decoder();
    let birth = payload(1, [named("kW", 1, DOUBLE).double(8.0)]);
    check_bytes(
        &mut decoder,
        &format!("$sparkplug/certificates/{DBIRTH}"),
        &birth,
        NOT,
    );
    check_bytes(
        &mut decoder,
        DDATA,
        &payload(77, [alias(1).double(1.0)]),
        &format!("sparkplug: wing/e1/ct total power_w=1000 {NOW}"),
    );
}

#[test]
fn the_samples_are_one_session() {
    const STAMP: &str = "stamp=2026-09-21T14:13:20Z";
    let mut decoder = decoder();
    let expected = [
        format!(
            "sparkplug: plant/edge5 total power_w=-400 {STAMP}\nsparkplug: plant/edge5 is online
             sparkplug: plant/edge5 notes unit_assumed"
        ),
        format!(
            "sparkplug: plant/edge5/ct M1 power_w=22500 {STAMP}\nsparkplug: plant/edge5/ct M2/l1 voltage_v=230 {STAMP}
             sparkplug: plant/edge5/ct is online\nsparkplug: plant/edge5/ct notes unit_assumed"
        ),
        format!(
            "sparkplug: plant/edge5/ct M1 power_w=-5500 stamp=2026-09-21T14:13:10Z
             sparkplug: plant/edge5/ct M2 energy_wh=55000 {STAMP} historical\nsparkplug: plant/edge5/ct notes unknown_name"
        ),
        "sparkplug: plant/edge5/ct is offline".to_owned(),
        "sparkplug: plant/edge5 is offline\nsparkplug: plant/edge5/ct is offline".to_owned(),
    ];
    for ((topic, payload), expected) in super::SAMPLES.iter().zip(expected) {
        check_bytes(&mut decoder, topic, payload, &expected);
    }
}

/// Encoders without optional fields write alias 0 and an empty name.
#[test]
fn an_alias_given_twice_means_nothing() {
    let mut decoder = decoder();
    let birth = [
        named("kW", 0, DOUBLE),
        named("Flow", 0, DOUBLE),
        named("kWh", 5, DOUBLE),
    ];
    check_bytes(
        &mut decoder,
        DBIRTH,
        &payload(0, birth),
        "sparkplug: wing/e1/ct is online",
    );
    let nameless = MetricMessage {
        name: Some(String::new()),
        ..alias(5).double(2.0)
    };
    check_bytes(
        &mut decoder,
        DDATA,
        &payload(
            1,
            [
                named("Flow", 0, DOUBLE).double(7.0),
                alias(0).double(8.0),
                nameless,
            ],
        ),
        &format!("sparkplug: wing/e1/ct total energy_wh=2000 {NOW}"),
    );
    check_bytes(
        &mut decoder,
        DDATA,
        &payload(2, [named("kW", 0, 0).double(7.0)]),
        &format!("sparkplug: wing/e1/ct total power_w=7000 {NOW}"),
    );
}

#[test]
fn json_renderings() {
    let mut decoder = decoder();
    check_by(
        &mut decoder,
        DBIRTH,
        r#"{"timestamp":"1790000000000","metrics":[
            {"name":"Power","alias":"18446744073709551615","timestamp":"1790000000000","datatype":3,"intValue":4294966296,
                "properties":{"keys":["engUnit"],"values":[{"type":12,"stringValue":"kW"}]}},
            {"name":"Voltage/L1","alias":"2","dataType":"Float","is_null":true,"value":230},
            {"name":"Energy","alias":{"low":3,"high":0,"unsigned":true},"dataType":"Int64","value":"12","properties":{"engUnit":{"type":"String","value":"MWh"}}}
        ],"seq":"1"}"#,
        &format!(
            "sparkplug: wing/e1/ct total power_w=-1000000 energy_wh=12000000 {NOW}
             sparkplug: wing/e1/ct is online"
        ),
    );
    // Ignition's, with the topic inside; bad quality, and a NaN.
    check_by(
        &mut decoder,
        DDATA,
        r#"{"topic":{"groupId":"wing"},"payload":{"timestamp":1790000000000,"metrics":[
            {"alias":3,"value":13,"properties":{"Quality":{"type":"Int32","value":-2147483132}}},
            {"alias":2,"value":"doubleValue","doubleValue":231.5},{"alias":"18446744073709551615","value":NaN}],"seq":2}}"#,
        &format!("sparkplug: wing/e1/ct l1 voltage_v=231.5 {NOW}"),
    );
    check_by(
        &mut decoder,
        DDATA,
        r#"{"metrics":[{"alias":3,"longValue":"14","isHistorical":true,"timestamp":1790000000000}]}"#,
        &format!("sparkplug: wing/e1/ct total energy_wh=14000000 {NOW} historical"),
    );
    check_by(&mut decoder, DDATA, r#"{"metrics":5}"#, "sparkplug: malformed");
    check_by(&mut decoder, DDATA, r#"{"metrics":["#, "sparkplug: malformed");
}

#[test]
fn what_is_not_a_reading() {
    let mut decoder = decoder();
    for (topic, text) in [
        (
            "spBv1.0/STATE/host",
            r#"{"online":false,"timestamp":1790000000000}"#,
        ),
        ("spBv1.0/STATE/host", "OFFLINE"),
        ("STATE/host", "ONLINE"),
        ("spBv1.0/wing/NCMD/e1", "\x12\x00"),
    ] {
        check_by(&mut decoder, topic, text, NOT);
    }
    check_by(&mut decoder, "STATE/host", "1", "unknown");
    check_by(&mut decoder, "a/STATE/host", "ONLINE", "unknown");
    for broken in ["power", "\x12\x7f", "\x0b", "\x12\x02\x0a\x01", "\x18\x7f\x7f"] {
        check_by(&mut decoder, DDATA, broken, "sparkplug: malformed");
    }
    let compressed = PayloadMessage {
        uuid: Some("SPBV1.0_COMPRESSED".to_owned()),
        body: Some(vec![1]),
        ..PayloadMessage::default()
    };
    check_bytes(
        &mut decoder,
        DDATA,
        &compressed.encode_to_vec(),
        "sparkplug: malformed",
    );
    let template = b"\x12\x12\x0a\x05Power\x10\x01\x20\x13\x92\x01\x04\x0a\x02v1";
    check_bytes(&mut decoder, DBIRTH, template, "sparkplug: wing/e1/ct is online");
    let flag = named("Power", 1, 11);
    let metrics = [flag, named("Power/Active", 2, DOUBLE).double(3.0).unit("W")];
    check_bytes(
        &mut decoder,
        DBIRTH,
        &payload(0, metrics),
        &format!("sparkplug: wing/e1/ct total power_w=3 {NOW}\nsparkplug: wing/e1/ct is online"),
    );
}

#[test]
fn many_metrics_are_refused_and_many_meters_forgotten() {
    let empty = b"\x12\x00".repeat(9000);
    check_bytes(&mut decoder(), DDATA, &empty, "sparkplug: malformed");
    let config = DecoderConfig {
        meters_max: 3,
        ..DecoderConfig::default()
    };
    let mut decoder = Decoder::new(&config).unwrap();
    for device in 0..10 {
        let topic = format!("spBv1.0/wing/DBIRTH/e1/d{device}");
        decode(&mut decoder, &topic, &payload(device, [named("kW", 1, DOUBLE)]));
    }
    assert_eq!(decoder.forgotten(), 7);
}

proptest! {
    /// Whatever the bytes: no panic, and every reading has a value.
    #[test]
    fn any_bytes_at_any_topic(
        verb in "[ND](BIRTH|DATA|DEATH|CMD)",
        device in "(/[a-z]{0,3}){0,2}",
        mut bytes in proptest::collection::vec(any::<u8>(), 0..120),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        is_random in any::<bool>(),
    ) {
        let mut decoder = born();
        if !is_random {
            let metric = named("Power/L1", 1, INT32).int(5).unit("kW").at(1);
            bytes = payload(3, [metric, alias(2).double(1.0).historical()]);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        for _ in 0..2 {
            let decoded = decode(&mut decoder, &format!("spBv1.0/wing/{verb}/e1{device}"), &bytes);
            prop_assert_eq!(decoded.reason.is_some(), decoded.readings.is_empty());
        }
    }
}
