//! All rooms at a glance, small enough for a phone, big enough for a screen in the corridor.
//!
//! Two forms. The page groups rooms by floor or by kind and scrolls. The corridor's form (`?form=corridor`) fills one screen
//! with all of them, without scrolling: the stylesheet sets the type by the size of a tile. Beyond [`CURVES_MAX`] rooms tiles
//! have no curve; beyond [`STATIONS_MAX`] workstations they are one tile that leads to their own view.

mod summary;

use std::collections::BTreeMap;

use analyzer::DeviceId;
use axum::extract::{Query, State as Extract};
use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::tile::Scale;
use super::{Context, PageDevice, Shared, spark, stations, tile};
use crate::live::{DeviceView, Snapshot};

pub(super) use summary::{progress, strip, totals};

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
