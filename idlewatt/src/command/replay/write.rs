//! `idlewatt replay --since T --write`: has the past written again, and says before what that means at each sink.

use std::io::Write;

use jiff::Timestamp;

use crate::config::Config;
use crate::pipeline::{self, rebuild};

/// What each kind of sink can do about points that are not said again.
const SINKS: [(&str, &str); 5] = [
    (
        "influxdb1",
        "points from there on are deleted by device and measurement, then written",
    ),
    (
        "influxdb2",
        "points from there on are deleted (/api/v2/delete), then written",
    ),
    (
        "influxdb3",
        "cannot delete: points that are said again are overwritten, others stay; begin a new database where that matters",
    ),
    (
        "victoriametrics",
        "deletes whole series alone: done where nothing of them is older, otherwise written over (dedup), others stay",
    ),
    (
        "mqtt",
        "topics show the present alone: they are quiet until the past is through",
    ),
];

/// Asks the service for it, and says what that means: in words, or as one object.
///
/// # Errors
/// The journal cannot be read, or the state folder not be written.
pub(super) fn write(
    config: &Config,
    since: Timestamp,
    is_json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let journal = pipeline::journal(config)?;
    let from = rebuild::earliest(config, &journal, since)?;
    let batches = journal
        .last_seq()?
        .saturating_sub(journal.first_seq()?.unwrap_or(1))
        + 1;
    let published = config.publish.iter().map(|_| ("publish", "mqtt"));
    let sinks = config.sinks.iter().map(|sink| (sink.name.as_str(), sink.kind));
    let sinks = sinks
        .chain(published)
        .map(|(name, kind)| (name, kind, says(kind)));
    if is_json {
        rebuild::ask(&config.state_dir, since)?;
        let sinks =
            sinks.map(|(name, kind, says)| serde_json::json!({ "name": name, "kind": kind, "says": says }));
        let answer = serde_json::json!({
            "since": since.to_string(),
            "from": from.to_string(),
            "batches": batches,
            "sinks": sinks.collect::<Vec<_>>(),
            "next": rebuild::HOW,
        });
        return Ok(writeln!(out, "{answer}")?);
    }
    if from > since {
        writeln!(
            out,
            "the journal begins later than {since}: what is older than {from} stays as it is"
        )?;
    }
    writeln!(
        out,
        "the journal ({batches} batches) is analyzed again with this configuration; everything since {from} is written anew:"
    )?;
    writeln!(
        out,
        "  history: what it has from there on is forgotten, then filled again"
    )?;
    for (name, kind, says) in sinks {
        writeln!(out, "  {name} ({kind}): {says}")?;
    }
    rebuild::ask(&config.state_dir, since)?;
    writeln!(out, "{}", rebuild::HOW)?;
    Ok(())
}

fn says(kind: &str) -> &'static str {
    let known = SINKS.iter().find(|(known, _)| *known == kind);
    known.map_or("written again", |(_, says)| says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_sink_is_spoken_of() {
        for kind in deliver::sink::KINDS {
            assert!(
                SINKS.iter().any(|(known, _)| *known == kind.name),
                "{}",
                kind.name
            );
        }
    }
}
