//! The fleet of workstations and servers: how many are on now, which outside their hours, how long in a week, and what
//! switching them off would save; beside it, what was published.
//!
//! On is scanning or idle: a workstation draws the same watts used or unused. Hours and energy are those of the last seven
//! local days, known time alone, taken for a week. Saved is what was drawn above off in the closed hours that were seen; off
//! is the station's own mean where it was seen for an hour, else [`OFF_PUBLISHED_W`].

use analyzer::State;
use analyzer::modality::{Modality, Role};
use axum::Json;
use axum::extract::{Query, State as Extract};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Serialize;

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::{Context, PageDevice, Shared, shape, tile};
use crate::live::{DeviceView, Snapshot};

/// Büttner et al. 2021: three stations with their monitors.
const OFF_PUBLISHED_W: f64 = 18.2;
/// Off must be seen for so long before its own mean counts, h.
const OFF_SEEN_H_MIN: f64 = 1.0;
const WEEK_H: f64 = 168.0;
const WEEKS_A_YEAR: f64 = 365.25 / 7.0;

/// One workstation's figures.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Station {
    id: String,
    name: String,
    room: String,
    state: &'static str,
    power_w: Option<f64>,
    is_on: bool,
    is_on_outside_hours: bool,
    /// Of the last seven days, known time alone.
    known_hours: f64,
    on_hours_per_week: Option<f64>,
    on_closed_hours_per_week: Option<f64>,
    energy_kwh_per_year: Option<f64>,
    off_w: f64,
    saved_kwh_per_year: Option<f64>,
    saved_cost_per_year: Option<f64>,
    saved_co2e_kg_per_year: Option<f64>,
}

/// A rack or server: it has to run, so nothing of it is waste.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Server {
    id: String,
    name: String,
    room: String,
    state: &'static str,
    power_w: Option<f64>,
    energy_today_kwh: f64,
    energy_7_days_kwh: f64,
}

/// The whole fleet.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Fleet {
    stations_on: usize,
    stations_standby: usize,
    stations_off: usize,
    stations_unknown: usize,
    stations_on_outside_hours: usize,
    power_w: f64,
    on_hours_per_week_mean: Option<f64>,
    energy_kwh_per_year: f64,
    saved_kwh_per_year: f64,
    saved_cost_per_year: f64,
    saved_co2e_kg_per_year: f64,
    stations: Vec<Station>,
    servers: Vec<Server>,
}

const fn is_on(state: State) -> bool {
    matches!(state, State::Idle | State::Scanning)
}

impl Station {
    fn of(device: &PageDevice, live: &DeviceView, now: Timestamp) -> Self {
        let week = &live.week;
        let hours = |state: State| week.state(state).hours();
        let known_hours = State::ALL
            .into_iter()
            .filter(|state| *state != State::Unknown)
            .map(hours)
            .sum();
        let per_week = |hours: f64| (known_hours >= 1.0).then(|| hours / known_hours * WEEK_H);
        let per_year = |amount: f64| per_week(amount).map(|of_week| of_week * WEEKS_A_YEAR);
        let on_states = [State::Idle, State::Scanning];
        let closed = [State::Idle, State::Scanning, State::Standby].map(|state| week.state_closed(state));
        let off = week.state(State::Off);
        let off_w = if off.hours() >= OFF_SEEN_H_MIN {
            off.energy.wh() / off.hours()
        } else {
            OFF_PUBLISHED_W
        };
        let closed_wh: f64 = closed.iter().map(|amount| amount.energy.wh()).sum();
        let closed_h: f64 = closed.iter().map(|amount| amount.hours()).sum();
        let saved_wh = (closed_wh - off_w * closed_h).max(0.0);
        // money and carbon of the part that would be saved, at the prices of those very hours
        let part = if closed_wh > 0.0 {
            saved_wh / closed_wh
        } else {
            0.0
        };
        let cost: f64 = closed.iter().map(|amount| amount.cost()).sum();
        let co2e_g: f64 = closed.iter().map(|amount| amount.co2e_g()).sum();
        Self {
            id: device.id.to_string(),
            name: device.name.clone(),
            room: device.room.clone(),
            state: live.state.name(),
            power_w: live.power_w,
            is_on: is_on(live.state),
            is_on_outside_hours: is_on(live.state) && !device.opening.is_open(now),
            known_hours,
            on_hours_per_week: per_week(on_states.into_iter().map(hours).sum()),
            on_closed_hours_per_week: per_week(
                on_states
                    .into_iter()
                    .map(|state| week.state_closed(state).hours())
                    .sum(),
            ),
            energy_kwh_per_year: per_year(week.all().energy.kwh()),
            off_w,
            saved_kwh_per_year: per_year(saved_wh / 1000.0),
            saved_cost_per_year: per_year(cost * part),
            saved_co2e_kg_per_year: per_year(co2e_g * part / 1000.0),
        }
    }
}

impl Fleet {
    /// Stations that would save most come first.
    pub(super) fn of(shared: &Shared, snapshot: &Snapshot, now: Timestamp) -> Self {
        let mut fleet = Self::default();
        let devices = shared.page.devices.iter();
        for (device, live) in devices.filter_map(|device| Some((device, snapshot.devices.get(&device.id)?))) {
            if tile::is_small(device) {
                fleet.count(live);
                fleet.stations.push(Station::of(device, live, now));
            } else if Modality::named(device.modality).is_some_and(|kind| kind.role == Role::Server) {
                fleet.servers.push(Server {
                    id: device.id.to_string(),
                    name: device.name.clone(),
                    room: device.room.clone(),
                    state: live.state.name(),
                    power_w: live.power_w,
                    energy_today_kwh: live.today.all().energy.kwh(),
                    energy_7_days_kwh: live.week.all().energy.kwh(),
                });
            }
        }
        let sum = |figure: fn(&Station) -> Option<f64>| fleet.stations.iter().filter_map(figure).sum::<f64>();
        let (energy, saved) = (sum(|it| it.energy_kwh_per_year), sum(|it| it.saved_kwh_per_year));
        let (cost, carbon) = (
            sum(|it| it.saved_cost_per_year),
            sum(|it| it.saved_co2e_kg_per_year),
        );
        let on_hours: Vec<f64> = fleet
            .stations
            .iter()
            .filter_map(|it| it.on_hours_per_week)
            .collect();
        fleet.stations_on_outside_hours = fleet.stations.iter().filter(|it| it.is_on_outside_hours).count();
        (fleet.energy_kwh_per_year, fleet.saved_kwh_per_year) = (energy, saved);
        (fleet.saved_cost_per_year, fleet.saved_co2e_kg_per_year) = (cost, carbon);
        fleet.on_hours_per_week_mean = mean(&on_hours);
        fleet.stations.sort_by(|one, other| {
            by_saved(other)
                .total_cmp(&by_saved(one))
                .then_with(|| one.name.cmp(&other.name))
        });
        fleet
    }

    fn count(&mut self, live: &DeviceView) {
        let place = match live.state {
            State::Idle | State::Scanning => &mut self.stations_on,
            State::Standby => &mut self.stations_standby,
            State::Off => &mut self.stations_off,
            State::Unknown => &mut self.stations_unknown,
        };
        *place += 1;
        self.power_w += live.power_w.unwrap_or(0.0);
    }
}

fn by_saved(station: &Station) -> f64 {
    station.saved_kwh_per_year.unwrap_or(0.0)
}

fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count))
}

pub(super) async fn json(Extract(shared): Extract<Context>) -> Response {
    let now = shared.now();
    let snapshot = shared.page.live.snapshot(now);
    Json(Fleet::of(&shared, &snapshot, now)).into_response()
}

pub(super) async fn show(Extract(shared): Extract<Context>, Query(asked): Query<Asked>) -> Response {
    let visit = Visit::new(&shared, &asked);
    let words = visit.speaker.words;
    let now = shared.now();
    let snapshot = shared.page.live.snapshot(now);
    let fleet = Fleet::of(&shared, &snapshot, now);
    let body = html! {
        h1 { (words.workstations_servers) }
        @if fleet.stations.is_empty() && fleet.servers.is_empty() { p.empty { (words.no_stations) } }
        @if !fleet.stations.is_empty() {
            section.summary.fleet { h2 { (words.states_now) }
                div #fleet { (now_line(&visit, &fleet)) } }
            div data-refresh="fleet" { (savings(&visit, &fleet)) (ranking(&visit, &fleet)) }
        }
        @if !fleet.servers.is_empty() { div data-refresh="servers" { (servers(&visit, &fleet)) } }
        (published(&visit))
    };
    let frame = Frame {
        title: words.workstations_servers,
        path: "/workstations",
        scope: Scope::Stations,
    };
    view(page(&shared, &visit, &frame, &body))
}

/// How many are on, in standby, off, unknown; how many on outside their hours; what they draw.
pub(super) fn now_line(visit: &Visit, fleet: &Fleet) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let shown = [
        (State::Idle, fleet.stations_on),
        (State::Standby, fleet.stations_standby),
        (State::Off, fleet.stations_off),
        (State::Unknown, fleet.stations_unknown),
    ];
    html! {
        ul.legend {
            @for (state, count) in shown {
                li data-state=(state.name()) {
                    span.pill { (shape::of_state(state))
                        span { @if state == State::Idle { (words.switched_on) } @else { (speaker.state(state)) } } }
                    " " b { (count) }
                }
            }
        }
        dl.facts {
            div.closed { dt { (words.on_outside_hours) } dd { b { (fleet.stations_on_outside_hours) } } }
            div { dt { (words.power) } dd { b { (speaker.power(fleet.power_w)) } } }
        }
    }
}

/// What it would save to switch them off in closed hours.
fn savings(visit: &Visit, fleet: &Fleet) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let share = fleet.saved_kwh_per_year / fleet.energy_kwh_per_year.max(1e-9);
    html! {
        section.card {
            h2 { (words.switching_off) " " span { (words.a_year) } }
            p.figures.large {
                b { (speaker.figures(fleet.saved_kwh_per_year)) " kWh" }
                b { (speaker.money(fleet.saved_cost_per_year)) }
                b { (speaker.carbon(fleet.saved_co2e_kg_per_year * 1000.0)) }
                @if fleet.energy_kwh_per_year > 0.0 { span { (speaker.percent(share)) " " (words.of_their_energy) } }
            }
            dl.facts {
                div { dt { (words.on_hours) } dd { b {
                    @match fleet.on_hours_per_week_mean { Some(hours) => { (speaker.number(hours, 0)) " h" } None => "–" } }
                    " " (words.of_168) } }
                div { dt { (words.energy_used) } dd { b { (speaker.figures(fleet.energy_kwh_per_year)) " kWh" } " " (words.a_year) } }
            }
            p.source { (words.saved_is) }
        }
    }
}

fn ranking(visit: &Visit, fleet: &Fleet) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let top = fleet
        .stations
        .first()
        .map_or(1.0, |station| by_saved(station).max(1e-9));
    let hours = |hours: Option<f64>| {
        hours.map_or_else(
            || "–".to_owned(),
            |hours| format!("{}\u{a0}h", speaker.number(hours, 0)),
        )
    };
    html! {
        section.card {
            h2 { (words.ranking) " " span { (fleet.stations.len()) } }
            div.scroll tabindex="0" role="region" aria-label=(words.ranking) { table {
                thead { tr {
                    th scope="col" { (words.workstation) } th scope="col" { (words.room) } th scope="col" { (words.state) }
                    @for name in [words.power, words.on_hours, words.on_closed_hours, words.would_save, words.cost] {
                        th.number scope="col" { (name) } }
                    th scope="col" { span.unseen { (words.would_save) } }
                } }
                tbody { @for station in &fleet.stations {
                    @let state = station.state.parse().unwrap_or(State::Unknown);
                    tr data-state=(station.state) {
                        th scope="row" { a href=(visit.device_href(&station.id)) { (station.name) } }
                        td { (station.room) }
                        td { span.pill { (shape::of_state(state)) span {
                                @if station.is_on { (words.switched_on) } @else { (speaker.state(state)) } } }
                            @if station.is_on_outside_hours { " " span.outside { (words.closed_part) } } }
                        td.number { @match station.power_w { Some(power_w) => (speaker.power(power_w)), None => "–" } }
                        td.number { (hours(station.on_hours_per_week)) }
                        td.number { (hours(station.on_closed_hours_per_week)) }
                        td.number { @match station.saved_kwh_per_year { Some(kwh) => b { (speaker.figures(kwh)) " kWh" }, None => "–" } }
                        td.number { @match station.saved_cost_per_year { Some(cost) => (speaker.money(cost)), None => "–" } }
                        td { svg.waste-bar viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
                            rect.rail width="100" height="6" {}
                            rect.closed width=(format!("{:.1}", by_saved(station) / top * 100.0)) height="6" {} } }
                    }
                } }
            } }
        }
    }
}

fn servers(visit: &Visit, fleet: &Fleet) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    html! {
        section.card {
            h2 { (words.servers) " " span { (words.servers_are) } }
            div.scroll tabindex="0" role="region" aria-label=(words.servers) { table {
                thead { tr { th scope="col" { (words.server) } th scope="col" { (words.room) }
                    @for name in [words.power, words.energy_today, words.this_week] { th.number scope="col" { (name) } } } }
                tbody { @for server in &fleet.servers { tr {
                    th scope="row" { a href=(visit.device_href(&server.id)) { (server.name) } } td { (server.room) }
                    td.number { @match server.power_w { Some(power_w) => (speaker.power(power_w)), None => "–" } }
                    td.number { (speaker.figures(server.energy_today_kwh)) " kWh" }
                    td.number { (speaker.figures(server.energy_7_days_kwh)) " kWh" }
                } } }
            } }
        }
    }
}

/// What others have measured; each with who and when.
fn published(visit: &Visit) -> Markup {
    let words = visit.speaker.words;
    let studies = [
        (words.study_walters, "Walters et al., Clin Radiol 2024"),
        (words.study_mccarthy, "McCarthy et al., Acad Radiol 2014"),
        (words.study_prasanna, "Prasanna et al., JACR 2011"),
        (words.study_buettner, "Büttner et al., Eur J Radiol Open 2021"),
    ];
    html! {
        section.card {
            h2 { (words.published) }
            ul.plain { @for (says, source) in studies { li { span { (says) } span.source { (source) } } } }
        }
    }
}
