//! The simulated week through mosquitto, idlewatt and InfluxDB: the bars of `cargo run --release -p tests --bin week`.

use simulator::Scenario;

#[tokio::test(flavor = "multi_thread")]
async fn a_week_of_the_demo_hospital_meets_every_bar() -> anyhow::Result<()> {
    let scenario = Scenario::builtin("week")?;
    let outcome = tests::week::run(&scenario, |_, _| {}).await?;
    println!("{outcome}");
    let missed: Vec<_> = outcome.bars().into_iter().filter(|bar| !bar.is_met).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(
        outcome.account.duplicates, 0.0,
        "nothing was restarted, so nothing came twice"
    );
    Ok(())
}
