//! A real VictoriaMetrics: its own folder, its own port, stopped by its pid.

use anyhow::bail;
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, encode, free_port, http};

const PROGRAM: &str = "/usr/bin/victoria-metrics";

/// A database server; killed when dropped.
pub struct Victoria {
    folder: TempDir,
    port: u16,
    server: Option<Server>,
}

impl Victoria {
    /// Starts a server that keeps one of several writes of a point.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(&[]).await
    }

    /// The same with further flags.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start_with(flags: &[&str]) -> anyhow::Result<Self> {
        let mut victoria = Self {
            folder: tempfile::tempdir()?,
            port: free_port()?,
            server: None,
        };
        victoria.restart_with(flags).await?;
        Ok(victoria)
    }

    /// Starts it again with other flags, on the same port and with what it had on disk.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restart_with(&mut self, flags: &[&str]) -> anyhow::Result<()> {
        if let Some(server) = self.server.take() {
            server.stop()?;
        }
        let data = format!("-storageDataPath={}", self.folder.path().join("data").display());
        let listen = format!("-httpListenAddr=127.0.0.1:{}", self.port);
        let mut arguments = vec![
            data.as_str(),
            &listen,
            "-dedup.minScrapeInterval=1ms",
            "-retentionPeriod=10y",
            "-search.latencyOffset=0s",
            "-search.disableCache",
        ];
        arguments.extend(flags);
        let log = self.folder.path().join("victoria.log");
        let mut server = Server::start(PROGRAM, "victoria-metrics", &arguments, &log)?;
        server.wait_until_ready(self.port, "/health").await?;
        self.server = Some(server);
        Ok(())
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All points of the series that a selector names; each line has `metric`, `values`, `timestamps`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn export(&self, selector: &str) -> anyhow::Result<Vec<Value>> {
        http(self.port, "GET", "/internal/force_flush", "", "").await?;
        let path = format!(
            "/api/v1/export?match%5B%5D={}&reduce_mem_usage=0",
            encode(selector)
        );
        let (status, body) = http(self.port, "GET", &path, "", "").await?;
        if status != 200 {
            bail!("{selector}: {status} {body}");
        }
        body.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}
