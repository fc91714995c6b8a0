//! The stylesheet, the script and the icon: built in, named by their content, cached for good.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

const CSS: &str = include_str!("app.css");
const JS: &str = include_str!("app.js");
const ICON: &str = include_str!("icon.svg");

/// The address of the stylesheet, different for each content.
pub(super) fn css_href() -> String {
    format!("/app.css?v={}", fingerprint(CSS))
}

/// The address of the script, different for each content.
pub(super) fn js_href() -> String {
    format!("/app.js?v={}", fingerprint(JS))
}

/// What the first page fetches beside its HTML.
#[cfg(test)]
pub(super) fn bytes() -> usize {
    CSS.len() + JS.len()
}

/// `DefaultHasher::new` has fixed keys: the same content has the same name on every start of one build.
fn fingerprint(content: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

pub(super) async fn css(headers: HeaderMap) -> Response {
    serve(&headers, CSS, "text/css; charset=utf-8")
}

pub(super) async fn js(headers: HeaderMap) -> Response {
    serve(&headers, JS, "text/javascript; charset=utf-8")
}

pub(super) async fn icon(headers: HeaderMap) -> Response {
    serve(&headers, ICON, "image/svg+xml")
}

fn serve(headers: &HeaderMap, content: &'static str, kind: &'static str) -> Response {
    let etag = format!("\"{}\"", fingerprint(content));
    let cache = (CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned());
    let is_known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(&etag);
    if is_known {
        return (StatusCode::NOT_MODIFIED, [cache, (ETAG, etag)]).into_response();
    }
    ([cache, (ETAG, etag), (CONTENT_TYPE, kind.to_owned())], content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A variable's colour in the part of the stylesheet that begins at a marker.
    fn colour(scheme: &str, name: &str) -> [f64; 3] {
        let part = &CSS[CSS.find(scheme).unwrap()..];
        let value = &part[part.find(&format!("--{name}: #")).unwrap() + name.len() + 5..][..6];
        [0, 2, 4].map(|place| f64::from(u8::from_str_radix(&value[place..place + 2], 16).unwrap()) / 255.0)
    }

    /// Relative luminance, WCAG 2.2.
    fn luminance(colour: [f64; 3]) -> f64 {
        let [red, green, blue] = colour.map(|part| {
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_has_the_contrast_of_wcag_aa_in_both_schemes() {
        let states = ["scanning", "idle", "standby", "off", "unknown"];
        for scheme in [":root {", "prefers-color-scheme: dark"] {
            let check = |ink: &str, ground: &str, least: f64| {
                let ratio = contrast(colour(scheme, ink), colour(scheme, ground));
                assert!(
                    ratio >= least,
                    "{scheme}: {ink} on {ground} is {ratio:.2}, not {least}"
                );
            };
            for ground in ["card", "ground"] {
                for ink in ["ink", "soft", "alert", "good"] {
                    check(ink, ground, 4.5);
                }
            }
            for state in states {
                check(&format!("{state}-ink"), "card", 4.5);
                check(&format!("{state}-ink"), &format!("{state}-wash"), 4.5);
                check("soft", &format!("{state}-wash"), 4.5);
                check("ink", &format!("{state}-wash"), 4.5);
                check("off", "card", 2.9);
            }
            check("alert", "alert-wash", 4.5);
            // the numbers of the heat map: dark on light shades, light on dark ones
            for step in 0..4 {
                check("ink", &format!("heat-{step}"), 4.5);
            }
            for step in 4..6 {
                check("card", &format!("heat-{step}"), 4.5);
            }
        }
    }

    #[test]
    fn nothing_is_fetched_from_outside() {
        for content in [CSS, JS] {
            assert!(!content.contains("://") && !content.contains("@import"));
        }
    }
}
