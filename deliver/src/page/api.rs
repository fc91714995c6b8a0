//! The JSON API: types of its own, every number with its unit in its name, every instant RFC 3339 in UTC.

use analyzer::kpi::KPIS;
use analyzer::modality::{Modality, Role};
mod device;

use analyzer::State;
use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Context, PageDevice};
use crate::history::{AlertFilter, Amount, HistoryError, Totals};
use crate::live::DeviceView;
use crate::public::BandsJson;

pub(super) use device::device;

/// A curve never has more points than this: longer ranges get longer steps.
const POINTS_MAX: i64 = 1500;

/// The longest range of one answer.
pub(super) const RANGE_DAYS_MAX: i64 = 400;

#[derive(Serialize)]
struct AmountBody {
    energy_wh: f64,
    estimated_wh: f64,
    seconds: i64,
    cost: f64,
    co2e_g: f64,
}

impl From<Amount> for AmountBody {
    fn from(amount: Amount) -> Self {
        Self {
            energy_wh: amount.energy.wh(),
            estimated_wh: amount.estimated.wh(),
            seconds: amount.duration.as_secs(),
            cost: amount.cost(),
            co2e_g: amount.co2e_g(),
        }
    }
}

#[derive(Serialize)]
struct StateBody {
    state: &'static str,
    all_hours: AmountBody,
    closed_hours: AmountBody,
}

fn by_state(totals: &Totals) -> Vec<StateBody> {
    let body = |state: State| StateBody {
        state: state.name(),
        all_hours: totals.state(state).into(),
        closed_hours: totals.state_closed(state).into(),
    };
    State::ALL.into_iter().map(body).collect()
}

#[derive(Serialize)]
struct DeviceBody<'a> {
    id: String,
    name: String,
    room: String,
    floor: Option<String>,
    modality: String,
    state: &'static str,
    since: Option<Timestamp>,
    power_w: Option<f64>,
    sampled_at: Option<Timestamp>,
    has_open_alert: bool,
    meter_fault: Option<&'static str>,
    /// What its power means, learned from its own levels; null before that, and where the configuration fixes it.
    learned: Option<BandsJson<'a>>,
    today: Vec<StateBody>,
    kpis_7_days: Vec<KpiBody>,
}

/// A key figure with what it means.
#[derive(Serialize)]
struct KpiBody {
    name: &'static str,
    unit: &'static str,
    /// Null where the period does not hold what it needs.
    value: Option<f64>,
    formula: &'static str,
    source: &'static str,
}

fn role(modality: &str) -> Role {
    Modality::named(modality).map_or(Role::Scanner, |modality| modality.role)
}

/// The figures that the ledger alone gives; `/api/kpi` has them all.
const WEEK_FIGURES: [&str; 4] = [
    "idle_scan_ratio",
    "idle_share",
    "closed_idle_share",
    "non_productive_share",
];

fn kpis(totals: &Totals, role: Role) -> Vec<KpiBody> {
    let totals = totals.for_kpis(role);
    let listed = KPIS.iter().filter(|kpi| WEEK_FIGURES.contains(&kpi.name));
    let bodies = listed.flat_map(|kpi| {
        let values = kpi.values(&totals).into_iter();
        values.map(|(_, answer)| KpiBody {
            name: kpi.name,
            unit: kpi.unit,
            value: answer.ok(),
            formula: kpi.formula,
            source: kpi.source,
        })
    });
    bodies.collect()
}

impl<'a> DeviceBody<'a> {
    fn of(device: &PageDevice, live: &'a DeviceView) -> Self {
        Self {
            id: device.id.to_string(),
            name: device.name.clone(),
            room: device.room.clone(),
            floor: device.floor.clone(),
            modality: device.modality.to_owned(),
            state: live.state.name(),
            since: live.since,
            power_w: live.power_w,
            sampled_at: live.sampled_at,
            has_open_alert: live.open_alert().is_some(),
            meter_fault: live.meter_fault.as_ref().map(|fault| fault.kind.name()),
            learned: live.learned.as_deref().map(BandsJson::from),
            today: by_state(&live.today),
            kpis_7_days: kpis(&live.week, role(device.modality)),
        }
    }
}

pub(super) async fn devices(Extract(shared): Extract<Context>) -> Response {
    let snapshot = shared.page.live.snapshot(shared.now());
    let devices: Vec<DeviceBody<'_>> = shared
        .page
        .devices
        .iter()
        .filter_map(|device| Some(DeviceBody::of(device, snapshot.devices.get(&device.id)?)))
        .collect();
    Json(devices).into_response()
}

const NO_SUCH_DEVICE: &str = "no such device; /api/devices lists them";

#[derive(Serialize)]
struct SummaryBody {
    now: Timestamp,
    site: String,
    currency: String,
    tariff: String,
    carbon_factor: String,
    devices: usize,
    open_alerts: usize,
    idle_waste_today: WasteBody,
    idle_waste_7_days: WasteBody,
    today: Vec<StateBody>,
    last_7_days: Vec<StateBody>,
}

#[derive(Serialize)]
struct WasteBody {
    all_hours: AmountBody,
    closed_hours: AmountBody,
}

fn waste(totals: &Totals) -> WasteBody {
    WasteBody {
        all_hours: totals.idle().into(),
        closed_hours: totals.idle_closed().into(),
    }
}

pub(super) async fn summary(Extract(shared): Extract<Context>) -> Response {
    let now = shared.now();
    let snapshot = shared.page.live.snapshot(now);
    let site = &shared.page.site;
    let summary = SummaryBody {
        now,
        site: site.name.clone(),
        currency: site.currency.clone(),
        tariff: site.tariff.clone(),
        carbon_factor: site.carbon.clone(),
        devices: snapshot.devices.len(),
        open_alerts: snapshot.open_alerts(),
        idle_waste_today: waste(&snapshot.today),
        idle_waste_7_days: waste(&snapshot.week),
        today: by_state(&snapshot.today),
        last_7_days: by_state(&snapshot.week),
    };
    Json(summary).into_response()
}

#[derive(Debug, Deserialize)]
pub(super) struct Range {
    from: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct PowerBody {
    device: String,
    from: Timestamp,
    until: Timestamp,
    step_s: i64,
    points: Vec<PointBody>,
    bands: Vec<BandBody>,
}

#[derive(Serialize)]
struct PointBody {
    at: Timestamp,
    mean_w: f64,
    min_w: f64,
    max_w: f64,
}

#[derive(Serialize)]
struct BandBody {
    from: Timestamp,
    until: Timestamp,
    state: &'static str,
}

/// The power curve and state bands; without a range, the last 24 hours.
pub(super) async fn power(
    Extract(shared): Extract<Context>,
    Path(id): Path<String>,
    Query(range): Query<Range>,
) -> Response {
    if shared.device(&id).is_none() {
        return refuse(StatusCode::NOT_FOUND, NO_SUCH_DEVICE);
    }
    let until = match instant(range.until.as_deref(), shared.now()) {
        Ok(until) => until,
        Err(text) => return refuse(StatusCode::BAD_REQUEST, &text),
    };
    let from = match instant(range.from.as_deref(), until - SignedDuration::from_hours(24)) {
        Ok(from) => from,
        Err(text) => return refuse(StatusCode::BAD_REQUEST, &text),
    };
    let span = until.duration_since(from);
    if !span.is_positive() || span > SignedDuration::from_hours(24 * RANGE_DAYS_MAX) {
        return refuse(
            StatusCode::BAD_REQUEST,
            "`from` must lie before `until`, by at most 400 days",
        );
    }
    let step = SignedDuration::from_mins((span.as_mins() / POINTS_MAX).max(1));
    let asked = shared.page.history.ask(move |reader| {
        let points = reader.power(&id, from, until, step)?;
        let bands = reader.bands(&id, from, until)?;
        Ok(PowerBody {
            device: id,
            from,
            until,
            step_s: step.as_secs(),
            points: points
                .into_iter()
                .map(|point| PointBody {
                    at: point.at,
                    mean_w: point.mean_w,
                    min_w: point.min_w,
                    max_w: point.max_w,
                })
                .collect(),
            bands: bands
                .into_iter()
                .map(|band| BandBody {
                    from: band.from,
                    until: band.until,
                    state: band.state.name(),
                })
                .collect(),
        })
    });
    answer(asked.await)
}

#[derive(Serialize)]
struct AlertBody {
    /// The newest step.
    phase: &'static str,
    detail: String,
    by: String,
    snoozed_until: Option<Timestamp>,
    rule: String,
    device: String,
    severity: &'static str,
    since: Timestamp,
    raised_at: Timestamp,
    cleared_at: Option<Timestamp>,
    energy_wh: f64,
    cost: f64,
    co2e_g: f64,
    steps: Vec<StepBody>,
}

#[derive(Serialize)]
struct StepBody {
    phase: &'static str,
    at: Timestamp,
    energy_wh: f64,
    /// Who took it; empty where no person did.
    by: String,
    snoozed_until: Option<Timestamp>,
    /// What was written down; empty where it is no note.
    note: String,
}

pub(super) async fn alerts(Extract(shared): Extract<Context>) -> Response {
    let asked = shared.page.history.ask(|reader| {
        let mut bodies = Vec::new();
        for alert in reader.alerts(&AlertFilter::default())? {
            let steps = reader.alert_steps(&alert.device, &alert.rule, alert.since)?;
            bodies.push(AlertBody {
                phase: alert.phase.name(),
                detail: alert.detail,
                by: alert.by,
                snoozed_until: alert.until,
                rule: alert.rule,
                device: alert.device.to_string(),
                severity: alert.severity.name(),
                since: alert.since,
                raised_at: alert.raised_at,
                cleared_at: alert.cleared_at,
                energy_wh: alert.energy.wh(),
                cost: alert.cost,
                co2e_g: alert.co2e_g,
                steps: steps
                    .into_iter()
                    .map(|step| StepBody {
                        phase: step.phase.name(),
                        at: step.at,
                        energy_wh: step.energy.wh(),
                        by: step.by,
                        snoozed_until: step.until,
                        note: step.note,
                    })
                    .collect(),
            });
        }
        Ok(bodies)
    });
    answer(asked.await)
}

pub(super) fn instant(text: Option<&str>, default: Timestamp) -> Result<Timestamp, String> {
    let Some(text) = text else { return Ok(default) };
    // a `+` of an offset arrives as a space where it was not encoded
    let text = text.replace(' ', "+");
    text.parse()
        .map_err(|_| format!("`{text}` is no instant; write one like 2026-11-16T06:00:00Z"))
}

pub(super) fn refuse(status: StatusCode, text: &str) -> Response {
    (status, Json(serde_json::json!({ "error": text }))).into_response()
}

pub(super) fn answer<T: Serialize>(asked: Result<T, HistoryError>) -> Response {
    match asked {
        Ok(body) => Json(body).into_response(),
        Err(error) => {
            tracing::warn!(%error, "the API could not read the history");
            refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                "the local history cannot be read just now",
            )
        }
    }
}
