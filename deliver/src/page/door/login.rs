//! What a request says of who sends it.
//!
//! `Authorization: Bearer <token>`, or `Basic` with user and password; a browser, which knows Basic alone, may give the
//! token as password of any user. Compared in constant time: how long an answer takes says nothing of a secret but its
//! length.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::{Choice, ConstantTimeEq};

use super::DoorConfig;
use crate::secret::Secret;

/// Nobody's credentials are longer.
const CREDENTIALS_BYTES_MAX: usize = 4096;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) enum Known {
    /// May see everything: has logged in, or no login is wanted.
    Person,
    /// May see `/metrics`.
    Scraper,
    /// Has said nothing.
    Nobody,
    /// Has said something wrong.
    Wrong,
}

/// Who the headers of a request say that it is.
pub(super) fn known(config: &DoorConfig, headers: &HeaderMap) -> Known {
    let mut said = headers.get_all(AUTHORIZATION).iter();
    let (Some(first), None) = (said.next(), said.next()) else {
        return Known::Nobody;
    };
    let Some((scheme, rest)) = first.to_str().ok().and_then(|value| value.split_once(' ')) else {
        return Known::Wrong;
    };
    let rest = rest.trim();
    if rest.len() > CREDENTIALS_BYTES_MAX {
        return Known::Wrong;
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        return bearer(config, rest.as_bytes());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Known::Wrong;
    }
    let pair = STANDARD.decode(rest).unwrap_or_default();
    let Some(colon) = pair.iter().position(|byte| *byte == b':') else {
        return Known::Wrong;
    };
    basic(config, &pair[..colon], &pair[colon + 1..])
}

fn bearer(config: &DoorConfig, token: &[u8]) -> Known {
    if is(token, &config.token).into() {
        Known::Person
    } else if is(token, &config.metrics_token).into() {
        Known::Scraper
    } else {
        Known::Wrong
    }
}

fn basic(config: &DoorConfig, user: &[u8], password: &[u8]) -> Known {
    let is_user = user.ct_eq(config.user.as_bytes());
    if (is_user & is(password, &config.password) | is(password, &config.token)).into() {
        Known::Person
    } else if is(password, &config.metrics_token).into() {
        Known::Scraper
    } else {
        Known::Wrong
    }
}

/// A secret that is not configured is nobody's.
fn is(said: &[u8], secret: &Secret) -> Choice {
    said.ct_eq(secret.expose().as_bytes()) & Choice::from(u8::from(!secret.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> DoorConfig {
        DoorConfig {
            token: Secret::new("token-of-the-page"),
            user: "anna".to_owned(),
            password: Secret::new("pass:word of anna"),
            metrics_token: Secret::new("token-of-metrics"),
            ..DoorConfig::default()
        }
    }

    fn who(config: &DoorConfig, value: &str) -> Known {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        known(config, &headers)
    }

    fn basic_header(user: &str, password: &str) -> String {
        format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
    }

    #[test]
    fn token_password_and_scraper_are_told_apart_and_all_else_is_wrong() {
        let config = config();
        assert_eq!(known(&config, &HeaderMap::new()), Known::Nobody);
        assert_eq!(who(&config, "bearer token-of-the-page"), Known::Person);
        assert_eq!(who(&config, "Bearer token-of-metrics"), Known::Scraper);
        assert_eq!(
            who(&config, &basic_header("anna", "pass:word of anna")),
            Known::Person
        );
        assert_eq!(
            who(&config, &basic_header("anybody", "token-of-the-page")),
            Known::Person
        );
        for wrong in [
            "Bearer token-of-the-pag",
            "Bearer token-of-the-page1",
            "Bearer ",
            "Bearer",
            "Digest token-of-the-page",
            "Basic !!!!",
            "Basic bm9jb2xvbg==",
            &basic_header("bert", "pass:word of anna"),
            &basic_header("anna", "pass"),
            &basic_header("anna", ""),
            &basic_header("", ""),
        ] {
            assert_eq!(who(&config, wrong), Known::Wrong, "{wrong}");
        }
    }

    #[test]
    fn a_secret_that_is_not_configured_opens_nothing() {
        let nothing = DoorConfig::default();
        for said in [
            "Bearer ",
            "Basic Og==",
            &basic_header("", ""),
            &basic_header("a", ""),
        ] {
            assert_eq!(who(&nothing, said), Known::Wrong, "{said}");
        }
    }

    #[test]
    fn two_credentials_are_none() {
        let mut headers = HeaderMap::new();
        for _ in 0..2 {
            headers.append(AUTHORIZATION, "Bearer token-of-the-page".parse().unwrap());
        }
        assert_eq!(known(&config(), &headers), Known::Nobody);
    }
}
