//! The page's own certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::{CertificateFiles, DoorError};

const CERTIFICATE: &str = "cert_file";
const KEY: &str = "key_file";

/// TLS 1.2 and 1.3 with what ring offers.
pub(super) fn acceptor(files: &CertificateFiles) -> Result<TlsAcceptor, DoorError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(|found| found.collect())
        .map_err(|problem| unusable(CERTIFICATE, &files.certificate, &problem));
    let chain = chain?;
    if chain.is_empty() {
        return Err(unusable(
            CERTIFICATE,
            &files.certificate,
            &"it holds no certificate",
        ));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|problem| unusable(KEY, &files.key, &problem))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring offers the default versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|problem| unusable(KEY, &files.key, &problem))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unusable(key: &'static str, path: &Path, problem: &dyn std::fmt::Display) -> DoorError {
    DoorError {
        key,
        what: format!("{} cannot be used: {problem}", path.display()),
        mend: "name PEM files that idlewatt may read: the certificate with those above it, and its own key",
    }
}
