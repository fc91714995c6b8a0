//! The figures without a history: the journal is analyzed anew with today's configuration, as `idlewatt replay` does.
//!
//! Limits: rows of the ledger are kept for the range asked for alone. The journal is always read from its beginning,
//! because levels are learned and counters followed from there.

use analyzer::Finding;
use analyzer::report::{LedgerRows, Report};

use crate::config::Config;
use crate::pipeline::{self, Interpreter};

/// Gives a report what the journal says of its range; `told` hears which batch it is at, and the last there is.
///
/// # Errors
/// There is no journal, or it cannot be read.
pub(super) fn fill(
    config: &Config,
    report: &mut Report,
    mut told: impl FnMut(u64, u64),
) -> anyhow::Result<()> {
    let mut journal = pipeline::journal(config)?;
    let mut interpreter = Interpreter::new(config)?;
    let (from, until) = report.range();
    let (mut rows, mut findings) = (LedgerRows::default(), Vec::new());
    pipeline::walk(&mut journal, 0, |batches, last| {
        for batch in batches {
            interpreter.batch(batch, &mut findings, |_, _, _| {});
        }
        for finding in findings.drain(..) {
            match finding {
                Finding::Ledger(row) | Finding::Settled(row) if (from..until).contains(&row.hour) => {
                    rows.put(row);
                }
                Finding::Exam(exam) => report.exam(&exam),
                _ => {}
            }
        }
        told(batches.last().map_or(0, |batch| batch.seq), last);
        Ok(())
    })?;
    rows.iter().for_each(|row| report.ledger(row));
    Ok(())
}
