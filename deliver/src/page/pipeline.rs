//! Where every message went: the account, what was lost, the sinks, the meters by quality, what could not be read.

use std::collections::BTreeMap;

use analyzer::{Fault, FaultKind};
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, view};
use super::speaker::Speaker;
use super::{Context, Shared, shape};
use crate::history::FaultCount;
use crate::live::{
    IncidentFigures, MeterFault, PipelineFigures, SinkFigures, Snapshot, UnreadableFigures, WEEK_DAYS,
};

const FAULTS_MAX: u32 = 30;

pub(super) async fn show(State(shared): State<Context>, Query(asked): Query<Asked>) -> Response {
    let visit = Visit::new(&shared, &asked);
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let now = shared.now();
    let figures = (shared.page.pipeline)();
    let snapshot = shared.page.live.snapshot(now);
    let week = shared.page.live.day_start(now, WEEK_DAYS - 1);
    let asked = shared
        .page
        .history
        .ask(move |reader| Ok((reader.faults(None, FAULTS_MAX)?, reader.fault_counts(None, week)?)));
    let asked = asked.await;
    let counts = asked.as_ref().map_or(&[][..], |(_, counts)| counts);
    let qualities = Quality::all(&shared, &figures, &snapshot, counts);
    let body = html! {
        h1 { (words.pipeline) }
        div data-refresh="pipeline" {
            (account(speaker, &figures))
            section.card { h2 { (words.incidents) } (incidents(speaker, &figures.incidents, now)) }
            section.card { h2 { (words.sinks) } (sinks(speaker, &figures.sinks)) }
            section.card { h2 { (words.meters) " " span { (words.meters_worst_first) } } (meters(&visit, &qualities, now)) }
            section.card { h2 { (words.unreadable) } (unreadable(speaker, &figures.unreadable, now)) }
            section.card { h2 { (words.meter_faults) }
                @match &asked {
                    Ok((faults, _)) => (fault_table(&shared, speaker, faults, now)),
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

/// Kinds of faults that make a column each, and the words above it.
const COLUMNS: [&[FaultKind]; 4] = [
    &[FaultKind::Silent, FaultKind::Offline],
    &[FaultKind::ClockWrong, FaultKind::TooLate],
    &[
        FaultKind::EstimatedPower,
        FaultKind::UnitAssumed,
        FaultKind::UnknownName,
        FaultKind::IntervalTooCoarse,
    ],
    &[
        FaultKind::CounterReset,
        FaultKind::CounterRollback,
        FaultKind::CounterJump,
        FaultKind::CounterWrap,
        FaultKind::CounterStuck,
        FaultKind::ImplausiblePower,
        FaultKind::MessageLost,
        FaultKind::MeterError,
    ],
];

/// What is known of one meter.
#[derive(Debug, Default)]
struct Quality {
    name: String,
    family: String,
    readings: u64,
    heard_at: Option<Timestamp>,
    /// The devices that it feeds: id and name.
    devices: Vec<(String, String)>,
    fault: Option<MeterFault>,
    /// How often in seven days, for each of [`COLUMNS`].
    counts: [u64; COLUMNS.len()],
    /// Part of the week's energy of its devices that is estimated.
    estimated: Option<f64>,
}

impl Quality {
    /// Every meter that was heard or is configured, the worst first.
    fn all(
        shared: &Shared,
        figures: &PipelineFigures,
        snapshot: &Snapshot,
        counts: &[FaultCount],
    ) -> Vec<Self> {
        let mut meters: BTreeMap<String, Self> = BTreeMap::new();
        for meter in &figures.meters {
            let quality = meters.entry(meter.name.clone()).or_default();
            quality.family.clone_from(&meter.family);
            (quality.readings, quality.heard_at) = (meter.readings, meter.heard_at);
        }
        for device in &shared.page.devices {
            let view = snapshot.devices.get(&device.id);
            for name in &device.meters {
                let quality = meters.entry(name.clone()).or_default();
                quality.devices.push((device.id.to_string(), device.name.clone()));
                let Some(view) = view else { continue };
                let all = view.week.all();
                let wh = all.energy.magnitude().wh();
                quality.estimated = (wh >= 1.0).then(|| all.estimated.magnitude().wh() / wh);
                let fault = view.meter_fault.clone().filter(|fault| fault.meter == *name);
                quality.fault = quality.fault.take().or(fault);
            }
        }
        for count in counts {
            let column = COLUMNS.iter().position(|kinds| kinds.contains(&count.kind));
            if let (Some(quality), Some(column)) = (meters.get_mut(&count.meter), column) {
                quality.counts[column] += count.times;
            }
        }
        let mut all: Vec<Self> = meters
            .into_iter()
            .map(|(name, quality)| Self { name, ..quality })
            .collect();
        all.sort_by_key(|quality| {
            let faults: u64 = quality.counts.iter().sum();
            (
                quality.fault.is_none(),
                quality.heard_at.is_some(),
                std::cmp::Reverse(faults),
            )
        });
        all
    }
}

fn meters(visit: &Visit, meters: &[Quality], now: Timestamp) -> Markup {
    let words = visit.speaker.words;
    html! {
        @if meters.is_empty() { p { (words.no_meters) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(words.meters) { table {
                thead { tr { th scope="col" { (words.meter) } th scope="col" { (words.feeds) } th scope="col" { (words.now_so) }
                    th scope="col" { (words.heard_at) } th.number scope="col" { (words.readings) }
                    @for name in [words.gaps, words.clock_off, words.assumed, words.other_faults, words.estimated_energy] {
                        th.number scope="col" { (name) } } } }
                tbody { @for meter in meters { (meter_row(visit, meter, now)) } }
            } }
        }
    }
}

fn meter_row(visit: &Visit, meter: &Quality, now: Timestamp) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    html! {
        tr {
            th scope="row" { (meter.name) @if !meter.family.is_empty() { " " span.label { (meter.family) } } }
            td { @if meter.devices.is_empty() { span.none { (words.feeds_nothing) } }
                @for (place, (id, name)) in meter.devices.iter().enumerate() {
                    @if place > 0 { ", " } a href=(visit.device_href(id)) { (name) } } }
            td { @match (&meter.fault, meter.heard_at) {
                (Some(fault), _) => span.warn { (shape::named("alert")) (speaker.fault(fault.kind)) " " (words.since) " " (speaker.moment(fault.at, now)) },
                (None, None) => span.none { (words.not_heard_yet) },
                (None, Some(_)) => span.calm { (shape::named("check")) (words.all_well) },
            } }
            td { @match meter.heard_at { Some(at) => (speaker.moment(at, now)), None => (words.never) } }
            td.number { (speaker.count(meter.readings)) }
            @for count in meter.counts { td.number { @if count > 0 { b { (speaker.count(count)) } } @else { "–" } } }
            td.number { @match meter.estimated { Some(part) => (speaker.percent(part)), None => "–" } }
        }
    }
}

/// Messages that could not be read, by reason.
fn unreadable(speaker: &Speaker, unreadable: &[UnreadableFigures], now: Timestamp) -> Markup {
    let words = speaker.words;
    html! {
        @if unreadable.is_empty() { p.calm { (shape::named("check")) (words.no_unreadable) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(words.unreadable) { table {
                thead { tr { th scope="col" { (words.what) } th.number scope="col" { (words.messages) }
                    th scope="col" { (words.last_time) } th scope="col" { (words.topic) } } }
                tbody { @for reason in unreadable { tr {
                    td.detail { (reason.reason) } td.number { (speaker.count(reason.messages)) }
                    td { (speaker.moment(reason.last, now)) } td.detail { (reason.topic) }
                } } }
            } }
            p.source { (words.unreadable_is) }
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
