//! What the time-series databases share: lines in gzip batches over HTTP, one request at a time.
//!
//! An answer of 400 is about lines: the good ones are let through and each bad one is put aside with the reason. A line
//! counts as bad only when the server says that it dropped it, or takes other lines but not this one; where it takes
//! nothing at all, not even a harmless line of ours (`idlewatt_probe`), the fault is in the configuration and all is
//! held. So is all where something answers that is no database, be it with 200.
//!
//! A request that is too large (413) is halved, and the following ones are made no larger; a server that does not take
//! a single line is a server to be mended, and nothing is put aside for it.

mod client;
mod erase;
mod lines;
#[cfg(test)]
pub(super) mod script;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod tests;
mod verdict;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::{Identity, Outcome, Pace, Prepare, Problem, Rest, Sink};
use crate::line::LineEncoder;
use crate::log::Rejection;
use crate::rebuild::Rebuild;
use client::Endpoint;
pub(crate) use client::{Credentials, causes, endpoint, parse_url, unanswered, with_tls};
pub use client::{SinkConfigError, TlsFiles};
pub(crate) use erase::Erase;
pub use lines::LineBatch;
pub(crate) use verdict::retry_after;
use verdict::{Refusal, Verdict, shown};

/// A line that every server takes that takes anything of ours; it carries no instant, so no retention refuses it.
const PROBE: &str = "idlewatt_probe ok=true\n";

/// What all HTTP sinks are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// The server, e.g. `http://influx:8086`.
    pub url: String,
    /// How it is fed. A batch's findings are a request's lines.
    pub pace: Pace,
    /// Bytes of a request before compression.
    pub request_bytes_max: usize,
    /// A connection that takes longer is given up, and tried again.
    pub connect_timeout: Duration,
    /// A request that takes longer, answer included, is given up, and sent again.
    pub request_timeout: Duration,
    /// Certificates, for `https`.
    pub tls: TlsFiles,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8086".to_owned(),
            pace: Pace::default(),
            request_bytes_max: 1 << 20,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            tls: TlsFiles::default(),
        }
    }
}

/// How to mend an answer that a person has to do something about: its status and its words in, advice out.
pub(crate) type Mend = Box<dyn Fn(u16, &str) -> String + Send + Sync>;

/// What makes one database different from the next.
pub(crate) struct Flavour {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) url: reqwest::Url,
    pub(crate) credentials: Credentials,
    pub(crate) encoder: LineEncoder,
    pub(crate) erase: Erase,
    pub(crate) mend: Mend,
}

/// A time-series database behind HTTP.
pub struct HttpSink {
    identity: Identity,
    pace: Pace,
    /// Bytes of a request before compression; less than configured once a request was too large.
    request_bytes_max: Arc<AtomicUsize>,
    endpoint: Endpoint,
    encoder: Arc<LineEncoder>,
    erase: Erase,
    mend: Mend,
}

impl HttpSink {
    pub(crate) fn new(flavour: Flavour, config: &HttpConfig) -> Result<Self, SinkConfigError> {
        let Flavour {
            name,
            kind,
            url,
            credentials,
            encoder,
            erase,
            mend,
        } = flavour;
        let (connect, request) = (config.connect_timeout, config.request_timeout);
        let endpoint = Endpoint::new(url, credentials, &config.tls, connect, request)?;
        Ok(Self {
            identity: Identity {
                name,
                kind,
                target: endpoint.target(),
            },
            pace: config.pace,
            request_bytes_max: Arc::new(AtomicUsize::new(config.request_bytes_max)),
            endpoint,
            encoder: Arc::new(encoder),
            erase,
            mend,
        })
    }

    fn place(&self) -> String {
        format!("sink {} ({})", self.identity.name, self.identity.target)
    }

    fn problem(&self, status: u16, message: &str) -> Problem {
        let words = if message.is_empty() {
            String::new()
        } else {
            format!(": {message}")
        };
        let mend = if status == 413 {
            "let larger requests in (influxd: max-body-size; nginx before it: client_max_body_size)"
                .to_owned()
        } else {
            (self.mend)(status, message)
        };
        self.problem_of(format!("the server answers {status}{words}"), mend)
    }

    fn foreign(&self, status: u16, message: &str) -> Problem {
        let what = format!("the server answers {status} with what no database says: {message}");
        let mend = "find out who answers there (a proxy, a sign-in page) and write the database's own address in the key url";
        self.problem_of(what, mend.to_owned())
    }

    fn problem_of(&self, what: String, mend: String) -> Problem {
        let place = self.place();
        Problem { what, place, mend }
    }

    /// A request was too large: halves it, and makes those to come no larger. None where it is a single line.
    fn shrink(&self, batch: &mut LineBatch) -> Option<()> {
        let piece = batch.pieces.front().filter(|piece| piece.lines.len() > 1)?;
        let fits = batch.lines.bytes(&piece.lines) / 2;
        self.request_bytes_max.fetch_min(fits.max(1), Ordering::Relaxed);
        batch.halve();
        Some(())
    }

    /// Knocks at the server: TLS stands and something answers. Names and rights show at the first write.
    ///
    /// # Errors
    /// What is wrong, and how to mend it.
    pub async fn greet(&self) -> Result<(), (String, String)> {
        match self.endpoint.greet().await {
            Some(Verdict::Untrusted { what, mend }) => Err((what, mend.to_owned())),
            Some(Verdict::Retry { reason, .. }) => {
                Err((reason, "check that it speaks HTTP at this port".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn untrusted(&self, what: String, mend: &str) -> Problem {
        self.problem_of(what, mend.to_owned())
    }

    /// Sends the first piece of the batch.
    async fn send(&self, batch: &mut LineBatch) -> Option<Verdict> {
        let piece = batch.pieces.front_mut()?;
        if piece.body.is_none() {
            let (lines, numbers) = (batch.lines.clone(), piece.lines.clone());
            let packed = spawn_blocking(move || lines.pack(&numbers)).await;
            piece.body = Some(packed.expect("packing does not panic and the runtime outlives the sink"));
        }
        Some(self.endpoint.post(piece.body.clone()?).await)
    }

    /// Takes a refused piece apart; gives what is to be done about the rest where that is not simply the next piece.
    async fn refuse(&self, batch: &mut LineBatch, refusal: Refusal, outcome: &mut Outcome) -> Option<Rest> {
        let count = batch.pieces.front()?.lines.len();
        let is_all = refusal.is_partial && refusal.dropped == Some(count);
        if is_all || (count == 1 && (refusal.is_partial || batch.has_accepted)) {
            set_aside(batch, &refusal.message, outcome);
            return None;
        }
        if count > 1 {
            if !batch.part(&refusal.message) {
                batch.halve();
            }
            return None;
        }
        // one line, and nothing was taken before it: is it the line, or does the server understand nothing of ours?
        match self.endpoint.post(gzip(PROBE)).await {
            Verdict::Taken => {
                batch.has_accepted = true;
                set_aside(batch, &refusal.message, outcome);
                None
            }
            Verdict::Retry { reason, after } => Some(Rest::Retry { reason, after }),
            Verdict::Held { status, message } => Some(Rest::Held(self.problem(status, &message))),
            Verdict::Foreign { status, message } => Some(Rest::Held(self.foreign(status, &message))),
            Verdict::Untrusted { what, mend } => Some(Rest::Held(self.untrusted(what, mend))),
            Verdict::Refused(_) | Verdict::TooLarge(_) => {
                Some(Rest::Held(self.problem(400, &shown(&refusal.message))))
            }
        }
    }
}

fn set_aside(batch: &mut LineBatch, reason: &str, outcome: &mut Outcome) {
    let Some(piece) = batch.pieces.pop_front() else {
        return;
    };
    let reason = shown(reason);
    outcome.rejected.extend(piece.lines.iter().map(|line| Rejection {
        item: batch.lines.line(*line).to_owned(),
        reason: reason.clone(),
    }));
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(1));
    packer.write_all(text.as_bytes()).expect("memory grows");
    packer.finish().expect("memory grows")
}

impl Sink for HttpSink {
    type Batch = LineBatch;

    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn prepare(&self) -> Prepare<LineBatch> {
        let (encoder, lines_max) = (self.encoder.clone(), self.pace.batch_findings_max.max(1));
        let bytes_max = self.request_bytes_max.clone();
        Arc::new(move |rows| {
            LineBatch::prepare(&encoder, &rows, lines_max, bytes_max.load(Ordering::Relaxed))
        })
    }

    fn shows_newest(&self) -> bool {
        true
    }

    async fn attempt(&mut self, batch: &mut LineBatch, _is_behind: bool) -> Outcome {
        let mut outcome = Outcome {
            accepted: std::mem::take(&mut batch.left_out),
            rejected: Vec::new(),
            rest: Rest::Nothing,
        };
        while let Some(verdict) = self.send(batch).await {
            match verdict {
                Verdict::Taken => {
                    batch.has_accepted = true;
                    outcome.accepted += batch
                        .pieces
                        .pop_front()
                        .map_or(0, |piece| piece.lines.len() as u64);
                }
                Verdict::TooLarge(message) => {
                    if self.shrink(batch).is_none() {
                        outcome.rest = Rest::Held(self.problem(413, &message));
                        return outcome;
                    }
                }
                Verdict::Refused(refusal) => {
                    if let Some(rest) = self.refuse(batch, refusal, &mut outcome).await {
                        outcome.rest = rest;
                        return outcome;
                    }
                }
                Verdict::Retry { reason, after } => {
                    outcome.rest = Rest::Retry { reason, after };
                    return outcome;
                }
                Verdict::Untrusted { what, mend } => {
                    outcome.rest = Rest::Held(self.untrusted(what, mend));
                    return outcome;
                }
                Verdict::Held { status, message } => {
                    outcome.rest = Rest::Held(self.problem(status, &message));
                    return outcome;
                }
                Verdict::Foreign { status, message } => {
                    outcome.rest = Rest::Held(self.foreign(status, &message));
                    return outcome;
                }
            }
        }
        outcome
    }

    async fn clear(&mut self, rebuild: &Rebuild) -> Result<Option<Rejection>, Rest> {
        let devices = self.encoder.devices();
        self.erase
            .erase(&self.endpoint, &self.place(), &devices, rebuild)
            .await
    }
}
