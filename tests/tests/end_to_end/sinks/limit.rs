//! Real databases that will not, cannot, or do not in time: nothing is put aside, and everything arrives once they do.

use std::time::Duration;

use deliver::secret::Secret;
use deliver::sink::{HttpSink, InfluxDb1Config, SinkState, SinkStatus, VictoriaMetricsConfig, WritePath};
use tests::influxd::Influxd;
use tests::victoria::Victoria;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Running, Source, hospital, quick, samples};

const POINTS: u32 = 12_000;

async fn influxd(limits: &str) -> anyhow::Result<Influxd> {
    let mut influxd = Influxd::start(false).await?;
    influxd.query("", "CREATE DATABASE idlewatt").await?;
    if !limits.is_empty() {
        influxd.restart_with(limits).await?;
    }
    Ok(influxd)
}

fn to_influx(influxd: &Influxd) -> anyhow::Result<HttpSink> {
    let config = InfluxDb1Config {
        http: deliver::sink::HttpConfig {
            request_timeout: Duration::from_secs(1),
            ..quick(influxd.url())
        },
        ..InfluxDb1Config::default()
    };
    Ok(config.sink("influx", &hospital())?)
}

/// Every point is there, once, with its value.
async fn assert_whole(influxd: &Influxd, points: u32) -> anyhow::Result<()> {
    let asked = "SELECT count(\"power_w\") FROM \"power\"";
    let count = influxd.number("idlewatt", asked).await?;
    assert!((count - f64::from(points)).abs() < 0.5, "{count} of {points}");
    let asked = "SELECT sum(\"power_w\") FROM \"power\"";
    let (sum, expected) = (
        influxd.number("idlewatt", asked).await?,
        f64::from(points) * f64::from(points) / 2.0,
    );
    assert!((sum - expected).abs() < 1e-3, "{sum}, not {expected}");
    Ok(())
}

fn source(sink: &str) -> anyhow::Result<Source> {
    let mut source = Source::new(&[sink])?;
    source.append(&samples(0..POINTS))?;
    Ok(source)
}

async fn ended(mut running: Running) -> anyhow::Result<SinkStatus> {
    let status = running.through().await;
    assert_eq!(
        (status.accepted, status.rejected),
        (u64::from(POINTS), 0),
        "{status:?}"
    );
    running.stop().await?;
    Ok(status)
}

#[tokio::test]
async fn a_real_413_is_answered_with_smaller_requests() -> anyhow::Result<()> {
    // the first request would have 5000 lines, some 700 kB; packed less than 100 kB
    let influxd = influxd("max-body-size = 20000").await?;
    let source = source("influx")?;
    let running = source.run(to_influx(&influxd)?)?;
    assert_eq!(ended(running).await?.retries, 0);
    assert_whole(&influxd, POINTS).await
}

#[tokio::test]
async fn where_no_line_fits_all_is_held_until_it_does() -> anyhow::Result<()> {
    let mut influxd = influxd("max-body-size = 1").await?;
    let source = source("influx")?;
    let mut running = source.run(to_influx(&influxd)?)?;
    let status = running
        .until("held", |status| status.state == SinkState::Held)
        .await;
    let problem = status.problem.expect("a held sink says what to mend");
    assert!(
        problem.what.contains("413") && problem.mend.contains("max-body-size"),
        "{problem:?}"
    );
    influxd.restart_with("").await?;
    ended(running).await?;
    assert_whole(&influxd, POINTS).await
}

#[tokio::test]
async fn a_server_that_closes_new_connections_is_tried_until_it_lets_one_in() -> anyhow::Result<()> {
    let influxd = influxd("max-connection-limit = 1").await?;
    let mut only = TcpStream::connect(("127.0.0.1", influxd.port())).await?;
    only.write_all(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    anyhow::ensure!(only.read_u8().await? == b'H', "it has taken the one connection");
    let source = source("influx")?;
    let mut running = source.run(to_influx(&influxd)?)?;
    let status = running.until("retrying", |status| status.retries >= 2).await;
    assert_eq!(
        (status.state, status.accepted),
        (SinkState::Retrying, 0),
        "{status:?}"
    );
    drop(only);
    ended(running).await?;
    // the sink has said goodbye: once the server has noticed, the one connection is ours again
    let let_in = async {
        while influxd.query("", "SHOW DATABASES").await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), let_in).await?;
    assert_whole(&influxd, POINTS).await
}

#[tokio::test]
async fn a_server_that_never_answers_is_asked_again() -> anyhow::Result<()> {
    let influxd = influxd("").await?;
    influxd.freeze()?;
    let source = source("influx")?;
    let mut running = source.run(to_influx(&influxd)?)?;
    let status = running.until("retrying", |status| status.retries >= 2).await;
    let said = status.last_error.unwrap_or_default();
    assert!(said.contains("no answer in time"), "{said}");
    influxd.thaw()?;
    ended(running).await?;
    assert_whole(&influxd, POINTS).await
}

#[tokio::test]
async fn a_database_that_is_dropped_holds_what_comes_after() -> anyhow::Result<()> {
    let influxd = influxd("").await?;
    let mut source = source("influx")?;
    let mut running = source.run(to_influx(&influxd)?)?;
    running.through().await;
    influxd.query("", "DROP DATABASE idlewatt").await?;
    source.append(&samples(0..100))?;
    let status = running
        .until("held", |status| status.state == SinkState::Held)
        .await;
    let problem = status.problem.expect("a held sink says what to mend");
    assert!(
        problem.what.contains("404") && problem.mend.contains("CREATE DATABASE"),
        "{problem:?}"
    );
    influxd.query("", "CREATE DATABASE idlewatt").await?;
    let status = running.through().await;
    assert_eq!((status.accepted, status.rejected), (u64::from(POINTS) + 100, 0));
    assert_whole(&influxd, 100).await?;
    running.stop().await
}

fn to_victoria(victoria: &Victoria, password: &str) -> anyhow::Result<HttpSink> {
    let config = VictoriaMetricsConfig {
        http: quick(victoria.url()),
        path: WritePath::V2,
        user: if password.is_empty() {
            String::new()
        } else {
            "idle".to_owned()
        },
        password: Secret::new(password),
    };
    Ok(config.sink("victoria", &hospital())?)
}

async fn assert_stored(victoria: &Victoria) -> anyhow::Result<()> {
    let series = victoria.export("{__name__=\"power_power_w\"}").await?;
    let points = |one: &serde_json::Value| one["values"].as_array().map_or(0, Vec::len);
    assert_eq!(series.iter().map(points).sum::<usize>(), POINTS as usize);
    Ok(())
}

#[tokio::test]
async fn a_victoriametrics_without_room_is_tried_until_it_has_some() -> anyhow::Result<()> {
    let mut victoria = Victoria::start_with(&["-storage.minFreeDiskSpaceBytes=1000000000000000"]).await?;
    let source = source("victoria")?;
    let mut running = source.run(to_victoria(&victoria, "")?)?;
    let status = running.until("retrying", |status| status.retries >= 2).await;
    let said = status.last_error.unwrap_or_default();
    assert!(said.contains("503") && said.contains("read-only"), "{said}");
    victoria.restart_with(&[]).await?;
    ended(running).await?;
    assert_stored(&victoria).await
}

#[tokio::test]
async fn a_busy_victoriametrics_is_tried_until_it_has_time() -> anyhow::Result<()> {
    let victoria =
        Victoria::start_with(&["-maxConcurrentInserts=1", "-insert.maxQueueDuration=50ms"]).await?;
    let mut other = TcpStream::connect(("127.0.0.1", victoria.port())).await?;
    let head =
        "POST /write?precision=ms HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nother value=1 1\n";
    other.write_all(head.as_bytes()).await?;
    let source = source("victoria")?;
    let mut running = source.run(to_victoria(&victoria, "")?)?;
    let status = running.until("retrying", |status| status.retries >= 2).await;
    let said = status.last_error.unwrap_or_default();
    assert!(said.contains("503") && said.contains("concurrent"), "{said}");
    drop(other);
    ended(running).await?;
    assert_stored(&victoria).await
}

#[tokio::test]
async fn a_victoriametrics_with_a_password_holds_until_ours_is_right() -> anyhow::Result<()> {
    let mut victoria = Victoria::start_with(&[]).await?;
    victoria
        .restart_with(&["-httpAuth.username=idle", "-httpAuth.password=tiger"])
        .await?;
    let source = source("victoria")?;
    let mut running = source.run(to_victoria(&victoria, "lion")?)?;
    let status = running
        .until("held", |status| status.state == SinkState::Held)
        .await;
    let problem = status.problem.expect("a held sink says what to mend");
    assert!(
        problem.what.contains("401") && problem.mend.contains("user and password"),
        "{problem:?}"
    );
    running.stop().await?;
    ended(source.run(to_victoria(&victoria, "tiger")?)?).await?;
    victoria.restart_with(&[]).await?;
    assert_stored(&victoria).await
}
