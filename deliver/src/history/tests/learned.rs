//! What devices have learned of their levels.

use analyzer::Finding;

use super::super::HistoryConfig;
use super::{at, room};
use crate::example::learned;

fn said(device: &str, second: i64) -> Finding {
    Finding::Bands(learned(device.into(), at(second)))
}

#[test]
fn what_was_learned_comes_back_newest_first_and_twice_is_once() {
    let mut room = room(&HistoryConfig::default());
    let findings = [said("ct", 3600), said("ct", 0), said("mri", 60)];
    room.history.apply(1, &findings).unwrap();
    room.history.apply(2, &findings).unwrap();
    let reader = room.history.reader().unwrap();
    let of_ct = reader.learned("ct", 9).unwrap();
    assert_eq!(
        of_ct,
        [learned("ct".into(), at(3600)), learned("ct".into(), at(0))]
    );
    assert_eq!(
        reader.last_learned().unwrap(),
        [learned("ct".into(), at(3600)), learned("mri".into(), at(60))]
    );
    assert_eq!(reader.learned("nobody", 9).unwrap(), []);
}

#[test]
fn the_oldest_words_leave() {
    let mut room = room(&HistoryConfig::default());
    let findings: Vec<Finding> = (0..100).map(|hour| said("ct", hour * 3600)).collect();
    room.history.apply(1, &findings).unwrap();
    let kept = room.history.reader().unwrap().learned("ct", 1000).unwrap();
    assert_eq!(
        (kept.len(), kept.last().map(|oldest| oldest.at)),
        (60, Some(at(40 * 3600)))
    );
}
