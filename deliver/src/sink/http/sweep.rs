//! Every kind of database against every answer that says nothing of our lines: nothing is put aside, everything arrives.

use std::sync::Mutex;
use std::time::Duration;

use super::HttpSink;
use super::script::{Server, Step};
use super::tests::{LINES, deliver_by, quick};
use crate::secret::Secret;
use crate::sink::{InfluxDb1Config, InfluxDb2Config, SinkState, VictoriaMetricsConfig, WritePath};

type Make = fn(String) -> HttpSink;

/// Each kind, with the path that it writes to.
const KINDS: [(&str, Make); 5] = [
    ("POST /write?db=idlewatt&precision=ms", |url| {
        let config = InfluxDb1Config {
            http: quick(url),
            ..InfluxDb1Config::default()
        };
        config.sink("influxdb1", &[]).unwrap()
    }),
    (
        "POST /api/v2/write?org=hospital&bucket=idlewatt&precision=ms",
        |url| {
            let (org, bucket, token) = ("hospital".to_owned(), "idlewatt".to_owned(), Secret::new("tiger"));
            let config = InfluxDb2Config {
                http: quick(url),
                org,
                bucket,
                token,
            };
            config.sink("influxdb2", &[]).unwrap()
        },
    ),
    ("POST /api/v2/write?org=&bucket=idlewatt&precision=ms", |url| {
        let (org, bucket, token) = (String::new(), "idlewatt".to_owned(), Secret::new("tiger"));
        let config = InfluxDb2Config {
            http: quick(url),
            org,
            bucket,
            token,
        };
        config.sink("influxdb3", &[]).unwrap()
    }),
    ("POST /write?precision=ms", |url| {
        let config = VictoriaMetricsConfig {
            http: quick(url),
            path: WritePath::V1,
            ..VictoriaMetricsConfig::default()
        };
        config.sink("victoriametrics", &[]).unwrap()
    }),
    ("POST /api/v2/write?precision=ms", |url| {
        let config = VictoriaMetricsConfig {
            http: quick(url),
            ..VictoriaMetricsConfig::default()
        };
        config.sink("victoriametrics", &[]).unwrap()
    }),
];

const PAGE: &str = "<html><head><title>Sign in</title></head><body>Please accept our terms</body></html>";
const HTML: &str = "Content-Type: text/html\r\n";
const GZIP: &str = "Content-Encoding: gzip\r\n";
const SLOW: Duration = Duration::from_millis(20);

/// What is answered first, as what it is taken, and a word that is said of it.
fn answers() -> Vec<(Step, SinkState, &'static str)> {
    use SinkState::{Held, Retrying};
    let words = |status, headers, body: &str| Step::Answer(status, headers, body.to_owned());
    vec![
        (
            words(
                401,
                "",
                "{\"code\":\"unauthorized\",\"message\":\"unauthorized access\"}",
            ),
            Held,
            "unauthorized access",
        ),
        (words(403, "", "{\"error\":\"forbidden\"}"), Held, "forbidden"),
        (
            words(
                404,
                "",
                "{\"code\":\"not found\",\"message\":\"bucket \\\"idlewatt\\\" not found\"}",
            ),
            Held,
            "not found",
        ),
        (words(404, HTML, PAGE), Held, "Sign in"),
        (words(405, "", ""), Held, "405"),
        (
            words(301, "Location: http://127.0.0.1:9/login\r\n", ""),
            Held,
            "301",
        ),
        (words(200, HTML, PAGE), Held, "Sign in"),
        (words(200, GZIP, "\u{1f}\u{0}rubbish"), Held, "no database"),
        (words(400, HTML, PAGE), Held, "Sign in"),
        (words(408, "", ""), Retrying, "408"),
        (words(429, "Retry-After: 0\r\n", ""), Retrying, "429"),
        (
            words(
                429,
                "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\nRetry-After: Mon, 23 Nov 2026 09:00:00 GMT\r\n",
                "",
            ),
            Retrying,
            "429",
        ),
        (words(500, "", "{\"error\":\"timeout\"}"), Retrying, "timeout"),
        (words(502, HTML, PAGE), Retrying, "Sign in"),
        (words(503, GZIP, "\u{1f}\u{0}rubbish"), Retrying, "503"),
        (words(504, "", ""), Retrying, "504"),
    ]
}

/// What is done in place of an answer, and what is said of it.
fn silences() -> Vec<(Step, SinkState, &'static str)> {
    use SinkState::Retrying;
    vec![
        (Step::Reset, Retrying, "the connection broke"),
        (Step::Torn("HTTP/1.1 20"), Retrying, "the connection broke"),
        (
            Step::Torn("HTTP/1.1 204 No Content\r\nContent-Len"),
            Retrying,
            "the connection broke",
        ),
        (
            Step::Torn("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
            Retrying,
            "the connection broke",
        ),
        (
            Step::Torn("SSH-2.0-OpenSSH_9.2\r\n"),
            Retrying,
            "the connection broke",
        ),
        (Step::Stuck, Retrying, "no answer in time"),
        (
            Step::Trickle(
                "HTTP/1.1 204 No Content\r\nX-Words: very slowly said\r\n\r\n",
                SLOW,
            ),
            Retrying,
            "no answer in time",
        ),
        (
            Step::Trickle("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Duration::ZERO),
            Retrying,
            "no answer in time",
        ),
    ]
}

async fn check((begins, make): (&str, Make), (first, state, word): (Step, SinkState, &str)) {
    let first = Mutex::new(Some(first));
    let server = Server::start(move |_, _| first.lock().unwrap().take().unwrap_or_else(Step::taken)).await;
    let seen = Mutex::new(None);
    let delivered = deliver_by(make(server.url()), |status| {
        if status.state != SinkState::Ok {
            *seen.lock().unwrap() = Some(status.clone());
        }
    })
    .await;
    let seen = seen
        .lock()
        .unwrap()
        .take()
        .unwrap_or_else(|| panic!("{begins}, {word}: not seen"));
    let said = seen.last_error.clone().unwrap_or_default();
    assert_eq!(seen.state, state, "{begins}, {word}: {said}");
    assert!(said.contains(word), "{begins}, {word}: {said}");
    let problem = seen.problem.is_some_and(|problem| !problem.mend.is_empty());
    assert_eq!(problem, state == SinkState::Held, "{begins}, {word}: {said}");
    let status = delivered.status;
    assert_eq!(
        (status.accepted, status.rejected, status.retries),
        (LINES as u64, 0, 1),
        "{begins}, {word}"
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "{begins}, {word}");
    assert!(
        requests
            .iter()
            .all(|request| request.packed == requests[0].packed && request.head.starts_with(begins))
    );
}

#[tokio::test]
async fn whatever_a_server_says_that_is_not_about_a_line_nothing_is_put_aside() {
    for kind in KINDS {
        let checks = answers()
            .into_iter()
            .chain(silences())
            .map(|answer| check(kind, answer));
        futures_util::future::join_all(checks).await;
    }
}

#[tokio::test]
async fn a_name_that_nobody_knows_and_a_port_where_nobody_listens_are_tried_again() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    for url in [
        "http://no-such-host.invalid:8086".to_owned(),
        format!("http://127.0.0.1:{port}"),
    ] {
        for (_, make) in KINDS {
            let mut sink = make(url.clone());
            let outcome = tried(&mut sink).await;
            let super::Rest::Retry { reason, .. } = outcome.rest else {
                panic!("{url}: {outcome:?}")
            };
            assert!(reason.starts_with("no connection to http://"), "{reason}");
            assert_eq!((outcome.accepted, outcome.rejected.len()), (0, 0));
        }
    }
}

async fn tried(sink: &mut HttpSink) -> super::Outcome {
    use super::Sink as _;
    let row = super::tests::row();
    let mut batch = sink.prepare()(vec![row]);
    sink.attempt(&mut batch, false).await
}
