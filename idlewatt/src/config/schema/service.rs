//! `[service]`, `[page]`, `[decode]`, `[publish]`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use deliver::page::DoorConfig;

use crate::config::section::section;
use crate::config::value::{HttpUrl, TopicPrefix, Zone};

section! {
    /// Where things are kept.
    Service {
        /// The folder of the journal, the findings and the history. Not said: what systemd gives in $STATE_DIRECTORY,
        /// else the folder 'idlewatt-state' beside this file.
        state_dir: Option<PathBuf> => optional("\"/var/lib/idlewatt\""),
    }

    /// The live page, `/metrics` and `/health`.
    Page {
        /// Address and port. Where other machines can reach it, the page needs a login and a certificate of its own, or a
        /// proxy that has both; all are below.
        listen: SocketAddr => preset(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
        /// Where people reach the page, for links in messages and reports. Not said: no links.
        public_url: Option<HttpUrl> => optional("\"https://idlewatt.hospital.example\""),
        /// PEM of the page's certificate, with those above it: the page speaks https then.
        cert_file: Option<PathBuf> => optional("\"/etc/idlewatt/page.pem\""),
        /// PEM of its key.
        key_file: Option<PathBuf> => optional("\"/etc/idlewatt/page.key\""),
        /// A file that holds a token and nothing else, 12 characters or more. It opens everything: in a script as
        /// 'Authorization: Bearer …', in a browser as the password of any user.
        token_file: Option<PathBuf> => optional("\"/run/secrets/page_token\""),
        /// Or the environment variable that holds it.
        token_env: Option<String> => optional("\"IDLEWATT_PAGE_TOKEN\""),
        /// Beside the token or in its place: a user.
        username: Option<String> => optional("\"radiology\""),
        /// A file that holds the user's password and nothing else, 12 characters or more.
        password_file: Option<PathBuf> => optional("\"/run/secrets/page_password\""),
        /// Or the environment variable that holds it.
        password_env: Option<String> => optional("\"IDLEWATT_PAGE_PASSWORD\""),
        /// A file that holds a token which opens `/metrics` alone, for Prometheus.
        metrics_token_file: Option<PathBuf> => optional("\"/run/secrets/metrics_token\""),
        /// Or the environment variable that holds it.
        metrics_token_env: Option<String> => optional("\"IDLEWATT_METRICS_TOKEN\""),
        /// The names under which the page is asked for, beside addresses and 'localhost'. Others are refused: a strange
        /// web page could otherwise turn its own name to this machine and read ours.
        hosts: Vec<String> => preset(Vec::new()),
        /// The addresses of reverse proxies before the page, which have TLS and a login. Other machines are refused then,
        /// and what these say in X-Forwarded-For is believed.
        proxies: Vec<IpAddr> => preset(Vec::new()),
        /// At most so many connections at once.
        connections_max: NonZeroUsize => preset(nonzero(DoorConfig::default().connections_max)),
        /// At most so many open pages are kept up to date at once.
        streams_max: NonZeroUsize => preset(nonzero(DoorConfig::default().streams_max)),
    }

    /// How payloads are read.
    Decode {
        /// The zone of stamps that name none. Not said: such stamps are not used, the time of arrival is.
        stamp_zone: Option<Zone> => optional("\"Europe/Paris\""),
        /// Meter channels that each family remembers at most, where its format needs it; the least recently heard go
        /// first, and are counted.
        meters_max: NonZeroUsize => preset(nonzero(10_000)),
        /// Topics at most whose births, discoveries and lists of names are remembered across restarts.
        lessons_max: NonZeroUsize => preset(nonzero(10_000)),
        /// Longer payloads are put into quarantine unread.
        payload_bytes_max: NonZeroUsize => preset(nonzero(256 * 1024)),
    }

    /// Our own topics: states, today's energy and alerts, retained, as JSON.
    Publish {
        /// Whether to publish. It needs the right to publish below 'prefix'. In MQTT 3.1.1 a broker
        /// cannot say that it refuses.
        enabled: bool => preset(false),
        /// The topic under which ours stand.
        prefix: TopicPrefix => preset(TopicPrefix::ours()),
        /// The name of the broker to publish at. Not said: the first one.
        broker: Option<String> => optional("\"main\""),
        /// Our name at the broker; the one that reads the meters has another. Not said: that one with "-publish".
        client_id: Option<String> => optional("\"idlewatt-main-publish\""),
        /// Whether Home Assistant is told of each device: state, power, idle waste of today, alert (docs/alerts.md). It
        /// needs the right to publish below 'home_assistant_prefix' as well.
        home_assistant: bool => preset(false),
        /// The topic below which Home Assistant looks for devices.
        home_assistant_prefix: TopicPrefix => preset(TopicPrefix::home_assistant()),
        /// PEM of our own certificate and its key in one file, where the broker asks for one.
        client_pem_file: Option<PathBuf> => optional("\"/etc/idlewatt/client.pem\""),
    }
}

fn nonzero(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}
