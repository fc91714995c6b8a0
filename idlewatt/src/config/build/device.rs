//! The devices, each with its meters, hours, bands and rules.

use std::collections::HashMap;

use analyzer::alert::AlertPlan;
use analyzer::band::{Band, Bands};
use analyzer::calendar::OpeningHours;
use analyzer::modality::Modality;
use analyzer::{Device, State};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::alert;
use super::alike::Alike;
use super::feed::{PlacedFeed, feeds, review_shared_meters};
use super::figures::{DeviceFigures, figures, review_cooled};
use super::level::pins;
use super::opening::{opening, review_opening};
use super::site::text;
use crate::config::review::Review;
use crate::config::schema;
use crate::config::section::Entry;

/// A device, and what only people want to know of it.
#[derive(Clone, Debug)]
pub struct DeviceConfig {
    /// What the analyzer is told.
    pub device: Device,
    /// The floor it stands on.
    pub floor: Option<String>,
    /// Why it may idle overnight; none where the rule holds for it.
    pub exempt: Option<String>,
    /// What only its key figures need.
    pub figures: DeviceFigures,
}

/// An MRI that is off is still cooled; a band of off this low is another modality's.
const MRI_OFF_W_MIN: f64 = 2_000.0;

/// What many devices have in common.
#[derive(Default)]
struct Pool {
    opening: Alike<OpeningHours>,
    alerts: Alike<AlertPlan>,
}

/// Builds all devices; those with a fault are left out.
pub(crate) fn devices(review: &mut Review<'_>, file: &schema::File, zone: &TimeZone) -> Vec<DeviceConfig> {
    if let Some(plan) = file.defaults.opening.as_ref() {
        review_opening(review, plan);
    }
    if file.device.is_empty() {
        review.warn(
            file.device.span(),
            "no device is configured: messages are kept, but nothing is said of them",
            "add a [[device]] for each machine that is metered",
        );
    }
    alert::review_alerts(review, &file.alerts);
    let mut built = Vec::new();
    let mut all_feeds = Vec::new();
    let mut pool = Pool::default();
    let mut lines: HashMap<String, usize> = HashMap::new();
    for section in file.device.iter() {
        let id = review.need(section, "id", &section.id).map(|id| id.0);
        let feeds = feeds(review, section);
        if let Some(id) = &id {
            review_duplicate(review, &mut lines, id, section);
            all_feeds.push((id.clone(), feeds.clone().unwrap_or_default()));
        }
        let device = device(review, file, section, zone, &mut pool, id, feeds);
        built.extend(device);
    }
    review_shared_meters(review, &all_feeds);
    review_cooled(review, &file.device, &lines);
    built
}

fn review_duplicate(
    review: &mut Review<'_>,
    lines: &mut HashMap<String, usize>,
    id: &str,
    section: &Entry<schema::Device>,
) {
    let line = review.line(&section.id.span());
    if let Some(first) = lines.insert(id.to_owned(), line) {
        review.fault(
            section.id.span(),
            format!("the id \"{id}\" stands at line {first} already"),
            "give each device an id of its own",
        );
    }
}

fn device(
    review: &mut Review<'_>,
    file: &schema::File,
    section: &Entry<schema::Device>,
    zone: &TimeZone,
    pool: &mut Pool,
    id: Option<String>,
    feeds: Option<Vec<PlacedFeed>>,
) -> Option<DeviceConfig> {
    let room = text(review, section, "room", &section.room);
    let modality = review
        .need(section, "modality", &section.modality)
        .map(|word| word.0);
    let opening = hours(review, file, section, zone);
    let exempt = exempt(review, section);
    let bands = modality.and_then(|modality| bands(review, section, modality));
    let pins = modality.and_then(|modality| pins(review, section, modality));
    let power_w_max = modality.and_then(|modality| power_w_max(review, section, modality));
    let figures = modality.and_then(|modality| figures(review, section, modality));
    let silent_after_s = section.silent_after_s.or(*file.defaults.silent_after_s);
    let alerts = modality.map(|modality| alert::plan(review, file, section, modality));
    let (id, modality, alerts) = (id?, modality?, alerts?);
    Some(DeviceConfig {
        device: Device {
            name: (*section.name).clone().unwrap_or_else(|| id.clone()),
            id: id.into(),
            room: room?,
            modality,
            feeds: feeds?.into_iter().map(|placed| placed.feed).collect(),
            opening: pool.opening.shared(opening),
            bands: bands?,
            pins: pins?,
            power_w_max: power_w_max?,
            silent_after: silent_after_s.map(|seconds| SignedDuration::from_secs(seconds.get().into())),
            alerts: pool.alerts.shared(alerts),
        },
        floor: (*section.floor).clone(),
        exempt,
        figures: figures?,
    })
}

fn hours(
    review: &mut Review<'_>,
    file: &schema::File,
    section: &Entry<schema::Device>,
    zone: &TimeZone,
) -> OpeningHours {
    if let Some(plan) = section.opening.as_ref() {
        review_opening(review, plan);
    }
    let holidays = section.holidays.as_ref().unwrap_or(&file.defaults.holidays);
    let said = section.opening.as_ref().or(file.defaults.opening.as_ref());
    if said.is_none() && section.exempt.is_none() {
        review.warn(
            section.span(),
            "no opening hours are said: it counts as always open, and no idling is ever overnight",
            "write opening = { mon_fri = [\"07:30-19:00\"] } here or under [defaults], or \"always\" if it is meant",
        );
    }
    said.map_or(OpeningHours::Always, |plan| opening(plan, holidays, zone))
}

fn exempt(review: &mut Review<'_>, section: &Entry<schema::Device>) -> Option<String> {
    let reason = (*section.exempt).clone()?;
    if reason.trim().is_empty() {
        review.fault(
            section.exempt.span(),
            "a device is exempt without a reason",
            "say why, as in exempt = \"emergency CT, must be ready at night\", or take the key out",
        );
    }
    Some(reason)
}

/// Its own bands, or none where they are learned; nothing where a fault was said.
fn bands(
    review: &mut Review<'_>,
    section: &Entry<schema::Device>,
    modality: &'static Modality,
) -> Option<Option<Bands>> {
    if !section.bands.is_given() {
        return Some(None);
    }
    let mut bands = Vec::new();
    for entry in section.bands.iter() {
        let state = review.need(entry, "state", &entry.state);
        let from_w = review.need(entry, "from_w", &entry.from_w);
        let until_w = review.need(entry, "until_w", &entry.until_w);
        if let (Some(state), Some(from_w), Some(until_w)) = (state, from_w, until_w) {
            review_mri_off(review, entry, modality, state.0, from_w.0);
            bands.push(Band {
                state: state.0,
                from_w: from_w.0,
                until_w: until_w.0,
            });
        }
    }
    if bands.len() < section.bands.len() {
        return None;
    }
    let has_idle = bands.iter().any(|band| band.state == State::Idle);
    if !has_idle && !bands.is_empty() {
        review.warn(
            section.bands.span(),
            "no band means 'idle': idling is never seen",
            "add a band with state = \"idle\"",
        );
    }
    match Bands::new(bands) {
        Ok(bands) => Some(Some(bands)),
        Err(error) => {
            let text = error.to_string();
            let (what, mend) = text.rsplit_once("; ").unwrap_or((&text, "mend the bands"));
            review.fault(section.bands.span(), what, mend);
            None
        }
    }
}

fn review_mri_off(
    review: &mut Review<'_>,
    band: &Entry<schema::Band>,
    modality: &Modality,
    state: State,
    from_w: f64,
) {
    if modality.name == "mri" && state == State::Off && from_w < MRI_OFF_W_MIN {
        review.warn(
            band.span(),
            format!("an MRI that is off still draws 7 to 10 kW to cool its magnet; 'off' from {from_w} W hides a lost cryocooler"),
            "let 'off' begin at the power seen at night, or leave 'bands' out",
        );
    }
}

fn power_w_max(
    review: &mut Review<'_>,
    section: &Entry<schema::Device>,
    modality: &'static Modality,
) -> Option<f64> {
    let Some(power_w_max) = *section.power_w_max else {
        return Some(modality.power_w_max);
    };
    if power_w_max.0 <= 0.0 {
        review.fault(
            section.power_w_max.span(),
            format!("{} W leaves no reading plausible", power_w_max.0),
            format!(
                "write the most the device can draw, or leave it out for {} W",
                modality.power_w_max
            ),
        );
        return None;
    }
    Some(power_w_max.0)
}
