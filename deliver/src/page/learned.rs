//! What a device has learned of its levels, as a small table: which power means which state, and how sure that is.

use analyzer::BandsLearned;
use analyzer::learn::LearnedBand;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::shape;
use super::speaker::Speaker;

/// A card with the learned levels; nothing where none are learned.
pub(super) fn card(speaker: &Speaker, learned: Option<&BandsLearned>, now: Timestamp) -> Markup {
    let words = speaker.words;
    let Some(learned) = learned.filter(|learned| !learned.bands.is_empty()) else {
        return html! {};
    };
    html! {
        section.card.levels {
            h2 { (words.levels) " " span { (words.changed) " " (speaker.moment(learned.at, now)) } }
            (table(speaker, &learned.bands))
            p { (scanning(speaker, learned)) }
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
                    @for name in [words.level_from, words.level_until, words.level_seen] {
                        th.number scope="col" { (name) }
                    }
                } }
                tbody {
                    @for band in bands {
                        @let (from_w, until_w) = band.edges_w();
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
                        }
                    }
                }
            }
        }
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
