//! A raw message in, findings out: the decoder and the analyzer, put together once for live and for replay.

use analyzer::{Analyzer, Arrival, Finding};
use deliver::act::{ActMessage, Heard};
use ingest::decode::{Decoded, Decoder, Message, Reason, ReasonKind};
use ingest::record::{Batch, Record};

use crate::config::Config;

/// Decoder and analyzer.
pub struct Interpreter {
    pub(super) decoder: Decoder,
    pub(super) mind: Mind,
}

/// What comes behind the decoder.
pub(super) struct Mind {
    analyzer: Analyzer,
    act_topic: String,
}

impl Interpreter {
    /// One that has heard nothing yet.
    ///
    /// # Errors
    /// A mapper of the configuration cannot work.
    pub fn new(config: &Config) -> Result<Self, ingest::decode::ConfigError> {
        Ok(Self {
            decoder: Decoder::new(&config.decoder)?,
            mind: Mind {
                analyzer: Analyzer::new(config.analyzer()),
                act_topic: config.act_topic.clone(),
            },
        })
    }

    /// Takes a batch: each record, then the time of its commit. `seen` is shown what was made of each record.
    pub fn batch(
        &mut self,
        batch: &Batch,
        findings: &mut Vec<Finding>,
        mut seen: impl FnMut(usize, &Record, &Decoded),
    ) {
        for (index, record) in batch.records.iter().enumerate() {
            let decoded = if record.topic == self.mind.act_topic {
                self.mind.act(record, findings)
            } else {
                self.decoder.decode(&message(record))
            };
            seen(index, record, &decoded);
            self.mind.take(record, &decoded, findings);
        }
        self.mind.analyzer.advance(batch.committed, findings);
    }

    /// What would be made of a message, without the analyzer hearing of it.
    pub fn look(&mut self, record: &Record) -> Decoded {
        if !self.mind.is_act(record) {
            return self.decoder.decode(&message(record));
        }
        let fault = ActMessage::read(&record.payload, record.received).err();
        Decoded {
            reason: fault.map(|text| Reason {
                kind: ReasonKind::Malformed,
                text: text.into(),
            }),
            ..Decoded::default()
        }
    }

    /// The analyzer, to be asked what it knows.
    #[must_use]
    pub const fn analyzer(&self) -> &Analyzer {
        &self.mind.analyzer
    }

    /// All that is remembered, to be restored after a restart: what the decoder was taught, then the analyzer's memory.
    pub(super) fn snapshot<W: Extend<u8>>(&self, bytes: W) -> W {
        let lessons: Vec<(&str, &[u8])> = self.decoder.lessons().collect();
        let bytes =
            postcard::to_extend(&(VERSION, lessons), bytes).expect("plain data of known size serialises");
        self.mind.analyzer.snapshot_into(bytes)
    }

    /// Takes up where a snapshot was made.
    ///
    /// # Errors
    /// The snapshot is of another version or damaged; then nothing has changed, and the journal can tell all again.
    pub(super) fn restore(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        let (version, rest): (u32, _) = postcard::take_from_bytes(bytes)?;
        if version != VERSION {
            return Err(RestoreError::Version(version));
        }
        let (lessons, rest): (Vec<(&str, &[u8])>, _) = postcard::take_from_bytes(rest)?;
        self.mind.analyzer.restore(rest)?;
        for (topic, payload) in lessons {
            self.decoder.teach(topic, payload);
        }
        Ok(())
    }
}

impl Mind {
    /// Whether a record is a person's word, which no decoder reads.
    pub(super) fn is_act(&self, record: &Record) -> bool {
        record.topic == self.act_topic
    }

    /// Takes a batch that was decoded before, a word for each record; as [`Interpreter::batch`].
    pub(super) fn batch(
        &mut self,
        batch: &Batch,
        decoded: &[Decoded],
        findings: &mut Vec<Finding>,
        mut seen: impl FnMut(&Decoded),
    ) {
        for (record, decoded) in batch.records.iter().zip(decoded) {
            if self.is_act(record) {
                seen(&self.act(record, findings));
                continue;
            }
            seen(decoded);
            self.take(record, decoded, findings);
        }
        self.analyzer.advance(batch.committed, findings);
    }

    /// Takes what a decoder made of a record.
    fn take(&mut self, record: &Record, decoded: &Decoded, findings: &mut Vec<Finding>) {
        let (at, is_retained) = (record.received, record.is_retained);
        if !decoded.readings.is_empty() {
            let arrival = Arrival {
                at,
                is_retained,
                is_after_outage: record.is_after_outage,
            };
            self.analyzer.observe(arrival, &decoded.readings, findings);
        }
        // a retained word on availability is as old as the retained value beside it
        for word in decoded.availability.iter().filter(|_| !is_retained) {
            self.analyzer.availability(at, word, findings);
        }
        for notice in &decoded.notices {
            self.analyzer.notice(at, notice, findings);
        }
    }

    /// Takes a person's word. One that the broker has kept was meant for an alert of then, and is not heard again.
    fn act(&mut self, record: &Record, findings: &mut Vec<Finding>) -> Decoded {
        let (kind, text) = match ActMessage::read(&record.payload, record.received) {
            _ if record.is_retained => (
                ReasonKind::NotAReading,
                "a retained word of a person is not heard".into(),
            ),
            Err(error) => (ReasonKind::Malformed, error.into()),
            Ok(Heard::Alert(action)) => {
                let is_meant = self.analyzer.act(record.received, &action, findings);
                let said = if is_meant {
                    "a person's word on an alert"
                } else {
                    "a person's word on an alert that is not open"
                };
                (ReasonKind::NotAReading, said.into())
            }
            Ok(Heard::Level(word)) => {
                self.analyzer.name_level(record.received, &word, findings);
                (ReasonKind::NotAReading, "a person's word on a level".into())
            }
        };
        Decoded {
            reason: Some(Reason { kind, text }),
            ..Decoded::default()
        }
    }
}

/// Raised whenever the shape of what stands before the analyzer's snapshot changes. Begins far above the analyzer's own
/// version, which stood first in older files.
const VERSION: u32 = 0x1d1e_0001;

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum RestoreError {
    /// Made by another version of idlewatt.
    #[error("the snapshot has version {0}, this idlewatt reads version {VERSION}")]
    Version(u32),
    /// Not a snapshot, or cut short.
    #[error("the snapshot is damaged ({0})")]
    Damaged(#[from] postcard::Error),
    /// The analyzer's part.
    #[error(transparent)]
    Analyzer(#[from] analyzer::SnapshotError),
}

pub(super) fn message(record: &Record) -> Message<'_> {
    Message {
        topic: &record.topic,
        payload: &record.payload,
        is_retained: record.is_retained,
        qos: record.qos,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    fn interpreter() -> Interpreter {
        let folder = std::path::Path::new("nothing-is-written");
        Interpreter::new(&example::config(folder)).expect("it has no mappers")
    }

    fn hear(interpreter: &mut Interpreter, second: i64, topic: &str, payload: &str) -> Vec<Finding> {
        let batch = example::batch(1, vec![example::record(second, topic, payload)]);
        let mut findings = Vec::new();
        interpreter.batch(&batch, &mut findings, |_, _, _| {});
        findings
    }

    /// The power of the samples among findings, W.
    fn powers_w(findings: &[Finding]) -> Vec<f64> {
        let samples = findings.iter().filter_map(|finding| match finding {
            Finding::Sample(sample) => Some(sample.power_w),
            _ => None,
        });
        samples.collect()
    }

    #[test]
    fn a_restart_hears_again_what_was_taught() {
        let mut first = interpreter();
        let state = "panel-7/sensor/load/state";
        let discovery = format!(
            r#"{{"state_topic":"{state}","unit_of_measurement":"kW","device_class":"power","device":{{"identifiers":["panel-7"]}}}}"#
        );
        hear(
            &mut first,
            0,
            "homeassistant/sensor/panel-7/load/config",
            &discovery,
        );
        let snapshot = first.snapshot(Vec::new());
        let mut second = interpreter();
        let unknown = powers_w(&hear(&mut second, 60, state, "1.5"));
        assert!(unknown.is_empty(), "nobody knows the unit: {unknown:?}");
        second.restore(&snapshot).expect("it is of this version");
        assert_eq!(powers_w(&hear(&mut second, 60, state, "1.5")), [1500.0]);
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        let mut interpreter = interpreter();
        for bytes in [&b""[..], &[2, 0, 0], &[0x81, 0x80, 0xf8, 0xe8, 0x01, 0xff, 0xff]] {
            assert!(interpreter.restore(bytes).is_err(), "{bytes:?}");
        }
    }
}
