//! Takes connections and speaks HTTP/1.1 over them, with TLS where the door has a certificate.
//!
//! Limits: `connections_max` at once, of which one address may hold half (proxies and this machine all of them); more
//! are told so with a 503 and closed. A head that is not there within `head_within`, a TLS handshake, a connection that
//! is silent so long: closed. A head has at most [`HEAD_BYTES_MAX`] bytes. A visitor who takes nothing of an answer for
//! [`TAKEN_WITHIN`] is cut off by the kernel.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Door;

const HEAD_BYTES_MAX: usize = 16 * 1024;
const TAKEN_WITHIN: Duration = Duration::from_secs(30);
/// Answers that have begun when the service stops may take so long.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);
/// After an error of the listener (no file left to open), before the next try.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// So many are told at once that there is no room; more are closed without a word.
const REFUSALS_MAX: usize = 32;
const REFUSED_WITHIN: Duration = Duration::from_secs(1);

const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\
    Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 65\r\n\r\ntoo many connections: try again, or raise [page] connections_max\n";

/// Both ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::page) struct Peer {
    pub(super) address: IpAddr,
    pub(super) local: IpAddr,
}

/// Serves on a bound listener until `shutdown`; answers that have begun are brought to an end.
pub(in crate::page) async fn serve(
    listener: TcpListener,
    router: Router,
    door: Door,
    shutdown: CancellationToken,
) {
    let (tracker, refusals) = (TaskTracker::new(), Arc::new(Semaphore::new(REFUSALS_MAX)));
    let rooms = Arc::new(Rooms::new(&door));
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted.and_then(|(stream, _)| prepare(stream)) {
            Ok(prepared) => prepared,
            Err(error) => {
                tracing::debug!(%error, "a connection to the page could not be taken");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        if let Some(room) = Rooms::enter(&rooms, peer.address) {
            let connection = Connection {
                router: router.clone().layer(Extension(peer)),
                door: door.clone(),
                shutdown: shutdown.clone(),
            };
            tracker.spawn(async move {
                connection.attend(stream).await;
                drop(room);
            });
        } else if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
            let is_tls = door.is_tls();
            tracker.spawn(async move {
                refuse(stream, is_tls).await;
                drop(permit);
            });
        }
    }
    tracker.close();
    let _ = timeout(STOPPED_WITHIN, tracker.wait()).await;
}

fn prepare(stream: TcpStream) -> std::io::Result<(TcpStream, Peer)> {
    let (address, local) = (stream.peer_addr()?.ip(), stream.local_addr()?.ip());
    stream.set_nodelay(true)?;
    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(TAKEN_WITHIN))?;
    let peer = Peer {
        address: address.to_canonical(),
        local: local.to_canonical(),
    };
    Ok((stream, peer))
}

/// The request is read first, at least its beginning: closing on unread bytes would throw the words away.
async fn refuse(mut stream: TcpStream, is_tls: bool) {
    tracing::debug!("no room for a connection to the page");
    if is_tls {
        return;
    }
    let told = async {
        let _ = stream.read(&mut [0; 4096]).await?;
        stream.write_all(NO_ROOM).await?;
        stream.shutdown().await
    };
    let _ = timeout(REFUSED_WITHIN, told).await;
}

struct Connection {
    router: Router,
    door: Door,
    shutdown: CancellationToken,
}

impl Connection {
    async fn attend(self, stream: TcpStream) {
        let Some(acceptor) = self.door.acceptor.clone() else {
            return self.speak(stream).await;
        };
        match timeout(self.door.config.head_within, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.speak(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS with a visitor of the page"),
            Err(_) => tracing::debug!("a visitor of the page does not finish the TLS handshake"),
        }
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let service = TowerToHyperService::new(self.router);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.door.config.head_within)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let mut is_stopping = false;
        let ended = loop {
            tokio::select! {
                ended = connection.as_mut() => break ended,
                () = self.shutdown.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection to the page ended");
        }
    }
}

/// Who is in.
struct Rooms {
    all_max: usize,
    one_max: usize,
    proxies: Vec<IpAddr>,
    of: Mutex<HashMap<IpAddr, usize>>,
}

/// A place, given back when dropped.
struct Room {
    rooms: Arc<Rooms>,
    address: IpAddr,
}

impl Rooms {
    fn new(door: &Door) -> Self {
        let all_max = door.config.connections_max;
        Self {
            all_max,
            one_max: (all_max / 2).max(1),
            proxies: door.config.proxies.clone(),
            of: Mutex::default(),
        }
    }

    fn enter(this: &Arc<Self>, address: IpAddr) -> Option<Room> {
        let mut of = this.of.lock().unwrap_or_else(PoisonError::into_inner);
        let one_max = if address.is_loopback() || this.proxies.contains(&address) {
            this.all_max
        } else {
            this.one_max
        };
        if of.values().sum::<usize>() >= this.all_max || of.get(&address).is_some_and(|held| *held >= one_max)
        {
            return None;
        }
        *of.entry(address).or_default() += 1;
        Some(Room {
            rooms: Arc::clone(this),
            address,
        })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut of = self.rooms.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = of.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                of.remove(&self.address);
            }
        }
    }
}
