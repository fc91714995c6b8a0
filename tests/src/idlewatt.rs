//! The real `idlewatt`: the binary beside the test, its own folder, its own port, stopped and killed by its pid.
//!
//! The binary must be built by the same profile (`./test` does it: `cargo build --workspace`); a
//! missing one is a failure that says so. The folder outlives the process, so a second start goes on from its state.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::account::Metrics;
use crate::server::{free_port, http};

/// Longer than anything takes, even on a busy machine.
pub const WITHIN: Duration = Duration::from_secs(120);
/// Of its log, when something is not as it should be.
const LINES_SHOWN: usize = 20;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The binary that cargo has put beside the running test.
///
/// # Errors
/// When it is not there.
pub fn binary() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folders = test.ancestors().skip(1).take(2);
    let found = folders
        .map(|folder| folder.join("idlewatt"))
        .find(|file| file.is_file());
    found.with_context(|| {
        format!(
            "no idlewatt beside {}: build it with `cargo build --workspace` and this profile",
            test.display()
        )
    })
}

/// The configuration of the demo hospital, at this broker; `further` are sections to be added.
#[must_use]
pub fn demo_configuration(broker_url: &str, further: &str) -> String {
    let text = idlewatt::demo::CONFIG.replace("mqtt://127.0.0.1:1883", broker_url);
    format!("{text}\n{further}\n")
}

/// A sink that writes to an InfluxDB 1.x.
#[must_use]
pub fn influx_sink(url: &str) -> String {
    format!("[[sink]]\nname = \"influx\"\nkind = \"influxdb1\"\nurl = \"{url}\"\n")
}

/// `idlewatt serve` with a configuration of its own; killed when dropped.
pub struct Idlewatt {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    environment: Vec<(String, String)>,
    /// Header lines of every question to the page.
    login: String,
    /// Keys of `[page]` beside the port.
    page: String,
    address: IpAddr,
}

impl Idlewatt {
    /// Writes the configuration; the state folder and the page's port are added to it. Nothing runs yet.
    ///
    /// # Errors
    /// When there is no port or no folder.
    pub fn prepare(configuration: &str) -> anyhow::Result<Self> {
        Self::prepare_with_page(configuration, "")
    }

    /// The same, with further keys of `[page]`.
    ///
    /// # Errors
    /// When there is no port or no folder.
    pub fn prepare_with_page(configuration: &str, page: &str) -> anyhow::Result<Self> {
        let idlewatt = Self {
            folder: tempfile::tempdir()?,
            port: free_port()?,
            child: None,
            environment: Vec::new(),
            login: String::new(),
            page: page.to_owned(),
            address: Ipv4Addr::LOCALHOST.into(),
        };
        idlewatt.rewrite(configuration)?;
        Ok(idlewatt)
    }

    /// Writes another configuration; the state folder and the page are added to it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn rewrite(&self, configuration: &str) -> anyhow::Result<()> {
        let ours = format!(
            "\n[service]\nstate_dir = \"{}\"\n[page]\nlisten = \"{}:{}\"\n{}",
            self.state_folder().display(),
            self.address,
            self.port,
            self.page
        );
        std::fs::write(self.configuration_path(), configuration.to_owned() + &ours)?;
        Ok(())
    }

    /// The page is to listen at every address of this machine.
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub fn listen_everywhere(&mut self, configuration: &str) -> anyhow::Result<()> {
        self.address = Ipv4Addr::UNSPECIFIED.into();
        self.rewrite(configuration)
    }

    /// From now on the page is asked with this token.
    pub fn log_in(&mut self, token: &str) {
        self.login = format!("Authorization: Bearer {token}\r\n");
    }

    /// From the next start on, a variable of its environment.
    pub fn set_environment(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// As [`Idlewatt::prepare`], then starts it.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(configuration: &str) -> anyhow::Result<Self> {
        let mut idlewatt = Self::prepare(configuration)?;
        idlewatt.restart().await?;
        Ok(idlewatt)
    }

    /// Starts it (again) on the same folder, and waits until its page answers.
    ///
    /// # Errors
    /// When it is running already, ends at once, or its page does not answer in time.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.spawn()?;
        let port = self.port;
        self.until_ready(async move || http(port, "GET", "/health", "", "").await.is_ok())
            .await
    }

    /// The same of a page that speaks https: waits until it takes connections.
    ///
    /// # Errors
    /// As [`Idlewatt::restart`].
    pub async fn restart_over_tls(&mut self) -> anyhow::Result<()> {
        self.spawn()?;
        let port = self.port;
        self.until_ready(async move || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok())
            .await
    }

    fn spawn(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(self.child.is_none(), "idlewatt runs already");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_path())?;
        let child = Command::new(binary()?)
            .arg("serve")
            .arg("-c")
            .arg(self.configuration_path())
            .env_remove("RUST_LOG")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("idlewatt does not start")?;
        self.child = Some(child);
        Ok(())
    }

    async fn until_ready(&mut self, mut is_ready: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
        let ready = async {
            loop {
                if let Some(status) = self.child.as_mut().context("just started")?.try_wait()? {
                    bail!("idlewatt ended at once, {status}: {}", self.log());
                }
                if is_ready().await {
                    return Ok(());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(WITHIN, ready).await.with_context(|| {
            format!(
                "its page does not answer within {WITHIN:?}\n{}",
                self.last_lines()
            )
        })?
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("idlewatt does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// SIGHUP: it is to read its configuration again.
    ///
    /// # Errors
    /// When it does not run.
    pub fn hang_up(&self) -> anyhow::Result<()> {
        signal(self.child.as_ref().context("idlewatt does not run")?, "HUP")
    }

    /// SIGTERM; its exit status.
    ///
    /// # Errors
    /// When it does not run or does not end in time.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        let mut child = self.child.take().context("idlewatt does not run")?;
        terminate(&child)?;
        wait_for_end(&mut child).await.with_context(|| self.log())
    }

    /// Status and body of a page.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<(u16, String)> {
        http(self.port, "GET", path, &self.login, "").await
    }

    /// The JSON at a path of the API, or of `/health`.
    ///
    /// # Errors
    /// When there is no answer or it is not JSON.
    pub async fn json(&self, path: &str) -> anyhow::Result<Value> {
        let (_, body) = self.get(path).await?;
        serde_json::from_str(&body).with_context(|| format!("{path}: {body}"))
    }

    /// What `/metrics` says.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn metrics(&self) -> anyhow::Result<Metrics> {
        Ok(Metrics::parse(&self.get("/metrics").await?.1))
    }

    /// Waits until it listens to a broker: what is published before reaches nobody.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn until_connected(&self, broker: &str) -> anyhow::Result<()> {
        let up = format!("broker_up{{broker=\"{broker}\"}}");
        self.until("connected", WITHIN, |metrics| metrics.sum(&up) == 1.0)
            .await
            .map(drop)
    }

    /// Waits until the metrics are as wanted; gives them.
    ///
    /// # Errors
    /// When they are not in time; says how they are.
    pub async fn until(
        &self,
        what: &str,
        within: Duration,
        holds: impl Fn(&Metrics) -> bool,
    ) -> anyhow::Result<Metrics> {
        let mut last = Metrics::default();
        let looking = async {
            loop {
                if let Ok(metrics) = self.metrics().await {
                    last = metrics;
                    if holds(&last) {
                        return;
                    }
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let reached = tokio::time::timeout(within, looking).await;
        if reached.is_err() {
            bail!(
                "never {what} within {within:?}: {:#?}\n{last}\n{}",
                last.account(),
                self.last_lines()
            );
        }
        Ok(last)
    }

    /// Waits until `/health` says something that a test wants; gives it.
    ///
    /// # Errors
    /// When it does not in time; says what it says.
    pub async fn until_health(&self, what: &str, holds: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        self.until_json("/health", what, holds).await
    }

    /// Waits until the JSON at a path says something that a test wants; gives it.
    ///
    /// # Errors
    /// When it does not in time; says what it says.
    pub async fn until_json(
        &self,
        path: &str,
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let mut last = Value::Null;
        let looking = async {
            loop {
                if let Ok(answer) = self.json(path).await {
                    last = answer;
                    if holds(&last) {
                        return;
                    }
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let reached = tokio::time::timeout(WITHIN, looking).await;
        if reached.is_err() {
            bail!(
                "{path} never says {what} within {WITHIN:?}: {last:#}\n{}",
                self.last_lines()
            );
        }
        Ok(last)
    }

    /// Where the page is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The end of its log, for a failure to show.
    fn last_lines(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
    }

    /// Its log so far, of all starts.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Its configuration, for other commands.
    #[must_use]
    pub fn configuration_path(&self) -> PathBuf {
        self.folder.path().join("idlewatt.toml")
    }

    /// Its folder: configuration, log, state.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The most memory it has held since its last start, MiB.
    ///
    /// # Errors
    /// When it does not run.
    pub fn peak_memory_mib(&self) -> anyhow::Result<u64> {
        let pid = self.child.as_ref().context("idlewatt does not run")?.id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmHWM")?;
        Ok(kib.parse::<u64>()? / 1024)
    }

    /// Where its journal and its other files are.
    #[must_use]
    pub fn state_folder(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("idlewatt.log")
    }
}

impl Drop for Idlewatt {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

/// The JSON at a path of a page on this machine.
///
/// # Errors
/// When there is no answer or it is not JSON.
pub async fn json(port: u16, path: &str) -> anyhow::Result<Value> {
    let (_, body) = http(port, "GET", path, "", "").await?;
    serde_json::from_str(&body).with_context(|| format!("{path}: {body}"))
}

/// Asks a child to end.
///
/// # Errors
/// When the signal cannot be sent.
pub fn terminate(child: &Child) -> anyhow::Result<()> {
    signal(child, "TERM")
}

fn signal(child: &Child, name: &str) -> anyhow::Result<()> {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &pid]).status()?;
    anyhow::ensure!(sent.success(), "kill -s {name} {pid}: {sent}");
    Ok(())
}

/// Waits until a child has ended.
///
/// # Errors
/// When it has not in time.
pub async fn wait_for_end(child: &mut Child) -> anyhow::Result<ExitStatus> {
    let ended = async {
        loop {
            if let Some(status) = child.try_wait()? {
                return anyhow::Ok(status);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let status = tokio::time::timeout(WITHIN, ended)
        .await
        .context("it does not end")?;
    if status.is_err() {
        drop(child.kill());
    }
    status
}

/// Runs another command of the binary to its end; `input` goes to its standard input.
///
/// # Errors
/// When it cannot be run.
pub fn command(arguments: &[&str], input: &str) -> anyhow::Result<Output> {
    command_in(&[], arguments, input)
}

/// The same, with variables of the environment.
///
/// # Errors
/// When it cannot be run.
pub fn command_in(environment: &[(&str, &str)], arguments: &[&str], input: &str) -> anyhow::Result<Output> {
    use std::io::Write as _;
    let mut child = Command::new(binary()?)
        .args(arguments)
        .env_remove("RUST_LOG")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("stdin is piped")?;
    let input = input.to_owned();
    // a thread of its own: it may answer before it has read all
    let writing = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output()?;
    drop(writing.join());
    Ok(output)
}

/// What a command that must succeed prints.
///
/// # Errors
/// When it cannot be run, or says that something is wrong.
pub fn answer(arguments: &[&str], input: &str) -> anyhow::Result<String> {
    let output = command(arguments, input)?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(
        output.status.success(),
        "{arguments:?}: {}: {said}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}
