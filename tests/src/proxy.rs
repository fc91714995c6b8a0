//! A bad network: a TCP proxy that can be slow, stuck or cut.
//!
//! Bytes are never changed. Cutting drops both ends at once, whatever is under way; while it is cut, whoever connects is
//! sent away. Each connection holds one buffer a direction.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// As it should be.
    Good,
    /// So many bytes a second, each way.
    Slow(u32),
    /// Connections stay and nothing goes through.
    Stuck,
    /// Connections are dropped and none is to be had.
    Cut,
}

/// A proxy before one server; gone when dropped.
pub struct Proxy {
    port: u16,
    network: watch::Sender<Network>,
    task: JoinHandle<()>,
}

const BUFFER_BYTES: usize = 16 * 1024;
/// A slow network passes this often.
const TICK: Duration = Duration::from_millis(50);

impl Proxy {
    /// Listens on a port of its own and connects on to `server` on this machine.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(server: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (network, seen) = watch::channel(Network::Good);
        let task = tokio::spawn(accept(listener, server, seen));
        Ok(Self { port, network, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on the network is so.
    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.set(Network::Cut);
    }
}

async fn accept(listener: TcpListener, server: u16, seen: watch::Receiver<Network>) {
    while let Ok((client, _)) = listener.accept().await {
        if *seen.borrow() == Network::Cut {
            continue;
        }
        let seen = seen.clone();
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else {
                return;
            };
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            // either way ending ends both: MQTT and HTTP here never close one half
            tokio::select! {
                () = pass(from_client, to_server, seen.clone()) => {}
                () = pass(from_server, to_client, seen) => {}
            }
        });
    }
}

/// Passes bytes one way until an end closes or the network is cut.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut seen: watch::Receiver<Network>) {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let network = *seen.borrow_and_update();
        let at_most = match network {
            Network::Good => buffer.len(),
            Network::Slow(bytes_per_s) => {
                sleep(TICK).await;
                let ticks_per_s = 1000 / 50;
                (bytes_per_s as usize / ticks_per_s).clamp(1, buffer.len())
            }
            Network::Stuck => {
                if seen.changed().await.is_err() {
                    return;
                }
                continue;
            }
            Network::Cut => return,
        };
        let read = tokio::select! {
            read = from.read(&mut buffer[..at_most]) => read,
            _ = seen.changed() => continue,
        };
        let Ok(length @ 1..) = read else { return };
        let written = tokio::select! {
            written = to.write_all(&buffer[..length]) => written.is_ok(),
            _ = seen.wait_for(|network| *network == Network::Cut) => false,
        };
        if !written {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> anyhow::Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mut from, mut to) = stream.split();
                drop(tokio::io::copy(&mut from, &mut to).await);
            }
        });
        Ok(port)
    }

    async fn said_back(stream: &mut TcpStream) -> std::io::Result<[u8; 2]> {
        let mut answer = [0; 2];
        stream.write_all(b"hi").await?;
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn what_is_stuck_comes_later_and_what_is_cut_never() -> anyhow::Result<()> {
        let proxy = Proxy::start(echo().await?).await?;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await?;
        assert_eq!(&said_back(&mut stream).await?, b"hi");
        proxy.set(Network::Stuck);
        stream.write_all(b"ho").await?;
        let mut answer = [0; 2];
        let early = tokio::time::timeout(Duration::from_millis(50), stream.read_exact(&mut answer)).await;
        assert!(early.is_err(), "{answer:?}");
        proxy.set(Network::Slow(1_000));
        stream.read_exact(&mut answer).await?;
        assert_eq!(&answer, b"ho");
        proxy.set(Network::Cut);
        assert_eq!(stream.read(&mut answer).await.unwrap_or(0), 0);
        let mut sent_away = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await?;
        assert_eq!(sent_away.read(&mut answer).await.unwrap_or(0), 0);
        proxy.set(Network::Good);
        let mut again = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await?;
        assert_eq!(&said_back(&mut again).await?, b"hi");
        Ok(())
    }
}
