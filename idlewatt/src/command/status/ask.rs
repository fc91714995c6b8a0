//! Asking the running service over HTTP, for the commands that show what it knows.
//!
//! A token comes from a file or the environment, never from the command line, where every user of the machine could read
//! it. Limit: [`deliver::ask`] gives up after some seconds.

use std::path::{Path, PathBuf};

use anyhow::Context;
use deliver::ask::Login;
use deliver::secret::Secret;
use serde_json::Value;

use super::printable;
use crate::config::Config;

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

/// A running service that can be asked.
pub(super) struct Service {
    base: String,
    login: Option<Login>,
    ca: Option<PathBuf>,
}

impl Service {
    /// Where it is: as the arguments say, else the configuration, which knows who may see the page as well.
    ///
    /// # Errors
    /// A file cannot be read or has faults.
    pub(super) fn find(asking: &Asking, config: &Path) -> anyhow::Result<Self> {
        let (base, known) = match &asking.url {
            Some(url) => (url.trim_end_matches('/').to_owned(), None),
            None => of_config(&Config::load(config)?.config),
        };
        Ok(Self {
            base,
            login: login(asking)?.or(known),
            ca: asking.ca_file.clone(),
        })
    }

    /// The JSON at a path.
    ///
    /// # Errors
    /// What is wrong, where, and how to mend it.
    pub(super) fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let base = &self.base;
        let url = format!("{base}{path}");
        let question = deliver::ask::Question {
            url: &url,
            login: self.login.clone(),
            ca: self.ca.clone(),
        };
        let answer = super::super::serve::runtime()?.block_on(deliver::ask::get(question));
        let (status, body) = answer.map_err(|reason| {
            anyhow::anyhow!(
                "the service does not answer at {base}: {reason}; is `idlewatt serve` running there?"
            )
        })?;
        match status {
            200 => serde_json::from_str(&body)
                .with_context(|| format!("what answers at {base} is no idlewatt; check the address")),
            401 | 403 => anyhow::bail!(
                "the service at {base} wants to know who asks: give its token with --token-file or in {TOKEN}"
            ),
            404 => anyhow::bail!(
                "{url} is not known there: an older idlewatt, or another program; check the address"
            ),
            other => anyhow::bail!(
                "the service at {base} answers {other}: {}",
                printable(body.trim())
            ),
        }
    }
}

/// The page of a configuration, and its own login.
fn of_config(config: &Config) -> (String, Option<Login>) {
    let (page, door) = (config.page, &config.door);
    let base = match (&door.tls, door.hosts.first()) {
        (None, _) => format!("http://{page}"),
        (Some(_), Some(host)) => format!("https://{host}:{}", page.port()),
        (Some(_), None) => format!("https://{page}"),
    };
    let login = if !door.token.is_empty() {
        Some(Login::Token(door.token.clone()))
    } else if door.user.is_empty() {
        None
    } else {
        Some(Login::Password(door.user.clone(), door.password.clone()))
    };
    (base, login)
}

/// The login that was given with the command.
fn login(asking: &Asking) -> anyhow::Result<Option<Login>> {
    let token = match &asking.token_file {
        Some(file) => std::fs::read_to_string(file).with_context(|| {
            let file = file.display();
            format!("the token file {file} cannot be read; check the path and your right to read it")
        })?,
        None => std::env::var(TOKEN).unwrap_or_default(),
    };
    let token = Secret::new(&token);
    Ok((!token.is_empty()).then_some(Login::Token(token)))
}
