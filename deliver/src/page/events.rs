//! Server-sent events: the parts of a view that changed, rendered in the visitor's language.
//!
//! At most five events in two seconds to a listener, at least one in five seconds: a page that hears nothing for longer
//! knows that the connection is gone. At most `streams_max` listeners at once. Nothing is queued for a slow listener; it gets the newest when it reads.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use maud::Markup;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::reply::{Asked, Visit};
use super::{Context, PageDevice, frame, stations, tile, wall};
use crate::live::{Snapshot, Subscription};

const AT_MOST_EVERY: Duration = Duration::from_millis(400);
const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

/// Curves are asked for again when this much (of the site's time) has passed.
const CURVES_EVERY_S: i64 = 600;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    view: String,
    #[serde(default)]
    device: String,
}

/// What one event carries; `app.js` reads it.
#[derive(Debug, Serialize)]
struct Update {
    clock: String,
    /// Grows when sections marked `data-refresh` should be fetched again.
    curves: i64,
    /// Grows with every step of an alert: sections that show steps are then fetched again.
    alert_steps: u64,
    /// Element id to its new content.
    parts: BTreeMap<String, Part>,
    open_alerts: usize,
}

#[derive(Debug, Serialize)]
struct Part {
    html: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_alert: bool,
}

struct Listener {
    shared: Context,
    visit: Visit,
    wish: Wish,
    subscription: Subscription,
    minute: i64,
    has_begun: bool,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn stream(
    State(shared): State<Context>,
    Query(asked): Query<Asked>,
    Query(wish): Query<Wish>,
) -> Response {
    let Ok(place) = Arc::clone(&shared.streams).try_acquire_owned() else {
        let words = "too many pages are open: close some, or raise [page] streams_max\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], words).into_response();
    };
    let visit = Visit::new(&shared, &asked);
    let subscription = shared.page.live.subscribe();
    let listener = Listener {
        shared,
        visit,
        wish,
        subscription,
        minute: i64::MIN,
        has_begun: false,
        _place: place,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let update = listener.next().await?;
        let event = Event::default().json_data(&update).ok()?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    (
        [
            (CACHE_CONTROL, "no-store"),
            (axum::http::HeaderName::from_static("x-accel-buffering"), "no"),
        ],
        Sse::new(events),
    )
        .into_response()
}

impl Listener {
    /// The next update; none when the server stops.
    async fn next(&mut self) -> Option<Update> {
        if self.has_begun {
            let shutdown = self.shared.shutdown.clone();
            let pause = async {
                tokio::time::sleep(AT_MOST_EVERY).await;
                let _ = tokio::time::timeout(AT_LEAST_EVERY, self.subscription.changed()).await;
            };
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = pause => {}
            }
        }
        self.has_begun = true;
        let now = self.shared.now();
        let minute = now.as_second().div_euclid(60);
        // when the minute turns, what every tile says of durations changes with it
        let snapshot = if minute == self.minute {
            self.subscription.take(now)
        } else {
            self.subscription.take_all(now)
        };
        self.minute = minute;
        Some(self.update(&snapshot, now))
    }

    fn update(&self, snapshot: &Snapshot, now: Timestamp) -> Update {
        let (shared, visit) = (&self.shared, &self.visit);
        let speaker = &visit.speaker;
        let whole = shared.page.live.snapshot(now);
        let scale = tile::Scale::of(&whole);
        let mut parts = BTreeMap::new();
        for view in snapshot.devices.values() {
            let wanted = shared.device(&view.id).filter(|device| self.is_wanted(device));
            let Some(device) = wanted else { continue };
            let is_small = tile::is_small(device) && self.wish.view == "wall";
            let markup = if is_small {
                tile::live_small(speaker, view, now)
            } else {
                tile::live(speaker, view, scale, now)
            };
            let part = Part {
                html: markup.into_string(),
                state: Some(view.shown()),
                has_alert: view.open_alert().is_some(),
            };
            parts.insert(tile::live_id(device), part);
        }
        let mut put = |id: &str, markup: Markup| {
            let part = Part {
                html: markup.into_string(),
                state: None,
                has_alert: false,
            };
            parts.insert(id.to_owned(), part);
        };
        put("fresh", frame::fresh(shared, visit, now));
        if self.wish.view == "wall" {
            put("totals", wall::totals(visit, shared, &whole));
            put("strip", wall::strip(shared, visit, &whole, now));
            put("progress", wall::progress(whole.progress.as_ref()));
        }
        if matches!(self.wish.view.as_str(), "wall" | "stations") {
            let fleet = stations::Fleet::of(shared, &whole, now);
            put("fleet", stations::now_line(visit, &fleet));
        }
        Update {
            clock: frame::clock(visit, now),
            alert_steps: whole.alert_steps,
            curves: now.as_second().div_euclid(CURVES_EVERY_S),
            parts,
            open_alerts: whole.open_alerts(),
        }
    }

    fn is_wanted(&self, device: &PageDevice) -> bool {
        match self.wish.view.as_str() {
            "wall" => !tile::is_small(device) || !wall::are_many_stations(&self.shared),
            "device" => self.wish.device == *device.id,
            _ => false,
        }
    }
}
