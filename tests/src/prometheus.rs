//! A real Prometheus: its own folder, its own port, stopped by its pid; and promtool.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, encode, free_port, http};

const PROGRAM: &str = "/usr/bin/prometheus";
const TOOL: &str = "/usr/bin/promtool";
/// A scrape or two, even on a busy machine.
const WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A server; killed when dropped.
pub struct Prometheus {
    port: u16,
    _folder: TempDir,
    _server: Server,
}

impl Prometheus {
    /// Starts it with a configuration and the files that this names, each by its name.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start(configuration: &str, files: &[(&str, &str)]) -> anyhow::Result<Self> {
        let (folder, port) = (tempfile::tempdir()?, free_port()?);
        for (name, text) in files.iter().chain(&[("prometheus.yml", configuration)]) {
            std::fs::write(folder.path().join(name), text)?;
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        let arguments = [
            format!("--config.file={}", at("prometheus.yml")),
            format!("--storage.tsdb.path={}", at("data")),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--log.level=warn".to_owned(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let log = folder.path().join("prometheus.log");
        let mut server = Server::start(PROGRAM, "prometheus", &arguments, &log)?;
        server.wait_until_ready(port, "/-/ready").await?;
        Ok(Self {
            port,
            _folder: folder,
            _server: server,
        })
    }

    /// What an expression gives now: labels and value of each series.
    ///
    /// # Errors
    /// When there is no answer or the answer is an error.
    pub async fn query(&self, expression: &str) -> anyhow::Result<Vec<(Value, f64)>> {
        let answer = self
            .json(&format!("/api/v1/query?query={}", encode(expression)))
            .await?;
        let series = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        let series = series.into_iter().map(|series| {
            let value = series["value"][1].as_str().context("a value")?.parse()?;
            Ok((series["metric"].clone(), value))
        });
        series.collect()
    }

    /// Waits until an expression gives something.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until(&self, expression: &str) -> anyhow::Result<()> {
        let looking = async {
            while !self
                .query(expression)
                .await
                .is_ok_and(|series| !series.is_empty())
            {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let waited = tokio::time::timeout(WITHIN, looking).await;
        waited.with_context(|| format!("nothing for {expression} within {WITHIN:?}"))
    }

    /// Every rule: its name, health, and state.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn rules(&self) -> anyhow::Result<Vec<Value>> {
        let answer = self.json("/api/v1/rules").await?;
        let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
        let rules = groups.iter().filter_map(|group| group["rules"].as_array());
        Ok(rules.flatten().cloned().collect())
    }

    async fn json(&self, path: &str) -> anyhow::Result<Value> {
        let (status, body) = http(self.port, "GET", path, "", "").await?;
        if status != 200 {
            bail!("{path}: {status} {body}");
        }
        Ok(serde_json::from_str(&body)?)
    }
}

/// Runs promtool in a folder to its end.
///
/// # Errors
/// When it is not installed.
pub fn promtool(folder: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    if !Path::new(TOOL).exists() {
        bail!("{TOOL} is missing: apt-get install prometheus");
    }
    Ok(Command::new(TOOL).args(arguments).current_dir(folder).output()?)
}
