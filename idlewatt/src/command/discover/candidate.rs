//! Meters that could each feed a device of a first configuration, for `idlewatt init`.

use std::collections::{BTreeSet, HashMap};

use ingest::decode::DecoderConfig;
use ingest::decode::survey::MeterReport;
use ingest::session::{BrokerConfig, passing_client_id};
use jiff::tz::TimeZone;

use super::{Discovery, Found, guess, listening, stanza};
use crate::progress;

/// What was heard, and which ids are taken.
pub(in crate::command) struct Candidates {
    found: Found,
    ids: BTreeSet<String>,
}

/// A meter that feeds no device yet.
pub(in crate::command) struct Candidate {
    at: usize,
    /// Its name.
    pub(in crate::command) meter: String,
    /// Its family.
    pub(in crate::command) family: &'static str,
    /// What it said last, W.
    pub(in crate::command) power_w: Option<f64>,
    /// What it may feed, and why that is thought.
    pub(in crate::command) guess: Option<(&'static str, String)>,
    /// A better meter that measures the same load.
    pub(in crate::command) same_as: Option<String>,
}

/// What a person says of the device that a meter feeds.
pub(in crate::command) struct Said {
    pub(in crate::command) name: String,
    pub(in crate::command) room: String,
    pub(in crate::command) modality: &'static str,
}

impl Candidates {
    /// Listens to a broker.
    ///
    /// # Errors
    /// It does not let us in: what, where, how to mend it.
    pub(in crate::command) fn listen(
        mut broker: BrokerConfig,
        seconds: u64,
        asked: progress::Asked,
    ) -> anyhow::Result<Self> {
        broker.client_id = passing_client_id();
        let source = broker.url.clone();
        let mut discovery = Discovery::new(&DecoderConfig::default(), true)?;
        let heard = listening::listen(&mut discovery, vec![broker], seconds, asked)?;
        let found = Found {
            report: discovery.survey.report(&discovery.decoder),
            source,
            listened_s: Some(heard.listened_s),
            troubles: heard.troubles,
            zone: TimeZone::UTC,
            now: ingest::clock::wall(),
            feeding: HashMap::new(),
            ids: BTreeSet::new(),
        };
        Ok(Self {
            found,
            ids: BTreeSet::new(),
        })
    }

    /// All of them; copies of another meter are left out.
    pub(in crate::command) fn all(&self) -> Vec<Candidate> {
        let meters = self.found.report.meters.iter().enumerate();
        let candidates = meters.filter(|(_, meter)| meter.copy_of.is_none());
        candidates.map(|(at, meter)| self.candidate(at, meter)).collect()
    }

    fn candidate(&self, at: usize, meter: &MeterReport) -> Candidate {
        let headline = &meter.channels[meter.headline];
        let twins = self.found.report.twins.iter();
        let better = twins
            .filter(|twin| twin.leave.0 == at && twin.keep.0 != at)
            .find_map(|twin| self.found.report.meters.get(twin.keep.0));
        Candidate {
            at,
            meter: meter.meter.clone(),
            family: meter.family,
            power_w: headline.power_w,
            guess: guess::modality(&stanza::names(meter), headline.power_w_max),
            same_as: better.map(|better| better.meter.clone()),
        }
    }

    /// Its `[[device]]`: as it is guessed, or as a person says.
    pub(in crate::command) fn stanza(&mut self, candidate: &Candidate, said: Option<&Said>) -> String {
        let meters = &self.found.report.meters;
        let copies = meters.iter().filter(|other| other.copy_of == Some(candidate.at));
        stanza::device(&meters[candidate.at], copies, &mut self.ids, said)
    }

    /// Kinds of topics that could not be read.
    pub(in crate::command) fn unread(&self) -> usize {
        self.found.report.unread.len()
    }
}
