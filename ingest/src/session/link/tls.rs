//! TLS for a broker's connection: the system's authorities or one of our own, and a client certificate.

use std::path::Path;

use rumqttc::TlsConfiguration;

use super::Trouble;
use crate::session::config::BrokerConfig;

pub(super) fn configuration(config: &BrokerConfig) -> Result<TlsConfiguration, Trouble> {
    let client_auth = match (&config.client_cert_file, &config.client_key_file) {
        (Some(cert), Some(key)) => Some((read("client_cert_file", cert)?, read("client_key_file", key)?)),
        _ => None,
    };
    match (&config.ca_file, client_auth) {
        (Some(ca), client_auth) => Ok(TlsConfiguration::Simple {
            ca: read("ca_file", ca)?,
            alpn: None,
            client_auth,
        }),
        (None, None) => {
            TlsConfiguration::try_default_rustls().map_err(|error| Trouble::Tls(error.to_string()))
        }
        (None, Some(_)) => Err(Trouble::File(
            "client_cert_file needs ca_file: name the broker's authority".to_owned(),
        )),
    }
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|error| Trouble::File(format!("{key} {}: {error}", path.display())))
}
