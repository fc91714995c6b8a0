//! The HTTP sink against a scripted server.

mod tls;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use analyzer::{Finding, Sample, State};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::script::{Server, Step};
use super::*;
use crate::log::{FindingsLog, LogConfig, LogRow, Rejected};
use crate::secret::Secret;
use crate::sink::{InfluxDb1Config, SinkState, SinkStatus, SinkTask};

pub(super) const LINES: usize = 100;

/// A server that is tried again soon.
pub(super) fn quick(url: String) -> HttpConfig {
    let pace = Pace {
        flush_after: Duration::from_millis(10),
        held_retry_after: Duration::from_millis(100),
        retry_after_min: Duration::from_millis(5),
        retry_after_max: Duration::from_millis(50),
        flush_at_shutdown: Duration::from_millis(500),
        ..Pace::default()
    };
    HttpConfig {
        url,
        pace,
        request_timeout: Duration::from_millis(400),
        ..HttpConfig::default()
    }
}

fn config(url: String) -> InfluxDb1Config {
    InfluxDb1Config {
        http: quick(url),
        user: "idle".to_owned(),
        password: Secret::new("tiger"),
        ..InfluxDb1Config::default()
    }
}

fn findings() -> Vec<Finding> {
    let sample = |number| Sample {
        device: "ct1".into(),
        at: Timestamp::from_millisecond(1_795_472_130_000 + number).unwrap(),
        power_w: 5.0,
        state: State::Idle,
        is_provisional: false,
    };
    (0..i64::try_from(LINES).unwrap())
        .map(sample)
        .map(Finding::Sample)
        .collect()
}

/// The 100 findings as a row.
pub(super) fn row() -> LogRow {
    LogRow {
        seq: 1,
        journal_seq: 1,
        at: Timestamp::UNIX_EPOCH,
        count: LINES as u64,
        findings: findings(),
        is_unreadable: false,
    }
}

pub(super) struct Delivered {
    pub(super) status: SinkStatus,
    rejected: Vec<Rejected>,
}

/// Delivers 100 lines to the server and waits until the cursor is through; looks at the status on the way.
async fn deliver(server: &Server, look: impl Fn(&SinkStatus)) -> Delivered {
    deliver_by(config(server.url()).sink("influx", &[]).unwrap(), look).await
}

/// The same, by any sink.
pub(super) async fn deliver_by(sink: HttpSink, look: impl Fn(&SinkStatus)) -> Delivered {
    let folder = tempfile::tempdir().unwrap();
    let mut log = FindingsLog::open(&folder.path().join("log.sqlite"), &LogConfig::default()).unwrap();
    log.register(&["influx"]).unwrap();
    log.append(1, Timestamp::UNIX_EPOCH, &findings(), None).unwrap();
    let task = SinkTask::new(sink, log.reader().unwrap());
    let mut watch = task.watch();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(task.run(shutdown.clone()));
    let through = watch.until(|status| {
        look(status);
        status.cursor == 1
    });
    assert!(
        tokio::time::timeout(Duration::from_secs(20), through)
            .await
            .expect("in time")
    );
    shutdown.cancel();
    running.await.unwrap();
    Delivered {
        status: watch.status(),
        rejected: log.reader().unwrap().rejected(1000).unwrap(),
    }
}

fn count_bad(lines: &[String], bad: &[usize]) -> usize {
    lines
        .iter()
        .filter(|line| {
            bad.iter()
                .any(|bad| line.ends_with(&format!("{}", 1_795_472_130_000 + bad)))
        })
        .count()
}

fn is_probe(lines: &[String]) -> bool {
    lines[0].starts_with("idlewatt_probe")
}

#[tokio::test]
async fn busy_broken_reset_and_stuck_servers_get_the_same_bytes_again() {
    let server = Server::start(|number, _| match number {
        0 => Step::error(500, "{\"error\":\"timeout\"}"),
        1 => Step::Reset,
        2 => Step::Stuck,
        3 => Step::error(503, ""),
        4 => Step::Slow(Duration::from_millis(150)),
        _ => panic!("it was taken"),
    })
    .await;
    let delivered = deliver(&server, |_| {}).await;
    assert_eq!(
        (delivered.status.accepted, delivered.status.retries),
        (LINES as u64, 4)
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 5);
    assert!(
        requests
            .iter()
            .all(|request| request.packed == requests[0].packed && request.lines.len() == LINES)
    );
}

#[tokio::test]
async fn a_server_that_names_a_pause_is_left_alone_for_it() {
    let server = Server::start(|number, _| match number {
        0 => Step::Answer(429, "Retry-After: 1\r\n", String::new()),
        _ => Step::taken(),
    })
    .await;
    let started = tokio::time::Instant::now();
    deliver(&server, |_| {}).await;
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn too_large_is_halved_until_it_fits() {
    let server = Server::start(|_, request| match request.lines.len() {
        0..=10 => Step::taken(),
        _ => Step::error(413, "too large"),
    })
    .await;
    let delivered = deliver(&server, |_| {}).await;
    assert_eq!(
        (delivered.status.accepted, delivered.status.retries),
        (LINES as u64, 0)
    );
    let mut taken: Vec<String> = server
        .requests()
        .into_iter()
        .filter(|request| request.lines.len() <= 10)
        .flat_map(|request| request.lines)
        .collect();
    let in_order = taken.clone();
    taken.sort();
    taken.dedup();
    assert_eq!(taken, in_order, "each line once, in order");
    assert_eq!(taken.len(), LINES);
}

#[tokio::test]
async fn where_not_even_a_line_fits_nothing_is_put_aside() {
    static SEEN_HELD: AtomicBool = AtomicBool::new(false);
    let server = Server::start(|_, _| match SEEN_HELD.load(Ordering::SeqCst) {
        true => Step::taken(),
        false => Step::error(413, "too large"),
    })
    .await;
    let delivered = deliver(&server, |status| {
        if let Some(problem) = &status.problem {
            assert!(problem.mend.contains("client_max_body_size"), "{problem:?}");
            SEEN_HELD.store(true, Ordering::SeqCst);
        }
    })
    .await;
    assert!(SEEN_HELD.load(Ordering::SeqCst));
    assert_eq!(
        (delivered.status.accepted, delivered.status.rejected),
        (LINES as u64, 0)
    );
}

#[tokio::test]
async fn a_limit_that_was_met_is_kept_to() {
    let server = Server::start(|_, request| match request.lines.len() {
        0..=30 => Step::taken(),
        _ => Step::error(413, ""),
    })
    .await;
    let sink = config(server.url()).sink("influx", &[]).unwrap();
    let (prepare, row) = (sink.prepare(), row());
    assert_eq!(prepare(vec![row.clone()]).pieces.len(), 1);
    deliver_by(sink, |_| {}).await;
    let lines =
        |batch: &LineBatch| -> Vec<usize> { batch.pieces.iter().map(|piece| piece.lines.len()).collect() };
    let batch = prepare(vec![row]);
    assert!(
        lines(&batch).iter().all(|lines| *lines <= 30),
        "{:?}",
        lines(&batch)
    );
    assert_eq!(lines(&batch).iter().sum::<usize>(), LINES);
}

#[tokio::test]
async fn a_server_that_names_no_line_is_asked_until_the_bad_ones_stand_alone() {
    let bad = [0, 17, 18, 99];
    let server = Server::start(move |_, request| match count_bad(&request.lines, &bad) {
        0 => Step::taken(),
        _ => Step::error(400, "{\"code\":\"invalid\",\"message\":\"cannot parse\"}"),
    })
    .await;
    let delivered = deliver(&server, |_| {}).await;
    assert_eq!((delivered.status.accepted, delivered.status.rejected), (96, 4));
    let items: Vec<String> = delivered
        .rejected
        .iter()
        .map(|rejected| rejected.rejection.item.clone())
        .collect();
    assert_eq!(count_bad(&items, &bad), 4);
    assert!(
        delivered
            .rejected
            .iter()
            .all(|rejected| rejected.rejection.reason == "cannot parse")
    );
}

#[tokio::test]
async fn a_partial_write_that_names_lines_costs_few_requests() {
    let bad = [3, 50];
    let server = Server::start(move |_, request| {
        let dropped: Vec<&String> = request
            .lines
            .iter()
            .filter(|line| count_bad(&[(*line).clone()], &bad) == 1)
            .collect();
        if dropped.is_empty() {
            return Step::taken();
        }
        let words: Vec<String> = dropped
            .iter()
            .map(|line| format!("unable to parse '{line}': bad"))
            .collect();
        let words = serde_json::Value::from(format!("partial write: {} dropped=0", words.join("\n")));
        Step::error(400, &format!("{{\"error\":{words}}}"))
    })
    .await;
    let delivered = deliver(&server, |_| {}).await;
    assert_eq!((delivered.status.accepted, delivered.status.rejected), (98, 2));
    assert!(server.requests().len() <= 6, "{}", server.requests().len());
}

#[tokio::test]
async fn all_dropped_is_believed_at_once() {
    let server = Server::start(|_, request| {
        let words = "partial write: points beyond retention policy";
        Step::error(
            422,
            &format!("{{\"message\":\"{words} dropped={}\"}}", request.lines.len()),
        )
    })
    .await;
    let delivered = deliver(&server, |_| {}).await;
    assert_eq!(
        (delivered.status.accepted, delivered.status.rejected),
        (0, LINES as u64)
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_understands_nothing_holds_and_loses_nothing() {
    static SEEN_HELD: AtomicBool = AtomicBool::new(false);
    let server = Server::start(|_, request| {
        if SEEN_HELD.load(Ordering::SeqCst) && !is_probe(&request.lines) {
            return Step::taken();
        }
        Step::error(400, "{\"error\":\"unknown precision\"}")
    })
    .await;
    let delivered = deliver(&server, |status| {
        if status.state == SinkState::Held {
            assert_eq!(status.rejected, 0);
            assert!(
                status
                    .problem
                    .as_ref()
                    .unwrap()
                    .what
                    .contains("unknown precision")
            );
            SEEN_HELD.store(true, Ordering::SeqCst);
        }
    })
    .await;
    assert!(SEEN_HELD.load(Ordering::SeqCst));
    assert_eq!(
        (delivered.status.accepted, delivered.status.rejected),
        (LINES as u64, 0)
    );
}

#[tokio::test]
async fn when_every_line_is_bad_the_probe_tells() {
    let server = Server::start(|_, request| match is_probe(&request.lines) {
        true => Step::taken(),
        false => Step::error(400, "bad"),
    })
    .await;
    let delivered = deliver(&server, |_| {}).await;
    assert_eq!(
        (delivered.status.accepted, delivered.status.rejected),
        (0, LINES as u64)
    );
    assert_eq!(
        server
            .requests()
            .iter()
            .filter(|request| is_probe(&request.lines))
            .count(),
        1
    );
}

#[tokio::test]
async fn refused_entry_and_redirects_hold_with_advice() {
    for (status, headers, advice) in [
        (401, "", "check the keys user and password"),
        (403, "", "GRANT WRITE ON \"idlewatt\""),
        (404, "", "check the key url"),
        (307, "Location: http://127.0.0.1:9/write\r\n", "another address"),
    ] {
        let server = Server::start(move |number, _| match number {
            0..2 => Step::Answer(status, headers, String::new()),
            _ => Step::taken(),
        })
        .await;
        let seen = AtomicBool::new(false);
        let delivered = deliver(&server, |now| {
            if let Some(problem) = &now.problem {
                assert!(problem.mend.contains(advice), "{status}: {problem:?}");
                assert!(
                    problem.place.contains("sink influx (http://127.0.0.1:"),
                    "{problem:?}"
                );
                assert!(!format!("{now:?}").contains("tiger"));
                seen.store(true, Ordering::SeqCst);
            }
        })
        .await;
        assert!(seen.load(Ordering::SeqCst), "{status}");
        assert_eq!(
            (delivered.status.accepted, delivered.status.retries),
            (LINES as u64, 2)
        );
    }
}

#[tokio::test]
async fn the_request_carries_what_the_server_wants() {
    let server = Server::start(|_, _| Step::taken()).await;
    deliver(&server, |_| {}).await;
    let head = server.requests()[0].head.to_ascii_lowercase();
    assert!(
        head.starts_with("post /write?db=idlewatt&precision=ms http/1.1"),
        "{head}"
    );
    for header in ["content-encoding: gzip", "authorization: basic awrszt"] {
        assert!(
            head.contains(&format!("\r\n{header}")),
            "{header} is not in {head}"
        );
    }
}

#[tokio::test]
async fn a_stuck_server_does_not_keep_the_service_from_stopping() {
    let server = Server::start(|_, _| Step::Stuck).await;
    let folder = tempfile::tempdir().unwrap();
    let mut log = FindingsLog::open(&folder.path().join("log.sqlite"), &LogConfig::default()).unwrap();
    log.append(1, Timestamp::UNIX_EPOCH, &findings(), None).unwrap();
    let mut config = config(server.url());
    config.http.request_timeout = Duration::from_secs(60);
    let task = SinkTask::new(config.sink("influx", &[]).unwrap(), log.reader().unwrap());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(task.run(shutdown.clone()));
    while server.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), running)
        .await
        .expect("within the deadline")
        .unwrap();
    assert_eq!(log.reader().unwrap().cursor("influx").unwrap().seq, 0);
}

#[test]
fn keys_that_cannot_work_are_named() {
    for (url, what) in [
        ("influx:8086", "no http address"),
        ("nonsense", "no address"),
        ("http://user:secret@influx:8086", "user or a password"),
    ] {
        let error = config(url.to_owned())
            .sink("influx", &[])
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.key, "url");
        assert!(
            error.to_string().contains(what) && !error.to_string().contains("secret"),
            "{error}"
        );
    }
    let mut config = config("https://influx:8086".to_owned());
    config.http.tls.ca = Some("/nowhere/ca.pem".into());
    assert_eq!(config.sink("influx", &[]).map(|_| ()).unwrap_err().key, "tls.ca");
}
