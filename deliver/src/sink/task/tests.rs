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
    shows_newest: bool,
    /// What becomes of rows that are shown before their turn.
    shown_orders: VecDeque<Rest>,
    in_turn: u64,
}

impl Puppet {
    fn new(name: &'static str) -> Self {
        let pace = Pace {
            batch_findings_max: 10,
            flush_after: Duration::from_millis(20),
            held_retry_after: Duration::from_millis(50),
            retry_after_min: Duration::from_millis(5),
            retry_after_max: Duration::from_millis(20),
            show_newest_every: Duration::ZERO,
            flush_at_shutdown: Duration::from_millis(300),
        };
        let (orders, taken, recalled) = Default::default();
        Self {
            name,
            orders,
            taken,
            recalled,
            pace,
            shows_newest: false,
            shown_orders: VecDeque::new(),
            in_turn: 0,
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

    fn shows_newest(&self) -> bool {
        self.shows_newest
    }

    async fn attempt(&mut self, batch: &mut Vec<LogRow>, _is_behind: bool) -> Outcome {
        let is_shown = batch.first().is_some_and(|row| row.seq > self.in_turn + 1);
        let order = if is_shown {
            self.shown_orders.pop_front()
        } else {
            self.orders.lock().unwrap().pop_front()
        };
        if let Some(rest) = order {
            return Outcome {
                accepted: 0,
                rejected: Vec::new(),
                rest,
            };
        }
        self.taken.lock().unwrap().extend(batch.iter().map(|row| row.seq));
        if !is_shown {
            self.in_turn = batch.last().map_or(self.in_turn, |row| row.seq);
        }
        let accepted = batch.iter().map(|row| row.findings.len() as u64).sum();
        Outcome {
            accepted,
            rejected: Vec::new(),
            rest: Rest::Nothing,
        }
    }

    fn memory_changes(&mut self) -> Vec<MemoryChange> {
        let count = self.taken.lock().unwrap().len() % 256;
        vec![("taken".to_owned(), Some(vec![u8::try_from(count).unwrap()]))]
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

/// Rows an hour apart.
fn append_hours(log: &mut FindingsLog, hours: std::ops::Range<i64>) {
    for hour in hours {
        let at = Timestamp::from_second(hour * 3600).unwrap();
        log.append(log.last_seq() + 1, at, &findings(3), None).unwrap();
    }
}

/// How often each row was taken.
fn counts(taken: &[u64]) -> std::collections::BTreeMap<u64, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for seq in taken {
        *counts.entry(*seq).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn while_days_are_delivered_what_is_newest_is_shown_and_delivered_again_in_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = log(&folder);
    append_hours(&mut log, 0..100);
    let mut puppet = Puppet::new("one");
    puppet.shows_newest = true;
    let taken = puppet.taken.clone();
    let task = SinkTask::new(puppet, log.reader().unwrap());
    let mut watch = task.watch();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(task.run(shutdown.clone()));
    assert!(watch.until(|status| status.cursor >= 6).await);
    append_hours(&mut log, 100..110);
    assert!(watch.until(|status| status.cursor == 110).await);
    assert_eq!(watch.status().accepted, 330, "what was shown is not counted");
    shutdown.cancel();
    running.await.unwrap();
    let taken = taken.lock().unwrap().clone();
    assert_eq!(taken[..6], [1, 2, 3, 98, 99, 100], "{taken:?}");
    let place = |seq: u64| taken.iter().position(|taken| *taken == seq).unwrap();
    assert!(
        place(110) < place(90),
        "what came meanwhile is shown before the back-log is through: {taken:?}"
    );
    let counts = counts(&taken);
    assert!(counts.keys().copied().eq(1..=110), "each at least once");
    assert!(
        counts.values().all(|count| *count <= 2),
        "and at most twice: {counts:?}"
    );
    // the last write of each row is the one in its turn
    let mut last: Vec<u64> = Vec::new();
    for seq in taken.iter().rev() {
        if !last.contains(seq) {
            last.push(*seq);
        }
    }
    assert!(last.is_sorted_by(|one, other| one > other), "{taken:?}");
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_back_log_loses_nothing_and_what_was_shown_moves_no_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = log(&folder);
    append_hours(&mut log, 0..100);
    let mut taken_in_all = Vec::new();
    for until in [20, 60, 100] {
        let mut puppet = Puppet::new("one");
        puppet.shows_newest = true;
        let taken = puppet.taken.clone();
        let task = SinkTask::new(puppet, log.reader().unwrap());
        let mut watch = task.watch();
        let running = tokio::spawn(task.run(CancellationToken::new()));
        assert!(watch.until(|status| status.cursor >= until).await);
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        taken_in_all.extend(taken.lock().unwrap().iter().copied());
        let cursor = log.reader().unwrap().cursor("one").unwrap().seq;
        assert!((until..=100).contains(&cursor), "{cursor}");
        assert!(
            (1..=cursor).all(|seq| taken_in_all.contains(&seq)),
            "up to {cursor}: {taken_in_all:?}"
        );
    }
}

#[tokio::test]
async fn what_is_refused_while_it_is_shown_is_tried_again_and_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = log(&folder);
    append_hours(&mut log, 0..30);
    let mut puppet = Puppet::new("one");
    puppet.shows_newest = true;
    let problem = Problem {
        what: "401".to_owned(),
        place: "there".to_owned(),
        mend: "token".to_owned(),
    };
    let reason = "busy".to_owned();
    puppet
        .shown_orders
        .extend([Rest::Retry { reason, after: None }, Rest::Held(problem)]);
    let task = SinkTask::new(puppet, log.reader().unwrap());
    let mut watch = task.watch();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(task.run(shutdown.clone()));
    assert!(watch.until(|status| status.cursor == 30).await);
    let status = watch.status();
    assert_eq!(
        (status.accepted, status.rejected, status.retries),
        (90, 0, 1),
        "{status:?}"
    );
    assert_eq!(status.state, SinkState::Ok);
    shutdown.cancel();
    running.await.unwrap();
}
