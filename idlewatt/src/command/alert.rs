//! `idlewatt alert`: the alerts of the running service, and a person's word on them.
//!
//! `list` reads the service's own history, so it needs no login. `acknowledge`, `snooze` and `note` publish a message to the
//! configured broker, where the service hears it like any other: it goes through the journal, so a replay says the same.
//! `test` sends a message that says it is a test through a channel, just as the service does, and shows the receiver's answer.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::alert::{RULES, Rule};
use anyhow::{Context, bail, ensure};
use deliver::act::{Act, ActMessage, SNOOZE_HOURS_MAX};
use deliver::history::{AlertFilter, AlertRecord, Reader};
use jiff::SignedDuration;

use crate::config::Config;
use crate::pipeline::Files;
use crate::say::say;

/// Lists the alerts of the running service; acknowledges or snoozes one; tries out a channel.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt alert list\n  \
                  idlewatt alert acknowledge overnight_idle ct-1 --by Anna\n  \
                  idlewatt alert snooze meter_silent mri-2 --hours 8\n  \
                  idlewatt alert test oncall")]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The service's configuration
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "idlewatt.toml",
        global = true
    )]
    config: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Lists the open alerts
    #[command(after_help = "Examples:\n  idlewatt alert list\n  \
                      idlewatt alert list --all --json | jq -r .rule\n\n\
                      With --json:\n  A JSON object a line, newest first: rule, device, severity (info, warning, critical), phase (raised, reminded,\n  \
                      acknowledged, snoozed, noted, cleared), detail, by, since, raised_at, cleared_at, snoozed_until, energy_wh, cost,\n  \
                      co2e_g. Instants are RFC 3339 in UTC; what there is not is null.")]
    List {
        /// Those that are over as well
        #[arg(long)]
        all: bool,
        /// Print JSON lines
        #[arg(long)]
        json: bool,
    },
    /// Says that an alert is known: no more reminders; it stays open until it is over
    #[command(after_help = "Examples:\n  idlewatt alert acknowledge overnight_idle ct-1 --by Anna")]
    Acknowledge {
        #[command(flatten)]
        which: Which,
    },
    /// Writes something down beside an alert, for others to read
    #[command(
        after_help = "Examples:\n  idlewatt alert note overnight_idle ct-1 --text 'emergency until four' --by Anna"
    )]
    Note {
        #[command(flatten)]
        which: Which,
        /// The words
        #[arg(long)]
        text: String,
    },
    /// Wants no reminders for a while
    #[command(after_help = "Examples:\n  idlewatt alert snooze meter_silent mri-2 --hours 8 --by Anna")]
    Snooze {
        #[command(flatten)]
        which: Which,
        /// For so many hours
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=i64::from(SNOOZE_HOURS_MAX)))]
        hours: u16,
    },
    /// Sends a test message through a channel of the configuration
    #[command(after_help = "Examples:\n  idlewatt alert test oncall\n\n\
                      Exit codes:\n  0  the receiver has taken it\n  \
                      1  the receiver has not; what it said is on standard error\n  \
                      2  wrong arguments")]
    Test {
        /// The channel's name
        channel: String,
    },
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The rule, as `list` names it
    rule: String,
    /// The device's id
    device: String,
    /// Who says so
    #[arg(long, default_value = "")]
    by: String,
}

/// Does what is asked.
///
/// # Errors
/// The configuration has faults, or service or broker do not answer.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?.config;
    let (which, act, until, text) = match &arguments.what {
        What::List { all, json } => {
            list(&Files(&config.state_dir).history(), *all, *json, out)?;
            return Ok(ExitCode::SUCCESS);
        }
        What::Test { channel } => return test(&config, channel, out),
        What::Acknowledge { which } => (which, Act::Acknowledge, None, ""),
        What::Note { which, text } => (which, Act::Note, None, text.as_str()),
        What::Snooze { which, hours } => {
            let until = ingest::clock::wall() + SignedDuration::from_hours((*hours).into());
            (which, Act::Snooze, Some(until), "")
        }
    };
    let known = |device: &crate::config::DeviceConfig| *device.device.id == *which.device;
    ensure!(
        config.devices.iter().any(known),
        "no device has the id \"{}\"; `idlewatt alert list` shows rule and device of each alert",
        which.device
    );
    ensure!(
        Rule::named(&which.rule).is_some(),
        "no alert rule is named \"{}\"; the rules are {}",
        which.rule,
        RULES.map(|rule| rule.name).join(", ")
    );
    let message = ActMessage {
        rule: which.rule.clone(),
        until,
        text: text.to_owned(),
        by: which.by.clone(),
        ..ActMessage::of(act, &which.device)
    };
    let broker = config.act_broker.and_then(|place| config.brokers.get(place));
    let broker = broker.context("no broker is configured to say it at")?;
    tokio::runtime::Runtime::new()?.block_on(say(broker, &config.act_topic, &message))?;
    let (topic, name) = (&config.act_topic, &broker.name);
    writeln!(
        out,
        "said on {topic} at broker '{name}'; `idlewatt alert list` shows when it is heard"
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Sends a test message, as the service would send an alert.
fn test(config: &Config, name: &str, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let channel = config.channels.iter().find(|channel| channel.name == name);
    let channel = channel.with_context(|| {
        let names: Vec<&str> = config
            .channels
            .iter()
            .map(|channel| channel.name.as_str())
            .collect();
        match names.as_slice() {
            [] => format!("no [[channel]] is named \"{name}\"; the configuration has none"),
            names => format!(
                "no [[channel]] is named \"{name}\"; there are {}",
                names.join(", ")
            ),
        }
    })?;
    let courier = channel.courier()?;
    let message = config.scribe().test(name, ingest::clock::wall());
    let (kind, target) = (channel.kind(), courier.target());
    match tokio::runtime::Runtime::new()?.block_on(courier.deliver(&message)) {
        Ok(said) => writeln!(
            out,
            "channel '{name}' ({kind}, {target}): the receiver says: {said}"
        )?,
        Err(failure) => {
            let mend = failure.mend.map_or_else(String::new, |mend| format!("; {mend}"));
            bail!("channel '{name}' ({kind}): {}{mend}", failure.reason);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(history: &Path, all: bool, is_json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let reader = Reader::open(history).with_context(|| {
        let shown = history.display();
        format!(
            "the service's history {shown} cannot be read; has `idlewatt serve` run, and as the same user?"
        )
    })?;
    let filter = AlertFilter {
        is_open_only: !all,
        ..AlertFilter::default()
    };
    let alerts = reader.alerts(&filter)?;
    for alert in &alerts {
        if is_json {
            writeln!(out, "{}", json(alert))?;
            continue;
        }
        writeln!(
            out,
            "{:<9} {:<26} {:<16} {:<13} since {}  {}",
            alert.severity.name(),
            alert.rule,
            alert.device,
            alert.phase.name(),
            alert.since,
            alert.detail
        )?;
    }
    if alerts.is_empty() && !is_json {
        writeln!(out, "no alert is open")?;
    }
    Ok(())
}

/// An alert for scripts; the names are those of /api/alerts.
fn json(alert: &AlertRecord) -> serde_json::Value {
    let at = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
    serde_json::json!({
        "rule": alert.rule,
        "device": &*alert.device,
        "severity": alert.severity.name(),
        "phase": alert.phase.name(),
        "detail": alert.detail,
        "by": alert.by,
        "since": at(Some(alert.since)),
        "raised_at": at(Some(alert.raised_at)),
        "cleared_at": at(alert.cleared_at),
        "snoozed_until": at(alert.until),
        "energy_wh": alert.energy.wh(),
        "cost": alert.cost,
        "co2e_g": alert.co2e_g,
    })
}
