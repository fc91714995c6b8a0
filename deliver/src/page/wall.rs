//! All rooms at a glance, small enough for a phone, big enough for a screen in the corridor.
//!
//! Two forms. The page groups rooms by floor or by kind and scrolls. The corridor's form (`?form=corridor`) fills one screen
//! with all of them, without scrolling: the stylesheet sets the type by the size of a tile. Beyond [`CURVES_MAX`] rooms tiles
//! have no curve; beyond [`STATIONS_MAX`] workstations they are one tile that leads to their own view.

use std::collections::BTreeMap;

use analyzer::{AlertEvent, AlertPhase, DeviceId, State};
use axum::extract::{Query, State as Extract};
use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::speaker::Speaker;
use super::tile::Scale;
use super::{Context, PageDevice, Shared, shape, spark, stations, tile};
use crate::live::{DeviceView, Progress, Snapshot};

/// Alerts named in the strip; the rest are counted and stand on the alerts' page.
const STRIP_MAX: usize = 3;
/// Rooms named as the day's worst.
const WORST_MAX: usize = 4;
/// With more rooms a page of curves is too large for a glance, and for a slow network.
const CURVES_MAX: usize = 16;
/// More workstations than this are one tile.
const STATIONS_MAX: usize = 12;
/// The stylesheet has rules for so many columns of the corridor's form.
const COLUMNS_MAX: usize = 12;

/// How the rooms are laid out, by the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    by: String,
    form: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grouping {
    Floor,
    Modality,
}

impl Choice {
    fn grouping(&self) -> Grouping {
        if self.by == "modality" {
            Grouping::Modality
        } else {
            Grouping::Floor
        }
    }

    fn is_corridor(&self) -> bool {
        self.form == "corridor"
    }

    /// The same choice in another grouping or form.
    fn href(visit: &Visit, grouping: Grouping, is_corridor: bool) -> String {
        let by = match grouping {
            Grouping::Floor => "by=floor",
            Grouping::Modality => "by=modality",
        };
        let form = if is_corridor { "&form=corridor" } else { "" };
        visit.href_with("/", &format!("{by}{form}"))
    }
}

/// What the tiles of one answer share.
struct Wall<'a> {
    shared: &'a Shared,
    visit: &'a Visit,
    snapshot: &'a Snapshot,
    scale: Scale,
    now: Timestamp,
}

pub(super) async fn show(
    Extract(shared): Extract<Context>,
    Query(asked): Query<Asked>,
    Query(choice): Query<Choice>,
) -> Response {
    let visit = Visit::new(&shared, &asked);
    let now = shared.now();
    let snapshot = shared.page.live.snapshot(now);
    let wall = Wall {
        shared: &shared,
        visit: &visit,
        snapshot: &snapshot,
        scale: Scale::of(&snapshot),
        now,
    };
    let is_corridor = choice.is_corridor();
    let body = if is_corridor {
        wall.corridor(choice.grouping())
    } else {
        let has_curves = rooms(&shared).count() <= CURVES_MAX;
        let sparks = if has_curves {
            spark::all(&shared, now, snapshot.progress.is_some()).await
        } else {
            BTreeMap::new()
        };
        wall.page(choice.grouping(), has_curves.then_some(&sparks))
    };
    let words = visit.speaker.words;
    let frame = Frame {
        title: if is_corridor { words.corridor } else { words.rooms },
        path: "/",
        scope: if is_corridor { Scope::Corridor } else { Scope::Wall },
    };
    view(page(&shared, &visit, &frame, &body))
}

/// Devices with a tile of their own.
fn rooms(shared: &Shared) -> impl Iterator<Item = &PageDevice> {
    shared
        .page
        .devices
        .iter()
        .filter(|device| !tile::is_small(device))
}

fn stations(shared: &Shared) -> impl Iterator<Item = &PageDevice> {
    shared.page.devices.iter().filter(|device| tile::is_small(device))
}

/// Whether workstations are shown as one.
pub(super) fn are_many_stations(shared: &Shared) -> bool {
    stations(shared).count() > STATIONS_MAX
}

impl<'a> Wall<'a> {
    fn page(&self, grouping: Grouping, sparks: Option<&BTreeMap<DeviceId, spark::Spark>>) -> Markup {
        let speaker = &self.visit.speaker;
        html! {
            h1.unseen { (speaker.words.rooms) }
            div #progress { (progress(self.snapshot.progress.as_ref())) }
            section.summary { div #totals { (totals(self.visit, self.shared, self.snapshot)) } }
            section #strip role="status" { (strip(self.shared, self.visit, self.snapshot, self.now)) }
            (self.switch(grouping))
            div.floors {
                @for (name, devices) in self.groups(grouping) {
                    (self.group(&name, &devices, sparks))
                }
                (self.workstations())
            }
        }
    }

    /// Fills a screen: no headings, no curves; what is grouped together stands together.
    fn corridor(&self, grouping: Grouping) -> Markup {
        let words = self.visit.speaker.words;
        let devices: Vec<&PageDevice> = self
            .groups(grouping)
            .into_iter()
            .flat_map(|(_, devices)| devices)
            .collect();
        let has_stations = stations(self.shared).next().is_some();
        let tiles = devices.len() + usize::from(has_stations);
        html! {
            h1.unseen { (words.corridor) }
            div.bar-top {
                div #totals { (totals(self.visit, self.shared, self.snapshot)) }
                section #strip role="status" { (strip(self.shared, self.visit, self.snapshot, self.now)) }
            }
            div.corridor data-columns=(columns(tiles)) {
                @for device in devices {
                    @if let Some(live) = self.snapshot.devices.get(&device.id) {
                        article.tile data-state=(live.shown()) data-alert=[live.open_alert().map(|_| "")] {
                            header { h2 { a href=(self.visit.device_href(&device.id)) { (device.name) } }
                                p.where { (device.room) } }
                            div.live id=(tile::live_id(device)) { (tile::live(&self.visit.speaker, live, self.scale, self.now)) }
                        }
                    }
                }
                @if has_stations { (self.fleet()) }
            }
        }
    }

    /// Groups in the order in which they first appear.
    fn groups(&self, grouping: Grouping) -> Vec<(String, Vec<&'a PageDevice>)> {
        let speaker = &self.visit.speaker;
        let mut groups: Vec<(String, Vec<&PageDevice>)> = Vec::new();
        for device in rooms(self.shared) {
            let name = match grouping {
                Grouping::Floor => device.floor.as_deref().unwrap_or(speaker.words.other_floor),
                Grouping::Modality => speaker.modality(device),
            };
            match groups.iter_mut().find(|(known, _)| known == name) {
                Some((_, members)) => members.push(device),
                None => groups.push((name.to_owned(), vec![device])),
            }
        }
        groups
    }

    /// Links to the other grouping and the other form.
    fn switch(&self, grouping: Grouping) -> Markup {
        let words = self.visit.speaker.words;
        html! {
            nav.switch aria-label=(words.arranged) {
                @for (name, this) in [(words.by_floor, Grouping::Floor), (words.by_modality, Grouping::Modality)] {
                    a href=(Choice::href(self.visit, this, false)) aria-current=[(this == grouping).then_some("true")] { (name) }
                }
                a href=(Choice::href(self.visit, grouping, true)) { (words.corridor) }
            }
        }
    }

    fn group(
        &self,
        name: &str,
        devices: &[&PageDevice],
        sparks: Option<&BTreeMap<DeviceId, spark::Spark>>,
    ) -> Markup {
        html! {
            section.group data-count=(devices.len().min(6)) {
                h2 { (name) }
                div.tiles {
                    @for device in devices {
                        @if let Some(live) = self.snapshot.devices.get(&device.id) {
                            (self.large_tile(device, live, sparks))
                        }
                    }
                }
            }
        }
    }

    fn large_tile(
        &self,
        device: &PageDevice,
        live: &DeviceView,
        sparks: Option<&BTreeMap<DeviceId, spark::Spark>>,
    ) -> Markup {
        let speaker = &self.visit.speaker;
        html! {
            article.tile data-state=(live.shown()) data-alert=[live.open_alert().map(|_| "")] {
                header {
                    h3 { a href=(self.visit.device_href(&device.id)) { (device.name) } }
                    p.where { (speaker.modality(device)) " · " (device.room) }
                }
                div.live id=(tile::live_id(device)) { (tile::live(speaker, live, self.scale, self.now)) }
                @if let Some(sparks) = sparks {
                    div.spark data-refresh={ "spark-" (device.id) } {
                        @match sparks.get(&device.id) {
                            Some(spark) => (spark.markup(speaker)),
                            None => (spark::none(speaker)),
                        }
                    }
                }
            }
        }
    }

    fn workstations(&self) -> Markup {
        if stations(self.shared).next().is_none() {
            return html! {};
        }
        let are_many = are_many_stations(self.shared);
        html! {
            section.group data-count="6" {
                h2 { a href=(self.visit.href("/workstations")) { (self.visit.speaker.words.workstations) } }
                @if are_many { div.tiles { (self.fleet()) } }
                @else {
                    div.tiles.small {
                        @for device in stations(self.shared) {
                            @if let Some(live) = self.snapshot.devices.get(&device.id) { (self.small_tile(device, live)) }
                        }
                    }
                }
            }
        }
    }

    /// All workstations in one tile.
    fn fleet(&self) -> Markup {
        let words = self.visit.speaker.words;
        html! {
            article.tile.fleet {
                header { h3 { a href=(self.visit.href("/workstations")) { (words.workstations) } } }
                div #fleet { (stations::now_line(self.visit, &stations::Fleet::of(self.shared, self.snapshot, self.now))) }
            }
        }
    }

    fn small_tile(&self, device: &PageDevice, live: &DeviceView) -> Markup {
        html! {
            article.tile.small data-state=(live.shown()) data-alert=[live.open_alert().map(|_| "")] {
                header { h3 { a href=(self.visit.device_href(&device.id)) { (device.name) } } p.where { (device.room) } }
                div.live id=(tile::live_id(device)) { (tile::live_small(&self.visit.speaker, live, self.now)) }
            }
        }
    }
}

/// As many columns as make tiles of about two by one on a wide screen.
fn columns(tiles: usize) -> usize {
    let fits = |columns: &usize| {
        let rows = tiles.div_ceil(*columns);
        // a screen of 16 by 9 whose upper eighth is taken
        16 * rows >= 13 * columns
    };
    (1..=COLUMNS_MAX).rev().find(fits).unwrap_or(1)
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

/// The site's waste of today with the rooms that make it, and of the week.
pub(super) fn totals(visit: &Visit, shared: &Shared, snapshot: &Snapshot) -> Markup {
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

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn every_tile_has_a_place_and_tiles_are_wider_than_high() {
        for tiles in 1..=120 {
            let columns = columns(tiles);
            let rows = tiles.div_ceil(columns);
            assert!(columns * rows >= tiles);
            assert!((1..=12).contains(&columns), "{tiles}");
        }
        assert_eq!((columns(8), columns(40)), (3, 7));
    }
}
