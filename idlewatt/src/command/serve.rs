//! `idlewatt serve`: the service. Ends cleanly on SIGTERM and SIGINT.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::pipeline::Service;

/// Runs the service: MQTT in, databases, page and metrics out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  idlewatt serve -c /etc/idlewatt/idlewatt.toml")]
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
    let loaded = Config::load(&arguments.config)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    runtime()?.block_on(async {
        let config = &loaded.config;
        let listener = listen(config).await?;
        let address = listener.local_addr()?;
        let service = Service::start(config, listener)?;
        tracing::info!(page = %format!("http://{address}/"), devices = config.devices.len(), "idlewatt runs");
        stop_signal().await?;
        tracing::info!("stopping: what was received is brought to an end");
        service.stop().await;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
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
