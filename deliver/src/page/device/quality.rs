//! How far a device's figures can be trusted: its meters and when they were heard, gaps, estimated energy, what was wrong.

use analyzer::State;
use jiff::Timestamp;
use maud::{Markup, html};

use crate::history::FaultCount;
use crate::live::{DeviceView, MeterFigures};
use crate::page::speaker::Speaker;
use crate::page::{PageDevice, shape};

/// More unknown time or estimated energy than this part is worth a warning.
const DOUBTFUL: f64 = 0.05;

/// The card.
pub(super) fn card(
    speaker: &Speaker,
    device: &PageDevice,
    live: &DeviceView,
    (meters, counts): (&[MeterFigures], &[FaultCount]),
    now: Timestamp,
) -> Markup {
    let words = speaker.words;
    let all = live.week.all();
    let seconds = all.duration.as_secs_f64();
    let unknown = live.week.state(State::Unknown).duration;
    let unknown_part = if seconds > 0.0 {
        unknown.as_secs_f64() / seconds
    } else {
        0.0
    };
    let magnitude_wh = all.energy.magnitude().wh();
    let estimated_part = if magnitude_wh > 0.0 {
        all.estimated.magnitude().wh() / magnitude_wh
    } else {
        0.0
    };
    html! {
        section.card {
            h2 { (words.data_quality) " " span { (words.last_7_d) } }
            dl.facts {
                (fact(words.unknown_time, unknown_part, &format!("{} ({})", speaker.percent(unknown_part), speaker.duration(unknown))))
                (fact(words.estimated_energy, estimated_part, &speaker.percent(estimated_part)))
                @if let Some(learned) = &live.learned {
                    div { dt { (words.interval) } dd { b { (speaker.number(learned.interval_s, usize::from(learned.interval_s < 10.0))) " s" } } }
                }
            }
            ul.plain { @for name in &device.meters { (meter(speaker, name, meters, live, now)) } }
            @if counts.is_empty() { p.calm { (shape::named("check")) (words.no_faults) } }
            @else { ul.plain { @for count in counts { li {
                span { b { (count.meter) } " " (speaker.fault(count.kind)) }
                span { (speaker.count(count.times)) " × · " (words.last_time) " " (speaker.moment(count.last, now)) }
            } } } }
        }
    }
}

fn fact(name: &str, part: f64, says: &str) -> Markup {
    html! {
        div { dt { (name) } dd { b.doubtful[part > DOUBTFUL] {
            @if part > DOUBTFUL { (shape::named("alert")) } (says) } } }
    }
}

fn meter(
    speaker: &Speaker,
    name: &str,
    meters: &[MeterFigures],
    live: &DeviceView,
    now: Timestamp,
) -> Markup {
    let words = speaker.words;
    let known = meters.iter().find(|meter| meter.name == name);
    let fault = live.meter_fault.as_ref().filter(|fault| fault.meter == name);
    html! {
        li {
            span { (words.meter) " " b { (name) } @if let Some(meter) = known { " · " (meter.family) } }
            span {
                @match known.and_then(|meter| meter.heard_at) {
                    Some(at) => { (words.heard_at) " " (speaker.moment(at, now)) }
                    None => (words.not_heard_yet),
                }
            }
            @if let Some(fault) = fault {
                span.warn { (shape::of_state(State::Unknown)) (speaker.fault(fault.kind)) " " (words.since) " " (speaker.moment(fault.at, now)) }
            }
        }
    }
}
