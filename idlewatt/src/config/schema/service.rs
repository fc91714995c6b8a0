//! `[service]`, `[page]`, `[decode]`, `[publish]`.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::config::section::section;
use crate::config::value::{TopicPrefix, Zone};

section! {
    /// Where things are kept.
    Service {
        /// The folder of the journal, the findings and the history. Not said: what systemd gives in $STATE_DIRECTORY,
        /// else the folder 'idlewatt-state' beside this file.
        state_dir: Option<PathBuf> => optional("\"/var/lib/idlewatt\""),
    }

    /// The live page, `/metrics` and `/health`.
    Page {
        /// Address and port. The page has no login: beyond this machine, put a proxy with one before it.
        listen: SocketAddr => preset(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
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
        /// PEM of our own certificate and its key in one file, where the broker asks for one.
        client_pem_file: Option<PathBuf> => optional("\"/etc/idlewatt/client.pem\""),
    }
}

fn nonzero(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}
