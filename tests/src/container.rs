//! A machine of its own: a Debian root booted by systemd-nspawn, with a real systemd and no network but its own loopback.
//!
//! Needs root. Commands go in by nsenter, so nothing has to be installed in it. It ends when it is dropped, and by
//! itself when its nspawn is asked to end, as it is where whole groups of processes are.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::idlewatt::WITHIN;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A booted container.
pub struct Container {
    nspawn: Child,
    leader: String,
    log: PathBuf,
    /// What nspawn leaves on this machine: a folder in /run, and a lock beside the root.
    left: [PathBuf; 2],
}

impl Container {
    /// Boots a root, and waits until its systemd has started everything.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn boot(root: &Path) -> anyhow::Result<Self> {
        let name = root
            .file_name()
            .context("a root has a name")?
            .to_string_lossy()
            .into_owned();
        let log = root.with_extension("log");
        let written = std::fs::File::create(&log)?;
        let nspawn = Command::new("systemd-nspawn")
            .args([
                "--boot",
                "--register=no",
                "--keep-unit",
                "--private-network",
                "--console=pipe",
            ])
            .args([
                "--quiet",
                "--link-journal=no",
                "--resolv-conf=off",
                "--timezone=off",
            ])
            .arg("--directory")
            .arg(root)
            .stdin(Stdio::null())
            .stdout(written.try_clone()?)
            .stderr(written)
            .spawn()
            .context("systemd-nspawn is missing: apt-get install systemd-container")?;
        let left = [
            Path::new("/run/systemd/nspawn/propagate").join(&name),
            root.with_file_name(format!(".#{name}.lck")),
        ];
        let mut container = Self {
            nspawn,
            leader: String::new(),
            log,
            left,
        };
        container.until_booted().await?;
        Ok(container)
    }

    async fn until_booted(&mut self) -> anyhow::Result<()> {
        let children = format!("/proc/{0}/task/{0}/children", self.nspawn.id());
        let booted = async {
            loop {
                if let Some(status) = self.nspawn.try_wait()? {
                    bail!("systemd-nspawn ended, {status}; booting a container needs the rights of root");
                }
                let found = std::fs::read_to_string(&children).unwrap_or_default();
                found
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .clone_into(&mut self.leader);
                if !self.leader.is_empty() {
                    let state = self.output("systemctl is-system-running")?;
                    match String::from_utf8_lossy(&state.stdout).trim() {
                        "running" => return Ok(()),
                        "degraded" => bail!("{}", self.run("systemctl --failed --no-pager")?),
                        _ => {}
                    }
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let waited = tokio::time::timeout(WITHIN, booted).await;
        let booted = waited.context("the container has not booted in time").flatten();
        booted.with_context(|| std::fs::read_to_string(&self.log).unwrap_or_default())
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args([
                "--target",
                &self.leader,
                "--all",
                "--",
                "/usr/bin/env",
                "--ignore-environment",
            ])
            .args([
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/root",
                "LANG=C.UTF-8",
                "DEBIAN_FRONTEND=noninteractive",
            ])
            .args(["/bin/bash", "-euo", "pipefail", "-c", script]);
        command
    }

    /// Runs a script as root in it, whatever comes of it.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn output(&self, script: &str) -> anyhow::Result<Output> {
        let output = self.shell(script).stdin(Stdio::null()).output();
        output.context("nsenter is missing: apt-get install util-linux")
    }

    /// Runs a script as root in it; what it prints.
    ///
    /// # Errors
    /// When a command of it fails; says what it printed.
    pub fn run(&self, script: &str) -> anyhow::Result<String> {
        let output = self.output(script)?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{}:\n{script}\n--- out\n{printed}\n--- err\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(printed)
    }

    /// Starts a script in it that goes on; ends with the container.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, script: &str) -> anyhow::Result<Child> {
        let null = || Stdio::null();
        Ok(self
            .shell(script)
            .stdin(null())
            .stdout(null())
            .stderr(null())
            .spawn()?)
    }

    /// A property of a unit.
    ///
    /// # Errors
    /// When systemd does not answer.
    pub fn property(&self, unit: &str, name: &str) -> anyhow::Result<String> {
        let script = format!("systemctl show --property {name} --value {unit}");
        Ok(self.run(&script)?.trim().to_owned())
    }

    /// What a page on its loopback answers, as JSON.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn json(&self, url: &str) -> anyhow::Result<Value> {
        let output = Command::new("nsenter")
            .args([
                "--target",
                &self.leader,
                "--net",
                "curl",
                "--silent",
                "--show-error",
                "--max-time",
                "10",
                url,
            ])
            .output()
            .context("curl is missing: apt-get install curl")?;
        ensure!(
            output.status.success(),
            "{url}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).context("no JSON")
    }

    /// Waits until something is so; gives what was asked.
    ///
    /// # Errors
    /// When it is not in time; says what was seen last.
    pub async fn until<T: std::fmt::Debug>(
        &self,
        what: &str,
        ask: impl Fn(&Self) -> anyhow::Result<T>,
        holds: impl Fn(&T) -> bool,
    ) -> anyhow::Result<T> {
        let mut last = None;
        let looking = async {
            loop {
                let seen = ask(self);
                match seen {
                    Ok(seen) if holds(&seen) => return seen,
                    seen => last = Some(seen),
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        match tokio::time::timeout(WITHIN, looking).await {
            Ok(seen) => Ok(seen),
            Err(_) => bail!(
                "never {what} within {WITHIN:?}: {last:#?}\n{}",
                self.run("journalctl --no-pager --lines 40 --unit idlewatt --unit mosquitto")?
            ),
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // whatever runs in it dies with its first process, and nspawn ends
        drop(
            Command::new("kill")
                .args(["-KILL", &self.leader])
                .stderr(Stdio::null())
                .status(),
        );
        if self.leader.is_empty() {
            drop(self.nspawn.kill());
        }
        drop(self.nspawn.wait());
        let [folder, lock] = &self.left;
        drop(std::fs::remove_dir(folder));
        drop(std::fs::remove_file(lock));
        drop(std::fs::remove_file(&self.log));
    }
}
