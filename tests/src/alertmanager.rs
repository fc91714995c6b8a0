//! A real Prometheus Alertmanager: its own folder, its own port, stopped by its pid. It tells a webhook of what it knows.

use anyhow::{Context, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, free_port, http};

const PROGRAM: &str = "/usr/bin/prometheus-alertmanager";

/// An Alertmanager; killed when dropped.
pub struct Alertmanager {
    folder: TempDir,
    port: u16,
    server: Option<Server>,
}

impl Alertmanager {
    /// Starts one that tells `webhook` (a URL) of each alert, and when it is resolved.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start(webhook: &str) -> anyhow::Result<Self> {
        let alertmanager = Self {
            folder: tempfile::tempdir()?,
            port: free_port()?,
            server: None,
        };
        let configuration = format!(
            "route:\n  receiver: hook\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: 4h\n\
             receivers:\n- name: hook\n  webhook_configs:\n  - url: '{webhook}'\n    send_resolved: true\n"
        );
        std::fs::write(alertmanager.folder.path().join("alertmanager.yml"), configuration)?;
        let mut alertmanager = alertmanager;
        alertmanager.restart().await?;
        Ok(alertmanager)
    }

    /// Starts it (again) on the same port.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let arguments = [
            format!("--config.file={}", at("alertmanager.yml")),
            format!("--storage.path={}", at("data")),
            format!("--web.listen-address=127.0.0.1:{}", self.port),
            "--cluster.listen-address=".to_owned(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let log = self.folder.path().join("alertmanager.log");
        let mut server = Server::start(PROGRAM, "prometheus-alertmanager", &arguments, &log)?;
        server.wait_until_ready(self.port, "/-/ready").await?;
        self.server = Some(server);
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.server
            .take()
            .context("the Alertmanager does not run")?
            .stop()
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The alerts that it holds for active.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn active(&self) -> anyhow::Result<Vec<Value>> {
        let (status, body) = http(self.port, "GET", "/api/v2/alerts?active=true", "", "").await?;
        if status != 200 {
            bail!("{status} {body}");
        }
        Ok(serde_json::from_str(&body)?)
    }
}
