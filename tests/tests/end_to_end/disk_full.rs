//! A full disk, for each of the three files alone: it is said, nothing is acknowledged that is not stored, and when there is
//! room again everything goes on by itself, with nothing lost.

use std::os::unix::fs::symlink;

use serde_json::Value;
use simulator::{Message, Scenario, Simulation, Speed};
use tests::account::Metrics;
use tests::idlewatt::{Idlewatt, WITHIN, command, demo_configuration, influx_sink};
use tests::influxd::Influxd;
use tests::pipeline::{DATABASE, Fields, play, points, start_broker, until_subscribed, whole};
use tests::small_disk::SmallDisk;

const DISK_MIB: u32 = 64;

type Power = std::collections::BTreeMap<String, Fields>;

fn messages() -> anyhow::Result<Vec<Message>> {
    Ok(Simulation::new(&Scenario::builtin("week")?)
        .take(15_000)
        .collect())
}

/// Plays to an idlewatt one of whose files is on a disk that is full from the start of the play on.
async fn run(file: Option<&str>) -> anyhow::Result<(Power, Metrics)> {
    let (broker, influx) = (start_broker().await?, Influxd::start(false).await?);
    influx.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
    let mut idlewatt = Idlewatt::prepare(&demo_configuration(&broker.url(), &influx_sink(&influx.url())))?;
    let folder = idlewatt.folder().join("disk");
    let disk = file.map(|_| SmallDisk::mount(&folder, DISK_MIB)).transpose()?;
    if let Some(file) = file {
        std::fs::create_dir_all(idlewatt.state_folder())?;
        symlink(folder.join(file), idlewatt.state_folder().join(file))?;
    }
    idlewatt.restart().await?;
    until_subscribed(&broker).await?;
    if let Some(disk) = &disk {
        disk.fill()?;
    }
    let played = play(
        broker.port(),
        messages()?.into_iter(),
        Speed::AsFastAsPossible,
        |_| {},
    )
    .await?;
    if let (Some(disk), Some(file)) = (&disk, file) {
        said(&idlewatt, file).await?;
        disk.free()?;
    }
    let sent = played.published_total();
    let is_done = |metrics: &Metrics| whole(metrics.account().journalled) >= sent && metrics.is_drained();
    let metrics = idlewatt.until("delivered", WITHIN, is_done).await?;
    idlewatt
        .until_health("all is well again", |health| health["ok"] == true)
        .await?;
    assert_eq!(
        (
            metrics.sum("messages_unexplained"),
            metrics.sum("sink_unexplained")
        ),
        (0.0, 0.0),
        "{metrics}"
    );
    assert_eq!(whole(metrics.account().journalled), sent);
    assert!(idlewatt.stop().await?.success());
    Ok((points(&influx, "power").await?, metrics))
}

/// Health, metrics and `idlewatt status` say that the disk is full.
async fn said(idlewatt: &Idlewatt, file: &str) -> anyhow::Result<()> {
    let is_full = |health: &Value| health["problems"].to_string().contains("full");
    let health = idlewatt.until_health("that the disk is full", is_full).await?;
    assert!(
        health["problems"][0]["mend"]
            .as_str()
            .is_some_and(|mend| !mend.is_empty()),
        "{health}"
    );
    if file == "journal.sqlite" {
        let metrics = idlewatt.metrics().await?;
        assert!(
            whole(metrics.account().journalled) < 15_000,
            "what is not stored is not acknowledged"
        );
    }
    let configuration = idlewatt.configuration_path().display().to_string();
    let output = command(&["status", "-c", &configuration], "")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && text.contains("full"), "{text}");
    let (_, page) = idlewatt.get("/pipeline").await?;
    assert!(
        page.contains("account") || page.contains("Account"),
        "the page goes on"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_may_run_out_of_disk_and_goes_on_by_itself() -> anyhow::Result<()> {
    let (calm, _) = run(None).await?;
    for file in ["journal.sqlite", "findings.sqlite", "history.sqlite"] {
        let (stormy, metrics) = run(Some(file)).await?;
        println!("{file}: {}", metrics.account());
        assert_eq!(calm, stormy, "{file}");
    }
    Ok(())
}
