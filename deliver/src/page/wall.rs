//! All rooms at a glance, big enough for a screen in the corridor, small enough for a phone.

use std::collections::BTreeMap;

use analyzer::{AlertEvent, AlertPhase, State};
use axum::extract::{Query, State as Extract};
use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::speaker::Speaker;
use super::{Context, PageDevice, Shared, shape, spark, tile};
use crate::live::{DeviceView, Progress, Snapshot};

/// Alerts named in the strip; the rest are counted and stand on the alerts' page.
const STRIP_MAX: usize = 3;

pub(super) async fn show(Extract(shared): Extract<Context>, Query(asked): Query<Asked>) -> Response {
    let visit = Visit::new(&shared, &asked);
    let now = shared.now();
    let snapshot = shared.page.live.snapshot(now);
    let sparks = spark::all(&shared, now, snapshot.progress.is_some()).await;
    let body = html! {
        h1.unseen { (visit.speaker.words.rooms) }
        div #progress { (progress(snapshot.progress.as_ref())) }
        section.summary {
            div #totals { (totals(&visit.speaker, &shared, &snapshot)) }
        }
        section #strip role="status" { (strip(&shared, &visit, &snapshot, now)) }
        div.floors {
            @for (floor, devices) in floors(&shared.page.devices) {
                (group(&shared, &visit, floor, &devices, &snapshot, &sparks, now))
            }
            (workstations(&shared, &visit, &snapshot, now))
        }
    };
    let frame = Frame {
        title: visit.speaker.words.rooms,
        path: "/",
        scope: Scope::Wall,
    };
    view(page(&shared, &visit, &frame, &body))
}

/// Devices with a large tile by floor, in the order the floors first appear.
fn floors(devices: &[PageDevice]) -> Vec<(Option<&str>, Vec<&PageDevice>)> {
    let mut floors: Vec<(Option<&str>, Vec<&PageDevice>)> = Vec::new();
    for device in devices.iter().filter(|device| !tile::is_small(device)) {
        let floor = device.floor.as_deref();
        match floors.iter_mut().find(|(known, _)| *known == floor) {
            Some((_, members)) => members.push(device),
            None => floors.push((floor, vec![device])),
        }
    }
    floors
}

/// The stylesheet gives a group room by its count; from six on it takes the whole width.
fn count_class(devices: usize) -> usize {
    devices.min(6)
}

fn group(
    shared: &Shared,
    visit: &Visit,
    floor: Option<&str>,
    devices: &[&PageDevice],
    snapshot: &Snapshot,
    sparks: &BTreeMap<analyzer::DeviceId, spark::Spark>,
    now: Timestamp,
) -> Markup {
    let has_floors = shared.page.devices.iter().any(|device| device.floor.is_some());
    html! {
        section.group data-count=(count_class(devices.len())) {
            @if has_floors { h2 { (floor.unwrap_or(visit.speaker.words.other_floor)) } }
            div.tiles {
                @for device in devices {
                    @if let Some(live) = snapshot.devices.get(&device.id) {
                        (large_tile(visit, device, live, sparks.get(&device.id), now))
                    }
                }
            }
        }
    }
}

fn workstations(shared: &Shared, visit: &Visit, snapshot: &Snapshot, now: Timestamp) -> Markup {
    let small: Vec<&PageDevice> = shared
        .page
        .devices
        .iter()
        .filter(|device| tile::is_small(device))
        .collect();
    html! {
        @if !small.is_empty() {
            section.group data-count="6" {
                h2 { (visit.speaker.words.workstations) }
                div.tiles.small {
                    @for device in small {
                        @if let Some(live) = snapshot.devices.get(&device.id) { (small_tile(visit, device, live, now)) }
                    }
                }
            }
        }
    }
}

fn large_tile(
    visit: &Visit,
    device: &PageDevice,
    live: &DeviceView,
    spark: Option<&spark::Spark>,
    now: Timestamp,
) -> Markup {
    let speaker = &visit.speaker;
    html! {
        article.tile data-state=(live.shown()) data-alert=[live.open_alert().map(|_| "")] {
            header {
                h3 { a href=(visit.device_href(&device.id)) { (device.name) } }
                p.where { (speaker.modality(device)) " · " (device.room) }
            }
            div.live id=(tile::live_id(device)) { (tile::live(speaker, live, now)) }
            div.spark data-refresh={ "spark-" (device.id) } {
                @match spark { Some(spark) => (spark.markup(speaker)), None => (spark::none(speaker)) }
            }
        }
    }
}

fn small_tile(visit: &Visit, device: &PageDevice, live: &DeviceView, now: Timestamp) -> Markup {
    html! {
        article.tile.small data-state=(live.shown()) data-alert=[live.open_alert().map(|_| "")] {
            header { h3 { a href=(visit.device_href(&device.id)) { (device.name) } } p.where { (device.room) } }
            div.live id=(tile::live_id(device)) { (tile::live_small(&visit.speaker, live, now)) }
        }
    }
}

/// What is under way, such as a week of history being played.
pub(super) fn progress(progress: Option<&Progress>) -> Markup {
    html! {
        @if let Some(progress) = progress {
            label.progress {
                span { (progress.text) }
                progress max="100" value=(format!("{:.0}", progress.fraction.clamp(0.0, 1.0) * 100.0)) {}
            }
        }
    }
}

/// The site's waste of the week, of today, and how many devices are in which state.
pub(super) fn totals(speaker: &Speaker, shared: &Shared, snapshot: &Snapshot) -> Markup {
    let words = speaker.words;
    let (week, idle) = (snapshot.week.all(), snapshot.week.idle());
    let today = snapshot.today.idle();
    let (kwh, kwh_unit) = speaker.energy_parts(idle.energy);
    let (carbon, carbon_unit) = speaker.carbon_parts(idle.co2e_g());
    let households = idle.energy.kwh() / (shared.page.site.household_kwh_per_year / 365.0 * 7.0).max(1e-9);
    html! {
        div.headline {
            h2 { (words.idle_waste) " " span { (words.this_week) " · " (words.idle_waste_is) } }
            p.figures {
                span.figure { b { (kwh) } " " span.unit { (kwh_unit) } }
                span.figure { b { (speaker.money(idle.cost())) } }
                span.figure { b { (carbon) } " " span.unit { (carbon_unit) } }
            }
        }
        dl.facts {
            div.closed { dt { (words.in_closed_hours) } dd { b { (speaker.energy(snapshot.week.idle_closed().energy)) }
                " " (speaker.money(snapshot.week.idle_closed().cost())) } }
            div { dt { (words.today) } dd { b { (speaker.energy(today.energy)) } " " (speaker.money(today.cost())) } }
            div { dt { (words.energy_used) } dd { b { (speaker.energy(week.energy)) }
                @if week.energy.wh() > 0.0 { " " (speaker.percent(idle.energy.wh() / week.energy.wh())) " " (words.idle.to_lowercase()) } } }
            div { dt { (words.like_households) } dd { b { (speaker.figures(households)) } " " (words.households) } }
        }
    }
}

/// How many devices are in which state: also the legend of colours and shapes.
pub(super) fn legend(speaker: &Speaker, counts: &BTreeMap<State, usize>) -> Markup {
    html! {
        ul.legend aria-label=(speaker.words.states_now) {
            @for state in State::ALL {
                li data-state=(state.name()) title=(speaker.state_means(state)) {
                    span.pill { (shape::of_state(state)) span { (speaker.state(state)) } }
                    " " b { (counts.get(&state).copied().unwrap_or(0)) }
                }
            }
        }
    }
}

/// Open alerts, and the last night's that are over.
pub(super) fn strip(shared: &Shared, visit: &Visit, snapshot: &Snapshot, now: Timestamp) -> Markup {
    let speaker = &visit.speaker;
    let mut counts = BTreeMap::new();
    for device in snapshot.devices.values().filter(|device| !device.is_base_load) {
        *counts.entry(device.state).or_insert(0) += 1;
    }
    let alerts = snapshot.alerts();
    html! {
        (legend(speaker, &counts))
        @if alerts.is_empty() {
            p.calm { (shape::named("check")) (speaker.words.no_open_alerts) }
        } @else {
            ul.strip {
                @for alert in alerts.iter().take(STRIP_MAX) { (strip_item(shared, visit, alert, now)) }
                @if alerts.len() > STRIP_MAX {
                    li.more { a href=(visit.href("/alerts")) { "+ " (alerts.len() - STRIP_MAX) } }
                }
            }
        }
    }
}

fn strip_item(shared: &Shared, visit: &Visit, alert: &AlertEvent, now: Timestamp) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let is_open = alert.phase != AlertPhase::Cleared;
    let name = shared
        .device(&alert.device)
        .map_or(&*alert.device, |device| device.name.as_str());
    html! {
        li data-open=[is_open.then_some("")] data-severity=(alert.severity.name()) {
            (shape::named("alert"))
            span.what {
                a href=(visit.device_href(&alert.device)) { (name) } " "
                @if alert.rule == "overnight_idle" { (words.left_idle) } @else { (speaker.rule(&alert.rule)) }
                span.when { (words.since) " " (speaker.moment(alert.since, now))
                    @if is_open { ", " (words.still_open) } @else { " " (words.until) " " (speaker.moment(alert.at, now)) } }
            }
            span.cost { b { (speaker.energy(alert.energy)) } " · " (speaker.money(alert.cost)) " · " (speaker.carbon(alert.co2e_g)) }
        }
    }
}
