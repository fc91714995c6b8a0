//! Listening to brokers until the time is up or somebody presses Ctrl-C, with a word on how far it is.
//!
//! The time begins when a broker has let us in; one that does not within that time is given up.

use std::time::Duration;

use ingest::clock::monotonic;
use ingest::decode::Message;
use ingest::session::{BrokerConfig, Heard, listen as listen_to};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::serve::{runtime, stop_signal};
use super::Discovery;
use super::words::grouped;
use crate::progress::{self, Progress};

/// Messages that may wait for the decoder; then the broker waits.
const WAITING_MAX: usize = 1_000;

/// What a session says of a broker that is away, and is not true when we end.
const TRIED_AGAIN: &str = "; it is tried again";

/// How the listening went.
pub(super) struct Listened {
    pub(super) listened_s: u64,
    pub(super) troubles: Vec<String>,
}

/// Listens.
///
/// # Errors
/// No broker let us in: what, where, how to mend it.
pub(super) fn listen(
    discovery: &mut Discovery,
    brokers: Vec<BrokerConfig>,
    seconds: u64,
    asked: progress::Asked,
) -> anyhow::Result<Listened> {
    runtime()?.block_on(async {
        let (sender, heard) = mpsc::channel(WAITING_MAX);
        let shutdown = CancellationToken::new();
        let count = brokers.len();
        for broker in brokers {
            tokio::spawn(listen_to(broker, sender.clone(), shutdown.clone()));
        }
        drop(sender);
        let mut listening = Listening {
            discovery,
            brokers: count,
            was_let_in: false,
            given_up: 0,
            troubles: Vec::new(),
            listen: Listen::new(seconds, asked),
        };
        let outcome = listening.run(heard).await;
        shutdown.cancel();
        outcome?;
        Ok(Listened {
            listened_s: listening.listen.listened_s(),
            troubles: listening.troubles,
        })
    })
}

struct Listening<'d> {
    discovery: &'d mut Discovery,
    brokers: usize,
    was_let_in: bool,
    given_up: usize,
    troubles: Vec<String>,
    listen: Listen,
}

impl Listening<'_> {
    async fn run(&mut self, mut heard: mpsc::Receiver<Heard>) -> anyhow::Result<()> {
        let mut stop = Box::pin(stop_signal());
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                biased;
                stopped = &mut stop => {
                    stopped?;
                    break;
                }
                _ = ticks.tick() => {
                    self.listen.say(self.discovery.survey.so_far());
                    if self.listen.is_over() {
                        break;
                    }
                }
                heard = heard.recv() => match heard {
                    Some(heard) => self.take(heard),
                    None => break,
                }
            }
            if self.given_up == self.brokers {
                break;
            }
        }
        // what was acknowledged is heard
        while let Ok(heard) = heard.try_recv() {
            self.take(heard);
        }
        match self.troubles.last() {
            Some(trouble) if !self.was_let_in => {
                let trouble = trouble.trim_end_matches(TRIED_AGAIN);
                Err(anyhow::anyhow!("nothing was heard: {trouble}"))
            }
            None if !self.was_let_in => Err(anyhow::anyhow!(
                "nothing was heard: no broker has let us in yet; give it more time with --seconds"
            )),
            _ => Ok(()),
        }
    }

    fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Connected => {
                if !self.was_let_in {
                    self.listen.begin();
                }
                self.was_let_in = true;
            }
            Heard::Message(heard) => {
                let message = Message {
                    topic: &heard.topic,
                    payload: &heard.payload,
                    is_retained: heard.is_retained,
                    qos: heard.qos,
                };
                self.discovery.hear(heard.at, &message);
            }
            Heard::Trouble { fault, is_final } => {
                self.given_up += usize::from(is_final);
                self.trouble(format!("{}: {}; {}", fault.place, fault.what, fault.mend));
            }
            Heard::Refused(fault) => self.trouble(format!("{}: {}; {}", fault.place, fault.what, fault.mend)),
        }
    }

    /// A trouble is said once, not at each attempt.
    fn trouble(&mut self, trouble: String) {
        const TROUBLES_MAX: usize = 20;
        if !self.troubles.contains(&trouble) && self.troubles.len() < TROUBLES_MAX {
            self.listen.progress.line(&trouble);
            self.troubles.push(trouble);
        }
    }
}

/// How long is listened, from when a broker has let us in, and how far that is.
struct Listen {
    seconds: u64,
    began: std::time::Instant,
    is_quiet: bool,
    progress: Progress,
}

impl Listen {
    fn new(seconds: u64, asked: progress::Asked) -> Self {
        Self {
            seconds,
            began: monotonic(),
            is_quiet: asked.quiet,
            progress: Progress::new(asked, "listening", "seconds", seconds),
        }
    }

    fn begin(&mut self) {
        self.began = monotonic();
        if !self.is_quiet {
            self.progress
                .line(&format!("listening, {} s; Ctrl-C ends it earlier", self.seconds));
        }
    }

    fn listened_s(&self) -> u64 {
        monotonic().saturating_duration_since(self.began).as_secs()
    }

    fn is_over(&self) -> bool {
        self.listened_s() >= self.seconds
    }

    fn say(&self, (messages, topics, meters): (u64, usize, usize)) {
        let known = format!(
            "{} messages, {} topics, {} meters",
            grouped(messages),
            grouped(topics as u64),
            grouped(meters as u64)
        );
        self.progress.tell(self.listened_s().min(self.seconds), &known);
    }
}
