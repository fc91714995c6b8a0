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
