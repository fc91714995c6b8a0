//! A real HTTP server that takes messages and keeps them; it can be stopped and started again on its port.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::idlewatt::WITHIN;
use crate::server::free_port;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its path.
    pub path: String,
    /// Its headers, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
}

impl Heard {
    /// Its body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// See the module.
pub struct Receiver {
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Receiver {
    /// Starts one.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start() -> anyhow::Result<Self> {
        let mut receiver = Self {
            port: free_port()?,
            heard: Arc::default(),
            running: None,
        };
        receiver.restart().await?;
        Ok(receiver)
    }

    /// Starts it (again).
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let heard = Arc::clone(&self.heard);
        let take = async move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let named = headers.iter().map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            });
            let one = Heard {
                path: uri.path().to_owned(),
                headers: named.collect(),
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(one);
            (StatusCode::OK, "taken")
        };
        let router = Router::new().fallback(take);
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await;
            drop(served);
        });
        self.running = Some((stop, task));
        Ok(())
    }

    /// Ends it, with its connections.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let (stop, task) = self.running.take().context("the receiver does not run")?;
        stop.cancel();
        Ok(task.await?)
    }

    /// Where it is, with a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it has heard at a path.
    #[must_use]
    pub fn heard(&self, path: &str) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|one| one.path == path).cloned().collect()
    }

    /// Waits until it has heard so many at a path.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn until_heard(&self, path: &str, count: usize) -> anyhow::Result<Vec<Heard>> {
        let hearing = async {
            while self.heard(path).len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(WITHIN, hearing).await;
        let heard = self.heard(path);
        waited.with_context(|| format!("{} of {count} heard at {path}: {heard:#?}", heard.len()))?;
        Ok(heard)
    }
}
