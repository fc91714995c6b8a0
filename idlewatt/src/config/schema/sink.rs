//! `[[sink]]`: a database to write to.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use deliver::sink::{HttpConfig, Pace};

use crate::config::section::section;
use crate::config::value::{HttpUrl, Id, SinkKind, WritePathWord, count, seconds};

section! {
    /// A database to write to.
    Sink {
        /// A name of its own, used in metrics and messages. What was written hangs on it: it should never change.
        name: Option<Id> => required("\"influx\""),
        /// "influxdb1", "influxdb2", "influxdb3" or "victoriametrics".
        kind: Option<SinkKind> => required("\"influxdb1\""),
        /// http://host:port or https://host:port.
        url: Option<HttpUrl> => required("\"http://localhost:8086\""),
        /// The database (influxdb1, influxdb3). At influxdb1 it must exist.
        database: String => preset("idlewatt".to_owned()),
        /// The retention policy (influxdb1). Not said: the database's own.
        retention_policy: Option<String> => optional("\"autogen\""),
        /// The bucket (influxdb2); it must exist.
        bucket: String => preset("idlewatt".to_owned()),
        /// The organisation (influxdb2); it must be said there.
        org: Option<String> => optional("\"hospital\""),
        /// Which of InfluxDB's write paths is used (victoriametrics): "v2" or "v1".
        write_path: WritePathWord => preset(WritePathWord::V2),
        /// The user (influxdb1, victoriametrics).
        username: Option<String> => optional("\"idlewatt\""),
        /// A file that holds the password and nothing else.
        password_file: Option<PathBuf> => optional("\"/run/secrets/influx_password\""),
        /// Or the environment variable that holds it.
        password_env: Option<String> => optional("\"IDLEWATT_INFLUX_PASSWORD\""),
        /// A file that holds the token and nothing else (influxdb1, influxdb2, influxdb3).
        token_file: Option<PathBuf> => optional("\"/run/secrets/influx_token\""),
        /// Or the environment variable that holds it.
        token_env: Option<String> => optional("\"IDLEWATT_INFLUX_TOKEN\""),
        /// PEM of the authority that signed the server's certificate. Not said: the usual public ones.
        ca_file: Option<PathBuf> => optional("\"/etc/idlewatt/ca.pem\""),
        /// PEM of our own certificate and its key in one file, where the server asks for one.
        client_pem_file: Option<PathBuf> => optional("\"/etc/idlewatt/client.pem\""),
        /// So many findings in a request at most. InfluxDB 3 moves one request a second: give it more.
        batch_findings_max: NonZeroUsize => preset(count(Pace::default().batch_findings_max)),
        /// So many bytes in a request at most, before compression.
        request_bytes_max: NonZeroUsize => preset(count(HttpConfig::default().request_bytes_max)),
        /// A request that is not full is sent after so long, seconds.
        flush_after_s: NonZeroU32 => preset(seconds(Pace::default().flush_after)),
        /// A connection that takes longer is given up and tried again, seconds.
        connect_timeout_s: NonZeroU32 => preset(seconds(HttpConfig::default().connect_timeout)),
        /// A request that takes longer is given up and sent again, seconds.
        request_timeout_s: NonZeroU32 => preset(seconds(HttpConfig::default().request_timeout)),
    }
}
