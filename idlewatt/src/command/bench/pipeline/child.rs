//! A process of the bench: started from the PATH, its log kept, what it has used asked of the kernel, stopped by its
//! number. Nothing outlives the bench: what is dropped is killed.

use std::fs::File;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::Child as Process;
use tokio::time::timeout;

/// A process that does not end within this after SIGTERM is killed.
const STOP_WITHIN: Duration = Duration::from_secs(60);
/// Linux counts the time of a process in hundredths of a second, whatever its own clock does (USER_HZ).
const TICK: Duration = Duration::from_millis(10);

/// A running process.
pub(super) struct Child {
    name: String,
    pid: u32,
    log: PathBuf,
    process: Process,
}

impl Child {
    /// Starts `program`; what it says goes to `log`. `package`: where a missing one comes from.
    pub(super) fn start(
        program: &Path,
        package: &str,
        arguments: &[&str],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        Self::run(program, package, arguments, log, Stdio::from(output))
    }

    /// As [`Child::start`], with its results thrown away.
    pub(super) fn start_silent(
        program: &Path,
        package: &str,
        arguments: &[&str],
        log: &Path,
    ) -> anyhow::Result<Self> {
        Self::run(program, package, arguments, log, Stdio::null())
    }

    fn run(
        program: &Path,
        package: &str,
        arguments: &[&str],
        log: &Path,
        output: Stdio,
    ) -> anyhow::Result<Self> {
        let name = program.display().to_string();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(File::options().create(true).append(true).open(log)?);
        let spawned = tokio::process::Command::from(command).kill_on_drop(true).spawn();
        let process = match spawned {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!(
                    "{name} is not on the PATH, and the bench measures through it: apt-get install {package}"
                )
            }
            other => other.with_context(|| format!("{name} does not start"))?,
        };
        let pid = process
            .id()
            .with_context(|| format!("{name} has ended at once"))?;
        Ok(Self {
            name,
            pid,
            log: log.to_owned(),
            process,
        })
    }

    /// Fails, with the end of its log, where it has ended.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("{} has ended, {status}: {}", self.name, self.last_words());
        }
        Ok(())
    }

    /// Waits for its end.
    pub(super) async fn ended(&mut self, within: Duration) -> anyhow::Result<()> {
        let waited = timeout(within, self.process.wait()).await;
        let status = waited.with_context(|| format!("{} does not end within {within:?}", self.name))??;
        if !status.success() {
            bail!("{}: {status}: {}", self.name, self.last_words());
        }
        Ok(())
    }

    /// SIGTERM, and its end.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.pid.to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &pid]).status()?;
        anyhow::ensure!(sent.success(), "kill -s TERM {pid}: {sent}");
        if timeout(STOP_WITHIN, self.process.wait()).await.is_err() {
            self.process.kill().await?;
        }
        Ok(())
    }

    /// Processor time it has used so far, in user and system mode, to the hundredth of a second.
    pub(super) fn processor_time(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // the name in brackets may hold anything; user and system time are the 12th and 13th word behind it
        let behind = stat.rsplit_once(')').context("no ) in /proc/PID/stat")?.1;
        let ticks = behind.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        let ticks: u32 = ticks.sum::<Result<_, _>>()?;
        Ok(TICK * ticks)
    }

    /// The most memory it has held, MiB.
    pub(super) fn memory_mib_max(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("no VmHWM in /proc/PID/status")?.parse::<f64>()? / 1024.0)
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

/// A port that the kernel says is free.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
