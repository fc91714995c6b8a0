//! A webhook: any HTTP server that takes JSON, in our shape or in that of a template.
//!
//! `Idempotency-Key` and `X-Idlewatt-Id` hold the message's identifier. With a secret, `X-Idlewatt-Signature` is
//! `sha256=` and the HMAC-SHA256, in hexadecimal, of the body's bytes (docs/alerts.md has an example that checks it). A
//! template is [Jinja](https://docs.rs/minijinja), and every value in it comes out as JSON, quotes and all; what it makes
//! must be JSON.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac;

use super::http::{HttpTarget, Post};
use super::message::Body;
use super::{ChannelConfigError, Courier, Failure, Kind, Message, Scribe};
use crate::secret::Secret;

pub(super) const KIND: Kind = Kind {
    name: "webhook",
    says: "JSON by HTTP, in our shape or that of a template, signed",
};

/// What a template is called in its own messages.
pub const TEMPLATE_NAME: &str = "template_file";

const ID: HeaderName = HeaderName::from_static("x-idlewatt-id");
const IDEMPOTENCY: HeaderName = HeaderName::from_static("idempotency-key");
const SIGNATURE: HeaderName = HeaderName::from_static("x-idlewatt-signature");

/// A server to post to.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Where to and as whom.
    pub http: HttpTarget,
    /// What the body is signed with; empty: it is not signed.
    pub secret: Secret,
    /// A template in place of our shape.
    pub template: Option<String>,
}

impl WebhookConfig {
    pub(super) fn courier(&self) -> Result<Webhook, ChannelConfigError> {
        let template = self.template.as_deref().map(environment).transpose()?;
        let webhook = Webhook {
            post: self.http.post()?,
            key: (!self.secret.is_empty())
                .then(|| hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose().as_bytes())),
            template: template.map(Arc::new),
        };
        for message in Scribe::samples() {
            webhook.body(&message).map_err(|failure| ChannelConfigError {
                key: TEMPLATE_NAME,
                what: failure.reason,
                mend: failure.mend.unwrap_or_default(),
            })?;
        }
        Ok(webhook)
    }
}

fn environment(template: &str) -> Result<Environment<'static>, ChannelConfigError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    // a slip of the pen is said at once and not when the first alert comes
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let added = environment.add_template_owned(TEMPLATE_NAME, template.to_owned());
    added.map_err(|error| ChannelConfigError {
        key: TEMPLATE_NAME,
        what: format!("the template cannot be read: {error:#}"),
        mend: "correct it; docs/alerts.md has an example".to_owned(),
    })?;
    Ok(environment)
}

/// Carries messages to a webhook.
#[derive(Debug)]
pub(super) struct Webhook {
    post: Post,
    key: Option<hmac::Key>,
    template: Option<Arc<Environment<'static>>>,
}

impl Webhook {
    fn body(&self, message: &Message) -> Result<Vec<u8>, Failure> {
        let body = Body::of(message);
        let Some(environment) = &self.template else {
            return Ok(serde_json::to_vec(&body).expect("plain structs with text keys"));
        };
        let failure = |reason: String| Failure {
            reason,
            mend: Some("correct the template; docs/alerts.md has an example".to_owned()),
            after: None,
        };
        let rendered = environment
            .get_template(TEMPLATE_NAME)
            .and_then(|template| template.render(Serde(&body)))
            .map_err(|error| failure(format!("the template fails: {error:#}")))?;
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&rendered);
        is_json.map_err(|error| failure(format!("the template does not make JSON: {error}")))?;
        Ok(rendered.into_bytes())
    }

    fn headers(&self, message: &Message, body: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(id) = HeaderValue::from_str(&message.id) {
            headers.insert(ID, id.clone());
            headers.insert(IDEMPOTENCY, id);
        }
        let signature = self.key.as_ref().map(|key| signature(key, body));
        if let Some(signature) = signature.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(SIGNATURE, signature);
        }
        headers
    }
}

fn signature(key: &hmac::Key, body: &[u8]) -> String {
    let tag = hmac::sign(key, body);
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

impl Courier for Webhook {
    fn target(&self) -> String {
        self.post.target()
    }

    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Failure>> {
        async move {
            let body = self.body(message)?;
            let headers = self.headers(message, &body);
            self.post.json(body, headers).await
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::desk::example::{http, message};

    fn webhook(template: Option<&str>) -> Result<Webhook, ChannelConfigError> {
        let config = WebhookConfig {
            http: http("http://127.0.0.1:1/hook?key=abc"),
            secret: Secret::new("key"),
            template: template.map(str::to_owned),
        };
        config.courier()
    }

    #[test]
    fn a_body_is_signed_as_everybody_does() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let said = signature(&key, b"The quick brown fox jumps over the lazy dog");
        assert_eq!(
            said,
            "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }

    #[test]
    fn the_query_of_an_address_is_not_shown() {
        assert_eq!(webhook(None).unwrap().target(), "http://127.0.0.1:1/hook");
    }

    #[test]
    fn a_template_makes_json_whatever_the_names() {
        let message = message("a \"quoted\"\n</name>");
        let text = r#"{"text": {{ title }}, "rooms": [{% for alert in alerts %}{{ alert.device_name }}{% if not loop.last %},{% endif %}{% endfor %}]}"#;
        let body = webhook(Some(text)).unwrap().body(&message).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["rooms"][0], "a \"quoted\"\n</name>");
        // a slip is said at once, and not when the first alert comes
        let fails = |text: &str| webhook(Some(text)).map(|_| ()).unwrap_err().what;
        assert!(fails("{{ titel }}").contains("the template fails"));
        assert!(fails("{{ alerts[0].roum }}").contains("the template fails"));
        assert!(fails("hello").contains("does not make JSON"));
        assert!(fails("{% for %}").contains("cannot be read"));
    }
}
