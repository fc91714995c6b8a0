//! The door over real sockets: who is let in, as whom, how many, how slowly, and over which TLS.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::attempt::WRONG_MAX;
use super::{CertificateFiles, Door, DoorConfig};
use crate::page::tests::{Answer, Served, answer, request, small_behind};
use crate::secret::Secret;

const TOKEN: &str = "token-of-the-page";
const PATHS: [&str; 19] = [
    "/",
    "/device/ct",
    "/alerts",
    "/workstations",
    "/waste",
    "/api/waste",
    "/api/device/ct",
    "/api/workstations",
    "/api/openapi.json",
    "/pipeline",
    "/events",
    "/api/devices",
    "/api/summary",
    "/api/alerts",
    "/api/kpi",
    "/api/status",
    "/metrics",
    "/app.js",
    "/nowhere",
];

fn locked() -> DoorConfig {
    DoorConfig {
        token: Secret::new(TOKEN),
        user: "anna".to_owned(),
        password: Secret::new("password-of-anna"),
        metrics_token: Secret::new("token-of-metrics"),
        ..DoorConfig::default()
    }
}

async fn connect(served: &Served) -> TcpStream {
    TcpStream::connect(("127.0.0.1", served.port)).await.unwrap()
}

async fn ask(served: &Served, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    request(connect(served).await, method, path, headers, "").await
}

fn basic(user: &str, password: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {pair}")
}

#[tokio::test]
async fn without_a_login_nothing_is_said_but_whether_all_is_well() {
    let served = small_behind(locked()).await;
    for path in PATHS {
        let refused = ask(&served, "GET", path, &[]).await;
        assert_eq!(refused.status, 401, "{path}");
        assert!(
            refused.has("www-authenticate: basic realm=\"idlewatt\""),
            "{}",
            refused.head
        );
        assert!(refused.has("content-security-policy: default-src 'none'"));
        assert!(refused.has("cache-control: no-store"), "{}", refused.head);
        assert!(!refused.text().contains("Reading"), "{path}: {}", refused.text());
    }
    let health = ask(&served, "GET", "/health", &[]).await;
    assert_eq!((health.status, &*health.text()), (200, r#"{"ok":true}"#));
    let bearer = format!("Bearer {TOKEN}");
    let pair = basic("anna", "password-of-anna");
    for authorization in [&bearer, &pair, &basic("anybody", TOKEN)] {
        let let_in = ask(
            &served,
            "GET",
            "/api/devices",
            &[("Authorization", authorization)],
        )
        .await;
        assert_eq!(let_in.status, 200, "{authorization}");
        assert!(let_in.has("cache-control: no-store"), "{}", let_in.head);
        let health = ask(&served, "GET", "/health", &[("Authorization", authorization)]).await;
        assert_eq!(health.text(), r#"{"ready":true}"#);
    }
    let scraper = [("Authorization", "Bearer token-of-metrics")];
    assert_eq!(ask(&served, "GET", "/metrics", &scraper).await.status, 200);
    assert_eq!(
        ask(&served, "GET", "/health", &scraper).await.text(),
        r#"{"ok":true}"#
    );
    for path in PATHS.iter().filter(|path| **path != "/metrics") {
        assert_eq!(ask(&served, "GET", path, &scraper).await.status, 401, "{path}");
    }
    served.shutdown.cancel();
}

#[tokio::test]
async fn nothing_can_be_changed_without_a_login_nor_by_the_page_of_another() {
    let open = small_behind(DoorConfig::default()).await;
    let served = small_behind(locked()).await;
    let bearer = format!("Bearer {TOKEN}");
    let login = ("Authorization", bearer.as_str());
    let host = format!("localhost:{}", served.port);
    let ours = format!("http://{host}");
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
        for path in ["/", "/api/alerts", "/act", "/api/act", "/health", "/metrics"] {
            assert_eq!(ask(&open, method, path, &[]).await.status, 403, "{method} {path}");
            assert_eq!(
                ask(&served, method, path, &[]).await.status,
                401,
                "{method} {path}"
            );
            let scraper = [("Authorization", "Bearer token-of-metrics")];
            assert_eq!(
                ask(&served, method, path, &scraper).await.status,
                401,
                "{method} {path}"
            );
            for strange in [
                ("Sec-Fetch-Site", "cross-site"),
                ("Sec-Fetch-Site", "same-site"),
                ("Origin", "https://evil.example"),
                ("Origin", "null"),
            ] {
                let answered = ask(&served, method, path, &[login, strange]).await;
                assert_eq!(answered.status, 403, "{method} {path} {strange:?}");
            }
            // let through: there is nothing behind it, or it takes no empty word
            for ours in [
                ("Sec-Fetch-Site", "same-origin"),
                ("Origin", &ours),
                ("Accept", "*/*"),
            ] {
                let answered = ask(&served, method, path, &[login, ours, ("Host", &host)]).await;
                assert!(
                    [400, 404, 405].contains(&answered.status),
                    "{method} {path}: {}",
                    answered.status
                );
            }
        }
    }
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_refused_with_the_mend() {
    let served = small_behind(DoorConfig {
        hosts: vec!["idlewatt.hospital.example".to_owned()],
        ..DoorConfig::default()
    })
    .await;
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
        "10.2.3.4",
        "Idlewatt.Hospital.Example",
    ] {
        assert_eq!(
            ask(&served, "GET", "/", &[("Host", host)]).await.status,
            200,
            "{host}"
        );
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.",
        "",
        "a b",
    ] {
        for path in ["/", "/health", "/metrics", "/api/devices"] {
            let refused = ask(&served, "GET", path, &[("Host", host)]).await;
            assert_eq!(refused.status, 421, "{host:?} {path}");
            assert!(refused.text().contains("[page] hosts"));
        }
    }
    let both = [("Host", "localhost"), ("Host", "evil.example")];
    assert_eq!(ask(&served, "GET", "/", &both).await.status, 421);
    assert_eq!(ask(&served, "GET", "http://evil.example/", &[]).await.status, 421);
}

#[tokio::test]
async fn guessing_is_not_listened_to_and_a_proxy_says_for_whom_it_asks() {
    let served = small_behind(DoorConfig {
        proxies: vec!["127.0.0.1".parse().unwrap()],
        ..locked()
    })
    .await;
    let bearer = format!("Bearer {TOKEN}");
    let guess = |visitor: &'static str| [("Authorization", "Bearer wrong"), ("X-Forwarded-For", visitor)];
    for _ in 0..WRONG_MAX {
        let refused = ask(&served, "GET", "/", &guess("192.0.2.7, 198.51.100.1")).await;
        assert_eq!(refused.status, 401);
    }
    let right = |visitor| [("Authorization", bearer.as_str()), ("X-Forwarded-For", visitor)];
    // what stands before the last is the visitor's own word
    let refused = ask(&served, "GET", "/", &right("192.0.2.8, 198.51.100.1")).await;
    assert_eq!(refused.status, 429, "not even the right one is looked at");
    assert!(refused.has("retry-after: 60"), "{}", refused.head);
    let other = ask(&served, "GET", "/", &right("198.51.100.1, 192.0.2.7")).await;
    assert_eq!(other.status, 200, "another visitor");
}

#[tokio::test]
async fn connections_and_streams_are_bounded_and_more_are_told_so() {
    let served = small_behind(DoorConfig {
        connections_max: 3,
        streams_max: 1,
        ..DoorConfig::default()
    })
    .await;
    let mut stream = connect(&served).await;
    let open = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(open).await.unwrap();
    let mut beginning = [0; 64];
    stream.read_exact(&mut beginning).await.unwrap();
    assert!(beginning.starts_with(b"HTTP/1.1 200"));
    let refused = ask(&served, "GET", "/events", &[]).await;
    assert_eq!(refused.status, 503);
    assert!(
        refused.text().contains("[page] streams_max"),
        "{}",
        refused.text()
    );

    // two more that say nothing: there is no room now, and that is said
    let held = [connect(&served).await, connect(&served).await];
    let refused = ask(&served, "GET", "/", &[]).await;
    assert_eq!(refused.status, 503);
    assert!(refused.has("retry-after: 5"));
    assert!(
        refused.text().contains("[page] connections_max"),
        "{}",
        refused.text()
    );
    assert!(refused.text().ends_with('\n'), "all of it is sent");
    drop(held);
    drop(stream);
    until_let_in(&served).await;
}

/// Places are given back when the server has noticed that a visitor is gone.
async fn until_let_in(served: &Served) {
    let trying = async {
        while ask(served, "GET", "/events", &[("Host", "evil.example")])
            .await
            .status
            == 503
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), trying)
        .await
        .unwrap();
}

#[tokio::test]
async fn slow_and_oversized_heads_are_cut_off() {
    let served = small_behind(DoorConfig {
        head_within: Duration::from_millis(300),
        ..DoorConfig::default()
    })
    .await;
    for beginning in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\nX: "] {
        let mut stream = connect(&served).await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut said)).await;
        assert!(ended.is_ok(), "{beginning:?} holds the connection");
        assert!(!said.starts_with(b"HTTP/1.1 200"));
    }
    let served = small_behind(DoorConfig::default()).await;
    let mut stream = connect(&served).await;
    let long = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "a".repeat(40_000)
    );
    // it may be cut off before all is written
    let _ = stream.write_all(long.as_bytes()).await;
    assert_eq!(answer(stream).await.status, 431);
    let body = ask(&served, "GET", "/", &[("Content-Length", "5")]).await;
    assert_eq!(body.status, 413);
}

fn certificate(folder: &std::path::Path) -> (CertificateFiles, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = CertificateFiles {
        certificate: folder.join("page.pem"),
        key: folder.join("page.key"),
    };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.der().clone())
}

#[tokio::test]
async fn with_a_certificate_the_page_speaks_tls_alone_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (files, certificate) = certificate(folder.path());
    let served = small_behind(DoorConfig {
        tls: Some(files),
        head_within: Duration::from_secs(2),
        ..locked()
    })
    .await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, connect(&served).await).await.unwrap();
    let bearer = format!("Bearer {TOKEN}");
    let let_in = request(stream, "GET", "/", &[("Authorization", &bearer)], "").await;
    assert_eq!(let_in.status, 200);
    assert!(
        let_in.has("strict-transport-security: max-age=31536000"),
        "{}",
        let_in.head
    );

    let mut plain = connect(&served).await;
    let request = format!("GET / HTTP/1.0\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\r\n");
    plain.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said).await;
    assert!(
        !String::from_utf8_lossy(&said).contains("HTTP/1"),
        "nothing in the clear"
    );
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_with_key_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = certificate(folder.path());
    let key_of = |files: CertificateFiles| {
        let config = DoorConfig {
            tls: Some(files),
            ..DoorConfig::default()
        };
        Door::new(config)
            .map(|_| ())
            .map_err(|error| (error.key, error.what))
    };
    assert_eq!(key_of(files.clone()), Ok(()));
    let swapped = CertificateFiles {
        certificate: files.key.clone(),
        key: files.certificate.clone(),
    };
    assert_eq!(key_of(swapped).unwrap_err().0, "cert_file");
    let strange = rcgen::KeyPair::generate().unwrap();
    let other = CertificateFiles {
        key: folder.path().join("other.key"),
        ..files
    };
    std::fs::write(&other.key, strange.serialize_pem()).unwrap();
    let (key, what) = key_of(other).unwrap_err();
    assert_eq!(key, "key_file");
    assert!(what.contains("other.key"), "{what}");
}
