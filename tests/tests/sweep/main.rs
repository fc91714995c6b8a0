//! The simulator speaks, the decoders listen: for every format of the simulator what is decoded equals what the meter
//! showed, within the format's resolution, by channel, sign and direction.
//!
//! The simulator is the judge; it imports none of our crates. Each row of [`row::ROWS`] says how a format's messages are to
//! be understood; each is played twice, once with a silence in which the broker publishes the meter's will, once with a
//! reversed phase.

mod listener;
mod room;
mod row;

use std::collections::HashSet;

use listener::Listener;
use row::ROWS;
use simulator::Family;

#[test]
fn simulated_meters_are_decoded_exactly() {
    let mut faults = Vec::new();
    for row in ROWS {
        let plain = Listener::hear(row, &room::with_silence(row));
        let reversed = row.can_reverse.then(|| Listener::hear(row, &room::reversed(row)));
        for (play, faulty) in [("plain", Some(plain)), ("reversed", reversed)] {
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
    let rows: HashSet<Family> = ROWS.iter().map(room::family).collect();
    let missing: Vec<_> = Family::ALL
        .iter()
        .filter(|family| !rows.contains(family))
        .collect();
    assert!(missing.is_empty() && rows.len() == ROWS.len(), "{missing:?}");
}
