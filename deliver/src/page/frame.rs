//! What surrounds every view: head, navigation, connection state, definitions at the foot.

use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, html};

use super::reply::{Visit, encoded};
use super::{Language, Shared, asset, shape};

/// Which updates a view listens to.
pub(super) enum Scope<'view> {
    /// Every device, totals and alerts.
    Wall,
    /// The same, filling a screen.
    Corridor,
    /// The fleet of workstations.
    Stations,
    /// One device.
    Device(&'view str),
    /// Only whether the connection stands, and the clock.
    None,
}

/// What one view says about itself.
pub(super) struct Frame<'view> {
    pub(super) title: &'view str,
    /// Its path without the language.
    pub(super) path: &'view str,
    pub(super) scope: Scope<'view>,
}

/// The whole document.
pub(super) fn page(shared: &Shared, visit: &Visit, frame: &Frame<'_>, body: &Markup) -> Markup {
    let speaker = &visit.speaker;
    let now = shared.now();
    html! {
        (DOCTYPE)
        html lang=(speaker.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (frame.title) " · " (shared.page.site.name) }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href=(asset::css_href());
                script src=(asset::js_href()) defer {}
            }
            body data-events=(events_address(visit, &frame.scope))
                data-form=[matches!(frame.scope, Scope::Corridor).then_some("corridor")] {
                (shape::SPRITE)
                a.skip href="#content" { (speaker.words.skip) }
                (header(shared, visit, frame))
                p #stale role="alert" hidden {
                    (speaker.words.stale) " " span #stale-since data-start=(speaker.clock(now)) {} "."
                }
                div #fresh role="status" { (fresh(shared, visit, now)) }
                main #content { (body) }
                (definitions(shared, visit))
            }
        }
    }
}

fn header(shared: &Shared, visit: &Visit, frame: &Frame<'_>) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let now = shared.now();
    let views = [
        ("/", words.rooms),
        ("/waste", words.waste),
        ("/alerts", words.alerts),
        ("/workstations", words.stations_menu),
        ("/pipeline", words.pipeline),
    ];
    html! {
        header.top {
            a.brand href=(visit.href("/")) {
                img src="/icon.svg" alt="" width="28" height="28";
                span { b { "idlewatt" } " " span.site { (shared.page.site.name) } }
            }
            nav aria-label=(words.main_menu) {
                @for (path, name) in views {
                    a href=(visit.href(path)) aria-current=[current(path, frame.path)] { (name) }
                }
            }
            p.now {
                span.dot aria-hidden="true" {}
                span #clock { (clock(visit, now)) }
            }
            nav.languages aria-label=(words.language) {
                @for language in Language::ALL {
                    a href={ (frame.path) "?lang=" (language.tag()) } lang=(language.tag()) hreflang=(language.tag())
                        aria-current=[(language == speaker.language).then_some("true")]
                        title=(language.own_name()) { (language.tag().to_uppercase()) }
                }
            }
        }
    }
}

/// A device's page belongs to the rooms.
fn current(link: &str, shown: &str) -> Option<&'static str> {
    match (link == shown, link == "/" && shown.starts_with("/device/")) {
        (true, _) => Some("page"),
        (false, true) => Some("true"),
        (false, false) => None,
    }
}

/// The site's date and time, as the header shows it.
pub(super) fn clock(visit: &Visit, now: Timestamp) -> String {
    format!("{} {}", visit.speaker.day(now), visit.speaker.clock(now))
}

fn events_address(visit: &Visit, scope: &Scope<'_>) -> String {
    let language = visit.speaker.language.tag();
    match scope {
        Scope::Wall | Scope::Corridor => format!("/events?lang={language}&view=wall"),
        Scope::Stations => format!("/events?lang={language}&view=stations"),
        Scope::Device(id) => format!("/events?lang={language}&view=device&device={}", encoded(id)),
        Scope::None => format!("/events?lang={language}"),
    }
}

/// When readings stand still all at once, it is not the machines.
const STALE_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// Says it where no meter at all has been heard for a while, and whether the broker is there.
pub(super) fn fresh(shared: &Shared, visit: &Visit, now: Timestamp) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let Some(newest) = shared.page.live.newest_sample() else {
        return html! {};
    };
    if now.duration_since(newest) <= STALE_AFTER {
        return html! {};
    }
    let is_away = (shared.page.pipeline)().is_broker_connected == Some(false);
    html! {
        p.stale { (shape::named("alert"))
            span { (words.data_stale) " " (speaker.moment(newest, now)) "."
                @if is_away { " " (words.broker) (words.colon) (words.not_connected) "." } } }
    }
}

/// What every figure means, with sources; the same on every view, so that a printed page explains itself.
fn definitions(shared: &Shared, visit: &Visit) -> Markup {
    let (speaker, words) = (&visit.speaker, visit.speaker.words);
    let site = &shared.page.site;
    html! {
        footer {
            details.definitions {
                summary { (words.definitions) }
                ul {
                    @for text in [words.def_idle, words.def_closed, words.def_productive, words.def_unknown,
                                  words.def_energy, words.def_exam] {
                        li { (text) }
                    }
                }
            }
            dl.factors {
                div { dt { (words.price) } dd { (site.tariff) } }
                div { dt { (words.carbon_factor) } dd { (site.carbon) } }
                div { dt { (words.household_is) } dd {
                    (speaker.number(site.household_kwh_per_year, 0)) " kWh " (words.per_year) " (" (site.household) ")"
                } }
            }
        }
    }
}
