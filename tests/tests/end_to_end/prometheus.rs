//! `deploy/prometheus` with the real promtool and a real Prometheus that scrapes a real idlewatt, and the dashboard
//! `service` on it.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use simulator::{Scenario, Simulation, Speed};
use tests::account::Metrics;
use tests::certificate::write_secret;
use tests::idlewatt::{Idlewatt, WITHIN, demo_configuration, influx_sink};
use tests::influxd::Influxd;
use tests::pipeline::{DATABASE, play, start_broker, until_subscribed};
use tests::prometheus::{Prometheus, promtool};

use super::grafana::{board, deployed, model::Target, structure::check_place};

const TOKEN: &str = "token-of-prometheus";
const LOGIN: &str = "login-of-the-page";
const CREDENTIALS: &str = "/etc/prometheus/idlewatt_metrics_token";
/// Some minutes of the demo's first night.
const MESSAGES: usize = 2000;
const CHANNEL: &str = "[[channel]]\nname = \"desk\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/hook\"\n";

/// What a panel of the dashboard `service` must show.
enum Shows {
    /// One number, which idlewatt says itself.
    Number(fn(&Metrics) -> f64),
    /// A series for each name of this label; without a label, one.
    Names(&'static str, &'static [&'static str]),
}

/// What reads the findings log: channels are one reader.
const SINKS: &[&str] = &["channels", "history", "influx"];

const SERVICE: [(u32, Shows); 16] = [
    (1, Shows::Number(|metrics| metrics.sum("broker_up"))),
    (2, Shows::Number(|metrics| metrics.sum("messages_in_journal"))),
    (
        3,
        Shows::Number(|metrics| metrics.sum("messages_unexplained") + metrics.sum("sink_unexplained")),
    ),
    (4, Shows::Number(|_| 0.0)),
    (
        5,
        Shows::Number(|metrics| metrics.sum("alerts_open") - metrics.sum("alerts_attended")),
    ),
    (6, Shows::Number(|metrics| metrics.sum("messages_lost_total"))),
    (7, Shows::Names("", &[])),
    (8, Shows::Names("", &[])),
    (9, Shows::Names("sink", SINKS)),
    (10, Shows::Names("sink", SINKS)),
    (11, Shows::Names("sink", SINKS)),
    (12, Shows::Names("channel", &["desk"])),
    (13, Shows::Names("severity", &["critical", "info", "warning"])),
    (14, Shows::Names("channel", &["desk"])),
    (15, Shows::Names("", &[])),
    (16, Shows::Names("", &[])),
];

#[test]
fn promtool_accepts_configuration_and_rules_and_each_rule_fires_when_it_should() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    write_secret(&token, TOKEN)?;
    let scrape = deployed("prometheus/scrape.yaml")?;
    ensure!(scrape.contains(CREDENTIALS), "the token is in a file");
    std::fs::write(
        folder.path().join("scrape.yaml"),
        scrape.replace(CREDENTIALS, &token.display().to_string()),
    )?;
    for file in ["rules.yaml", "rules_test.yaml"] {
        std::fs::write(folder.path().join(file), deployed(&format!("prometheus/{file}"))?)?;
    }
    for arguments in [
        &["check", "config", "--lint=all", "--lint-fatal", "scrape.yaml"][..],
        &["check", "rules", "--lint=all", "--lint-fatal", "rules.yaml"],
        &["test", "rules", "rules_test.yaml"],
    ] {
        let output = promtool(folder.path(), arguments)?;
        let said = String::from_utf8([output.stdout, output.stderr].concat())?;
        ensure!(output.status.success(), "{arguments:?}: {said}");
    }
    Ok(())
}

#[test]
fn every_rule_names_a_row_of_the_runbook_and_is_tried() -> anyhow::Result<()> {
    let (rules, tried) = (
        deployed("prometheus/rules.yaml")?,
        deployed("prometheus/rules_test.yaml")?,
    );
    let of = |key: &'static str| {
        rules
            .lines()
            .filter_map(move |line| line.trim().trim_start_matches("- ").strip_prefix(key))
    };
    let names: Vec<&str> = of("alert: ").collect();
    let places: Vec<&str> = of("runbook: ").collect();
    ensure!(
        names.len() == places.len() && names.len() > 5,
        "{names:?} {places:?}"
    );
    for (name, place) in names.iter().zip(places) {
        check_place(place).with_context(|| (*name).to_owned())?;
        ensure!(
            tried.contains(&format!("alertname: {name} }}")),
            "{name} is not in rules_test.yaml"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_scrapes_and_every_query_answers() -> anyhow::Result<()> {
    let (broker, influx, folder) = (
        start_broker().await?,
        Influxd::start(false).await?,
        tempfile::tempdir()?,
    );
    influx.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
    let configuration = demo_configuration(&broker.url(), &(influx_sink(&influx.url()) + CHANNEL));
    let (login, token) = (folder.path().join("login"), folder.path().join("token"));
    write_secret(&login, LOGIN)?;
    write_secret(&token, TOKEN)?;
    let page = format!(
        "token_file = \"{}\"\nmetrics_token_file = \"{}\"\n",
        login.display(),
        token.display()
    );
    let mut idlewatt = Idlewatt::prepare_with_page(&configuration, &page)?;
    idlewatt.log_in(LOGIN);
    idlewatt.restart().await?;
    until_subscribed(&broker).await?;
    let scenario = Scenario::builtin(idlewatt::demo::SCENARIO)?;
    let messages = Simulation::new(&scenario).take(MESSAGES);
    let played = play(broker.port(), messages, Speed::AsFastAsPossible, |_| {}).await?;
    #[expect(clippy::cast_precision_loss, reason = "a count of a test")]
    let published = played.published_total() as f64;
    let is_done = |metrics: &Metrics| metrics.account().journalled >= published && metrics.is_drained();
    idlewatt.until("delivered", WITHIN, is_done).await?;

    let target = idlewatt.url().trim_start_matches("http://").to_owned();
    let scrape = deployed("prometheus/scrape.yaml")?
        .replace("scrape_interval: 30s", "scrape_interval: 1s")
        .replace("scheme: https", "scheme: http")
        .replace("idlewatt.hospital.example:8443", &target)
        .replace(CREDENTIALS, &token.display().to_string());
    let whole = format!("global:\n  evaluation_interval: 1s\nrule_files:\n  - rules.yaml\n{scrape}");
    let prometheus =
        Prometheus::start(&whole, &[("rules.yaml", &deployed("prometheus/rules.yaml")?)]).await?;
    prometheus
        .until("count_over_time(up[1m]) >= 4 and up == 1")
        .await?;

    dashboard_is_true(&prometheus, &idlewatt.metrics().await?).await?;
    prometheus
        .until("prometheus_rule_group_iterations_total > 1 or up")
        .await?;
    let rules = prometheus.rules().await?;
    ensure!(rules.len() > 5, "{rules:?}");
    for rule in rules {
        ensure!(rule["health"] != "err" && rule["state"] == "inactive", "{rule:#}");
        let expression = rule["query"].as_str().context("an expression")?;
        prometheus.query(expression).await?;
    }
    Ok(())
}

async fn dashboard_is_true(prometheus: &Prometheus, metrics: &Metrics) -> anyhow::Result<()> {
    let panels = board("service")?.panels;
    let ids: BTreeSet<u32> = panels.iter().map(|panel| panel.id).collect();
    assert_eq!(
        ids,
        SERVICE.iter().map(|(id, _)| *id).collect(),
        "every panel has its check"
    );
    for panel in &panels {
        let (_, shows) = SERVICE
            .iter()
            .find(|(id, _)| *id == panel.id)
            .context("checked above")?;
        for target in &panel.targets {
            let Target::Prometheus(target) = target else {
                anyhow::bail!("{} asks no Prometheus", panel.title)
            };
            let found = prometheus
                .query(&target.expr.replace("$__rate_interval", "10s"))
                .await?;
            let is_true = match shows {
                Shows::Number(number) => found.len() == 1 && found[0].1 == number(metrics),
                Shows::Names("", _) => found.len() == 1,
                Shows::Names(label, names) => {
                    let shown = found.iter().filter_map(|(labels, _)| labels[label].as_str());
                    shown.collect::<BTreeSet<_>>() == names.iter().copied().collect()
                }
            };
            ensure!(is_true, "{} {}: {found:?}", panel.title, target.expr);
        }
    }
    Ok(())
}
