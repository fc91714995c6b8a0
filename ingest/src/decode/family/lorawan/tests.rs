//! Uplinks of our own in the shape of the networks and codecs.

use serde_json::json;

use super::super::super::check::{check, check_by, decoder};
use super::super::super::{Decoder, DecoderConfig};

const TOPIC: &str = "application/app/device/24e1/event/up";
const STAMP: &str = "stamp=2026-05-01T08:00:00.5Z";

fn chirpstack(object: &str) -> String {
    format!(
        r#"{{"time":"2026-05-01T08:00:00.5+00:00","deviceInfo":{{"devEui":"24e1","deviceProfileName":"panel"}},"object":{object}}}"#
    )
}

#[track_caller]
fn check_object(object: &str, expected: &str) {
    check(TOPIC, &chirpstack(object), &expected.replace('@', STAMP));
}

#[test]
fn clamps_and_plugs() {
    check_object(
        r#"{"current":12.5,"total_current":9,"temperature":21}"#,
        "lorawan: 24e1 - current_a=12.5 @",
    );
    check_object(
        r#"{"current_chn2":3,"current_chn2_max":9,"current_chn2_alarm":["threshold alarm"],"ch2_sumkwh":9}"#,
        "lorawan: 24e1 chn2 current_a=3 @",
    );
    check_object(
        r#"{"active_power":40,"power_consumption":900,"voltage":231,"current":180,"power_factor":90}"#,
        "lorawan: 24e1 - power_w=40 energy_wh=900 voltage_v=231 current_a=0.18 @",
    );
    check_object(
        r#"{"active_power":400,"voltage":231,"current":1.8}"#,
        "lorawan: 24e1 - power_w=400 voltage_v=231 @",
    );
    check_object(r#"{"total_current":9}"#, "lorawan: not a reading");
    check_object(r#"{"ch1_sumkwh":9}"#, "lorawan: not a reading");
}

#[test]
fn phases_and_tariffs() {
    check_object(
        r#"{"activePowerL1":-5,"activePowerL123":7,"totalSystemActivePower":70,"voltageL2N":230,"currentL2":1500,"reactivePowerL1":3,
            "activeEnergyImportL123T1":10,"activeEnergyImportL123T2":5,"activeEnergyImportL1T1":4,"activeEnergyExportL123":2}"#,
        "lorawan: 24e1 l1 power_w=-5 @
         lorawan: 24e1 total power_w=7 energy_wh=15 energy_export_wh=2 @
         lorawan: 24e1 l2 voltage_v=230 current_a=1.5 @",
    );
}

#[test]
fn multipliers_come_in_frames_of_their_own() {
    check_object(
        r#"{"Volt":3.1,"LowVolt":true,"Current1":1500,"Current2":70000}"#,
        "lorawan: 24e1 1 current_a=1.5 @\nlorawan: 24e1 2 current_a=70 @",
    );
    let mut decoder = decoder();
    let mut check = |object: &str, expected: &str| {
        check_by(
            &mut decoder,
            TOPIC,
            &chirpstack(object),
            &expected.replace('@', STAMP),
        );
    };
    let currents = r#"{"Device":"x","Volt":3.1,"Current1":1500,"Current2":700,"Current3":0,"Multiplier1":1}"#;
    check(currents, "lorawan: 24e1 1 current_a=1.5 @");
    check(
        r#"{"Volt":3.1,"Multiplier2":10,"Multiplier3":1}"#,
        "lorawan: not a reading",
    );
    check(
        currents,
        "lorawan: 24e1 1 current_a=1.5 @\nlorawan: 24e1 2 current_a=7 @\nlorawan: 24e1 3 current_a=0 @",
    );
    check(
        r#"{"Current":700,"Multiplier":10}"#,
        "lorawan: 24e1 - current_a=7 @",
    );
    check(r#"{"Current":700}"#, "unknown");
    check(r#"{"Current1":700}"#, "unknown");
}

#[test]
fn a_sensor_that_fails_is_said_once() {
    let mut decoder = decoder();
    let mut check = |object: &str, expected: &str| {
        check_by(
            &mut decoder,
            TOPIC,
            &chirpstack(object),
            &expected.replace('@', STAMP),
        );
    };
    let failed = r#"{"current_chn1_alarm":"read failed"}"#;
    check(failed, "lorawan: 24e1 notes meter_error\nlorawan: not a reading");
    check(failed, "lorawan: not a reading");
    check(r#"{"current_chn1":2}"#, "lorawan: 24e1 chn1 current_a=2 @");
    check(
        r#"{"current_chn1_sensor_status":"read failed","current_chn2":1}"#,
        "lorawan: 24e1 chn2 current_a=1 @\nlorawan: 24e1 notes meter_error",
    );
}

#[test]
fn names_are_explained_by_configuration_or_by_themselves() {
    let config = json!({"naming": [
        {"family": "lorawan", "profile": "panel", "name": "E_total", "quantity": "energy", "unit": "kWh", "channel": "total"},
        {"family": "lorawan", "profile": "panel", "name": "current", "quantity": "current", "unit": "mA", "channel": "l1"},
        {"family": "lorawan", "profile": "other", "name": "P", "quantity": "power", "unit": "W"}]});
    let config: DecoderConfig = serde_json::from_value(config).unwrap();
    let mut decoder = Decoder::new(&config).unwrap();
    check_by(
        &mut decoder,
        TOPIC,
        &chirpstack(r#"{"E_total":2.5,"current":700,"P":7}"#),
        &format!("lorawan: 24e1 total energy_wh=2500 {STAMP}\nlorawan: 24e1 l1 current_a=0.7 {STAMP}"),
    );
    check_object(r#"{"energy_kwh":2.5}"#, "lorawan: 24e1 - energy_wh=2500 @");
    check_object(r#"{"energy":2.5}"#, "lorawan: 24e1 notes unknown_name\nunknown");
    check_object(r#"{"humidity":25}"#, "unknown");
}

#[test]
fn a_configured_clamp_gives_an_estimated_power() {
    let config = json!({"clamp": [{"meter": "24e1", "voltage_v": 230.0, "power_factor": 0.5}]});
    let config: DecoderConfig = serde_json::from_value(config).unwrap();
    let mut decoder = Decoder::new(&config).unwrap();
    let line = json!({"topic": TOPIC, "payload": chirpstack(r#"{"current_chn1":2}"#)}).to_string();
    let answer = super::super::super::lines::decode_line(&mut decoder, &line);
    assert!(
        answer.contains(r#""power_w":230.0"#) && answer.contains(r#""estimated":true"#),
        "{answer}"
    );
}

#[test]
fn what_was_kept_back_is_historical() {
    check_object(
        r#"{"current":2,"history":[{"timestamp":1777600000,"current":1},{"timestamp":1777600000,"current":1.5},{"current":5},{"timestamp":1777699999,"current":7},{"timestamp":1777590000,"current":3}]}"#,
        "lorawan: 24e1 - current_a=2 @\nlorawan: 24e1 - current_a=1.5 stamp=2026-05-01T01:46:40Z historical
         lorawan: 24e1 - current_a=3 stamp=2026-04-30T23:00:00Z historical",
    );
}

#[test]
fn a_frame_that_comes_again_says_nothing() {
    let mut decoder = decoder();
    let mut check = |address: &str, counter: u32, current: u32, expected: &str| {
        let payload = format!(
            r#"{{"deviceInfo":{{"devEui":"24e1"}},"devAddr":"{address}","fCnt":{counter},"data":"AA==","object":{{"current":{current}}}}}"#
        );
        check_by(&mut decoder, TOPIC, &payload, expected);
    };
    check("a", 1, 2, "lorawan: 24e1 - current_a=2");
    check("a", 1, 2, "lorawan: not a reading");
    check("b", 1, 2, "lorawan: 24e1 - current_a=2");
    check("b", 2, 2, "lorawan: 24e1 - current_a=2");
    check("b", 2, 3, "lorawan: 24e1 - current_a=3");
}

#[test]
fn a_device_that_does_not_count_is_heard() {
    let mut decoder = decoder();
    let mut check = |time: &str, expected: &str| {
        let payload = format!(
            r#"{{"time":"{time}","deviceInfo":{{"devEui":"24e1"}},"fCnt":0,"object":{{"current":2}}}}"#
        );
        check_by(&mut decoder, TOPIC, &payload, expected);
    };
    check(
        "2026-05-01T08:00:00Z",
        "lorawan: 24e1 - current_a=2 stamp=2026-05-01T08:00:00Z",
    );
    check("2026-05-01T08:00:09Z", "lorawan: not a reading");
    check(
        "2026-05-01T08:15:00Z",
        "lorawan: 24e1 - current_a=2 stamp=2026-05-01T08:15:00Z",
    );
}

#[test]
fn the_things_stack() {
    for topic in ["v3/meters@tenant/devices/ct-7/up", "v3/meters/devices/ct-7/up"] {
        check(
            topic,
            r#"{"end_device_ids":{"dev_eui":"24E1"},"received_at":"2026-05-01T08:00:00.25Z","uplink_message":{"decoded_payload":{"current":2}}}"#,
            "lorawan: 24E1 - current_a=2 stamp=2026-05-01T08:00:00.25Z",
        );
        check(topic, r#"{"uplink_message":{"frm_payload":"BJg="}}"#, "unknown");
        check(
            topic,
            r#"{"uplink_message":{"normalized_payload":[{"power_w":2}]}}"#,
            "lorawan: ct-7 - power_w=2",
        );
    }
    for topic in [
        "v3/meters@tenant/devices/ct-7/join",
        "v3/meters/devices/ct-7/down/sent",
    ] {
        check(topic, "{}", "lorawan: not a reading");
    }
    check(
        "meters/devices/ct-7/up",
        r#"{"hardware_serial":"24E1","counter":5,"payload_raw":"AA==","metadata":{"time":"2026-05-01T08:00:00Z"},"payload_fields":{"current":2}}"#,
        "lorawan: 24E1 - current_a=2 stamp=2026-05-01T08:00:00Z",
    );
    check("house/devices/lamp/up", r#"{"power":2}"#, "unknown");
}

#[test]
fn chirpstack_of_before() {
    let payload = r#"{"applicationID":"1","deviceName":"ct","rxInfo":[{"time":"2026-05-01T08:00:00.5Z"}],"fCnt":3,"object":{"current":2}}"#;
    let expected = format!("lorawan: 24e1 - current_a=2 {STAMP}");
    check(TOPIC, payload, &expected);
    check("application/1/device/24e1/rx", payload, &expected);
    check(
        "application/1/device/24e1/event/join",
        "{}",
        "lorawan: not a reading",
    );
    check(TOPIC, "{", "lorawan: malformed");
}
