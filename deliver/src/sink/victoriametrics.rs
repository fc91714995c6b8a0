//! VictoriaMetrics, over either of InfluxDB's write paths.
//!
//! It keeps numbers alone, so strings are left out (each has a number beside it). It keeps every write of a point:
//! start it with `-dedup.minScrapeInterval=1ms`, else rewritten points are there twice, and then it keeps any one of them.
//! So it is given the energy of an hour once, when nothing can change it any more. It answers 204 to lines that
//! it cannot read and drops them; that our lines can be read is tested against an independent parser.

use super::Kind;
use super::http::{Credentials, Erase, Flavour, HttpConfig, HttpSink, SinkConfigError, endpoint, parse_url};
use crate::device::DeviceTags;
use crate::line::{Hours, LineEncoder, PRECISION, Strings};
use crate::secret::Secret;

pub(super) const KIND: Kind = Kind {
    name: "victoriametrics",
    says: "VictoriaMetrics, /api/v2/write or /write",
};

/// Which of InfluxDB's write paths to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WritePath {
    /// `/api/v2/write`.
    #[default]
    V2,
    /// `/write`.
    V1,
}

/// A VictoriaMetrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VictoriaMetricsConfig {
    /// Server, batches, time-outs, TLS.
    pub http: HttpConfig,
    /// Which path.
    pub path: WritePath,
    /// The user of a vmauth before it; empty where there is none.
    pub user: String,
    /// The user's password.
    pub password: Secret,
}

impl Default for VictoriaMetricsConfig {
    fn default() -> Self {
        Self {
            http: HttpConfig {
                url: "http://127.0.0.1:8428".to_owned(),
                ..HttpConfig::default()
            },
            path: WritePath::default(),
            user: String::new(),
            password: Secret::default(),
        }
    }
}

impl VictoriaMetricsConfig {
    /// The sink, under its name in the configuration.
    ///
    /// # Errors
    /// Where a key cannot work.
    pub fn sink(&self, name: &str, devices: &[DeviceTags]) -> Result<HttpSink, SinkConfigError> {
        let path: &[&str] = match self.path {
            WritePath::V2 => &["api", "v2", "write"],
            WritePath::V1 => &["write"],
        };
        let flavour = Flavour {
            name: name.to_owned(),
            kind: KIND.name,
            url: endpoint(&parse_url(&self.http.url)?, path, &[("precision", PRECISION)]),
            credentials: Credentials::new(&self.user, &self.password, &Secret::default()),
            encoder: LineEncoder::new(devices, Strings::LeftOut, Hours::Settled),
            erase: Erase::Series(parse_url(&self.http.url)?),
            mend: Box::new(|status, _| match status {
                401 | 403 => "check the keys user and password".to_owned(),
                300..=399 => {
                    "the server sends us to another address: write that one in the key url".to_owned()
                }
                _ => "check the key url: VictoriaMetrics listens on port 8428, a cluster on vminsert"
                    .to_owned(),
            }),
        };
        HttpSink::new(flavour, &self.http)
    }
}
