//! Messages of plugs, clamps and three-phase meters, with and without the bridge's list of devices.

use super::super::super::check::{check, check_by, decoder};
use super::super::super::{Decoder, DecoderConfig};

#[test]
fn one_load() {
    check(
        "wing/zigbee2mqtt/zigbee2mqtt plug 4",
        r#"{"power":5}"#,
        "zigbee2mqtt: zigbee2mqtt plug 4 - power_w=5",
    );
    check(
        "zigbee2mqtt/ward 3/monitor plug",
        r#"{"current":0.4,"energy":3.5,"power":-80,"voltage":231,"linkquality":80,"last_seen":"2026-04-01T10:00:00+02:00","power_outage_memory":"on"}"#,
        "zigbee2mqtt: ward 3/monitor plug - power_w=-80 energy_wh=3500 voltage_v=231 current_a=0.4 stamp=2026-04-01T08:00:00Z",
    );
    check(
        "zigbee2mqtt/p",
        r#"{"power":5,"last_seen":1775030400123}"#,
        "zigbee2mqtt: p - power_w=5 stamp=2026-04-01T08:00:00.123Z",
    );
    check(
        "zigbee2mqtt/p",
        r#"{"power":null,"energy":1,"current":"unknown"}"#,
        "zigbee2mqtt: p - energy_wh=1000",
    );
    check(
        "zigbee2mqtt/p",
        r#"{"energy":1,"produced_energy":-3,"energy_month":9}"#,
        "zigbee2mqtt: p - energy_wh=1000",
    );
    check(
        "home/z/p",
        r#"{"power":5,"linkquality":9}"#,
        "zigbee2mqtt: z/p - power_w=5",
    );
    check("home/z/p", r#"{"power":5}"#, "unknown");
    check("zigbee2mqtt/p/power", "7", "zigbee2mqtt: p - power_w=7");
    check("zigbee2mqtt/p/energy", "0.5", "zigbee2mqtt: p - energy_wh=500");
    check(
        "zigbee2mqtt/p/energy_phase_b",
        "0.5",
        "zigbee2mqtt: p l2 energy_wh=500",
    );
}

#[test]
fn phases_in_four_spellings() {
    let phases = "zigbee2mqtt: m l1 power_w=1 current_a=0.1
                  zigbee2mqtt: m l2 power_w=2
                  zigbee2mqtt: m l3 power_w=3";
    for payload in [
        r#"{"power_a":1,"power_b":2,"power_c":3,"current_a":0.1}"#,
        r#"{"power_phase_a":1,"power_phase_b":2,"power_phase_c":3,"current_phase_a":0.1}"#,
        r#"{"power_l1":1,"power_l2":2,"power_l3":3,"current_l1":0.1}"#,
        r#"{"power":1,"power_phase_b":2,"power_phase_c":3,"current":0.1}"#,
    ] {
        check("zigbee2mqtt/m", payload, phases);
    }
    check(
        "zigbee2mqtt/m",
        r#"{"energy":5,"power":1,"power_phase_b":2,"voltage":230,"voltage_phase_b":231,"produced_energy":1}"#,
        "zigbee2mqtt: m total energy_wh=5000 energy_export_wh=1000
         zigbee2mqtt: m l1 power_w=1 voltage_v=230
         zigbee2mqtt: m l2 power_w=2 voltage_v=231",
    );
    check(
        "zigbee2mqtt/m",
        r#"{"power":6,"power_a":1,"power_b":2,"power_c":3,"voltage":229}"#,
        "zigbee2mqtt: m total power_w=6 voltage_v=229
         zigbee2mqtt: m l1 power_w=1 voltage_v=229
         zigbee2mqtt: m l2 power_w=2 voltage_v=229
         zigbee2mqtt: m l3 power_w=3 voltage_v=229",
    );
}

#[test]
fn two_clamps_and_their_flow() {
    check(
        "zigbee2mqtt/m",
        r#"{"power_a":10,"power_b":20,"power_ab":10,"energy_flow_a":"producing","energy_flow_b":"consuming",
            "timestamp_a":"2026-04-01T08:00:00Z","calibration_power_a":1}"#,
        "zigbee2mqtt: m a power_w=-10 stamp=2026-04-01T08:00:00Z
         zigbee2mqtt: m b power_w=20
         zigbee2mqtt: m ab power_w=10",
    );
    check(
        "zigbee2mqtt/m",
        r#"{"power":-3,"energy_flow":"producing"}"#,
        "zigbee2mqtt: m - power_w=-3",
    );
}

#[test]
fn what_is_not_a_reading() {
    check(
        "zigbee2mqtt/p/availability",
        r#"{"state":"offline"}"#,
        "zigbee2mqtt: p is offline",
    );
    check(
        "zigbee2mqtt/a/p/availability",
        "online",
        "zigbee2mqtt: a/p is online",
    );
    check("zigbee2mqtt/p/availability", "?", "zigbee2mqtt: malformed");
    check(
        "zigbee2mqtt/bridge/state",
        r#"{"state":"online"}"#,
        "zigbee2mqtt: not a reading",
    );
    check("zigbee2mqtt/p/set", r#"{"power":5}"#, "not a reading");
    check("zigbee2mqtt/p/state", "ON", "zigbee2mqtt: not a reading");
    check("zigbee2mqtt/p/power", "nan", "zigbee2mqtt: not a reading");
    check("zigbee2mqtt/p/power", "ON", "zigbee2mqtt: malformed");
    check(
        "zigbee2mqtt/door",
        r#"{"battery":90,"voltage":3000,"contact":true}"#,
        "zigbee2mqtt: not a reading",
    );
    check("zigbee2mqtt/door/voltage", "3000", "zigbee2mqtt: not a reading");
    check("zigbee2mqtt/p", r#"{"power":"#, "zigbee2mqtt: malformed");
}

#[test]
fn each_quantity_says_for_itself_whether_its_bare_value_is_phase_a() {
    check(
        "zigbee2mqtt/feed",
        r#"{"current":2,"current_phase_b":6553.5,"current_phase_c":3,"energy":7,"power":900,"voltage":231,"voltage_phase_b":232}"#,
        "zigbee2mqtt: feed total power_w=900 energy_wh=7000
         zigbee2mqtt: feed l1 voltage_v=231 current_a=2
         zigbee2mqtt: feed l2 voltage_v=232
         zigbee2mqtt: feed l3 current_a=3",
    );
    check(
        "zigbee2mqtt/feed",
        r#"{"power":1,"power_b":2,"power_c":3,"power_total":6}"#,
        "zigbee2mqtt: feed total power_w=6
         zigbee2mqtt: feed l1 power_w=1
         zigbee2mqtt: feed l2 power_w=2
         zigbee2mqtt: feed l3 power_w=3",
    );
    check(
        "zigbee2mqtt/feed",
        r#"{"power":-32768,"energy":1}"#,
        "zigbee2mqtt: feed - energy_wh=1000",
    );
}

const LIST: &str = r#"[{"type":"Coordinator","friendly_name":"Coordinator","definition":null},
    {"friendly_name":"hall/feed","definition":{"exposes":[
        {"type":"switch","features":[{"type":"binary","property":"state"},{"type":"numeric","property":"power","unit":"kW"}]},
        {"type":"numeric","property":"energy","unit":"Wh"},{"type":"numeric","property":"power_b","unit":"kW"},
        {"type":"numeric","property":"power_c","unit":"kW"},{"type":"numeric","property":"voltage","unit":"V"},
        {"type":"numeric","property":"current_pump","endpoint":"pump","unit":"mA"},
        {"type":"numeric","property":"energy_produced","unit":"VAh"},{"type":"numeric","property":"power_factor","unit":"%"}]}},
    {"friendly_name":"lathe","definition":{"exposes":[{"type":"numeric","property":"active_power","unit":"kW"},
        {"type":"numeric","property":"current","unit":"A","description":"Current on phase A"}]}},
    {"friendly_name":"door","definition":{"exposes":[{"type":"numeric","property":"voltage","unit":"mV"}]}}]"#;

#[test]
fn the_bridges_list_says_units_and_loads() {
    let mut decoder = decoder();
    for (topic, payload, expected) in [
        ("zigbee2mqtt/bridge/devices", LIST, "zigbee2mqtt: not a reading"),
        (
            "zigbee2mqtt/hall/feed",
            r#"{"power":1.5,"energy":20,"current_pump":500,"energy_produced":5,"voltage":230}"#,
            "zigbee2mqtt: hall/feed total energy_wh=20 voltage_v=230
             zigbee2mqtt: hall/feed l1 power_w=1500 voltage_v=230
             zigbee2mqtt: hall/feed pump voltage_v=230 current_a=0.5",
        ),
        (
            "zigbee2mqtt/hall/feed/power",
            "1.5",
            "zigbee2mqtt: hall/feed l1 power_w=1500",
        ),
        (
            "zigbee2mqtt/hall/feed/power_b",
            "1.5",
            "zigbee2mqtt: hall/feed l2 power_w=1500",
        ),
        (
            "zigbee2mqtt/lathe",
            r#"{"active_power":1.5,"current":2}"#,
            "zigbee2mqtt: lathe total power_w=1500
             zigbee2mqtt: lathe l1 current_a=2",
        ),
        ("zigbee2mqtt/bridge/devices", "", "not a reading"),
        (
            "zigbee2mqtt/lathe",
            r#"{"active_power":1.5}"#,
            "zigbee2mqtt: not a reading",
        ),
    ] {
        check_by(&mut decoder, topic, payload, expected);
    }
}

#[test]
fn a_base_of_another_name_is_known_by_its_list() {
    let mut decoder = decoder();
    for (topic, payload, expected) in [
        ("b1/radio/lathe", r#"{"active_power":1}"#, "unknown"),
        ("b1/radio/bridge/devices", LIST, "zigbee2mqtt: not a reading"),
        (
            "b1/radio/lathe",
            r#"{"active_power":1}"#,
            "zigbee2mqtt: lathe total power_w=1000",
        ),
        (
            "b1/radio/lathe/active_power",
            "1",
            "zigbee2mqtt: lathe total power_w=1000",
        ),
        (
            "b1/radio/lathe/availability",
            "offline",
            "zigbee2mqtt: lathe is offline",
        ),
        ("b1/radio/door", r#"{"voltage":3000}"#, "unknown"),
        (
            "b1/radio/bridge/state",
            r#"{"state":"online"}"#,
            "zigbee2mqtt: not a reading",
        ),
        (
            "b1/radio/bridge/devices",
            r#"[{"friendly_name"]"#,
            "zigbee2mqtt: malformed",
        ),
        ("b1/radio/bridge/devices", "[]", "zigbee2mqtt: not a reading"),
        ("b1/radio/lathe", r#"{"active_power":1}"#, "unknown"),
    ] {
        check_by(&mut decoder, topic, payload, expected);
    }
    assert_eq!(
        decoder.lessons().count(),
        1,
        "the empty list takes the place of the other"
    );
}

#[test]
fn devices_are_bounded() {
    let mut decoder = Decoder::new(&DecoderConfig {
        meters_max: 2,
        ..DecoderConfig::default()
    })
    .unwrap();
    let device = |number| {
        format!(
            r#"{{"friendly_name":"p{number}","definition":{{"exposes":[{{"type":"numeric","property":"power","unit":"kW"}}]}}}}"#
        )
    };
    let list: Vec<String> = (0..5).map(device).collect();
    let list = format!("[{}]", list.join(","));
    check_by(
        &mut decoder,
        "zigbee2mqtt/bridge/devices",
        &list,
        "zigbee2mqtt: not a reading",
    );
    assert_eq!(decoder.forgotten(), 3);
    check_by(
        &mut decoder,
        "zigbee2mqtt/p4",
        r#"{"power":1}"#,
        "zigbee2mqtt: p4 - power_w=1000",
    );
}
