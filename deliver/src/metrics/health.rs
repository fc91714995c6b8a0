//! `/health`: is everything on its way, and if not: what, where, and how to mend it.

use serde::Serialize;

use super::Scrape;
use crate::sink::{Problem, SinkState};

/// The public JSON of `/health`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Nothing needs a person.
    pub ok: bool,
    /// What does.
    pub problems: Vec<ProblemJson>,
}

/// A problem as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemJson {
    /// What is wrong.
    pub what: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// How to mend it.
    pub mend: String,
}

impl From<Problem> for ProblemJson {
    fn from(Problem { what, place, mend }: Problem) -> Self {
        Self { what, place, mend }
    }
}

impl Health {
    /// What the figures say, and what else the composition root knows.
    #[must_use]
    pub fn of(scrape: &Scrape, others: impl IntoIterator<Item = Problem>) -> Self {
        let brokers = scrape.brokers.iter().filter_map(|broker| {
            let is_down = || Problem {
                what: "not connected".to_owned(),
                place: format!("broker {}", broker.name),
                mend: "start the broker, or correct its address in the configuration".to_owned(),
            };
            broker.problem.clone().or_else(|| (!broker.is_up).then(is_down))
        });
        let sinks = scrape.sinks.iter().filter_map(|sink| {
            let place = || format!("sink {} ({})", sink.name, sink.target);
            match sink.state {
                SinkState::Held => sink.problem.clone(),
                SinkState::Retrying => Some(Problem {
                    what: sink
                        .last_error
                        .clone()
                        .unwrap_or_else(|| "delivery fails".to_owned()),
                    place: place(),
                    mend: "bring the server back; everything waits in the findings log".to_owned(),
                }),
                SinkState::Ok => None,
            }
        });
        let skipped = scrape
            .sinks
            .iter()
            .filter(|sink| sink.skipped > 0)
            .map(|sink| Problem {
                what: format!("{} findings went before they were delivered", sink.skipped),
                place: format!("sink {} ({})", sink.name, sink.target),
                mend: "write them again: idlewatt replay --since TIME --write; raise keep_bytes_max in [findings]".to_owned(),
            });
        let channels = scrape
            .channels
            .iter()
            .filter(|channel| channel.state != SinkState::Ok);
        let channels = channels.map(|channel| Problem {
            what: channel
                .last_error
                .clone()
                .unwrap_or_else(|| "alerts cannot be delivered".to_owned()),
            place: format!("channel {} ({})", channel.name, channel.target),
            mend: channel.mend.clone().unwrap_or_else(|| {
                let waiting = channel.waiting;
                format!("bring the receiver back; {waiting} steps of alerts wait for it, and nothing is lost")
            }),
        });
        let forgotten = scrape.pipeline.meters_forgotten;
        let forgotten = (forgotten > 0).then(|| Problem {
            what: format!("{forgotten} times a meter was forgotten because a decoder's memory was full"),
            place: "decoders".to_owned(),
            mend: "raise 'meters_max' and 'lessons_max' in [decode], or narrow the broker's 'topics' to the meters".to_owned(),
        });
        let problems: Vec<ProblemJson> = brokers
            .chain(sinks)
            .chain(skipped)
            .chain(channels)
            .chain(forgotten)
            .chain(others)
            .map(ProblemJson::from)
            .collect();
        Self {
            ok: problems.is_empty(),
            problems,
        }
    }

    /// The body of the answer.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain structs with text keys")
    }
}
