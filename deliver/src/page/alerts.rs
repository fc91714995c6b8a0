//! Alerts, open and past, with every step.

use analyzer::State as DeviceState;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::speaker::Speaker;
use super::{Context, Shared, shape};
use crate::history::{AlertFilter, AlertRecord, AlertStep, Reader, Result};

const PAST_MAX: u32 = 100;

type Told = (AlertRecord, Vec<AlertStep>);

pub(super) async fn show(State(shared): State<Context>, Query(asked): Query<Asked>) -> Response {
    let visit = Visit::new(&shared, &asked);
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let now = shared.now();
    let told = shared.page.history.ask(read).await;
    let body = html! {
        h1 { (words.alerts) }
        div data-refresh="alerts" {
            @match &told {
                Ok(told) => {
                    @let (open, past): (Vec<&Told>, Vec<&Told>) =
                        told.iter().partition(|(alert, _)| alert.cleared_at.is_none());
                    section { h2 { (words.open_alerts) " " span { (open.len()) } }
                        @if open.is_empty() { p.calm.card { (shape::named("check")) (words.no_open_alerts) } }
                        @for told in open { (card(&shared, &visit, told, now)) } }
                    section { h2 { (words.past_alerts) " " span { (past.len()) } }
                        @if past.is_empty() { p.calm.card { (words.no_past_alerts) } }
                        @for told in past { (card(&shared, &visit, told, now)) } }
                }
                Err(_) => p.empty { (shape::of_state(DeviceState::Unknown)) (speaker.words.history_fails) },
            }
        }
    };
    let frame = Frame {
        title: words.alerts,
        path: "/alerts",
        scope: Scope::None,
    };
    view(page(&shared, &visit, &frame, &body))
}

fn read(reader: &Reader) -> Result<Vec<Told>> {
    let alerts = reader.alerts(&AlertFilter {
        limit: PAST_MAX,
        ..AlertFilter::default()
    })?;
    alerts
        .into_iter()
        .map(|alert| {
            let steps = reader.alert_steps(&alert.device, &alert.rule, alert.since)?;
            Ok((alert, steps))
        })
        .collect()
}

fn card(shared: &Shared, visit: &Visit, (alert, steps): &Told, now: Timestamp) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let device = shared.device(&alert.device);
    let is_open = alert.cleared_at.is_none();
    html! {
        article.card.alert data-open=[is_open.then_some("")] data-severity=(alert.severity.name()) {
            header {
                (shape::named("alert"))
                h3 { a href=(visit.device_href(&alert.device)) { (device.map_or(&*alert.device, |device| &device.name)) }
                    " " span { (speaker.rule(&alert.rule)) } }
                span.severity { (speaker.severity(alert.severity)) }
            }
            p { @if let Some(device) = device { (device.room) " · " } (period(speaker, alert, now)) }
            p.figures {
                b { (speaker.energy(alert.energy)) } b { (speaker.money(alert.cost)) } b { (speaker.carbon(alert.co2e_g)) }
                span { @if is_open { (words.wasted_so_far) } @else { (words.in_total) } }
            }
            details { summary { (words.steps) " " span { (steps.len()) } }
                ol.steps { @for step in steps {
                    li { time datetime=(speaker.machine_time(step.at)) { (speaker.moment(step.at, now)) } " "
                        (phase(speaker, step)) " " span { (speaker.energy(step.energy)) } }
                } }
            }
        }
    }
}

/// One alert in a list of a device.
pub(super) fn line(speaker: &Speaker, alert: &AlertRecord, now: Timestamp) -> Markup {
    html! {
        li data-open=[alert.cleared_at.is_none().then_some("")] {
            span { (speaker.rule(&alert.rule)) }
            span { (period(speaker, alert, now)) }
            b { (speaker.energy(alert.energy)) }
        }
    }
}

fn period(speaker: &Speaker, alert: &AlertRecord, now: Timestamp) -> Markup {
    let words = speaker.words;
    html! {
        (words.since) " " (speaker.moment(alert.since, now))
        @match alert.cleared_at {
            Some(cleared_at) => { " " (words.until) " " (speaker.moment(cleared_at, now))
                " (" (speaker.duration(cleared_at.duration_since(alert.since))) ")" }
            None => { ", " (words.still_open) " (" (speaker.duration(now.duration_since(alert.since))) ")" }
        }
    }
}

fn phase(speaker: &Speaker, step: &AlertStep) -> &'static str {
    match step.phase {
        analyzer::AlertPhase::Raised => speaker.words.raised,
        analyzer::AlertPhase::Reminded => speaker.words.reminded,
        analyzer::AlertPhase::Cleared => speaker.words.cleared,
    }
}
