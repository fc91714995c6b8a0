//! The task around a sink that does as it is told, without a network.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use analyzer::{Finding, Sample, State};
use jiff::Timestamp;

use super::*;
use crate::log::{FindingsLog, LogConfig, LogRow, MemoryChange};
use crate::sink::{Identity, Pace, Prepare};

type Memory = Vec<(String, Vec<u8>)>;

/// Takes rows unless told otherwise.
struct Puppet {
    name: &'static str,
    orders: Arc<Mutex<VecDeque<Rest>>>,
    taken: Arc<Mutex<Vec<u64>>>,
    recalled: Arc<Mutex<Memory>>,
    pace: Pace,
}

impl Puppet {
    fn new(name: &'static str) -> Self {
        let pace = Pace {
            batch_findings_max: 10,
            flush_after: Duration::from_millis(20),
            held_retry_after: Duration::from_millis(50),
            retry_after_min: Duration::from_millis(5),
            retry_after_max: Duration::from_millis(20),
            flush_at_shutdown: Duration::from_millis(300),
        };
        let (orders, taken, recalled) = Default::default();
        Self {
            name,
            orders,
            taken,
            recalled,
            pace,
        }
    }
}

impl Sink for Puppet {
    type Batch = Vec<LogRow>;

    fn identity(&self) -> Identity {
        Identity {
            name: self.name.to_owned(),
            kind: "puppet",
            target: "nowhere".to_owned(),
        }
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn prepare(&self) -> Prepare<Vec<LogRow>> {
        Arc::new(|rows| rows)
    }

    async fn attempt(&mut self, batch: &mut Vec<LogRow>, _is_behind: bool) -> Outcome {
        let order = self.orders.lock().unwrap().pop_front();
        if let Some(rest) = order {
            return Outcome {
                accepted: 0,
                rejected: Vec::new(),
                rest,
            };
        }
        self.taken.lock().unwrap().extend(batch.iter().map(|row| row.seq));
        let accepted = batch.iter().map(|row| row.findings.len() as u64).sum();
        Outcome {
            accepted,
            rejected: Vec::new(),
            rest: Rest::Nothing,
        }
    }

    fn memory_changes(&mut self) -> Vec<MemoryChange> {
        let count = u8::try_from(self.taken.lock().unwrap().len()).unwrap();
        vec![("taken".to_owned(), Some(vec![count]))]
    }

    fn recall(&mut self, memory: Memory) {
        *self.recalled.lock().unwrap() = memory;
    }
}

fn findings(count: i64) -> Vec<Finding> {
    let sample = |number| Sample {
        device: "ct1".into(),
        at: Timestamp::from_millisecond(number).unwrap(),
        power_w: 1.0,
        state: State::Off,
        is_provisional: false,
    };
    (0..count).map(sample).map(Finding::Sample).collect()
}

fn log(folder: &tempfile::TempDir) -> FindingsLog {
    let mut log = FindingsLog::open(&folder.path().join("log.sqlite"), &LogConfig::default()).unwrap();
    log.register(&["one", "two"]).unwrap();
    log
}

fn append(log: &mut FindingsLog, rows: u64) {
    for _ in 0..rows {
        let seq = log.last_seq() + 1;
        log.append(seq, Timestamp::UNIX_EPOCH, &findings(3), None)
            .unwrap();
    }
}

#[tokio::test]
async fn every_row_is_taken_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = log(&folder);
    append(&mut log, 50);
    let puppet = Puppet::new("one");
    let taken = puppet.taken.clone();
    let task = SinkTask::new(puppet, log.reader().unwrap());
    let mut watch = task.watch();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(task.run(shutdown.clone()));
    assert!(watch.until(|status| status.cursor == 50).await);
    append(&mut log, 7);
    assert!(
        watch
            .until(|status| status.behind_rows == 0 && status.cursor == 57)
            .await
    );
    assert_eq!(watch.status().accepted, 57 * 3);
    append(&mut log, 1);
    shutdown.cancel();
    running.await.unwrap();
    assert_eq!(
        *taken.lock().unwrap(),
        (1..=58).collect::<Vec<u64>>(),
        "what came last is flushed"
    );
    assert_eq!(log.reader().unwrap().cursor("one").unwrap().seq, 58);
}

#[tokio::test]
async fn failures_are_shown_and_tried_again_until_it_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = log(&folder);
    append(&mut log, 1);
    let puppet = Puppet::new("one");
    let problem = Problem {
        what: "401".to_owned(),
        place: "there".to_owned(),
        mend: "token".to_owned(),
    };
    let retry = || Rest::Retry {
        reason: "no connection".to_owned(),
        after: None,
    };
    puppet
        .orders
        .lock()
        .unwrap()
        .extend([retry(), retry(), Rest::Held(problem.clone())]);
    let task = SinkTask::new(puppet, log.reader().unwrap());
    let mut watch = task.watch();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(task.run(shutdown.clone()));
    assert!(watch.until(|status| status.state == SinkState::Held).await);
    assert_eq!(watch.status().problem, Some(problem));
    assert_eq!((watch.status().retries, watch.status().cursor), (3, 0));
    assert!(
        watch
            .until(|status| status.state == SinkState::Ok && status.cursor == 1)
            .await
    );
    assert_eq!(watch.status().last_error, None);
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn one_dead_sink_delays_no_other_and_ends_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = log(&folder);
    append(&mut log, 20);
    let dead = Puppet::new("one");
    let forever = Rest::Retry {
        reason: "dead".to_owned(),
        after: Some(Duration::from_secs(3600)),
    };
    dead.orders.lock().unwrap().push_back(forever);
    let shutdown = CancellationToken::new();
    let dead = tokio::spawn(run_sink(dead, log.reader().unwrap(), shutdown.clone()));
    let alive = SinkTask::new(Puppet::new("two"), log.reader().unwrap());
    let mut watch = alive.watch();
    let alive = tokio::spawn(alive.run(shutdown.clone()));
    assert!(watch.until(|status| status.cursor == 20).await);
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), dead)
        .await
        .expect("within the deadline")
        .unwrap();
    alive.await.unwrap();
    let reader = log.reader().unwrap();
    assert_eq!(
        (
            reader.cursor("one").unwrap().seq,
            reader.cursor("two").unwrap().seq
        ),
        (0, 20)
    );
}

#[tokio::test]
async fn a_restart_goes_on_behind_the_cursor_with_what_was_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = log(&folder);
    append(&mut log, 5);
    for round in 0..2_u8 {
        let puppet = Puppet::new("one");
        let (taken, recalled) = (puppet.taken.clone(), puppet.recalled.clone());
        let task = SinkTask::new(puppet, log.reader().unwrap());
        let mut watch = task.watch();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(task.run(shutdown.clone()));
        let end = log.last_seq();
        assert!(watch.until(|status| status.cursor == end).await);
        shutdown.cancel();
        running.await.unwrap();
        if round == 1 {
            assert_eq!(*taken.lock().unwrap(), [6, 7]);
            assert_eq!(*recalled.lock().unwrap(), [("taken".to_owned(), vec![5])]);
        }
        append(&mut log, 2);
    }
}

#[tokio::test]
async fn a_sink_that_was_skipped_forward_goes_on_with_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let config = LogConfig {
        bytes_max: 2000,
        ..LogConfig::default()
    };
    let mut log = FindingsLog::open(&folder.path().join("log.sqlite"), &config).unwrap();
    log.register(&["one"]).unwrap();
    append(&mut log, 200);
    let task = SinkTask::new(Puppet::new("one"), log.reader().unwrap());
    let mut watch = task.watch();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(task.run(shutdown.clone()));
    assert!(watch.until(|status| status.cursor == 200).await);
    let status = watch.status();
    assert!(status.skipped > 0);
    assert_eq!(status.accepted + status.skipped, 600);
    shutdown.cancel();
    running.await.unwrap();
}
