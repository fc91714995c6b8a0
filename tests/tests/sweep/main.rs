//! The simulator speaks, the decoders listen: for every format of the simulator what is decoded equals what the meter
//! showed, within the format's resolution, by channel, sign and direction.
//!
//! The simulator is the judge; it imports none of our crates. Each row of [`row::rows`] says how a format's messages are to
//! be understood; each is played with a silence in which the broker publishes the meter's will, again with a decoder that
//! is restarted before that, and with a reversed phase.

mod bridged;
mod direct;
mod listener;
mod room;
mod row;

use std::collections::HashSet;

use listener::Listener;
use simulator::Family;

#[test]
fn simulated_meters_are_decoded_exactly() {
    let mut faults = Vec::new();
    for row in row::rows() {
        let messages = room::with_silence(row);
        let plain = Listener::hear(row, &messages, None);
        let restarted = Listener::hear(row, &messages, Some(messages.len() / 4));
        let reversed = row
            .can_reverse
            .then(|| Listener::hear(row, &room::reversed(row), None));
        for (play, faulty) in [
            ("plain", Some(plain)),
            ("restarted", Some(restarted)),
            ("reversed", reversed),
        ] {
            let said = faulty.into_iter().flatten();
            faults.extend(said.map(|fault| format!("{} ({play}): {fault}", row.format)));
        }
    }
    assert!(
        faults.is_empty(),
        "{} disagreements:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn every_format_of_the_simulator_has_its_row() {
    let rows: HashSet<Family> = row::rows().map(room::family).collect();
    let missing: Vec<_> = Family::ALL
        .iter()
        .filter(|family| !rows.contains(family))
        .collect();
    assert!(
        missing.is_empty() && rows.len() == row::rows().count(),
        "{missing:?}"
    );
}

/// What a broken message still says is right, and it breaks nothing after it.
#[test]
fn broken_messages_yield_no_wrong_value() {
    for row in row::rows() {
        let faults = Listener::hear(row, &room::poisoned(row), None);
        let mut wrong = faults
            .iter()
            .filter(|fault| fault.contains("but the meter showed"));
        assert_eq!(wrong.next(), None, "{}", row.format);
    }
}

#[test]
fn every_family_of_decoders_is_spoken_to() {
    let spoken: HashSet<_> = row::rows().map(|row| row.family).collect();
    let families = ingest::decode::FAMILIES.iter().map(|family| family.name);
    let missing: Vec<_> = families.filter(|family| !spoken.contains(family)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The judge is awake: with what the meter showed at another time, no format passes.
#[test]
fn values_of_another_time_are_noticed() {
    for row in row::rows() {
        let mut messages = room::with_silence(row);
        let samples: Vec<_> = messages.iter().map(|message| message.sample).collect();
        let later = samples.iter().cycle().skip(samples.len() / 2);
        for (message, other) in messages.iter_mut().zip(later) {
            message.sample = message.sample.and(*other);
        }
        let faults = Listener::hear(row, &messages, None);
        assert!(
            faults.iter().any(|fault| fault.contains("but the meter showed")),
            "{}: {faults:?}",
            row.format
        );
    }
}
