//! The public JSON of the topics. Keys and words stay; new keys may come. Times are RFC 3339 in UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// `<prefix>/<device>/state`
#[derive(Serialize)]
pub(super) struct StateJson {
    pub(super) state: &'static str,
    /// Since when; null where that is not known.
    pub(super) since: Option<Timestamp>,
    pub(super) power_w: Option<f64>,
    /// The instant of the newest reading or change.
    pub(super) at: Timestamp,
}

/// `<prefix>/<device>/energy`: the local day so far.
#[derive(Serialize)]
pub(super) struct EnergyJson<'a> {
    pub(super) day: Date,
    /// When it began.
    pub(super) since: Option<Timestamp>,
    pub(super) total_kwh: f64,
    pub(super) scanning_kwh: f64,
    pub(super) idle_kwh: f64,
    /// The part outside opening hours.
    pub(super) idle_closed_kwh: f64,
    pub(super) idle_cost: f64,
    pub(super) currency: &'a str,
    pub(super) idle_co2e_kg: f64,
}

/// `<prefix>/alert/<rule>/<device>`
#[derive(Serialize)]
pub(super) struct AlertJson<'a> {
    pub(super) phase: &'static str,
    pub(super) severity: &'static str,
    /// A sentence for a person.
    pub(super) says: &'static str,
    pub(super) detail: &'a str,
    pub(super) by: &'a str,
    pub(super) snoozed_until: Option<Timestamp>,
    pub(super) since: Timestamp,
    pub(super) at: Timestamp,
    pub(super) energy_kwh: f64,
    pub(super) cost: f64,
    pub(super) currency: &'a str,
    pub(super) co2e_kg: f64,
}

/// `<prefix>/<device>/alerts`, with Home Assistant alone.
#[derive(Serialize)]
pub(super) struct AlertsJson<'a> {
    pub(super) open: usize,
    pub(super) rules: Vec<&'a str>,
    /// The most urgent of them.
    pub(super) severity: Option<&'static str>,
}

pub(super) fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain structs with text keys")
}
