//! A real mosquitto with what stands in deploy/: its configuration, its access list, accounts and a certificate of its
//! own. Only ports, folders, the user it runs as and the gateways of the test are the test's.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::certificate::Authority;
use crate::mosquitto::{Mosquitto, free_port, until_listening};

const CONFIGURATION: &str = include_str!("../../deploy/mosquitto.conf");
const ACCESS: &str = include_str!("../../deploy/mosquitto.acl");

/// The broker, and who signed its certificate.
pub struct Shipped {
    /// At its plain port.
    pub broker: Mosquitto,
    /// Where it speaks TLS, as `localhost`.
    pub tls_port: u16,
    /// Whom to trust.
    pub authority: Authority,
}

impl Shipped {
    /// Starts it with these accounts (name, password); `gateways` are further lines of the access list.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start(accounts: &[(&str, &str)], gateways: &str) -> anyhow::Result<Self> {
        let (folder, port, tls_port) = (tempfile::tempdir()?, free_port()?, free_port()?);
        make_accounts(&folder.path().join("passwd"), accounts)?;
        std::fs::write(folder.path().join("acl"), format!("{ACCESS}\n{gateways}\n"))?;
        let authority = Authority::new("tests of the shipped broker")?;
        authority
            .server(&["localhost", "127.0.0.1"])?
            .write(folder.path(), "server")?;
        let configuration = configuration(folder.path(), port, tls_port)?;
        let broker = Mosquitto::start_with(folder, port, configuration).await?;
        until_listening(tls_port).await?;
        Ok(Self {
            broker,
            tls_port,
            authority,
        })
    }
}

fn make_accounts(file: &Path, accounts: &[(&str, &str)]) -> anyhow::Result<()> {
    std::fs::write(file, "")?;
    for (name, password) in accounts {
        let added = Command::new("mosquitto_passwd")
            .arg("-b")
            .arg(file)
            .args([name, password])
            .status()
            .context("mosquitto_passwd is missing: apt-get install mosquitto")?;
        anyhow::ensure!(added.success(), "mosquitto_passwd: {added}");
    }
    Ok(())
}

/// What is shipped, with the test's ports and paths.
fn configuration(folder: &Path, port: u16, tls_port: u16) -> anyhow::Result<String> {
    let at = |name: &str| folder.join(name).display().to_string();
    let mut configuration = CONFIGURATION.to_owned();
    for (shipped, ours) in [
        ("listener 1883 127.0.0.1", format!("listener {port} 127.0.0.1")),
        ("listener 8883", format!("listener {tls_port} 127.0.0.1")),
        (
            "certfile /etc/mosquitto/certs/idlewatt.pem",
            format!("certfile {}", at("server.pem")),
        ),
        (
            "keyfile /etc/mosquitto/certs/idlewatt.key",
            format!("keyfile {}", at("server.key")),
        ),
        (
            "password_file /etc/mosquitto/idlewatt.passwd",
            format!("password_file {}", at("passwd")),
        ),
        (
            "acl_file /etc/mosquitto/idlewatt.acl",
            format!("acl_file {}", at("acl")),
        ),
        (
            "#persistence_location /var/lib/mosquitto/",
            format!("persistence_location {}/", folder.display()),
        ),
    ] {
        let line = format!("\n{shipped}\n");
        anyhow::ensure!(
            configuration.contains(&line),
            "deploy/mosquitto.conf has no line {shipped:?}"
        );
        configuration = configuration.replace(&line, &format!("\n{ours}\n"));
    }
    configuration.push_str("\nuser root\n");
    Ok(configuration)
}
