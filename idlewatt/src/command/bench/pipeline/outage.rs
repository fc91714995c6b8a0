//! The database is away while messages come; how fast idlewatt catches up once it is back.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::figure::Figures;
use super::service::{Service, Spec};
use super::stream::meter;
use super::world::{Stopwatch, World, live, ready};
use super::{Extent, say};
use anyhow::Context;

const METERS: usize = 2_000;
const WITHIN: Duration = Duration::from_secs(180);
const LAST_W: f64 = 1234.5;

#[expect(clippy::cast_precision_loss, reason = "less than a million messages")]
pub(super) async fn run(world: &mut World, extent: Extent, figures: &mut Figures) -> anyhow::Result<()> {
    figures.begin("catching up after an outage of InfluxDB");
    let messages = extent.of(60_000, 300_000);
    let spec = Spec {
        name: "outage".to_owned(),
        meters: METERS,
        commit_after_ms: 100,
        is_published: false,
    };
    let mut service = Service::prepare(world, &spec).await?;
    let before = service.start().await?;
    // the knocks have arrived there
    world.until_readable(&spec.name, 0.0, WITHIN).await?;
    world.database.stop().await?;
    world
        .publish(&ready(&live(METERS), messages, true, LAST_W)?)
        .await?;
    service.until_journalled(before + messages as u64, WITHIN).await?;
    say("  influxd is back");
    world.database.restart().await?;
    let first = meter(0);
    let begun = async {
        while world.database.last_w(&spec.name, &first).await?.is_none() {
            sleep(Duration::from_millis(5)).await;
        }
        anyhow::Ok(())
    };
    timeout(WITHIN, begun).await.context("nothing arrives")??;
    let watch = Stopwatch::start();
    world.until_readable(&spec.name, LAST_W, WITHIN).await?;
    let took_s = watch.seconds();
    let points = world.database.points(&spec.name).await?;
    figures.add("findings behind", points, "points");
    figures.add("speed", points / took_s, "points/s");
    service.end(world).await
}
