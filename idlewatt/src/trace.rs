//! A power trace on file, heard by the streaming analyzer: what `classify` and `calibrate` share.
//!
//! A trace is CSV with a header: `ts_unix_s,power_w` and optionally `energy_wh` (the meter's counter), in any order. A
//! row that cannot be read is said on standard error and passed over.
//!
//! Limits: one row in memory; a row costs no allocation, because a year of seconds is 31 million of them.

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
use csv::ByteRecord;
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// The name of the only device and the only meter there are.
pub(crate) const TRACE: &str = "trace";
/// Rows that are told of one by one; the rest is counted.
const BAD_ROWS_TOLD: u64 = 5;
/// What is read of the file at once, bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// From the first to the last row that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
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
    mut said: impl FnMut(&mut Vec<Finding>) -> anyhow::Result<()>,
) -> anyhow::Result<Span> {
    let mut rows = Rows::new(open(path)?)?;
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
    if rows.bad > BAD_ROWS_TOLD {
        tracing::warn!(bad_rows = rows.bad, "rows passed over in all");
    }
    let Some(span) = span else {
        bail!("the trace holds no row that can be read")
    };
    analyzer.finish(span.until, &mut findings);
    said(&mut findings)?;
    Ok(span)
}

/// A row of a trace; at least one value is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) at: Timestamp,
    pub(crate) power_w: Option<f64>,
    pub(crate) energy_wh: Option<f64>,
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
    /// Says a row as it would be heard live: at its instant, by which time has gone on.
    pub(crate) fn say(&mut self, row: &Row, analyzer: &mut Analyzer, findings: &mut Vec<Finding>) {
        (self.0[0].power_w, self.0[0].energy_wh) = (row.power_w, row.energy_wh);
        analyzer.observe(Arrival::live(row.at), &self.0, findings);
        analyzer.advance(row.at, findings);
    }
}

/// The rows of a trace, one after the other.
struct Rows {
    reader: csv::Reader<Box<dyn Read>>,
    record: ByteRecord,
    columns: Columns,
    bad: u64,
}

/// Where in a row the values stand.
struct Columns {
    ts_unix_s: usize,
    power_w: usize,
    energy_wh: Option<usize>,
}

impl Rows {
    fn new(input: Box<dyn Read>) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::Headers)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(input);
        let headers = reader
            .headers()
            .context("the trace has no header; its first line must be ts_unix_s,power_w")?;
        let column = |name: &str| headers.iter().position(|header| header == name);
        let (Some(ts_unix_s), Some(power_w)) = (column("ts_unix_s"), column("power_w")) else {
            bail!(
                "the trace's header is '{}'; it must be ts_unix_s,power_w[,energy_wh]",
                headers.as_slice()
            );
        };
        let energy_wh = column("energy_wh");
        Ok(Self {
            reader,
            record: ByteRecord::new(),
            columns: Columns {
                ts_unix_s,
                power_w,
                energy_wh,
            },
            bad: 0,
        })
    }

    /// The next row that can be read; none at the end.
    fn next(&mut self) -> anyhow::Result<Option<Row>> {
        loop {
            let row = match self.reader.read_byte_record(&mut self.record) {
                Ok(false) => return Ok(None),
                Ok(true) => self.columns.row(&self.record),
                Err(error) if error.is_io_error() => {
                    return Err(error).context("the trace cannot be read to its end");
                }
                Err(error) => Err(error.into()),
            };
            match row {
                Ok(row) => return Ok(Some(row)),
                Err(error) => {
                    self.bad += 1;
                    if self.bad <= BAD_ROWS_TOLD {
                        tracing::warn!("row passed over: {error:#}");
                    }
                }
            }
        }
    }
}

impl Columns {
    fn row(&self, record: &ByteRecord) -> anyhow::Result<Row> {
        let millis = millis(record, self.ts_unix_s)?;
        let at = Timestamp::from_millisecond(millis).context("ts_unix_s is not a Unix time in seconds")?;
        let power_w = number(record, self.power_w)?.filter(|power_w| power_w.is_finite());
        let energy_wh = match self.energy_wh {
            Some(column) => number(record, column)?.filter(|wh| wh.is_finite() && *wh >= 0.0),
            None => None,
        };
        if power_w.is_none() && energy_wh.is_none() {
            bail!("{at}: neither power_w nor energy_wh is a number");
        }
        Ok(Row {
            at,
            power_w,
            energy_wh,
        })
    }
}

/// The Unix time of a row, ms.
fn millis(record: &ByteRecord, column: usize) -> anyhow::Result<i64> {
    /// More digits than this may not fit.
    const DIGITS_MAX: usize = 15;
    // nearly all are whole seconds, which need no float
    let bytes = record.get(column).unwrap_or_default();
    if (1..=DIGITS_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit) {
        let seconds = bytes
            .iter()
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        return Ok(seconds * 1000);
    }
    let ts_unix_s = number(record, column)?.context("ts_unix_s is empty")?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float saturates, and what saturates is out of range"
    )]
    let millis = (ts_unix_s * 1000.0).round() as i64;
    Ok(millis)
}

/// The number in a column; none where it is empty.
fn number(record: &ByteRecord, column: usize) -> anyhow::Result<Option<f64>> {
    let bytes = record.get(column).unwrap_or_default().trim_ascii();
    if bytes.is_empty() {
        return Ok(None);
    }
    let number = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
    let shown = || format!("'{}' is no number", String::from_utf8_lossy(bytes));
    Ok(Some(number.with_context(shown)?))
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
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
        opening: OpeningHours::Always,
        bands,
        pins: Vec::new(),
        power_w_max: f64::MAX,
        silent_after: None,
        alerts: analyzer::alert::AlertPlan::default(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &'static str) -> (Vec<Row>, u64) {
        let mut rows = Rows::new(Box::new(text.as_bytes())).expect("a header");
        let mut read = Vec::new();
        while let Some(row) = rows.next().expect("text is read") {
            read.push(row);
        }
        (read, rows.bad)
    }

    #[test]
    fn columns_stand_in_any_order_with_spaces_and_gaps() {
        let (read, bad) =
            rows("power_w , energy_wh,ts_unix_s\n 2600,,100\n, 5 ,101.5\n1e3,-1,102\nnan,7,103\n");
        let row = |millis, power_w, energy_wh| Row {
            at: Timestamp::from_millisecond(millis).expect("in range"),
            power_w,
            energy_wh,
        };
        let expected = [
            row(100_000, Some(2600.0), None),
            row(101_500, None, Some(5.0)),
            row(102_000, Some(1000.0), None),
            row(103_000, None, Some(7.0)),
        ];
        assert_eq!((read.as_slice(), bad), (expected.as_slice(), 0));
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_passed_over() {
        let (read, bad) = rows("ts_unix_s,power_w\n1,2\nx,2\n3,y\n4\n5,6,7\n9e99,1\n8,\n9,10\n");
        assert_eq!((read.len(), bad), (2, 6), "{read:?}");
    }
}
