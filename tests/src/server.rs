//! What the harnesses of servers share: a child process with a log, a port from the kernel, plain HTTP.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const READY_WITHIN: Duration = Duration::from_secs(30);
/// How much of a log a failed wait shows.
const LAST_LINES: usize = 30;

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
            format!(
                "{} does not answer {path} within {READY_WITHIN:?}; its log ends:\n{}",
                self.name,
                last_lines(&self.log)
            )
        })?
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

/// A port of 127.0.0.1, chosen by the kernel, that is ours as long as this lives: also while its server is away.
///
/// A socket is bound to it and never listens, so the kernel gives the port neither to another test's server nor to an
/// outgoing connection, and who connects while the server is away is refused. Servers that set `SO_REUSEADDR`, as all
/// of ours do, listen beside it.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _reservation: TcpSocket,
}

impl Port {
    /// Takes a port that nobody else has.
    ///
    /// # Errors
    /// When there is none.
    pub fn reserve() -> anyhow::Result<Self> {
        let reservation = TcpSocket::new_v4()?;
        reservation.set_reuseaddr(true)?;
        reservation.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let number = reservation.local_addr()?.port();
        Ok(Self {
            number,
            _reservation: reservation,
        })
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// How a log ends, for the message of a failed wait.
pub(crate) fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_reserved_port_refuses_until_its_server_listens_and_is_nobody_elses() -> anyhow::Result<()> {
        let port = Port::reserve()?;
        let address = (Ipv4Addr::LOCALHOST, port.number());
        for _ in 0..2 {
            let refused = TcpStream::connect(address).await.map(drop);
            assert!(refused.is_err(), "nobody listens");
            let listener = TcpListener::bind(address).await?;
            TcpStream::connect(address).await?;
            drop(listener);
        }
        let others: Vec<Port> = (0..500).map(|_| Port::reserve()).collect::<Result<_, _>>()?;
        assert!(others.iter().all(|other| other.number() != port.number()));
        Ok(())
    }
}
