//! A real InfluxDB 1, asked over plain HTTP.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::child::{Child, free_port};

const READY_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(super) struct Database {
    folder: PathBuf,
    pub(super) port: u16,
    pub(super) child: Option<Child>,
}

impl Database {
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut database = Self {
            folder: folder.to_owned(),
            port: free_port()?,
            child: None,
        };
        database.restart().await?;
        Ok(database)
    }

    pub(super) async fn restart(&mut self) -> anyhow::Result<()> {
        let (folder, port) = (self.folder.display(), self.port);
        let configuration = self.folder.join("influxdb.conf");
        // its own defaults, but for folders, ports, and what would only add to its log
        let text = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{folder}/meta\"\n[data]\n\
             dir = \"{folder}/data\"\nwal-dir = \"{folder}/wal\"\nquery-log-enabled = false\n[http]\n\
             bind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\n[monitor]\nstore-enabled = false\n"
        );
        std::fs::write(&configuration, text)?;
        let arguments = ["-config", &configuration.display().to_string()];
        let log = self.folder.join("influxd.log");
        let mut child = Child::start(Path::new("influxd"), "influxdb", &arguments, &log)?;
        let ready = async {
            while http(port, "GET", "/ping").await.is_err() {
                child.check()?;
                sleep(LOOK_EVERY).await;
            }
            anyhow::Ok(())
        };
        timeout(READY_WITHIN, ready)
            .await
            .context("influxd does not answer")??;
        self.child = Some(child);
        Ok(())
    }

    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        match self.child.take() {
            Some(child) => child.stop().await,
            None => Ok(()),
        }
    }

    pub(super) fn processor_time(&self) -> anyhow::Result<Duration> {
        self.child
            .as_ref()
            .map_or(Ok(Duration::ZERO), Child::processor_time)
    }

    pub(super) async fn create(&self, database: &str) -> anyhow::Result<()> {
        self.ask("", &format!("CREATE DATABASE \"{database}\"")).await?;
        Ok(())
    }

    /// The last power of a device that can be read.
    pub(super) async fn last_w(&self, database: &str, device: &str) -> anyhow::Result<Option<f64>> {
        let query = format!("SELECT last(power_w) FROM power WHERE device = '{device}'");
        Ok(self.ask(database, &query).await?.as_f64())
    }

    /// How many points of the power curve there are.
    pub(super) async fn points(&self, database: &str) -> anyhow::Result<f64> {
        let answer = self.ask(database, "SELECT count(power_w) FROM power").await?;
        Ok(answer.as_f64().unwrap_or(0.0))
    }

    /// The value in the first row of the answer; null where there is none.
    async fn ask(&self, database: &str, query: &str) -> anyhow::Result<Value> {
        let escaped: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let (status, body) = http(self.port, "POST", &format!("/query?db={database}&q={escaped}")).await?;
        let answer: Value = serde_json::from_str(&body).with_context(|| body.clone())?;
        if status != 200 || answer["results"][0].get("error").is_some() {
            bail!("influxd answers {status} to {query}: {body}");
        }
        Ok(answer["results"][0]["series"][0]["values"][0][1].clone())
    }
}

/// One request without a body: status and body of the answer.
async fn http(port: u16, method: &str, path: &str) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    let status = head.split(' ').nth(1).context("no HTTP status")?.parse()?;
    Ok((status, body.to_owned()))
}
