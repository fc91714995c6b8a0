//! Starts the channels: the desk that reads the findings, and a sender for each.

use std::sync::Arc;

use anyhow::Context;
use deliver::channel::{ChannelStatus, DeskSink, Seed, Sender, Wall};
use deliver::history::{AlertFilter, History};
use deliver::log::LogReader;
use deliver::sink::{SinkTask, SinkWatch};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Config;

/// More alerts are never open: one a rule and device.
const OPEN_MAX: u32 = 100_000;

/// How each channel is.
pub(super) type Statuses = Vec<watch::Receiver<ChannelStatus>>;

/// What is open as far as the history knows: where there was no channel before, it is told to those that there are now.
/// `last` is the last batch of the journal.
pub(super) fn seed(config: &Config, history: &History, last: u64) -> anyhow::Result<Seed> {
    if config.channels.is_empty() {
        return Ok(Seed::default());
    }
    let filter = AlertFilter {
        is_open_only: true,
        limit: OPEN_MAX,
        ..AlertFilter::default()
    };
    let open = history.reader()?.alerts(&filter)?;
    Ok(Seed {
        open: open.iter().map(deliver::history::AlertRecord::to_event).collect(),
        after_row: history.cursor(),
        past_until: last,
    })
}

/// Starts the desk and the senders; gives how far the desk has read. Nothing is started where no channel is configured.
pub(super) fn start(
    config: &Config,
    seed: Seed,
    log: &LogReader,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<(Statuses, Option<SinkWatch>)> {
    if config.channels.is_empty() {
        return Ok((Vec::new(), None));
    }
    let desk = Arc::new(config.desk());
    // receivers live in real time, also where the meters' is told
    let wall: Wall = Arc::new(ingest::clock::wall);
    let mut statuses = Vec::new();
    for (place, channel) in config.channels.iter().enumerate() {
        let sender = Sender::new(
            Arc::clone(&desk),
            place,
            channel,
            log.another()?,
            Arc::clone(&wall),
        );
        let sender = sender.with_context(|| format!("channel '{}' cannot be used", channel.name))?;
        statuses.push(sender.watch());
        tasks.spawn(sender.run(stop.clone()));
    }
    let task = SinkTask::new(DeskSink::new(desk, seed), log.another()?);
    let desk = task.watch();
    tasks.spawn(task.run(stop.clone()));
    Ok((statuses, Some(desk)))
}
