//! A real VictoriaMetrics: its own folder, its own port, stopped by its pid.

use anyhow::bail;
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, encode, free_port, http};

const PROGRAM: &str = "/usr/bin/victoria-metrics";

/// A database server; killed when dropped.
pub struct Victoria {
    _folder: TempDir,
    port: u16,
    _server: Server,
}

impl Victoria {
    /// Starts a server that keeps one of several writes of a point.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start() -> anyhow::Result<Self> {
        let (folder, port) = (tempfile::tempdir()?, free_port()?);
        let data = format!("-storageDataPath={}", folder.path().join("data").display());
        let listen = format!("-httpListenAddr=127.0.0.1:{port}");
        let arguments = [
            data.as_str(),
            &listen,
            "-dedup.minScrapeInterval=1ms",
            "-retentionPeriod=10y",
            "-search.latencyOffset=0s",
            "-search.disableCache",
        ];
        let mut server = Server::start(
            PROGRAM,
            "victoria-metrics",
            &arguments,
            &folder.path().join("victoria.log"),
        )?;
        server.wait_until_ready(port, "/health").await?;
        Ok(Self {
            _folder: folder,
            port,
            _server: server,
        })
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
