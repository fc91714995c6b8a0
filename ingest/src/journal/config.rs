//! The journal's limits.

use serde::{Deserialize, Serialize};

/// When to commit, what to keep. The defaults run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// A message waits at most this long for others to be committed with.
    pub commit_after_ms: u64,
    /// A batch is committed at once when it has this many messages.
    pub commit_records_max: usize,
    /// … or this many bytes of topics and payloads.
    pub commit_bytes_max: usize,
    /// When nothing arrives, an empty batch says this often that time went on.
    pub heartbeat_every_s: u64,
    /// At most this many messages of QoS 0 wait for the disk; more are dropped and counted.
    pub qos0_waiting_max: usize,
    /// Batches older than this are deleted once every reader has had them.
    pub keep_days: u32,
    /// Above this size of the file the oldest batches are deleted, whether or not every reader has had them.
    pub keep_bytes_max: u64,
    /// How often retention looks.
    pub prune_every_s: u64,
    /// The quarantine keeps at most this many messages; the oldest give way and are counted.
    pub quarantine_rows_max: u64,
    /// … and at most this many bytes of topics and payloads.
    pub quarantine_bytes_max: u64,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            commit_after_ms: 100,
            commit_records_max: 1_000,
            commit_bytes_max: 4 << 20,
            heartbeat_every_s: 10,
            qos0_waiting_max: 50_000,
            keep_days: 30,
            keep_bytes_max: 20 << 30,
            prune_every_s: 60,
            quarantine_rows_max: 100_000,
            quarantine_bytes_max: 256 << 20,
        }
    }
}

impl JournalConfig {
    /// What is wrong with it: (key, what, mend). Nothing: it can run.
    pub fn check(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut faults = Vec::new();
        let mut at_least = |key, value: u64, least: u64, mend| {
            if value < least {
                faults.push((key, format!("{value} is below {least}"), mend));
            }
        };
        let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        at_least(
            "commit_records_max",
            count(self.commit_records_max),
            1,
            "1000 is a good value",
        );
        at_least(
            "commit_bytes_max",
            count(self.commit_bytes_max),
            65_536,
            "4194304 is a good value",
        );
        at_least(
            "heartbeat_every_s",
            self.heartbeat_every_s,
            1,
            "10 is a good value",
        );
        at_least("prune_every_s", self.prune_every_s, 1, "60 is a good value");
        at_least("keep_days", u64::from(self.keep_days), 1, "30 is a good value");
        at_least(
            "keep_bytes_max",
            self.keep_bytes_max,
            1 << 20,
            "give it at least 1 MiB; 20 GiB is a good value",
        );
        if self.quarantine_bytes_max > self.keep_bytes_max / 2 {
            let what = format!(
                "{} is more than half of keep_bytes_max",
                self.quarantine_bytes_max
            );
            faults.push((
                "quarantine_bytes_max",
                what,
                "they share a file: give the quarantine less, or the file more",
            ));
        }
        if self.commit_after_ms > 10_000 {
            let what = format!("{} is above 10000", self.commit_after_ms);
            faults.push((
                "commit_after_ms",
                what,
                "100 is a good value; 5 for the lowest delay",
            ));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_runs_and_faults_are_named() {
        assert_eq!(JournalConfig::default().check(), []);
        let config = JournalConfig {
            commit_records_max: 0,
            keep_bytes_max: 1 << 20,
            ..JournalConfig::default()
        };
        let keys: Vec<_> = config.check().into_iter().map(|(key, ..)| key).collect();
        assert_eq!(keys, ["commit_records_max", "quarantine_bytes_max"]);
    }
}
