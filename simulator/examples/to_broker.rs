//! Plays a built-in scenario to a broker and prints the account:
//! `cargo run --release -p simulator --example to_broker -- week 127.0.0.1 1883`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement for a person"
)]

use std::time::Instant;

use simulator::{BrokerOptions, PlayOptions, Scenario, Simulation, play};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "demo".to_owned());
    let host = arguments.next().unwrap_or_else(|| "127.0.0.1".to_owned());
    let port = arguments.next().map_or(Ok(1883), |port| port.parse())?;
    let mut broker = BrokerOptions::new(host, port, "simulator-example");
    if let Some(in_flight) = arguments.next() {
        broker.in_flight = in_flight.parse()?;
    }
    let options = PlayOptions {
        clock_topic: Some("simulated/clock".to_owned()),
        force_qos_1: true,
        ..PlayOptions::default()
    };
    let mut simulation = Simulation::new(&Scenario::builtin(&name)?);
    let begun = Instant::now();
    let played = play(
        simulation.by_ref(),
        &broker,
        &options,
        std::future::pending(),
        |_| {},
    )
    .await?;
    println!("{played:?}");
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let rate = (played.published_total() + played.clock_statements) as f64 / begun.elapsed().as_secs_f64();
    println!("{rate:.0} messages/s acknowledged, statements of the instant included");
    Ok(())
}
