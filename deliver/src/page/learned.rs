//! What a device has learned of its levels: which power means which state, how sure that is, and from what it is known. A
//! person with the login may say what a level is called, and take it back.

use analyzer::learn::LearnedBand;
use analyzer::{BandsLearned, State};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::reply::Visit;
use super::speaker::Speaker;
use super::{PageDevice, act, shape};

/// States in which a machine rests, so that a level may be called so.
const RESTING: [State; 3] = [State::Off, State::Standby, State::Idle];

/// A card with the learned levels; where bands are fixed or none are known, it says so.
pub(super) fn card(
    visit: &Visit,
    device: &PageDevice,
    learned: Option<&BandsLearned>,
    may_speak: bool,
    now: Timestamp,
) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let learned = learned.filter(|learned| device.learns && !learned.bands.is_empty());
    html! {
        section.card.levels {
            @match learned {
                Some(learned) => {
                    h2 { (words.levels) " " span { (words.changed) " " (speaker.moment(learned.at, now)) } }
                    (table(speaker, &learned.bands))
                    p { (scanning(speaker, learned)) }
                    @if may_speak { (forms(visit, device, &learned.bands)) }
                    @else { p.hint { (words.speak_needs_login) } }
                    (stanza(speaker, &learned.bands))
                }
                None => {
                    h2 { (words.levels) }
                    p.none { @if device.learns { (words.levels_not_yet) } @else { (words.levels_fixed) } }
                }
            }
        }
    }
}

fn table(speaker: &Speaker, bands: &[LearnedBand]) -> Markup {
    let words = speaker.words;
    let edge = |watts: Option<f64>| watts.map_or_else(|| "–".to_owned(), |watts| speaker.power(watts));
    html! {
        div.scroll tabindex="0" role="region" aria-label=(words.levels) {
            table {
                thead { tr {
                    th scope="col" { (words.state) }
                    th.number scope="col" { (words.level) }
                    th scope="col" { (words.certainty) }
                    @for name in [words.level_from, words.level_until, words.level_seen, words.stability, words.separation, words.pulses] {
                        th.number scope="col" { (name) }
                    }
                } }
                tbody {
                    @for band in bands {
                        @let (from_w, until_w) = band.edges_w();
                        @let evidence = &band.evidence;
                        tr data-state=(band.state.name()) {
                            th scope="row" {
                                span.pill { (shape::of_state(band.state)) span { (speaker.state(band.state)) } }
                                @if let Some(label) = &band.label { " " span.label { (label) } }
                            }
                            td.number { b { (speaker.power(band.level_w)) } }
                            td { (certainty(speaker, band)) }
                            td.number { (edge(from_w)) }
                            td.number { (edge(until_w)) }
                            td.number { (speaker.duration(seen(band))) }
                            td.number { (speaker.percent(evidence.stability)) }
                            td.number { @match evidence.separation {
                                // a distance of logarithms, as the ratio that people think in
                                Some(separation) => { "× " (speaker.figures(separation.exp())) } None => "–" } }
                            td.number { (speaker.number(evidence.launches, 0)) }
                        }
                    }
                }
            }
        }
        p.source { (words.evidence_is) }
    }
}

fn certainty(speaker: &Speaker, band: &LearnedBand) -> String {
    let (words, evidence) = (speaker.words, &band.evidence);
    let percent = speaker.percent(evidence.confidence);
    match (evidence.is_pinned, evidence.is_provisional()) {
        (true, _) => words.named_by_hand.to_owned(),
        (false, true) => format!("{}, {percent}", words.provisional),
        (false, false) => format!("{}, {percent}", words.known),
    }
}

fn seen(band: &LearnedBand) -> SignedDuration {
    SignedDuration::try_from_secs_f64(band.evidence.seconds).unwrap_or_default()
}

fn scanning(speaker: &Speaker, learned: &BandsLearned) -> Markup {
    let words = speaker.words;
    let every = format!(
        "{}\u{a0}s",
        speaker.number(learned.interval_s, usize::from(learned.interval_s < 10.0))
    );
    html! {
        @if let Some(scanning_from_w) = learned.scanning_from_w {
            (words.scanning_begins) " " b { (speaker.power(scanning_from_w)) }
            @if let Some(scout_from_w) = learned.scout_from_w { ", " (words.scouts_from) " " (speaker.power(scout_from_w)) }
            ". "
        }
        (words.news_every) " " (every) "."
        @if learned.is_too_coarse { " " span.warn { (shape::named("alert")) (words.too_coarse) } }
    }
}

/// What a level is called, a form each.
fn forms(visit: &Visit, device: &PageDevice, bands: &[LearnedBand]) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    html! {
        details.speak { summary { (words.name_levels) }
            p.hint { (words.name_levels_means) }
            @for (place, band) in bands.iter().enumerate() {
                @let id = |name: &str| format!("{name}-{place}");
                form method="post" action=(visit.href("/act")) {
                    input type="hidden" name="device" value=(device.id);
                    input type="hidden" name="level_w" value=(format!("{:.1}", band.level_w));
                    fieldset {
                        legend { (words.level) " " (speaker.power(band.level_w)) }
                        p.field { label for=(id("state")) { (words.state) }
                            select id=(id("state")) name="state" { @for state in RESTING {
                                option value=(state.name()) selected[state == band.state] { (speaker.state(state)) } } } }
                        p.field { label for=(id("label")) { (words.label) }
                            input id=(id("label")) name="label" maxlength="40" autocomplete="off" value=(band.label.as_deref().unwrap_or_default()); }
                        (act::name_field(visit, &id("by")))
                        p.field {
                            button name="act" value="name_level" { (words.name_level) }
                            @if band.evidence.is_pinned { " " button.quiet name="act" value="forget_level" { (words.forget_level) } }
                        }
                    }
                }
            }
        }
    }
}

/// What was named by hand, as the configuration says it: there it outlives the journal.
fn stanza(speaker: &Speaker, bands: &[LearnedBand]) -> Markup {
    let pinned = bands.iter().filter(|band| band.evidence.is_pinned);
    let entries: Vec<String> = pinned
        .map(|band| {
            let label = band.label.as_ref().map(|label| format!(", label = {label:?}"));
            format!(
                "{{ level_w = {:.0}, state = \"{}\"{} }}",
                band.level_w,
                band.state.name(),
                label.unwrap_or_default()
            )
        })
        .collect();
    html! {
        @if !entries.is_empty() {
            p.source { (speaker.words.keep_levels) }
            pre.stanza tabindex="0" { "levels = [" (entries.join(", ")) "]" }
        }
    }
}
