//! One broker: where it is, who we are, what we subscribe to.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A password. Prints as stars, and is never serialised.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself, for the connection only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

/// The protocol spoken with a broker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// MQTT 5: the default. The window of unacknowledged messages is ours to choose.
    #[default]
    #[serde(rename = "5")]
    V5,
    /// MQTT 3.1.1: slower with group commits, because the window is the broker's (mosquitto: 20).
    #[serde(rename = "3.1.1")]
    V311,
}

/// A broker and our session with it. The defaults run against a broker on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BrokerConfig {
    /// What the broker is called in the journal, the page and the log. Not to be changed later.
    pub name: String,
    /// `mqtt://host:port` or `mqtts://host:port`.
    pub url: String,
    /// Which protocol to speak.
    pub version: Version,
    /// Who we are to the broker; must be stable, and used by no one else.
    pub client_id: String,
    /// Sent when not empty.
    pub username: String,
    /// Better in a file: `password_file`.
    pub password: Option<Secret>,
    /// A file with the password, read at every connection; ends at the first line break.
    pub password_file: Option<PathBuf>,
    /// The authority that signed the broker's certificate, PEM; without it, the system's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate, PEM, when the broker asks for one.
    pub client_cert_file: Option<PathBuf>,
    /// Its key, PEM.
    pub client_key_file: Option<PathBuf>,
    /// Topic filters, subscribed at QoS 1.
    pub topics: Vec<String>,
    /// How long the broker keeps messages while we are away (MQTT 5; 3.1.1 leaves it to the broker).
    pub session_expiry_s: u32,
    /// How many unacknowledged messages the broker may send (MQTT 5).
    pub receive_maximum: u16,
    /// Longer payloads are cut to this, counted and quarantined.
    pub packet_bytes_max: u32,
    /// A silent connection is probed after this long.
    pub keep_alive_s: u16,
    /// Messages on this topic tell the time (unix milliseconds): playback of recorded or simulated traffic.
    pub clock_topic: Option<String>,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            name: "main".to_owned(),
            url: "mqtt://127.0.0.1:1883".to_owned(),
            version: Version::V5,
            client_id: "idlewatt".to_owned(),
            username: String::new(),
            password: None,
            password_file: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            topics: vec!["#".to_owned()],
            session_expiry_s: 7 * 24 * 3600,
            receive_maximum: 2_000,
            packet_bytes_max: 256 << 10,
            keep_alive_s: 20,
            clock_topic: None,
        }
    }
}

/// A broker's address, as the URL says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Name or address.
    pub host: String,
    /// 1883, or 8883 with TLS, unless the URL says otherwise.
    pub port: u16,
    /// Whether it is `mqtts://`.
    pub is_tls: bool,
}

impl BrokerConfig {
    /// The address in the URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn address(&self) -> Result<Address, String> {
        let (scheme, rest) = self
            .url
            .split_once("://")
            .ok_or("has no mqtt:// or mqtts:// in front")?;
        let is_tls = match scheme {
            "mqtt" | "tcp" => false,
            "mqtts" | "ssl" => true,
            other => return Err(format!("does not know {other}://")),
        };
        let rest = rest.trim_end_matches('/');
        if rest.contains(['@', '/', '?']) {
            return Err("holds more than host and port; user and password have keys of their own".to_owned());
        }
        let default_port = if is_tls { 8883 } else { 1883 };
        let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_ipv6 = rest.starts_with('[');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !is_ipv6 || host.ends_with(']') => (
                host,
                port.parse().map_err(|_| format!("has no port in {port:?}"))?,
            ),
            _ => (rest, default_port),
        };
        if host.is_empty() || port == 0 {
            return Err("has no host or no port".to_owned());
        }
        // the client joins host and port with a colon, so an IPv6 address keeps its brackets
        let host = if is_ipv6 && is_tls {
            bare(host)
        } else {
            host.to_owned()
        };
        Ok(Address { host, port, is_tls })
    }

    /// What is wrong with it: (key, what, mend). Nothing: it can run.
    pub fn check(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut faults = Vec::new();
        let mut fault = |key, what: String, mend| faults.push((key, what, mend));
        if let Err(what) = self.address() {
            fault(
                "url",
                format!("{:?} {what}", self.url),
                "write mqtt://host:1883 or mqtts://host:8883",
            );
        }
        if self.name.is_empty() {
            fault("name", "is empty".to_owned(), "give the broker a name of its own");
        }
        if self.client_id.is_empty() {
            fault(
                "client_id",
                "is empty".to_owned(),
                "give a stable name, e.g. idlewatt-hospital",
            );
        }
        if self.topics.is_empty() {
            fault(
                "topics",
                "is empty".to_owned(),
                "list the filters to subscribe to; [\"#\"] is everything",
            );
        }
        for filter in self.topics.iter().filter(|filter| !rumqttc::valid_filter(filter)) {
            let mend = "+ and # stand for whole levels, # only at the end";
            fault("topics", format!("{filter:?} is no topic filter"), mend);
        }
        if self.topics.iter().any(|filter| filter.starts_with("$share/")) {
            let mend = "subscribe without $share: shared messages arrive out of order and can get stuck";
            fault("topics", "a shared subscription".to_owned(), mend);
        }
        if self.receive_maximum == 0 {
            fault("receive_maximum", "is 0".to_owned(), "2000 is a good value");
        }
        if self.packet_bytes_max < 1024 || self.packet_bytes_max > 16 << 20 {
            let what = format!("{} is not between 1024 and 16777216", self.packet_bytes_max);
            fault("packet_bytes_max", what, "262144 is a good value");
        }
        if self.keep_alive_s == 0 {
            fault("keep_alive_s", "is 0".to_owned(), "20 is a good value");
        }
        if self.session_expiry_s == 0 {
            let mend = "604800 (a week): the longest outage to survive";
            fault(
                "session_expiry_s",
                "is 0: the broker forgets us at every disconnect".to_owned(),
                mend,
            );
        }
        if self.password.is_some() && self.password_file.is_some() {
            fault(
                "password",
                "is given beside password_file".to_owned(),
                "keep one of them",
            );
        }
        if self.client_cert_file.is_some() != self.client_key_file.is_some() {
            fault(
                "client_cert_file",
                "certificate and key belong together".to_owned(),
                "give both or neither",
            );
        }
        faults
    }

    /// The filters to subscribe to: the topics, and the clock's.
    pub(crate) fn filters(&self) -> Vec<String> {
        let mut filters = self.topics.clone();
        if let Some(clock) = &self.clock_topic
            && !filters.iter().any(|filter| rumqttc::matches(clock, filter))
        {
            filters.insert(0, clock.clone());
        }
        filters.dedup();
        filters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let address = |url: &str| {
            let config = BrokerConfig {
                url: url.to_owned(),
                ..BrokerConfig::default()
            };
            config
                .address()
                .map(|address| (address.host, address.port, address.is_tls))
        };
        assert_eq!(address("mqtt://broker"), Ok(("broker".to_owned(), 1883, false)));
        assert_eq!(
            address("mqtts://broker.lan/"),
            Ok(("broker.lan".to_owned(), 8883, true))
        );
        assert_eq!(
            address("mqtt://10.0.0.1:2883"),
            Ok(("10.0.0.1".to_owned(), 2883, false))
        );
        assert_eq!(
            address("mqtt://[::1]:2883"),
            Ok(("[::1]".to_owned(), 2883, false))
        );
        assert_eq!(address("mqtts://[::1]"), Ok(("::1".to_owned(), 8883, true)));
        for wrong in [
            "broker:1883",
            "http://broker",
            "mqtt://",
            "mqtt://u:p@broker",
            "mqtt://broker:port",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_default_runs_and_faults_are_named() {
        assert_eq!(BrokerConfig::default().check(), []);
        let config = BrokerConfig {
            topics: vec!["a/#/b".to_owned()],
            receive_maximum: 0,
            client_id: String::new(),
            ..BrokerConfig::default()
        };
        let keys: Vec<_> = config.check().into_iter().map(|(key, ..)| key).collect();
        assert_eq!(keys, ["client_id", "topics", "receive_maximum"]);
    }

    #[test]
    fn a_password_prints_as_stars() {
        let config = BrokerConfig {
            password: Some(Secret::new("hunter2")),
            ..BrokerConfig::default()
        };
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(!serde_json::to_string(&config).unwrap().contains("hunter2"));
    }
}
