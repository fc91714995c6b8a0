//! Server-sent events: the parts of a view that changed, rendered in the visitor's language.
//!
//! At most two events a second to a listener, at least one in fifteen seconds: a page that hears nothing for longer
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
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::reply::{Asked, Visit};
use super::{Context, frame, tile, wall};
use crate::live::{Snapshot, Subscription};

const AT_MOST_EVERY: Duration = Duration::from_millis(500);
const AT_LEAST_EVERY: Duration = Duration::from_secs(15);

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
        let speaker = &self.visit.speaker;
        let mut parts = BTreeMap::new();
        for view in snapshot.devices.values() {
            let Some(device) = self.shared.device(&view.id) else {
                continue;
            };
            let is_wanted =
                self.wish.view == "wall" || (self.wish.view == "device" && self.wish.device == *view.id);
            if !is_wanted {
                continue;
            }
            let is_small = tile::is_small(device) && self.wish.view == "wall";
            let markup = if is_small {
                tile::live_small(speaker, view, now)
            } else {
                tile::live(speaker, view, now)
            };
            let part = Part {
                html: markup.into_string(),
                state: Some(view.shown()),
                has_alert: view.open_alert().is_some(),
            };
            parts.insert(tile::live_id(device), part);
        }
        let whole = self.shared.page.live.snapshot(now);
        if self.wish.view == "wall" {
            let plain = |html: String| Part {
                html,
                state: None,
                has_alert: false,
            };
            parts.insert(
                "totals".to_owned(),
                plain(wall::totals(speaker, &self.shared, &whole).into_string()),
            );
            parts.insert(
                "strip".to_owned(),
                plain(wall::strip(&self.shared, &self.visit, &whole, now).into_string()),
            );
            parts.insert(
                "progress".to_owned(),
                plain(wall::progress(whole.progress.as_ref()).into_string()),
            );
        }
        Update {
            clock: frame::clock(&self.visit, now),
            curves: now.as_second().div_euclid(CURVES_EVERY_S),
            parts,
            open_alerts: whole.open_alerts(),
        }
    }
}
