//! One question to a running idlewatt over HTTP or HTTPS, for commands.
//!
//! Limits: [`WITHIN`] for everything; of an answer [`ANSWER_BYTES_MAX`] are read.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Url};

use crate::secret::Secret;
use crate::sink::{TlsFiles, causes, with_tls};

/// Longer than this nobody waits for an answer.
const WITHIN: Duration = Duration::from_secs(10);
/// No answer of ours is longer.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// What to ask.
pub struct Question<'a> {
    /// The whole address.
    pub url: &'a str,
    /// As whom; none where nobody is asked.
    pub login: Option<Login>,
    /// The authority to trust (PEM) instead of the system's.
    pub ca: Option<PathBuf>,
}

/// As whom to ask.
#[derive(Clone)]
pub enum Login {
    /// A token.
    Token(Secret),
    /// A user and the password.
    Password(String, Secret),
}

/// Status and body of the answer.
///
/// # Errors
/// Why there is none, for a person.
pub async fn get(question: Question<'_>) -> Result<(u16, String), String> {
    let url =
        Url::parse(question.url).map_err(|error| format!("'{}' is no address ({error})", question.url))?;
    let builder = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(WITHIN)
        .user_agent(concat!("idlewatt/", env!("CARGO_PKG_VERSION")));
    let tls = TlsFiles {
        ca: question.ca,
        client: None,
    };
    let client = with_tls(builder, &url, &tls)
        .map_err(|error| error.to_string())?
        .build()
        .map_err(|error| causes(&error))?;
    let mut request = client.get(url);
    request = match question.login {
        None => request,
        Some(Login::Token(token)) => request.bearer_auth(token.expose()),
        Some(Login::Password(user, password)) => request.basic_auth(user, Some(password.expose())),
    };
    let mut answer = request
        .send()
        .await
        .map_err(|error| causes(&error.without_url()))?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| causes(&error.without_url()))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(format!("its answer is longer than {ANSWER_BYTES_MAX} bytes"));
        }
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
