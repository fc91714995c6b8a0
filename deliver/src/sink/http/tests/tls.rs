//! A server that wants a certificate of ours. No InfluxDB 1 does, so it is scripted, with real TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use super::*;

struct Certificates {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    authority: CertificateDer<'static>,
}

impl Certificates {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self {
            folder,
            issuer: Issuer::new(params, key),
            authority: certificate.der().clone(),
        }
    }

    fn make(&self, name: &str) -> (CertificateDer<'static>, KeyPair, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let both = self.folder.path().join(format!("{name}.both.pem"));
        std::fs::write(&both, certificate.pem() + &key.serialize_pem()).unwrap();
        (certificate.der().clone(), key, both)
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

/// Answers 204 to whoever has a certificate of the authority; its port.
async fn strict_server(certificates: &Certificates) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificates.authority.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let (certificate, key, _) = certificates.make("localhost");
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![certificate],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = match acceptor.accept(stream).into_fallible().await {
                    Ok(stream) => stream,
                    // what has been sent meanwhile is read, or the alert would be thrown away with it
                    Err((_, mut raw)) => {
                        raw.shutdown().await?;
                        tokio::io::copy(&mut raw, &mut tokio::io::sink()).await?;
                        return Ok(());
                    }
                };
                let _ = stream.read(&mut [0; 65_536]).await?;
                let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                stream.write_all(answer).await?;
                stream.shutdown().await
            });
        }
    });
    port
}

fn sink(port: u16, ca: PathBuf, client: Option<&Path>) -> HttpSink {
    let mut config = config(format!("https://localhost:{port}"));
    config.http.request_timeout = Duration::from_secs(30);
    config.http.tls = TlsFiles {
        ca: Some(ca),
        client: client.map(Path::to_owned),
    };
    config.sink("influx", &[]).unwrap()
}

#[tokio::test]
async fn a_certificate_of_ours_is_shown_where_one_is_wanted_and_missed_where_not() {
    let certificates = Certificates::new();
    let port = strict_server(&certificates).await;
    let (_, _, ours) = certificates.make("idlewatt");
    let let_in = sink(port, certificates.ca(), Some(&ours));
    assert_eq!(let_in.greet().await, Ok(()));

    let bare = sink(port, certificates.ca(), None);
    let (what, mend) = bare.greet().await.unwrap_err();
    assert!(
        what.contains("it wants a certificate of ours and got none"),
        "{what}"
    );
    assert!(mend.contains("'client_pem_file'"), "{mend}");

    let others = Certificates::new();
    let (_, _, strange) = others.make("idlewatt");
    let (what, _) = sink(port, certificates.ca(), Some(&strange))
        .greet()
        .await
        .unwrap_err();
    assert!(what.contains("our certificate"), "{what}");
}
