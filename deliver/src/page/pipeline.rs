//! Where every message went: the account, what was lost, the sinks, the meters and what is wrong with them.

use analyzer::Fault;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::speaker::Speaker;
use super::{Context, Shared, shape};
use crate::live::{IncidentFigures, MeterFigures, PipelineFigures, SinkFigures};

const FAULTS_MAX: u32 = 30;

pub(super) async fn show(State(shared): State<Context>, Query(asked): Query<Asked>) -> Response {
    let visit = Visit::new(&shared, &asked);
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let now = shared.now();
    let figures = (shared.page.pipeline)();
    let faults = shared
        .page
        .history
        .ask(|reader| reader.faults(None, FAULTS_MAX))
        .await;
    let body = html! {
        h1 { (words.pipeline) }
        div data-refresh="pipeline" {
            (account(speaker, &figures))
            section.card { h2 { (words.incidents) } (incidents(speaker, &figures.incidents, now)) }
            section.card { h2 { (words.sinks) } (sinks(speaker, &figures.sinks)) }
            section.card { h2 { (words.meters) } (meters(speaker, &figures.meters, now)) }
            section.card { h2 { (words.meter_faults) }
                @match &faults {
                    Ok(faults) => (fault_table(&shared, speaker, faults, now)),
                    Err(_) => p.empty { (words.history_fails) },
                }
            }
        }
    };
    let frame = Frame {
        title: words.pipeline,
        path: "/pipeline",
        scope: Scope::None,
    };
    view(page(&shared, &visit, &frame, &body))
}

/// received = stored + duplicates + set aside + waiting + lost, as an equation with its verdict.
fn account(speaker: &Speaker, figures: &PipelineFigures) -> Markup {
    let words = speaker.words;
    let messages = &figures.messages;
    let parts = [
        (words.stored, messages.stored),
        (words.duplicate, messages.duplicates),
        (words.quarantined, messages.quarantined),
        (words.waiting, messages.waiting),
        (words.lost, messages.lost),
    ];
    html! {
        section.card {
            h2 { (words.account) }
            p.equation {
                span { b { (speaker.count(messages.received())) } " " (words.received) }
                @for (place, (name, count)) in parts.into_iter().enumerate() {
                    span.sign { @if place == 0 { "=" } @else { "+" } }
                    span { b { (speaker.count(count)) } " " (name) }
                }
            }
            @if let Some(rebuild) = &figures.rebuild {
                p.progress { (words.rebuilding) " " (speaker.percent(rebuild.fraction)) }
            }
            @if messages.unexplained() == 0 {
                p.calm { (shape::named("check")) (words.balances) }
            } @else {
                p.warn { (shape::named("alert")) (speaker.count(messages.unexplained())) " " (words.balance_off) }
            }
            dl.facts {
                @if let Some(is_connected) = figures.is_broker_connected {
                    div { dt { (words.broker) } dd { b { @if is_connected { (words.connected) } @else { (words.not_connected) } } } }
                }
                div { dt { (words.readings) } dd { b { (speaker.count(figures.readings)) } } }
                div { dt { (words.findings) } dd { b { (speaker.count(figures.findings)) } } }
                div { dt { (words.qos0) } dd { b { (speaker.count(messages.received_qos0)) } } }
                div { dt { (words.qos0_dropped) } dd { b { (speaker.count(messages.qos0_dropped)) } } }
                div { dt { (words.sessions_lost) } dd { b { (speaker.count(messages.sessions_lost)) } } }
                div { dt { (words.in_quarantine) } dd { b { (speaker.count(figures.quarantine.held)) } } }
            }
        }
    }
}

/// What was lost, or nearly: sessions, messages that retention took, torn files.
fn incidents(speaker: &Speaker, incidents: &[IncidentFigures], now: Timestamp) -> Markup {
    let words = speaker.words;
    html! {
        @if incidents.is_empty() { p.calm { (shape::named("check")) (words.no_incidents) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(words.incidents) { table {
                thead { tr { @for name in [words.when, words.place, words.what, words.lost_count, words.mend] {
                    th scope="col" { (name) } } } }
                tbody { @for incident in incidents { tr {
                    td { (speaker.moment(incident.at, now)) } td { (incident.place) } td.detail { (incident.what) }
                    td.number { (speaker.count(incident.lost)) } td.detail { (incident.mend) }
                } } }
            } }
        }
    }
}

fn sinks(speaker: &Speaker, sinks: &[SinkFigures]) -> Markup {
    let words = speaker.words;
    html! {
        @if sinks.is_empty() { p { (words.no_sinks) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(words.sinks) { table {
                thead { tr { th scope="col" { (words.sink) } th scope="col" { (words.kind) }
                    @for name in [words.findings, words.delivered, words.rejected, words.left_out, words.skipped, words.behind] {
                        th.number scope="col" { (name) } }
                    th scope="col" { (words.last_error) } } }
                tbody { @for sink in sinks { tr {
                    th scope="row" { (sink.name) } td { (sink.kind) }
                    @for count in [sink.findings, sink.delivered, sink.rejected, sink.left_out, sink.skipped, sink.behind] {
                        td.number { (speaker.count(count)) } }
                    td { @match &sink.last_error {
                        Some(error) => span.warn { (shape::named("alert")) (error) },
                        None => span.calm { (shape::named("check")) (words.up_to_date) },
                    } }
                } } }
            } }
        }
    }
}

fn meters(speaker: &Speaker, meters: &[MeterFigures], now: Timestamp) -> Markup {
    let words = speaker.words;
    html! {
        @if meters.is_empty() { p { (words.no_meters) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(words.meters) { table {
                thead { tr { th scope="col" { (words.meter) } th scope="col" { (words.family) }
                    th.number scope="col" { (words.readings) } th scope="col" { (words.heard_at) }
                    th.number scope="col" { (words.faults) } } }
                tbody { @for meter in meters { tr {
                    th scope="row" { (meter.name) } td { (meter.family) } td.number { (speaker.count(meter.readings)) }
                    td { @match meter.heard_at { Some(at) => (speaker.moment(at, now)), None => (words.never) } }
                    td.number { (speaker.count(meter.faults)) }
                } } }
            } }
        }
    }
}

fn fault_table(shared: &Shared, speaker: &Speaker, faults: &[Fault], now: Timestamp) -> Markup {
    let words = speaker.words;
    html! {
        @if faults.is_empty() { p.calm { (shape::named("check")) (words.no_faults) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(words.meter_faults) { table {
                thead { tr { @for name in [words.when, words.room, words.meter, words.what, words.detail] {
                    th scope="col" { (name) } } } }
                tbody { @for fault in faults { tr {
                    td { (speaker.moment(fault.at, now)) }
                    td { (shared.device(&fault.device).map_or(&*fault.device, |device| &device.name)) }
                    td { (fault.meter) } td { (speaker.fault(fault.kind)) } td.detail { (fault.detail) }
                } } }
            } }
        }
    }
}
