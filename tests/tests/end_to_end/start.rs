//! `idlewatt serve` starts when nothing else runs, delivers when the others come, and stops cleanly on SIGTERM.

use simulator::{Scenario, Simulation, Speed};
use tests::idlewatt::{Idlewatt, WITHIN, demo_configuration, influx_sink};
use tests::influxd::Influxd;
use tests::pipeline::{DATABASE, play, points, prepare_broker, until_subscribed, whole};

const MESSAGES: usize = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_without_broker_and_database_and_delivers_when_they_come() -> anyhow::Result<()> {
    let mut broker = prepare_broker()?;
    let mut influx = Influxd::start(false).await?;
    influx.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
    influx.kill()?;

    let configuration = demo_configuration(&broker.url(), &influx_sink(&influx.url()));
    let mut idlewatt = Idlewatt::start(&configuration).await?;
    // what is said once an attempt has failed, and from then on: before, it is only "not connected"
    let health = idlewatt
        .until_health("that the broker is away", |health| {
            let problems = health["problems"].to_string();
            health["ok"] == false
                && problems.contains("no connection")
                && problems.contains("the broker runs")
        })
        .await?;
    assert_eq!(idlewatt.get("/health").await?.0, 503, "{health:#}");
    assert_eq!(idlewatt.get("/").await?.0, 200, "the page is there all the same");

    broker.restart().await?;
    until_subscribed(&broker).await?;
    let messages = Simulation::new(&Scenario::builtin("week")?).take(MESSAGES);
    let played = play(broker.port(), messages, Speed::AsFastAsPossible, |_| {}).await?;
    let published = played.published_total();
    idlewatt
        .until("journalled", WITHIN, |metrics| {
            whole(metrics.account().journalled) == published && metrics.account().in_journal == 0.0
        })
        .await?;
    idlewatt
        .until_health("that the database is away", |health| {
            health["problems"].to_string().contains("sink influx")
        })
        .await?;

    influx.restart().await?;
    let metrics = idlewatt
        .until("delivered", WITHIN, |metrics| metrics.is_drained())
        .await?;
    assert!(metrics.account().is_balanced(), "{}", metrics.account());
    idlewatt
        .until_health("that all is well", |health| health["ok"] == true)
        .await?;
    let power = points(&influx, "power").await?;
    assert!(power.len() > MESSAGES / 10, "{} points of power", power.len());

    let status = idlewatt.stop().await?;
    assert_eq!(status.code(), Some(0), "{}", idlewatt.log());
    assert!(idlewatt.log().contains("stopped"), "{}", idlewatt.log());

    // started again, it has nothing to do again
    idlewatt.restart().await?;
    let metrics = idlewatt
        .until("connected again", WITHIN, |metrics| {
            metrics.sum("broker_up") == 1.0
        })
        .await?;
    assert_eq!(whole(metrics.account().journalled), published);
    assert!(metrics.is_drained(), "{metrics}");
    assert_eq!(points(&influx, "power").await?, power);
    assert_eq!(idlewatt.stop().await?.code(), Some(0));
    Ok(())
}
