//! `[journal]`, `[findings]`, `[history]`: what is kept on disk, and how much of it.

use deliver::history::HistoryConfig;
use deliver::log::LogConfig;
use ingest::journal::JournalConfig;

use crate::config::section::section;

section! {
    /// The raw messages, as they came.
    Journal {
        /// A message waits at most this long for others to be put on the disk with, milliseconds. Only then is it
        /// acknowledged.
        commit_after_ms: u64 => preset(JournalConfig::default().commit_after_ms),
        /// So many messages are put on the disk at once.
        commit_records_max: usize => preset(JournalConfig::default().commit_records_max),
        /// Or so many bytes.
        commit_bytes_max: usize => preset(JournalConfig::default().commit_bytes_max),
        /// When nothing arrives, the journal says this often that time went on, seconds.
        heartbeat_every_s: u64 => preset(JournalConfig::default().heartbeat_every_s),
        /// At most so many messages of QoS 0 wait for the disk; more are dropped and counted.
        qos0_waiting_max: usize => preset(JournalConfig::default().qos0_waiting_max),
        /// Messages are kept for so many days.
        keep_days: u32 => preset(JournalConfig::default().keep_days),
        /// Above this size of the file the oldest messages go, even where they have not been read.
        keep_bytes_max: u64 => preset(JournalConfig::default().keep_bytes_max),
        /// How often old messages are looked for, seconds.
        prune_every_s: u64 => preset(JournalConfig::default().prune_every_s),
        /// The quarantine keeps at most so many messages that could not be read.
        quarantine_rows_max: u64 => preset(JournalConfig::default().quarantine_rows_max),
        /// And so many bytes of them.
        quarantine_bytes_max: u64 => preset(JournalConfig::default().quarantine_bytes_max),
    }

    /// What was found, until every sink has had it.
    Findings {
        /// Kept for sinks that are behind, bytes; beyond it the oldest go, and the loss is counted and said.
        keep_bytes_max: u64 => preset(LogConfig::default().bytes_max),
        /// So many items that a server refused for good are kept, each with its reason.
        rejected_max: u64 => preset(LogConfig::default().rejected_max),
    }

    /// What the page and the reports look back on.
    History {
        /// The power curve keeps a row a minute for so many days, then a row a quarter of an hour.
        minute_rows_keep_days: u32 => preset(HistoryConfig::default().minute_rows_kept_days),
        /// Everything older than so many days is forgotten.
        keep_days: u32 => preset(HistoryConfig::default().kept_days),
        /// The newest so many faults of meters are kept.
        faults_max: u32 => preset(HistoryConfig::default().faults_max),
    }
}
