//! Torn and corrupt files: each of the three, damaged in each way, is set aside or passed over, said, and the service starts and
//! goes on with a balanced account.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use serde_json::Value;
use simulator::{Message, Scenario, Simulation, Speed};
use tests::idlewatt::WITHIN;
use tests::pipeline::{Pipeline, play};

const PAGE: u64 = 4096;
const ZEROS: [u8; 4096] = [0; 4096];

/// A way to damage a file: its name, whether the write-ahead log is meant, and what is done.
type Damage = (&'static str, bool, fn(&File, u64) -> std::io::Result<()>);

const DAMAGES: [Damage; 4] = [
    ("truncated", false, |file, bytes| {
        file.set_len(bytes / 2 / PAGE * PAGE + 100)
    }),
    ("a page of zeros in the middle", false, |file, bytes| {
        file.write_all_at(&ZEROS, bytes / 2 / PAGE * PAGE)
    }),
    ("a wrong header", false, |file, _| {
        file.write_all_at(b"no database at all", 0)
    }),
    ("a torn write-ahead log", true, |file, bytes| {
        file.write_all_at(&[0x5a; 600], bytes / 3)
    }),
];

fn damage(path: &Path, how: fn(&File, u64) -> std::io::Result<()>) -> anyhow::Result<()> {
    let file = File::options().write(true).open(path)?;
    let bytes = file.metadata()?.len();
    anyhow::ensure!(bytes > PAGE, "{} has {bytes} bytes alone", path.display());
    how(&file, bytes)?;
    Ok(())
}

/// Plays the next piece; the account balances when it is delivered.
async fn go_on(pipeline: &Pipeline, piece: &[Message], what: &str) -> anyhow::Result<()> {
    let before = pipeline.idlewatt.metrics().await?.account().journalled;
    let played = play(
        pipeline.broker.port(),
        piece.iter().cloned(),
        Speed::AsFastAsPossible,
        |_| {},
    )
    .await?;
    let wanted = before + f64::from(u32::try_from(played.published_total())?);
    let is_done =
        |metrics: &tests::account::Metrics| metrics.account().journalled >= wanted && metrics.is_drained();
    let metrics = pipeline.idlewatt.until(what, WITHIN, is_done).await?;
    assert!(metrics.account().is_balanced(), "{what}: {}", metrics.account());
    assert_eq!(
        (
            metrics.sum("messages_unexplained"),
            metrics.sum("sink_unexplained")
        ),
        (0.0, 0.0),
        "{what}: {metrics}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn torn_files_are_set_aside_said_and_the_service_goes_on() -> anyhow::Result<()> {
    let mut pipeline = Pipeline::start("").await?;
    let messages: Vec<Message> = Simulation::new(&Scenario::builtin("week")?)
        .take(26_000)
        .collect();
    let mut pieces = messages.chunks(2_000);
    let mut next = || pieces.next().expect("there is one for each damage");
    go_on(&pipeline, next(), "before any damage").await?;
    for file in ["journal", "findings", "history"] {
        for (name, is_of_log, how) in DAMAGES {
            let what = format!("{file}: {name}");
            if is_of_log {
                pipeline.idlewatt.kill()?;
            } else {
                assert!(pipeline.idlewatt.stop().await?.success(), "{what}");
                let path = pipeline.idlewatt.state_folder().join(format!("{file}.sqlite"));
                let folded = rusqlite::Connection::open(path)?;
                folded.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
                drop(folded);
            }
            let ending = if is_of_log { ".sqlite-wal" } else { ".sqlite" };
            damage(
                &pipeline.idlewatt.state_folder().join(format!("{file}{ending}")),
                how,
            )?;
            pipeline.idlewatt.restart().await?;
            let told = pipeline.idlewatt.json("/api/status").await?;
            if !is_of_log {
                let newest = &told["incidents"][0];
                assert_eq!(newest["kind"], "file_set_aside", "{what}: {told:#}");
                let place = newest["where"].as_str().unwrap_or_default();
                assert!(place.ends_with(&format!("{file}.sqlite")), "{what}: {newest}");
                assert!(
                    newest["mend"]
                        .as_str()
                        .is_some_and(|mend| mend.contains("check the disk"))
                );
                let (_, page) = pipeline.idlewatt.get("/pipeline").await?;
                assert!(page.contains("was damaged"), "{what}: {page}");
            }
            assert_eq!(
                told["messages"]["unexplained"],
                Value::from(0),
                "{what}: {told:#}"
            );
            go_on(&pipeline, next(), &what).await?;
        }
    }
    Ok(())
}
