//! Who may come in to the page, and how many at once.
//!
//! [`port`] takes connections, with TLS of our own where there is a certificate; [`guard`] looks at every request before
//! a view does; [`login`] knows secrets, [`attempt`] counts wrong ones, [`tls`] reads the certificate.
//!
//! Limits: HTTP/1.1 alone. A login is one token, or one user with a password: there are no accounts and no sessions, so
//! nothing is to be stolen but the secret itself. A visitor who reads an answer one byte at a time holds one
//! connection.
//!
//! Invariants: where a login is configured, nothing but `/health`'s yes or no is said without it. No request but GET and
//! HEAD gets past the guard without a login, also on this machine, and none without it may have a body. Connections, event
//! streams, the bytes of a head and the table of failed logins are bounded.

mod attempt;
mod guard;
mod login;
mod port;
#[cfg(test)]
mod tests;
mod tls;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::secret::Secret;

pub(super) use attempt::FORGIVEN_EVERY;
pub(super) use guard::{Gate, watch};
pub(super) use login::Known;
pub(super) use port::serve;

/// How the page is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorConfig {
    /// The page's own certificate; none: it speaks plain HTTP.
    pub tls: Option<CertificateFiles>,
    /// Opens everything; empty: there is no token.
    pub token: Secret,
    /// Who logs in with the password; empty: nobody.
    pub user: String,
    /// The password of `user`.
    pub password: Secret,
    /// Opens `/metrics` alone; empty: there is none.
    pub metrics_token: Secret,
    /// Names under which the page may be asked for, beside addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Reverse proxies; where there are any, nobody else on other machines may connect.
    pub proxies: Vec<IpAddr>,
    /// Connections at once.
    pub connections_max: usize,
    /// Event streams at once.
    pub streams_max: usize,
    /// A request's head, or a TLS handshake, must be there within this.
    pub head_within: Duration,
}

impl Default for DoorConfig {
    fn default() -> Self {
        Self {
            tls: None,
            token: Secret::default(),
            user: String::new(),
            password: Secret::default(),
            metrics_token: Secret::default(),
            hosts: Vec::new(),
            proxies: Vec::new(),
            connections_max: 256,
            streams_max: 64,
            head_within: Duration::from_secs(10),
        }
    }
}

impl DoorConfig {
    /// Whether people must say who they are.
    #[must_use]
    pub fn has_login(&self) -> bool {
        !self.token.is_empty() || !self.password.is_empty()
    }
}

/// Where the page's certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// PEM: the certificate, then those above it.
    pub certificate: PathBuf,
    /// PEM: its key.
    pub key: PathBuf,
}

/// A certificate that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[page] {key}: {what}; {mend}")]
pub struct DoorError {
    /// The key of the configuration.
    pub key: &'static str,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: &'static str,
}

/// A door that can be opened.
#[derive(Clone)]
pub struct Door {
    config: Arc<DoorConfig>,
    acceptor: Option<TlsAcceptor>,
}

impl Door {
    /// Reads the certificate.
    ///
    /// # Errors
    /// Certificate or key cannot be used.
    pub fn new(config: DoorConfig) -> Result<Self, DoorError> {
        let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
        Ok(Self {
            config: Arc::new(config),
            acceptor,
        })
    }

    /// Whether the page speaks https.
    pub(super) const fn is_tls(&self) -> bool {
        self.acceptor.is_some()
    }

    /// Whether people must say who they are.
    pub(super) fn has_login(&self) -> bool {
        self.config.has_login()
    }

    pub(super) fn streams(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(self.config.streams_max))
    }
}
