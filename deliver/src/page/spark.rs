//! The small curve on a tile: 24 hours of power with its states. Drawn at most once in ten minutes a device.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use analyzer::DeviceId;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, PreEscaped, html};

use super::chart::{self, Curve};
use super::speaker::Speaker;
use super::{Shared, tile};

const SPAN: SignedDuration = SignedDuration::from_hours(24);
const STEP: SignedDuration = SignedDuration::from_mins(10);

/// A drawn curve and the figures its description needs.
#[derive(Clone, Debug)]
pub(super) struct Spark {
    svg: String,
    peak_w: f64,
}

/// Curves drawn for one step of time; one entry a device.
#[derive(Debug, Default)]
pub(super) struct Cache {
    drawn: Mutex<Option<(Timestamp, BTreeMap<DeviceId, Spark>)>>,
}

impl Spark {
    /// The curve with its description.
    pub(super) fn markup(&self, speaker: &Speaker) -> Markup {
        let words = speaker.words;
        let label = format!(
            "{}, {}, {} {}",
            words.power,
            words.last_24_h,
            words.peak,
            speaker.power(self.peak_w)
        );
        html! { div role="img" aria-label=(label) { (PreEscaped(&self.svg)) } }
    }
}

/// What stands where no curve is.
pub(super) fn none(speaker: &Speaker) -> Markup {
    html! { p.none { (speaker.words.no_curve) } }
}

/// The curves of all large tiles. While history is still being played (`is_loading`) nothing is kept.
/// Without a history there are none: the states still are.
pub(super) async fn all(shared: &Shared, now: Timestamp, is_loading: bool) -> BTreeMap<DeviceId, Spark> {
    let until = ceiling(now);
    if let Some((at, sparks)) = &*shared.sparks.drawn.lock().unwrap_or_else(PoisonError::into_inner)
        && *at == until
        && !is_loading
    {
        return sparks.clone();
    }
    let large = shared
        .page
        .devices
        .iter()
        .filter(|device| !tile::is_small(device));
    let ids: Vec<DeviceId> = large.map(|device| DeviceId::clone(&device.id)).collect();
    let asked = shared.page.history.ask(move |reader| {
        let mut sparks = BTreeMap::new();
        for id in ids {
            let curve = chart::read(reader, &id, until - SPAN, until, STEP)?;
            if let Some(spark) = draw(&curve) {
                sparks.insert(id, spark);
            }
        }
        Ok(sparks)
    });
    let sparks = match asked.await {
        Ok(sparks) => sparks,
        Err(error) => {
            tracing::warn!(%error, "no curves on the wall");
            return BTreeMap::new();
        }
    };
    if !is_loading {
        *shared.sparks.drawn.lock().unwrap_or_else(PoisonError::into_inner) = Some((until, sparks.clone()));
    }
    sparks
}

/// The end of the step that holds `now`.
fn ceiling(now: Timestamp) -> Timestamp {
    let step = STEP.as_secs();
    Timestamp::from_second((now.as_second().div_euclid(step) + 1) * step).unwrap_or(now)
}

fn draw(curve: &Curve) -> Option<Spark> {
    let peak_w = curve.points.iter().map(|point| point.max_w).reduce(f64::max)?;
    Some(Spark {
        svg: chart::spark(curve)?,
        peak_w,
    })
}
