//! Where the page listens and who may come in.
//!
//! The rule: what other machines can reach has a login and TLS, ours or those of a proxy that is named. A configuration
//! that leaves the page open is not used.

use std::net::SocketAddr;

use deliver::page::{CertificateFiles, Door, DoorConfig};
use deliver::secret::Secret;

use crate::config::review::Review;
use crate::config::schema;
use crate::config::secret::{self, Whereabouts, resolve};
use crate::config::section::Entry;

/// A shorter secret can be guessed by whoever has patience.
const SECRET_CHARS_MIN: usize = 12;

/// Where the page listens.
pub(crate) fn page(file: &schema::File) -> SocketAddr {
    *file.page.listen
}

/// Who may come in.
pub(crate) fn door(review: &mut Review<'_>, file: &schema::File) -> DoorConfig {
    let section = &file.page;
    let tls = certificate(review, section);
    let [token, password, metrics_token] = [
        ("token", &section.token_file, &section.token_env),
        ("password", &section.password_file, &section.password_env),
        (
            "metrics_token",
            &section.metrics_token_file,
            &section.metrics_token_env,
        ),
    ]
    .map(|(name, file, env)| strong(review, Whereabouts { name, file, env }));
    let door = DoorConfig {
        tls,
        token,
        user: (*section.username).clone().unwrap_or_default(),
        password,
        metrics_token,
        hosts: (*section.hosts).clone(),
        proxies: section.proxies.iter().map(|proxy| proxy.to_canonical()).collect(),
        connections_max: section.connections_max.get(),
        streams_max: section.streams_max.get(),
        ..DoorConfig::default()
    };
    review_login(review, section);
    review_reach(review, section, &door);
    if let Err(error) = Door::new(door.clone()) {
        review.fault_key(section, error.key, error.what, error.mend);
    }
    door
}

fn certificate(review: &mut Review<'_>, section: &Entry<schema::Page>) -> Option<CertificateFiles> {
    match (&*section.cert_file, &*section.key_file) {
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (resolve(review, certificate), resolve(review, key));
            secret::warn_if_open(review, section.key_file.span(), &key);
            Some(CertificateFiles { certificate, key })
        }
        (None, None) => None,
        (certificate, _) => {
            let (said, missing) = match certificate {
                Some(_) => ("cert_file", "key_file"),
                None => ("key_file", "cert_file"),
            };
            let what = format!("'{said}' is said, but no '{missing}'");
            review.fault_key(
                section,
                said,
                what,
                format!("add '{missing}': they belong together"),
            );
            None
        }
    }
}

fn strong(review: &mut Review<'_>, at: Whereabouts<'_>) -> Secret {
    let span = if at.file.is_given() {
        at.file.span()
    } else {
        at.env.span()
    };
    let name = at.name;
    let Some(text) = secret::read(review, at) else {
        return Secret::default();
    };
    if text.chars().count() < SECRET_CHARS_MIN {
        review.fault(
            span,
            format!("this {name} has fewer than {SECRET_CHARS_MIN} characters"),
            "take a longer one, for example what `openssl rand -base64 24` prints",
        );
    }
    Secret::new(&text)
}

fn review_login(review: &mut Review<'_>, section: &Entry<schema::Page>) {
    let has_password = section.password_file.is_given() || section.password_env.is_given();
    if has_password && section.username.is_none() {
        review.fault(
            section.span(),
            "a password is said, but no 'username'",
            "add for example: username = \"radiology\"",
        );
    }
    if section.username.is_some() && !has_password {
        review.fault(
            section.username.span(),
            "a user is said, but no password",
            "add 'password_file' or 'password_env'",
        );
    }
    let has_login = has_password || section.token_file.is_given() || section.token_env.is_given();
    let metrics_token = [
        &section.metrics_token_file.is_given(),
        &section.metrics_token_env.is_given(),
    ];
    if metrics_token.contains(&&true) && !has_login {
        review.warn(
            section.span(),
            "a token for `/metrics` is said, but the page has no login: everybody may read everything",
            "add 'token_file', or take the token for `/metrics` out",
        );
    }
}

/// What other machines can reach must not be open.
fn review_reach(review: &mut Review<'_>, section: &Entry<schema::Page>, door: &DoorConfig) {
    let listen = *section.listen;
    if listen.ip().to_canonical().is_loopback() || !door.proxies.is_empty() {
        return;
    }
    let what = match (door.has_login(), section.cert_file.is_given()) {
        (true, true) => return,
        (true, false) => "its password would travel in the clear",
        (false, true) => "it has no login",
        (false, false) => "it has neither login nor TLS",
    };
    review.fault_key(
        section,
        "listen",
        format!("the page can be reached from other machines at {listen}, and {what}"),
        "add 'cert_file', 'key_file' and 'token_file' (or 'username' and 'password_file'); or name the reverse proxy \
         before it in 'proxies'; or listen at 127.0.0.1",
    );
}
