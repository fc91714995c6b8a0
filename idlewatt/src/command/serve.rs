//! `idlewatt serve`: the service. Ends cleanly on SIGTERM and SIGINT; SIGHUP reloads the configuration.
//!
//! A reload is an orderly stop and a start within the process: every stage goes on from its cursor, the broker keeps
//! the session meanwhile. Faults in the new file are said and leave the old configuration in force. A service manager is
//! told of all of it ([`crate::supervisor`]).

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::pipeline::Service;
use crate::privilege;
use crate::supervisor::Supervisor;

/// Runs the service: MQTT in, databases, page and metrics out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt serve -c /etc/idlewatt/idlewatt.toml\n\n\
                  Exit codes:\n  0  it was ended by SIGTERM or Ctrl-C, and has brought to an end what it received\n  \
                  1  the configuration has faults, or a file or the page's port cannot be had\n  \
                  2  wrong arguments\n\n\
                  SIGHUP reads the configuration again; a faulty one is said and the old one stays in force.")]
pub struct Arguments {
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
}

/// Runs until a signal says otherwise.
///
/// # Errors
/// The configuration has faults, or a file or the page's port cannot be opened.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = load(&arguments.config)?;
    privilege::restrict();
    runtime()?.block_on(serve(&arguments.config, config))
}

fn load(file: &Path) -> anyhow::Result<Config> {
    let loaded = Config::load(file)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded.config)
}

async fn serve(file: &Path, mut config: Config) -> anyhow::Result<ExitCode> {
    let (mut stop, mut reload) = (pin!(stop_signal()), signal(SignalKind::hangup())?);
    let supervisor = Supervisor::of_environment();
    let mut service = start(&config).await?;
    loop {
        supervisor.runs(service.vitals());
        tokio::select! {
            stopped = &mut stop => {
                stopped?;
                break;
            }
            _ = reload.recv() => {}
        }
        supervisor.reloads();
        match load(file) {
            Ok(new) => {
                tracing::info!("reloading: what was received is brought to an end");
                service.stop().await;
                (service, config) = start_new_or_old(new, config).await?;
            }
            Err(error) => {
                tracing::error!("the new configuration is not taken; the old one stays in force: {error:#}");
            }
        }
    }
    supervisor.stops();
    tracing::info!("stopping: what was received is brought to an end");
    service.stop().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn start(config: &Config) -> anyhow::Result<Service> {
    let listener = listen(config).await?;
    let address = listener.local_addr()?;
    let service = Service::start(config, listener)?;
    tracing::info!(page = %format!("{}://{address}/", config.page_scheme()), devices = config.devices.len(), "idlewatt runs");
    Ok(service)
}

/// A configuration without faults can still name a port that is taken or a certificate that is missing.
async fn start_new_or_old(new: Config, old: Config) -> anyhow::Result<(Service, Config)> {
    match start(&new).await {
        Ok(service) => Ok((service, new)),
        Err(error) => {
            tracing::error!(
                "idlewatt cannot run with the new configuration, so it goes on with the old one: {error:#}"
            );
            Ok((start(&old).await?, old))
        }
    }
}

/// The one runtime of a command.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Opens the page's port.
pub(super) async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(config.page).await;
    bound.with_context(|| {
        format!(
            "the page cannot listen at {}; choose another port with [page] listen",
            config.page
        )
    })
}

/// Waits for SIGTERM or SIGINT.
pub(super) async fn stop_signal() -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
