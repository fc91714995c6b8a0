//! A power trace on file, heard by the streaming analyzer: what `classify` and `calibrate` share.
//!
//! A trace is CSV with a header: `ts_unix_s,power_w` and optionally `energy_wh` (the meter's counter), in any order. A
//! row that cannot be read is said on standard error and passed over.
//!
//! Limits: one row in memory ([`rows`]).

mod rows;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use analyzer::band::Bands;
use analyzer::calendar::OpeningHours;
use analyzer::modality::{MODALITIES, Modality};
use analyzer::site::{CarbonFactor, Site, Tariff};
use analyzer::{Analyzer, Arrival, Config, Device, Feed, Finding, Reading};
use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

pub(crate) use rows::Row;
use rows::Rows;

/// The name of the only device and the only meter there are.
pub(crate) const TRACE: &str = "trace";

/// From the first to the last row that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// The only meter of a trace.
#[derive(Debug)]
pub(crate) struct Meter([Reading; 1]);

impl Default for Meter {
    fn default() -> Self {
        Self([Reading::of(TRACE, None)])
    }
}

impl Meter {
    /// Says a row as it would be heard live: at its instant.
    pub(crate) fn say(&mut self, row: &Row, analyzer: &mut Analyzer, findings: &mut Vec<Finding>) {
        (self.0[0].power_w, self.0[0].energy_wh) = (row.power_w, row.energy_wh);
        analyzer.observe(Arrival::live(row.at), &self.0, findings);
    }
}

/// The modality of that name.
///
/// # Errors
/// There is none; the words say which there are.
pub(crate) fn modality(name: &str) -> anyhow::Result<&'static Modality> {
    Modality::named(name).with_context(|| {
        let names: Vec<&str> = MODALITIES.iter().map(|modality| modality.name).collect();
        format!("'{name}' is no modality; choose one of {}", names.join(", "))
    })
}

/// Lets the analyzer hear a trace from beginning to end; `said` takes the findings of each row.
///
/// # Errors
/// The trace cannot be read, has another header or no row that can be read.
pub(crate) fn play(
    path: &Path,
    analyzer: &mut Analyzer,
    said: impl FnMut(&mut Vec<Finding>) -> anyhow::Result<()>,
) -> anyhow::Result<Span> {
    hear(open(path)?, analyzer, said).with_context(|| format!("in the trace {}", path.display()))
}

/// The same for a trace from anywhere. While readings come, the analyzer lets time go on by itself.
///
/// # Errors
/// As [`play`].
pub(crate) fn hear(
    input: impl Read,
    analyzer: &mut Analyzer,
    mut said: impl FnMut(&mut Vec<Finding>) -> anyhow::Result<()>,
) -> anyhow::Result<Span> {
    let mut rows = Rows::new(input)?;
    let mut meter = Meter::default();
    let mut findings = Vec::new();
    let mut span: Option<Span> = None;
    while let Some(row) = rows.next()? {
        meter.say(&row, analyzer, &mut findings);
        let Span { from, until } = span.unwrap_or(Span {
            from: row.at,
            until: row.at,
        });
        span = Some(Span {
            from: from.min(row.at),
            until: until.max(row.at),
        });
        said(&mut findings)?;
    }
    if rows.bad_untold() > 0 {
        tracing::warn!(bad_rows = rows.bad(), "rows passed over in all");
    }
    let Some(span) = span else {
        bail!("the trace holds no row that can be read")
    };
    analyzer.finish(span.until, &mut findings);
    said(&mut findings)?;
    Ok(span)
}

pub(crate) fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot read the trace {}", path.display()))?;
    Ok(Box::new(file))
}

/// A hospital of one device that is always open: a trace has no calendar and no price.
pub(crate) fn config(modality: &'static Modality, bands: Option<Bands>) -> Config {
    let tariff = Tariff {
        currency: String::new(),
        day_price_per_kwh: 0.0,
        night_price_per_kwh: 0.0,
        night_from: Time::midnight(),
        night_until: Time::midnight(),
        source: String::new(),
        year: 0,
    };
    let carbon = CarbonFactor {
        g_per_kwh: 0.0,
        source: String::new(),
        year: 0,
    };
    let device = Device {
        id: Arc::from(TRACE),
        name: TRACE.to_owned(),
        room: String::new(),
        modality,
        feeds: vec![Feed {
            meter: TRACE.to_owned(),
            channels: Vec::new(),
            sign: 1.0,
        }],
        opening: OpeningHours::Always.into(),
        bands,
        pins: Vec::new(),
        power_w_max: f64::MAX,
        silent_after: None,
        alerts: analyzer::alert::AlertPlan::default().into(),
    };
    Config {
        site: Site {
            zone: TimeZone::UTC,
            tariff,
            carbon,
        },
        devices: vec![device],
    }
}
