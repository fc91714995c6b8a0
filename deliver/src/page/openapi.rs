//! The OpenAPI document of the JSON API, served as it is written.
//!
//! It is written by hand, beside the code; tests hold the two to each other: every route is in it, and every answer is valid
//! by its schema, which names every field.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// OpenAPI 3.1.
const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn show() -> Response {
    let kind = (CONTENT_TYPE, "application/json");
    ([kind, (CACHE_CONTROL, "no-cache")], DOCUMENT).into_response()
}

#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
