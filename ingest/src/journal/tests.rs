mod damage;
mod quarantine;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::clock::Clock;
use crate::incident::Incidents;
use crate::record::Batch;
use crate::session::AckBox;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn record(number: u16, qos: u8) -> Record {
    Record {
        received: at(i64::from(number)),
        topic: format!("meters/{}", number % 7),
        payload: format!("{{\"power\":{number}}}").into_bytes(),
        qos,
        is_retained: false,
        is_after_outage: false,
        packet_id: if qos > 0 { number } else { 0 },
        broker: 0,
    }
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/journal.sqlite");
    (folder, path)
}

fn open(path: &Path) -> Journal {
    Journal::open(path, &JournalConfig::default()).unwrap()
}

fn nothing() -> Noted {
    Noted::default()
}

#[test]
fn what_is_appended_is_read_again_by_another_process() {
    let (_folder, path) = file();
    let records: Vec<Record> = (1..50)
        .map(|number| record(number, u8::from(number % 2 == 0)))
        .collect();
    {
        let mut journal = open(&path);
        assert_eq!(journal.last_seq(), 0);
        assert_eq!(journal.append(at(1), &records, 3, &nothing()).unwrap(), 1);
        assert_eq!(journal.append(at(2), &[], 0, &nothing()).unwrap(), 2);
    }
    let journal = open(&path);
    assert_eq!((journal.last_seq(), journal.last_committed()), (2, Some(at(2))));
    let account = journal.account();
    assert_eq!((account.journalled, account.duplicates), (49, 3));
    assert_eq!((account.received_qos0, account.received_qos1), (25, 27));
    assert!(account.is_balanced());
    let mut reader = journal.reader().unwrap();
    let batches = reader.read_after(0, 10).unwrap();
    assert_eq!(
        batches[0],
        Batch {
            seq: 1,
            committed: at(1),
            records
        }
    );
    assert_eq!(
        batches[1],
        Batch {
            seq: 2,
            committed: at(2),
            records: Vec::new()
        }
    );
    assert_eq!(reader.read_after(1, 10).unwrap().len(), 1);
    assert_eq!(reader.read_after(2, 10).unwrap(), []);
    assert_eq!(reader.totals_at(2).unwrap().received_qos1, 27);
    assert_eq!(reader.totals_at(0).unwrap(), Totals::default());
    assert_eq!(reader.seq_before(at(2)).unwrap(), 1);
}

#[test]
fn a_torn_file_is_set_aside_and_numbers_go_on_above_it() {
    for (name, damage) in [
        (
            "rubbish",
            &(|bytes: &mut Vec<u8>| bytes[..4096].fill(0xA5)) as &dyn Fn(&mut Vec<u8>),
        ),
        ("cut short", &|bytes| bytes.truncate(bytes.len() / 2)),
        ("a hole", &|bytes| {
            let middle = bytes.len() / 2;
            bytes[middle..middle + 4096].fill(0);
        }),
    ] {
        let (folder, path) = file();
        let mut journal = open(&path);
        for seq in 0..200_u16 {
            let records: Vec<Record> = (0..40).map(|number| record(number * 7 + seq, 1)).collect();
            journal
                .append(at(i64::from(seq)), &records, 0, &nothing())
                .unwrap();
        }
        drop(journal);
        let mut bytes = std::fs::read(&path).unwrap();
        damage(&mut bytes);
        std::fs::write(&path, bytes).unwrap();

        let mut journal = open(&path);
        let aside = journal
            .set_aside()
            .unwrap_or_else(|| panic!("{name}: not noticed"))
            .to_owned();
        assert!(aside.exists() && aside.starts_with(folder.path()), "{name}");
        assert!(
            journal.last_seq() > 200,
            "{name}: no cursor of the old file may point into the new one's future"
        );
        let seq = journal.append(at(900), &[record(1, 1)], 0, &nothing()).unwrap();
        assert_eq!(
            journal.reader().unwrap().read_after(200, 10).unwrap()[0].seq,
            seq,
            "{name}"
        );
    }
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let (folder, _) = file();
    let path = folder.path().join("other.sqlite");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (id INTEGER)")
        .unwrap();
    assert!(matches!(
        Journal::open(&path, &JournalConfig::default()),
        Err(JournalError::GiveUp { .. })
    ));
    let newer = folder.path().join("newer.sqlite");
    drop(open(&newer));
    Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = Journal::open(&newer, &JournalConfig::default())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("99"), "{error}");
    assert!(newer.exists() && path.exists());
}

#[test]
fn a_second_writer_is_refused() {
    let (_folder, path) = file();
    let _first = open(&path);
    let error = Journal::open(&path, &JournalConfig::default())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("in use by another process; stop it"), "{error}");
}

#[test]
fn a_damaged_batch_in_the_middle_is_left_out_and_counted() {
    let (_folder, path) = file();
    let mut journal = open(&path);
    for seq in 0..3 {
        journal.append(at(seq), &[record(1, 1)], 0, &nothing()).unwrap();
    }
    connect(&path)
        .unwrap()
        .execute("UPDATE batch SET blob = x'00112233' WHERE seq = 2", [])
        .unwrap();
    let mut reader = journal.reader().unwrap();
    let seqs: Vec<u64> = reader
        .read_after(0, 10)
        .unwrap()
        .iter()
        .map(|batch| batch.seq)
        .collect();
    assert_eq!((seqs, reader.damaged()), (vec![1, 3], 1));
}

#[test]
fn age_deletes_only_what_every_reader_has_had() {
    let (_folder, path) = file();
    let mut journal = Journal::open(
        &path,
        &JournalConfig {
            keep_days: 1,
            ..JournalConfig::default()
        },
    )
    .unwrap();
    for day in 0..5 {
        journal
            .append(at(day * 86_400), &[record(1, 1)], 0, &nothing())
            .unwrap();
    }
    assert_eq!(journal.prune(0).unwrap(), Pruned::default());
    assert_eq!(journal.prune(2).unwrap().batches, 2);
    assert_eq!(
        journal.prune(5).unwrap().batches,
        1,
        "the fourth is exactly a day old, the fifth is new"
    );
    assert_eq!(journal.oldest().unwrap().map(|(seq, _)| seq), Some(4));
    assert_eq!(journal.account().batches_skipped, 0);
    assert_eq!(journal.account().journalled, 5, "the account remembers");
}

#[test]
fn size_deletes_what_a_reader_still_needs_and_counts_it() {
    let (_folder, path) = file();
    let config = JournalConfig {
        keep_bytes_max: 1 << 20,
        ..JournalConfig::default()
    };
    let mut journal = Journal::open(&path, &config).unwrap();
    let mut seed = 1_u64;
    for _ in 0..300 {
        let mut noise = record(1, 1);
        noise.payload = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            u8::try_from(seed >> 56).unwrap()
        })
        .take(10_000)
        .collect();
        journal.append(at(1), &[noise], 0, &nothing()).unwrap();
    }
    let mut skipped = 0;
    loop {
        let pruned = journal.prune(50).unwrap();
        if pruned.batches == 0 {
            break;
        }
        skipped += pruned.batches_skipped;
    }
    assert!((130..200).contains(&skipped), "{skipped}");
    assert_eq!(journal.account().batches_skipped, skipped);
    assert_eq!(journal.account().records_skipped, skipped);
    let told = Incidents::open(&path).unwrap().newest(10).unwrap();
    assert_eq!(
        (told.len(), told[0].kind.as_str(), told[0].lost),
        (1, "journal_skipped", skipped)
    );
    journal.append(at(2), &[], 0, &nothing()).unwrap();
    drop(journal);
    let bytes = std::fs::metadata(&path).unwrap().len();
    assert!(bytes < 1_200_000, "{bytes}");
    assert_eq!(
        open(&path).account().batches_skipped,
        skipped,
        "it survives a restart"
    );
}

#[test]
fn a_full_disk_stores_nothing_and_the_same_batch_fits_later() {
    let (_folder, path) = file();
    let mut journal = open(&path);
    journal.append(at(1), &[record(1, 1)], 0, &nothing()).unwrap();
    journal.limit_pages(0);
    let mut big = record(2, 1);
    big.payload = (0..100_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let batch = [big];
    assert!(matches!(
        journal.append(at(2), &batch, 0, &nothing()),
        Err(JournalError::Retry { .. })
    ));
    assert_eq!((journal.last_seq(), journal.account().journalled), (1, 1));
    journal.limit_pages(1_000);
    assert_eq!(journal.append(at(3), &batch, 0, &nothing()).unwrap(), 2);
    assert_eq!(
        journal.reader().unwrap().read_after(1, 9).unwrap()[0].records,
        batch
    );
}

fn message(number: u16, epoch: u64) -> Item {
    let ack = Some(Ack {
        broker: 0,
        epoch,
        packet_id: number,
    });
    Item::Message {
        record: record(number, 1),
        poison: None,
        ack,
    }
}

fn wait_for(
    progress: &tokio::sync::watch::Receiver<Progress>,
    is_there: impl Fn(&Progress) -> bool,
) -> Progress {
    let mut progress = progress.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let wait = progress.wait_for(|now| is_there(now));
        tokio::time::timeout(Duration::from_secs(20), wait)
            .await
            .expect("in time")
            .unwrap()
            .clone()
    })
}

fn acknowledged(acks: &AckBox) -> Vec<u16> {
    let mut taken = Vec::new();
    acks.take(&mut taken);
    taken.iter().map(|ack: &Ack| ack.packet_id).collect()
}

#[test]
fn the_writer_acknowledges_after_the_commit_and_in_order() {
    let (_folder, path) = file();
    let writer = Writer::start(open(&path), Clock::system()).unwrap();
    let handle = writer.handle();
    let acks = Arc::new(AckBox::default());
    let joined = handle.join("main", Arc::clone(&acks)).unwrap();
    assert_eq!((joined.broker, joined.tail.len()), (0, 0));
    for number in 1..=500 {
        handle.inbox().push(message(number, 1));
    }
    handle.inbox().push(Item::Duplicate {
        ack: Ack {
            broker: 0,
            epoch: 1,
            packet_id: 501,
        },
    });
    let progress = wait_for(&handle.progress(), |now| now.account.received() == 501);
    assert_eq!(
        (progress.account.journalled, progress.account.duplicates),
        (500, 1)
    );
    let journal = writer.stop();
    assert_eq!(acknowledged(&acks), (1..=501).collect::<Vec<u16>>());
    let batches = journal.reader().unwrap().read_after(0, 1_000).unwrap();
    assert_eq!(
        batches.iter().map(|batch| batch.records.len()).sum::<usize>(),
        500
    );
}

#[test]
fn a_session_that_joins_again_gets_its_number_filters_and_tail() {
    let (_folder, path) = file();
    let writer = Writer::start(open(&path), Clock::system()).unwrap();
    let handle = writer.handle();
    let acks = Arc::new(AckBox::default());
    handle.join("first", Arc::clone(&acks)).unwrap();
    assert_eq!(handle.join("second", Arc::clone(&acks)).unwrap().broker, 1);
    for number in 1..=30 {
        handle.inbox().push(message(number, 1));
    }
    handle.inbox().push(Item::Subscribed {
        broker: 0,
        filters: vec!["a/#".to_owned(), "b".to_owned()],
    });
    drop(writer.stop());
    let writer = Writer::start(open(&path), Clock::system()).unwrap();
    let joined = writer.handle().join("first", acks).unwrap();
    assert_eq!(
        (joined.broker, joined.filters),
        (0, vec!["a/#".to_owned(), "b".to_owned()])
    );
    let ids: Vec<u16> = joined.tail.iter().map(|(packet_id, _)| *packet_id).collect();
    assert_eq!(ids, (1..=30).collect::<Vec<u16>>());
}

#[test]
fn what_was_before_the_brokers_new_session_is_no_part_of_its_tail() {
    let (_folder, path) = file();
    let writer = Writer::start(open(&path), Clock::system()).unwrap();
    let handle = writer.handle();
    let acks = Arc::new(AckBox::default());
    handle.join("main", Arc::clone(&acks)).unwrap();
    for number in 1..=30 {
        handle.inbox().push(message(number, 1));
    }
    handle.inbox().push(Item::SessionBegins {
        broker: 0,
        forgotten_by: None,
    });
    for number in 1..=5 {
        handle.inbox().push(message(number, 1));
    }
    drop(writer.stop());
    let writer = Writer::start(open(&path), Clock::system()).unwrap();
    let tail = writer.handle().join("main", acks).unwrap().tail;
    assert_eq!(
        tail.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
}

#[test]
fn a_journal_of_the_first_version_is_brought_up_to_date() {
    let (_folder, path) = file();
    let mut journal = open(&path);
    journal.append(at(1), &[record(1, 1)], 0, &nothing()).unwrap();
    drop(journal);
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "ALTER TABLE broker DROP COLUMN session_from_seq; DROP TABLE incident;
         ALTER TABLE quarantine DROP COLUMN is_cut; ALTER TABLE quarantine_tally DROP COLUMN dropped;
         PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);
    let journal = open(&path);
    assert_eq!((journal.last_seq(), journal.account().journalled), (1, 1));
    let writer = Writer::start(journal, Clock::system()).unwrap();
    let joined = writer.handle().join("main", Arc::default()).unwrap();
    assert_eq!(joined.tail.len(), 1, "all of it counts as one session");
}

#[test]
fn while_the_disk_refuses_nothing_is_acknowledged_and_nothing_is_lost() {
    let (_folder, path) = file();
    let config = JournalConfig {
        commit_records_max: 10,
        ..JournalConfig::default()
    };
    let journal = Journal::open(&path, &config).unwrap();
    journal.connection.busy_timeout(Duration::ZERO).unwrap();
    let writer = Writer::start(journal, Clock::system()).unwrap();
    let handle = writer.handle();
    let acks = Arc::new(AckBox::default());
    handle.join("main", Arc::clone(&acks)).unwrap();
    let lock = connect(&path).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for number in 1..=20 {
        handle.inbox().push(message(number, 1));
    }
    let alarm = wait_for(&handle.progress(), |now| now.alarm.is_some())
        .alarm
        .unwrap();
    assert!(
        alarm.what.contains("lock") || alarm.what.contains("busy"),
        "{}",
        alarm.what
    );
    assert!(acknowledged(&acks).is_empty());
    for number in 21..=40 {
        handle.inbox().push(message(number, 1));
    }
    lock.execute_batch("ROLLBACK").unwrap();
    let after = wait_for(&handle.progress(), |now| now.account.journalled == 40);
    assert!(after.alarm.is_none() && after.account.commits_failed > 0 && after.account.is_balanced());
    writer.stop();
    assert_eq!(acknowledged(&acks), (1..=40).collect::<Vec<u16>>());
    // time has not gone on before what waited then is heard
    let batches = JournalReader::open(&path).unwrap().read_after(0, 100).unwrap();
    let waited = |pair: &&[Batch]| pair[0].records[0].packet_id > 20;
    let mut pairs = batches.windows(2).filter(waited).peekable();
    assert!(pairs.peek().is_some());
    assert!(pairs.all(|pair| pair[0].committed <= pair[1].records[0].received));
}

#[test]
fn a_kill_before_the_commit_leaves_a_balanced_account_without_the_message() {
    let (_folder, path) = file();
    let config = JournalConfig {
        commit_after_ms: 10_000,
        ..JournalConfig::default()
    };
    let writer = Writer::start(Journal::open(&path, &config).unwrap(), Clock::system()).unwrap();
    let handle = writer.handle();
    let acks = Arc::new(AckBox::default());
    handle.join("main", Arc::clone(&acks)).unwrap();
    handle.inbox().push(message(1, 1));
    writer.abandon();
    assert!(acknowledged(&acks).is_empty());
    let account = open(&path).account();
    assert!(account.is_balanced() && account.received() == 0);
}

#[test]
fn in_playback_only_told_time_goes_on_and_a_restart_resumes_it() {
    let (_folder, path) = file();
    let clock = Clock::playback(Timestamp::UNIX_EPOCH);
    let writer = Writer::start(open(&path), clock.clone()).unwrap();
    let handle = writer.handle();
    let tick = |second: i64| Item::Tick {
        at: clock.tell(at(second).as_millisecond()),
        ack: None,
    };
    handle.inbox().push(tick(10));
    let mut record = record(1, 0);
    record.received = clock.now();
    handle.inbox().push(Item::Message {
        record,
        poison: None,
        ack: None,
    });
    handle.inbox().push(tick(20));
    let progress = wait_for(&handle.progress(), |now| now.committed == Some(at(20)));
    assert_eq!(
        (progress.account.clock_ticks, progress.account.journalled),
        (2, 1)
    );
    let journal = writer.stop();
    let batches = journal.reader().unwrap().read_after(0, 10).unwrap();
    assert_eq!(
        batches
            .iter()
            .flat_map(|batch| &batch.records)
            .next()
            .unwrap()
            .received,
        at(10)
    );
    let resumed = Clock::playback(journal.last_committed().unwrap());
    assert_eq!(resumed.now(), at(20));
    assert_eq!(resumed.now() - SignedDuration::from_secs(20), at(0));
}

#[test]
fn when_nothing_comes_a_heartbeat_says_that_time_went_on() {
    let (_folder, path) = file();
    let config = JournalConfig {
        heartbeat_every_s: 1,
        ..JournalConfig::default()
    };
    let writer = Writer::start(Journal::open(&path, &config).unwrap(), Clock::system()).unwrap();
    wait_for(&writer.handle().progress(), |now| now.last_seq >= 2);
    let batches = writer.stop().reader().unwrap().read_after(0, 10).unwrap();
    assert!(batches.iter().all(|batch| batch.records.is_empty()));
    assert!(batches[0].committed < batches[1].committed);
}

#[test]
fn a_forgotten_session_is_an_incident_committed_with_the_first_batch_after_it() {
    let (_folder, path) = file();
    let writer = Writer::start(open(&path), Clock::system()).unwrap();
    let handle = writer.handle();
    handle.join("ward", Arc::default()).unwrap();
    handle.inbox().push(Item::SessionBegins {
        broker: 0,
        forgotten_by: Some("ward".to_owned()),
    });
    handle.inbox().push(message(1, 1));
    wait_for(&handle.progress(), |now| now.account.journalled == 1);
    let told = Incidents::open(&path).unwrap().newest(10).unwrap();
    assert_eq!(
        (told.len(), told[0].kind.as_str(), told[0].place.as_str()),
        (1, "session_lost", "broker ward")
    );
    writer.stop();
}
