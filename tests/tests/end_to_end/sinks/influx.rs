//! InfluxDB 1.x.

use analyzer::Finding;
use deliver::secret::Secret;
use deliver::sink::{HttpSink, InfluxDb1Config, InfluxDb2Config, SinkState};
use tests::influxd::Influxd;

use super::{Source, hospital, one_of_each, quick, samples};

const DATABASE: &str = "idle watt";
const MEASUREMENTS: [&str; 7] = [
    "power",
    "state",
    "interval",
    "exam",
    "energy",
    "alert",
    "meter_fault",
];

fn config(influxd: &Influxd) -> InfluxDb1Config {
    let http = quick(influxd.url());
    InfluxDb1Config {
        http,
        database: DATABASE.to_owned(),
        ..InfluxDb1Config::default()
    }
}

fn sink(influxd: &Influxd) -> anyhow::Result<HttpSink> {
    Ok(config(influxd).sink("influx", &hospital())?)
}

async fn start() -> anyhow::Result<Influxd> {
    let influxd = Influxd::start(false).await?;
    create(&influxd).await?;
    Ok(influxd)
}

async fn create(influxd: &Influxd) -> anyhow::Result<()> {
    influxd
        .query("", &format!("CREATE DATABASE \"{DATABASE}\""))
        .await?;
    Ok(())
}

async fn count(influxd: &Influxd) -> anyhow::Result<f64> {
    influxd
        .number(DATABASE, "SELECT count(\"power_w\") FROM \"power\"")
        .await
}

#[tokio::test]
async fn every_kind_is_read_back_and_writing_again_overwrites() -> anyhow::Result<()> {
    let influxd = start().await?;
    let mut source = Source::new(&["influx"])?;
    for factor in [1.0, 2.0] {
        source.append(&one_of_each(factor))?;
        let mut running = source.run(sink(&influxd)?)?;
        assert_eq!(running.through().await.rejected, 0);
        running.stop().await?;
        for measurement in MEASUREMENTS {
            let series = influxd
                .query(DATABASE, &format!("SELECT * FROM \"{measurement}\" GROUP BY *"))
                .await?;
            assert_eq!(series.len(), 1, "{measurement}: {series:?}");
            assert_eq!(series[0].rows().len(), 1, "{measurement}: {series:?}");
            assert_eq!(series[0].tag("device"), Some("mri␊1"));
            assert_eq!(series[0].tag("room"), Some("Röntgen = 2 /"));
            assert_eq!(series[0].tag("site"), Some("St. \"Else\", where=/"));
        }
        for (measurement, field, value) in [
            ("power", "power_w", 2600.0 * factor),
            ("power", "state_code", 2.0),
            ("interval", "energy_wh", 100.0 * factor),
            ("interval", "duration_s", 3600.0),
            ("energy", "cost", 0.25 * factor),
            ("exam", "scanning_wh", 1.5),
            ("alert", "since_ms", 1_795_428_000_000.0),
            ("meter_fault", "count", 1.0),
        ] {
            let read = influxd
                .number(DATABASE, &format!("SELECT \"{field}\" FROM \"{measurement}\""))
                .await?;
            assert!(
                (read - value).abs() < 1e-9,
                "{measurement} {field}: {read}, not {value}"
            );
        }
    }
    let fault = influxd
        .query(
            DATABASE,
            "SELECT \"detail\" FROM \"meter_fault\" GROUP BY \"meter\"",
        )
        .await?;
    assert_eq!(fault[0].rows()[0][1], "he said \"0\"␊\\");
    assert_eq!(fault[0].tag("meter"), Some("evil/,power,device=x power_w=9 1"));
    Ok(())
}

#[tokio::test]
async fn a_missing_database_holds_all_until_it_is_made() -> anyhow::Result<()> {
    let influxd = Influxd::start(false).await?;
    let mut source = Source::new(&["influx"])?;
    source.append(&samples(0..12_000))?;
    let mut running = source.run(sink(&influxd)?)?;
    let status = running
        .until("held", |status| status.state == SinkState::Held)
        .await;
    let problem = status.problem.expect("a held sink says what to mend");
    assert!(
        problem.what.contains("404") && problem.what.contains("database not found"),
        "{problem:?}"
    );
    assert!(
        problem.mend.contains("CREATE DATABASE \"idle watt\""),
        "{problem:?}"
    );
    create(&influxd).await?;
    running.through().await;
    assert!((count(&influxd).await? - 12_000.0).abs() < 0.5);
    running.stop().await
}

#[tokio::test]
async fn a_wrong_password_holds_all_until_it_is_right() -> anyhow::Result<()> {
    let mut influxd = Influxd::start(true).await?;
    influxd.create_admin("admin", "secret").await?;
    create(&influxd).await?;
    let mut source = Source::new(&["influx"])?;
    source.append(&samples(0..100))?;
    let login = InfluxDb1Config {
        user: "idle".to_owned(),
        password: Secret::new("tiger"),
        ..config(&influxd)
    };
    let mut running = source.run(login.sink("influx", &hospital())?)?;
    let status = running
        .until("held", |status| status.state == SinkState::Held)
        .await;
    let problem = status.problem.expect("a held sink says what to mend");
    assert!(
        problem.what.contains("401") && problem.mend.contains("user and password"),
        "{problem:?}"
    );
    influxd
        .query("", "CREATE USER idle WITH PASSWORD 'tiger'")
        .await?;
    let is_403 = |status: &deliver::sink::SinkStatus| {
        status
            .problem
            .as_ref()
            .is_some_and(|problem| problem.what.contains("403"))
    };
    let problem = running.until("403", is_403).await.problem.expect("just seen");
    assert!(
        problem.mend.contains("GRANT WRITE ON \"idle watt\" TO \"idle\""),
        "{problem:?}"
    );
    influxd
        .query("", &format!("GRANT WRITE ON \"{DATABASE}\" TO idle"))
        .await?;
    assert_eq!(running.through().await.accepted, 100);
    assert!((count(&influxd).await? - 100.0).abs() < 0.5);
    running.stop().await
}

#[tokio::test]
async fn lines_of_a_conflicting_type_are_put_aside_and_the_others_arrive() -> anyhow::Result<()> {
    let influxd = start().await?;
    // another program has written one of our fields as a string
    let (status, words) = influxd
        .write(DATABASE, "power,device=x power_w=\"lots\" 1795428000000")
        .await?;
    assert_eq!(status, 204, "{words}");
    let mut source = Source::new(&["influx"])?;
    let mut findings = samples(0..3000);
    findings.splice(1000..1000, one_of_each(1.0));
    source.append(&findings)?;
    let mut running = source.run(sink(&influxd)?)?;
    let status = running.through().await;
    assert_eq!(
        (status.accepted, status.rejected),
        (6, 3001),
        "samples and state changes hold power_w as a number"
    );
    let rejected = source.rejected()?;
    assert!(
        rejected
            .iter()
            .all(|one| one.rejection.reason.contains("field type conflict")),
        "{:?}",
        rejected[0]
    );
    assert!(
        rejected
            .iter()
            .all(|one| one.rejection.item.starts_with("power,")),
        "{:?}",
        rejected[0]
    );
    for measurement in &MEASUREMENTS[1..] {
        let series = influxd
            .query(DATABASE, &format!("SELECT * FROM \"{measurement}\""))
            .await?;
        assert_eq!(series.len(), 1, "{measurement}");
    }
    running.stop().await
}

#[tokio::test]
async fn lines_beyond_the_retention_are_put_aside() -> anyhow::Result<()> {
    let influxd = start().await?;
    influxd
        .query(
            "",
            &format!("CREATE RETENTION POLICY short ON \"{DATABASE}\" DURATION 24h REPLICATION 1"),
        )
        .await?;
    let mut source = Source::new(&["influx"])?;
    let mut findings = samples(0..10);
    for finding in &mut findings[..4] {
        let Finding::Sample(sample) = finding else {
            unreachable!("samples alone")
        };
        sample.at -= jiff::SignedDuration::from_hours(20 * 365 * 24);
    }
    for finding in &mut findings[4..] {
        let Finding::Sample(sample) = finding else {
            unreachable!("samples alone")
        };
        sample.at += jiff::SignedDuration::from_hours(20 * 365 * 24);
    }
    source.append(&findings)?;
    let short = InfluxDb1Config {
        retention_policy: "short".to_owned(),
        ..config(&influxd)
    };
    let mut running = source.run(short.sink("influx", &hospital())?)?;
    let status = running.through().await;
    assert_eq!((status.accepted, status.rejected), (6, 4));
    let rejected = source.rejected()?;
    assert!(
        rejected[0].rejection.reason.contains("beyond retention policy"),
        "{:?}",
        rejected[0]
    );
    running.stop().await
}

#[tokio::test]
async fn kill_9_of_the_database_in_the_middle_loses_and_doubles_nothing() -> anyhow::Result<()> {
    const POINTS: u32 = 330_000;
    const STEP: u32 = 10_000;
    let mut influxd = start().await?;
    let mut source = Source::new(&["influx"])?;
    let mut steps = (0..POINTS).step_by(10_000);
    for from in steps.by_ref().take(30) {
        source.append(&samples(from..from + STEP))?;
    }
    let mut running = source.run(sink(&influxd)?)?;
    for cursor in [40, 120, 200] {
        running
            .until("on its way", |status| status.cursor >= cursor)
            .await;
        influxd.kill()?;
        // there is always something that the dead server misses
        for from in steps.by_ref().take(1) {
            source.append(&samples(from..from + STEP))?;
        }
        running
            .until("noticed", |status| status.state == SinkState::Retrying)
            .await;
        influxd.restart().await?;
    }
    let status = running.through().await;
    assert_eq!((status.accepted, status.rejected), (u64::from(POINTS), 0));
    let sum = f64::from(POINTS) * f64::from(POINTS) / 2.0;
    assert!((count(&influxd).await? - f64::from(POINTS)).abs() < 0.5);
    let read = influxd
        .number(DATABASE, "SELECT sum(\"power_w\") FROM \"power\"")
        .await?;
    assert!((read - sum).abs() < 1e-3, "{read}, not {sum}");
    running.stop().await
}

#[tokio::test]
async fn a_database_that_comes_later_gets_everything() -> anyhow::Result<()> {
    let mut influxd = start().await?;
    influxd.kill()?;
    let mut source = Source::new(&["influx"])?;
    source.append(&samples(0..50))?;
    let mut running = source.run(sink(&influxd)?)?;
    let status = running.until("retrying", |status| status.retries >= 3).await;
    assert!(
        status
            .last_error
            .is_some_and(|error| error.contains("no connection to http://127.0.0.1:"))
    );
    source.append(&samples(50..100))?;
    influxd.restart().await?;
    assert_eq!(running.through().await.accepted, 100);
    assert!((count(&influxd).await? - 100.0).abs() < 0.5);
    running.stop().await
}

#[tokio::test]
async fn a_server_of_another_kind_is_named() -> anyhow::Result<()> {
    let influxd = start().await?;
    let mut source = Source::new(&["influx"])?;
    source.append(&samples(0..1))?;
    let config = InfluxDb2Config {
        http: quick(influxd.url()),
        ..InfluxDb2Config::default()
    };
    let mut running = source.run(config.sink("influx", &hospital())?)?;
    let status = running
        .until("held", |status| status.state == SinkState::Held)
        .await;
    let problem = status.problem.expect("a held sink says what to mend");
    assert!(problem.mend.contains("use kind influxdb1"), "{problem:?}");
    running.stop().await
}

/// `cargo test -p tests --test end_to_end -- --ignored --nocapture points_a_second` prints the figure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn points_a_second() -> anyhow::Result<()> {
    const POINTS: u32 = 1_000_000;
    let influxd = start().await?;
    let mut source = Source::new(&["influx"])?;
    let started = tokio::time::Instant::now();
    for from in (0..POINTS).step_by(10_000) {
        source.append(&samples(from..from + 10_000))?;
    }
    let appended = started.elapsed();
    println!(
        "log: {:.0} findings/s, {:.1} bytes each",
        f64::from(POINTS) / appended.as_secs_f64(),
        f64::from(u32::try_from(source.log.bytes())?) / f64::from(POINTS)
    );
    let started = tokio::time::Instant::now();
    let mut running = source.run(sink(&influxd)?)?;
    running.through().await;
    println!(
        "influxd 1.6.7: {:.0} points/s",
        f64::from(POINTS) / started.elapsed().as_secs_f64()
    );
    running.stop().await
}
