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
    ("mbmd/abb1-3/Power/L2", "15340.5"),
    ("/b/Janitza/Unit4/TotkWhImportPhsC", "42.5"),
    ("homie/abb1-3/meter/voltagel3", "231.5"),
    ("pdu/rack-2/outlet/4/energy", "12.5"),
    (
        "de/gudesystems/epc/00:19:32:0a:0b:0c/device/telemetry",
        r#"{"line_in":[{"voltage":229,"current":1.5,"act_pow":310},{"act_pow":1}],"ts":1790000000}"#,
    ),
    (
        "application/app/device/24e1/event/up",
        r#"{"time":"2026-05-01T08:00:00.5+00:00","deviceInfo":{"devEui":"24e1"},"object":{"activePowerL1":-5,"current_chn1":5,
            "activeEnergyImportL123T1":10,"activeEnergyImportL123T2":5,"current":1}}"#,
    ),
    (
        "v3/meters@tenant/devices/ct-7/up",
        r#"{"end_device_ids":{"dev_eui":"24E1"},"uplink_message":{"decoded_payload":{"active_power":2,"power_consumption":5}}}"#,
    ),
    (
        "servicelocation/aa-bb/realtime",
        r#"{"totalPower":300,"totalImportEnergy":7200,"utcTimeStamp":1790000000500,
            "channelPowers":[{"ctInput":0,"power":-10,"importEnergy":3600,"phaseId":0,"current":15}],"voltages":[{"voltage":231,"phaseId":0}]}"#,
    ),
    (
        "any/topic",
        r#"{"SN":"A1B2","Datas":[[230,1.5,-340,2,1,50,0.9],[231,0,0,null],[]]}"#,
    ),
    ("emon/panel4/power2", "-120"),
    ("emon/panel4", r#"{"P1":10,"e1":20,"vrms":230,"time":1790000000}"#),
    ("dsmr/reading/electricity_currently_returned", "0.5"),
    ("dsmr/reading/electricity_currently_delivered", "0.15"),
    ("dsmr/reading/electricity_delivered_1", "100.5"),
    ("dsmr/reading/electricity_delivered_2", "50.1"),
    ("N/c0ffee/grid/30/Ac/L1/Energy/Forward", r#"{"value":15}"#),
    ("kiosk-plug/energycounter/get", "900.5"),
    ("/fridge/switch/emeter/power", "5.5"),
    (
        "kasa/fridge/emeter",
        r#"{"emeter":{"get_realtime":{"voltage_mv":230500,"power_mw":20500,"total_wh":7,"err_code":0}}}"#,
    ),
    (
        "/appliance/90a1/publish",
        r#"{"electricity":{"channel":0,"current":150,"voltage":2305,"power":-34500}}"#,
    ),
    (
        "zwave/Kiosk/50/0/value/66049",
        r#"{"time":1790000000000,"value":12.5}"#,
    ),
    (
        "tuya/clamp/dps",
        r#"{"101":1005,"102":"REVERSE","105":20,"106":150,"112":2300,"115":-985}"#,
    ),
    (
        "energy/mains",
        r#"{"grid":{"power":-80,"energy_forward":1.5,"L2":{"power":-80}}}"#,
    ),
    (
        "rack/any",
        r#"{"id":"strip-2","port":3,"power":"0.25 kW","voltage":"231V","current":"900mA"}"#,
    ),
    ("plant/ct1/l2/P", "1.5kW"),
    (
        "gw/any/thing",
        r#"{"id":"m","port":3,"t":1790000000,"p":"140.25W","e":5}"#,
    ),
];
