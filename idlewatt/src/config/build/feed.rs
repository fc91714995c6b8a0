//! Which meters feed which device, and that no watt is counted twice.

use std::collections::HashMap;
use std::ops::Range;

use analyzer::Feed;

use super::site::text;
use crate::config::review::Review;
use crate::config::schema;
use crate::config::section::Entry;

/// A feed, where it stands, and whether it is meant to feed another device as well.
#[derive(Clone, Debug)]
pub(crate) struct PlacedFeed {
    /// The analyzer's feed.
    pub feed: Feed,
    /// Where it stands in the file.
    pub span: Range<usize>,
    /// Meant to feed another device as well.
    pub is_shared: bool,
}

/// The feeds of a device, by the short form or the long one; none means a fault was said.
pub(crate) fn feeds(review: &mut Review<'_>, device: &Entry<schema::Device>) -> Option<Vec<PlacedFeed>> {
    match (device.meter.is_given(), device.feeds.is_given()) {
        (true, true) => {
            review.fault(
                device.feeds.span(),
                "both 'meter' and 'feeds' are said",
                "take 'meter' and 'channels' out and name that meter in 'feeds'",
            );
            None
        }
        (true, false) => short(review, device),
        (false, true) => long(review, device),
        (false, false) => {
            review.missing(device, "meter");
            None
        }
    }
}

fn short(review: &mut Review<'_>, device: &Entry<schema::Device>) -> Option<Vec<PlacedFeed>> {
    let meter = text(review, device, "meter", &device.meter)?;
    let feed = Feed {
        meter,
        channels: channels(review, &device.channels),
        sign: 1.0,
    };
    Some(vec![PlacedFeed {
        feed,
        span: device.meter.span(),
        is_shared: false,
    }])
}

fn long(review: &mut Review<'_>, device: &Entry<schema::Device>) -> Option<Vec<PlacedFeed>> {
    if device.channels.is_given() {
        review.fault(
            device.channels.span(),
            "'channels' goes with 'meter'",
            "name the channels in 'feeds', each with its meter",
        );
    }
    if device.feeds.is_empty() {
        review.fault(
            device.feeds.span(),
            "no meter feeds this device",
            "write for example feeds = [{ meter = \"shellypro3em-ct1\" }]",
        );
        return None;
    }
    let mut placed = Vec::new();
    for feed in device.feeds.iter() {
        let meter = text(review, feed, "meter", &feed.meter);
        let channels = channels(review, &feed.channels);
        let sign = if *feed.reversed { -1.0 } else { 1.0 };
        placed.extend(meter.map(|meter| PlacedFeed {
            feed: Feed {
                meter,
                channels,
                sign,
            },
            span: feed.span(),
            is_shared: *feed.shared,
        }));
    }
    (placed.len() == device.feeds.len()).then_some(placed)
}

/// The channels, each once and no view of another.
fn channels(review: &mut Review<'_>, entries: &Entry<Vec<Entry<String>>>) -> Vec<String> {
    let mut channels: Vec<String> = Vec::new();
    for entry in entries.iter() {
        if channels.contains(entry) {
            review.fault(
                entry.span(),
                format!("the channel \"{}\" is named twice", **entry),
                "take one out",
            );
        }
        channels.push((**entry).clone());
    }
    if channels.len() > 1 && channels.iter().any(|channel| channel == TOTAL) {
        review.fault(
            entries.span(),
            "\"total\" is the sum of the other channels: their watts would be counted twice",
            "name either \"total\" or the others",
        );
    }
    if channels.len() > 1 && channels.iter().any(|channel| analyzer::is_pair(Some(channel))) {
        review.fault(
            entries.span(),
            "\"ab\" is the sum of the clamps a and b: their watts would be counted twice",
            "name either \"ab\" or the clamps",
        );
    }
    channels
}

const TOTAL: &str = "total";

/// Says where two feeds take the same watts.
pub(crate) fn review_shared_meters(review: &mut Review<'_>, devices: &[(String, Vec<PlacedFeed>)]) {
    let mut of_meter: HashMap<&str, Vec<(&str, &PlacedFeed)>> = HashMap::new();
    for (device, feeds) in devices {
        for placed in feeds {
            let others = of_meter.entry(&placed.feed.meter).or_default();
            for (other_device, other) in others.iter() {
                let is_meant = placed.is_shared && other.is_shared && device != other_device;
                if let Some(channel) = common_channel(&placed.feed, &other.feed).filter(|_| !is_meant) {
                    review.fault(
                        placed.span.clone(),
                        format!(
                            "the meter '{}'{channel} feeds device '{other_device}' already: its watts would be counted twice",
                            placed.feed.meter
                        ),
                        mend_shared(device == other_device),
                    );
                }
            }
            others.push((device, placed));
        }
    }
}

const fn mend_shared(is_same_device: bool) -> &'static str {
    if is_same_device {
        "take it out once"
    } else {
        "name other channels, or say shared = true in the 'feeds' of both if it is meant"
    }
}

/// What two feeds of one meter have in common, in words. No channel named means all of the meter.
fn common_channel(one: &Feed, other: &Feed) -> Option<String> {
    let is_whole = |feed: &Feed| feed.channels.is_empty() || feed.channels.iter().any(|name| name == TOTAL);
    if is_whole(one) || is_whole(other) {
        return Some(String::new());
    }
    let common = one.channels.iter().find(|name| other.channels.contains(name))?;
    Some(format!(" channel '{common}'"))
}
