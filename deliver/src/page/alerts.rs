//! Alerts, open and past, with every step.

use analyzer::{AlertPhase, State as DeviceState};
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
            @if !alert.detail.is_empty() { p { (alert.detail) } }
            @if is_open { @if let Some(word) = word_of_a_person(speaker, alert.phase, (&alert.by, alert.until), now) { p { (word) } } }
            @if alert.energy.wh() >= 1.0 { p.figures {
                b { (speaker.energy(alert.energy)) } b { (speaker.money(alert.cost)) } b { (speaker.carbon(alert.co2e_g)) }
                span { @if is_open { (words.wasted_so_far) } @else { (words.in_total) } }
            } }
            details { summary { (words.steps) " " span { (steps.len()) } }
                ol.steps { @for step in steps {
                    li { time datetime=(speaker.machine_time(step.at)) { (speaker.moment(step.at, now)) } " "
                        @match word_of_a_person(speaker, step.phase, (&step.by, step.until), now) {
                            Some(word) => (word), None => (phase(speaker, step.phase)) }
                        @if step.energy.wh() >= 1.0 { " " span { (speaker.energy(step.energy)) } } }
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
            @if alert.energy.wh() >= 1.0 { b { (speaker.energy(alert.energy)) } }
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

fn phase(speaker: &Speaker, phase: AlertPhase) -> &'static str {
    let words = speaker.words;
    match phase {
        AlertPhase::Raised => words.raised,
        AlertPhase::Reminded => words.reminded,
        AlertPhase::Cleared => words.cleared,
        AlertPhase::Acknowledged => words.acknowledged,
        AlertPhase::Snoozed => words.snoozed,
    }
}

/// `acknowledged by Anna`, `snoozed until 06:00`; none for a step that no person takes.
fn word_of_a_person(
    speaker: &Speaker,
    step: AlertPhase,
    (by, until): (&str, Option<Timestamp>),
    now: Timestamp,
) -> Option<Markup> {
    let is_a_persons = matches!(step, AlertPhase::Acknowledged | AlertPhase::Snoozed);
    is_a_persons.then(|| {
        html! {
            (phase(speaker, step))
            @if let Some(until) = until { " " (speaker.words.until) " " (speaker.moment(until, now)) }
            @if !by.is_empty() { " " (speaker.words.by_person) " " (by) }
        }
    })
}
