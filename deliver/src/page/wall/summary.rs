//! Above the rooms: what the site wastes and which rooms make it, how many devices are in which state, alerts.

use std::collections::BTreeMap;

use analyzer::{AlertEvent, AlertPhase, State};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::live::{DeviceView, Progress, Snapshot};
use crate::page::reply::Visit;
use crate::page::speaker::Speaker;
use crate::page::tile::{self, Scale};
use crate::page::{PageDevice, Shared, shape};

/// Alerts named in the strip; the rest are counted and stand on the alerts' page.
const STRIP_MAX: usize = 3;
/// Rooms named as the day's worst.
const WORST_MAX: usize = 4;

/// What is under way, such as a week of history being played.
pub(in crate::page) fn progress(progress: Option<&Progress>) -> Markup {
    html! {
        @if let Some(progress) = progress {
            label.progress {
                span { (progress.text) }
                progress max="100" value=(format!("{:.0}", progress.fraction.clamp(0.0, 1.0) * 100.0)) {}
            }
        }
    }
}

/// The site's waste of today with the rooms that make it, and of the week.
pub(in crate::page) fn totals(visit: &Visit, shared: &Shared, snapshot: &Snapshot) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let (week, idle) = (snapshot.week.all(), snapshot.week.idle());
    let today = snapshot.today.idle();
    let (kwh, kwh_unit) = speaker.energy_parts(today.energy);
    let (carbon, carbon_unit) = speaker.carbon_parts(today.co2e_g());
    let households = idle.energy.kwh() / (shared.page.site.household_kwh_per_year / 365.0 * 7.0).max(1e-9);
    html! {
        div.headline {
            h2 { (words.idle_waste) " " span { (words.today) " · " (words.idle_waste_is) } }
            p.figures {
                span.figure { b { (kwh) } " " span.unit { (kwh_unit) } }
                span.figure { b { (speaker.money(today.cost())) } }
                span.figure.carbon { b { (carbon) } " " span.unit { (carbon_unit) } }
            }
        }
        (worst(visit, shared, snapshot))
        dl.facts {
            div.closed { dt { (words.in_closed_hours) } dd { b { (speaker.energy(snapshot.today.idle_closed().energy)) }
                " " (speaker.money(snapshot.today.idle_closed().cost())) } }
            div { dt { (words.this_week) } dd { b { (speaker.energy(idle.energy)) } " " (speaker.money(idle.cost())) } }
            div { dt { (words.energy_used) } dd { b { (speaker.energy(week.energy)) }
                @if week.energy.wh() > 0.0 { " " (speaker.percent(idle.energy.wh() / week.energy.wh())) " " (words.idle.to_lowercase()) } } }
            div { dt { (words.like_households) } dd { b { (speaker.figures(households)) } " " (words.households) } }
        }
    }
}

/// The rooms that waste most today, with a bar each: the answer to the first question.
fn worst(visit: &Visit, shared: &Shared, snapshot: &Snapshot) -> Markup {
    let speaker = &visit.speaker;
    let scale = Scale::of(snapshot);
    let mut ranked: Vec<(&PageDevice, &DeviceView)> = shared
        .page
        .devices
        .iter()
        .filter_map(|device| Some((device, snapshot.devices.get(&device.id)?)))
        .filter(|(_, view)| !view.is_base_load && view.today.idle().energy.wh() >= 1.0)
        .collect();
    ranked.sort_by_key(|(_, view)| std::cmp::Reverse(view.today.idle().energy));
    html! {
        @if !ranked.is_empty() {
            div.worst {
                h2 { (speaker.words.worst_today) }
                ol {
                    @for (device, view) in ranked.into_iter().take(WORST_MAX) {
                        li { a href=(visit.device_href(&device.id)) { (device.name) }
                            (tile::bar(&view.today, scale)) b { (speaker.energy(view.today.idle().energy)) } }
                    }
                }
            }
        }
    }
}

/// How many devices are in which state: also the legend of colours and shapes.
fn legend(speaker: &Speaker, counts: &BTreeMap<State, usize>) -> Markup {
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
pub(in crate::page) fn strip(shared: &Shared, visit: &Visit, snapshot: &Snapshot, now: Timestamp) -> Markup {
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
                    li.more { a href=(visit.href("/alerts")) { "+ " (alerts.len() - STRIP_MAX) " " (speaker.words.more_alerts) } }
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
            @if alert.energy.wh() >= 1.0 { span.cost { b { (speaker.energy(alert.energy)) } " · " (speaker.money(alert.cost)) } }
        }
    }
}
