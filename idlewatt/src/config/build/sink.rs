//! The databases to write to.

use std::path::PathBuf;
use std::time::Duration;

use deliver::device::DeviceTags;
use deliver::secret::Secret;
use deliver::sink::{
    HttpConfig, HttpSink, InfluxDb1Config, InfluxDb2Config, Pace, SinkConfigError, TlsFiles,
    VictoriaMetricsConfig, WritePath,
};

use crate::config::review::Review;
use crate::config::schema;
use crate::config::secret::{Whereabouts, read, resolve};
use crate::config::section::Entry;
use crate::config::value::{SinkKind, WritePathWord};

/// A database to write to.
#[derive(Clone, Debug)]
pub struct SinkConfig {
    /// Its name: that of its cursor.
    pub name: String,
    /// Host and port of its URL.
    address: (String, u16),
    /// The word of the configuration, e.g. `influxdb3`.
    pub kind: &'static str,
    /// Where to and how.
    pub database: Database,
}

/// Where to write to and how.
#[derive(Clone, Debug)]
pub enum Database {
    /// InfluxDB 1.x.
    InfluxDb1(InfluxDb1Config),
    /// InfluxDB 2.x and 3.x.
    InfluxDb2(InfluxDb2Config),
    /// VictoriaMetrics.
    VictoriaMetrics(VictoriaMetricsConfig),
}

impl SinkConfig {
    /// The sink itself.
    ///
    /// # Errors
    /// A key cannot work.
    pub fn sink(&self, devices: &[DeviceTags]) -> Result<HttpSink, SinkConfigError> {
        match &self.database {
            Database::InfluxDb1(config) => config.sink(&self.name, devices),
            Database::InfluxDb2(config) => config.sink(&self.name, devices),
            Database::VictoriaMetrics(config) => config.sink(&self.name, devices),
        }
    }

    /// Host and port of its URL, for trying out whether it can be reached.
    #[must_use]
    pub fn address(&self) -> (String, u16) {
        self.address.clone()
    }

    /// Its server and pace.
    #[must_use]
    pub const fn http(&self) -> &HttpConfig {
        match &self.database {
            Database::InfluxDb1(config) => &config.http,
            Database::InfluxDb2(config) => &config.http,
            Database::VictoriaMetrics(config) => &config.http,
        }
    }
}

/// Builds all sinks; those with a fault are left out.
pub(crate) fn sinks(review: &mut Review<'_>, file: &schema::File) -> Vec<SinkConfig> {
    let mut built: Vec<SinkConfig> = Vec::new();
    for section in file.sink.iter() {
        let Some(sink) = sink(review, section) else {
            continue;
        };
        if built.iter().any(|other| other.name == sink.name) {
            let what = format!("the name \"{}\" is taken by another sink", sink.name);
            review.fault(section.name.span(), what, "give each sink a name of its own");
        }
        built.push(sink);
    }
    built
}

fn sink(review: &mut Review<'_>, section: &Entry<schema::Sink>) -> Option<SinkConfig> {
    let name = review.need(section, "name", &section.name);
    let kind = review.need(section, "kind", &section.kind);
    let url = review.need(section, "url", &section.url);
    if let Some(kind) = kind {
        review_keys(review, section, kind);
    }
    let org = match kind {
        Some(SinkKind::InfluxDb2) => review.need(section, "org", &section.org),
        _ => None,
    };
    let password = Whereabouts {
        name: "password",
        file: &section.password_file,
        env: &section.password_env,
    };
    let password = secret(review, password);
    let token = Whereabouts {
        name: "token",
        file: &section.token_file,
        env: &section.token_env,
    };
    let token = secret(review, token);
    let (kind, url) = (kind?, url?);
    let (host, port) = url.host_port();
    let address = (host.to_owned(), port);
    let http = http(review, section, url.to_string());
    let user = (*section.username).clone().unwrap_or_default();
    let database = match kind {
        SinkKind::InfluxDb1 => Database::InfluxDb1(InfluxDb1Config {
            http,
            database: (*section.database).clone(),
            retention_policy: (*section.retention_policy).clone().unwrap_or_default(),
            user,
            password,
            token,
        }),
        SinkKind::InfluxDb2 => Database::InfluxDb2(InfluxDb2Config {
            http,
            org: org?,
            bucket: (*section.bucket).clone(),
            token,
        }),
        SinkKind::InfluxDb3 => Database::InfluxDb2(InfluxDb2Config {
            http,
            org: String::new(),
            bucket: (*section.database).clone(),
            token,
        }),
        SinkKind::VictoriaMetrics => Database::VictoriaMetrics(VictoriaMetricsConfig {
            http,
            path: match *section.write_path {
                WritePathWord::V2 => WritePath::V2,
                WritePathWord::V1 => WritePath::V1,
            },
            user,
            password,
        }),
    };
    Some(SinkConfig {
        address,
        name: name?.0,
        kind: kind.name(),
        database,
    })
}

fn secret(review: &mut Review<'_>, at: Whereabouts<'_>) -> Secret {
    read(review, at).map_or_else(Secret::default, |text| Secret::new(&text))
}

fn http(review: &mut Review<'_>, section: &Entry<schema::Sink>, url: String) -> HttpConfig {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let tls = tls_files(review, section, (&section.ca_file, &section.client_pem_file));
    HttpConfig {
        url,
        pace: Pace {
            batch_findings_max: section.batch_findings_max.get(),
            flush_after: seconds(section.flush_after_s.get()),
            ..Pace::default()
        },
        request_bytes_max: section.request_bytes_max.get(),
        connect_timeout: seconds(section.connect_timeout_s.get()),
        request_timeout: seconds(section.request_timeout_s.get()),
        tls,
    }
}

/// The certificates of a section, by its keys `ca_file` and `client_pem_file`.
pub(super) fn tls_files<S>(
    review: &mut Review<'_>,
    section: &Entry<S>,
    (ca, client): (&Entry<Option<PathBuf>>, &Entry<Option<PathBuf>>),
) -> TlsFiles {
    let [ca, client] = [("ca_file", ca), ("client_pem_file", client)].map(|(key, entry)| {
        let path = resolve(review, (**entry).as_ref()?);
        review.readable(section, key, &path);
        Some(path)
    });
    TlsFiles { ca, client }
}

/// Says which keys mean nothing to a kind of database, and which is meant.
fn review_keys(review: &mut Review<'_>, section: &Entry<schema::Sink>, kind: SinkKind) {
    use SinkKind::{InfluxDb1, InfluxDb2, InfluxDb3, VictoriaMetrics};
    let known: [(&str, _, &[SinkKind]); 8] = [
        ("database", section.database.is_given(), &[InfluxDb1, InfluxDb3]),
        (
            "retention_policy",
            section.retention_policy.is_given(),
            &[InfluxDb1],
        ),
        ("bucket", section.bucket.is_given(), &[InfluxDb2]),
        ("org", section.org.is_given(), &[InfluxDb2]),
        ("write_path", section.write_path.is_given(), &[VictoriaMetrics]),
        (
            "username",
            section.username.is_given(),
            &[InfluxDb1, VictoriaMetrics],
        ),
        (
            "password_file",
            section.password_file.is_given() || section.password_env.is_given(),
            &[InfluxDb1, VictoriaMetrics],
        ),
        (
            "token_file",
            section.token_file.is_given() || section.token_env.is_given(),
            &[InfluxDb1, InfluxDb2, InfluxDb3],
        ),
    ];
    for (key, _, kinds) in known
        .iter()
        .filter(|(_, is_given, kinds)| *is_given && !kinds.contains(&kind))
    {
        let mend = match (*key, kind) {
            ("database", InfluxDb2) => "write 'bucket' instead".to_owned(),
            ("bucket", InfluxDb1 | InfluxDb3) => "write 'database' instead".to_owned(),
            ("username" | "password_file", InfluxDb2 | InfluxDb3) => {
                "write 'token_file' or 'token_env' instead".to_owned()
            }
            _ => {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                format!("take it out; it is for {}", kinds.join(" and "))
            }
        };
        review.fault_key(section, key, format!("'{key}' means nothing to {kind}"), mend);
    }
}
