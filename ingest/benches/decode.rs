//! How many messages a second one core decodes: three families' hot messages, and messages that are nobody's.
//!
//! `cargo bench -p ingest --bench decode` prints elements a second. A site of a thousand meters sends a few thousand
//! messages a second; the bar of 700 000 for the three keeps a replay of a year's journal within minutes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ingest::decode::{Decoder, DecoderConfig, FAMILIES, Message};

/// What is measured: name, topic, payload, the number of readings that come of it.
const CASES: [(&str, &str, &str, usize); 6] = [
    (
        "shelly_gen2/em",
        "b2/shellypro3em-00aa11bb22cc/status/em:0",
        r#"{"id":0,"a_current":4.127,"a_voltage":231.4,"a_act_power":812.6,"a_aprt_power":955.2,"a_pf":0.85,"a_freq":50.0,"b_current":3.918,"b_voltage":230.9,"b_act_power":764.1,"b_aprt_power":904.8,"b_pf":0.84,"b_freq":50.0,"c_current":5.302,"c_voltage":232.0,"c_act_power":1071.9,"c_aprt_power":1230.6,"c_pf":0.87,"c_freq":50.0,"n_current":null,"total_current":13.347,"total_act_power":2648.612,"total_aprt_power":3090.571,"user_calibrated_phase":[]}"#,
        4,
    ),
    (
        "tasmota/sensor",
        "tele/us-room-2/SENSOR",
        r#"{"Time":"2026-03-02T08:00:05","ENERGY":{"TotalStartTime":"2025-01-01T00:00:00","Total":412.731,"Yesterday":2.113,"Today":0.874,"Period":11,"Power":138,"ApparentPower":151,"ReactivePower":61,"Factor":0.91,"Voltage":231,"Current":0.654}}"#,
        1,
    ),
    (
        "zigbee2mqtt/three_phase",
        "zigbee2mqtt/angio panel",
        r#"{"ac_frequency":50,"current":4.11,"current_phase_b":3.92,"current_phase_c":5.31,"energy":1873.42,"linkquality":138,"power":812,"power_factor":85,"power_phase_b":764,"power_phase_c":1071,"produced_energy":0.02,"voltage":231.4,"voltage_phase_b":230.9,"voltage_phase_c":232.0}"#,
        4,
    ),
    (
        "ignored/json",
        "site/b2/hvac/ahu-7/state",
        r#"{"supply_temperature":18.4,"return_temperature":22.1,"fan":{"speed":62,"mode":"auto"},"filters":["ok","ok","change"],"updated":"2026-03-02T08:00:05Z"}"#,
        0,
    ),
    ("ignored/number", "site/b2/room-114/co2/value", "612", 0),
    (
        "ignored/binary",
        "camera/entrance/frame",
        "\u{1}\u{0}\u{fffd}JFIF\u{0}\u{7f}",
        0,
    ),
];

fn message<'m>(topic: &'m str, payload: &'m [u8]) -> Message<'m> {
    Message {
        topic,
        payload,
        is_retained: false,
        qos: 0,
    }
}

fn decoder() -> Decoder {
    Decoder::new(&DecoderConfig::default()).expect("the default configuration is sound")
}

/// A Sparkplug device's values after its births, out of the family's own samples.
fn sparkplug() -> (Decoder, Message<'static>) {
    let family = FAMILIES.iter().find(|family| family.name == "sparkplug");
    let samples = family.expect("the family is in the table").samples;
    let mut decoder = decoder();
    let is_data = |(topic, _): &&(&str, &[u8])| topic.contains("/DDATA/");
    for (topic, payload) in samples.iter().take_while(|sample| !is_data(sample)) {
        decoder.decode(&message(topic, payload));
    }
    let (topic, payload) = samples.iter().find(is_data).expect("the samples are a session");
    (decoder, message(topic, payload))
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(1));
    for (name, topic, payload, readings) in CASES {
        let (mut decoder, message) = (decoder(), message(topic, payload.as_bytes()));
        assert_eq!(decoder.decode(&message).readings.len(), readings, "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| decoder.decode(black_box(&message)));
        });
    }
    let (mut decoder, message) = sparkplug();
    assert!(!decoder.decode(&message).readings.is_empty());
    group.bench_function("sparkplug/device_data", |bencher| {
        bencher.iter(|| decoder.decode(black_box(&message)));
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
