//! The page as a browser asks for it, over a real socket; and what a large hospital costs.

use std::fmt::Write as _;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use analyzer::site::TariffPeriod;
use analyzer::{
    AlertEvent, AlertPhase, DeviceId, Energy, Finding, LedgerRow, Sample, Severity, State, StateChange,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::{Door, DoorConfig, Health, Language, Page, PageDevice, SiteInfo, serve};
use crate::history::{History, HistoryConfig, Readers};
use crate::live::{Live, PipelineFigures, Progress};

const HOSTILE: &str = "<script>alert('x')</script>\"&";

fn now() -> Timestamp {
    "2026-11-17T08:41:20Z".parse().unwrap()
}

fn device(id: &str, name: &str, modality: &'static str) -> PageDevice {
    PageDevice {
        id: id.into(),
        name: name.to_owned(),
        room: format!("room of {name}"),
        floor: None,
        modality,
        modality_label: HOSTILE,
        meters: vec![format!("meter-{id}")],
        opening: analyzer::calendar::OpeningHours::Always.into(),
        learns: true,
    }
}

fn ledger(device: &DeviceId, hour: Timestamp, state: State, is_open: bool) -> Finding {
    Finding::Ledger(LedgerRow {
        device: DeviceId::clone(device),
        hour,
        state,
        is_open,
        tariff: TariffPeriod::Night,
        energy: Energy::from_wh(1500.0),
        estimated: Energy::ZERO,
        duration: SignedDuration::from_mins(30),
        cost: 0.24,
        co2e_g: 84.9,
    })
}

fn first_findings(devices: &[PageDevice]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for device in devices {
        let at = now() - SignedDuration::from_hours(3);
        let id = DeviceId::clone(&device.id);
        findings.push(Finding::StateChange(StateChange {
            device: id.clone(),
            at,
            from: State::Unknown,
            to: State::Idle,
            power_w: None,
        }));
        for minute in 0..180 {
            let at = at + SignedDuration::from_mins(minute);
            findings.push(Finding::Sample(Sample {
                device: id.clone(),
                at,
                power_w: 2600.0,
                state: State::Idle,
                is_provisional: false,
            }));
        }
        findings.push(ledger(&id, at, State::Idle, false));
        if device.modality == "ct" {
            findings.push(Finding::Bands(crate::example::learned(id, at)));
        }
    }
    findings
}

pub(super) struct Served {
    pub(super) port: u16,
    live: Live,
    pub(super) shutdown: CancellationToken,
    _folder: tempfile::TempDir,
}

async fn served(devices: Vec<PageDevice>, findings: &[Finding], is_ready: bool) -> Served {
    served_behind(DoorConfig::default(), devices, findings, is_ready).await
}

async fn served_behind(
    door: DoorConfig,
    devices: Vec<PageDevice>,
    findings: &[Finding],
    is_ready: bool,
) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let mut history = History::open(&path, &HistoryConfig::default()).unwrap();
    history.apply(1, findings).unwrap();
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let live = Live::new(
        zone.clone(),
        devices.iter().map(|device| DeviceId::clone(&device.id)),
    );
    live.rebuild(&history.reader().unwrap(), now()).unwrap();
    let facts = devices.iter().map(|device| analyzer::report::Facts {
        id: DeviceId::clone(&device.id),
        room: device.room.clone(),
        modality: analyzer::modality::Modality::named("ct").unwrap(),
        is_exempt: false,
        target_w: Some(1_000.0),
        boot: None,
        shutdown: None,
        stored_tb: None,
        cools: Vec::new(),
    });
    let facts = facts.collect();
    let page = Page {
        site: SiteInfo {
            name: HOSTILE.to_owned(),
            zone,
            language: Language::English,
            currency: "EUR".to_owned(),
            tariff: "0.16 EUR/kWh, contract 2026".to_owned(),
            carbon: "56.6 g/kWh, ADEME 2023".to_owned(),
            household_kwh_per_year: 5200.0,
            household: "a family of four (Heye et al., Radiology 2020;295:593)".to_owned(),
        },
        devices,
        facts,
        live: live.clone(),
        history: Readers::new(path),
        now: Arc::new(now),
        say: Some(Arc::new(|_| Box::pin(async { Ok(()) }))),
        pipeline: Arc::new(PipelineFigures::default),
        metrics: Arc::new(|| "up 1\n# EOF\n".to_owned()),
        health: Arc::new(move || Health {
            is_ready,
            body: serde_json::json!({ "ready": is_ready }),
        }),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    tokio::spawn(serve(listener, page, Door::new(door).unwrap(), shutdown.clone()));
    Served {
        port,
        live,
        shutdown,
        _folder: folder,
    }
}

async fn small() -> Served {
    small_behind(DoorConfig::default()).await
}

/// Three devices behind a door.
pub(super) async fn small_behind(door: DoorConfig) -> Served {
    let devices = vec![
        device("ct", HOSTILE, "ct"),
        device("a b/c", "Odd id", "other"),
        device("ws", "Reading", "workstation"),
    ];
    let findings = first_findings(&devices);
    served_behind(door, devices, &findings, true).await
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn has(&self, header: &str) -> bool {
        self.head.to_lowercase().contains(header)
    }
}

async fn ask(served: &Served, path: &str, headers: &[(&str, &str)]) -> Answer {
    let stream = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    request(stream, "GET", path, headers, "").await
}

/// One request over a connection; asked of `localhost` where the headers name nobody.
pub(super) async fn request(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.0\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str("Host: localhost\r\n");
    }
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(stream).await
}

/// Reads an answer to the end of the connection.
pub(super) async fn answer(mut stream: impl tokio::io::AsyncRead + Unpin) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head,
        body: bytes[split + 4..].to_vec(),
    }
}

const VIEWS: [&str; 9] = [
    "/",
    "/?by=modality",
    "/?form=corridor",
    "/device/ct",
    "/device/a%20b%2Fc",
    "/alerts",
    "/workstations",
    "/waste",
    "/pipeline",
];

#[tokio::test]
async fn every_view_is_safe_and_escaped_in_both_languages() {
    let served = small().await;
    for view in VIEWS {
        for language in ["en", "fr"] {
            let joint = if view.contains('?') { '&' } else { '?' };
            let answer = ask(&served, &format!("{view}{joint}lang={language}"), &[]).await;
            let html = answer.text();
            assert_eq!(answer.status, 200, "{view}");
            assert!(
                answer.has("content-security-policy: default-src 'none'; script-src 'self'"),
                "{}",
                answer.head
            );
            assert!(answer.has("x-content-type-options: nosniff"));
            assert!(html.contains(&format!("<html lang=\"{language}\">")), "{view}");
            assert!(!html.contains("<script>"), "{view}: a name became a script");
            assert!(
                !html.contains(" style=") && !html.contains("onclick"),
                "{view}: nothing inline"
            );
            assert!(
                !html.contains("http://") && !html.contains("https://"),
                "{view}: nothing from outside"
            );
            assert!(html.len() < 100_000, "{view}: {} bytes", html.len());
        }
    }
    served.shutdown.cancel();
}

#[tokio::test]
async fn what_is_not_there_is_said_and_leads_back() {
    let served = small().await;
    for path in ["/device/nobody", "/nowhere"] {
        let answer = ask(&served, path, &[]).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text().contains("href=\"/\""));
    }
    assert_eq!(ask(&served, "/api/device/nobody/power", &[]).await.status, 404);
    assert_eq!(
        ask(&served, "/api/device/ct/power?from=yesterday", &[])
            .await
            .status,
        400
    );
    assert_eq!(
        ask(&served, "/api/device/ct/power?from=2026-11-18T00:00:00Z", &[])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_api_gives_what_the_page_shows() {
    let served = small().await;
    let json = |answer: Answer| -> serde_json::Value { serde_json::from_slice(&answer.body).unwrap() };
    let devices = json(ask(&served, "/api/devices", &[]).await);
    assert_eq!(devices[0]["state"], "idle");
    assert_eq!(devices[0]["power_w"], 2600.0);
    let levels = &devices[0]["learned"]["bands"];
    assert_eq!(levels[0]["label"], "night");
    assert_eq!(
        (&levels[2]["level_w"], &levels[2]["until_w"]),
        (&2600.0.into(), &serde_json::Value::Null)
    );
    assert_eq!(levels[2]["is_provisional"], true);
    assert_eq!(
        devices[2]["learned"],
        serde_json::Value::Null,
        "nothing is learned of it"
    );
    let summary = json(ask(&served, "/api/summary", &[]).await);
    assert_eq!(summary["idle_waste_7_days"]["closed_hours"]["energy_wh"], 4500.0);
    assert_eq!(summary["idle_waste_today"]["all_hours"]["cost"], 0.72);
    let power = json(ask(&served, "/api/device/ct/power", &[]).await);
    assert_eq!(power["points"].as_array().unwrap().len(), 180);
    assert_eq!(power["bands"][0]["state"], "idle");
    assert_eq!(
        json(ask(&served, "/api/alerts", &[]).await)
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert!(ask(&served, "/metrics", &[]).await.text().starts_with("up 1"));
}

#[tokio::test]
async fn the_waste_view_is_chosen_by_its_address_and_the_api_gives_the_same() {
    let served = small().await;
    let html = ask(&served, "/waste?days=30&hours=9&lang=fr", &[]).await.text();
    for words in [
        "30 derniers jours",
        "value=\"9\"",
        "<th scope=\"row\">9 h</th>",
        "role=\"img\"",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let answer = ask(&served, "/api/waste?days=30&hours=9", &[]).await;
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    // three devices idled for half an hour at 3 kW, closed; resting draws 1 kW
    assert_eq!(json["closed_idle"]["kwh"], 4.5);
    assert_eq!(json["resting"][0]["kwh"], 3.0);
    assert_eq!(json["idle_scan_published"], serde_json::json!([14.0, 30.0]));
    assert_eq!(json["heat"].as_array().unwrap().len(), 7 * 24);
    for wrong in ["days=31", "hours=0", "hours=25", "hours=all"] {
        assert_eq!(
            ask(&served, &format!("/api/waste?{wrong}"), &[]).await.status,
            400,
            "{wrong}"
        );
        assert_eq!(
            ask(&served, &format!("/waste?{wrong}"), &[]).await.status,
            200,
            "{wrong}"
        );
    }
    served.shutdown.cancel();
}

#[tokio::test]
async fn the_api_gives_key_figures_with_their_baseline_and_reasons() {
    let served = small().await;
    let report: serde_json::Value =
        serde_json::from_slice(&ask(&served, "/api/kpi?by=site", &[]).await.body).unwrap();
    assert!(report["baseline"].as_str().unwrap().contains("observed"));
    let values = report["rows"][0]["values"].as_array().unwrap();
    let of = |name: &str| values.iter().find(|value| value["name"] == name).unwrap();
    let (devices, avoidable) = (&report["rows"][0]["devices"], &of("avoidable_kwh")["value"]);
    assert_eq!(
        avoidable.as_f64(),
        devices.as_f64(),
        "each idled for half an hour at 3 kW, target 1 kW"
    );
    assert!(of("idle_scan_ratio")["value"].is_null());
    assert!(of("idle_scan_ratio")["reason"].is_string());
    assert_eq!(ask(&served, "/api/kpi?by=colour", &[]).await.status, 400);
    assert_eq!(ask(&served, "/api/kpi?period=year", &[]).await.status, 400);
}

#[tokio::test]
async fn a_service_that_is_not_well_answers_503() {
    let served = served(Vec::new(), &[], false).await;
    assert_eq!(ask(&served, "/health", &[]).await.status, 503);
    assert_eq!(
        ask(&served, "/", &[]).await.status,
        200,
        "a page without devices is still a page"
    );
}

#[tokio::test]
async fn assets_are_cached_by_content_and_views_compressed() {
    let served = small().await;
    let css = ask(&served, "/app.css", &[]).await;
    let etag = css
        .head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap()
        .to_owned();
    assert!(css.has("immutable"));
    assert_eq!(
        ask(&served, "/app.css", &[("If-None-Match", &etag)]).await.status,
        304
    );
    let packed = ask(&served, "/", &[("Accept-Encoding", "br, gzip")]).await;
    assert!(packed.has("content-encoding: gzip"));
    let mut html = String::new();
    flate2::read::GzDecoder::new(&packed.body[..])
        .read_to_string(&mut html)
        .unwrap();
    assert!(html.starts_with("<!DOCTYPE html>"));
    assert!(
        !ask(&served, "/", &[("Accept-Encoding", "gzip;q=0")])
            .await
            .has("content-encoding")
    );
}

/// Reads from a stream until the text is there.
async fn read_until(stream: &mut TcpStream, heard: &mut String, wanted: &str) {
    let reading = async {
        let mut bytes = [0; 16_384];
        while !heard.contains(wanted) {
            let read = stream.read(&mut bytes).await.unwrap();
            assert!(read > 0, "the stream ended before {wanted:?}: {heard}");
            heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .unwrap_or_else(|_| panic!("never heard {wanted:?}"));
}

#[tokio::test]
async fn events_tell_of_a_change_an_alert_and_progress_and_end_with_the_server() {
    let served = small().await;
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    stream
        .write_all(b"GET /events?lang=fr&view=wall HTTP/1.0\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut heard = String::new();
    read_until(&mut stream, &mut heard, "live-ct").await;
    assert!(
        heard.contains("En attente") && !heard.contains("<script>"),
        "{heard}"
    );
    heard.clear();
    let id: DeviceId = "ct".into();
    let change = |to| StateChange {
        device: "ct".into(),
        at: now(),
        from: State::Idle,
        to,
        power_w: None,
    };
    served
        .live
        .consume(&[Finding::StateChange(change(State::Scanning))]);
    read_until(&mut stream, &mut heard, "\"state\":\"scanning\"").await;
    assert!(!heard.contains("live-ws"), "only what changed is sent");
    heard.clear();
    served.live.consume(&[Finding::Alert(AlertEvent {
        rule: "overnight_idle".to_owned(),
        device: id,
        severity: Severity::Warning,
        phase: AlertPhase::Raised,
        since: now(),
        at: now(),
        energy: Energy::from_wh(12_000.0),
        cost: 2.0,
        co2e_g: 680.0,
        detail: String::new(),
        by: String::new(),
        until: None,
    })]);
    served.live.set_progress(Some(Progress {
        text: "semaine 1".to_owned(),
        fraction: 0.5,
    }));
    read_until(&mut stream, &mut heard, "\"open_alerts\":1").await;
    assert!(
        heard.contains("\"has_alert\":true") && heard.contains("semaine 1"),
        "{heard}"
    );
    served.shutdown.cancel();
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn three_hundred_devices_fit_in_a_hundred_kilobytes() {
    let modality = |number: usize| {
        if number.is_multiple_of(5) {
            "ct"
        } else {
            "workstation"
        }
    };
    let devices: Vec<PageDevice> = (0..300)
        .map(|number| {
            device(
                &format!("d-{number}"),
                &format!("Device {number}"),
                modality(number),
            )
        })
        .collect();
    let mut findings = Vec::new();
    for (place, device) in devices.iter().enumerate() {
        for hour in 0..168 {
            let at = now() - SignedDuration::from_hours(hour);
            let hour = Timestamp::from_second(at.as_second() / 3600 * 3600).unwrap();
            findings.push(ledger(&device.id, hour, State::Idle, true));
            findings.push(ledger(&device.id, hour, State::Scanning, true));
        }
        for minute in 0..1440 {
            let wave = f64::from(u32::try_from((minute * 7 + place) % 97).unwrap());
            findings.push(Finding::Sample(Sample {
                device: DeviceId::clone(&device.id),
                at: now() - SignedDuration::from_mins(1440 - i64::try_from(minute).unwrap()),
                power_w: 2600.0 + wave * 40.0,
                state: State::Idle,
                is_provisional: false,
            }));
        }
    }
    let served = served(devices, &findings, true).await;
    let mut took = Vec::new();
    let mut bytes = 0;
    for _ in 0..3 {
        let clock = tokio::time::Instant::now();
        bytes = ask(&served, "/", &[("Accept-Encoding", "gzip")]).await.body.len();
        took.push(clock.elapsed());
    }
    let plain = ask(&served, "/", &[]).await.body.len();
    println!(
        "300 devices: {bytes} bytes sent, {plain} unpacked; first {:?}, then {:?}",
        took[0], took[2]
    );
    let assets = super::asset::bytes();
    assert!(
        plain + assets < 100_000,
        "{plain} bytes of HTML and {assets} of style and script"
    );
    assert!(took[2] < Duration::from_secs(2), "{took:?}");
}
