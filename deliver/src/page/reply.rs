//! What is the same for every answer: security headers, compression, the visitor's language, the plain endpoints.

use std::io::Write;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use maud::{Markup, html};
use serde::Deserialize;

use super::door::Known;
use super::speaker::Speaker;
use super::{Context, Language, Shared, frame};

/// Scripts, styles, images, events and forms of this server alone; nothing inline; nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (HeaderName::from_static("content-security-policy"), POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("referrer-policy"), "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
];

/// A browser that has seen our certificate does not come back without it, for a year.
const ONLY_TLS: &str = "max-age=31536000";

/// No answer of ours is larger; a larger one would be sent as it is.
const COMPRESSED_BYTES_MAX: usize = 8 * 1024 * 1024;
const COMPRESSED_BYTES_MIN: usize = 1024;

/// The part of every address that chooses the language.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    lang: Option<String>,
}

/// One request's language and the addresses that keep it.
pub(super) struct Visit {
    pub(super) speaker: Speaker,
    is_site_language: bool,
}

impl Visit {
    pub(super) fn new(shared: &Shared, asked: &Asked) -> Self {
        let site = &shared.page.site;
        let language = asked
            .lang
            .as_deref()
            .and_then(Language::from_tag)
            .unwrap_or(site.language);
        Self {
            speaker: Speaker::new(language, site),
            is_site_language: language == site.language,
        }
    }

    /// An address of this page that keeps the language.
    pub(super) fn href(&self, path: &str) -> String {
        if self.is_site_language {
            path.to_owned()
        } else {
            format!("{path}?lang={}", self.speaker.language.tag())
        }
    }

    /// The address of a device's page; the id may hold any character.
    pub(super) fn device_href(&self, id: &str) -> String {
        self.href(&format!("/device/{}", encoded(id)))
    }
}

/// Percent-encoding of one path segment.
pub(super) fn encoded(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// A view.
pub(super) fn view(markup: Markup) -> Response {
    Html(markup.into_string()).into_response()
}

pub(super) async fn metrics(State(shared): State<Context>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, kind)], (shared.page.metrics)()).into_response()
}

/// Whether all is well; what is not, only to those who may see it.
pub(super) async fn health(State(shared): State<Context>, Extension(known): Extension<Known>) -> Response {
    let health = (shared.page.health)();
    let status = if health.is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = if known == Known::Person {
        health.body
    } else {
        serde_json::json!({ "ok": health.is_ready })
    };
    (status, axum::Json(body)).into_response()
}

pub(super) async fn not_found(State(shared): State<Context>, Query(asked): Query<Asked>) -> Response {
    let visit = Visit::new(&shared, &asked);
    missing(&shared, &visit, visit.speaker.words.not_found)
}

/// A 404 that says what is missing and leads back.
pub(super) fn missing(shared: &Shared, visit: &Visit, text: &str) -> Response {
    let words = visit.speaker.words;
    let body = html! {
        div.empty { p { (text) } p { a href=(visit.href("/")) { (words.back) } } }
    };
    let frame = frame::Frame {
        title: "404",
        path: "/",
        scope: frame::Scope::None,
    };
    (
        StatusCode::NOT_FOUND,
        view(frame::page(shared, visit, &frame, &body)),
    )
        .into_response()
}

/// Adds the headers and compresses what is text. Nothing is kept by browsers or proxies but what says so itself.
pub(super) async fn finish(State(is_tls): State<bool>, request: Request, next: Next) -> Response {
    let takes_gzip = accepts_gzip(request.headers());
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    let headers = response.headers_mut();
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if is_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
    if takes_gzip && is_text(response.headers()) {
        compress(response).await
    } else {
        response
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim() == "gzip" && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_stream = kind.starts_with("text/event-stream");
    !is_stream
        && (kind.starts_with("text/")
            || kind.contains("json")
            || kind.contains("javascript")
            || kind.contains("svg"))
}

async fn compress(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(plain) = to_bytes(body, COMPRESSED_BYTES_MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if plain.len() < COMPRESSED_BYTES_MIN {
        return Response::from_parts(parts, Body::from(plain));
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::new(5));
    let packed = encoder.write_all(&plain).and_then(|()| encoder.finish());
    match packed {
        Ok(packed) => {
            parts.headers.remove(CONTENT_LENGTH);
            parts
                .headers
                .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts
                .headers
                .insert(VARY, HeaderValue::from_static("accept-encoding"));
            Response::from_parts(parts, Body::from(packed))
        }
        Err(_) => Response::from_parts(parts, Body::from(plain)),
    }
}
