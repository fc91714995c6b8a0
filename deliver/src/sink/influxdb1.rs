//! InfluxDB 1.x: `/write` with database and retention policy. InfluxDB 3 and VictoriaMetrics understand it too.

use super::Kind;
use super::http::{Credentials, Erase, Flavour, HttpConfig, HttpSink, SinkConfigError, endpoint, parse_url};
use crate::device::DeviceTags;
use crate::line::{Hours, LineEncoder, PRECISION, Strings};
use crate::secret::Secret;

pub(super) const KIND: Kind = Kind {
    name: "influxdb1",
    says: "InfluxDB 1.x, /write",
};

/// An InfluxDB 1.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfluxDb1Config {
    /// Server, batches, time-outs, TLS.
    pub http: HttpConfig,
    /// The database; it must exist.
    pub database: String,
    /// The retention policy; empty means the database's default.
    pub retention_policy: String,
    /// The user; empty where the server asks for none.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// A token instead of user and password.
    pub token: Secret,
}

impl Default for InfluxDb1Config {
    fn default() -> Self {
        Self {
            http: HttpConfig::default(),
            database: "idlewatt".to_owned(),
            retention_policy: String::new(),
            user: String::new(),
            password: Secret::default(),
            token: Secret::default(),
        }
    }
}

impl InfluxDb1Config {
    /// The sink, under its name in the configuration.
    ///
    /// # Errors
    /// Where a key cannot work.
    pub fn sink(&self, name: &str, devices: &[DeviceTags]) -> Result<HttpSink, SinkConfigError> {
        let mut query = vec![("db", self.database.as_str()), ("precision", PRECISION)];
        if !self.retention_policy.is_empty() {
            query.push(("rp", &self.retention_policy));
        }
        let flavour = Flavour {
            name: name.to_owned(),
            kind: KIND.name,
            url: endpoint(&parse_url(&self.http.url)?, &["write"], &query),
            credentials: Credentials::new(&self.user, &self.password, &self.token),
            encoder: LineEncoder::new(devices, Strings::Kept, Hours::SoFar),
            erase: Erase::InfluxQl(endpoint(
                &parse_url(&self.http.url)?,
                &["query"],
                &[("db", &self.database)],
            )),
            mend: self.mend(),
        };
        HttpSink::new(flavour, &self.http)
    }

    fn mend(&self) -> super::http::Mend {
        let (database, policy, user) = (
            self.database.clone(),
            self.retention_policy.clone(),
            self.user.clone(),
        );
        Box::new(move |status, message| match status {
            401 if user.is_empty() => "the server wants a user: set the keys user and password".to_owned(),
            401 => format!("check the keys user and password: the server does not let '{user}' in"),
            403 => format!("let the user write: GRANT WRITE ON \"{database}\" TO \"{user}\""),
            404 if message.contains("retention policy") => {
                format!(
                    "create the retention policy '{policy}' on \"{database}\", or correct the key retention_policy"
                )
            }
            404 if message.contains("database not found") => {
                format!("create the database: CREATE DATABASE \"{database}\"; or correct the key database")
            }
            404 => "no InfluxDB 1.x answers at this url: check the key url, or use kind influxdb2".to_owned(),
            300..=399 => "the server sends us to another address: write that one in the key url".to_owned(),
            400 if message.contains("limit exceeded") => {
                "raise max-series-per-database or max-values-per-tag in influxdb.conf (0 is without limit)"
                    .to_owned()
            }
            _ => "check the keys url, database and retention_policy against the server's log".to_owned(),
        })
    }
}
