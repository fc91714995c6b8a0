//! What a scenario says of one meter: family, topic, report policy, accuracy.

use serde::Deserialize;

/// Wire format of a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Plug with Tasmota: `tele/<topic>/SENSOR`.
    Tasmota,
    /// Shelly 3EM of the first generation: `shellies/<topic>/emeter/<n>/…`, one bare number a topic.
    ShellyGen1,
    /// Shelly plug of the first generation: `shellies/<topic>/relay/0/…`.
    ShellyGen1Plug,
    /// Shelly Pro 3EM: `<topic>/events/rpc`, only what changed.
    ShellyGen2Events,
    /// Shelly Pro 3EM: `<topic>/status/em:0` and `…/emdata:0`.
    ShellyGen2Status,
    /// Shelly plug of a later generation: `<topic>/status/switch:0`.
    ShellyGen2Plug,
    /// Zigbee plug through zigbee2mqtt: `zigbee2mqtt/<topic>`.
    Zigbee2mqtt,
    /// A Modbus gateway that speaks one JSON object on `<topic>`.
    GenericJson,
    /// A controller that speaks bare numbers: `<topic>/power_kw`, `<topic>/energy_kwh`.
    GenericNumber,
    /// Three-phase meter with Tasmota: arrays in `tele/<topic>/SENSOR`.
    TasmotaPhases,
    /// Utility meter read by a Tasmota script: `SML` in `tele/<topic>/SENSOR`.
    TasmotaSml,
    /// Shelly Pro 3EM with the monophase profile: `<topic>/status/em1:<n>` and `…/em1data:<n>`.
    ShellyEm1,
    /// Shelly 3EM of the first generation: the whole status on `shellies/<topic>/info`.
    ShellyGen1Info,
    /// Three-phase Zigbee meter through zigbee2mqtt: `zigbee2mqtt/<topic>`.
    Zigbee2mqttPhases,
    /// A Modbus meter read by mbmd: `mbmd/<topic>/<Measurement>[/L1]`.
    Mbmd,
    /// A Modbus meter read by gosdm630: `/gosdm630/<topic>/WLocPhsA`.
    Gosdm630,
    /// A Modbus meter through Telegraf: one metric a message on `telegraf/<topic>/modbus`.
    Telegraf,
    /// A Modbus meter through Telegraf: several metrics a message on `telegraf/<topic>`.
    TelegrafBatch,
    /// A Modbus meter polled by modpoll: `modpoll/<topic>/data`.
    Modpoll,
    /// GUDE PDU: `de/gudesystems/epc/<topic>/device/telemetry`.
    Gude,
    /// CyberPower PDU through its bridge: `pdu/<topic>/{outlet/<n>,bank/<n>,total}/…`.
    Cyberpower,
    /// NETIO PDU with MQTT-flex, configured to one object: `<topic>/outputs/1`.
    Netio,
    /// A PDU polled by snmp2mqtt: `snmp2mqtt/<topic>/<sensor>/value`.
    Snmp2mqtt,
    /// Milesight WS52x plug through ChirpStack: `application/<topic>/device/<eui>/event/up`.
    ChirpstackPlug,
    /// Yobiiq EM4301 through ChirpStack: `application/<topic>/device/<eui>/event/up`.
    ChirpstackPhases,
    /// Milesight CT clamp through ChirpStack, current only: `application/<topic>/device/<eui>/event/up`.
    ChirpstackClamp,
    /// Milesight WS52x plug through The Things Stack: `v3/<topic>@rooms/devices/<id>/up`.
    ThingsStack,
    /// ESPHome meter with discovery, W and kWh: `<topic>/sensor/<name>/state`.
    Esphome,
    /// ESPHome meter with discovery, kW and Wh: `<topic>/sensor/<name>/state`.
    EsphomeKilo,
    /// Home Assistant's statestream: `statestream/sensor/<topic>_power/state`.
    Statestream,
    /// A device of the Homie convention 4: `homie/<topic>/meter/<property>`.
    Homie4,
    /// A device of the Homie convention 5: `homie/5/<topic>/meter/<property>`.
    Homie5,
    /// emonTx through emonHub: `emon/<topic>/power<n>` and `e<n>`.
    Emontx,
    /// IAMMETER WEM3080T: `device/<topic>/realtime`, positional lists.
    Iammeter,
    /// Smappee Pro: `servicelocation/<topic>/realtime`.
    Smappee,
    /// A HAN reader of AMS: JSON on `<topic>`.
    Ams,
    /// A grid meter behind Victron Venus: `N/<portal>/<topic>/Ac/…`.
    Victron,
    /// Kasa HS110 of hardware 1 through a bridge: `kasa/<topic>/emeter`.
    KasaV1,
    /// Kasa HS110 of hardware 2 through a bridge: `kasa/<topic>/emeter`, other keys and units.
    KasaV2,
    /// Meross plug: `/appliance/<topic>/publish`.
    Meross,
    /// Tuya plug, raw data points: `tuya/<topic>/dps`.
    Tuya,
    /// OpenBeken plug: `<topic>/power/get` and its like.
    Openbeken,
    /// ESPurna plug: `<topic>/data`, numbers as strings.
    Espurna,
    /// Z-Wave plug through Z-Wave JS UI: `zwave/<topic>/50/0/value/<id>`.
    ZwaveJsUi,
    /// DSMR-reader: `dsmr/reading/…`, one bare number a topic.
    Dsmr,
    /// An edge node of Sparkplug B: `spBv1.0/<group>/…/<node>/<device>`, protobuf.
    Sparkplug,
    /// SMA Energy Meter through the daemon of SMA-EM: `SMA-EM/status/<topic>`.
    SmaEm,
    /// SUPLA electricity meter: `supla/devices/<topic>/channels/0/state/…`.
    Supla,
    /// A radio meter heard by rtl_433: `<topic>/events`.
    #[serde(rename = "rtl_433")]
    Rtl433,
    /// A home-made controller whose numbers bear their units: `<topic>`.
    UnitText,
    /// The JSON that dbus-mqtt-grid reads: `<topic>`.
    VenusGrid,
    /// NETIO PDU with MQTT-flex, topics as its variables: `<topic>/OUTPUTS/1/LOAD`.
    NetioVariables,
    /// ESPHome meter without discovery whose names bear their units.
    EsphomeNamed,
}

impl Family {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Tasmota,
        Self::ShellyGen1,
        Self::ShellyGen1Plug,
        Self::ShellyGen2Events,
        Self::ShellyGen2Status,
        Self::ShellyGen2Plug,
        Self::Zigbee2mqtt,
        Self::GenericJson,
        Self::GenericNumber,
        Self::TasmotaPhases,
        Self::TasmotaSml,
        Self::ShellyEm1,
        Self::ShellyGen1Info,
        Self::Zigbee2mqttPhases,
        Self::Mbmd,
        Self::Gosdm630,
        Self::Telegraf,
        Self::TelegrafBatch,
        Self::Modpoll,
        Self::Gude,
        Self::Cyberpower,
        Self::Netio,
        Self::Snmp2mqtt,
        Self::ChirpstackPlug,
        Self::ChirpstackPhases,
        Self::ChirpstackClamp,
        Self::ThingsStack,
        Self::Esphome,
        Self::EsphomeKilo,
        Self::Statestream,
        Self::Homie4,
        Self::Homie5,
        Self::Emontx,
        Self::Iammeter,
        Self::Smappee,
        Self::Ams,
        Self::Victron,
        Self::KasaV1,
        Self::KasaV2,
        Self::Meross,
        Self::Tuya,
        Self::Openbeken,
        Self::Espurna,
        Self::ZwaveJsUi,
        Self::Dsmr,
        Self::Sparkplug,
        Self::SmaEm,
        Self::Supla,
        Self::Rtl433,
        Self::UnitText,
        Self::VenusGrid,
        Self::NetioVariables,
        Self::EsphomeNamed,
    ];
}

/// A meter: it knows power over time and nothing else.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterSpec {
    /// Wire format.
    pub family: Family,
    /// Topic, prefix, or name, as the family has it.
    pub topic: String,
    /// When it reports.
    #[serde(default)]
    pub report: ReportSpec,
    /// Seconds between messages of the counters, where the family has its own for them; 60 where absent.
    pub counter_seconds: Option<f64>,
    /// Half-width of the fixed gain error of power and counter, in percent; the family's class where absent.
    pub accuracy_percent: Option<f64>,
    /// Standard deviation of the noise of a power reading, in percent; 0.2 where absent. The counter has none.
    pub noise_percent: Option<f64>,
    /// What the import counter shows at the start; a few MWh by the seed where absent.
    pub counter_start_kwh: Option<f64>,
    /// Instead of the family's own quality of service.
    pub qos: Option<u8>,
    /// Instead of the family's own retain flag.
    pub retain: Option<bool>,
    /// Generic JSON: add `time`, unix milliseconds.
    #[serde(default)]
    pub stamped: bool,
}

/// When a meter reports.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSpec {
    /// At a fixed interval, or on change.
    pub policy: Policy,
    /// The interval; on change: how often the meter looks.
    pub seconds: f64,
    /// Report the mean of the interval instead of a spot value.
    pub mean: bool,
    /// On change: least change in percent of the last reported power.
    pub percent: f64,
    /// On change: and least change in watts.
    pub watts: f64,
    /// On change: report after so long without a change.
    pub heartbeat_seconds: f64,
}

impl Default for ReportSpec {
    fn default() -> Self {
        Self {
            policy: Policy::Interval,
            seconds: 10.0,
            mean: false,
            percent: 5.0,
            watts: 10.0,
            heartbeat_seconds: 60.0,
        }
    }
}

/// Kinds of report policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// At a fixed interval.
    Interval,
    /// When power has changed, or a heartbeat is due.
    OnChange,
}
