//! `idlewatt demo`, as a visitor starts it: the week on the page, then states that change while one looks.
//!
//! The screenshots are `target/screens/demo-*.png`: look at them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use ingest::clock::monotonic;
use tests::chromium::{Chromium, Screen};
use tests::idlewatt::{binary, json, terminate, wait_for_end};
use tests::mosquitto::free_port;

/// Far more than the ten seconds that the demo is allowed on a machine of its own.
const SHOWN_WITHIN: Duration = Duration::from_secs(120);
/// Simulated seconds a second: the morning begins at 06:30 and the rooms open from 07:00.
const SPEED: &str = "60";

struct Demo {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> anyhow::Result<Self> {
        let (folder, port) = (tempfile::tempdir()?, free_port()?);
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = Command::new(binary()?)
            .args(["demo", "--speed", SPEED, "--listen", &format!("127.0.0.1:{port}")])
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(Self { child, port, folder })
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Waits until the whole week is there: the log says so when it is analyzed and shown.
    async fn until_shown(&mut self) -> anyhow::Result<()> {
        let shown = async {
            while !self.log().contains("a week of history is analyzed") {
                anyhow::ensure!(
                    self.child.try_wait()?.is_none(),
                    "the demo has ended: {}",
                    self.log()
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        };
        tokio::time::timeout(SHOWN_WITHIN, shown)
            .await
            .with_context(|| format!("the week is not shown within {SHOWN_WITHIN:?}: {}", self.log()))?
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The states on the screen, in the page's order.
const STATES: &str =
    "[...document.querySelectorAll('article.tile')].map((tile) => tile.dataset.state).join(' ')";

fn screen(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/screens/demo-{name}.png"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_a_week_and_then_the_morning() -> anyhow::Result<()> {
    let began = monotonic();
    let mut demo = Demo::start()?;
    demo.until_shown().await?;
    println!("the week is shown after {:.1} s", began.elapsed().as_secs_f64());

    let devices = json(demo.port, "/api/devices").await?;
    let devices = devices.as_array().context("a list")?;
    assert_eq!(devices.len(), 14);
    for device in devices {
        assert_ne!(device["state"], "unknown", "{device:#}");
        assert!(device["power_w"].is_number(), "{device:#}");
        let id = device["id"].as_str().context("an id")?;
        let points = json(demo.port, &format!("/api/device/{id}/power")).await?;
        let curve = points["points"].as_array().map_or(0, Vec::len);
        assert!(curve > 500, "{id} has a curve of {curve} points: {points}");
    }
    let ct = devices
        .iter()
        .find(|device| device["id"] == "ct-1")
        .context("ct-1")?;
    assert_eq!(
        ct["has_open_alert"], true,
        "last night's forgotten scanner: {ct:#}"
    );
    let summary = json(demo.port, "/api/summary").await?;
    let waste = &summary["idle_waste_7_days"]["all_hours"];
    for (key, least) in [("energy_wh", 100_000.0), ("cost", 10.0), ("co2e_g", 5_000.0)] {
        assert!(
            waste[key].as_f64().is_some_and(|value| value > least),
            "{key}: {waste:#}"
        );
    }

    let mut browser = Chromium::start()?;
    browser.look_through(Screen {
        width: 1920,
        height: 1080,
        is_dark: false,
    })?;
    browser.open(&format!("http://127.0.0.1:{}", demo.port))?;
    assert_eq!(
        browser.evaluate("document.querySelectorAll('article.tile').length")?,
        14
    );
    assert_eq!(
        browser.evaluate("document.querySelectorAll('article.tile[data-alert]').length > 0")?,
        true
    );
    let before = browser.evaluate(STATES)?;
    browser.screenshot(&screen("before"), false)?;
    // the page changes by itself: nothing is loaded again
    let mut changed = Ok(());
    for _ in 0..3 {
        changed = browser.wait_for(&format!("{STATES} !== {before}"));
        if changed.is_ok() {
            break;
        }
    }
    changed.with_context(|| format!("no tile has changed: {before}"))?;
    println!("from {before}\n  to {}", browser.evaluate(STATES)?);
    browser.screenshot(&screen("after"), false)?;
    assert_eq!(browser.complaints(), Vec::<String>::new());
    drop(browser);

    terminate(&demo.child)?;
    let status = wait_for_end(&mut demo.child).await?;
    assert_eq!(status.code(), Some(0), "{}", demo.log());
    Ok(())
}
