//! `idlewatt status`: the account of the running service, what is wrong with it, and what was lost.
//!
//! It asks the service's page over HTTP, so it says what the process knows, not what a file once held. Exit code 0: all is
//! well and every account balances; 1: something is wrong, or nobody answers. Times are shown in the site's zone.

mod text;

pub(super) use text::printable;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use super::ask::{Asking, ask};
use crate::config::Config;

/// Says whether every message is accounted for, how far each sink is, and what is wrong.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt status\n  idlewatt status --url http://idlewatt.hospital.local:8080 --token-file ~/.idlewatt-token\n  \
                        idlewatt status --json | jq .messages\n\nExit code: 0 all is well, 1 something is wrong or nobody answers."
)]
pub struct Arguments {
    /// The service's configuration, which says where its page is
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    #[command(flatten)]
    asking: Asking,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Asks and prints.
///
/// # Errors
/// Nobody answers, or it is no idlewatt that does.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let page = || anyhow::Ok(Config::load(&arguments.config)?.config.page);
    let answer = ask(&arguments.asking, page, "/api/status")?;
    if arguments.json {
        writeln!(out, "{answer:#}")?;
    } else {
        text::write(&answer, out)?;
    }
    let is_well = answer["ok"] == Value::Bool(true);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
