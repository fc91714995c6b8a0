//! Messages of every family, to be mutated by the laws: our own, shaped as the families document them.

/// Topic and payload.
pub(crate) const SEEDS: &[(&str, &str)] = &[
    ("shellies/shellyem3-0A1B2C/emeter/1/power", "-812.44"),
    ("shellies/shellyem3-0A1B2C/emeter/2/total", "90211.5"),
    ("shellies/ups-room/relay/0/energy", "1201"),
    ("shellies/ups-room/online", "true"),
    (
        "shellies/shellyem3-0A1B2C/info",
        r#"{"emeters":[{"power":5.5,"is_valid":true,"total":80.5,"total_returned":0.5,"voltage":231.5,"current":0.1}],
            "meters":[{"power":60,"is_valid":true,"total":120}]}"#,
    ),
    (
        "b2/shellypro3em-00aa11bb22cc/status/em:0",
        r#"{"id":0,"a_act_power":1200.5,"a_voltage":231,"a_current":5.3,"b_act_power":-4,"c_act_power":null,
            "total_current":5.6,"total_act_power":1196.5,"a_errors":["out_of_range:voltage"]}"#,
    ),
    (
        "ct/status/emdata:0",
        r#"{"id":0,"a_total_act_energy":10,"b_total_act_ret_energy":1,"total_act":30,"total_act_ret":1}"#,
    ),
    (
        "ct/status/switch:1",
        r#"{"id":1,"apower":-5.5,"voltage":230.1,"current":0.2,"aenergy":{"total":100.5},"ret_aenergy":{"total":40.25}}"#,
    ),
    (
        "ct/events/rpc",
        r#"{"src":"shellyplug-1","method":"NotifyStatus","params":{"ts":1790000000.25,"switch:0":{"aenergy":{"total":110}},
            "em1:2":{"act_power":7,"errors":[]},"cover:0":{"apower":1},"em1data:0":{"total_act_energy":1}}}"#,
    ),
    (
        "tele/plug-7/SENSOR",
        r#"{"Time":"2026-03-02T08:00:05","ENERGY":{"Total":[1.5,2.5,-0.1],"ExportActive":[0,0,0.5],"Power":[10,-20,null],
            "Voltage":230,"Current":[0.1,0.2,0.3]},"ANALOG":{"CTEnergy1":{"Energy":0.5,"Power":460}}}"#,
    ),
    (
        "a/b/plug-8/tele/SENSOR",
        r#"{"Time":"2026-03-02T08:00:05+01:00","ENERGY":{"Total":{"Phase1":1},"Power":nan,"Voltage":1}}"#,
    ),
    (
        "stat/m/STATUS10",
        r#"{"StatusSNS":{"":{"Total_in":12.5,"Total_out":0.5,"Power_curr":-80,"Power_L1":5}}}"#,
    ),
    (
        "tele/m/SENSOR",
        r#"{"METER":{"PH":3,"P":900,"W":700,"I":4,"W1":300,"U1":230,"I1":2,"W2":400},"Epoch":1772434805}"#,
    ),
    (
        "tele/m/ENERGY",
        r#"{"Time":"2017-01-01T01:00:00","Total":0.25,"Power":7,"Voltage":229}"#,
    ),
    ("tele/m/LWT", "Online"),
    (
        "zigbee2mqtt/ward 3/plug",
        r#"{"power_a":10,"power_b":20,"power_ab":10,"energy":5,"energy_flow_a":"producing","voltage":230,
            "timestamp_a":"2026-04-01T08:00:00Z","last_seen":1775030400123,"linkquality":9}"#,
    ),
    (
        "zigbee2mqtt/m",
        r#"{"power":1,"power_phase_b":2,"power_phase_c":3,"produced_energy":1,"battery":5}"#,
    ),
    ("zigbee2mqtt/m/power", "17"),
    ("zigbee2mqtt/m/availability", r#"{"state":"offline"}"#),
    ("plant/ct1/l2/P", "1.5kW"),
    (
        "gw/any/thing",
        r#"{"id":"m","port":3,"t":1790000000,"p":"140.25W","e":5}"#,
    ),
];
