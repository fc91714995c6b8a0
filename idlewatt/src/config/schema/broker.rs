//! `[[broker]]`: what to listen to.

use std::path::PathBuf;

use ingest::session::BrokerConfig;

use crate::config::section::{Entry, section};
use crate::config::value::{Id, MqttUrl, MqttVersion, TopicFilter};

section! {
    /// A broker to listen to.
    Broker {
        /// A name of its own, used in metrics and messages.
        name: Option<Id> => required("\"main\""),
        /// mqtt://host:port, or mqtts://host:port with TLS.
        url: Option<MqttUrl> => required("\"mqtt://localhost:1883\""),
        /// "5" or "3.1.1". Version 3.1.1 is slower by far: its window of unacknowledged messages is 20 at mosquitto.
        version: MqttVersion => preset(MqttVersion::V5),
        /// Our name at the broker. It must stay the same, and no other client may use it: the session hangs on it.
        /// Not said: idlewatt-<name>.
        client_id: Option<String> => optional("\"idlewatt-main\""),
        /// The user.
        username: Option<String> => optional("\"idlewatt\""),
        /// A file that holds the password and nothing else.
        password_file: Option<PathBuf> => optional("\"/run/secrets/mqtt_password\""),
        /// Or the environment variable that holds it.
        password_env: Option<String> => optional("\"IDLEWATT_MQTT_PASSWORD\""),
        /// PEM of the authority that signed the broker's certificate. Not said: the usual public ones.
        ca_file: Option<PathBuf> => optional("\"/etc/idlewatt/ca.pem\""),
        /// PEM of our own certificate, where the broker asks for one.
        client_cert_file: Option<PathBuf> => optional("\"/etc/idlewatt/client.pem\""),
        /// PEM of its key.
        client_key_file: Option<PathBuf> => optional("\"/etc/idlewatt/client.key\""),
        /// What to subscribe to: '+' is any one level, '#' all that follow. Narrow it where the broker carries more
        /// than meters.
        topics: Vec<Entry<TopicFilter>> => preset(vec![Entry::preset(TopicFilter::all())]),
        /// How long the broker keeps our session while we are away, seconds: the longest outage to survive.
        session_expiry_s: u32 => preset(BrokerConfig::default().session_expiry_s),
        /// How many messages may be on their way to the disk at once.
        receive_maximum: u16 => preset(BrokerConfig::default().receive_maximum),
        /// Larger packets are refused.
        packet_bytes_max: u32 => preset(BrokerConfig::default().packet_bytes_max),
        /// How often the connection is tried out, seconds.
        keep_alive_s: u16 => preset(BrokerConfig::default().keep_alive_s),
        /// Playback only: messages on this topic tell the time (unix milliseconds), instead of the machine's clock.
        clock_topic: Option<String> => optional("\"idlewatt-simulator/clock\""),
    }
}
