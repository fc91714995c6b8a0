//! The rows of a power trace, one after the other.
//!
//! Nearly all rows are plain: numbers without spaces, quotes or exponents, whole in what has been read. They are read
//! where they lie, digit by digit. Whatever is not plain is cut into fields and read with care; the values are the same,
//! as a number of up to 15 digits divided by a power of ten is the float nearest to it.
//!
//! Limits: one buffer in memory; a row costs no allocation, because a year of seconds is 31 million of them. A quoted
//! field may not hold a comma or a line's end: none of the columns would.

use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;

/// What is read of the file at once, bytes.
const BUFFER_BYTES: usize = 256 * 1024;
/// A number with more digits may not fit into a float.
const DIGITS_MAX: usize = 15;
/// The powers of ten by which such a number is divided.
const TENS: [f64; DIGITS_MAX + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];
/// More columns than this no trace has.
const COLUMNS_MAX: usize = 64;
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
    input: BufReader<R>,
    /// A row that is not plain.
    line: Vec<u8>,
    columns: Columns,
    bad: u64,
}

/// Where in a row the values stand.
struct Columns {
    count: usize,
    ts_unix_s: usize,
    power_w: usize,
    energy_wh: Option<usize>,
}

/// A plain number: `digits / 10^decimals`.
#[derive(Clone, Copy, Default)]
struct Decimal {
    digits: i64,
    decimals: usize,
}

impl<R: Read> Rows<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// There is none, or it does not name the columns.
    pub(super) fn new(input: R) -> anyhow::Result<Self> {
        let mut rows = Self {
            input: BufReader::with_capacity(BUFFER_BYTES, input),
            line: Vec::new(),
            columns: Columns {
                count: 0,
                ts_unix_s: 0,
                power_w: 0,
                energy_wh: None,
            },
            bad: 0,
        };
        ensure!(
            rows.read_line()?,
            "the trace has no header; its first line must be ts_unix_s,power_w"
        );
        rows.columns = Columns::of(&rows.line)?;
        Ok(rows)
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
            let ahead = self
                .input
                .fill_buf()
                .context("the trace cannot be read to its end")?;
            if let Some((row, length)) = self.columns.plain_row(ahead) {
                self.input.consume(length);
                return Ok(Some(row));
            }
            if !self.read_line()? {
                return Ok(None);
            }
            match self.columns.row(&self.line) {
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

    /// The next line that is not empty, without its end; false where there is none.
    fn read_line(&mut self) -> anyhow::Result<bool> {
        loop {
            self.line.clear();
            let length = self.input.read_until(b'\n', &mut self.line);
            if length.context("the trace cannot be read to its end")? == 0 {
                return Ok(false);
            }
            while self.line.pop_if(|byte| matches!(byte, b'\n' | b'\r')).is_some() {}
            if !self.line.is_empty() {
                return Ok(true);
            }
        }
    }
}

impl Columns {
    fn of(header: &[u8]) -> anyhow::Result<Self> {
        let text = String::from_utf8_lossy(header);
        let names = text.trim_start_matches('\u{feff}').split(',');
        let names: Vec<&str> = names.map(|name| name.trim().trim_matches('"').trim()).collect();
        let column = |name: &str| names.iter().position(|header| *header == name);
        let (Some(ts_unix_s), Some(power_w)) = (column("ts_unix_s"), column("power_w")) else {
            bail!("the trace's header is '{text}'; it must be ts_unix_s,power_w[,energy_wh]");
        };
        ensure!(
            names.len() <= COLUMNS_MAX,
            "the trace has {} columns; at most {COLUMNS_MAX} are read",
            names.len()
        );
        Ok(Self {
            count: names.len(),
            ts_unix_s,
            power_w,
            energy_wh: column("energy_wh"),
        })
    }

    /// The row at the beginning of what was read, and its length; none where it is not plain.
    fn plain_row(&self, ahead: &[u8]) -> Option<(Row, usize)> {
        let (mut stamp, mut power, mut energy) = (None, None, None);
        let mut place = 0;
        for column in 0..self.count {
            let (number, length) = Decimal::read(&ahead[place..])?;
            if column == self.ts_unix_s {
                stamp = number;
            } else if column == self.power_w {
                power = number;
            } else if Some(column) == self.energy_wh {
                energy = number;
            }
            place += length;
            let is_last = column + 1 == self.count;
            match ahead.get(place)? {
                b'\n' if is_last => {}
                b',' if !is_last => {}
                _ => return None,
            }
            place += 1;
        }
        let row = Row {
            at: Timestamp::from_millisecond(stamp?.thousandths()?).ok()?,
            power_w: power.map(Decimal::float),
            energy_wh: energy.map(Decimal::float).filter(|wh| *wh >= 0.0),
        };
        (power.is_some() || row.energy_wh.is_some()).then_some((row, place))
    }

    /// The row of any line.
    fn row(&self, line: &[u8]) -> anyhow::Result<Row> {
        let count = line.split(|byte| *byte == b',').count();
        ensure!(
            count == self.count,
            "a row has {count} fields, the header {}",
            self.count
        );
        let ts_unix_s = number(line, self.ts_unix_s)?.context("ts_unix_s is empty")?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float saturates, and what saturates is out of range"
        )]
        let millis = (ts_unix_s * 1000.0).round() as i64;
        let at = Timestamp::from_millisecond(millis).context("ts_unix_s is not a Unix time in seconds")?;
        let power_w = number(line, self.power_w)?.filter(|power_w| power_w.is_finite());
        let energy_wh = match self.energy_wh {
            Some(column) => number(line, column)?.filter(|wh| wh.is_finite() && *wh >= 0.0),
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

impl Decimal {
    /// The number at the beginning of some bytes, none where there is none, and its length; nothing where it is not plain.
    fn read(bytes: &[u8]) -> Option<(Option<Self>, usize)> {
        let is_negative = bytes.first() == Some(&b'-');
        let first = usize::from(is_negative);
        let (mut digits, mut point, mut place) = (0_i64, None, first);
        while let Some(byte) = bytes.get(place) {
            match byte {
                b'0'..=b'9' => digits = digits.wrapping_mul(10).wrapping_add(i64::from(byte - b'0')),
                b'.' if point.is_none() => point = Some(place),
                _ => break,
            }
            place += 1;
        }
        let count = place - first - usize::from(point.is_some());
        if count == 0 {
            // an empty field, or a sign or a point without a number
            return (place == 0).then_some((None, 0));
        }
        // wrapped only where there are too many
        if count > DIGITS_MAX || (is_negative && digits == 0) {
            return None;
        }
        let number = Self {
            digits: if is_negative { -digits } else { digits },
            decimals: point.map_or(0, |point| place - point - 1),
        };
        Some((Some(number), place))
    }

    #[expect(clippy::cast_precision_loss, reason = "15 digits fit")]
    fn float(self) -> f64 {
        self.digits as f64 / TENS[self.decimals]
    }

    /// In thousandths; none where there is a rest.
    fn thousandths(self) -> Option<i64> {
        let factor = [1000, 100, 10, 1].get(self.decimals)?;
        self.digits.checked_mul(*factor)
    }
}

/// The number in a column; none where it is empty.
fn number(line: &[u8], column: usize) -> anyhow::Result<Option<f64>> {
    let field = line.split(|byte| *byte == b',').nth(column).unwrap_or_default();
    let shown = || format!("'{}' is no number", String::from_utf8_lossy(field));
    let text = std::str::from_utf8(field).ok().with_context(shown)?.trim();
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let text = quoted.unwrap_or(text).trim();
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(text.parse().ok().with_context(shown)?))
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
            "\u{feff}power_w , \"energy_wh\",ts_unix_s\r\n 2600,,100\r\n\n, 5 ,101.5\n1e3,-1,102\nnan,7,103\n\"8\",,104",
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
    fn a_plain_row_is_read_as_any_other() {
        for number in [
            "0",
            "0.1",
            "-2.5",
            "2600.37",
            "123456789012345",
            "0.000000000000001",
            "98765.4321",
            "1.",
            ".5",
            "007",
            "-0.0",
            "1234567890.12345",
            "1234567890123456",
            "3.14159265358979312",
        ] {
            let line = format!("{number},1757894401.060,{number}\n");
            let columns = Columns::of(b"power_w,ts_unix_s,energy_wh").expect("a header");
            let careful = columns.row(line.trim_end().as_bytes()).expect("numbers");
            let exact: f64 = number.parse().expect("a number");
            assert_eq!(
                careful,
                row(1_757_894_401_060, Some(exact), (exact >= 0.0).then_some(exact))
            );
            if let Some((plain, length)) = columns.plain_row(line.as_bytes()) {
                assert_eq!((plain, length), (careful, line.len()), "{number}");
            }
        }
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
