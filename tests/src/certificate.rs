//! Certificates made for one test: an authority, and servers and clients below it. Nothing of them outlives the test.

use std::path::{Path, PathBuf};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// An authority of our own.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, PEM.
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// Makes one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self {
            pem,
            issuer: Issuer::new(params, key),
        })
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A server's, for these names and addresses.
    ///
    /// # Errors
    /// When a name cannot be one.
    pub fn server(&self, names: &[&str]) -> anyhow::Result<Pair> {
        self.sign(names, "server", |_| {})
    }

    /// A server's that has expired.
    ///
    /// # Errors
    /// As [`Authority::server`].
    pub fn expired_server(&self, names: &[&str]) -> anyhow::Result<Pair> {
        self.sign(names, "server", |params| {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        })
    }

    /// A client's.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn client(&self, name: &str) -> anyhow::Result<Pair> {
        self.sign(&[], name, |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })
    }

    /// Somebody who asks over HTTP and trusts this authority alone.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn visitor(&self) -> anyhow::Result<reqwest::Client> {
        // that another test has installed it already is as good
        let _ = rustls::crypto::ring::default_provider().install_default();
        let root = reqwest::Certificate::from_pem(self.pem.as_bytes())?;
        Ok(reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root])
            .build()?)
    }

    fn sign(
        &self,
        names: &[&str],
        common_name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> anyhow::Result<Pair> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        change(&mut params);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Pair {
    /// Writes `<name>.pem`, `<name>.key`, and both in `<name>.both.pem`; gives their paths.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> anyhow::Result<[PathBuf; 3]> {
        let put = |file: String, text: &str| {
            let path = folder.join(file);
            write_secret(&path, text)?;
            anyhow::Ok(path)
        };
        let both = self.certificate.clone() + &self.key;
        Ok([
            put(format!("{name}.pem"), &self.certificate)?,
            put(format!("{name}.key"), &self.key)?,
            put(format!("{name}.both.pem"), &both)?,
        ])
    }
}

/// Writes a file that only we may read.
///
/// # Errors
/// When it cannot be written.
pub fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).with_context(|| path.display().to_string())?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(())
}
