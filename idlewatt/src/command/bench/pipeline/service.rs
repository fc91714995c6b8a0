//! `idlewatt serve` as a process of its own, with a configuration written for one measurement.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use ingest::journal::JournalReader;
use tokio::time::{sleep, timeout};

use super::child::{Child, free_port};
use super::publisher::{Packer, Publisher};
use super::stream::{FILTERS, PROBE, meter, tasmota};
use super::world::World;
use crate::pipeline::Files;

/// A hundred thousand devices take their time.
const READY_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// What the decoders are to remember: as many meters as there may be.
const DECODER_METERS_MIN: usize = 10_000;

/// What one measurement wants of the service.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// Names session, database and folder.
    pub(super) name: String,
    pub(super) meters: usize,
    pub(super) commit_after_ms: u64,
    pub(super) is_published: bool,
}

/// A configured service, running or not.
pub(super) struct Service {
    pub(super) name: String,
    pub(super) configuration: PathBuf,
    state: PathBuf,
    log: PathBuf,
    child: Option<Child>,
    broker_port: u16,
}

impl Service {
    /// Writes the configuration and makes the database; nothing runs yet.
    pub(super) async fn prepare(world: &World, spec: &Spec) -> anyhow::Result<Self> {
        let folder = world.folder.path().join(&spec.name);
        std::fs::create_dir(&folder)?;
        let state = folder.join("state");
        let configuration = folder.join("idlewatt.toml");
        let text = configured(
            spec,
            &state,
            (world.broker.port, world.database.port, free_port()?),
        );
        std::fs::write(&configuration, text)?;
        world.database.create(&spec.name).await?;
        Ok(Self {
            name: spec.name.clone(),
            configuration,
            state,
            log: folder.join("idlewatt.log"),
            child: None,
            broker_port: world.broker.port,
        })
    }

    /// Starts it, without waiting for anything.
    pub(super) fn launch(&mut self) -> anyhow::Result<()> {
        let (program, configuration) = (std::env::current_exe()?, self.configuration.display().to_string());
        let arguments = ["serve", "-c", configuration.as_str()];
        self.child = Some(Child::start(&program, "idlewatt", &arguments, &self.log)?);
        Ok(())
    }

    /// Starts it and waits until messages come through; how many have come by then.
    pub(super) async fn start(&mut self) -> anyhow::Result<u64> {
        self.launch()?;
        let mut publisher = Publisher::connect(self.broker_port, "bench-knock").await?;
        let mut packer = Packer::default();
        let ready = async {
            while self.journalled()? == 0 {
                let knock = packer.pack([tasmota(PROBE, 0.0, 0.0)], true)?;
                publisher.send(&knock).await?;
                publisher.finish().await?;
                self.running()?.check()?;
                sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        };
        timeout(READY_WITHIN, ready)
            .await
            .context("idlewatt journals nothing")??;
        // what was knocked last has come when no more does
        let mut before = 0;
        while before != self.journalled()? {
            before = self.journalled()?;
            sleep(Duration::from_millis(300)).await;
        }
        Ok(before)
    }

    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        match self.child.take() {
            Some(child) => child.stop().await,
            None => Ok(()),
        }
    }

    /// Stops it for good: the broker is to forget it.
    pub(super) async fn end(mut self, world: &World) -> anyhow::Result<()> {
        self.stop().await?;
        world.broker.forget(&format!("idlewatt-{}", self.name)).await
    }

    pub(super) fn running(&mut self) -> anyhow::Result<&mut Child> {
        self.child.as_mut().context("idlewatt does not run")
    }

    pub(super) fn processor_time(&mut self) -> anyhow::Result<Duration> {
        self.running()?.processor_time()
    }

    /// Where its journal is.
    pub(super) fn journal(&self) -> PathBuf {
        Files(&self.state).journal()
    }

    /// Messages on its disk.
    pub(super) fn journalled(&self) -> anyhow::Result<u64> {
        if !self.journal().exists() {
            return Ok(0);
        }
        let totals = JournalReader::open(self.journal()).and_then(|journal| journal.totals_at(u64::MAX));
        // it may be just being made
        Ok(totals.map_or(0, |totals| totals.journalled))
    }

    /// Waits until so many messages are on its disk.
    pub(super) async fn until_journalled(&self, messages: u64, within: Duration) -> anyhow::Result<()> {
        let waiting = async {
            let journal = JournalReader::open(self.journal())?;
            while journal.totals_at(u64::MAX)?.journalled < messages {
                sleep(LOOK_EVERY).await;
            }
            anyhow::Ok(())
        };
        let waited = timeout(within, waiting).await;
        waited.with_context(|| {
            format!(
                "{:?} of {messages} messages are journalled after {within:?}",
                self.journalled()
            )
        })?
    }
}

/// Bytes of a journal with all that belongs to it.
pub(super) fn file_bytes(journal: &Path) -> u64 {
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", journal.display()));
    [journal.to_owned(), beside("-wal")]
        .iter()
        .filter_map(|file| std::fs::metadata(file).ok())
        .map(|file| file.len())
        .sum()
}

fn configured(spec: &Spec, state: &Path, (broker, database, page): (u16, u16, u16)) -> String {
    let Spec {
        name,
        meters,
        commit_after_ms,
        is_published,
    } = spec;
    let state = state.display();
    let meters_max = DECODER_METERS_MIN.max(meters * 2);
    let mut text = format!(
        "[site]\nname = \"bench\"\nzone = \"Europe/Paris\"\n[site.tariff]\nday_price_per_kwh = 0.2\nsource = \"bench\"\n\
         year = 2026\n[site.carbon]\ng_per_kwh = 56.6\nsource = \"bench\"\nyear = 2023\n\
         [service]\nstate_dir = \"{state}\"\n[page]\nlisten = \"127.0.0.1:{page}\"\n\
         [[broker]]\nname = \"main\"\nurl = \"mqtt://127.0.0.1:{broker}\"\nclient_id = \"idlewatt-{name}\"\n\
         topics = {FILTERS:?}\n[journal]\ncommit_after_ms = {commit_after_ms}\n[decode]\nmeters_max = {meters_max}\n\
         [[sink]]\nname = \"influx\"\nkind = \"influxdb1\"\nurl = \"http://127.0.0.1:{database}\"\ndatabase = \"{name}\"\n\
         [publish]\nenabled = {is_published}\nprefix = \"{name}\"\nclient_id = \"idlewatt-{name}-publish\"\n\
         [defaults]\nopening = {{ mon_fri = [\"07:30-19:00\"] }}\n"
    );
    for id in (0..*meters).map(meter).chain([PROBE.to_owned()]) {
        let _ = write!(
            text,
            "[[device]]\nid = \"{id}\"\nroom = \"room\"\nmodality = \"ct\"\nmeter = \"{id}\"\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_configuration_is_one_that_serve_takes() {
        let folder = tempfile::tempdir().unwrap();
        let spec = Spec {
            name: "one".to_owned(),
            meters: 3,
            commit_after_ms: 5,
            is_published: true,
        };
        let file = folder.path().join("idlewatt.toml");
        std::fs::write(&file, configured(&spec, folder.path(), (1, 2, 3))).unwrap();
        let loaded = Config::load(&file).unwrap();
        assert_eq!(loaded.config.devices.len(), 4);
    }
}
