//! Asking the running service over HTTP, for the commands that show what it knows.
//!
//! A token comes from a file or the environment, never from the command line, where every user of the machine could read
//! it. Limit: [`deliver::ask`] gives up after some seconds.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::Value;

/// The variable that holds a token.
const TOKEN: &str = "IDLEWATT_TOKEN";

/// Where and as whom.
#[derive(Debug, clap::Args)]
pub(super) struct Asking {
    /// Where the service's page is, instead of asking the configuration
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file with the token that the page wants; otherwise IDLEWATT_TOKEN is looked at
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The authority that signed the page's certificate, PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// The JSON at a path; `page` says where the page is when no address was given.
///
/// # Errors
/// What is wrong, where, and how to mend it.
pub(super) fn ask(
    asking: &Asking,
    page: impl FnOnce() -> anyhow::Result<SocketAddr>,
    path: &str,
) -> anyhow::Result<Value> {
    let base = match &asking.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", page()?),
    };
    let token = match &asking.token_file {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("the token file {} cannot be read; check the path and your right to read it", file.display()))?,
        None => std::env::var(TOKEN).unwrap_or_default(),
    };
    let url = format!("{base}{path}");
    let question = deliver::ask::Question {
        url: &url,
        token: deliver::secret::Secret::new(&token),
        ca: asking.ca_file.clone(),
    };
    let answer = super::serve::runtime()?.block_on(deliver::ask::get(question));
    let (status, body) = answer.map_err(|reason| {
        anyhow::anyhow!("the service does not answer at {base}: {reason}; is `idlewatt serve` running there?")
    })?;
    match status {
        200 => serde_json::from_str(&body)
            .with_context(|| format!("what answers at {base} is no idlewatt; check the address")),
        401 | 403 => anyhow::bail!(
            "the service at {base} wants to know who asks: give a token with --token-file or in {TOKEN}"
        ),
        404 => anyhow::bail!("{url} is not known there: an older idlewatt, or another program; check the address"),
        other => anyhow::bail!("the service at {base} answers {other}: {}", body.trim()),
    }
}
