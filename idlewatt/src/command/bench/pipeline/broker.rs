//! A real mosquitto, with the settings of `deploy/mosquitto.conf`; only port, folders and accounts are the bench's.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::child::{Child, free_port};
use super::stream::FILTERS;

const SHIPPED: &str = include_str!("../../../../../deploy/mosquitto.conf");
/// Of its settings, those that are the bench's own: who comes in where.
const OURS: [&str; 6] = [
    "listener ",
    "allow_anonymous ",
    "password_file ",
    "acl_file ",
    "certfile ",
    "keyfile ",
];
const READY_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const PACKAGE: &str = "mosquitto mosquitto-clients";

/// The window of the C client: the same as idlewatt's own `receive_maximum`.
const RECEIVE_MAXIMUM: &str = "2000";

pub(super) struct Broker {
    pub(super) child: Child,
    pub(super) port: u16,
    log: std::path::PathBuf,
}

impl Broker {
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut lines = vec![
            format!("listener {port} 127.0.0.1"),
            "allow_anonymous true".to_owned(),
            format!("persistence_location {}/", folder.display()),
        ];
        if is_root() {
            lines.push("user root".to_owned());
        }
        let is_ours = |line: &str| OURS.iter().any(|key| line.starts_with(key));
        lines.extend(SHIPPED.lines().filter(|line| !is_ours(line)).map(str::to_owned));
        let configuration = folder.join("mosquitto.conf");
        std::fs::write(&configuration, lines.join("\n") + "\n")?;
        let log = folder.join("mosquitto.log");
        let arguments = ["-c", &configuration.display().to_string()];
        let mut child = Child::start(Path::new("mosquitto"), PACKAGE, &arguments, &log)?;
        let ready = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                child.check()?;
                sleep(LOOK_EVERY).await;
            }
            anyhow::Ok(())
        };
        timeout(READY_WITHIN, ready)
            .await
            .context("mosquitto does not listen")??;
        Ok(Self { child, port, log })
    }

    /// Makes the persistent session of a `mosquitto_sub` that is not running.
    pub(super) async fn subscribe(&self, id: &str) -> anyhow::Result<()> {
        let mut client = self.client(id, &["-E"])?;
        client.ended(READY_WITHIN).await
    }

    /// Throws a session away, or all that follows would be queued for it as well.
    pub(super) async fn forget(&self, id: &str) -> anyhow::Result<()> {
        let port = self.port.to_string();
        let arguments = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-i",
            id,
            "-q",
            "1",
            "-t",
            "bench/nothing",
            "-E",
        ];
        let mut client = Child::start_silent(Path::new("mosquitto_sub"), PACKAGE, &arguments, &self.log)?;
        client.ended(READY_WITHIN).await
    }

    /// `mosquitto_sub` in its session: takes so many messages at QoS 1, writes them to nowhere, ends.
    pub(super) fn client_of(&self, id: &str, messages: usize) -> anyhow::Result<Child> {
        self.client(id, &["-C", &messages.to_string()])
    }

    fn client(&self, id: &str, further: &[&str]) -> anyhow::Result<Child> {
        let port = self.port.to_string();
        let usual = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-V",
            "5",
            "-i",
            id,
            "-c",
            "-x",
            "3600",
            "-q",
            "1",
        ];
        let window = ["-D", "connect", "receive-maximum", RECEIVE_MAXIMUM];
        let topics = FILTERS.iter().flat_map(|filter| ["-t", *filter]);
        let arguments = usual.into_iter().chain(window).chain(topics);
        let arguments: Vec<&str> = arguments.chain(further.iter().copied()).collect();
        Child::start_silent(Path::new("mosquitto_sub"), PACKAGE, &arguments, &self.log)
    }
}

/// mosquitto started by root becomes another user, who may not read our folder, unless it is told to stay.
fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    line.is_some_and(|line| line.split_whitespace().nth(1) == Some("0"))
}
