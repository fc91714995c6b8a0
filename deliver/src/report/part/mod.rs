//! Pieces of HTML that the page's waste view and the HTML report share: one file a piece.
//!
//! Invariants: nothing inline that the page's policy forbids (no style, no script); every text is escaped by the template;
//! each picture has words for those who do not see it.

mod days;
mod headline;
mod heat;
mod ranking;
mod ratio;
mod savings;

use maud::{Markup, PreEscaped, html};

use super::chart::Width;

pub(crate) use days::{all as all_days, days};
pub(crate) use headline::{headline, trend};
pub(crate) use heat::heat;
pub(crate) use ranking::{Line, ranking};
pub(crate) use ratio::ratio;
pub(crate) use savings::savings;

/// A chart for a desk and for a hand, with its words.
fn chart(words: &str, draw: impl Fn(Width) -> Option<String>) -> Markup {
    html! {
        div role="img" aria-label=(words) {
            @for svg in Width::ALL.into_iter().filter_map(&draw) { (PreEscaped(svg)) }
        }
    }
}
