//! Looks at every request before a view does: where it comes from, under which name, as whom, and whether it may change
//! anything.
//!
//! A name that is not ours is refused: a strange page could otherwise turn its own name to this machine (DNS rebinding)
//! and read with the visitor's browser what stands here. A request that could change something must come from our own
//! page or from no page at all: a browser sends a login of ours along with whatever another page makes it send.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::attempt::{Attempts, FORGIVEN_EVERY, WRONG_MAX};
use super::login::{Known, known};
use super::port::Peer;
use super::{Door, DoorConfig};

/// Says whether all is well, and no more, also to those who have not logged in.
const HEALTH: &str = "/health";
const METRICS: &str = "/metrics";

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the guard remembers.
pub(in crate::page) struct Gate {
    config: Arc<DoorConfig>,
    attempts: Attempts,
}

/// Why a request is not let in.
struct Refusal(StatusCode, &'static str);

impl Gate {
    pub(in crate::page) fn new(door: &Door) -> Self {
        Self {
            config: Arc::clone(&door.config),
            attempts: Attempts::default(),
        }
    }

    /// A minute is over: wrong logins are forgiven.
    pub(in crate::page) fn forgive(&self) {
        self.attempts.forgive();
    }

    /// Who asks, where the request may be answered.
    fn admit(&self, request: &Request, peer: Peer) -> Result<Known, Refusal> {
        let (headers, path) = (request.headers(), request.uri().path());
        if !is_neighbour(&self.config, peer) {
            return Err(Refusal(
                StatusCode::FORBIDDEN,
                "this page is asked through its proxy; connections from other addresses are refused ([page] proxies)",
            ));
        }
        if !is_ours(&self.config, request.uri(), headers) {
            return Err(Refusal(
                StatusCode::MISDIRECTED_REQUEST,
                "this page is not known under that name; ask by address, or add the name to [page] hosts",
            ));
        }
        let known = self.identify(headers, peer)?;
        if !is_reading(request.method()) {
            self.may_change(known, headers)?;
        } else if !request.body().is_end_stream() {
            return Err(Refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "a question here takes no body",
            ));
        }
        match (known, path) {
            (Known::Person, _) | (Known::Scraper, METRICS) | (_, HEALTH) => Ok(known),
            _ => Err(unknown()),
        }
    }

    /// Whether a request may change something.
    fn may_change(&self, known: Known, headers: &HeaderMap) -> Result<(), Refusal> {
        if !self.config.has_login() {
            let words = "only a login may change anything, and none is configured: see [page] token_file";
            return Err(Refusal(StatusCode::FORBIDDEN, words));
        }
        if known != Known::Person {
            return Err(unknown());
        }
        if !is_from_here(headers) {
            return Err(Refusal(
                StatusCode::FORBIDDEN,
                "a page of somebody else asked for this",
            ));
        }
        Ok(())
    }

    /// Who sends this; what is wrong is counted.
    fn identify(&self, headers: &HeaderMap, peer: Peer) -> Result<Known, Refusal> {
        if !self.config.has_login() {
            return Ok(Known::Person);
        }
        let address = self.client(headers, peer);
        if !self.attempts.may_try(address) {
            return Err(Refusal(
                StatusCode::TOO_MANY_REQUESTS,
                "too many wrong logins from this address: wait a minute",
            ));
        }
        let known = known(&self.config, headers);
        if known != Known::Wrong {
            return Ok(known);
        }
        if self.attempts.wrong(address) == WRONG_MAX {
            tracing::warn!(%address, "too many wrong logins to the page: not listened to for a minute");
        } else {
            tracing::warn!(%address, "a wrong login to the page");
        }
        Err(unknown())
    }

    /// Whose wrong logins are counted: what a proxy of ours says last, else who connects.
    fn client(&self, headers: &HeaderMap, peer: Peer) -> IpAddr {
        if !self.config.proxies.contains(&peer.address) {
            return peer.address;
        }
        let last = headers.get_all(FORWARDED_FOR).iter().next_back();
        let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        let said = last.and_then(|text| text.trim().parse().ok());
        said.unwrap_or(peer.address)
    }
}

/// The layer around every view.
pub(in crate::page) async fn watch(
    State(gate): State<Arc<Gate>>,
    axum::Extension(peer): axum::Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    match gate.admit(&request, peer) {
        Ok(known) => {
            request.extensions_mut().insert(known);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

const fn unknown() -> Refusal {
    Refusal(
        StatusCode::UNAUTHORIZED,
        "this page wants a login: user and password, or the token as password of any user",
    )
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, words) = self;
        let mut response = (status, format!("{words}\n")).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let basic = HeaderValue::from_static("Basic realm=\"idlewatt\", charset=\"UTF-8\"");
            headers.append(WWW_AUTHENTICATE, basic);
            headers.append(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"idlewatt\""),
            );
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(RETRY_AFTER, HeaderValue::from(FORGIVEN_EVERY.as_secs()));
        }
        response
    }
}

/// Where proxies are named, nobody else on other machines is heard.
fn is_neighbour(config: &DoorConfig, peer: Peer) -> bool {
    let is_this_machine = peer.address.is_loopback() || peer.address == peer.local;
    config.proxies.is_empty() || is_this_machine || config.proxies.contains(&peer.address)
}

/// Whether every name that a request gives its server is one of ours. An address cannot be somebody else's name.
fn is_ours(config: &DoorConfig, uri: &Uri, headers: &HeaderMap) -> bool {
    let is_known = |name: &str| {
        let name = name.trim_matches(['[', ']']);
        name.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || config.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    };
    let is_known_host = |value: &HeaderValue| authority(value).is_some_and(|host| is_known(host.host()));
    headers.get_all(HOST).iter().all(is_known_host) && uri.host().is_none_or(is_known)
}

fn authority(value: &HeaderValue) -> Option<Authority> {
    value.to_str().ok()?.parse().ok()
}

const fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a request comes from our own page, or from no page. Browsers say where it comes from and cannot be made to
/// lie about it.
fn is_from_here(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let origin = origin.to_str().ok().and_then(|text| text.split_once("://"));
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    origin.is_some_and(|(_, place)| Some(place) == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str, local: &str) -> Peer {
        let [address, local] = [address, local].map(|text| text.parse().unwrap());
        Peer { address, local }
    }

    #[test]
    fn where_a_proxy_is_named_nobody_else_on_other_machines_is_heard() {
        let open = DoorConfig::default();
        let behind = DoorConfig {
            proxies: vec!["192.0.2.9".parse().unwrap()],
            ..DoorConfig::default()
        };
        for (address, is_heard) in [
            ("192.0.2.9", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("192.0.2.1", true),
            ("192.0.2.10", false),
            ("2001:db8::9", false),
        ] {
            let peer = peer(address, "192.0.2.1");
            assert!(is_neighbour(&open, peer));
            assert_eq!(is_neighbour(&behind, peer), is_heard, "{address}");
        }
    }

    #[test]
    fn only_a_proxy_that_is_named_is_believed_for_whom_it_asks() {
        let config = DoorConfig {
            proxies: vec!["192.0.2.9".parse().unwrap()],
            ..DoorConfig::default()
        };
        let gate = Gate::new(&Door::new(config).unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_FOR, "198.51.100.7".parse().unwrap());
        let client = |address: &str| gate.client(&headers, peer(address, "192.0.2.1")).to_string();
        assert_eq!(client("192.0.2.9"), "198.51.100.7");
        assert_eq!(client("127.0.0.1"), "127.0.0.1", "its own word is not believed");
    }
}
