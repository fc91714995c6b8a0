//! The live page in a real browser: states change on the screen, nothing complains, it fits every screen.
//!
//! Screenshots go to `target/screens`: look at them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::modality::Modality;
use analyzer::report::Facts;
use analyzer::{DeviceId, Finding, Sample, State, StateChange};
use anyhow::Result;
use deliver::history::{History, HistoryConfig, Readers};
use deliver::live::{IncidentFigures, Live, MessageAccount, MeterFigures, PipelineFigures, SinkFigures};
use deliver::page::{Door, DoorConfig, Health, Language, Page, SiteInfo, serve};
use jiff::SignedDuration;
use tests::chromium::{Chromium, Screen};
use tokio_util::sync::CancellationToken;

use crate::page_hospital::{devices, now, week, zone};

const WALL: (&str, u32, u32) = ("wall", 1920, 1080);
const DESK: (&str, u32, u32) = ("desk", 1366, 850);
const PHONE: (&str, u32, u32) = ("phone", 390, 844);

/// A served page over a week of history.
pub(crate) struct Served {
    pub(crate) address: String,
    pub(crate) live: Live,
    pub(crate) shutdown: CancellationToken,
    _folder: tempfile::TempDir,
}

async fn served() -> Result<Served> {
    served_behind(DoorConfig::default()).await
}

/// The same behind a door; what people say is heard and does nothing.
pub(crate) async fn served_behind(door: DoorConfig) -> Result<Served> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("history.sqlite");
    let mut history = History::open(&path, &HistoryConfig::default())?;
    for (batch, findings) in week().chunks(20_000).enumerate() {
        history.apply(u64::try_from(batch)? + 1, findings)?;
    }
    let live = Live::new(zone(), devices().into_iter().map(|device| device.id));
    live.rebuild(&history.reader()?, now())?;
    let page = Page {
        site: SiteInfo {
            name: "Hôpital Saint-Côme".to_owned(),
            zone: zone(),
            language: Language::English,
            currency: "EUR".to_owned(),
            tariff: "day €0.22, night €0.16 per kWh (contract, 2026)".to_owned(),
            carbon: "56.6 g CO₂e per kWh (ADEME Base Carbone, 2023)".to_owned(),
            household_kwh_per_year: 5_200.0,
            household: "a family of four (Heye et al., Radiology 2020;295:593)".to_owned(),
        },
        devices: devices(),
        facts: devices().iter().map(facts).collect(),
        live: live.clone(),
        history: Readers::new(path),
        now: Arc::new(now),
        say: Some(Arc::new(|_| Box::pin(async { Ok(()) }))),
        pipeline: Arc::new(figures),
        metrics: Arc::new(|| "# EOF\n".to_owned()),
        health: Arc::new(|| Health {
            is_ready: true,
            body: serde_json::json!({ "status": "ok" }),
        }),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    let door = Door::new(door)?;
    tokio::spawn(serve(listener, page, door, shutdown.clone()));
    Ok(Served {
        address,
        live,
        shutdown,
        _folder: folder,
    })
}

fn facts(device: &deliver::page::PageDevice) -> Facts {
    Facts {
        id: device.id.clone(),
        room: device.room.clone(),
        modality: Modality::named(device.modality).expect("a modality of ours"),
        is_exempt: false,
        target_w: None,
        boot: None,
        shutdown: None,
        stored_tb: None,
        cools: Vec::new(),
    }
}

fn figures() -> PipelineFigures {
    let sink = |name: &str, kind: &str, behind, last_error: Option<&str>| SinkFigures {
        name: name.to_owned(),
        kind: kind.to_owned(),
        findings: 4_211_874,
        delivered: 4_211_874 - behind,
        behind,
        last_error: last_error.map(str::to_owned),
        ..SinkFigures::default()
    };
    let meter = |device: &deliver::page::PageDevice| MeterFigures {
        name: format!("meter-{}", device.id),
        family: "shelly_gen2".to_owned(),
        readings: 603_114,
        heard_at: Some(now() - SignedDuration::from_secs(2)),
        faults: 0,
    };
    PipelineFigures {
        messages: MessageAccount {
            received_qos0: 1_000,
            received_qos1: 1_203_332,
            stored: 1_204_289,
            duplicates: 28,
            quarantined: 3,
            waiting: 12,
            ..MessageAccount::default()
        },
        incidents: vec![IncidentFigures {
            at: now() - SignedDuration::from_hours(5),
            kind: "session_lost".to_owned(),
            place: "broker ward".to_owned(),
            what: "the broker had forgotten our session".to_owned(),
            lost: 0,
            mend: "give the broker a disk for its sessions".to_owned(),
        }],
        readings: 1_204_289,
        findings: 4_211_874,
        is_broker_connected: Some(true),
        sinks: vec![
            sink("grafana", "influxdb2", 0, None),
            sink(
                "group",
                "victoriametrics",
                1_204,
                Some("connection refused at 10.2.0.9:8428; tried again in 30 s"),
            ),
        ],
        meters: devices().iter().map(meter).collect(),
        ..PipelineFigures::default()
    }
}

pub(crate) fn screens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screens")
}

fn shoot(
    browser: &mut Chromium,
    address: &str,
    name: &str,
    screen: (&str, u32, u32),
    is_dark: bool,
) -> Result<()> {
    let (size, width, height) = screen;
    browser.look_through(Screen {
        width,
        height,
        is_dark,
    })?;
    browser.open(address)?;
    browser.wait_for("document.body.dataset.link === 'live'")?;
    let overflow = browser.evaluate("document.documentElement.scrollWidth - innerWidth")?;
    assert!(
        overflow.as_i64() <= Some(0),
        "{name} at {size}: scrolls sideways by {overflow} px"
    );
    let scheme = if is_dark { "-dark" } else { "" };
    browser.screenshot(
        &screens().join(format!("{name}-{size}{scheme}.png")),
        size != "wall",
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_view_fits_every_screen_and_nothing_complains() -> Result<()> {
    let served = served().await?;
    let mut browser = Chromium::start()?;
    let at = |path: &str| format!("{}{path}", served.address);
    for (name, path) in [("rooms", "/"), ("device", "/device/ct-2")] {
        shoot(&mut browser, &at(path), name, WALL, false)?;
        shoot(&mut browser, &at(path), name, WALL, true)?;
        shoot(&mut browser, &at(path), name, DESK, false)?;
        shoot(&mut browser, &at(path), name, PHONE, false)?;
        shoot(&mut browser, &at(path), name, PHONE, true)?;
    }
    browser.look_through(Screen {
        width: WALL.1,
        height: WALL.2,
        is_dark: false,
    })?;
    browser.open(&at("/"))?;
    let bottom = browser.evaluate("document.querySelector('.floors').getBoundingClientRect().bottom")?;
    assert!(
        bottom.as_f64() <= Some(1080.0),
        "the demo hospital fits one screen: it ends at {bottom} px"
    );
    for (name, path) in [("alerts", "/alerts"), ("pipeline", "/pipeline")] {
        shoot(&mut browser, &at(path), name, DESK, false)?;
        shoot(&mut browser, &at(path), name, PHONE, true)?;
    }
    for (name, path) in [
        ("rooms-fr", "/?lang=fr"),
        ("device-fr", "/device/mri-2?lang=fr"),
        ("alerts-fr", "/alerts?lang=fr"),
    ] {
        shoot(&mut browser, &at(path), name, DESK, true)?;
    }
    for screen in [WALL, DESK, PHONE] {
        shoot(&mut browser, &at("/waste"), "waste", screen, false)?;
        shoot(
            &mut browser,
            &at("/waste?days=30&lang=fr"),
            "waste-fr",
            screen,
            true,
        )?;
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
    served.shutdown.cancel();
    Ok(())
}

fn at_a_desk() -> Result<Chromium> {
    let mut browser = Chromium::start()?;
    browser.look_through(Screen {
        width: DESK.1,
        height: DESK.2,
        is_dark: false,
    })?;
    Ok(browser)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_changes_on_the_screen_and_a_dead_server_is_said() -> Result<()> {
    let served = served().await?;
    let mut browser = at_a_desk()?;
    browser.open(&served.address)?;
    browser.wait_for("document.body.dataset.link === 'live'")?;
    let tile = "document.getElementById('live-xr-1')";
    assert_eq!(
        browser.evaluate(&format!("{tile}.closest('.tile').dataset.state"))?,
        "idle"
    );

    let device: DeviceId = "xr-1".into();
    served.live.consume(&[
        Finding::StateChange(StateChange {
            device: device.clone(),
            at: now(),
            from: State::Idle,
            to: State::Scanning,
            power_w: Some(41_300.0),
        }),
        Finding::Sample(Sample {
            device,
            at: now(),
            power_w: 41_300.0,
            state: State::Scanning,
            is_provisional: true,
        }),
    ]);
    browser.wait_for(&format!("{tile}.closest('.tile').dataset.state === 'scanning'"))?;
    browser.wait_for(&format!(
        "{tile}.textContent.includes('Scanning') && {tile}.textContent.includes('41.3')"
    ))?;
    assert_eq!(browser.complaints(), Vec::<String>::new());

    served.shutdown.cancel();
    browser.wait_for("!document.getElementById('stale').hidden && document.body.dataset.link === 'lost'")?;
    browser.screenshot(&screens().join("stale-desk.png"), false)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_resting_saves_is_chosen_without_a_script_and_keeps_period_and_language() -> Result<()> {
    let served = served().await?;
    let mut browser = at_a_desk()?;
    browser.open(&format!("{}/waste?lang=fr", served.address))?;
    browser.wait_for("document.querySelectorAll('.heat svg').length === 2")?;
    browser.evaluate("document.querySelector('.periods a:nth-child(2)').click()")?;
    browser.wait_for("location.search.includes('days=30') && document.readyState === 'complete' && document.querySelector('.periods a:nth-child(2)')?.hasAttribute('aria-current')")?;
    browser.evaluate("document.getElementById('hours').value = 9")?;
    browser.evaluate("document.querySelector('.choice button').click()")?;
    browser.wait_for("document.querySelector('[data-chosen] th')?.textContent === '9 h'")?;
    let kept = browser.evaluate("location.search + document.documentElement.lang")?;
    assert_eq!(kept, "?days=30&lang=fr&hours=9fr");
    let said = browser.evaluate("document.querySelector('.heat [role=img]').getAttribute('aria-label')")?;
    assert!(
        said.as_str().is_some_and(|said| said.contains("Maximum")),
        "{said}"
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
    served.shutdown.cancel();
    Ok(())
}
