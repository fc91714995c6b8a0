//! The bars: a scenario of the demo hospital through the whole pipeline, against the simulator's truth.

use std::fmt;
use std::time::Duration;

use idlewatt::config::Config;
use ingest::clock::monotonic;
use jiff::SignedDuration;
use simulator::{Played, Scenario, Simulation, Speed};

use crate::account::Account;
use crate::bar::Bar;
use crate::judge::{Books, Verdict};
use crate::pipeline::{Pipeline, books, last_message, play, whole};

/// The devices that the scenario `week` looks at every 2 s or oftener.
pub const SAMPLED_OFTEN: [&str; 6] = ["ct-1", "ct-2", "mri-1", "mri-2", "angio-1", "xray-1"];
/// How far energy by state may be from the truth, as a share.
const ENERGY_ERROR_MAX: f64 = 0.02;
/// How far the beginning of an alert may be from the truth.
const ALERT_SLACK: SignedDuration = SignedDuration::from_mins(5);
/// Everything must be in the database so long after the last message was published.
const DELIVERED_WITHIN: Duration = Duration::from_secs(900);

/// What came of a play.
#[derive(Debug)]
pub struct Outcome {
    /// The player's account.
    pub played: Played,
    /// idlewatt's account.
    pub account: Account,
    /// The truth, beside what InfluxDB holds.
    pub verdict: Verdict,
    /// Points that InfluxDB refused.
    pub rejected: u64,
    /// From the first message to the player's last acknowledgement.
    pub published_in: Duration,
    /// From the first message to the last point in the database.
    pub delivered_in: Duration,
    /// The most memory that idlewatt held, MiB.
    pub peak_memory_mib: u64,
}

/// Plays a scenario through a fresh pipeline; `progress` is told simulated seconds and messages.
///
/// # Errors
/// When a part does not come up, or not everything is delivered in time.
pub async fn run(scenario: &Scenario, mut progress: impl FnMut(f64, u64)) -> anyhow::Result<Outcome> {
    let pipeline = Pipeline::start("").await?;
    let mut simulation = Simulation::new(scenario);
    let began = monotonic();
    let messages = simulation.by_ref().chain([last_message(scenario)]);
    let played = play(
        pipeline.broker.port(),
        messages,
        Speed::AsFastAsPossible,
        |played| {
            let simulated = played
                .simulated
                .map(|at| at.duration_since(scenario.start).as_secs_f64());
            progress(simulated.unwrap_or_default(), played.published_total());
        },
    )
    .await?;
    let published_in = began.elapsed();
    let metrics = pipeline
        .until_delivered(played.published_total(), DELIVERED_WITHIN)
        .await?;
    let delivered_in = began.elapsed();
    let config = Config::parse("demo.toml".as_ref(), idlewatt::demo::CONFIG)?.config;
    let truth = Books::truth(&simulation.finish(), &config.analyzer(), scenario.end());
    let found = books(&pipeline.influx).await?;
    Ok(Outcome {
        played,
        account: metrics.account(),
        verdict: Verdict { truth, found },
        rejected: whole(metrics.sum("sink_rejected_total")),
        published_in,
        delivered_in,
        peak_memory_mib: pipeline.idlewatt.peak_memory_mib()?,
    })
}

impl Outcome {
    /// What must hold.
    #[must_use]
    pub fn bars(&self) -> Vec<Bar> {
        let (account, published) = (&self.account, self.played.published_total());
        let acknowledged: u64 = self.played.acknowledged.iter().sum();
        let arrived = whole(account.received_qos1 - account.duplicates);
        let worst = self.verdict.worst_of(&SAMPLED_OFTEN);
        let (missing, surplus) = self.verdict.alerts_amiss(ALERT_SLACK);
        vec![
            Bar {
                name: "the broker acknowledged every message published",
                found: format!("{acknowledged} of {published}"),
                is_met: acknowledged == published,
            },
            Bar {
                name: "received = stored + duplicates + quarantined + in the journal",
                found: account.to_string(),
                is_met: account.is_balanced() && account.in_journal == 0.0,
            },
            Bar {
                name: "received at QoS 1, without duplicates = published",
                found: format!("{arrived} of {published}"),
                is_met: arrived == published && account.received_qos0 == 0.0,
            },
            Bar {
                name: "InfluxDB refused nothing",
                found: format!("{} refused", self.rejected),
                is_met: self.rejected == 0,
            },
            Bar {
                name: "energy by state within 2 % of the truth (devices sampled every 2 s or oftener)",
                found: worst.as_ref().map_or_else(
                    || "nothing".to_owned(),
                    |(key, error)| format!("worst {key:?}: {:.2} %", error * 100.0),
                ),
                is_met: worst.is_some_and(|(_, error)| error <= ENERGY_ERROR_MAX),
            },
            Bar {
                name: "the overnight alerts are the truth's",
                found: format!(
                    "{} due, {} raised, missing {missing:?}, surplus {surplus:?}",
                    self.verdict.truth.alerts.len(),
                    self.verdict.found.alerts.len()
                ),
                is_met: missing.is_empty() && surplus.is_empty(),
            },
        ]
    }

    /// Messages a second, from the first published to the last point in the database.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a shown figure")]
    pub fn messages_per_s(&self) -> f64 {
        self.played.published_total() as f64 / self.delivered_in.as_secs_f64()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.verdict)?;
        writeln!(
            formatter,
            "\nplayer: {} published, {:?} acknowledged, {} refused, {} sent again\nidlewatt: {}",
            self.played.published_total(),
            self.played.acknowledged,
            self.played.refused,
            self.played.resent,
            self.account
        )?;
        writeln!(
            formatter,
            "published in {:.1} s, all in InfluxDB after {:.1} s: {:.0} messages/s; idlewatt held {} MiB at most\n",
            self.published_in.as_secs_f64(),
            self.delivered_in.as_secs_f64(),
            self.messages_per_s(),
            self.peak_memory_mib
        )?;
        for bar in self.bars() {
            writeln!(formatter, "{bar}")?;
        }
        Ok(())
    }
}
