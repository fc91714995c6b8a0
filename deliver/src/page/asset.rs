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
