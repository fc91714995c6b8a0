use std::path::PathBuf;

use analyzer::{Finding, Sample, State};
use jiff::Timestamp;

use super::*;
use crate::rebuild::Rebuild;

fn sample(number: i64) -> Finding {
    Finding::Sample(Sample {
        device: "ct1".into(),
        at: Timestamp::from_millisecond(1_790_000_000_000 + number).unwrap(),
        power_w: 0.1 * f64::from(i32::try_from(number).unwrap()),
        state: State::Idle,
        is_provisional: false,
    })
}

fn samples(count: i64) -> Vec<Finding> {
    (0..count).map(sample).collect()
}

fn at() -> Timestamp {
    "2026-11-23T10:00:00.123456Z".parse().unwrap()
}

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("findings.sqlite");
    Place {
        _folder: folder,
        path,
    }
}

fn packed(plain: &[u8]) -> PackedSnapshot {
    let mut packer = SnapshotPacker::new();
    packer.extend(plain.iter().copied());
    packer.finish()
}

fn open(place: &Place, config: &LogConfig) -> FindingsLog {
    FindingsLog::open(&place.path, config).unwrap()
}

#[test]
fn what_is_appended_is_read_back_after_a_restart() {
    let place = place();
    let config = LogConfig {
        row_findings_max: 10,
        ..LogConfig::default()
    };
    let mut log = open(&place, &config);
    log.register(&["influx"]).unwrap();
    assert_eq!(
        log.append(5, at(), &samples(25), Some(&packed(b"frozen")))
            .unwrap(),
        3
    );
    assert_eq!(
        log.append(6, at(), &[], None).unwrap(),
        3,
        "nothing found makes no row"
    );
    assert_eq!(log.append(7, at(), &samples(1), None).unwrap(), 4);
    drop(log);

    let log = open(&place, &config);
    assert_eq!((log.journal_cursor().unwrap(), log.last_seq()), (7, 4));
    assert_eq!(log.snapshot().unwrap(), Some((5, b"frozen".to_vec())));
    assert_eq!(*log.end().borrow(), LogEnd { seq: 4, findings: 26 });
    let rows = log.reader().unwrap().read_after(0, 1000).unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| (row.seq, row.journal_seq))
            .collect::<Vec<_>>(),
        [(1, 5), (2, 5), (3, 5), (4, 7)]
    );
    assert!(rows.iter().all(|row| row.at == at() && !row.is_unreadable));
    let findings: Vec<Finding> = rows.into_iter().take(3).flat_map(|row| row.findings).collect();
    assert_eq!(findings, samples(25));
}

#[test]
fn a_read_takes_whole_rows_and_at_least_one() {
    let place = place();
    let mut log = open(
        &place,
        &LogConfig {
            row_findings_max: 10,
            ..LogConfig::default()
        },
    );
    log.append(1, at(), &samples(40), None).unwrap();
    let reader = log.reader().unwrap();
    let seqs = |after, max| {
        reader
            .read_after(after, max)
            .unwrap()
            .iter()
            .map(|row| row.seq)
            .collect::<Vec<_>>()
    };
    assert_eq!(seqs(0, 25), [1, 2]);
    assert_eq!(seqs(2, 1), [3]);
    assert_eq!(seqs(4, 25), Vec::<u64>::new());
}

#[test]
fn rows_go_when_every_sink_has_passed_them_and_numbers_never_return() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.register(&["fast", "slow"]).unwrap();
    for journal_seq in 1..=10 {
        log.append(journal_seq, at(), &samples(3), None).unwrap();
    }
    let mut reader = log.reader().unwrap();
    reader.set_cursor("fast", 10, 0).unwrap();
    reader.set_cursor("slow", 4, 0).unwrap();
    assert_eq!(
        reader.set_cursor("slow", 2, 0).unwrap().seq,
        4,
        "a cursor never goes back"
    );
    assert_eq!(log.prune().unwrap().passed_rows, 4);
    assert_eq!(reader.read_after(0, 1).unwrap()[0].seq, 5);
    reader.set_cursor("slow", 10, 0).unwrap();
    log.prune().unwrap();
    assert_eq!(log.bytes(), 0);
    drop(log);
    let mut log = open(&place, &LogConfig::default());
    assert_eq!(log.append(11, at(), &samples(1), None).unwrap(), 11);
}

#[test]
fn a_new_sink_gets_what_there_is_and_one_that_is_gone_holds_nothing_back() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.register(&["old"]).unwrap();
    for journal_seq in 1..=4 {
        log.append(journal_seq, at(), &samples(1), None).unwrap();
    }
    let mut reader = log.reader().unwrap();
    reader.set_cursor("old", 2, 0).unwrap();
    log.prune().unwrap();
    log.register(&["old", "new"]).unwrap();
    assert_eq!(reader.cursor("new").unwrap().seq, 2);
    log.register(&["new"]).unwrap();
    reader.set_cursor("new", 4, 0).unwrap();
    assert_eq!(log.prune().unwrap().passed_rows, 2);
}

#[test]
fn beyond_the_bound_the_oldest_go_and_every_sink_is_told_what_it_missed() {
    let place = place();
    let config = LogConfig {
        bytes_max: 20_000,
        ..LogConfig::default()
    };
    let mut log = open(&place, &config);
    log.register(&["dead", "alive"]).unwrap();
    let mut reader = log.reader().unwrap();
    let mut appended = 0;
    for journal_seq in 1..=200 {
        appended += 20;
        let seq = log.append(journal_seq, at(), &samples(20), None).unwrap();
        reader.set_cursor("alive", seq, 0).unwrap();
        assert!(log.bytes() <= config.bytes_max);
    }
    let dead = reader.cursor("dead").unwrap();
    let left: usize = reader
        .read_after(dead.seq, usize::MAX)
        .unwrap()
        .iter()
        .map(|row| row.findings.len())
        .sum();
    assert!(dead.skipped_findings > 0 && left > 0, "{dead:?} {left}");
    assert_eq!(
        dead.skipped_findings + left as u64,
        appended,
        "each finding is skipped or still there"
    );
    assert_eq!(dead.skipped_rows, dead.seq);
    assert_eq!(reader.cursor("alive").unwrap().skipped_findings, 0);
}

#[test]
fn refused_items_are_kept_with_their_reason_up_to_the_bound() {
    let place = place();
    let log = open(
        &place,
        &LogConfig {
            rejected_max: 3,
            ..LogConfig::default()
        },
    );
    let mut reader = log.reader().unwrap();
    let rejected: Vec<Rejection> = (0..5)
        .map(|number| Rejection {
            item: format!("line {number}"),
            reason: "ä".repeat(5000),
        })
        .collect();
    let settlement = Settlement {
        seq: 9,
        rows: &[],
        accepted: 4,
        rejected: &rejected,
        memory: &[("a".to_owned(), Some(vec![1])), ("b".to_owned(), Some(vec![2]))],
    };
    let cursor = reader.settle("influx", &settlement).unwrap();
    assert_eq!((cursor.seq, cursor.accepted, cursor.rejected), (9, 4, 5));
    let kept = reader.rejected(10).unwrap();
    assert_eq!(
        kept.iter()
            .map(|kept| kept.rejection.item.as_str())
            .collect::<Vec<_>>(),
        ["line 4", "line 3", "line 2"]
    );
    assert!(kept[0].rejection.reason.len() <= 4096);
    let forget = Settlement {
        rejected: &[],
        memory: &[("a".to_owned(), None)],
        ..settlement
    };
    reader.settle("influx", &forget).unwrap();
    assert_eq!(reader.memory("influx").unwrap(), [("b".to_owned(), vec![2])]);
}

#[test]
fn a_torn_file_is_set_aside_and_the_new_one_numbers_on() {
    let place = place();
    drop(open(&place, &LogConfig::default()));
    std::fs::write(&place.path, vec![7; 8192]).unwrap();
    let mut log = open(
        &place,
        &LogConfig {
            starts_after: 500,
            ..LogConfig::default()
        },
    );
    assert!(log.set_aside().unwrap().ends_with("findings.sqlite.torn-1"));
    assert_eq!(log.journal_cursor().unwrap(), 0);
    log.register(&["influx"]).unwrap();
    assert_eq!(log.append(1, at(), &samples(1), None).unwrap(), 501);
    assert_eq!(log.reader().unwrap().cursor("influx").unwrap().seq, 500);
}

#[test]
fn a_torn_page_and_another_version_are_set_aside_too() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.append(1, at(), &samples(5000), None).unwrap();
    drop(log);
    let mut bytes = std::fs::read(&place.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xA5);
    std::fs::write(&place.path, bytes).unwrap();
    assert!(open(&place, &LogConfig::default()).set_aside().is_some());
    let log = open(&place, &LogConfig::default());
    assert!(log.set_aside().is_none(), "the new file is sound");
    log.connection.pragma_update(None, "user_version", 1).unwrap();
    drop(log);
    assert!(open(&place, &LogConfig::default()).set_aside().is_some());
}

/// Rows of version 4 lack a kind of finding that came last, and are otherwise the same.
#[test]
fn a_file_of_the_version_before_is_read_on() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.register(&["influx"]).unwrap();
    log.append(1, at(), &samples(2), Some(&packed(b"frozen")))
        .unwrap();
    log.connection.pragma_update(None, "user_version", 4).unwrap();
    drop(log);
    let log = open(&place, &LogConfig::default());
    assert_eq!(log.set_aside(), None);
    assert_eq!(log.snapshot().unwrap(), Some((1, b"frozen".to_vec())));
    assert_eq!(
        log.reader().unwrap().read_after(0, 10).unwrap()[0].findings,
        samples(2)
    );
    let version: i64 = log
        .connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(
        version,
        schema::VERSION,
        "a program of old does not take the new kind for damage"
    );
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_is() {
    let place = place();
    let log = open(&place, &LogConfig::default());
    log.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(log);
    let fault = FindingsLog::open(&place.path, &LogConfig::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        fault.contains("version 99") && fault.contains("start the newer idlewatt"),
        "{fault}"
    );
    assert!(place.path.exists());
}

#[test]
fn an_older_file_begins_to_count_and_every_sink_balances() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.register(&["influx"]).unwrap();
    log.append(1, at(), &samples(30), None).unwrap();
    log.append(2, at(), &samples(20), None).unwrap();
    let mut reader = log.reader().unwrap();
    reader.set_cursor("influx", 1, 30).unwrap();
    log.connection
        .execute_batch(
            "DROP INDEX row_findings; ALTER TABLE meta DROP COLUMN messages; ALTER TABLE meta DROP COLUMN aside;
             ALTER TABLE meta DROP COLUMN lost; ALTER TABLE meta DROP COLUMN rebuild;
             ALTER TABLE sink DROP COLUMN begun; ALTER TABLE sink DROP COLUMN passed;
             ALTER TABLE sink DROP COLUMN cleared; PRAGMA user_version = 3",
        )
        .unwrap();
    drop((log, reader));
    let log = open(&place, &LogConfig::default());
    assert_eq!((log.set_aside(), log.messages().unwrap()), (None, None));
    let cursor = log.reader().unwrap().cursor("influx").unwrap();
    assert_eq!(
        (cursor.accepted, cursor.waiting, cursor.unexplained()),
        (30, 20, 0)
    );
}

#[test]
fn every_sink_balances_when_rows_are_passed_skipped_and_refused() {
    let place = place();
    let config = LogConfig {
        row_findings_max: 10,
        bytes_max: 30_000,
        ..LogConfig::default()
    };
    let mut log = open(&place, &config);
    log.register(&["fast", "slow", "dead"]).unwrap();
    let mut reader = log.reader().unwrap();
    for journal_seq in 1..400_u64 {
        let end = log.append(journal_seq, at(), &samples(25), None).unwrap();
        let rows: Vec<(u64, u64)> = reader
            .read_after(end - 3, usize::MAX)
            .unwrap()
            .iter()
            .map(|row| (row.seq, row.count))
            .collect();
        let settlement = Settlement {
            seq: end,
            rows: &rows,
            accepted: 20,
            rejected: &[Rejection {
                item: "a".to_owned(),
                reason: "b".to_owned(),
            }],
            memory: &[],
        };
        reader.settle("fast", &settlement).unwrap();
        if journal_seq == 100 {
            // it was delivering these while the bound took them
            let rows: Vec<(u64, u64)> = (1..=200)
                .map(|seq| (seq, if seq % 3 == 0 { 5 } else { 10 }))
                .collect();
            let settlement = Settlement {
                seq: 200,
                rows: &rows,
                accepted: 0,
                rejected: &[],
                memory: &[],
            };
            reader.settle("slow", &settlement).unwrap();
        }
        for sink in ["fast", "slow", "dead"] {
            let cursor = reader.cursor(sink).unwrap();
            assert_eq!(cursor.unexplained(), 0, "{sink} after {journal_seq}: {cursor:?}");
            assert_eq!(cursor.findings, 25 * journal_seq);
        }
    }
    let dead = reader.cursor("dead").unwrap();
    assert!(dead.skipped_findings > 0 && dead.passed == 0, "{dead:?}");
    assert_eq!(reader.cursor("fast").unwrap().left_out(), 399 * 4);
}

#[test]
fn the_past_is_said_again_once_and_cleared_for_by_each_sink() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.register(&["influx", "away"]).unwrap();
    log.append(1, at(), &samples(3), Some(&packed(b"frozen")))
        .unwrap();
    let mut reader = log.reader().unwrap();
    reader.set_cursor("influx", 1, 3).unwrap();
    let rebuild = |id: &str, second| {
        Rebuild::new(
            id.to_owned(),
            Timestamp::from_second(second).unwrap(),
            std::collections::BTreeMap::new(),
        )
    };
    assert!(log.rewind(&rebuild("a", 1000), 9).unwrap());
    assert!(
        !log.rewind(&rebuild("a", 1000), 9).unwrap(),
        "killed before the note was deleted"
    );
    assert_eq!(
        (
            log.journal_cursor().unwrap(),
            log.snapshot().unwrap(),
            log.messages().unwrap()
        ),
        (0, None, None)
    );
    let unclear = reader.unclear("influx").unwrap().unwrap();
    assert_eq!((unclear.row, unclear.until), (1, 9));
    reader.set_cleared("influx", &unclear, None).unwrap();
    assert_eq!(reader.unclear("influx").unwrap(), None);
    assert!(reader.unclear("away").unwrap().is_some());
    assert!(log.rewind(&rebuild("b", 2000), 12).unwrap());
    let wider = reader.unclear("influx").unwrap().unwrap();
    assert_eq!(
        wider.since,
        Timestamp::from_second(1000).unwrap(),
        "somebody has not cleared for the first"
    );
    log.register(&["influx", "away", "new"]).unwrap();
    assert_eq!(
        reader.unclear("new").unwrap(),
        None,
        "it holds nothing that could be old"
    );
}

#[test]
fn a_damaged_row_is_passed_over_and_said() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.append(1, at(), &samples(2), None).unwrap();
    log.append(2, at(), &samples(2), None).unwrap();
    log.connection
        .execute("UPDATE row SET body = x'00' WHERE seq = 1", [])
        .unwrap();
    let rows = log.reader().unwrap().read_after(0, 10).unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| (row.is_unreadable, row.findings.len()))
            .collect::<Vec<_>>(),
        [(true, 0), (false, 2)]
    );
}

#[test]
fn the_cursor_of_a_sink_moves_while_the_analyzer_appends() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.register(&["influx"]).unwrap();
    let mut reader = log.reader().unwrap();
    let mover = std::thread::spawn(move || {
        for seq in 0..200 {
            reader.set_cursor("influx", seq, 0).unwrap();
        }
    });
    for journal_seq in 1..=200 {
        log.append(journal_seq, at(), &samples(1), None).unwrap();
    }
    mover.join().unwrap();
    assert_eq!(log.journal_cursor().unwrap(), 200);
}

#[test]
fn a_full_disk_writes_nothing_and_the_same_call_succeeds_later() {
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    log.append(1, at(), &samples(10), None).unwrap();
    let pages: i64 = log
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    log.connection
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    let mut random = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_le_bytes()
    })
    .take(50_000)
    .flatten()
    .collect();
    for _ in 0..3 {
        let error = log
            .append(2, at(), &samples(10), Some(&packed(&noise)))
            .unwrap_err();
        assert!(matches!(error, LogError::Retry { .. }), "{error}");
    }
    assert_eq!(
        (
            log.journal_cursor().unwrap(),
            log.last_seq(),
            log.snapshot().unwrap()
        ),
        (1, 1, None)
    );
    log.connection
        .pragma_update(None, "max_page_count", 1_000_000)
        .unwrap();
    assert_eq!(
        log.append(2, at(), &samples(10), Some(&packed(&noise))).unwrap(),
        2
    );
    assert_eq!(log.snapshot().unwrap(), Some((2, noise)));
}

/// `cargo test -p deliver --lib -- --ignored --nocapture a_second` prints figures of one core.
#[test]
#[ignore = "a measurement"]
fn findings_a_second() {
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    fn measure<T>(what: &str, count: usize, work: impl FnOnce() -> T) -> T {
        let started = std::time::Instant::now();
        let result = work();
        println!(
            "{what}: {:.0} findings/s",
            count as f64 / started.elapsed().as_secs_f64()
        );
        result
    }
    let place = place();
    let mut log = open(&place, &LogConfig::default());
    let findings = samples(500_000);
    let count = findings.len();
    measure("append", count, || {
        for chunk in findings.chunks(5000) {
            log.append(1, at(), chunk, None).unwrap();
        }
    });
    println!("{:.1} bytes each", log.bytes() as f64 / count as f64);
    let reader = log.reader().unwrap();
    let rows = measure("read", count, || reader.read_after(0, usize::MAX).unwrap());
    let encoder = crate::line::LineEncoder::new(&[], crate::line::Strings::Kept, crate::line::Hours::SoFar);
    let mut text = String::new();
    measure("encode", count, || {
        for finding in rows.iter().flat_map(|row| &row.findings) {
            encoder.encode(finding, &mut text);
        }
    });
    let packed = measure("gzip", count, || {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(1));
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    });
    println!(
        "{:.1} bytes a line, {:.1} packed",
        text.len() as f64 / count as f64,
        packed.len() as f64 / count as f64
    );
}
