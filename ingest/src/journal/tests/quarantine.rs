//! The quarantine beside the journal: bounded, idempotent, settled anew.

use super::*;
use crate::quarantine::{Quarantine, QuarantineCount, Refused};

fn refused<'a>(seq: u64, index: usize, record: &'a Record, reason: &'a str) -> Refused<'a> {
    Refused {
        seq,
        index,
        record,
        family: Some("tasmota"),
        reason,
        is_cut: false,
    }
}

#[test]
fn quarantine_is_idempotent_bounded_and_listed() {
    let (_folder, path) = file();
    drop(open(&path));
    let config = JournalConfig {
        quarantine_rows_max: 3,
        ..JournalConfig::default()
    };
    let mut quarantine = Quarantine::open(&path, &config).unwrap();
    let (one, two) = (record(1, 1), [record(2, 1), record(3, 0), record(4, 1)]);
    let first = refused(7, 0, &one, "no JSON");
    assert_eq!(quarantine.put_all(&[first]).unwrap(), 1);
    assert_eq!(
        quarantine
            .put_all(&[refused(7, 0, &one, "another reason")])
            .unwrap(),
        0
    );
    let listed = quarantine.list(None, 10).unwrap();
    assert_eq!((listed.len(), listed[0].reason.as_str()), (1, "no JSON"));
    assert_eq!((listed[0].seq, listed[0].family.as_deref()), (7, Some("tasmota")));
    let more: Vec<_> = two
        .iter()
        .enumerate()
        .map(|(index, record)| refused(8, index, record, "NaN"))
        .collect();
    assert_eq!(quarantine.put_all(&more).unwrap(), 3);
    let bytes = two
        .iter()
        .map(|record| count(record.topic.len() + record.payload.len()))
        .sum();
    assert_eq!(
        quarantine.count().unwrap(),
        QuarantineCount {
            rows: 3,
            bytes,
            evicted: 1,
            dropped: 0,
        }
    );
    assert_eq!(quarantine.list(Some((8, 0)), 10).unwrap().len(), 2);
    assert_eq!(quarantine.drop_before(two[1].received).unwrap(), 1);
    let count = quarantine.count().unwrap();
    assert_eq!((count.rows, count.evicted, count.dropped), (2, 1, 1));
}

#[test]
fn what_can_be_read_today_leaves_the_quarantine_and_the_rest_gets_its_new_reason() {
    let (_folder, path) = file();
    drop(open(&path));
    let mut quarantine = Quarantine::open(&path, &JournalConfig::default()).unwrap();
    let records: Vec<Record> = (1..6).map(|number| record(number, 1)).collect();
    let cut = Refused {
        is_cut: true,
        ..refused(3, 1, &records[2], "300000 bytes are too many")
    };
    let before = [
        refused(2, 0, &records[0], "old"),
        refused(3, 0, &records[1], "old"),
        cut,
        refused(9, 0, &records[3], "old"),
    ];
    quarantine.put_all(&before).unwrap();
    for _ in 0..2 {
        quarantine
            .settle(
                1..=8,
                &[
                    refused(3, 0, &records[1], "new"),
                    refused(4, 0, &records[4], "new"),
                ],
            )
            .unwrap();
        let held = quarantine.list(None, 10).unwrap();
        let held: Vec<_> = held
            .iter()
            .map(|it| (it.seq, it.index, it.reason.as_str()))
            .collect();
        let wanted = [
            (3, 0, "new"),
            (3, 1, "300000 bytes are too many"),
            (4, 0, "new"),
            (9, 0, "old"),
        ];
        assert_eq!(held, wanted);
        assert_eq!(quarantine.count().unwrap().rows, 4);
        assert_eq!(quarantine.cut(1..=8).unwrap(), [(3, 1)]);
    }
}

#[test]
fn quarantine_is_bounded_by_bytes() {
    let (_folder, path) = file();
    drop(open(&path));
    let config = JournalConfig {
        quarantine_bytes_max: 100,
        ..JournalConfig::default()
    };
    let mut quarantine = Quarantine::open(&path, &config).unwrap();
    let mut long = record(1, 1);
    long.payload = vec![b'x'; 60];
    for seq in 1..5 {
        quarantine.put_all(&[refused(seq, 0, &long, "too long")]).unwrap();
    }
    let count = quarantine.count().unwrap();
    assert_eq!((count.rows, count.evicted), (1, 3));
    assert_eq!(quarantine.list(None, 9).unwrap()[0].seq, 4);
}
