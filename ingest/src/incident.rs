//! What was lost, or nearly: sessions that a broker forgot, messages that retention took unread, files that were torn.
//!
//! Kept in the journal's file, so that people still see next week what happened on Sunday. An incident that goes on
//! (retention that takes more every minute) is one row that grows. Limit: the newest [`INCIDENTS_MAX`] are kept.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::journal::{JournalError, connect, integer};

/// More are not kept; the oldest give way.
pub const INCIDENTS_MAX: u64 = 1000;
/// The same at the same place within this time is one incident.
const ONE_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// The kinds, with what a person can do about them. A test keeps the words of the constructors to this table.
pub const KINDS: [(&str, &str); 6] = [
    (
        "session_lost",
        "give the broker a disk for its sessions (mosquitto: persistence true) and raise max_queued_messages; see deploy/mosquitto.conf",
    ),
    (
        "journal_skipped",
        "raise keep_bytes_max in [journal], and find out why the analysis was behind",
    ),
    (
        "batch_damaged",
        "check the disk; a replay cannot bring back what it has eaten, the meters' counters bridge the gap",
    ),
    (
        "file_set_aside",
        "check the disk; keep the renamed file until it is clear that nothing in it is missed",
    ),
    (
        "sink_skipped",
        "make the sink reachable, raise keep_bytes_max in [findings], then write the gap again: idlewatt replay --since TIME --write",
    ),
    ("rebuilt", "nothing to mend: the past was written again as asked"),
];

/// Something that people must be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// When it was noticed.
    pub at: Timestamp,
    /// A word of [`KINDS`].
    pub kind: String,
    /// Where: a broker, a file, a sink.
    pub place: String,
    /// What happened.
    pub what: String,
    /// Messages or findings that are gone, as far as they can be counted.
    pub lost: u64,
}

impl Incident {
    /// Any kind of [`KINDS`].
    #[must_use]
    pub fn new(at: Timestamp, kind: &str, place: String, what: String, lost: u64) -> Self {
        let kind = kind.to_owned();
        Self {
            at,
            kind,
            place,
            what,
            lost,
        }
    }

    pub(crate) fn session_lost(at: Timestamp, broker: &str) -> Self {
        let what = "the broker had forgotten our session: what was published since the connection broke is lost";
        Self::new(at, "session_lost", format!("broker {broker}"), what.to_owned(), 0)
    }

    pub(crate) fn set_aside(at: Timestamp, file: &Path, aside: &Path) -> Self {
        let what = format!("the journal was damaged; it is kept as {}", aside.display());
        Self::new(at, "file_set_aside", file.display().to_string(), what, 0)
    }

    pub(crate) fn journal_skipped(at: Timestamp, file: &Path, lost: u64, keep_bytes_max: u64) -> Self {
        let what = format!("the journal was at its limit of {keep_bytes_max} bytes: messages went before they were analyzed");
        Self::new(at, "journal_skipped", file.display().to_string(), what, lost)
    }

    /// What a person can do about it.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        KINDS
            .iter()
            .find(|(kind, _)| *kind == self.kind)
            .map_or("look at the log", |(_, mend)| mend)
    }
}

/// A connection of its own to the incidents of a journal.
pub struct Incidents {
    connection: Connection,
}

impl Incidents {
    /// Opens those of a journal that exists.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when it cannot be opened.
    pub fn open(journal: &Path) -> Result<Self, JournalError> {
        let connection = connect(journal)?;
        Ok(Self { connection })
    }

    /// Keeps one.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when it was not stored.
    pub fn put(&mut self, incident: &Incident) -> Result<(), JournalError> {
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        insert(&transaction, incident)?;
        Ok(transaction.commit()?)
    }

    /// The newest, newest first.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn newest(&self, rows_max: u32) -> Result<Vec<Incident>, JournalError> {
        let mut select = self.connection.prepare_cached(
            "SELECT at_us, kind, place, what, lost FROM incident ORDER BY number DESC LIMIT ?1",
        )?;
        let rows = select.query_map([rows_max], |row| {
            Ok(Incident {
                at: Timestamp::from_microsecond(row.get(0)?).unwrap_or(Timestamp::UNIX_EPOCH),
                kind: row.get(1)?,
                place: row.get(2)?,
                what: row.get(3)?,
                lost: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Stores one, or adds it to the newest where that is the same; inside the caller's transaction.
pub(crate) fn insert(connection: &Connection, incident: &Incident) -> Result<(), rusqlite::Error> {
    let newest: Option<(i64, i64, String, String)> = connection
        .query_row(
            "SELECT number, at_us, kind, place FROM incident ORDER BY number DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let goes_on = |at_us: i64| {
        let before = Timestamp::from_microsecond(at_us).unwrap_or(Timestamp::UNIX_EPOCH);
        incident.at.duration_since(before) < ONE_WITHIN
    };
    let lost = integer(incident.lost);
    if let Some((number, at_us, kind, place)) = newest
        && (kind == incident.kind && place == incident.place && goes_on(at_us) && lost > 0)
    {
        connection.execute(
            "UPDATE incident SET lost = lost + ?1, what = ?2 WHERE number = ?3",
            params![lost, incident.what, number],
        )?;
        return Ok(());
    }
    let Incident { at, kind, place, what, .. } = incident;
    connection.execute(
        "INSERT INTO incident (at_us, kind, place, what, lost) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![at.as_microsecond(), kind, place, what, lost],
    )?;
    connection.execute(
        "DELETE FROM incident WHERE number <= (SELECT max(number) FROM incident) - ?1",
        [integer(INCIDENTS_MAX)],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, JournalConfig};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn what_goes_on_is_one_incident_and_the_oldest_give_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        drop(Journal::open(&path, &JournalConfig::default()).unwrap());
        let mut incidents = Incidents::open(&path).unwrap();
        for second in 0..5 {
            incidents
                .put(&Incident::journal_skipped(at(second), &path, 10, 1 << 20))
                .unwrap();
        }
        incidents.put(&Incident::session_lost(at(6), "ward")).unwrap();
        incidents.put(&Incident::session_lost(at(7), "ward")).unwrap();
        let newest = incidents.newest(10).unwrap();
        let seen: Vec<(&str, u64)> = newest.iter().map(|it| (it.kind.as_str(), it.lost)).collect();
        assert_eq!(seen, [("session_lost", 0), ("session_lost", 0), ("journal_skipped", 50)]);
        for number in 0..INCIDENTS_MAX {
            let second = i64::try_from(number).unwrap() * 7200;
            incidents.put(&Incident::session_lost(at(second), "ward")).unwrap();
        }
        let kept = incidents.newest(u32::MAX).unwrap();
        assert_eq!(kept.len() as u64, INCIDENTS_MAX);
        assert!(kept.iter().all(|it| it.kind == "session_lost"));
    }

    #[test]
    fn every_kind_has_a_mend() {
        let path = Path::new("journal.sqlite");
        let made = [
            Incident::session_lost(at(0), "ward"),
            Incident::set_aside(at(0), path, path),
            Incident::journal_skipped(at(0), path, 1, 1),
        ];
        for incident in made {
            assert!(KINDS.iter().any(|(kind, _)| *kind == incident.kind), "{incident:?}");
        }
    }
}
