//! What a service manager hears of `idlewatt serve`, over a real socket: that it is ready, reloads, stops, how it is, and,
//! while nothing stands still, that its watchdog need not bite.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use simulator::{Scenario, Simulation, Speed};
use tests::idlewatt::{Idlewatt, WITHIN, demo_configuration};
use tests::mosquitto::Mosquitto;
use tests::pipeline::{play, start_broker, until_subscribed};
use tests::small_disk::SmallDisk;
use tokio::net::UnixDatagram;

const PING: &str = "WATCHDOG=1\n";
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A service manager that listens.
struct Manager {
    heard: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Manager {
    fn listen(socket: &Path) -> anyhow::Result<Self> {
        let (socket, heard) = (UnixDatagram::bind(socket)?, Arc::<Mutex<Vec<String>>>::default());
        let words = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            let mut bytes = vec![0; 4096];
            while let Ok(length) = socket.recv(&mut bytes).await {
                let said = String::from_utf8_lossy(&bytes[..length]).into_owned();
                words.lock().unwrap_or_else(PoisonError::into_inner).push(said);
            }
        });
        Ok(Self { heard, task })
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until what was heard behind the first `from` words is as wanted; how many words there are then.
    async fn until(
        &self,
        what: &str,
        from: usize,
        holds: impl Fn(&[String]) -> bool,
    ) -> anyhow::Result<usize> {
        let looking = async {
            loop {
                let heard = self.heard();
                if holds(&heard[from.min(heard.len())..]) {
                    return heard.len();
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(WITHIN, looking)
            .await
            .with_context(|| format!("the manager never hears {what}: {:#?}", self.heard()))
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The service below a manager with a watchdog of so many seconds; nothing runs yet.
fn prepare(broker: &Mosquitto, watchdog_s: u64) -> anyhow::Result<(Manager, Idlewatt)> {
    let mut idlewatt = Idlewatt::prepare(&demo_configuration(&broker.url(), ""))?;
    let socket = idlewatt.folder().join("notify");
    let manager = Manager::listen(&socket)?;
    idlewatt.set_environment("NOTIFY_SOCKET", &socket.display().to_string());
    idlewatt.set_environment("WATCHDOG_USEC", &(watchdog_s * 1_000_000).to_string());
    Ok((manager, idlewatt))
}

fn has(heard: &[String], word: &str) -> bool {
    heard.iter().any(|said| said.lines().any(|line| line == word))
}

fn pings(heard: &[String]) -> usize {
    heard.iter().filter(|said| *said == PING).count()
}

/// How many words of a standstill come one after the other, without a ping between them.
fn standstill(heard: &[String]) -> usize {
    let is_standstill = |said: &&String| said.starts_with("STATUS=the analysis stands still");
    let first = heard
        .iter()
        .position(|said| is_standstill(&said))
        .unwrap_or(heard.len());
    heard[first..].iter().take_while(is_standstill).count()
}

async fn play_some(broker: &Mosquitto) -> anyhow::Result<()> {
    until_subscribed(broker).await?;
    let messages = Simulation::new(&Scenario::builtin("week")?).take(2_000);
    play(broker.port(), messages, Speed::AsFastAsPossible, |_| {}).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_hears_of_start_reload_and_stop() -> anyhow::Result<()> {
    let broker = start_broker().await?;
    let (manager, mut idlewatt) = prepare(&broker, 4)?;
    idlewatt.restart().await?;
    let mut at = manager
        .until("that it is ready", 0, |heard| has(heard, "READY=1"))
        .await?;
    assert_eq!(
        idlewatt.get("/").await?.0,
        200,
        "ready is not said before the page listens"
    );
    at = manager
        .until("pings and how it is", at, |heard| {
            let is_status = |said: &String| said.starts_with("STATUS=") && said.contains(" devices: ");
            pings(heard) > 3 && heard.iter().any(is_status)
        })
        .await?;

    idlewatt.hang_up()?;
    let reloaded = |heard: &[String]| {
        let begins = heard
            .iter()
            .position(|said| said.starts_with("RELOADING=1\nMONOTONIC_USEC="));
        begins.is_some_and(|begins| has(&heard[begins..], "READY=1"))
    };
    at = manager.until("of the reload", at, reloaded).await?;
    at = manager.until("pings again", at, |heard| pings(heard) > 3).await?;

    // a faulty file is not taken, and the old configuration is ready again
    std::fs::write(idlewatt.configuration_path(), "[site]\nzoen = \"x\"\n")?;
    idlewatt.hang_up()?;
    at = manager.until("of the reload that is none", at, reloaded).await?;
    assert!(
        idlewatt.log().contains("the new configuration is not taken"),
        "{}",
        idlewatt.log()
    );

    assert!(idlewatt.stop().await?.success());
    manager
        .until("that it stops", at, |heard| has(heard, "STOPPING=1"))
        .await?;
    let heard = manager.heard();
    let stops = heard
        .iter()
        .position(|said| said == "STOPPING=1\n")
        .context("it was heard")?;
    assert!(!has(&heard[stops..], "READY=1"), "{heard:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_bites_where_a_stage_stands_still_and_not_where_the_disk_is_full() -> anyhow::Result<()>
{
    let broker = start_broker().await?;
    let (manager, mut idlewatt) = prepare(&broker, 3)?;
    let disk = SmallDisk::mount(&idlewatt.state_folder(), 64)?;
    idlewatt.restart().await?;
    let at = manager.until("pings", 0, |heard| pings(heard) > 3).await?;

    // somebody holds the file for longer than one piece of work may take
    let file = rusqlite::Connection::open(idlewatt.state_folder().join("findings.sqlite"))?;
    file.execute_batch("BEGIN IMMEDIATE")?;
    play_some(&broker).await?;
    let at = manager
        .until("a standstill and no ping in it", at, |heard| {
            standstill(heard) > 3
        })
        .await?;
    file.execute_batch("ROLLBACK")?;
    let at = manager.until("pings again", at, |heard| pings(heard) > 3).await?;
    assert!(
        idlewatt.log().contains("is not told any more that all goes on"),
        "{}",
        idlewatt.log()
    );

    disk.fill()?;
    play_some(&broker).await?;
    idlewatt
        .until_health("that the disk is full", |health| {
            health["problems"].to_string().contains("full")
        })
        .await?;
    manager
        .until("pings for longer than the watchdog's time", at, |heard| {
            pings(heard) > 20
        })
        .await?;
    assert_eq!(
        standstill(&manager.heard()[at..]),
        0,
        "a full disk is no standstill"
    );
    disk.free()?;
    idlewatt
        .until_health("that all is well", |health| health["ok"] == true)
        .await?;
    assert!(idlewatt.stop().await?.success());
    Ok(())
}
