//! Where the waste is: devices by idle energy, the hours in which they idle, the ratio beside what was published, and what
//! resting for some hours a night would save. The figures and charts are those of reports.
//!
//! Limits: the last 7, 30 or 90 local days, today included. Figures of a period are kept for [`KEPT`], for reading three
//! months of a large hospital takes longer than a visitor waits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use analyzer::modality::Role;
use axum::extract::{Query, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp, ToSpan};
use maud::{Markup, html};
use serde::Deserialize;

use super::api::{answer, refuse};
use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::{Context, Shared};
use crate::history;
use crate::report::{
    Figures, Line, RATIO_PUBLISHED_FOR, REST_HOURS, Span, days, headline, heat, ranking, ratio, savings,
    waste_json,
};

/// Days that may be chosen; the first is shown where nobody chooses.
const PERIODS: [u32; 3] = [7, 30, 90];
/// Hours of rest that are compared.
const HOURS: [u32; 6] = [4, 6, 8, 10, 12, 14];
/// No night is longer.
const HOURS_MAX: u32 = 24;
/// Figures are not read again for so long.
const KEPT: SignedDuration = SignedDuration::from_mins(1);

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice {
    days: Option<String>,
    hours: Option<String>,
}

impl Choice {
    /// Days and hours, or what is wrong.
    fn read(&self) -> Result<(u32, u32), &'static str> {
        let days = self
            .days
            .as_deref()
            .map_or(Some(PERIODS[0]), |text| text.parse().ok());
        let days = days
            .filter(|days| PERIODS.contains(days))
            .ok_or("`days` is 7, 30 or 90")?;
        let hours = self
            .hours
            .as_deref()
            .map_or(Some(REST_HOURS), |text| text.parse().ok());
        let hours = hours.filter(|hours| (1..=HOURS_MAX).contains(hours));
        Ok((days, hours.ok_or("`hours` is a whole number from 1 to 24")?))
    }
}

/// What was read lately, by days.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<BTreeMap<u32, (Timestamp, Arc<Figures>)>>);

/// The figures of the last days.
async fn figures(shared: &Context, days: u32) -> history::Result<Arc<Figures>> {
    let now = shared.now();
    let lately = |cache: &Cache| {
        let kept = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&days)
            .filter(|(at, _)| now.duration_since(*at).abs() < KEPT)
            .map(|(_, figures)| Arc::clone(figures))
    };
    if let Some(figures) = lately(&shared.waste) {
        return Ok(figures);
    }
    let zone = shared.page.site.zone.clone();
    let first = zone
        .to_datetime(now)
        .date()
        .checked_sub((i64::from(days) - 1).days())
        .and_then(|first| zone.to_timestamp(first.at(0, 0, 0, 0)));
    let span = Span {
        from: first.unwrap_or(now - SignedDuration::from_hours(24 * i64::from(days))),
        until: now,
    };
    let facts = shared.page.facts.clone();
    let asked = shared
        .page
        .history
        .ask(move |reader| Figures::read(reader, &facts, &zone, span, now));
    let figures = Arc::new(asked.await?);
    let mut kept = shared.waste.0.lock().unwrap_or_else(PoisonError::into_inner);
    kept.insert(days, (now, Arc::clone(&figures)));
    Ok(figures)
}

/// `/api/waste`.
pub(super) async fn api(Extract(shared): Extract<Context>, Query(choice): Query<Choice>) -> Response {
    let (days, hours) = match choice.read() {
        Ok(read) => read,
        Err(text) => return refuse(StatusCode::BAD_REQUEST, text),
    };
    let figures = figures(&shared, days).await;
    answer(figures.map(|figures| waste_json(&shared.page.site, &figures, hours)))
}

/// The view.
pub(super) async fn show(
    Extract(shared): Extract<Context>,
    Query(asked): Query<Asked>,
    Query(choice): Query<Choice>,
) -> Response {
    let visit = Visit::new(&shared, &asked);
    let (days, hours) = choice.read().unwrap_or((PERIODS[0], REST_HOURS));
    let body = match figures(&shared, days).await {
        Ok(figures) => sections(&shared, &visit, &figures, (days, hours)),
        Err(error) => {
            tracing::warn!(%error, "no history on the page");
            html! { p.empty { (visit.speaker.words.history_fails) } }
        }
    };
    let words = visit.speaker.words;
    let body = html! { h1.unseen { (words.waste) } (body) };
    let frame = Frame {
        title: words.waste,
        path: "/waste",
        scope: Scope::None,
    };
    view(page(&shared, &visit, &frame, &body))
}

fn sections(shared: &Shared, visit: &Visit, figures: &Figures, chosen: (u32, u32)) -> Markup {
    let (speaker, site) = (&visit.speaker, &shared.page.site);
    let words = speaker.language.report_words();
    let name = |id: &str| {
        shared
            .device(id)
            .map_or_else(|| id.to_owned(), |device| device.name.clone())
    };
    let ratios = figures.ratios();
    let ratios: Vec<(String, f64)> = ratios
        .into_iter()
        .map(|(row, ratio)| (name(&row.group), ratio))
        .collect();
    let is_ct = |facts: &analyzer::report::Facts| {
        facts.modality.name == RATIO_PUBLISHED_FOR || facts.modality.role != Role::Scanner
    };
    let left_out: Vec<String> = figures
        .without_target()
        .iter()
        .map(|row| name(&row.group))
        .collect();
    let hours = listed(chosen.1);
    html! {
        (periods(visit, chosen))
        section.summary { div #totals { (headline(speaker, site, figures)) } }
        section.card { h2 { (words.ranking) } (ranking(speaker, figures, &lines(shared, visit, figures))) }
        section.card { h2 { (words.heat) } (heat(speaker, figures, true)) }
        div.halves {
            section.card { h2 { (words.by_day) } (days(speaker, figures, None)) }
            section.card { h2 { (words.ratio) } (ratio(speaker, &ratios, !shared.page.facts.iter().all(is_ct))) }
        }
        section.card #savings {
            h2 { (words.savings) }
            (form(visit, chosen))
            (savings(speaker, site, figures, (&hours, chosen.1), &left_out))
        }
    }
}

/// The usual hours, with the chosen one among them.
fn listed(chosen: u32) -> Vec<u32> {
    let mut hours = HOURS.to_vec();
    if !hours.contains(&chosen) {
        hours.push(chosen);
        hours.sort_unstable();
    }
    hours
}

fn lines<'a>(shared: &Shared, visit: &Visit, figures: &'a Figures) -> Vec<Line<'a>> {
    let line = |(row, idling): (&'a analyzer::report::Row, &'a analyzer::report::Idling)| {
        let device = shared.device(&row.group);
        Line {
            idling,
            name: device.map_or_else(|| row.group.clone(), |device| device.name.clone()),
            place: device.map_or_else(String::new, |device| {
                format!("{} · {}", visit.speaker.modality(device), device.room)
            }),
            href: Some(visit.device_href(&row.group)),
            is_exempt: shared
                .page
                .facts
                .iter()
                .any(|facts| *facts.id == *row.group && facts.is_exempt),
        }
    };
    figures.ranked().into_iter().map(line).collect()
}

/// Links to the periods; they keep language and hours.
fn periods(visit: &Visit, (days, hours): (u32, u32)) -> Markup {
    let words = visit.speaker.language.report_words();
    html! {
        nav.periods aria-label=(words.choose_period) {
            @for period in PERIODS {
                a href={ "/waste?days=" (period) "&hours=" (hours) "&lang=" (visit.speaker.language.tag()) }
                    aria-current=[(period == days).then_some("true")] {
                    (words.last_days.replace("{n}", &period.to_string()))
                }
            }
        }
    }
}

/// Hours a night, without a script.
fn form(visit: &Visit, (days, hours): (u32, u32)) -> Markup {
    let words = visit.speaker.language.report_words();
    html! {
        form.choice method="get" action="/waste#savings" {
            input type="hidden" name="days" value=(days);
            input type="hidden" name="lang" value=(visit.speaker.language.tag());
            label for="hours" { (words.hours_a_night) }
            input #hours type="number" name="hours" min="1" max=(HOURS_MAX) value=(hours) required;
            button type="submit" { (words.show) }
        }
    }
}
