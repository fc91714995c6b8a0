//! Somebody who looks at the page over a socket: plain HTTP/1.0, nothing compressed, nothing kept.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than this nobody waits.
const WITHIN: Duration = Duration::from_secs(60);
/// An event is never longer.
const EVENT_BYTES_MAX: usize = 4 << 20;

/// The body of an answer.
pub(super) async fn get(port: u16, path: &str) -> anyhow::Result<Vec<u8>> {
    let asked = async {
        let mut socket = ask(port, path).await?;
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).await?;
        anyhow::Ok(bytes)
    };
    let bytes = timeout(WITHIN, asked)
        .await
        .with_context(|| format!("{path} does not answer"))??;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let head = end.context("no answer of HTTP")?;
    ensure!(
        bytes.starts_with(b"HTTP/1.0 200") || bytes.starts_with(b"HTTP/1.1 200"),
        "{path} is refused"
    );
    Ok(bytes[head + 4..].to_vec())
}

async fn ask(port: u16, path: &str) -> anyhow::Result<TcpStream> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    Ok(socket)
}

/// A stream of events that is listened to.
pub(super) struct Stream {
    socket: TcpStream,
    heard: Vec<u8>,
}

impl Stream {
    /// Opens it.
    pub(super) async fn open(port: u16, path: &str) -> anyhow::Result<Self> {
        Ok(Self {
            socket: ask(port, path).await?,
            heard: Vec::new(),
        })
    }

    /// Hears what comes for a while, and forgets it.
    pub(super) async fn listen_for(&mut self, while_: Duration) -> anyhow::Result<()> {
        let end = tokio::time::Instant::now() + while_;
        while let Ok(read) = tokio::time::timeout_at(end, self.read()).await {
            read?;
        }
        self.heard.clear();
        Ok(())
    }

    /// Waits until a text has come.
    pub(super) async fn until(&mut self, wanted: &str) -> anyhow::Result<()> {
        let heard = async {
            while !self
                .heard
                .windows(wanted.len())
                .any(|window| window == wanted.as_bytes())
            {
                self.read().await?;
            }
            anyhow::Ok(())
        };
        timeout(WITHIN, heard)
            .await
            .context("the change was never told")??;
        self.heard.clear();
        Ok(())
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        ensure!(self.heard.len() < EVENT_BYTES_MAX, "an event without end");
        if self.socket.read_buf(&mut self.heard).await? == 0 {
            bail!("the stream has ended");
        }
        Ok(())
    }
}
