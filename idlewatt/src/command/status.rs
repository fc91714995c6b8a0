//! `idlewatt status`: the account of the running service, what is wrong with it, and what was lost.
//!
//! It asks the service's page over HTTP, so it says what the process knows, not what a file once held. Exit code 0: all is
//! well and every account balances; 1: something is wrong, or nobody answers. Times are shown in the site's zone. What is wrong
//! comes first, each with its mend; then devices and open alerts, then where messages and findings are.

mod ask;
mod now;
mod text;

pub(in crate::command) use text::printable;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;

use ask::{Asking, Service};

/// How often `--watch` asks.
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// Home, and all behind it wiped.
const CLEAR: &[u8] = b"\x1b[H\x1b[J";

/// Says whether every message is accounted for, how far each sink is, and what is wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt status\n  \
                  idlewatt status --watch\n  \
                  idlewatt status --url https://idlewatt.hospital.example --token-file ~/.idlewatt-token\n  \
                  idlewatt status --json | jq '.devices[] | {id, state, power_w}'\n\n\
                  Exit codes:\n  0  all is well, and every account balances\n  \
                  1  something is wrong, or nobody answers\n  \
                  2  wrong arguments\n\n\
                  With --json:\n  One object: what /api/status answers (ok, now, site, zone, version, started, brokers, messages, quarantine, sinks, channels,\n  \
                  meters, incidents, problems, …), with devices as /api/devices and alerts (the open ones) as /api/alerts answer.")]
pub struct Arguments {
    /// The service's configuration, which says where its page is
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    #[command(flatten)]
    asking: Asking,
    /// Print JSON
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Ask every two seconds until Ctrl-C, and draw the screen anew
    #[arg(long)]
    watch: bool,
}

/// Asks and prints.
///
/// # Errors
/// Nobody answers, or it is no idlewatt that does.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let service = Service::find(&arguments.asking, &arguments.config)?;
    if arguments.watch {
        return watch(&service, out);
    }
    let answer = moment(&service)?;
    if arguments.json {
        writeln!(out, "{answer:#}")?;
    } else {
        text::write(&answer, out)?;
    }
    out.flush()?;
    let is_well = answer["ok"] == Value::Bool(true);
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// All that is shown of one moment: the status, with the devices and the open alerts.
fn moment(service: &Service) -> anyhow::Result<Value> {
    let mut answer = service.ask("/api/status")?;
    answer["devices"] = service.ask("/api/devices")?;
    // the history may be busy with a rebuild: the rest is true all the same
    answer["alerts"] = match service.ask("/api/alerts") {
        Ok(Value::Array(alerts)) => alerts
            .into_iter()
            .filter(|alert| alert["cleared_at"].is_null())
            .collect(),
        _ => Value::Null,
    };
    Ok(answer)
}

/// Shows one moment after the other; whoever watches ends it.
fn watch(service: &Service, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let runtime = super::serve::runtime()?;
    loop {
        let mut screen = Vec::new();
        match moment(service) {
            Ok(answer) => text::write(&answer, &mut screen)?,
            Err(error) => writeln!(screen, "{error:#}")?,
        }
        if io::stdout().is_terminal() {
            io::stdout().write_all(CLEAR)?;
        }
        out.write_all(&screen)?;
        out.flush()?;
        runtime.block_on(tokio::time::sleep(WATCH_EVERY));
    }
}
