//! Days of findings that wait for a database: what is newest can be read long before the last of them is delivered.

use std::time::Duration;

use analyzer::Finding;
use deliver::log::LogEnd;
use deliver::sink::{HttpConfig, HttpSink, InfluxDb1Config, Pace};
use tests::influxd::Influxd;
use tests::proxy::{Network, Proxy};

use super::{PATIENCE, Source, hospital, quick, samples};

/// Three days of two devices at one point every ten seconds each, in rows of half an hour.
const DAYS: u32 = 3;
const ROW: u32 = 360;
const POINTS: u32 = DAYS * 48 * ROW;
/// Samples of the test are half a second apart: stretched to so much.
const APART: i32 = 10;
/// So slow a network that the back-log takes a minute.
const BYTES_PER_S: u32 = 20_000;

struct Hospital {
    influxd: Influxd,
    proxy: Proxy,
    source: Source,
}

/// Samples as they come in days, not in hours.
fn stretched(numbers: std::ops::Range<u32>) -> Vec<Finding> {
    let mut findings = samples(numbers);
    for finding in &mut findings {
        let Finding::Sample(sample) = finding else {
            continue;
        };
        sample.at = super::instant(0) + sample.at.duration_since(super::instant(0)) * APART;
    }
    findings
}

impl Hospital {
    /// A database that is away, and three days that wait for it.
    async fn without_database() -> anyhow::Result<Self> {
        let mut influxd = Influxd::start(false).await?;
        influxd.query("", "CREATE DATABASE idlewatt").await?;
        influxd.kill()?;
        let proxy = Proxy::start(influxd.port()).await?;
        let mut hospital = Self {
            influxd,
            proxy,
            source: Source::new(&["influx"])?,
        };
        for from in (0..POINTS).step_by(ROW as usize) {
            hospital.append(from..from + ROW)?;
        }
        Ok(hospital)
    }

    /// A row that was received when its last sample was measured.
    fn append(&mut self, numbers: std::ops::Range<u32>) -> anyhow::Result<u64> {
        let findings = stretched(numbers);
        let Some(Finding::Sample(last)) = findings.last() else {
            anyhow::bail!("no samples")
        };
        let (at, next) = (last.at, self.source.log.journal_cursor()? + 1);
        Ok(self.source.log.append(next, at, &findings, None)?)
    }

    fn sink(&self) -> anyhow::Result<HttpSink> {
        let http = quick(format!("http://127.0.0.1:{}", self.proxy.port()));
        let config = InfluxDb1Config {
            http: HttpConfig {
                pace: Pace {
                    batch_findings_max: 2_000,
                    show_newest_every: Duration::from_millis(100),
                    ..http.pace
                },
                ..http
            },
            ..InfluxDb1Config::default()
        };
        Ok(config.sink("influx", &hospital())?)
    }

    /// Waits until a sample can be read.
    async fn until_read(&self, number: u32) -> anyhow::Result<()> {
        let asked = format!("SELECT count(\"power_w\") FROM \"power\" WHERE \"power_w\" = {number}.5");
        let is_there = async {
            while self.influxd.number("idlewatt", &asked).await? < 0.5 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, is_there).await?
    }

    async fn assert_whole(&self, points: u32) -> anyhow::Result<()> {
        let count = self
            .influxd
            .number("idlewatt", "SELECT count(\"power_w\") FROM \"power\"")
            .await?;
        assert!((count - f64::from(points)).abs() < 0.5, "{count} of {points}");
        let sum = self
            .influxd
            .number("idlewatt", "SELECT sum(\"power_w\") FROM \"power\"")
            .await?;
        assert!(
            (sum - f64::from(points) * f64::from(points) / 2.0).abs() < 1e-3,
            "{sum}"
        );
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_newest_is_read_while_days_are_still_on_their_way() -> anyhow::Result<()> {
    let mut hospital = Hospital::without_database().await?;
    hospital.proxy.set(Network::Slow(BYTES_PER_S));
    let mut running = hospital.source.run(hospital.sink()?)?;
    hospital.influxd.restart().await?;
    hospital.until_read(POINTS - 1).await?;
    let status = running.watch.status();
    assert!(status.behind_rows > 20, "the back-log is on its way: {status:?}");
    // life goes on: what comes now is seen now, and that again and again
    for row in 0..3 {
        let from = POINTS + row * 4;
        hospital.append(from..from + 4)?;
        hospital.until_read(from + 3).await?;
        let status = running.watch.status();
        assert!(status.behind_rows > 10, "the back-log is on its way: {status:?}");
        assert_eq!((status.rejected, status.skipped), (0, 0));
    }
    hospital.proxy.set(Network::Good);
    let status = running.through().await;
    assert_eq!(
        (status.accepted, status.rejected),
        (u64::from(POINTS) + 12, 0),
        "each counted once"
    );
    hospital.assert_whole(POINTS + 12).await?;
    running.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_backfill_loses_nothing() -> anyhow::Result<()> {
    let mut hospital = Hospital::without_database().await?;
    hospital.influxd.restart().await?;
    hospital.proxy.set(Network::Slow(BYTES_PER_S * 10));
    for share in [4, 2] {
        let mut running = hospital.source.run(hospital.sink()?)?;
        let rows = hospital.source.log.last_seq();
        running
            .until("on its way", |status| status.cursor >= rows / share)
            .await;
        running.handle.abort();
        let at_the_kill = hospital.source.log.reader()?.cursor("influx")?;
        assert!(at_the_kill.seq < rows, "in the middle: {at_the_kill:?}");
        // the database is killed too
        hospital.influxd.restart().await?;
    }
    hospital.proxy.set(Network::Good);
    let mut running = hospital.source.run(hospital.sink()?)?;
    running.through().await;
    assert_eq!(running.watch.status().rejected, 0);
    let end: LogEnd = *hospital.source.log.end().borrow();
    assert_eq!(running.watch.status().accepted, end.findings, "each counted once");
    hospital.assert_whole(POINTS).await?;
    running.stop().await
}
