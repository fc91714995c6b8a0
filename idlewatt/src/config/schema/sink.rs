//! `[[sink]]`: a database to write to.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::config::section::section;
use crate::config::value::{HttpUrl, Id, SinkKind};

section! {
    /// A database to write to.
    Sink {
        /// A name of its own, used in metrics and messages. Its cursor hangs on it.
        name: Option<Id> => required("\"influx\""),
        /// "influxdb1", "influxdb2", "influxdb3" or "victoriametrics".
        kind: Option<SinkKind> => required("\"influxdb1\""),
        /// http://host:port or https://host:port.
        url: Option<HttpUrl> => required("\"http://localhost:8086\""),
        /// The database (influxdb1, influxdb3).
        database: Option<String> => required("\"idlewatt\""),
        /// The bucket (influxdb2).
        bucket: Option<String> => optional("\"idlewatt\""),
        /// The organisation (influxdb2).
        org: Option<String> => optional("\"hospital\""),
        /// The user (influxdb1, victoriametrics).
        username: Option<String> => optional("\"idlewatt\""),
        /// A file that holds the password and nothing else.
        password_file: Option<PathBuf> => optional("\"/run/secrets/influx_password\""),
        /// Or the environment variable that holds it.
        password_env: Option<String> => optional("\"IDLEWATT_INFLUX_PASSWORD\""),
        /// A file that holds the token and nothing else (influxdb2, influxdb3).
        token_file: Option<PathBuf> => optional("\"/run/secrets/influx_token\""),
        /// Or the environment variable that holds it.
        token_env: Option<String> => optional("\"IDLEWATT_INFLUX_TOKEN\""),
        /// A request is given up and tried again after so long, seconds.
        timeout_s: NonZeroU32 => preset(NonZeroU32::new(10).expect("not 0")),
    }
}
