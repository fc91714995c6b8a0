//! Two minutes of the torture test. Longer ones: `cargo run --release -p tests --bin torture -- --minutes N --seed S`.

use std::time::Duration;

use tests::torture;

const SEED: u64 = 5;
const LASTS: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn two_minutes_of_storm_lose_nothing_and_leave_what_calm_leaves() -> anyhow::Result<()> {
    let mut events = Vec::new();
    let reckoning = torture::run(SEED, LASTS, |at, _, what| {
        events.push(format!("{:4} s  {what}", at.as_secs()));
    })
    .await?;
    assert!(
        reckoning.bars().iter().all(|bar| bar.is_met),
        "{reckoning}\n{}",
        events.join("\n")
    );
    assert!(reckoning.tally.kills() > 0, "{reckoning}");
    Ok(())
}
