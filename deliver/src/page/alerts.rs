//! Alerts, open and past, with every step: who did what, and when. Open ones can be acknowledged, snoozed and noted on.

use analyzer::{AlertPhase, State as DeviceState};
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::speaker::Speaker;
use super::{Context, Shared, act, shape};
use crate::history::{AlertFilter, AlertRecord, AlertStep, Reader, Result};

const PAST_MAX: u32 = 60;
const OPEN_MAX: u32 = 200;

type Told = (AlertRecord, Vec<AlertStep>);

pub(super) async fn show(State(shared): State<Context>, Query(asked): Query<Asked>) -> Response {
    let visit = Visit::new(&shared, &asked);
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let now = shared.now();
    // before the history is read: a step that comes meanwhile is fetched again
    let steps = shared.page.live.alert_steps();
    let told = shared.page.history.ask(read).await;
    let body = html! {
        h1 { (words.alerts) }
        (act::confirmation(&visit))
        div data-refresh="alerts" data-steps=(steps) {
            @match &told {
                Ok((open, past)) => {
                    section { h2 { (words.open_alerts) " " span { (open.len()) } }
                        @if open.is_empty() { p.calm.card { (shape::named("check")) (words.no_open_alerts) } }
                        @else if shared.say().is_none() { p.hint { (words.speak_needs_login) } }
                        @for (place, told) in open.iter().enumerate() { (card(&shared, &visit, told, place, now)) } }
                    section { h2 { (words.past_alerts) " " span { (past.len()) } }
                        @if past.is_empty() { p.calm.card { (words.no_past_alerts) } }
                        @for told in past { (card(&shared, &visit, told, 0, now)) } }
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

/// All that are open, and the newest that are over.
fn read(reader: &Reader) -> Result<(Vec<Told>, Vec<Told>)> {
    let open = reader.alerts(&AlertFilter {
        is_open_only: true,
        limit: OPEN_MAX,
        ..AlertFilter::default()
    })?;
    let newest = reader.alerts(&AlertFilter {
        limit: PAST_MAX + OPEN_MAX,
        ..AlertFilter::default()
    })?;
    let past = newest.into_iter().filter(|alert| alert.cleared_at.is_some());
    let past = past
        .take(usize::try_from(PAST_MAX).unwrap_or(usize::MAX))
        .collect();
    Ok((with_steps(reader, open)?, with_steps(reader, past)?))
}

fn with_steps(reader: &Reader, alerts: Vec<AlertRecord>) -> Result<Vec<Told>> {
    let told = alerts.into_iter().map(|alert| {
        let steps = reader.alert_steps(&alert.device, &alert.rule, alert.since)?;
        Ok((alert, steps))
    });
    told.collect()
}

fn card(shared: &Shared, visit: &Visit, (alert, steps): &Told, place: usize, now: Timestamp) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let device = shared.device(&alert.device);
    let is_open = alert.cleared_at.is_none();
    let has_words = steps
        .iter()
        .any(|step| !step.by.is_empty() || !step.note.is_empty());
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
            @if is_open { @if let Some(word) = word_of_a_person(speaker, alert.phase, (&alert.by, alert.until), now) {
                p.attended { (shape::named("check")) span { (word) } } } }
            @if alert.energy.wh() >= 1.0 { p.figures {
                b { (speaker.energy(alert.energy)) } b { (speaker.money(alert.cost)) } b { (speaker.carbon(alert.co2e_g)) }
                span { @if is_open { (words.wasted_so_far) } @else { (words.in_total) } }
            } }
            details open[is_open && has_words] { summary { (words.steps) " " span { (steps.len()) } }
                ol.steps { @for step in steps { (step_line(speaker, step, now)) } } }
            @if is_open && shared.say().is_some() { (form(visit, alert, place)) }
        }
    }
}

fn step_line(speaker: &Speaker, step: &AlertStep, now: Timestamp) -> Markup {
    html! {
        li {
            time datetime=(speaker.machine_time(step.at)) { (speaker.moment(step.at, now)) } " "
            @match word_of_a_person(speaker, step.phase, (&step.by, step.until), now) {
                Some(word) => (word), None => (phase(speaker, step.phase)) }
            @if !step.note.is_empty() { (speaker.words.colon) q { (step.note) } }
            @if step.energy.wh() >= 1.0 { " " span { (speaker.energy(step.energy)) } }
        }
    }
}

/// One form for all that can be said; the button says which.
fn form(visit: &Visit, alert: &AlertRecord, place: usize) -> Markup {
    let words = visit.speaker.words;
    let id = |name: &str| format!("{name}-{place}");
    html! {
        details.speak { summary { (words.speak) }
            form method="post" action=(visit.href("/act")) {
                input type="hidden" name="rule" value=(alert.rule);
                input type="hidden" name="device" value=(alert.device);
                input type="hidden" name="since" value=(alert.since);
                (act::name_field(visit, &id("by")))
                p.field { button name="act" value="acknowledge" { (words.acknowledge) } span { (words.acknowledge_means) } }
                p.field {
                    label for=(id("hours")) { (words.snooze_for) }
                    select id=(id("hours")) name="hours" {
                        @for hours in act::SNOOZE_HOURS { option value=(hours) { (hours) " h" } }
                    }
                    button name="act" value="snooze" { (words.snooze) }
                }
                p.field {
                    label for=(id("text")) { (words.note) }
                    input id=(id("text")) name="text" maxlength="500" autocomplete="off";
                    button name="act" value="note" { (words.note_down) }
                }
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
        AlertPhase::Noted => words.noted,
    }
}

/// `acknowledged by Anna`, `snoozed until 06:00`; none for a step that no person takes.
fn word_of_a_person(
    speaker: &Speaker,
    step: AlertPhase,
    (by, until): (&str, Option<Timestamp>),
    now: Timestamp,
) -> Option<Markup> {
    let is_a_persons = matches!(
        step,
        AlertPhase::Acknowledged | AlertPhase::Snoozed | AlertPhase::Noted
    );
    is_a_persons.then(|| {
        html! {
            (phase(speaker, step))
            @if let Some(until) = until { " " (speaker.words.until) " " (speaker.moment(until, now)) }
            @if !by.is_empty() { " " (speaker.words.by_person) " " (by) }
        }
    })
}
