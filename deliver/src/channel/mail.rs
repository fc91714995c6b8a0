//! Mail, by SMTP: plain text and HTML beside it, over STARTTLS, TLS or neither.
//!
//! `Message-ID` is made of the message's identifier, so a mail that comes twice is known by it. Steps of one alert refer
//! to one thread. A login is never sent without TLS, but to this machine itself.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lettre::message::{Mailbox, MultiPart, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use maud::html;

use super::message::Subject;
use super::{ChannelConfigError, Courier, Failure, Kind, Message};
use crate::handshake::explain;
use crate::secret::Secret;
use crate::sink::causes;

pub(super) const KIND: Kind = Kind {
    name: "mail",
    says: "mail, by a server that speaks SMTP",
};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// It begins plain and is upgraded, or given up.
    Starttls,
    /// It is TLS from its first byte.
    Tls,
    /// It is not.
    None,
}

/// A mail server, and whom to write to.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// The authority (PEM) that signed its certificate; none means the usual ones.
    pub ca: Option<PathBuf>,
    /// The user; empty where there is none.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// Who writes.
    pub from: String,
    /// Who is written to.
    pub to: Vec<String>,
    /// A server that takes longer is given up, and tried again.
    pub timeout: Duration,
}

impl MailConfig {
    pub(super) fn courier(&self) -> Result<Mail, ChannelConfigError> {
        let from = mailbox("from", &self.from)?;
        let to = self
            .to
            .iter()
            .map(|to| mailbox("to", to))
            .collect::<Result<Vec<_>, _>>()?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .timeout(Some(self.timeout))
            .hello_name(ClientId::Domain("idlewatt.localdomain".to_owned()));
        builder = match self.tls {
            MailTls::None => builder.tls(Tls::None),
            MailTls::Starttls => builder.tls(Tls::Required(self.parameters()?)),
            MailTls::Tls => builder.tls(Tls::Wrapper(self.parameters()?)),
        };
        if !self.user.is_empty() {
            builder = builder.credentials(Credentials::new(
                self.user.clone(),
                self.password.expose().to_owned(),
            ));
        }
        let domain = from.email.domain().to_owned();
        Ok(Mail {
            smtp: builder.build(),
            target: format!("smtp://{}:{}", self.host, self.port),
            domain,
            from,
            to,
        })
    }

    fn parameters(&self) -> Result<TlsParameters, ChannelConfigError> {
        // the process's provider; that another part has installed it already is as good
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(path) = &self.ca {
            let wrong = |what: String| ChannelConfigError {
                key: "ca_file",
                what: format!("{} cannot be used: {what}", path.display()),
                mend: "name a readable PEM file".to_owned(),
            };
            let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificate = Certificate::from_pem(&pem).map_err(|error| wrong(causes(&error)))?;
            builder = builder
                .certificate_store(CertificateStore::None)
                .add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(|error| ChannelConfigError {
            key: "tls",
            what: format!("TLS cannot be set up: {}", causes(&error)),
            mend: "check 'ca_file', or install the package ca-certificates".to_owned(),
        })
    }
}

fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, ChannelConfigError> {
    text.parse().map_err(|error| ChannelConfigError {
        key,
        what: format!("{text:?} is no mail address ({error})"),
        mend:
            "write for example \"radiology@hospital.example\" or \"Radiology <radiology@hospital.example>\""
                .to_owned(),
    })
}

/// Carries messages to a mail server.
#[derive(Debug)]
pub(super) struct Mail {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    target: String,
    /// Of the sender: identifiers are ours under it.
    domain: String,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    fn letter(&self, message: &Message) -> Result<lettre::Message, lettre::error::Error> {
        let at = SystemTime::try_from(message.at).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .date(at)
            .message_id(Some(format!("<{}@{}>", message.id, self.domain)))
            .subject(format!("[{}] {}", message.site, message.title).replace(['\r', '\n'], " "))
            .header(header::ContentTransferEncoding::QuotedPrintable);
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        if let ([item], Subject::Alert) = (message.items.as_slice(), message.subject) {
            let event = &item.event;
            let thread = format!("{}.{}.{}", event.rule, event.device, event.since.as_millisecond());
            builder = builder.references(format!("<{thread}@{}>", self.domain));
        }
        builder.multipart(MultiPart::alternative_plain_html(plain(message), page(message)))
    }
}

fn plain(message: &Message) -> String {
    let link = message.url.as_deref().filter(|url| !message.text.contains(url));
    format!("{}\n{}\n", message.text, link.unwrap_or_default())
}

fn page(message: &Message) -> String {
    let facts = |item: &super::message::Item| item.facts.clone();
    let markup = html! {
        (maud::DOCTYPE)
        html lang=(message.language.tag()) {
            head { meta charset="utf-8"; title { (message.title) } }
            body {
                h2 { (message.title) }
                @if message.items.is_empty() {
                    @for line in message.text.lines() { p { (line) } }
                }
                @for item in &message.items {
                    h3 { (item.headline) }
                    ul { @for fact in facts(item) { li { (fact) } } }
                    @if !item.to_do.is_empty() { p { (item.to_do) } }
                    @if let Some(url) = &item.url { p { a href=(url) { (url) } } }
                }
                @if let Some(url) = message.url.as_ref().filter(|_| message.items.len() != 1) { p { a href=(url) { (url) } } }
            }
        }
    };
    markup.into_string()
}

impl Courier for Mail {
    fn target(&self) -> String {
        self.target.clone()
    }

    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Failure>> {
        async move {
            let letter = self.letter(message).map_err(|error| Failure {
                reason: format!("the mail cannot be written: {error}"),
                mend: Some("check 'from' and 'to'".to_owned()),
                after: None,
            })?;
            let answer = self
                .smtp
                .send(letter)
                .await
                .map_err(|error| self.failure(&error))?;
            let words: Vec<&str> = answer.message().collect();
            Ok(format!("{} {}", answer.code(), words.join(" "))
                .trim_end()
                .to_owned())
        }
        .boxed()
    }
}

impl Mail {
    fn failure(&self, error: &lettre::transport::smtp::Error) -> Failure {
        let words = causes(error);
        let handshake = explain(&words).map(|handshake| handshake.mend.to_owned());
        let refused = error.is_permanent().then(|| {
            "the mail server refuses for good: check 'from', 'to' and the login; its log says more".to_owned()
        });
        Failure {
            reason: format!("{}: {words}", self.target),
            mend: handshake.or(refused),
            after: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::desk::example::message;

    fn config() -> MailConfig {
        MailConfig {
            host: "127.0.0.1".to_owned(),
            port: 25,
            tls: MailTls::None,
            ca: None,
            user: String::new(),
            password: Secret::default(),
            from: "idlewatt <idlewatt@hospital.example>".to_owned(),
            to: vec!["oncall@hospital.example".to_owned()],
            timeout: Duration::from_secs(5),
        }
    }

    #[tokio::test]
    async fn a_letter_is_known_by_its_identifier_and_escapes_names() {
        let mail = config().courier().unwrap();
        let message = message("<b>CT</b>\r\nBcc: all@example.org");
        let letter = String::from_utf8(mail.letter(&message).unwrap().formatted()).unwrap();
        assert!(
            letter.contains(&format!("Message-ID: <{}@hospital.example>", message.id)),
            "{letter}"
        );
        let (head, body) = letter.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(
            body.contains("text/plain") && body.contains("text/html"),
            "{body}"
        );
        assert!(!page(&message).contains("<b>CT"), "{}", page(&message));
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_said() {
        let config = MailConfig {
            to: vec!["oncall".to_owned()],
            ..config()
        };
        assert_eq!(config.courier().map(|_| ()).unwrap_err().key, "to");
    }
}
