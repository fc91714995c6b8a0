//! Counting what became of the journal's messages: heard, put aside, lost.
//!
//! The journal counts every record it ever had. What it had between two reads and did not give is lost: retention took it,
//! or its batch is damaged. Invariant: after [`add`], heard + lost is the journal's own count.

use deliver::log::Messages;
use ingest::journal::{JournalError, JournalReader};
use ingest::quarantine::Quarantine;

/// What a log begins with that has not counted yet, and has said everything up to batch `said`: all that the journal had
/// before the first batch it will hear. What of that was put aside is known as far as the quarantine still holds it.
pub(super) fn begin(
    journal: &JournalReader,
    quarantine: &Quarantine,
    said: u64,
) -> Result<Messages, JournalError> {
    let first = journal.first_seq()?.unwrap_or(0);
    let (heard, next) = if said > 0 && said >= first {
        (journal.totals_at(said)?.journalled, said + 1)
    } else {
        (journal.total_before_first()?, first)
    };
    let aside = quarantine.rows_before(next)?.min(heard);
    Ok(Messages {
        heard,
        aside,
        lost: 0,
    })
}

/// Adds a read that ends where the journal has had `total` records; how many were lost before it.
pub(super) fn add(messages: &mut Messages, heard: u64, aside: u64, total: u64) -> u64 {
    if total < messages.heard + messages.lost + heard {
        // the journal was begun anew and counts from its own beginning
        *messages = Messages {
            heard: total.saturating_sub(heard),
            ..Messages::default()
        };
    }
    let lost = total.saturating_sub(messages.heard + messages.lost + heard);
    messages.heard += heard;
    messages.aside += aside;
    messages.lost += lost;
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_journal_had_and_did_not_give_is_lost() {
        let mut messages = Messages::default();
        assert_eq!(add(&mut messages, 10, 1, 10), 0);
        assert_eq!(add(&mut messages, 5, 0, 22), 7);
        assert_eq!((messages.heard, messages.aside, messages.lost), (15, 1, 7));
    }

    #[test]
    fn a_journal_that_was_begun_anew_begins_the_account_anew() {
        let mut messages = Messages {
            heard: 1000,
            aside: 3,
            lost: 5,
        };
        assert_eq!(add(&mut messages, 4, 1, 6), 0, "what came between was heard by nobody here");
        assert_eq!((messages.heard, messages.aside, messages.lost), (6, 1, 0));
    }
}
