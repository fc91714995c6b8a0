//! The rows of a power trace, one after the other.
//!
//! Limits: one buffer and one row in memory; a row costs no allocation, because a year of seconds is 31 million of them.

use std::io::Read;

use anyhow::{Context, bail};
use csv::ByteRecord;
use jiff::Timestamp;

/// What is read of the file at once, bytes.
const BUFFER_BYTES: usize = 256 * 1024;
/// Rows that are told of one by one; the rest is counted.
const BAD_ROWS_TOLD: u64 = 5;

/// A row of a trace; at least one value is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) at: Timestamp,
    pub(crate) power_w: Option<f64>,
    pub(crate) energy_wh: Option<f64>,
}

/// The rows of a trace.
pub(super) struct Rows<R> {
    reader: csv::Reader<R>,
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

impl<R: Read> Rows<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// There is none, or it does not name the columns.
    pub(super) fn new(input: R) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::Headers)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(input);
        let headers = reader
            .headers()
            .context("the trace has no header; its first line must be ts_unix_s,power_w")?;
        let names: Vec<&str> = headers
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim())
            .collect();
        let column = |name: &str| names.iter().position(|header| *header == name);
        let (Some(ts_unix_s), Some(power_w)) = (column("ts_unix_s"), column("power_w")) else {
            bail!(
                "the trace's header is '{}'; it must be ts_unix_s,power_w[,energy_wh]",
                names.join(",")
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

    /// How many rows could not be read.
    pub(super) fn bad(&self) -> u64 {
        self.bad
    }

    /// How many of them nobody was told of.
    pub(super) fn bad_untold(&self) -> u64 {
        self.bad.saturating_sub(BAD_ROWS_TOLD)
    }

    /// The next row that can be read; none at the end.
    ///
    /// # Errors
    /// The trace cannot be read to its end.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Row>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Vec<Row>, u64) {
        let mut rows = Rows::new(text.as_bytes()).expect("a header");
        let mut read = Vec::new();
        while let Some(row) = rows.next().expect("text is read") {
            read.push(row);
        }
        (read, rows.bad)
    }

    fn row(millis: i64, power_w: Option<f64>, energy_wh: Option<f64>) -> Row {
        Row {
            at: Timestamp::from_millisecond(millis).expect("in range"),
            power_w,
            energy_wh,
        }
    }

    #[test]
    fn columns_stand_in_any_order_with_spaces_quotes_and_gaps() {
        let (read, bad) = rows(
            "\u{feff}power_w ,\"energy_wh\",ts_unix_s\r\n 2600,,100\r\n\n, 5 ,101.5\n1e3,-1,102\nnan,7,103\n\"8\",,104",
        );
        let expected = [
            row(100_000, Some(2600.0), None),
            row(101_500, None, Some(5.0)),
            row(102_000, Some(1000.0), None),
            row(103_000, None, Some(7.0)),
            row(104_000, Some(8.0), None),
        ];
        assert_eq!((read.as_slice(), bad), (expected.as_slice(), 0));
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_passed_over() {
        let (read, bad) = rows("ts_unix_s,power_w\n1,2\nx,2\n3,y\n4\n5,6,7\n9e99,1\n8,\n-,1\n7,.\n9,10\n");
        assert_eq!((read.len(), bad), (2, 8), "{read:?}");
    }

    #[test]
    fn stamps_are_whole_milliseconds() {
        let (read, _) = rows("ts_unix_s,power_w\n1757894401,1\n1757894401.5,1\n1757894401.0609,1\n-1.25,1\n");
        let millis: Vec<i64> = read.iter().map(|row| row.at.as_millisecond()).collect();
        assert_eq!(
            millis,
            [1_757_894_401_000, 1_757_894_401_500, 1_757_894_401_061, -1_250]
        );
    }
}
