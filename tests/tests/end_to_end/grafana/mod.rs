//! `deploy/grafana` on a real InfluxDB that holds the demo hospital's week: what every panel and every rule shows is what the
//! simulator knows to be true.
//!
//! The week goes the demo's own way (`idlewatt demo --influx`): into the journal, then through the real service into a real
//! influxd. No Grafana runs: `ask` puts in macros and variables as Grafana documents them, `expression` works out its
//! expressions. One run of the pipeline serves all checks.

mod ask;
mod check;
mod expression;
mod look;
pub(super) mod model;
mod names;
mod option;
pub(super) mod provision;
mod rules;
pub(super) mod structure;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, ensure};
use idlewatt::config::Config;
use jiff::Timestamp;
use simulator::{Scenario, Simulation};
use tests::idlewatt::{Idlewatt, WITHIN, demo_configuration, influx_sink};
use tests::influxd::Influxd;
use tests::mosquitto::free_port;
use tests::pipeline::DATABASE;

use ask::{Asked, Frame, ask, show};
use check::CHECKS;
use model::{Dashboard, Panel, VariableKind};
use truth::Truth;

/// The dashboards; `service` asks Prometheus.
pub(super) const BOARDS: [&str; 6] = ["fleet", "device", "waste", "workstations", "pipeline", "service"];
/// As in the demo: the week ends before opening time, and a scanner was left on.
const NOW: &str = "2026-11-23T06:30:00+01:00";
/// Devices that the dashboard of one device is tried with.
const LOOKED_AT: [&str; 9] = [
    "ct-1", "ct-2", "mri-1", "mri-2", "angio-1", "xray-1", "ws-1", "ws-2", "rack-1",
];

/// A file below `deploy/`.
pub(super) fn deployed(path: &str) -> anyhow::Result<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path);
    std::fs::read_to_string(&file).with_context(|| file.display().to_string())
}

pub(super) fn board(name: &str) -> anyhow::Result<Dashboard> {
    let text = deployed(&format!("grafana/dashboards/{name}.json"))?;
    serde_json::from_str(&text).with_context(|| name.to_owned())
}

/// The database with the week in it, and the truth.
struct World {
    influx: Influxd,
    truth: Truth,
}

impl World {
    async fn begin() -> anyhow::Result<Self> {
        let now: Timestamp = NOW.parse()?;
        let scenario = Scenario::builtin(idlewatt::demo::SCENARIO)?;
        let influx = Influxd::start(false).await?;
        influx.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
        // nobody listens there: the week is in the journal already
        let broker = format!("mqtt://127.0.0.1:{}", free_port()?);
        let configuration = demo_configuration(&broker, &influx_sink(&influx.url()));
        let mut idlewatt = Idlewatt::prepare(&configuration)?;
        std::fs::create_dir_all(idlewatt.state_folder())?;
        let journal = idlewatt.state_folder().join("journal.sqlite");
        let mut simulation = Simulation::new(&scenario);
        let messages = idlewatt::demo::write_history(&journal, &mut simulation, now)?;
        idlewatt.restart().await?;
        let config = Config::parse("demo.toml".as_ref(), idlewatt::demo::CONFIG)?.config;
        let truth = tokio::task::spawn_blocking(move || Truth::of(scenario, &config, now)).await??;
        let findings = f64::from(u32::try_from(messages)?) / 2.0;
        idlewatt
            .until("written", WITHIN * 4, |metrics| {
                metrics.is_drained() && metrics.sum("findings_total") > findings
            })
            .await?;
        ensure!(idlewatt.stop().await?.success(), "{}", idlewatt.log());
        Ok(Self { influx, truth })
    }

    /// What a panel shows when its dashboard is opened, with this device chosen.
    async fn opened(
        &self,
        dashboard: &Dashboard,
        panel: &Panel,
        device: Option<&str>,
    ) -> anyhow::Result<(Asked, Vec<Frame>)> {
        let mut asked = Asked::of(dashboard, panel, self.truth.now)?;
        if let Some(device) = device {
            asked = asked.choose("device", &[device]);
        }
        let frames = show(&self.influx, DATABASE, panel, &asked).await?;
        Ok((asked, frames))
    }
}

#[test]
fn every_panel_has_its_check() -> anyhow::Result<()> {
    let mut panels = BTreeSet::new();
    for name in BOARDS.into_iter().filter(|name| *name != "service") {
        panels.extend(board(name)?.panels.iter().map(|panel| (name, panel.id)));
    }
    let checked: BTreeSet<_> = CHECKS.iter().map(|check| (check.board, check.panel)).collect();
    assert_eq!(panels, checked);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_and_rule_says_what_the_truth_says() -> anyhow::Result<()> {
    let world = World::begin().await?;
    let mut faults = Vec::new();
    for name in BOARDS.into_iter().filter(|name| *name != "service") {
        let dashboard = board(name)?;
        for panel in &dashboard.panels {
            if let Err(fault) = panel_is_true(&world, name, &dashboard, panel).await {
                faults.push(format!("{name} {} {:?}: {fault:#}", panel.id, panel.title));
            }
        }
        if let Err(fault) = variables_are_true(&world, &dashboard).await {
            faults.push(format!("{name}: variables: {fault:#}"));
        }
        if let Err(fault) = annotations_are_true(&world, &dashboard).await {
            faults.push(format!("{name}: annotations: {fault:#}"));
        }
    }
    if let Err(fault) = rules::fire_as_the_truth_says(&world.influx, &world.truth).await {
        faults.push(format!("rules: {fault:#}"));
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    Ok(())
}

async fn panel_is_true(
    world: &World,
    name: &str,
    dashboard: &Dashboard,
    panel: &Panel,
) -> anyhow::Result<()> {
    let devices: Vec<Option<&str>> = match name {
        "device" => LOOKED_AT.into_iter().map(Some).collect(),
        _ => vec![None],
    };
    let (mut shown, mut names) = (0, Vec::new());
    for device in devices {
        let (asked, frames) = world.opened(dashboard, panel, device).await?;
        shown += frames.iter().map(|frame| frame.rows.len()).sum::<usize>();
        let columns = frames
            .iter()
            .flat_map(|frame| frame.columns.iter().chain(frame.labels.keys()));
        names.extend(columns.cloned());
        for check in CHECKS
            .iter()
            .filter(|check| (check.board, check.panel) == (name, panel.id))
        {
            let judged = check.judge(&world.truth, &asked, &frames);
            judged.with_context(|| device.unwrap_or("all devices").to_owned())?;
        }
    }
    ensure!(shown > 0, "it is empty");
    if matches!(panel.kind, model::PanelKind::Table | model::PanelKind::Barchart) {
        structure::columns_are_known(panel, &names)?;
    }
    Ok(())
}

/// Each variable offers what the configuration has; a room offers its devices.
async fn variables_are_true(world: &World, dashboard: &Dashboard) -> anyhow::Result<()> {
    let devices = &world.truth.analyzer.devices;
    let stations = dashboard.uid.ends_with("workstations");
    let devices = devices
        .iter()
        .filter(|device| !stations || device.modality.name == "workstation");
    let rooms: BTreeSet<&str> = devices.clone().map(|device| device.room.as_str()).collect();
    for room in [None, rooms.first().copied()] {
        let mut asked = Asked::of(dashboard, &dashboard.panels[0], world.truth.now)?;
        if let Some(room) = room {
            asked = asked.choose("room", &[room]);
        }
        let is_meant = |of: &str| room.is_none_or(|room| room == of);
        let expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::from([
            ("site", BTreeSet::from(["Demo hospital"])),
            ("room", rooms.clone()),
            (
                "device",
                devices
                    .clone()
                    .filter(|device| is_meant(&device.room))
                    .map(|device| &*device.id)
                    .collect(),
            ),
        ]);
        for variable in dashboard
            .templating
            .list
            .iter()
            .filter(|variable| variable.kind == VariableKind::Query)
        {
            let frames = ask(&world.influx, DATABASE, &asked.put_in(&variable.query)?).await?;
            let offered = frames
                .iter()
                .flat_map(|frame| &frame.rows)
                .filter_map(|row| row[1].as_str());
            let offered: BTreeSet<&str> = offered.collect();
            let expected = expected
                .get(variable.name.as_str())
                .context("a variable that is not known")?;
            ensure!(
                offered == *expected,
                "{}: {offered:?}, not {expected:?}",
                variable.name
            );
        }
    }
    Ok(())
}

/// The alerts marked are those raised; the overnight ones are the truth's.
async fn annotations_are_true(world: &World, dashboard: &Dashboard) -> anyhow::Result<()> {
    let mut asked = Asked::of(dashboard, &dashboard.panels[0], world.truth.now)?;
    asked.from = world.truth.scenario.start;
    for annotation in dashboard
        .annotations
        .list
        .iter()
        .filter(|annotation| annotation.query.is_some())
    {
        let query = annotation.query.as_deref().unwrap_or_default();
        let frames = ask(&world.influx, DATABASE, &asked.put_in(query)?).await?;
        let frame = frames.first().context("no alert is marked")?;
        let columns = [&annotation.text_column, &annotation.tags_column]
            .map(|column| column.as_deref().unwrap_or_default());
        for column in columns.iter().flat_map(|columns| columns.split(',')) {
            ensure!(frame.column(column).is_some(), "no column {column}");
        }
        let of = |row: &[serde_json::Value], name| {
            frame
                .column(name)
                .and_then(|index| row[index].as_str().map(str::to_owned))
        };
        let overnight = frame
            .rows
            .iter()
            .filter(|row| of(row, "rule").as_deref() == Some("overnight_idle"));
        let mut marked: Vec<_> = overnight.filter_map(|row| of(row, "device")).collect();
        marked.sort();
        let due: Vec<_> = world
            .truth
            .overnight
            .iter()
            .map(|(device, _)| device.clone())
            .collect();
        ensure!(marked == due, "{marked:?}, due are {due:?}");
    }
    Ok(())
}
