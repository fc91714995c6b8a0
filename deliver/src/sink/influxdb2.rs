//! InfluxDB 2.x and 3.x: `/api/v2/write` with organisation, bucket and token. On 3.x the bucket is the database and
//! the organisation is ignored.
//!
//! InfluxDB 3 answers when its log is flushed, once a second by default, so one batch a second moves: for a quick
//! catch-up raise [`super::Pace::batch_findings_max`].

use super::Kind;
use super::http::{Credentials, Erase, Flavour, HttpConfig, HttpSink, SinkConfigError, endpoint, parse_url};
use crate::device::DeviceTags;
use crate::line::{Hours, LineEncoder, PRECISION, Strings};
use crate::secret::Secret;

pub(super) const KIND: Kind = Kind {
    name: "influxdb2",
    says: "InfluxDB 2.x and 3.x, /api/v2/write",
};

/// An InfluxDB 2.x or 3.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfluxDb2Config {
    /// Server, batches, time-outs, TLS.
    pub http: HttpConfig,
    /// The organisation; 3.x ignores it.
    pub org: String,
    /// The bucket; it must exist (3.x makes it).
    pub bucket: String,
    /// A token that may write to the bucket.
    pub token: Secret,
}

impl Default for InfluxDb2Config {
    fn default() -> Self {
        Self {
            http: HttpConfig::default(),
            org: "idlewatt".to_owned(),
            bucket: "idlewatt".to_owned(),
            token: Secret::default(),
        }
    }
}

impl InfluxDb2Config {
    /// The sink, under its name in the configuration.
    ///
    /// # Errors
    /// Where a key cannot work.
    pub fn sink(&self, name: &str, devices: &[DeviceTags]) -> Result<HttpSink, SinkConfigError> {
        let query = [
            ("org", self.org.as_str()),
            ("bucket", &self.bucket),
            ("precision", PRECISION),
        ];
        let flavour = Flavour {
            name: name.to_owned(),
            kind: KIND.name,
            url: endpoint(&parse_url(&self.http.url)?, &["api", "v2", "write"], &query),
            credentials: Credentials::new("", &Secret::default(), &self.token),
            encoder: LineEncoder::new(devices, Strings::Kept, Hours::SoFar),
            erase: Erase::Predicate(endpoint(
                &parse_url(&self.http.url)?,
                &["api", "v2", "delete"],
                &query[..2],
            )),
            mend: self.mend(),
        };
        HttpSink::new(flavour, &self.http)
    }

    fn mend(&self) -> super::http::Mend {
        let (org, bucket) = (self.org.clone(), self.bucket.clone());
        let has_token = !self.token.is_empty();
        Box::new(move |status, message| match status {
            401 if has_token => "the server does not know the token: check the key token".to_owned(),
            401 => "the server wants a token: set the key token".to_owned(),
            403 => format!("give the token the right to write to the bucket '{bucket}'"),
            404 if message.contains("page not found") => {
                "no InfluxDB 2 or 3 answers at this url: check the key url, or use kind influxdb1".to_owned()
            }
            404 => format!(
                "create the bucket '{bucket}' in the organisation '{org}', or correct the keys bucket and org"
            ),
            300..=399 => "the server sends us to another address: write that one in the key url".to_owned(),
            _ => "check the keys url, org and bucket against the server's log".to_owned(),
        })
    }
}
