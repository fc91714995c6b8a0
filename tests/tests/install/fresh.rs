//! A fresh Debian goes from the package to live states by the runbook's commands alone, and upgrade, reload, a kill, a move
//! and a purge do what the runbook says.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;
use tests::container::Container;
use tests::idlewatt::binary;
use tests::root;

use crate::runbook::Runbook;

const UNIT: &str = "idlewatt";
const DEVICES: &str = "http://localhost:8080/api/devices";
/// A meter that speaks every two seconds, under the name of the runbook's account.
const SCENARIO: &str = r#"
name = "fresh"
seed = 7
zone = "Europe/Paris"
start = "2026-11-16"
days = 1

[[devices]]
id = "ct-1"
name = "CT 1"
room = "Radiology 1"
modality = "ct"
schedule = { open = "07:30", close = "18:00", exams_per_hour = 3.0, after_hours = "standby" }
meter = { family = "tasmota", topic = "ct1", report = { seconds = 2 } }
"#;
const METER: &str = "IDLEWATT_SIMULATE_PASSWORD='the password that you give this meter' exec idlewatt simulate \
                     /root/ct1.toml --broker mqtt://localhost:1883 --username ct1 --start \"$(date --utc +%FT%TZ)\"";

/// Builds the package of the binary under test, in its version or another.
fn package(into: &Path, version: Option<&str>) -> anyhow::Result<()> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(top.join("deploy/package"));
    command
        .args(["--profile", "dev", "--binary"])
        .arg(binary()?)
        .arg("--output")
        .arg(into);
    command.args(version.into_iter().flat_map(|version| ["--version", version]));
    let built = command.output().context("deploy/package")?;
    ensure!(
        built.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&built.stdout),
        String::from_utf8_lossy(&built.stderr)
    );
    let path = String::from_utf8(built.stdout)?;
    ensure!(
        Path::new(path.trim()).is_file(),
        "it prints the path of the package: {path:?}"
    );
    Ok(())
}

/// A machine, and the folder in it into which somebody has put the package.
struct Machine {
    container: Container,
    runbook: Runbook,
}

impl Machine {
    /// The commands of a block, in the folder with the package.
    fn do_as_written(&self, block: &str) -> anyhow::Result<String> {
        let script = format!("cd /root/package\n{}", self.runbook.block(block)?);
        self.container
            .run(&script)
            .with_context(|| format!("the runbook's block '{block}'"))
    }

    fn property(&self, name: &str) -> anyhow::Result<String> {
        self.container.property(UNIT, name)
    }

    /// Waits until every device of the page has a state.
    async fn until_live(&self) -> anyhow::Result<Value> {
        let is_live = |devices: &Value| {
            let devices = devices.as_array();
            devices.is_some_and(|all| !all.is_empty() && all.iter().all(is_known))
        };
        self.container
            .until("live states", |container| container.json(DEVICES), is_live)
            .await
    }

    async fn until_status(&self, what: &str, holds: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let ask = |container: &Container| container.property(UNIT, "StatusText");
        self.container.until(what, ask, |text| holds(text)).await
    }
}

fn is_known(device: &Value) -> bool {
    device["power_w"].is_number() && device["state"].as_str().is_some_and(|state| state != "unknown")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_debian_comes_to_live_states_by_the_runbooks_commands_alone() -> anyhow::Result<()> {
    let root = root::unpack()?;
    let packages = root.path().join("root/package");
    package(&packages, None)?;
    std::fs::write(root.path().join("root/ct1.toml"), SCENARIO)?;
    let machine = Machine {
        container: Container::boot(root.path()).await?,
        runbook: Runbook::read()?,
    };
    install(&machine).await?;
    confined(&machine)?;
    reload_and_kill(&machine).await?;
    upgrade(&machine, &packages).await?;
    move_and_purge(&machine, root.path()).await
}

/// From the package to live states.
async fn install(machine: &Machine) -> anyhow::Result<()> {
    let container = &machine.container;
    machine.do_as_written("package")?;
    ensure!(
        machine.property("ActiveState")? == "inactive",
        "a package starts nothing"
    );
    container.run("systemctl start idlewatt")?;
    ensure!(
        machine.property("ConditionResult")? == "no",
        "without a configuration there is no start and no failure"
    );

    machine.do_as_written("broker")?;
    let _meter = container.start(METER)?;
    machine.do_as_written("configuration")?;
    let modes = container.run("stat --format '%n %a %U:%G' /etc/idlewatt /etc/idlewatt/*")?;
    for expected in [
        "/etc/idlewatt 2750 root:idlewatt",
        "/etc/idlewatt/idlewatt.toml 640 root:idlewatt",
        "/etc/idlewatt/mqtt_password 640 root:idlewatt",
    ] {
        ensure!(
            modes.lines().any(|line| line == expected),
            "no {expected} in\n{modes}"
        );
    }
    machine.do_as_written("check")?;
    let shown = machine.do_as_written("start")?;
    ensure!(
        shown.contains("Status: \""),
        "systemctl status has no line of ours:\n{shown}"
    );
    machine.until_live().await?;
    machine
        .until_status("the devices by state", |text| {
            text.starts_with("1 device: 1 ") && !text.contains("unknown") && text.ends_with("no problems")
        })
        .await?;
    machine.do_as_written("look")?;
    machine.do_as_written("logs")?;
    container
        .run("man_pages=$(ls /usr/share/man/man1/idlewatt*.1.gz | wc -l); test \"$man_pages\" -gt 10")?;
    container.run("test -s /usr/share/bash-completion/completions/idlewatt")?;
    Ok(())
}

/// The user, and what systemd says of the unit as it runs.
fn confined(machine: &Machine) -> anyhow::Result<()> {
    let container = &machine.container;
    let pid = machine.property("MainPID")?;
    let user = container.run(&format!("stat --format %U /proc/{pid}"))?;
    ensure!(user.trim() == "idlewatt", "it runs as {user}");
    let status = container.run(&format!("cat /proc/{pid}/status"))?;
    for expected in ["CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        ensure!(status.contains(expected), "no {expected} in\n{status}");
    }
    container.run("systemd-analyze security --no-pager --threshold 20 idlewatt.service")?;
    container.run(
        "systemctl start idlewatt-backup && idlewatt restore --check /var/backups/idlewatt/idlewatt-*",
    )?;
    // "man" is not part of a minimal Debian, and verify asks it for each page that a unit names
    let verified = container.output("systemd-analyze verify --man=no /lib/systemd/system/idlewatt*.*")?;
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    ensure!(verified.status.success() && said.is_empty(), "{said}");
    Ok(())
}

async fn reload_and_kill(machine: &Machine) -> anyhow::Result<()> {
    let container = &machine.container;
    let pid = machine.property("MainPID")?;
    machine.do_as_written("reload")?;
    ensure!(machine.property("MainPID")? == pid, "a reload is no restart");

    container.run("sed --in-place=.right 's/^zone/zoen/' /etc/idlewatt/idlewatt.toml")?;
    let refused = container.output("systemctl reload idlewatt")?;
    ensure!(
        !refused.status.success(),
        "a faulty configuration is said by the reload"
    );
    let log = container.run("journalctl --no-pager --unit idlewatt")?;
    ensure!(log.contains("'zoen' is not known here"), "{log}");
    container.run("mv /etc/idlewatt/idlewatt.toml.right /etc/idlewatt/idlewatt.toml")?;
    ensure!(
        machine.property("MainPID")? == pid,
        "the old configuration stays in force"
    );

    container.run(&format!("kill -KILL {pid}"))?;
    let restarts = |container: &Container| container.property(UNIT, "NRestarts");
    container
        .until("restarted by itself", restarts, |restarts| restarts == "1")
        .await?;
    machine.until_live().await?;
    ensure!(machine.property("MainPID")? != pid, "another process");
    Ok(())
}

async fn upgrade(machine: &Machine, packages: &Path) -> anyhow::Result<()> {
    for old in std::fs::read_dir(packages)? {
        std::fs::remove_file(old?.path())?;
    }
    package(packages, Some("99.0.0"))?;
    let pid = machine.property("MainPID")?;
    machine.do_as_written("upgrade")?;
    let version = machine
        .container
        .run("dpkg-query --show --showformat '${Version}' idlewatt")?;
    ensure!(version == "99.0.0", "{version}");
    ensure!(
        machine.property("ActiveState")? == "active",
        "the service runs after the upgrade"
    );
    ensure!(machine.property("MainPID")? != pid, "and is the new one");
    machine.until_live().await?;
    ensure!(
        machine.property("UnitFileState")? == "enabled",
        "and stays enabled"
    );
    Ok(())
}

/// What is brought to a new machine is what the old one had; the new one is the old one, purged.
async fn move_and_purge(machine: &Machine, root: &Path) -> anyhow::Result<()> {
    let messages = |container: &Container| container.json("http://localhost:8080/api/status");
    let before = machine
        .container
        .until("an account", messages, |status| count(status) > 0)
        .await?;
    machine.do_as_written("move away")?;
    machine.do_as_written("purge")?;
    for gone in [
        "etc/idlewatt",
        "var/lib/idlewatt",
        "usr/bin/idlewatt",
        "lib/systemd/system/idlewatt.service",
    ] {
        ensure!(!root.join(gone).exists(), "/{gone} is there after the purge");
    }
    machine.container.run("! systemctl cat idlewatt")?;
    machine
        .container
        .run("apt-get purge --yes mosquitto && rm -rf /etc/mosquitto /var/lib/mosquitto")?;

    machine.do_as_written("move in")?;
    machine
        .container
        .run("pkill --full 'idlewatt [s]imulate' || true")?;
    let _meter = machine.container.start(METER)?;
    let goes_on = |status: &Value| count(status) > count(&before) && status["ok"] == true;
    machine
        .container
        .until("what was there, and what comes now", messages, goes_on)
        .await?;
    machine.until_live().await?;
    Ok(())
}

/// Messages that were ever journalled.
fn count(status: &Value) -> u64 {
    status["messages"]["stored"].as_u64().unwrap_or_default()
}
