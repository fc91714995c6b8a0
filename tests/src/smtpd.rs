//! A real SMTP server, aiosmtpd: it wants STARTTLS and a login; its own folder and port, stopped by its pid.

use anyhow::Context;
use tempfile::TempDir;

use crate::certificate::Authority;
use crate::server::{Server, free_port};

const PYTHON: &str = "/usr/bin/python3";
const PACKAGE: &str = "python3-aiosmtpd";
/// The user that it lets in.
pub const USER: &str = "idlewatt";
/// Its password.
pub const PASSWORD: &str = "a-password-of-the-mail-server";

/// A mail server; killed when dropped.
pub struct Smtpd {
    folder: TempDir,
    port: u16,
    server: Option<Server>,
}

impl Smtpd {
    /// Starts one whose certificate is for `localhost`.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start(authority: &Authority) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        authority.server(&["localhost"])?.write(folder.path(), "server")?;
        let mut smtpd = Self {
            folder,
            port: free_port()?,
            server: None,
        };
        smtpd.restart().await?;
        Ok(smtpd)
    }

    /// Starts it (again) on the same port, with the mails that it has.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let (port, mails, certificate, key) = (
            self.port.to_string(),
            at("mails"),
            at("server.pem"),
            at("server.key"),
        );
        let script = include_str!("smtpd.py");
        let arguments = ["-c", script, &port, &mails, &certificate, &key, USER, PASSWORD];
        let log = self.folder.path().join("smtpd.log");
        let mut server = Server::start(PYTHON, PACKAGE, &arguments, &log)?;
        let started = server.wait_until_listening(self.port).await;
        started.with_context(|| format!("apt-get install {PACKAGE}"))?;
        self.server = Some(server);
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.server.take().context("the mail server does not run")?.stop()
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The mails it has taken, as they came, in their order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn mails(&self) -> anyhow::Result<Vec<String>> {
        let folder = self.folder.path().join("mails/new");
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let entry = entry?;
            files.push((entry.metadata()?.modified()?, entry.path()));
        }
        files.sort();
        files
            .into_iter()
            .map(|(_, path)| Ok(std::fs::read_to_string(path)?))
            .collect()
    }
}
