//! The mapper on messages of meters that nobody programmed, and on configurations that cannot be meant.

use serde_json::json;

use super::super::check::check_by;
use super::super::{Decoder, DecoderConfig};

fn config(mapper: &serde_json::Value) -> DecoderConfig {
    let config = json!({"mapper": [mapper], "zone_of_local_stamps": "Europe/Berlin"});
    serde_json::from_value(config).unwrap()
}

#[track_caller]
fn check(mapper: &serde_json::Value, messages: &[(&str, &str, &str)]) {
    let mut decoder = Decoder::new(&config(mapper)).unwrap();
    for (topic, payload, expected) in messages {
        check_by(&mut decoder, topic, payload, expected);
    }
}

#[test]
fn bare_numbers_by_topic() {
    let mapper = json!({"name": "plant", "topic": "plant/{meter}/{channel}/{field}", "field": [
        {"field": "P", "quantity": "power", "unit": "kW", "sign": -1},
        {"field": "E", "quantity": "energy", "unit": "Wmin", "scale": 10.0},
        {"field": "U", "quantity": "voltage", "unit": "V", "channel": "supply"},
    ]});
    check(
        &mapper,
        &[
            ("plant/ct/l1/P", "1.5", "mapper: ct l1 power_w=-1500"),
            ("plant/ct/l1/P", "250 W", "mapper: ct l1 power_w=-250"),
            ("plant/ct/l1/E", "12", "mapper: ct l1 energy_wh=2"),
            ("plant/ct/l1/E", "-12", "mapper: not a reading"),
            ("plant/ct/l1/U", "230.5", "mapper: ct supply voltage_v=230.5"),
            ("plant/ct/l1/cosphi", "0.9", "mapper: not a reading"),
            ("plant/ct/l1/P", "unavailable", "mapper: not a reading"),
            ("plant/ct/l1/P", "high", "mapper: malformed"),
            ("plant/ct/l1/P", "5 kWh", "mapper: malformed"),
            ("plant/ct/l1", "5", "unknown"),
        ],
    );
}

#[test]
fn json_by_pointer() {
    let mapper = json!({"name": "gateway", "topic": "gw/+/#", "meter_pointer": "/id", "channel_pointer": "/port",
        "time": {"pointer": "/t", "unit": "local"}, "field": [
        {"pointer": "/m/p", "quantity": "power", "unit": "W"},
        {"pointer": "/m/e", "quantity": "energy_export", "unit": "kWh"},
        {"pointer": "/m/i", "quantity": "current", "unit": "mA"},
    ]});
    check(
        &mapper,
        &[
            (
                "gw/1/x",
                r#"{"id":"pdu7","port":8,"t":"2026-01-01T12:00:00","m":{"p":"140.25W","e":2,"i":"3A"}}"#,
                "mapper: pdu7 8 power_w=140.25 energy_export_wh=2000 current_a=3 stamp=2026-01-01T11:00:00Z",
            ),
            ("gw/1", r#"{"id":5,"m":{"p":7}}"#, "mapper: 5 - power_w=7"),
            ("gw/1", r#"{"id":5,"m":{"p":null}}"#, "mapper: not a reading"),
            ("gw/1", r#"{"m":{"p":7}}"#, "mapper: malformed"),
            ("gw/1", r#"{"id":5"#, "mapper: malformed"),
            ("gw/1", "", "mapper: not a reading"),
        ],
    );
}

#[test]
fn lists_of_meters() {
    let mapper = json!({"name": "batch", "topic": "gw", "items_pointer": "/metrics", "meter_pointer": "/tags/dev",
        "channel_pointer": "/tags/line", "time": {"pointer": "/t", "unit": "unix_ns"}, "field": [
        {"pointer": "/fields/P", "quantity": "power", "unit": "kW", "no_value": [-1.0, 999.0]},
        {"pointer": "/fields/E", "quantity": "energy", "unit": "Wh"},
    ]});
    let item = |fields: &str, tags: &str| format!(r#"{{"fields":{{{fields}}},"tags":{{{tags}}}}}"#);
    let message =
        |items: &[String]| format!(r#"{{"t":1790000000500000000,"metrics":[{}]}}"#, items.join(","));
    let whole = message(&[
        item(r#""P":1.5"#, r#""dev":"a","line":1"#),
        item(r#""P":-1,"E":5"#, r#""dev":"a","line":2"#),
        item(r#""E":7"#, r#""dev":"a","line":1"#),
        item(r#""P":3"#, r#""host":"gw""#),
        item(r#""P":"high""#, r#""dev":"b""#),
    ]);
    let broken = message(&[item(r#""P":"high""#, r#""dev":"b""#)]);
    check(
        &mapper,
        &[
            (
                "gw",
                &whole,
                "mapper: a 1 power_w=1500 energy_wh=7 stamp=2026-09-21T14:13:20.5Z
                 mapper: a 2 energy_wh=5 stamp=2026-09-21T14:13:20.5Z",
            ),
            ("gw", &broken, "mapper: malformed"),
            ("gw", r#"{"metrics":5}"#, "mapper: not a reading"),
            ("gw", "[", "mapper: malformed"),
        ],
    );
}

#[test]
fn objects_whose_keys_name_the_channels() {
    let mapper = json!({"name": "strip", "topic": "strip/{meter}", "items_pointer": "/outlets",
        "field": [{"quantity": "power", "unit": "W", "no_value": [-1.0]}]});
    check(
        &mapper,
        &[(
            "strip/s",
            r#"{"outlets":{"1":12.5,"2":"7W","3":-1,"4":null}}"#,
            "mapper: s 1 power_w=12.5\nmapper: s 2 power_w=7",
        )],
    );
}

#[test]
fn numbers_that_mean_no_value() {
    let mapper = json!({"name": "bare", "topic": "b/{meter}",
        "field": [{"quantity": "power", "unit": "W", "sign": -1, "no_value": [-1.0, 999.0]}]});
    check(
        &mapper,
        &[
            ("b/m", "-1", "mapper: not a reading"),
            ("b/m", "999.0", "mapper: not a reading"),
            ("b/m", "999 W", "mapper: not a reading"),
            ("b/m", "-2", "mapper: m - power_w=2"),
        ],
    );
}

#[test]
fn a_mapper_wins_over_the_families() {
    let mapper = json!({"name": "mine", "topic": "tele/{meter}/SENSOR",
        "field": [{"pointer": "/ENERGY/Power", "quantity": "power", "unit": "W", "channel": "mine"}]});
    check(
        &mapper,
        &[(
            "tele/x/SENSOR",
            r#"{"ENERGY":{"Power":5,"Total":1}}"#,
            "mapper: x mine power_w=5",
        )],
    );
}

#[test]
fn stamps_by_their_unit() {
    for (unit, text, is_stamped) in [
        ("unix_s", "1790000000.5", true),
        ("unix_s", "1790000000500", false),
        ("unix_ms", "1790000000500", true),
        ("unix_us", "1790000000500000", true),
        ("unix_ns", "1790000000500000000", true),
        ("rfc3339", r#""2026-09-21T14:13:20.5Z""#, true),
        ("rfc3339", r#""2026-09-21T14:13:20.5""#, false),
        ("local", r#""2026-09-21T16:13:20.5""#, true),
    ] {
        let mapper = json!({"name": "m", "topic": "m", "meter": "m", "time": {"pointer": "/t", "unit": unit},
            "field": [{"pointer": "/p", "quantity": "power", "unit": "W"}]});
        let expected = if is_stamped {
            "mapper: m - power_w=1 stamp=2026-09-21T14:13:20.5Z"
        } else {
            "mapper: m - power_w=1"
        };
        check(&mapper, &[("m", &format!(r#"{{"p":1,"t":{text}}}"#), expected)]);
    }
}

#[test]
fn faults_say_what_where_and_how_to_mend() {
    let field = |field: serde_json::Value| json!({"name": "gw", "topic": "{meter}", "field": [field]});
    for (mapper, part) in [
        (
            json!({"name": "gw", "topic": "a", "field": []}),
            "write {meter} into the topic",
        ),
        (
            json!({"name": "gw", "topic": "{meter}", "meter": "x"}),
            "give only one of",
        ),
        (json!({"name": "gw", "topic": "{meter}"}), "nothing would be read"),
        (json!({"name": "gw", "topic": "{meter}x"}), "stand alone"),
        (
            field(json!({"quantity": "power", "unit": "kw"})),
            "field 1 (): unit \"kw\" is not known; did you mean kW?",
        ),
        (
            field(json!({"quantity": "power", "unit": "VA", "pointer": "/s"})),
            "field 1 (/s): unit VA is apparent",
        ),
        (
            field(json!({"quantity": "power", "unit": "W", "pointer": "a.b"})),
            "did you mean \"/a/b\"?",
        ),
        (
            field(json!({"quantity": "power", "unit": "W", "scale": -1.0})),
            "use sign = -1",
        ),
        (
            field(json!({"quantity": "power", "unit": "W", "sign": 2})),
            "use scale",
        ),
        (
            field(json!({"quantity": "energy", "unit": "Wh", "sign": -1})),
            "energy_export",
        ),
        (
            field(json!({"quantity": "power", "unit": "W", "field": "P"})),
            "has no {field}",
        ),
        (
            json!({"name": "gw", "topic": "{meter}/{field}", "field": [{"quantity": "power", "unit": "W"}]}),
            "for which word",
        ),
    ] {
        let fault = Decoder::new(&config(&mapper)).err().unwrap().to_string();
        assert!(
            fault.starts_with("mapper \"gw\": ") && fault.contains(part),
            "{fault}"
        );
    }
}

#[test]
fn unknown_keys_are_refused() {
    let fault =
        serde_json::from_value::<super::Mapper>(json!({"name": "x", "topic": "y", "topics": 1})).unwrap_err();
    assert!(fault.to_string().contains("unknown field `topics`"), "{fault}");
}
