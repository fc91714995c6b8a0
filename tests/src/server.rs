//! What the harnesses of database servers share: a child process with a log, a port from the kernel, plain HTTP.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const READY_WITHIN: Duration = Duration::from_secs(30);

/// A program that is killed when dropped.
pub(crate) struct Server {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Server {
    /// Starts `program`; fails with the command that installs it where it is missing.
    pub(crate) fn start(
        program: &str,
        package: &str,
        arguments: &[&str],
        log: &Path,
    ) -> anyhow::Result<Self> {
        if !Path::new(program).exists() {
            bail!("{program} is missing: apt-get install {package}");
        }
        let output = File::options().create(true).append(true).open(log)?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{program} does not start"))?;
        Ok(Self {
            name: program.to_owned(),
            log: log.to_owned(),
            child,
        })
    }

    /// Waits until a GET of `path` is answered with 2xx.
    pub(crate) async fn wait_until_ready(&mut self, port: u16, path: &str) -> anyhow::Result<()> {
        let ready = async {
            loop {
                if let Some(status) = self.child.try_wait()? {
                    bail!(
                        "{} ended at once, {status}: {}",
                        self.name,
                        std::fs::read_to_string(&self.log)?
                    );
                }
                if let Ok((200..=299, _)) = http(port, "GET", path, "", "").await {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(READY_WITHIN, ready).await;
        waited.with_context(|| {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            format!(
                "{} does not answer {path} within {READY_WITHIN:?}: {log}",
                self.name
            )
        })?
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status()?;
        anyhow::ensure!(sent.success(), "kill -{name} {pid}: {sent}");
        Ok(())
    }

    /// Ends it and gives it the time to tidy up.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.signal("TERM")?;
        self.child.wait()?;
        Ok(())
    }

    /// Waits until it takes connections.
    pub(crate) async fn wait_until_listening(&mut self, port: u16) -> anyhow::Result<()> {
        let ready = async {
            loop {
                if let Some(status) = self.child.try_wait()? {
                    let log = std::fs::read_to_string(&self.log)?;
                    bail!("{} ended at once, {status}: {log}", self.name);
                }
                if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(READY_WITHIN, ready).await;
        waited.with_context(|| format!("{} does not listen within {READY_WITHIN:?}", self.name))?
    }

    /// Ends it without a chance to tidy up.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The ports that this process has been given; see [`free_port`].
static RESERVED: Mutex<Vec<TcpSocket>> = Mutex::new(Vec::new());

/// A port of our own, chosen by the kernel. It stays ours until the test's process ends: a socket that is bound and
/// never listens keeps it, so that nobody else is given it while our server is down, and a server (they all set
/// `SO_REUSEADDR`) can listen on it all the same.
///
/// # Errors
/// When the kernel has none.
pub fn free_port() -> anyhow::Result<u16> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let port = socket.local_addr()?.port();
    RESERVED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(socket);
    Ok(port)
}

/// One request to a server on this machine: status and body. `headers` are whole lines, each with its line end.
pub(crate) async fn http(
    port: u16,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> anyhow::Result<(u16, String)> {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let length = body.len();
        // 1.0: the answer comes in one piece and ends with the connection
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let answer = String::from_utf8(answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no end of the headers")?;
        let status = head.split_whitespace().nth(1).context("no status")?.parse()?;
        Ok((status, body.to_owned()))
    };
    tokio::time::timeout(Duration::from_secs(60), exchange)
        .await
        .context("no answer")?
}

/// Percent-encodes a value of a query string.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
