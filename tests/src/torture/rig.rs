//! The servers a storm passes over: mosquitto with the shipped configuration, influxd, idlewatt on a small disk with a
//! clock that can be set, and a proxy before each server.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{sleep, timeout};

use super::event::Mishap;
use crate::account::Metrics;
use crate::idlewatt::{Idlewatt, demo_configuration, influx_sink};
use crate::influxd::Influxd;
use crate::mosquitto::{Mosquitto, Signal};
use crate::pipeline::{DATABASE, whole};
use crate::proxy::{Network, Proxy};
use crate::shipped::Shipped;
use crate::small_disk::SmallDisk;

/// Longer than anything takes to come back.
const WITHIN: Duration = Duration::from_secs(180);
/// Journal, findings and history of an hour's storm, several times.
const DISK_MIB: u32 = 512;
/// The account of the gateway that all meters are behind.
pub const METERS: (&str, &str) = ("meters", "of the torture test");
const READER: (&str, &str) = ("idlewatt", "of the torture test too");
/// When nothing more has come for so long, nothing more is coming.
const QUIET: Duration = Duration::from_secs(2);

/// What has been done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// `kill -9` of idlewatt.
    pub idlewatt_kills: u32,
    /// Of mosquitto.
    pub broker_kills: u32,
    /// Of influxd.
    pub database_kills: u32,
    /// Networks cut, stuck or slow.
    pub bad_networks: u32,
    /// Disks full until idlewatt said so.
    pub full_disks: u32,
    /// Clocks set.
    pub clock_steps: u32,
    /// Configurations taken.
    pub reloads: u32,
    /// Configurations refused.
    pub refused_reloads: u32,
}

/// The servers.
pub struct Rig {
    /// The database.
    pub influx: Influxd,
    /// The service.
    pub idlewatt: Idlewatt,
    /// The broker.
    pub broker: Mosquitto,
    /// What has been done.
    pub tally: Tally,
    to_broker: Proxy,
    to_database: Proxy,
    clock: PathBuf,
    configuration: String,
    // the last to go: it is unmounted when nobody writes to it any more
    disk: SmallDisk,
}

impl Rig {
    /// Starts everything; returns when idlewatt has subscribed.
    ///
    /// # Errors
    /// When something does not come up.
    pub async fn start() -> anyhow::Result<Self> {
        let (broker, influx) = (
            Shipped::start(&[METERS, READER], "user meters\ntopic readwrite #")
                .await?
                .broker,
            Influxd::start(false).await?,
        );
        influx.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
        let (to_broker, to_database) = (
            Proxy::start(broker.port()).await?,
            Proxy::start(influx.port()).await?,
        );
        let mut idlewatt = Idlewatt::prepare(&configuration(to_broker.port(), to_database.port()))?;
        let disk = SmallDisk::mount(&idlewatt.state_folder(), DISK_MIB)?;
        let clock = idlewatt.folder().join("clock");
        std::fs::write(&clock, "+0\n")?;
        for (name, value) in [
            ("LD_PRELOAD", &*faketime()?),
            ("FAKETIME_TIMESTAMP_FILE", &*clock.display().to_string()),
            ("FAKETIME_CACHE_DURATION", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
            ("IDLEWATT_TORTURE_PASSWORD", READER.1),
        ] {
            idlewatt.set_environment(name, value);
        }
        idlewatt.restart().await?;
        let configuration = std::fs::read_to_string(idlewatt.configuration_path())?;
        let rig = Self {
            influx,
            idlewatt,
            broker,
            tally: Tally::default(),
            to_broker,
            to_database,
            clock,
            configuration,
            disk,
        };
        rig.until_connected().await?;
        Ok(rig)
    }

    /// How many messages are in the journal.
    ///
    /// # Errors
    /// When idlewatt does not answer.
    pub async fn journalled(&self) -> anyhow::Result<usize> {
        Ok(journalled(&self.idlewatt.metrics().await?))
    }

    /// Waits until so many messages are in the journal.
    ///
    /// # Errors
    /// When they are not in time.
    pub async fn until_journalled(&self, messages: usize) -> anyhow::Result<()> {
        let is_there = |metrics: &Metrics| journalled(metrics) >= messages;
        self.idlewatt.until("so far", WITHIN, is_there).await?;
        Ok(())
    }

    /// Waits until what the broker has for us is in the journal; how many messages that are.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn settled(&self) -> anyhow::Result<usize> {
        self.until_connected().await?;
        let mut last = self.journalled().await?;
        loop {
            sleep(QUIET).await;
            let now = self.journalled().await?;
            if now == last {
                return Ok(now);
            }
            last = now;
        }
    }

    async fn until_connected(&self) -> anyhow::Result<()> {
        let is_up = |metrics: &Metrics| metrics.sum("broker_up") == 1.0;
        self.idlewatt.until("connected", WITHIN, is_up).await?;
        Ok(())
    }

    /// Lets a mishap happen, and mends it after a while. A killed broker stays dead.
    ///
    /// # Errors
    /// When a server does not come back, or idlewatt does not say what it must.
    pub async fn happen(&mut self, mishap: Mishap, lasts: Duration) -> anyhow::Result<()> {
        match mishap {
            Mishap::KillIdlewatt => self.kill_idlewatt(lasts).await,
            Mishap::KillBroker => {
                self.tally.broker_kills += 1;
                self.broker.stop(Signal::Kill)
            }
            Mishap::KillDatabase => {
                self.tally.database_kills += 1;
                self.influx.kill()?;
                sleep(lasts).await;
                self.influx.restart().await
            }
            Mishap::KillBoth => {
                self.tally.database_kills += 1;
                self.influx.kill()?;
                self.kill_idlewatt(lasts).await?;
                self.influx.restart().await
            }
            Mishap::BrokerNetwork(network) => {
                self.tally.bad_networks += 1;
                through(&self.to_broker, network, lasts).await;
                Ok(())
            }
            Mishap::DatabaseNetwork(network) => {
                self.tally.bad_networks += 1;
                through(&self.to_database, network, lasts).await;
                Ok(())
            }
            Mishap::FullDisk => {
                self.fill_disk().await?;
                sleep(lasts).await;
                self.disk.free()
            }
            Mishap::KillOnFullDisk => {
                self.fill_disk().await?;
                self.tally.idlewatt_kills += 1;
                self.idlewatt.kill()?;
                self.disk.free()?;
                self.idlewatt.restart().await
            }
            Mishap::ClockStep(seconds) => {
                self.tally.clock_steps += 1;
                Ok(std::fs::write(&self.clock, format!("{seconds:+}\n"))?)
            }
            Mishap::Reload => self.reload().await,
            Mishap::BadReload => self.bad_reload().await,
        }
    }

    async fn kill_idlewatt(&mut self, dead_for: Duration) -> anyhow::Result<()> {
        self.tally.idlewatt_kills += 1;
        self.idlewatt.kill()?;
        sleep(dead_for).await;
        self.idlewatt.restart().await
    }

    /// Fills the disk until a commit has failed and `/health` says so.
    async fn fill_disk(&mut self) -> anyhow::Result<()> {
        let said = async {
            loop {
                // what SQLite gives back is taken at once
                self.disk.fill()?;
                let health = self.idlewatt.json("/health").await?;
                if health["problems"].to_string().contains("full") {
                    return anyhow::Ok(());
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(WITHIN, said)
            .await
            .context("the disk is full and /health does not say so")??;
        self.tally.full_disks += 1;
        Ok(())
    }

    /// Gives idlewatt another pace of commits, and waits until it has it.
    async fn reload(&mut self) -> anyhow::Result<()> {
        self.tally.reloads += 1;
        let pace = 5 + self.tally.reloads % 20;
        let text = format!("{}\n[journal]\ncommit_after_ms = {pace}\n", self.configuration);
        let starts = self.said("idlewatt runs");
        std::fs::write(self.idlewatt.configuration_path(), text)?;
        self.idlewatt.hang_up()?;
        self.until_said("idlewatt runs", starts).await
    }

    async fn bad_reload(&mut self) -> anyhow::Result<()> {
        self.tally.refused_reloads += 1;
        let refusals = self.said("is not taken");
        let good = std::fs::read_to_string(self.idlewatt.configuration_path())?;
        std::fs::write(self.idlewatt.configuration_path(), "[[broker]\nurl = ")?;
        self.idlewatt.hang_up()?;
        let waited = self.until_said("is not taken", refusals).await;
        std::fs::write(self.idlewatt.configuration_path(), good)?;
        waited
    }

    fn said(&self, words: &str) -> usize {
        self.idlewatt.log().matches(words).count()
    }

    async fn until_said(&self, words: &str, before: usize) -> anyhow::Result<()> {
        let said = async {
            while self.said(words) <= before {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let waited = timeout(WITHIN, said).await;
        waited.with_context(|| format!("idlewatt does not say {words:?} after a SIGHUP"))
    }
}

impl Tally {
    /// All of the three.
    #[must_use]
    pub const fn kills(&self) -> u32 {
        self.idlewatt_kills + self.broker_kills + self.database_kills
    }
}

fn journalled(metrics: &Metrics) -> usize {
    usize::try_from(whole(metrics.account().journalled)).unwrap_or(usize::MAX)
}

async fn through(proxy: &Proxy, network: Network, lasts: Duration) {
    proxy.set(network);
    sleep(lasts).await;
    proxy.set(Network::Good);
}

fn configuration(broker: u16, database: u16) -> String {
    let account = format!(
        "mqtt://127.0.0.1:{broker}\"\nusername = \"{}\"\npassword_env = \"IDLEWATT_TORTURE_PASSWORD\"\nkeep_alive_s = 5 #",
        READER.0
    );
    let sink = influx_sink(&format!("http://127.0.0.1:{database}"));
    demo_configuration(
        &account,
        &format!("{sink}connect_timeout_s = 2\nrequest_timeout_s = 5\n"),
    )
}

/// The library that lets a test set a program's clock.
fn faketime() -> anyhow::Result<String> {
    let folders = std::fs::read_dir("/usr/lib").context("/usr/lib")?;
    let files = folders
        .filter_map(Result::ok)
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let found = files.into_iter().find(|file| file.is_file());
    let file = found.context("libfaketime is missing: apt-get install libfaketime")?;
    Ok(file.display().to_string())
}
