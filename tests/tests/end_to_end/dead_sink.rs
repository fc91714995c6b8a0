//! Sinks that are dead in every way beside one that is well, in one service: none delays another, and what they miss
//! waits for them.

use simulator::{Scenario, Simulation, Speed};
use tests::account::Metrics;
use tests::idlewatt::{Idlewatt, WITHIN, demo_configuration, influx_sink};
use tests::influxd::Influxd;
use tests::mosquitto::free_port;
use tests::pipeline::{DATABASE, last_message, play, start_broker, until_subscribed, whole};
use tests::proxy::{Network, Proxy};

const MESSAGES: usize = 20_000;

fn sink(name: &str, kind: &str, url: &str, further: &str) -> String {
    format!(
        "[[sink]]\nname = \"{name}\"\nkind = \"{kind}\"\nurl = \"{url}\"\nrequest_timeout_s = 1\n{further}\n"
    )
}

fn of(metrics: &Metrics, name: &str, (sink, kind): (&str, &str)) -> f64 {
    metrics.sum(&format!("{name}{{sink=\"{sink}\",kind=\"{kind}\"}}"))
}

const WELL: (&str, &str) = ("influx", "influxdb1");
const STUCK: (&str, &str) = ("stuck", "influxdb1");
const MISSING: (&str, &str) = ("missing", "influxdb1");
const GONE: (&str, &str) = ("gone", "victoriametrics");
const UNKNOWN: (&str, &str) = ("unknown", "influxdb2");

/// Nothing is with them, and nothing is lost.
fn assert_dead(metrics: &Metrics) {
    for dead in [STUCK, MISSING, GONE, UNKNOWN] {
        assert_eq!(of(metrics, "sink_accepted_total", dead), 0.0, "{dead:?}");
        assert!(of(metrics, "sink_behind_rows", dead) > 0.0, "{dead:?}");
        for lost in ["sink_rejected_total", "sink_skipped_total"] {
            assert_eq!(of(metrics, lost, dead), 0.0, "{dead:?} {lost}");
        }
    }
}

/// The mended databases hold what the first does.
async fn assert_same(influx: &Influxd) -> anyhow::Result<()> {
    for measurement in ["power", "state", "energy"] {
        let asked = format!("SELECT count(*) FROM \"{measurement}\"");
        let mut counts = Vec::new();
        for database in [DATABASE, "stuck", "missing"] {
            let series = influx.query(database, &asked).await?;
            counts.push(series.first().map(tests::influxd::Series::rows));
        }
        assert!(
            counts[0].is_some() && counts.iter().all(|count| *count == counts[0]),
            "{measurement}: {counts:?}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_sinks_delay_no_other_and_miss_nothing() -> anyhow::Result<()> {
    let (broker, influx) = (start_broker().await?, Influxd::start(false).await?);
    for database in [DATABASE, "stuck"] {
        influx.query("", &format!("CREATE DATABASE {database}")).await?;
    }
    let proxy = Proxy::start(influx.port()).await?;
    proxy.set(Network::Stuck);
    let sinks = [
        sink(
            "stuck",
            "influxdb1",
            &format!("http://127.0.0.1:{}", proxy.port()),
            "database = \"stuck\"",
        ),
        sink("missing", "influxdb1", &influx.url(), "database = \"missing\""),
        sink(
            "gone",
            "victoriametrics",
            &format!("http://127.0.0.1:{}", free_port()?),
            "",
        ),
        sink(
            "unknown",
            "influxdb2",
            "http://no-such-host.invalid:8086",
            "org = \"hospital\"",
        ),
        // the last in the file: it has to come past all of them
        influx_sink(&influx.url()),
    ];
    let mut idlewatt = Idlewatt::start(&demo_configuration(&broker.url(), &sinks.concat())).await?;
    until_subscribed(&broker).await?;
    let scenario = Scenario::builtin("week")?;
    let messages = Simulation::new(&scenario)
        .take(MESSAGES)
        .chain([last_message(&scenario)]);
    let played = play(broker.port(), messages, Speed::AsFastAsPossible, |_| {}).await?;

    let has_all = |metrics: &Metrics| {
        let account = metrics.account();
        whole(account.journalled) >= played.published_total()
            && account.in_journal == 0.0
            && of(metrics, "sink_behind_rows", WELL) == 0.0
    };
    let metrics = idlewatt
        .until("with the one that is well", WITHIN, has_all)
        .await?;
    assert!(metrics.account().is_balanced());
    let accepted = of(&metrics, "sink_accepted_total", WELL);
    assert!(accepted > 1000.0, "{accepted}");
    assert_dead(&metrics);

    // two of them are mended, the others stay dead
    proxy.set(Network::Good);
    influx.query("", "CREATE DATABASE missing").await?;
    let are_mended = |metrics: &Metrics| {
        [STUCK, MISSING]
            .iter()
            .all(|sink| of(metrics, "sink_behind_rows", *sink) == 0.0)
    };
    let metrics = idlewatt.until("with the mended ones", WITHIN, are_mended).await?;
    let have_all = [STUCK, MISSING].map(|mended| of(&metrics, "sink_accepted_total", mended));
    assert_eq!(have_all, [accepted; 2]);
    assert_same(&influx).await?;
    for dead in [GONE, UNKNOWN] {
        assert!(of(&metrics, "sink_behind_rows", dead) > 0.0, "{dead:?}");
    }
    assert!(
        idlewatt.stop().await?.success(),
        "the dead ones do not keep it from stopping"
    );
    Ok(())
}
