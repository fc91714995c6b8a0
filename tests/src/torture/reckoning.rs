//! After the storm: what must hold, and how it is.

use std::fmt;
use std::path::Path;

use anyhow::Context;
use ingest::journal::JournalReader;
use simulator::Message;

use super::{Tally, Tape};
use crate::account::Account;
use crate::bar::Bar;
use crate::compare::Comparison;
use crate::pipeline::THE_END;

/// What a storm came to.
#[derive(Debug)]
pub struct Reckoning {
    /// Of the storm and of the tape.
    pub seed: u64,
    /// Messages played.
    pub messages: usize,
    /// What was done.
    pub tally: Tally,
    /// idlewatt's account.
    pub account: Account,
    /// Sessions that killed brokers had forgotten.
    pub sessions_lost: f64,
    /// Commits that failed on full disks.
    pub commits_failed: f64,
    /// Points that the database refused.
    pub rejected: f64,
    /// What was deleted before everybody had it.
    pub skipped: f64,
    /// The first difference between journal and tape.
    pub journal: Option<String>,
    /// Calm and storm.
    pub comparison: Comparison,
}

impl Reckoning {
    /// What must hold.
    #[must_use]
    pub fn bars(&self) -> Vec<Bar> {
        let (account, messages) = (&self.account, self.messages);
        vec![
            Bar {
                name: "the journal is the tape, each message once and in order",
                found: self
                    .journal
                    .clone()
                    .unwrap_or_else(|| format!("{messages} messages, none lost, none twice")),
                is_met: self.journal.is_none(),
            },
            Bar {
                name: "received = stored + duplicates + quarantined + in the journal",
                found: account.to_string(),
                is_met: account.is_balanced() && account.in_journal == 0.0 && account.received_qos0 == 0.0,
            },
            Bar {
                name: "nothing was refused by the database or deleted unread",
                found: format!("{} refused, {} skipped", self.rejected, self.skipped),
                is_met: self.rejected == 0.0 && self.skipped == 0.0,
            },
            Bar {
                name: "the database is the calm run's, point by point",
                found: format!(
                    "{}{}",
                    self.comparison.counts,
                    self.comparison.differing.join("\n")
                ),
                is_met: self.comparison.differing.is_empty(),
            },
        ]
    }
}

/// So far ahead a message of the journal is looked for on the tape.
const MISSING_MAX: usize = 5_000;

/// Walks the journal beside the tape: the first difference, if there is one. A payload that was too long is cut.
///
/// # Errors
/// When the journal cannot be read.
pub(super) fn journal_against_tape(
    state: &Path,
    seed: u64,
    messages: usize,
) -> anyhow::Result<Option<String>> {
    const AT_ONCE: usize = 1_000;
    let mut reader = JournalReader::open(state.join("journal.sqlite"))?;
    let mut tape = Tape::new(seed)?;
    let (mut seq, mut number) = (0, 0_usize);
    loop {
        let batches = reader.read_after(seq, AT_ONCE)?;
        let Some(last) = batches.last() else { break };
        seq = last.seq;
        for record in batches.iter().flat_map(|batch| &batch.records) {
            if number >= messages {
                let is_end = record.topic == THE_END && number == messages;
                if !is_end {
                    return Ok(Some(format!("after the end comes one more, of {}", record.topic)));
                }
                number += 1;
                continue;
            }
            let played = tape.play(1).pop().context("the tape has no end")?;
            if !is_same(&played, &record.topic, &record.payload) {
                let missing = tape
                    .play(MISSING_MAX)
                    .iter()
                    .position(|later| is_same(later, &record.topic, &record.payload));
                let what = match missing {
                    Some(others) => format!("{} messages are missing", others + 1),
                    None => "it came before, or was never played".to_owned(),
                };
                return Ok(Some(format!(
                    "message {number} was played to {} and the journal has one of {}: {what}",
                    played.topic, record.topic
                )));
            }
            // the time was told before it
            if played.at.as_millisecond() != record.received.as_millisecond() {
                return Ok(Some(format!(
                    "message {number} to {} was played at {} and the journal says {}",
                    played.topic, played.at, record.received
                )));
            }
            number += 1;
            tape.forget(number);
        }
    }
    Ok((number != messages + 1).then(|| format!("the journal has {number} of {} messages", messages + 1)))
}

fn is_same(played: &Message, topic: &str, payload: &[u8]) -> bool {
    played.topic == topic
        && played.payload.starts_with(payload)
        && (payload.len() == played.payload.len() || !payload.is_empty())
}

impl fmt::Display for Reckoning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        writeln!(
            formatter,
            "seed {}: {} messages; {} kills (idlewatt {}, mosquitto {}, influxd {}), {} bad networks, {} full disks, \
             {} clock steps, {} reloads, {} refused reloads; {} sessions forgotten by the broker, {} commits failed",
            self.seed,
            self.messages,
            tally.kills(),
            tally.idlewatt_kills,
            tally.broker_kills,
            tally.database_kills,
            tally.bad_networks,
            tally.full_disks,
            tally.clock_steps,
            tally.reloads,
            tally.refused_reloads,
            self.sessions_lost,
            self.commits_failed,
        )?;
        for bar in self.bars() {
            writeln!(formatter, "{bar}")?;
        }
        Ok(())
    }
}
