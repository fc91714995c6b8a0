//! A person's word from the page or a script: on an alert, or on a level. It is said at the broker, where the service hears
//! it like any other message ([`crate::act`]); the page shows it once it has come through the journal.
//!
//! Limits: [`BYTES_MAX`] a request; the door lets in only who has the login and does not come from the page of another.
//! The answer to a form leads back to where it stood, to no other place.

use analyzer::alert::Rule;
use axum::Json;
use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use maud::{Markup, html};
use serde::Deserialize;

use super::frame::{Frame, Scope, page};
use super::reply::{Asked, Visit, encoded, view};
use super::{Context, Shared, api, shape};
use crate::act::{Act, ActMessage, SNOOZE_HOURS_MAX};

/// No word is longer.
pub(super) const BYTES_MAX: usize = 16 * 1024;

/// Hours that the page offers to snooze for.
pub(super) const SNOOZE_HOURS: [u16; 5] = [1, 4, 12, 24, 72];

/// What the page's forms send; a field that a form does not have is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    act: String,
    rule: String,
    device: String,
    since: String,
    hours: String,
    text: String,
    level_w: String,
    state: String,
    label: String,
    by: String,
}

impl Said {
    fn message(self, shared: &Shared) -> Result<ActMessage, String> {
        let act: Act = serde_json::from_value(self.act.clone().into())
            .map_err(|_| format!("nobody knows what '{}' means", self.act))?;
        let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        let hours = self
            .hours
            .parse::<u16>()
            .ok()
            .filter(|hours| (1..=SNOOZE_HOURS_MAX).contains(hours));
        let until = (act == Act::Snooze)
            .then_some(hours)
            .flatten()
            .map(|hours| shared.now() + SignedDuration::from_hours(hours.into()));
        Ok(ActMessage {
            rule: self.rule,
            since: self.since.parse().ok(),
            until,
            text: self.text,
            level_w: self.level_w.trim().replace(',', ".").parse().ok(),
            state: filled(self.state),
            label: filled(self.label),
            by: self.by.trim().to_owned(),
            ..ActMessage::of(act, &self.device)
        })
    }
}

/// Why a word was not said.
struct Unsaid(StatusCode, String);

/// Says it, if there is something that it could be meant for.
async fn say(shared: &Shared, message: ActMessage) -> Result<(), Unsaid> {
    let Some(say) = shared.say() else {
        let words = "nobody can speak here: it needs a login ([page] token_file) and a broker";
        return Err(Unsaid(StatusCode::FORBIDDEN, words.to_owned()));
    };
    let bad = |text: String| Unsaid(StatusCode::BAD_REQUEST, text);
    message.heard(shared.now()).map_err(bad)?;
    if shared.device(&message.device).is_none() {
        let text = "no such device; /api/devices lists them".to_owned();
        return Err(Unsaid(StatusCode::NOT_FOUND, text));
    }
    let is_of_level = matches!(message.act, Act::NameLevel | Act::ForgetLevel);
    if !is_of_level && Rule::named(&message.rule).is_none() {
        return Err(bad(format!("no alert rule is named '{}'", message.rule)));
    }
    let (act, device) = (message.act, message.device.clone());
    say(message).await.map_err(|error| {
        tracing::warn!(%error, "a person's word from the page could not be said");
        Unsaid(StatusCode::BAD_GATEWAY, error)
    })?;
    tracing::info!(?act, device, "a person's word was said at the broker");
    Ok(())
}

pub(super) async fn form(
    State(shared): State<Context>,
    Query(asked): Query<Asked>,
    said: Result<Form<Said>, FormRejection>,
) -> Response {
    let visit = Visit::new(&shared, &asked);
    let message = match said {
        Ok(Form(said)) => said.message(&shared),
        Err(rejection) => Err(rejection.body_text()),
    };
    let message = match message {
        Ok(message) => message,
        Err(text) => return unsaid(&shared, &visit, &Unsaid(StatusCode::BAD_REQUEST, text)),
    };
    let back = match message.act {
        Act::NameLevel | Act::ForgetLevel => format!("/device/{}", encoded(&message.device)),
        Act::Acknowledge | Act::Snooze | Act::Note => "/alerts".to_owned(),
    };
    match say(&shared, message).await {
        Ok(()) => Redirect::to(&visit.href_with(&back, "said=1")).into_response(),
        Err(why) => unsaid(&shared, &visit, &why),
    }
}

/// Says why nothing was said, and leads back.
fn unsaid(shared: &Shared, visit: &Visit, Unsaid(status, text): &Unsaid) -> Response {
    let words = visit.speaker.words;
    let body = html! {
        div.empty {
            h1 { (words.not_said) } p { (text) }
            p { a href=(visit.href("/alerts")) { (words.alerts) } " · " a href=(visit.href("/")) { (words.back) } }
        }
    };
    let frame = Frame {
        title: words.not_said,
        path: "/alerts",
        scope: Scope::None,
    };
    (*status, view(page(shared, visit, &frame, &body))).into_response()
}

pub(super) async fn json(
    State(shared): State<Context>,
    said: Result<Json<ActMessage>, JsonRejection>,
) -> Response {
    let message = match said {
        Ok(Json(message)) => message,
        Err(rejection) => return api::refuse(StatusCode::BAD_REQUEST, &rejection.body_text()),
    };
    match say(&shared, message).await {
        Ok(()) => (StatusCode::ACCEPTED, Json(serde_json::json!({ "said": true }))).into_response(),
        Err(Unsaid(status, text)) => api::refuse(status, &text),
    }
}

/// Confirms what the visitor has just said.
pub(super) fn confirmation(visit: &Visit) -> Markup {
    html! {
        @if visit.has_said {
            p.said role="status" { (shape::named("check")) (visit.speaker.words.said) }
        }
    }
}

/// The field for the name of who speaks; `id` is unlike any other on the page.
pub(super) fn name_field(visit: &Visit, id: &str) -> Markup {
    html! {
        p.field { label for=(id) { (visit.speaker.words.your_name) }
            input id=(id) name="by" maxlength="100" autocomplete="name" data-keep="by"; }
    }
}
