//! Documents in, readings of the topics that they announce out.

use super::super::super::check::{check_by, decoder};
use super::super::super::{Decoder, DecoderConfig, Message};

/// Topic, payload, what is said without the family's name; empty for no reading.
#[track_caller]
fn play(decoder: &mut Decoder, messages: &[(&str, &str, &str)]) {
    for (topic, payload, expected) in messages {
        let expected: Vec<String> = match *expected {
            "" => vec!["home_assistant: not a reading".to_owned()],
            "unknown" => vec!["unknown".to_owned()],
            said => said
                .lines()
                .map(|line| format!("home_assistant: {}", line.trim()))
                .collect(),
        };
        check_by(decoder, topic, payload, &expected.join("\n"));
    }
}

#[test]
fn sensors_in_full_and_abbreviated() {
    play(
        &mut decoder(),
        &[
            (
                "homeassistant/sensor/press/load/config",
                r#"{"name":"Press load","state_topic":"shop/press","unit_of_measurement":"kW","device_class":"power",
                    "value_template":"{{ value_json.p }}","device":{"identifiers":["press-1","x"],"name":"Press"}}"#,
                "",
            ),
            (
                "any/where/sensor/press_e/config",
                r#"{"~":"shop/","stat_t":"~press","unit_of_meas":"MWh","stat_cla":"total_increasing","name":null,
                    "val_tpl":"{{ value_json['sum']['in'] | float / 10 }}","dev":{"ids":"press-1","name":"press e"}}"#,
                "",
            ),
            (
                "shop/press",
                r#"{"p":-1.5,"sum":{"in":"20"}}"#,
                "press-1 - power_w=-1500 energy_wh=2000000",
            ),
            ("shop/press", r#"{"p":null}"#, ""),
            ("shop/press", "{", "malformed"),
            (
                "homeassistant/sensor/scale/config",
                r#"{"stat_t":"~/v","~":"shop/scale","unit_of_meas":"mA"}"#,
                "",
            ),
            ("shop/scale/v", "1500", "scale - current_a=1.5"),
            (
                "disc/sensor/strip_4/config",
                r#"{"stat_t":"disc/sensor/strip_4/state","unit_of_meas":"W","dev":{"ids":["strip"]}}"#,
                "",
            ),
            ("disc/sensor/strip_4/state", "15", "strip 4 power_w=15"),
            (
                "disc/sensor/rail_w/config",
                r#"{"stat_t":"rail/outlet/7/watt","name":"Rail W7","unit_of_meas":"W","dev":{"ids":["rail"]}}"#,
                "",
            ),
            ("rail/outlet/7/watt", "15", "rail 7 power_w=15"),
            ("shop/scale/v", "unavailable", ""),
            ("shop/scale/v", "idle", "malformed"),
        ],
    );
}

#[test]
fn a_device_with_components_and_a_will() {
    let mut decoder = decoder();
    let document = r#"{"dev":{"ids":["pump-5"]},"o":{"name":"x"},"state_topic":"shop/pump/s",
        "avty":[{"t":"shop/alive","val_tpl":"{{ value_json.s }}","pl_avail":"up","pl_not_avail":"down"}],"cmps":{
        "w1":{"p":"sensor","name":"L1 power","unit_of_meas":"W","val_tpl":"{{ value_json.a }}"},
        "w2":{"p":"sensor","name":"L2 power","unit_of_meas":"W","val_tpl":"{{ value_json.b }}"},
        "w":{"p":"sensor","name":"Power","unit_of_meas":"W","val_tpl":"{{ value_json.c }}"},
        "v":{"p":"sensor","name":"Active power","unit_of_meas":"W","val_tpl":"{{ value_json.d }}"},
        "f":{"p":"sensor","name":"Feed","unit_of_meas":"Wh","val_tpl":"{{ value_json.energy_export }}"},
        "t":{"p":"sensor","name":"Energy today","unit_of_meas":"Wh","val_tpl":"{{ value_json.t }}"},
        "n":{"name":"Fan","unit_of_meas":"A","dev_cla":"current","stat_t":"shop/pump/n"},
        "u":{"name":"Heat","unit_of_meas":"°C","dev_cla":"temperature","stat_t":"shop/pump/u"},
        "r":{"p":"switch","unit_of_meas":"W","val_tpl":"{{ value_json.a }}"}}}"#;
    play(
        &mut decoder,
        &[
            ("ha/device/pump/config", document, ""),
            (
                "shop/pump/s",
                r#"{"a":1,"b":2,"c":3,"d":4,"energy_export":5,"t":6}"#,
                "pump-5 l1 power_w=1\npump-5 l2 power_w=2\npump-5 w power_w=3\npump-5 total power_w=4
                 pump-5 feed energy_export_wh=5",
            ),
            ("shop/pump/n", "1.5", "pump-5 fan current_a=1.5"),
            ("shop/pump/u", "61", "unknown"),
            ("shop/alive", r#"{"s":"down"}"#, "pump-5 is offline"),
            ("shop/alive", r#"{"s":"up"}"#, "pump-5 is online"),
            ("shop/alive", r#"{"s":"?"}"#, ""),
        ],
    );
    check_by(&mut decoder, "ha/device/pump/config", "", "not a reading");
    play(
        &mut decoder,
        &[
            ("shop/pump/s", r#"{"a":1}"#, "unknown"),
            ("shop/alive", r#"{"s":"up"}"#, "unknown"),
        ],
    );
}

#[test]
fn what_cannot_be_read_yields_a_reason_and_no_number() {
    let sensor = |rest: &str| format!(r#"{{"stat_t":"shop/x","name":"Load",{rest}}}"#);
    for rest in [
        r#""unit_of_meas":"W","val_tpl":"{{ value_json.a + value_json.b }}""#,
        r#""unit_of_meas":"kWh","dev_cla":"power""#,
        r#""unit_of_meas":"VAr","dev_cla":"power""#,
        r#""dev_cla":"energy""#,
        r#""unit_of_meas":"kWh","dev_cla":"energy","stat_cla":"measurement""#,
        r#""unit_of_meas":"W","val_tpl":"{{ value_json.returned }}""#,
    ] {
        let mut decoder = decoder();
        play(&mut decoder, &[("ha/sensor/x/config", &sensor(rest), "")]);
        let message = Message {
            topic: "shop/x",
            payload: b"5",
            is_retained: false,
            qos: 0,
        };
        let decoded = decoder.decode(&message);
        assert!(decoded.readings.is_empty(), "{rest}");
        let text = decoded.reason.unwrap().text;
        assert!(text.starts_with("Home Assistant discovery: "), "{rest}: {text}");
        assert_eq!(decoder.lessons().count(), 1, "{rest}");
    }
}

#[test]
fn what_is_not_metered_is_no_lesson() {
    let mut decoder = decoder();
    play(
        &mut decoder,
        &[
            (
                "ha/sensor/t/config",
                r#"{"stat_t":"shop/t","unit_of_meas":"K"}"#,
                "",
            ),
            (
                "ha/sensor/f/config",
                r#"{"stat_t":"shop/f","unit_of_meas":"W","dev_cla":"heat"}"#,
                "",
            ),
            (
                "ha/sensor/b/config",
                r#"{"stat_t":"shop/b","unit_of_meas":"V","ent_cat":"diagnostic"}"#,
                "",
            ),
            (
                "ha/light/l/config",
                r#"{"stat_t":"shop/l","unit_of_meas":"W"}"#,
                "",
            ),
            ("ha/sensor/e/config", r#"{"stat_t":"#, "malformed"),
            ("plain/config", r#"{"a":1}"#, ""),
            ("homeassistant/status", "online", ""),
        ],
    );
    assert_eq!(decoder.lessons().count(), 0);
}

#[test]
fn a_new_document_replaces_the_last_one_of_its_topic() {
    let mut decoder = decoder();
    play(
        &mut decoder,
        &[
            (
                "ha/sensor/x/config",
                r#"{"stat_t":"shop/a","unit_of_meas":"W"}"#,
                "",
            ),
            ("shop/a", "5", "x - power_w=5"),
            (
                "ha/sensor/x/config",
                r#"{"stat_t":"shop/b","unit_of_meas":"kW"}"#,
                "",
            ),
            ("shop/a", "5", "unknown"),
            ("shop/b", "5", "x - power_w=5000"),
            (
                "ha/sensor/x/config",
                r#"{"stat_t":"shop/b","unit_of_meas":"K"}"#,
                "",
            ),
            ("shop/b", "5", "unknown"),
        ],
    );
    let lessons: Vec<_> = decoder.lessons().map(|(_, payload)| payload.to_vec()).collect();
    assert_eq!(
        lessons,
        [br#"{"stat_t":"shop/b","unit_of_meas":"K"}"#],
        "the restart hears the last one"
    );
}

#[test]
fn other_families_believe_themselves() {
    let mut decoder = decoder();
    play(
        &mut decoder,
        &[(
            "ha/sensor/x/config",
            r#"{"stat_t":"zw/Kiosk/50/0/value/66049","unit_of_meas":"kWh","dev_cla":"energy","val_tpl":"{{ value_json.value }}"}"#,
            "",
        )],
    );
    check_by(
        &mut decoder,
        "zw/Kiosk/50/0/value/66049",
        r#"{"value":5}"#,
        "zwave_js_ui: Kiosk 0 power_w=5",
    );
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_is_counted() {
    let mut decoder = Decoder::new(&DecoderConfig {
        meters_max: 3,
        ..DecoderConfig::default()
    })
    .unwrap();
    for number in 0..10 {
        let document =
            format!(r#"{{"stat_t":"shop/{number}","unit_of_meas":"W","avty_t":"alive/{number}"}}"#);
        check_by(
            &mut decoder,
            &format!("ha/sensor/x{number}/config"),
            &document,
            "home_assistant: not a reading",
        );
    }
    assert_eq!(decoder.forgotten(), 9, "a sensor and its will are two of three");
    check_by(&mut decoder, "shop/9", "5", "home_assistant: x9 - power_w=5");
    check_by(&mut decoder, "shop/0", "5", "unknown");
}
