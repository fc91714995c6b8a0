//! Damaged batches and pages, and a file of a newer program.

use super::*;

#[test]
fn damaged_batches_are_passed_over_and_counted_once_wherever_they_lie() {
    let (_folder, path) = file();
    let mut journal = open(&path);
    for second in 1..=200 {
        let number = u16::try_from(second).unwrap();
        journal
            .append(at(second), &[record(number, 1)], 0, &nothing())
            .unwrap();
    }
    // more in a row than one read takes, one in the middle, and the last
    journal
        .connection
        .execute(
            "UPDATE batch SET blob = x'00ff' WHERE seq BETWEEN 10 AND 110 OR seq IN (150, 200)",
            [],
        )
        .unwrap();
    let mut reader = journal.reader().unwrap();
    let (mut seen, mut after) = (0, 0);
    loop {
        let batches = reader.read_after(after, 64).unwrap();
        let Some(last) = batches.last() else { break };
        (seen, after) = (seen + batches.len(), last.seq);
    }
    assert_eq!((seen, after), (97, 199));
    assert_eq!(reader.read_after(after, 64).unwrap(), []);
    assert_eq!(reader.damaged(), 103);
    assert_eq!(
        reader.total_read(),
        199,
        "what was lost is in the journal's own count"
    );
    journal.append(at(201), &[record(201, 1)], 0, &nothing()).unwrap();
    assert_eq!(reader.read_after(after, 64).unwrap()[0].seq, 201);
    assert_eq!((reader.damaged(), reader.total_read()), (103, 201));
}

#[test]
fn a_zeroed_page_in_a_running_journal_costs_the_batches_on_it() {
    let (_folder, path) = file();
    let mut journal = open(&path);
    let long: Vec<Record> = (1..40).map(|number| record(number, 1)).collect();
    for second in 1..=300 {
        journal.append(at(second), &long, 0, &nothing()).unwrap();
    }
    drop(journal);
    let mut bytes = std::fs::read(&path).unwrap();
    let page = 4096;
    let middle = bytes.len() / page / 2 * page;
    bytes[middle..middle + page].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let mut reader = JournalReader::open(&path).unwrap();
    let (mut seen, mut after) = (0, 0);
    loop {
        let batches = reader.read_after(after, 64).unwrap();
        let Some(last) = batches.last() else { break };
        (seen, after) = (seen + batches.len(), last.seq);
    }
    assert_eq!(after, 300, "what lies behind it is read");
    assert!(
        seen < 300 && reader.damaged() > 0,
        "{seen} read, {} damaged",
        reader.damaged()
    );
    assert_eq!(seen as u64 + reader.damaged(), 300);
}

#[test]
fn a_newer_journal_is_refused_and_left_as_it_is() {
    let (_folder, path) = file();
    let journal = open(&path);
    journal
        .connection
        .pragma_update(None, "user_version", 99)
        .unwrap();
    drop(journal);
    let fault = Journal::open(&path, &JournalConfig::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        fault.contains("version 99") && fault.contains("start the program that wrote it"),
        "{fault}"
    );
}
