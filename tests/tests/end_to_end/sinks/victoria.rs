//! VictoriaMetrics, over both write paths.

use deliver::sink::{VictoriaMetricsConfig, WritePath};
use tests::victoria::Victoria;

use super::{START_MS, Source, hospital, one_of_each, quick, samples};

async fn check(path: WritePath) -> anyhow::Result<()> {
    let victoria = Victoria::start().await?;
    let mut source = Source::new(&["victoria"])?;
    let config = VictoriaMetricsConfig {
        http: quick(victoria.url()),
        path,
        ..VictoriaMetricsConfig::default()
    };
    let mut running = source.run(config.sink("victoria", &hospital())?)?;
    source.append(&samples(0..1000))?;
    source.append(&one_of_each(1.0)[1..])?;
    assert_eq!(running.through().await.rejected, 0);
    // the same points once more
    source.append(&samples(0..1000))?;
    assert_eq!(running.through().await.accepted, 2006);
    running.stop().await?;

    let series = victoria.export("{__name__=\"power_power_w\"}").await?;
    assert_eq!(series.len(), 2, "{series:?}");
    for one in &series {
        let first: u32 = u32::from(one["metric"]["device"] != "ct1");
        let numbers: Vec<u32> = (first..1000).step_by(2).collect();
        let instants: Vec<i64> = numbers
            .iter()
            .map(|number| START_MS + i64::from(*number) * 500)
            .collect();
        let values: Vec<f64> = numbers.iter().map(|number| f64::from(*number) + 0.5).collect();
        assert_eq!(
            one["timestamps"],
            serde_json::json!(instants),
            "each instant once"
        );
        assert_eq!(one["values"], serde_json::json!(values));
    }
    let alert = victoria
        .export("{__name__=\"alert_energy_wh\",phase=\"raised\",device=\"mri␊1\"}")
        .await?;
    assert_eq!(alert[0]["values"], serde_json::json!([100]));
    assert_eq!(victoria.export("{__name__=\"power_state_code\"}").await?.len(), 2);
    assert!(
        victoria.export("{__name__=\"power_state\"}").await?.is_empty(),
        "strings are left out"
    );
    let fault = victoria.export("{__name__=\"meter_fault_count\"}").await?;
    assert_eq!(fault[0]["metric"]["meter"], "evil/,power,device=x power_w=9 1");
    Ok(())
}

#[tokio::test]
async fn points_arrive_once_over_the_v2_path() -> anyhow::Result<()> {
    check(WritePath::V2).await
}

#[tokio::test]
async fn points_arrive_once_over_the_v1_path() -> anyhow::Result<()> {
    check(WritePath::V1).await
}
