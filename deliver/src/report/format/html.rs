//! A report for people: one file with everything in it, a page for whoever decides and an annex for whoever checks.
//!
//! Pictures and styles stand inside; there is no script, and nothing is fetched from anywhere: a policy in its head says so
//! to the browser, too. It is laid out for A4, the first page upright and the annex across.

mod annex;
mod definitions;
mod manager;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::statement::Statement;
use super::super::text;
use super::Format;
use crate::page::speaker::Speaker;

/// See the module.
pub(super) const FORMAT: Format = Format { name: "html", write };

const STYLE: &str = include_str!("html/report.css");

/// Nothing but what stands in the file.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

fn write(statement: &Statement) -> String {
    let speaker = Speaker::new(statement.language, &statement.site);
    let words = statement.language.report_words();
    let period = statement.span.label(&speaker, &statement.site.zone);
    let document = html! {
        (DOCTYPE)
        html lang=(statement.language.tag()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (words.title) " – " (statement.site.name) ", " (period) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (crate::page::shape::SPRITE)
                main {
                    (head(statement, &speaker, &period))
                    (manager::page(statement, &speaker))
                    (annex::page(statement, &speaker))
                    (definitions::page(statement, &speaker))
                }
            }
        }
    };
    document.into_string()
}

fn head(statement: &Statement, speaker: &Speaker, period: &str) -> Markup {
    let words = statement.language.report_words();
    html! {
        header.head {
            div {
                p.kicker { (words.title) " · idlewatt" }
                h1 { (statement.site.name) }
            }
            div.period {
                p { (period) }
                p.small { (text::subtitle(statement, speaker)) }
            }
        }
    }
}
