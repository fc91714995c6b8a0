//! One device: its day and its week, where its energy went, exams, alerts, and how well its meter reports.

use analyzer::{Exam, Fault, State};
use axum::extract::{Path, Query, State as Extract};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, PreEscaped, html};

mod days;
mod quality;

use super::chart::{self, Curve, Layout};
use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, missing, view};
use super::speaker::Speaker;
use super::{Context, PageDevice, act, alerts, learned, shape, tile};
use crate::history::{self, AlertFilter, AlertRecord, ExamSums, FaultCount, Reader, Totals};
use crate::live::{DeviceView, MeterFigures, WEEK_DAYS};

const DAY_STEP: SignedDuration = SignedDuration::from_mins(5);
const WEEK_STEP: SignedDuration = SignedDuration::from_mins(30);
const LISTED: u32 = 8;

/// Esmaeili 2015/2018: idle energy over the energy of active scanning, CT.
const RATIO_PUBLISHED: std::ops::RangeInclusive<f64> = 14.0..=30.0;

pub(super) use days::{Day, read as read_days, spans as day_spans};

/// What the history says of the device.
struct Past {
    day: Curve,
    week: Curve,
    exams_today: ExamSums,
    exams_week: ExamSums,
    exams: Vec<Exam>,
    alerts: Vec<AlertRecord>,
    faults: Vec<Fault>,
    fault_counts: Vec<FaultCount>,
    days: Vec<Day>,
}

pub(super) async fn show(
    Extract(shared): Extract<Context>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let visit = Visit::new(&shared, &asked);
    let now = shared.now();
    let snapshot = shared.page.live.snapshot(now);
    let (Some(device), Some(live)) = (shared.device(&id), snapshot.devices.get(id.as_str())) else {
        return missing(&shared, &visit, visit.speaker.words.no_such_device);
    };
    let (today, week) = (
        shared.page.live.day_start(now, 0),
        shared.page.live.day_start(now, WEEK_DAYS - 1),
    );
    let spans = days::spans(&shared.page.live, now);
    let past = shared
        .page
        .history
        .ask(move |reader| read(reader, &id, now, (today, week), &spans))
        .await;
    let mut meters = (shared.page.pipeline)().meters;
    meters.retain(|meter| device.meters.contains(&meter.name));
    let speaker = &visit.speaker;
    let scale = tile::Scale::of(&snapshot);
    let body = html! {
        (act::confirmation(&visit))
        article.tile.device data-state=(live.shown()) data-alert=[live.open_alert().map(|_| "")] {
            header {
                h1 { (device.name) }
                p.where { (speaker.modality(device)) " · " (device.room)
                    @if let Some(floor) = &device.floor { " · " (floor) } }
            }
            div.live id=(tile::live_id(device)) { (tile::live(speaker, live, scale, now)) }
        }
        @match &past {
            Ok(past) => {
                div data-refresh="past" { (sections(&visit, (device, live), past, &meters, shared.say().is_some(), now)) }
            }
            Err(error) => { ({ tracing::warn!(%error, "no history on the page"); "" }) p.empty { (speaker.words.history_fails) } }
        }
    };
    let path = format!("/device/{}", super::reply::encoded(&device.id));
    let frame = Frame {
        title: &device.name,
        path: &path,
        scope: Scope::Device(&device.id),
    };
    view(page(&shared, &visit, &frame, &body))
}

fn read(
    reader: &Reader,
    id: &str,
    now: Timestamp,
    (today, week): (Timestamp, Timestamp),
    spans: &[(Timestamp, Timestamp)],
) -> history::Result<Past> {
    let minute = Timestamp::from_second(now.as_second().div_euclid(60) * 60 + 60).unwrap_or(now);
    let filter = AlertFilter {
        device: Some(id.into()),
        limit: LISTED,
        ..AlertFilter::default()
    };
    Ok(Past {
        day: chart::read(
            reader,
            id,
            minute - SignedDuration::from_hours(24),
            minute,
            DAY_STEP,
        )?,
        week: chart::read(
            reader,
            id,
            minute - SignedDuration::from_hours(24 * WEEK_DAYS),
            minute,
            WEEK_STEP,
        )?,
        exams_today: reader.exam_sums(id, today, minute)?,
        exams_week: reader.exam_sums(id, week, minute)?,
        exams: reader.exams(id, LISTED)?,
        alerts: reader.alerts(&filter)?,
        faults: reader.faults(Some(id), LISTED)?,
        fault_counts: reader.fault_counts(Some(id), week)?,
        days: days::read(reader, id, spans)?,
    })
}

fn sections(
    visit: &Visit,
    (device, live): (&PageDevice, &DeviceView),
    past: &Past,
    meters: &[MeterFigures],
    may_speak: bool,
    now: Timestamp,
) -> Markup {
    let (speaker, words, week) = (&visit.speaker, visit.speaker.words, &live.week);
    html! {
        section.card {
            h2 { (words.power_curve) " " span { (words.last_24_h) } }
            (drawn(speaker, &past.day))
            (legend(speaker))
        }
        section.card {
            h2 { (words.power_curve) " " span { (words.last_7_d) } }
            (drawn(speaker, &past.week))
        }
        section.card {
            h2 { (words.energy_by_state) " " span { (words.last_7_d) } }
            (shares(week))
            (ledger(speaker, week))
        }
        section.card {
            h2 { (words.ledger_by_day) }
            (days::table(speaker, &past.days))
        }
        (learned::card(visit, device, live.learned.as_deref(), may_speak, now))
        div.columns {
            section.card { h2 { (words.exams) } (exams(speaker, device, past, week, now)) }
            section.card {
                h2 { (words.alerts_of_device) }
                @if past.alerts.is_empty() { p.calm { (shape::named("check")) (words.no_alerts_of_device) } }
                @else { ul.plain { @for alert in &past.alerts { (alerts::line(speaker, alert, now)) } } }
            }
            (quality::card(speaker, device, live, (meters, &past.fault_counts), now))
            section.card { h2 { (words.meter_faults) } (faults(speaker, &past.faults, now)) }
        }
    }
}

/// The curve twice, for a desk and for a hand; the stylesheet shows one.
fn drawn(speaker: &Speaker, curve: &Curve) -> Markup {
    let words = speaker.words;
    let peak = curve.points.iter().map(|point| point.max_w).reduce(f64::max);
    let lowest = curve.points.iter().map(|point| point.min_w).reduce(f64::min);
    let (Some(peak), Some(lowest)) = (peak, lowest) else {
        return html! { p.none { (words.no_curve) } };
    };
    let caption = format!(
        "{} {} · {} {}",
        words.peak,
        speaker.power(peak),
        words.lowest,
        speaker.power(lowest)
    );
    let draw = |layout: Layout| chart::large(curve, layout, speaker).map(PreEscaped);
    html! {
        figure.chart {
            div role="img" aria-label={ (words.power) ", " (caption) } {
                @for layout in [chart::WIDE, chart::NARROW] {
                    @if let Some(svg) = draw(layout) { (svg) }
                }
            }
            figcaption { (words.mean) " / " (speaker.duration(curve.step)) " · " (caption) }
        }
    }
}

fn legend(speaker: &Speaker) -> Markup {
    html! {
        ul.legend {
            @for state in State::ALL {
                li data-state=(state.name()) {
                    span.pill { (shape::of_state(state)) span { (speaker.state(state)) } }
                    " " span.means { (speaker.state_means(state)) }
                }
            }
        }
    }
}

/// Where each state's piece of a bar begins, and how long it is; `whole_wh` is `length` long.
fn pieces(totals: &Totals, whole_wh: f64, length: f64) -> [(State, f64, f64); State::ALL.len()] {
    let mut at = 0.0;
    State::ALL.map(|state| {
        let width = totals.state(state).energy.wh().max(0.0) / whole_wh * length;
        at += width;
        (state, at - width, width)
    })
}

/// One bar, a piece for each state; the table below says the same in figures.
fn shares(week: &Totals) -> Markup {
    let all_wh = week.all().energy.wh().max(1e-9);
    html! {
        svg.shares viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true" {
            @for (state, at, width) in pieces(week, all_wh, 1000.0) {
                @if width >= 0.5 {
                    rect data-state=(state.name()) x=(format!("{at:.1}")) y="0" width=(format!("{width:.1}")) height="16" {}
                }
            }
        }
    }
}

fn ledger(speaker: &Speaker, week: &Totals) -> Markup {
    let words = speaker.words;
    let all = week.all();
    let share = |wh: f64| {
        if all.energy.wh() > 0.0 {
            wh / all.energy.wh()
        } else {
            0.0
        }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label=(words.energy_by_state) {
            table {
                thead { tr {
                    th scope="col" { (words.state) }
                    @for name in [words.time, words.energy, words.share, words.closed, words.cost, words.carbon] {
                        th.number scope="col" { (name) }
                    }
                } }
                tbody {
                    @for state in State::ALL {
                        @let amount = week.state(state);
                        tr data-state=(state.name()) {
                            th scope="row" { span.pill { (shape::of_state(state)) span { (speaker.state(state)) } } }
                            td.number { (speaker.duration(amount.duration)) }
                            td.number { @if tile::is_estimated(&amount) { "≈ " } (speaker.energy(amount.energy)) }
                            td.number { (speaker.percent(share(amount.energy.wh()))) }
                            td.number { (speaker.energy(week.state_closed(state).energy)) }
                            td.number { (speaker.money(amount.cost())) }
                            td.number { (speaker.carbon(amount.co2e_g())) }
                        }
                    }
                }
                tfoot { tr {
                    th scope="row" { (words.total) }
                    td.number { (speaker.duration(all.duration)) }
                    td.number { (speaker.energy(all.energy)) }
                    td.number { (speaker.percent(share(all.energy.wh()))) }
                    td.number {}
                    td.number { (speaker.money(all.cost())) }
                    td.number { (speaker.carbon(all.co2e_g())) }
                } }
            }
        }
    }
}

fn exams(speaker: &Speaker, device: &PageDevice, past: &Past, week: &Totals, now: Timestamp) -> Markup {
    let words = speaker.words;
    let sums = &past.exams_week;
    html! {
        dl.facts {
            div { dt { (words.today) } dd { b { (speaker.count(past.exams_today.count)) } } }
            div { dt { (words.last_7_d) } dd { b { (speaker.count(sums.count)) } } }
            @if let Some(mean_kwh) = mean_kwh(sums) {
                div { dt { (words.exams_mean) } dd { b { (speaker.figures(mean_kwh)) " kWh" }
                    @if sums.energy.wh() > 0.0 {
                        " " (words.net_scan) " " (speaker.percent(sums.scanning_energy.wh() / sums.energy.wh()))
                    } } }
            }
        }
        @if device.modality == "ct" { (ratio(speaker, week)) }
        @if !past.exams.is_empty() {
            ol.exams {
                @for exam in &past.exams {
                    li {
                        span { (speaker.moment(exam.from, now)) " – " (speaker.clock(exam.until)) }
                        span { (speaker.duration(exam.until.duration_since(exam.from))) }
                        b { (speaker.energy(exam.energy)) }
                    }
                }
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a shown figure; no device makes 2⁵³ exams"
)]
fn mean_kwh(sums: &ExamSums) -> Option<f64> {
    (sums.count > 0).then(|| sums.energy.kwh() / sums.count as f64)
}

/// The CT's idle-to-scan ratio on a scale, with what was published drawn beside it.
fn ratio(speaker: &Speaker, week: &Totals) -> Markup {
    let words = speaker.words;
    let (low, high) = (*RATIO_PUBLISHED.start(), *RATIO_PUBLISHED.end());
    html! {
        div.ratio {
            p { (words.ratio) (words.colon)
                @match week.idle_to_scan_ratio() {
                    Some(ratio) => b { (speaker.figures(ratio)) " kWh" },
                    None => (words.ratio_none),
                }
            }
            @if let Some(ratio) = week.idle_to_scan_ratio() {
                @let top = high.max(ratio) * 1.15;
                @let at = |value: f64| format!("{:.1}", value / top * 300.0);
                svg viewBox="0 0 300 40" aria-hidden="true" {
                    rect.rail x="0" y="10" width="300" height="6" rx="3" {}
                    rect.published x=(at(low)) y="6" width=(at(high - low)) height="14" rx="3" {}
                    circle.mark cx=(at(ratio.max(0.4))) cy="13" r="6" {}
                    @for tick in [0.0, low, high] {
                        text x=(at(tick)) y="36" text-anchor=(if tick > 0.0 { "middle" } else { "start" }) {
                            (speaker.number(tick, 0))
                        }
                    }
                }
            }
            p.source { (words.ratio_published) " (" (words.ratio_source) ")" }
        }
    }
}

fn faults(speaker: &Speaker, faults: &[Fault], now: Timestamp) -> Markup {
    html! {
        @if faults.is_empty() { p.calm { (shape::named("check")) (speaker.words.no_faults) } }
        @else {
            ul.plain { @for fault in faults {
                li {
                    span { (speaker.moment(fault.at, now)) }
                    span { b { (fault.meter) } " " (speaker.fault(fault.kind)) }
                    span.detail { (fault.detail) }
                }
            } }
        }
    }
}
