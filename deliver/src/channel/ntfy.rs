//! An ntfy server, by its JSON form: title, text, priority and tags by severity, and a link that a tap opens.
//!
//! ntfy makes a file of a text above 4096 bytes, which a phone does not show: a longer text is cut, and says so; the
//! link leads to all of it. ntfy has no key against doubles, so the identifier stands among the tags.

use analyzer::Severity;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use serde::Serialize;

use super::http::{HttpTarget, Post};
use super::message::Subject;
use super::{ChannelConfigError, Courier, Failure, Kind, Message};

pub(super) const KIND: Kind = Kind {
    name: "ntfy",
    says: "push messages by an ntfy server",
};

/// Of a text no more than this is sent, bytes.
const TEXT_BYTES_MAX: usize = 3800;

/// A topic at an ntfy server.
#[derive(Clone, Debug)]
pub struct NtfyConfig {
    /// Where it is and as whom; without the topic.
    pub http: HttpTarget,
    /// The topic: whoever knows it may listen.
    pub topic: String,
}

impl NtfyConfig {
    pub(super) fn courier(&self) -> Result<Ntfy, ChannelConfigError> {
        Ok(Ntfy {
            post: self.http.post()?,
            topic: self.topic.clone(),
        })
    }
}

/// Carries messages to an ntfy server.
#[derive(Debug)]
pub(super) struct Ntfy {
    post: Post,
    topic: String,
}

#[derive(Debug, Serialize)]
struct Publication<'a> {
    topic: &'a str,
    title: &'a str,
    message: String,
    priority: u8,
    tags: [&'a str; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<&'a str>,
}

impl Ntfy {
    fn publication<'a>(&'a self, message: &'a Message) -> Publication<'a> {
        let (priority, tag) = match (message.is_over, message.subject, message.severity) {
            (true, ..) => (2, "white_check_mark"),
            (_, Subject::Test, _) => (3, "speech_balloon"),
            (_, _, Severity::Critical) => (5, "rotating_light"),
            (_, _, Severity::Warning) => (4, "warning"),
            (_, _, Severity::Info) => (3, "information_source"),
        };
        let mut text = message.text.clone();
        if text.len() > TEXT_BYTES_MAX {
            text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
            text.push_str("\n…");
        }
        Publication {
            topic: &self.topic,
            title: &message.title,
            message: text,
            priority,
            tags: [tag, &message.id],
            click: message.url.as_deref(),
        }
    }
}

impl Courier for Ntfy {
    fn target(&self) -> String {
        self.post.target()
    }

    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Failure>> {
        async move {
            let body = serde_json::to_vec(&self.publication(message)).expect("plain structs with text keys");
            self.post.json(body, HeaderMap::new()).await
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::desk::example::{http, message};

    #[test]
    fn urgency_is_priority_and_a_long_text_is_cut() {
        let config = NtfyConfig {
            http: http("http://127.0.0.1:1"),
            topic: "radiology".to_owned(),
        };
        let ntfy = config.courier().unwrap();
        let mut message = message("CT 1");
        let sent = ntfy.publication(&message);
        assert_eq!(
            (sent.priority, sent.tags[0], sent.topic),
            (4, "warning", "radiology")
        );
        assert_eq!(sent.click, Some("https://idlewatt.example/device/ct-1"));
        (message.severity, message.text) = (Severity::Critical, "é".repeat(4000));
        let sent = ntfy.publication(&message);
        assert!(sent.priority == 5 && sent.message.len() < 4096 && sent.message.ends_with('…'));
        message.is_over = true;
        assert_eq!(ntfy.publication(&message).priority, 2);
    }
}
