//! A real mosquitto: its own folder, its own port, stopped by its pid.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::net::TcpStream;

pub use crate::server::free_port;

const PROGRAM: &str = "/usr/sbin/mosquitto";
const READY_WITHIN: Duration = Duration::from_secs(10);

/// A broker; killed when dropped.
pub struct Mosquitto {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    configuration: String,
}

/// A signal to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It may tidy up.
    Term,
    /// It may not.
    Kill,
}

impl Mosquitto {
    /// Starts a broker with an empty persistence folder, anonymous access and large limits; `extra` are further lines
    /// of its configuration, in which `{folder}` stands for its folder.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start(extra: &str) -> anyhow::Result<Self> {
        let mut broker = Self::prepare(extra)?;
        broker.restart().await?;
        Ok(broker)
    }

    /// A broker that is not running yet: [`Mosquitto::restart`] starts it.
    ///
    /// # Errors
    /// When there is no port or no folder.
    pub fn prepare(extra: &str) -> anyhow::Result<Self> {
        let (folder, port) = (tempfile::tempdir()?, free_port()?);
        let extra = extra.replace("{folder}", &folder.path().display().to_string());
        let configuration = plain(folder.path(), port, &extra);
        Ok(Self {
            folder,
            port,
            child: None,
            configuration,
        })
    }

    /// A broker in this folder with a whole configuration, which listens at this port; starts it.
    pub(crate) async fn start_with(
        folder: TempDir,
        port: u16,
        configuration: String,
    ) -> anyhow::Result<Self> {
        let mut broker = Self {
            folder,
            port,
            child: None,
            configuration,
        };
        broker.restart().await?;
        Ok(broker)
    }

    /// Starts it (again), on the same port and with what it had on disk.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop(Signal::Term)?;
        let configuration = self.folder.path().join("mosquitto.conf");
        std::fs::write(&configuration, &self.configuration)?;
        if !Path::new(PROGRAM).exists() {
            bail!("{PROGRAM} is missing: apt-get install mosquitto mosquitto-clients");
        }
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_path())?;
        let child = Command::new(PROGRAM)
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("mosquitto does not start")?;
        self.child = Some(child);
        self.wait_until_ready().await
    }

    /// Stops it and waits until it is gone.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn stop(&mut self, signal: Signal) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        match signal {
            Signal::Kill => child.kill()?,
            Signal::Term => {
                let pid = child.id().to_string();
                Command::new("kill")
                    .args(["-TERM", &pid])
                    .status()
                    .context("kill")?;
            }
        }
        child.wait()?;
        Ok(())
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Its folder: configuration, log, persistence, and whatever a test puts there before it starts.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// What it keeps below a filter: the last retained payload of each topic. `login` are further arguments of the client.
    ///
    /// # Errors
    /// When the client is not installed or says no text.
    pub async fn retained(&self, filter: &str, login: &[&str]) -> anyhow::Result<BTreeMap<String, String>> {
        let port = self.port.to_string();
        let mut command = Command::new("/usr/bin/mosquitto_sub");
        command
            .args(["-p", &port, "-v", "-t", filter, "--retained-only", "-W", "1"])
            .args(login);
        let output = tokio::task::spawn_blocking(move || command.output()).await?;
        let output = output.context("apt-get install mosquitto-clients")?;
        let text = String::from_utf8(output.stdout)?;
        let pair = |line: &str| {
            line.split_once(' ')
                .map(|(topic, words)| (topic.to_owned(), words.to_owned()))
        };
        Ok(text.lines().filter_map(pair).collect())
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("mosquitto.log")
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let (port, log) = (self.port, self.log_path());
        let child = self.child.as_mut().context("not started")?;
        let ready = async {
            loop {
                if let Some(status) = child.try_wait()? {
                    bail!(
                        "mosquitto ended at once, {status}: {}",
                        std::fs::read_to_string(&log)?
                    );
                }
                if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(READY_WITHIN, ready).await.with_context(|| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            format!("mosquitto does not accept connections within {READY_WITHIN:?}: {log}")
        })?
    }
}

/// Waits until somebody listens at a port of this machine.
///
/// # Errors
/// When nobody does in time.
pub async fn until_listening(port: u16) -> anyhow::Result<()> {
    let listening = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(READY_WITHIN, listening).await;
    waited.with_context(|| format!("nobody listens at {port} within {READY_WITHIN:?}"))
}

/// What tests need unless they say otherwise.
fn plain(folder: &Path, port: u16, extra: &str) -> String {
    let mut text = String::new();
    let folder = folder.display();
    let _ = writeln!(text, "listener {port} 127.0.0.1");
    let _ = writeln!(
        text,
        "user root\npersistence true\npersistence_location {folder}/"
    );
    let _ = writeln!(
        text,
        "log_type error\nlog_type warning\nlog_type notice\nlog_type information"
    );
    let _ = writeln!(text, "max_queued_messages 0\nmax_queued_bytes 0");
    if !extra.contains("max_inflight_messages") {
        let _ = writeln!(text, "max_inflight_messages 1000");
    }
    if !extra.contains("allow_anonymous") {
        let _ = writeln!(text, "allow_anonymous true");
    }
    text.push_str(extra);
    text.push('\n');
    text
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        drop(self.stop(Signal::Kill));
    }
}
