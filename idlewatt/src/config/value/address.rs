//! Addresses and topics. An address never holds a password: what is printed of it is safe.

use std::fmt;
use std::str::FromStr;

use super::text_value;

/// A scheme, host and port, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    scheme: String,
    host: String,
    port: Option<u16>,
    /// With its leading slash; empty where there is none.
    path: String,
}

impl Address {
    fn parse(text: &str, schemes: &[&str], example: &str) -> Result<Self, String> {
        let wrong = |what: String| format!("{what}; write for example \"{example}\"");
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(wrong("this is not a URL".to_owned()));
        };
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        if authority.contains('@') {
            return Err("the URL holds a user or password; take it out and use the keys for them".to_owned());
        }
        if !schemes.contains(&scheme) {
            return Err(wrong(format!(
                "\"{scheme}://\" is not one of {}",
                schemes.join("://, ") + "://"
            )));
        }
        let (host, port) =
            split_port(authority).ok_or_else(|| wrong(format!("{authority:?} has no usable port")))?;
        let is_plain = !host.is_empty() && !host.contains(|letter: char| letter.is_whitespace());
        if !is_plain || path.contains(['?', '#', ' ']) {
            return Err(wrong(format!("{text:?} is not a URL that can be used")));
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port,
            path: path.trim_end_matches('/').to_owned(),
        })
    }
}

/// Host and port; `[::1]:1883` keeps its brackets.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[host_end..].find(':') {
        None => Some((authority, None)),
        Some(colon) => {
            let (host, port) = authority.split_at(host_end + colon);
            let port = port[1..].parse().ok().filter(|port| *port > 0)?;
            Some((host, Some(port)))
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme, self.host)?;
        if let Some(port) = self.port {
            write!(formatter, ":{port}")?;
        }
        formatter.write_str(&self.path)
    }
}

/// A database's address: `http://` or `https://`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl(Address);

text_value!(HttpUrl, "a URL");

impl HttpUrl {
    /// Host, without brackets, and port.
    pub(crate) fn host_port(&self) -> (&str, u16) {
        let usual = if self.0.scheme == "https" { 443 } else { 80 };
        (bare(&self.0.host), self.0.port.unwrap_or(usual))
    }
}

impl FromStr for HttpUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Address::parse(text, &["http", "https"], "http://localhost:8086").map(Self)
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A broker's address: `mqtt://`, or `mqtts://` with TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MqttUrl(Address);

text_value!(MqttUrl, "a URL");

impl MqttUrl {
    /// Whether it asks for TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.0.scheme == "mqtts"
    }

    /// Host, without brackets, and port.
    pub(crate) fn host_port(&self) -> (&str, u16) {
        let usual = if self.is_tls() { 8883 } else { 1883 };
        (bare(&self.0.host), self.0.port.unwrap_or(usual))
    }
}

impl FromStr for MqttUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let address = Address::parse(text, &["mqtt", "mqtts"], "mqtt://broker.example:1883")?;
        if address.path.is_empty() {
            Ok(Self(address))
        } else {
            Err("a broker's URL ends with its port; topics stand in 'topics'".to_owned())
        }
    }
}

impl fmt::Display for MqttUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

/// What a subscription asks for: levels, `+` for any one level, `#` last for all below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicFilter(String);

text_value!(TopicFilter, "a topic filter");

impl TopicFilter {
    /// `#`.
    pub(crate) fn all() -> Self {
        Self("#".to_owned())
    }

    /// As subscribed.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every topic that `other` matches is matched by this one too.
    pub(crate) fn covers(&self, other: &str) -> bool {
        // a wildcard does not reach topics of the broker's own
        if other.starts_with('$') && !self.0.starts_with('$') {
            return false;
        }
        let mut levels = other.split('/');
        for level in self.0.split('/') {
            match (level, levels.next()) {
                ("#", _) => return true,
                ("+", Some(theirs)) if theirs != "#" => {}
                (ours, Some(theirs)) if ours == theirs => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

impl FromStr for TopicFilter {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let levels: Vec<&str> = text.split('/').collect();
        let is_wild = |level: &&str| level.contains(['+', '#']);
        let is_sound = levels.iter().enumerate().all(|(index, level)| match *level {
            "+" => true,
            "#" => index + 1 == levels.len(),
            other => !is_wild(&other),
        });
        if text.is_empty() || text.contains('\0') || text.len() > usize::from(u16::MAX) || !is_sound {
            return Err(format!(
                "{text:?} is not a topic filter; '+' stands for one whole level and '#' for all that follows, as in \"tele/+/SENSOR\" or \"shellies/#\""
            ));
        }
        if text.starts_with("$share/") {
            return Err(
                "a shared subscription loses the order within a meter; subscribe without $share".to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The topic under which our own topics stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicPrefix(String);

text_value!(TopicPrefix, "a topic prefix");

impl TopicPrefix {
    /// `idlewatt`.
    pub(crate) fn ours() -> Self {
        Self("idlewatt".to_owned())
    }

    /// Where Home Assistant looks for devices unless it is told otherwise.
    pub(crate) fn home_assistant() -> Self {
        Self("homeassistant".to_owned())
    }
}

impl FromStr for TopicPrefix {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim_end_matches('/');
        let is_sound =
            !trimmed.is_empty() && !trimmed.starts_with('$') && !trimmed.contains(['+', '#', '\0']);
        if is_sound {
            Ok(Self(trimmed.to_owned()))
        } else {
            Err(format!(
                "{text:?} is not a topic to publish under; write \"idlewatt\", without wildcards"
            ))
        }
    }
}

impl fmt::Display for TopicPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let url: MqttUrl = "mqtts://[::1]:8884".parse().expect("sound");
        assert_eq!((url.host_port(), url.is_tls()), (("::1", 8884), true));
        let url: MqttUrl = "mqtt://broker".parse().expect("sound");
        assert_eq!(url.host_port(), ("broker", 1883));
        let url: HttpUrl = "https://tsdb.example/base/".parse().expect("sound");
        assert_eq!(url.to_string(), "https://tsdb.example/base");
        assert_eq!(url.host_port(), ("tsdb.example", 443));
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_never_shown() {
        for text in ["mqtt://me:hunter2@broker", "tcp://me:hunter2@broker"] {
            let fault = text.parse::<MqttUrl>().expect_err("has a password");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        let fault = "ftp://x".parse::<HttpUrl>().expect_err("not http");
        assert_eq!(
            fault,
            "\"ftp://\" is not one of http://, https://; write for example \"http://localhost:8086\""
        );
        for text in [
            "broker:1883",
            "mqtt://",
            "mqtt://b:99999",
            "mqtt://b/topic",
            "mqtt://b c",
        ] {
            assert!(text.parse::<MqttUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn filters_know_what_they_cover() {
        let covers = |filter: &str, other: &str| filter.parse::<TopicFilter>().expect(filter).covers(other);
        assert!(covers("#", "tele/ct/SENSOR"));
        assert!(covers("tele/#", "tele/+/SENSOR"));
        assert!(covers("tele/#", "tele"));
        assert!(covers("tele/+/SENSOR", "tele/ct/SENSOR"));
        assert!(!covers("tele/+/SENSOR", "tele/#"));
        assert!(!covers("tele/+", "tele/ct/SENSOR"));
        assert!(!covers("shellies/#", "tele/ct"));
        assert!(!covers("#", "$SYS/broker/uptime"));
        for text in ["", "a#", "a/#/b", "a+/b", "$share/g/t"] {
            assert!(text.parse::<TopicFilter>().is_err(), "{text}");
        }
    }
}
