//! A raw message in, findings out: the decoder and the analyzer, put together once for live and for replay.

use analyzer::{Analyzer, Arrival, Finding};
use ingest::decode::{Decoded, Decoder, Message};
use ingest::record::{Batch, Record};

use crate::config::Config;

/// Decoder and analyzer.
pub struct Interpreter {
    pub(super) decoder: Decoder,
    pub(super) analyzer: Analyzer,
}

impl Interpreter {
    /// One that has heard nothing yet.
    ///
    /// # Errors
    /// A mapper of the configuration cannot work.
    pub fn new(config: &Config) -> Result<Self, ingest::decode::ConfigError> {
        Ok(Self {
            decoder: Decoder::new(&config.decoder)?,
            analyzer: Analyzer::new(config.analyzer()),
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
            let decoded = self.decoder.decode(&message(record));
            seen(index, record, &decoded);
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
        }
        self.analyzer.advance(batch.committed, findings);
    }
}

pub(super) fn message(record: &Record) -> Message<'_> {
    Message {
        topic: &record.topic,
        payload: &record.payload,
        is_retained: record.is_retained,
        qos: record.qos,
    }
}
