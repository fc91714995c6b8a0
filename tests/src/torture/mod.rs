//! The torture test: a seeded storm over real processes, and the reckoning after it.
//!
//! Meters play to a real mosquitto while idlewatt, mosquitto and influxd are killed, networks cut, disks filled, clocks
//! set and configurations reloaded. The player waits for nothing but the broker's acknowledgement, except that after
//! the death of the broker (whose queue dies with it) it goes on behind the last message that idlewatt has, as a meter
//! with a memory would. Afterwards the journal must be the tape, message by message; the account must balance; and the
//! database must hold what it holds after a calm run of the same tape.

mod event;
mod reckoning;
mod rig;
mod tape;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ingest::clock::monotonic;
use simulator::{BrokerOptions, Message, PlayOptions, Speed};
use tokio_util::sync::CancellationToken;

pub use event::{Event, Mishap, Storm};
pub use reckoning::Reckoning;
pub use rig::{METERS, Rig, Tally};
pub use tape::Tape;

use crate::compare::Points;
use crate::pipeline::{Pipeline, message_after, play};

/// Some 450 messages a second: mosquitto saves its state every 15 seconds, and when it is killed it sends again what was
/// under way at that time, which idlewatt knows among the last 32 768 messages.
const PACE: Speed = Speed::Times(300.0);
const IN_FLIGHT: u16 = 500;
/// Played on while an event is not over.
const FURTHER: usize = 1_000;

/// Plays the storm of a seed for so long, then the calm, and reckons. `progress` is told each event before it comes.
///
/// # Errors
/// When a server does not come back, or idlewatt is not there where it must.
pub async fn run(
    seed: u64,
    lasts: Duration,
    mut progress: impl FnMut(Duration, &Tally, &str),
) -> anyhow::Result<Reckoning> {
    let began = monotonic();
    let (mut rig, mut tape, mut storm) = (Rig::start().await?, Tape::new(seed)?, Storm::new(seed));
    while began.elapsed() < lasts {
        let event = storm.brew();
        progress(began.elapsed(), &rig.tally, &format!("{:?}", event.mishap));
        weather(&mut rig, &mut tape, event).await?;
    }
    progress(
        began.elapsed(),
        &rig.tally,
        "the storm is over; what waits is delivered",
    );
    let end = message_after(tape.played_until()?);
    play_to(rig.broker.port(), vec![end.clone()], CancellationToken::new()).await?;
    let count = tape.position();
    if let Err(error) = rig.until_journalled(count + 1).await {
        let difference = reckoning::journal_against_tape(&rig.idlewatt.state_folder(), seed, count)?;
        return Err(error.context(difference.unwrap_or_else(|| "yet the journal is the tape".to_owned())));
    }
    let drained = rig
        .idlewatt
        .until("drained", DELIVERED_WITHIN, |metrics| metrics.is_drained())
        .await?;
    anyhow::ensure!(rig.idlewatt.stop().await?.success(), "idlewatt did not end well");

    progress(began.elapsed(), &rig.tally, "the same tape in calm");
    let mut again = Tape::new(seed)?;
    let calm = calm(&mut again, count, &end).await?;
    progress(began.elapsed(), &rig.tally, "comparing");
    let stormy = Points::read(&rig.influx).await?;
    let journal = reckoning::journal_against_tape(&rig.idlewatt.state_folder(), seed, count)?;
    Ok(Reckoning {
        seed,
        messages: count,
        tally: rig.tally,
        account: drained.account(),
        sessions_lost: drained.sum("broker_sessions_lost_total"),
        commits_failed: drained.sum("journal_commits_failed_total"),
        rejected: drained.sum("sink_rejected_total"),
        skipped: drained.sum("sink_skipped_findings_total") + drained.sum("journal_skipped_total"),
        journal,
        comparison: calm.compare(&stormy),
    })
}

/// Longer than the rest can take.
const DELIVERED_WITHIN: Duration = Duration::from_secs(900);

/// Plays what belongs to one event, and on until the event is over.
async fn weather(rig: &mut Rig, tape: &mut Tape, event: Event) -> anyhow::Result<()> {
    let (begins, port) = (tape.position(), rig.broker.port());
    let is_over = AtomicBool::new(false);
    let stop = CancellationToken::new();
    let playing = async {
        let mut part = event.messages;
        loop {
            play_to(port, tape.play(part), stop.clone()).await?;
            if is_over.load(Ordering::Relaxed) {
                return anyhow::Ok(());
            }
            part = FURTHER;
        }
    };
    let happening = async {
        rig.until_journalled(begins + event.after).await?;
        rig.happen(event.mishap, event.lasts).await?;
        is_over.store(true, Ordering::Relaxed);
        if event.mishap == Mishap::KillBroker {
            stop.cancel();
        }
        anyhow::Ok(())
    };
    tokio::try_join!(playing, happening)?;
    if event.mishap == Mishap::KillBroker {
        rig.broker.restart().await?;
        tape.rewind(rig.settled().await?)?;
    }
    Ok(())
}

/// Publishes until all is acknowledged, or until stopped.
async fn play_to(port: u16, messages: Vec<Message>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut to = BrokerOptions::new("127.0.0.1", port, "torture-meters");
    (to.username, to.password) = (Some(METERS.0.to_owned()), Some(METERS.1.to_owned()));
    to.in_flight = IN_FLIGHT;
    let options = PlayOptions {
        speed: PACE,
        clock_topic: Some(idlewatt::demo::CLOCK_TOPIC.to_owned()),
        force_qos_1: true,
        ..PlayOptions::default()
    };
    let stopped = stop.cancelled();
    let played = simulator::play(messages.into_iter(), &to, &options, stopped, |_| {}).await?;
    anyhow::ensure!(
        played.interrupted || (played.outstanding() == 0 && played.resent == 0),
        "the player is not through: {played:?}"
    );
    Ok(())
}

/// What a pipeline that nobody disturbs makes of the tape.
async fn calm(tape: &mut Tape, count: usize, end: &Message) -> anyhow::Result<Points> {
    let mut pipeline = Pipeline::start("").await?;
    let port = pipeline.broker.port();
    while tape.position() < count {
        let part = tape.play((count - tape.position()).min(CALM_PART));
        play(port, part.into_iter(), Speed::AsFastAsPossible, |_| {}).await?;
        pipeline
            .until_delivered(tape.position() as u64, DELIVERED_WITHIN)
            .await?;
    }
    play(
        port,
        std::iter::once(end.clone()),
        Speed::AsFastAsPossible,
        |_| {},
    )
    .await?;
    pipeline
        .until_delivered(count as u64 + 1, DELIVERED_WITHIN)
        .await?;
    anyhow::ensure!(
        pipeline.idlewatt.stop().await?.success(),
        "idlewatt did not end well"
    );
    Points::read(&pipeline.influx).await
}

/// Messages played at a time in calm, so that the broker never has a long queue.
const CALM_PART: usize = 50_000;
