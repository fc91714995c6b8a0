//! A simulated week of the demo hospital against the simulator's truth, in memory: decoders and analyzer alone.

use std::path::Path;

use analyzer::{Analyzer, Arrival, Finding};
use idlewatt::config::Config;
use ingest::decode::{Decoder, Message};
use jiff::SignedDuration;
use simulator::{Scenario, Simulation};
use tests::judge::{Books, Verdict};

fn verdict(scenario: &str) -> Verdict {
    let text = include_str!("../../idlewatt/demo/demo.toml");
    let config = Config::parse(Path::new("demo.toml"), text)
        .expect("the demo's configuration is sound")
        .config;
    let mut decoder = Decoder::new(&config.decoder).expect("sound mappers");
    let mut analyzer = Analyzer::new(config.analyzer());
    let scenario = Scenario::builtin(scenario).expect("built in");
    let mut simulation = Simulation::new(&scenario);
    let (mut findings, mut kept) = (Vec::new(), Vec::new());
    for message in simulation.by_ref() {
        let (topic, payload) = (&*message.topic, &message.payload[..]);
        let decoded = decoder.decode(&Message {
            topic,
            payload,
            is_retained: message.retain,
            qos: message.qos,
        });
        analyzer.observe(Arrival::live(message.at), &decoded.readings, &mut findings);
        kept.extend(
            findings
                .drain(..)
                .filter(|finding| !matches!(finding, Finding::Sample(_))),
        );
    }
    let end = scenario.end();
    analyzer.advance(end, &mut kept);
    analyzer.finish(end, &mut kept);
    let truth = Books::truth(&simulation.finish(), &config.analyzer(), end);
    Verdict {
        truth,
        found: Books::found(&kept),
    }
}

#[test]
fn energy_by_state_is_within_two_per_cent_and_every_alert_is_the_truths() {
    let verdict = verdict("week");
    println!("{verdict}");
    let worst = verdict.worst(0.0);
    assert!(
        worst.as_ref().is_some_and(|(_, error)| *error <= 0.02),
        "{worst:?}"
    );
    assert_eq!(
        verdict.alerts_amiss(SignedDuration::from_mins(5)),
        (vec![], vec![])
    );
}
