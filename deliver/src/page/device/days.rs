//! A device's ledger by local day: where the energy of each day went.

use analyzer::State;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::pieces;
use crate::history::{self, Amount, Reader, Totals};
use crate::live::Live;
use crate::page::speaker::Speaker;
use crate::page::{shape, tile};

/// Days in the table, today included.
const DAYS: i64 = 14;

/// One local day.
pub(in crate::page) struct Day {
    pub(in crate::page) from: Timestamp,
    pub(in crate::page) until: Timestamp,
    pub(in crate::page) totals: Totals,
}

/// Begin and end of each day, newest first.
pub(in crate::page) fn spans(live: &Live, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    // noon after today's midnight: also a day of 23 or 25 hours holds it
    let tomorrow = live.day_start(live.day_start(now, 0) + SignedDuration::from_hours(36), 0);
    let span = |back: i64| {
        let until = if back == 0 {
            tomorrow
        } else {
            live.day_start(now, back - 1)
        };
        (live.day_start(now, back), until)
    };
    (0..DAYS).map(span).collect()
}

/// The days on which anything was booked.
pub(in crate::page) fn read(
    reader: &Reader,
    id: &str,
    spans: &[(Timestamp, Timestamp)],
) -> history::Result<Vec<Day>> {
    let mut days = Vec::new();
    for &(from, until) in spans {
        let totals = reader.totals(Some(id), from, until)?;
        if !totals.all().duration.is_zero() {
            days.push(Day { from, until, totals });
        }
    }
    Ok(days)
}

/// The days as a table, a bar each.
pub(super) fn table(speaker: &Speaker, days: &[Day]) -> Markup {
    let words = speaker.words;
    if days.is_empty() {
        return html! { p.none { (words.no_curve) } };
    }
    let top_wh = days
        .iter()
        .map(|day| day.totals.all().energy.wh())
        .fold(1.0, f64::max);
    html! {
        div.scroll tabindex="0" role="region" aria-label=(words.ledger_by_day) { table.days {
            thead { tr {
                th scope="col" { (words.day) } th scope="col" { span.unseen { (words.energy) } }
                th.number scope="col" { (words.energy) }
                @for state in [State::Scanning, State::Idle, State::Standby, State::Off] {
                    th.number scope="col" { (speaker.state(state)) } }
                @for name in [words.idle_closed, words.cost, words.unknown] { th.number scope="col" { (name) } }
            } }
            tbody { @for day in days { (row(speaker, day, top_wh)) } }
        } }
    }
}

fn row(speaker: &Speaker, day: &Day, top_wh: f64) -> Markup {
    let totals = &day.totals;
    let all = totals.all();
    let energy = |amount: Amount| {
        if amount.energy.wh() >= 0.5 {
            speaker.energy(amount.energy)
        } else {
            "–".to_owned()
        }
    };
    let unknown = totals.state(State::Unknown).duration;
    html! {
        tr {
            th scope="row" { (speaker.day(day.from)) }
            td { (stack(totals, top_wh)) }
            td.number { @if tile::is_estimated(&all) { "≈ " } b { (energy(all)) } }
            @for state in [State::Scanning, State::Idle, State::Standby, State::Off] {
                td.number { (energy(totals.state(state))) } }
            td.number { (energy(totals.idle_closed())) }
            td.number { (speaker.money(all.cost())) }
            td.number { @if unknown >= SignedDuration::from_mins(1) {
                span.gap { (shape::of_state(State::Unknown)) (speaker.duration(unknown)) } } @else { "–" } }
        }
    }
}

/// A day's energy, a piece for each state; as long as its part of the largest day.
fn stack(totals: &Totals, top_wh: f64) -> Markup {
    html! {
        svg.stack viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
            @for (state, at, width) in pieces(totals, top_wh, 100.0) {
                @if width >= 0.2 {
                    rect data-state=(state.name()) x=(format!("{at:.1}")) width=(format!("{width:.1}")) height="6" {}
                }
            }
        }
    }
}
