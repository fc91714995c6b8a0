//! What channels over HTTP share: one client, one address, one login; and what an answer means for a message.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, StatusCode, Url};

use super::{ChannelConfigError, Failure};
use crate::handshake::explain;
use crate::secret::Secret;
use crate::sink::{TlsFiles, causes, parse_url, retry_after, unanswered, with_tls};

/// Of an answer no more than this is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Of an answer no more than this is shown.
const SHOWN_CHARS: usize = 300;

/// A header of every request.
#[derive(Clone, Debug)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value, which may be a key.
    pub value: Secret,
}

/// Where requests go to, and as whom.
#[derive(Clone, Debug)]
pub struct HttpTarget {
    /// The server, with a path where there is one.
    pub url: String,
    /// The address itself is a secret: no more than its host is shown.
    pub is_secret: bool,
    /// The user; empty where there is none.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// In place of both: `Authorization: Bearer …`.
    pub token: Secret,
    /// Further headers.
    pub headers: Vec<Header>,
    /// Certificates.
    pub tls: TlsFiles,
    /// A connection that takes longer is given up.
    pub connect_timeout: Duration,
    /// So is a request.
    pub request_timeout: Duration,
}

/// Posts to one server.
#[derive(Clone, Debug)]
pub(super) struct Post {
    client: Client,
    url: Url,
    is_secret: bool,
    headers: HeaderMap,
}

impl HttpTarget {
    /// Host and port.
    pub(super) fn address(&self) -> Option<(String, u16)> {
        let url = parse_url(&self.url).ok()?;
        Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
    }

    pub(super) fn post(&self) -> Result<Post, ChannelConfigError> {
        let url = parse_url(&self.url)?;
        let builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .connect_timeout(self.connect_timeout)
            .timeout(self.request_timeout)
            .user_agent(concat!("idlewatt/", env!("CARGO_PKG_VERSION")));
        let client = with_tls(builder, &url, &self.tls)?.build();
        let client = client.map_err(|problem| ChannelConfigError {
            key: "tls",
            what: format!("TLS cannot be set up: {}", causes(&problem)),
            mend: "check the certificate files, or install the package ca-certificates".to_owned(),
        })?;
        let headers = self.all_headers()?;
        Ok(Post {
            client,
            url,
            is_secret: self.is_secret,
            headers,
        })
    }

    fn all_headers(&self) -> Result<HeaderMap, ChannelConfigError> {
        let mut headers = HeaderMap::new();
        if !self.token.is_empty() {
            headers.insert(
                AUTHORIZATION,
                secret(&format!("Bearer {}", self.token.expose()), "token_file")?,
            );
        } else if !self.user.is_empty() {
            let pair = BASE64.encode(format!("{}:{}", self.user, self.password.expose()));
            headers.insert(AUTHORIZATION, secret(&format!("Basic {pair}"), "password_file")?);
        }
        for Header { name, value } in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| ChannelConfigError {
                key: "headers",
                what: format!("{name:?} is no name of a header"),
                mend: "write letters, digits and hyphens, as X-Team".to_owned(),
            })?;
            headers.insert(name, secret(value.expose(), "headers")?);
        }
        Ok(headers)
    }
}

/// A value that no log shows.
fn secret(text: &str, key: &'static str) -> Result<HeaderValue, ChannelConfigError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| ChannelConfigError {
        key,
        what: "it holds characters that no header has".to_owned(),
        mend: "write it as one line of plain text".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl Post {
    /// The address, without its query: that may hold a key.
    pub(super) fn target(&self) -> String {
        let mut shown = self.url.clone();
        shown.set_query(None);
        if self.is_secret {
            return shown.origin().ascii_serialization() + "/…";
        }
        shown.to_string()
    }

    /// Lets requests go to a path below the address.
    pub(super) fn below(mut self, path: &[&str]) -> Self {
        if let Ok(mut segments) = self.url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self
    }

    /// Sends JSON; gives status and words of the answer.
    pub(super) async fn json(&self, body: Vec<u8>, further: HeaderMap) -> Result<String, Failure> {
        let request = self
            .client
            .post(self.url.clone())
            .headers(self.headers.clone())
            .headers(further)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let mut answer = request.send().await.map_err(|error| self.broken(error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while body.len() < ANSWER_BYTES_MAX {
            match answer.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                // the status has said what matters
                Ok(None) | Err(_) => break,
            }
        }
        let words = self.shown(&String::from_utf8_lossy(&body));
        let said = format!("{status} {words}").trim_end().to_owned();
        if status.is_success() {
            return Ok(said);
        }
        let reason = format!("{} says {said}", self.target());
        Err(Failure {
            reason,
            mend: mend(status).map(str::to_owned),
            after: retry_after(&headers),
        })
    }

    /// Of a receiver's words what may be shown: some repeat the path that they were asked for.
    fn shown(&self, words: &str) -> String {
        let path = self.url.path().trim_matches('/');
        let words = if self.is_secret && !path.is_empty() {
            words.replace(path, "…")
        } else {
            words.to_owned()
        };
        words.trim().chars().take(SHOWN_CHARS).collect()
    }

    /// What it means that there is no answer.
    fn broken(&self, error: reqwest::Error) -> Failure {
        let (what, words) = unanswered(error);
        let handshake = explain(&words);
        Failure {
            reason: format!("{what} {}: {words}", self.target()),
            mend: handshake.map(|handshake| handshake.mend.to_owned()),
            after: None,
        }
    }
}

/// What a person has to do about a status; none where it mends itself.
fn mend(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        408 | 425 | 429 | 500.. => None,
        401 | 403 => Some("check the login of this channel: token, user and password, headers"),
        404 | 405 | 410 => Some("correct 'url': nothing takes messages there"),
        300..=399 => Some("write in 'url' the address that it sends us to; redirections are not followed"),
        413 => Some("let longer requests in at the receiver"),
        _ => Some(
            "the receiver does not take this form of message: look into its log, correct 'template_file'",
        ),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::channel::desk::example::http;

    /// What it comes to where every request is answered with this.
    async fn answered(answer: &'static str, is_secret: bool) -> Result<String, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/abc", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{}") {
                stream.read_buf(&mut request).await.unwrap();
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let target = HttpTarget {
            is_secret,
            ..http(&url)
        };
        target
            .post()
            .unwrap()
            .json(b"{}".to_vec(), HeaderMap::new())
            .await
    }

    #[tokio::test]
    async fn what_mends_itself_is_told_from_what_a_person_mends() {
        let taken = answered("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok", false).await;
        assert_eq!(taken.unwrap(), "202 Accepted ok");
        let busy = answered(
            "HTTP/1.1 429 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
            false,
        )
        .await;
        let busy = busy.unwrap_err();
        assert_eq!((busy.after, busy.mend), (Some(Duration::from_secs(7)), None));
        for (answer, mend) in [
            ("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "check the login"),
            ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "correct 'url'"),
            (
                "HTTP/1.1 301 No\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
                "are not followed",
            ),
            ("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", "form of message"),
        ] {
            let failure = answered(answer, false).await.unwrap_err();
            assert!(
                failure.mend.as_ref().is_some_and(|said| said.contains(mend)),
                "{failure:?}"
            );
        }
        let broken = answered("", false).await.unwrap_err();
        assert!(
            broken.mend.is_none() && broken.reason.contains("the connection broke"),
            "{broken:?}"
        );
    }

    #[tokio::test]
    async fn an_address_that_is_a_secret_is_not_shown_though_the_receiver_repeats_it() {
        let answer = "HTTP/1.1 404 No\r\nContent-Length: 27\r\n\r\ncannot POST /hooks/abc here";
        let failure = answered(answer, true).await.unwrap_err();
        assert!(
            !failure.reason.contains("abc") && failure.reason.contains("cannot POST /… here"),
            "{failure:?}"
        );
        assert!(
            answered(answer, false)
                .await
                .unwrap_err()
                .reason
                .contains("/hooks/abc")
        );
    }
}
