//! When the alert rules of `deploy/grafana/provisioning/alerting` fire, and when they do not.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use tests::influxd::Influxd;
use tests::pipeline::DATABASE;

use super::provision::{Alerting, Rule, read};
use super::truth::Truth;

fn rule(uid: &str) -> anyhow::Result<Rule> {
    let alerting: Alerting = read("grafana/provisioning/alerting/idlewatt.yaml")?;
    let mut rules = alerting.groups.into_iter().flat_map(|group| group.rules);
    rules.find(|rule| rule.uid == uid).with_context(|| uid.to_owned())
}

/// On the demo's week: the scanner that is forgotten and no other, at noon none; and everybody once the series end.
pub(super) async fn fire_as_the_truth_says(influx: &Influxd, truth: &Truth) -> anyhow::Result<()> {
    let (idle, cryo, lag) = (
        rule("idlewatt-overnight-idle")?,
        rule("idlewatt-cryo-base-lost")?,
        rule("idlewatt-pipeline-lag")?,
    );
    let grace = SignedDuration::from_mins(31);
    for (device, since) in &truth.overnight {
        let night = *since + grace;
        let firing = idle.fires(influx, DATABASE, night).await?;
        ensure!(
            firing == BTreeSet::from([device.clone()]),
            "{night}: {firing:?}, not {device}"
        );
        let before = *since + SignedDuration::from_mins(20);
        let firing = idle.fires(influx, DATABASE, before).await?;
        ensure!(
            !firing.contains(device),
            "{before}: {firing:?} within the grace time"
        );
    }
    ensure!(truth.overnight.len() >= 2, "{:?}", truth.overnight);
    for day in 1..7 {
        let noon = truth.scenario.start + SignedDuration::from_hours(24 * day + 12);
        let firing = idle.fires(influx, DATABASE, noon).await?;
        ensure!(firing.is_empty(), "{noon}: {firing:?}");
    }
    let all: BTreeSet<String> = truth.devices().map(str::to_owned).collect();
    for (minutes, expected) in [(-60, BTreeSet::new()), (0, BTreeSet::new()), (31, all)] {
        let at = truth.now + SignedDuration::from_mins(minutes);
        let firing = lag.fires(influx, DATABASE, at).await?;
        ensure!(firing == expected, "readings have stopped at {at}: {firing:?}");
        ensure!(
            cryo.fires(influx, DATABASE, at).await?.is_empty(),
            "a magnet without cooling at {at}"
        );
    }
    let days_later = truth.now + SignedDuration::from_hours(72);
    let firing = lag.fires(influx, DATABASE, days_later).await?;
    ensure!(
        firing == BTreeSet::from([String::new()]),
        "days after the end: {firing:?}"
    );
    Ok(())
}

/// One step of an alert, as idlewatt writes it.
fn step(at: Timestamp, rule: &str, device: &str, phase: &str, is_open: bool) -> String {
    format!(
        "alert,device={device},modality=mri,phase={phase},room=R,rule={rule},severity=critical,site=S \
         open={is_open},since_ms=1i,duration_s=1,energy_wh=1,cost=1,co2e_g=1 {}\n",
        at.as_millisecond()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_the_series_fires_until_it_is_cleared() -> anyhow::Result<()> {
    let influx = Influxd::start(false).await?;
    influx.query("", "CREATE DATABASE idlewatt").await?;
    let cryo = rule("idlewatt-cryo-base-lost")?;
    let raised: Timestamp = "2026-11-23T02:00:00Z".parse()?;
    let after = |minutes: i64| raised + SignedDuration::from_mins(minutes);
    let lines = [
        step(raised, "cryo_base_lost", "mri-a", "raised", true),
        step(after(30), "cryo_base_lost", "mri-a", "reminded", true),
        step(after(40), "cryo_base_lost", "mri-a", "acknowledged", true),
        step(after(600), "cryo_base_lost", "mri-a", "cleared", false),
        step(after(5), "cryo_base_lost", "mri-b", "raised", true),
        step(after(20), "cryo_base_lost", "mri-b", "cleared", false),
        step(after(1), "meter_silent", "mri-c", "raised", true),
    ];
    let (status, said) = influx.write("idlewatt", &lines.concat()).await?;
    ensure!(status == 204, "{status} {said}");
    for (minutes, expected) in [
        (-1, &[][..]),
        (1, &["mri-a"][..]),
        (10, &["mri-a", "mri-b"]),
        (25, &["mri-a"]),
        (590, &["mri-a"]),
        (601, &[]),
    ] {
        let firing = cryo.fires(&influx, "idlewatt", after(minutes)).await?;
        let expected: BTreeSet<String> = expected.iter().map(|&device| device.to_owned()).collect();
        ensure!(
            firing == expected,
            "after {minutes} min: {firing:?}, not {expected:?}"
        );
    }
    Ok(())
}
