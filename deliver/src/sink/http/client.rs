//! One request: where to, as whom, over which TLS; and what came back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Identity, StatusCode, Url};

use super::verdict::{Verdict, judge};
use crate::handshake::{Handshake, explain};
use crate::secret::Secret;

/// Of an answer no more than this is read.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Files for TLS; none means the system's certificate authorities and no client certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate authority (PEM) that signed the server's certificate; then it alone is trusted.
    pub ca: Option<PathBuf>,
    /// Our certificate chain and key in one PEM file, for servers that want to know us.
    pub client: Option<PathBuf>,
}

/// A configuration that cannot work, by key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}; {mend}")]
pub struct SinkConfigError {
    /// The key in the sink's configuration.
    pub key: &'static str,
    /// What is wrong with it.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

/// As whom to write.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    Nobody,
    /// User and password.
    Basic(String, Secret),
    /// `Authorization: Token …`, as InfluxDB wants it.
    Token(Secret),
}

impl Credentials {
    /// What a configuration says; the token wins.
    pub(crate) fn new(user: &str, password: &Secret, token: &Secret) -> Self {
        if !token.is_empty() {
            Self::Token(token.clone())
        } else if user.is_empty() {
            Self::Nobody
        } else {
            Self::Basic(user.to_owned(), password.clone())
        }
    }
}

/// The address of a server from its configuration.
pub(crate) fn parse_url(text: &str) -> Result<Url, SinkConfigError> {
    let error = |what: String| SinkConfigError {
        key: "url",
        what,
        mend: "write it as http://host:port".to_owned(),
    };
    let url = Url::parse(text).map_err(|problem| error(format!("'{text}' is no address ({problem})")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(error(format!("'{text}' is no http address")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let mend = "use the keys user and password or token".to_owned();
        return Err(SinkConfigError {
            key: "url",
            what: "it holds a user or a password".to_owned(),
            mend,
        });
    }
    Ok(url)
}

/// The address of an endpoint below `base`.
pub(crate) fn endpoint(base: &Url, path: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url.set_query(None);
    url.query_pairs_mut().extend_pairs(query);
    url
}

/// Posts bodies to one endpoint.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    basic: Option<(String, Secret)>,
}

impl Endpoint {
    pub(super) fn new(
        url: Url,
        credentials: Credentials,
        tls: &TlsFiles,
        connect_timeout: Duration,
        request_timeout: Duration,
    ) -> Result<Self, SinkConfigError> {
        let builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .connect_timeout(connect_timeout)
            .timeout(request_timeout)
            .user_agent(concat!("idlewatt/", env!("CARGO_PKG_VERSION")));
        let client = with_tls(builder, &url, tls)?
            .build()
            .map_err(|problem| SinkConfigError {
                key: "tls",
                what: format!("TLS cannot be set up: {}", causes(&problem)),
                mend: "check the certificate files, or install the package ca-certificates".to_owned(),
            })?;
        let (authorization, basic) = match credentials {
            Credentials::Nobody => (None, None),
            Credentials::Basic(user, password) => (None, Some((user, password))),
            Credentials::Token(token) => (Some(token_header(&token)?), None),
        };
        Ok(Self {
            client,
            url,
            authorization,
            basic,
        })
    }

    /// The address without its query.
    pub(super) fn target(&self) -> String {
        let mut shown = self.url.clone();
        shown.set_query(None);
        shown.to_string()
    }

    /// Sends one body. A server that cannot be reached or does not answer in time is a retry.
    pub(super) async fn post(&self, body: Vec<u8>) -> Verdict {
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_ENCODING, "gzip")
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(body);
        match self.exchange(request).await {
            Ok((status, headers, body)) => judge(status, &headers, &body),
            Err(error) => self.judge(error),
        }
    }

    /// Another request to the same server as the same user; status and words of the answer.
    ///
    /// # Errors
    /// What it means that there is no answer.
    pub(super) async fn ask(
        &self,
        url: Url,
        kind: &'static str,
        body: String,
    ) -> Result<(u16, String), Verdict> {
        let request = self.client.post(url).header(CONTENT_TYPE, kind).body(body);
        match self.exchange(request).await {
            Ok((status, _, body)) => Ok((status.as_u16(), body)),
            Err(error) => Err(self.judge(error)),
        }
    }

    /// Whether any answer comes at all, whatever it says; else what is wrong.
    pub(super) async fn greet(&self) -> Option<Verdict> {
        let request = self.client.get(self.url.clone());
        self.exchange(request).await.err().map(|error| self.judge(error))
    }

    async fn exchange(
        &self,
        mut request: reqwest::RequestBuilder,
    ) -> reqwest::Result<(StatusCode, HeaderMap, String)> {
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if let Some((user, password)) = &self.basic {
            request = request.basic_auth(user, Some(password.expose()));
        }
        let mut answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while body.len() < ANSWER_BYTES_MAX {
            match answer.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                // the status has said what matters; the words after it are lost
                Err(error) if !status.is_success() && error.is_timeout() => break,
                Err(error) => return Err(error),
            }
        }
        Ok((status, headers, String::from_utf8_lossy(&body).into_owned()))
    }

    /// What an exchange that failed means.
    fn judge(&self, error: reqwest::Error) -> Verdict {
        let (what, words) = unanswered(error);
        if let Some(Handshake { what, mend }) = explain(&words) {
            let what = format!("no secure connection: {what} ({words})");
            return Verdict::Untrusted { what, mend };
        }
        Verdict::Retry {
            reason: format!("{what} {}: {words}", self.target()),
            after: None,
        }
    }
}

/// What it is that an exchange failed at, and the error's words without the address.
pub(crate) fn unanswered(error: reqwest::Error) -> (&'static str, String) {
    let what = if error.is_connect() {
        "no connection to"
    } else if error.is_timeout() {
        "no answer in time from"
    } else {
        "the connection broke to"
    };
    (what, causes(&error.without_url()))
}

/// An error with all that caused it; each says only its own part.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let word = error.to_string();
        if !words.last().is_some_and(|last| last.contains(&word)) {
            words.push(word);
        }
        cause = error.source();
    }
    words.join(": ")
}

fn token_header(token: &Secret) -> Result<HeaderValue, SinkConfigError> {
    let mut value =
        HeaderValue::from_str(&format!("Token {}", token.expose())).map_err(|_| SinkConfigError {
            key: "token",
            what: "it holds characters that no token has".to_owned(),
            mend: "copy it again, as one line of plain text".to_owned(),
        })?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) fn with_tls(
    builder: ClientBuilder,
    url: &Url,
    tls: &TlsFiles,
) -> Result<ClientBuilder, SinkConfigError> {
    // reqwest takes the process's provider; that another part has installed it already is as good
    let _ = rustls::crypto::ring::default_provider().install_default();
    if url.scheme() == "http" {
        return Ok(builder.tls_backend_preconfigured(plain_only()));
    }
    let mut builder = builder.tls_backend_rustls().https_only(true);
    if let Some(path) = &tls.ca {
        let certificates = Certificate::from_pem_bundle(&read(path, "tls.ca")?)
            .map_err(|problem| bad_file(path, "tls.ca", &problem))?;
        builder = builder.tls_certs_only(certificates);
    }
    if let Some(path) = &tls.client {
        let identity = Identity::from_pem(&read(path, "tls.client")?)
            .map_err(|problem| bad_file(path, "tls.client", &problem))?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

/// For plain HTTP: trusts nobody and needs no certificates of the system, which a small container lacks.
fn plain_only() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring offers the default versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn read(path: &Path, key: &'static str) -> Result<Vec<u8>, SinkConfigError> {
    std::fs::read(path).map_err(|problem| bad_file(path, key, &problem))
}

fn bad_file(path: &Path, key: &'static str, problem: &dyn std::error::Error) -> SinkConfigError {
    SinkConfigError {
        key,
        what: format!("{} cannot be used: {}", path.display(), causes(problem)),
        mend: "name a readable PEM file".to_owned(),
    }
}
