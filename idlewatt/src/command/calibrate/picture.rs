//! The curve in a terminal: watts upwards in ratios; left the load-duration curve, right the time at each power.
//!
//! Both share the rows, so a plateau of the curve is a bar beside it. Bars grow with the square root of the time: an
//! hour of scanning in a week of idling is still seen; the figure beside a bar says how much it is.

use std::io::{self, Write};

use super::review::{Review, middle_w};
use super::text::{painted, percent, watts};

const ROWS: u32 = 24;
const CURVE_COLUMNS: u32 = 48;
const BAR_COLUMNS: f64 = 24.0;
/// Filled from the left, by eighths.
const BARS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// Filled from below, by eighths.
const STEPS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Writes the picture; nothing where there is no curve.
pub(super) fn write(review: &Review, is_coloured: bool, out: &mut dyn Write) -> io::Result<()> {
    let Some((least_w, most_w)) = review.span_w() else {
        return Ok(());
    };
    let ratio = (most_w / least_w).ln() / f64::from(ROWS);
    let edge_w = |row: u32| least_w * (ratio * f64::from(row)).exp();
    let shares: Vec<f64> = (0..ROWS)
        .map(|row| review.share(if row == 0 { f64::MIN } else { edge_w(row) }, edge_w(row + 1)))
        .collect();
    let most = shares.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let columns = columns(review);
    writeln!(
        out,
        "{:>9}   {:<width$}   time at this power",
        "power",
        "load-duration curve",
        width = CURVE_COLUMNS as usize
    )?;
    let mut named = String::new();
    for row in (0..ROWS).rev() {
        let (from_w, until_w) = (edge_w(row), edge_w(row + 1));
        let state = review.state_at((from_w * until_w).sqrt());
        let name = review.called((from_w * until_w).sqrt());
        let axis = if row % 3 == 0 {
            watts(from_w)
        } else {
            String::new()
        };
        let cells: String = columns
            .iter()
            .map(|power_w| STEPS[eighths((power_w / from_w).ln() / ratio)])
            .collect();
        let share = shares[row as usize];
        let bar = bar((share / most).sqrt() * BAR_COLUMNS);
        // a name stands where its band begins, seen from above, and at every bar
        let is_new = name != named;
        let label = match (is_new, share > 0.0) {
            (_, true) => format!("{} {name}", percent(share)),
            (true, false) => name.clone(),
            (false, false) => String::new(),
        };
        named = name;
        let line = format!(
            "{axis:>9} ┤ {}   {} {label}",
            painted(&cells, state, is_coloured),
            painted(&bar, state, is_coloured)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    let rule = "─".repeat(CURVE_COLUMNS as usize);
    writeln!(out, "{:>9} └─{rule}", "")?;
    let quarter = (CURVE_COLUMNS / 4) as usize;
    writeln!(
        out,
        "{:>11} {:<quarter$}{:<quarter$}{:<quarter$}{:<quarter$}100 % of the time at this power or more",
        "", "0", "25", "50", "75"
    )
}

/// The greatest power of each column, from the highest: a scan of minutes in a week is seen.
fn columns(review: &Review) -> Vec<f64> {
    let column_s = review.seconds() / f64::from(CURVE_COLUMNS);
    let mut points = review.learned.curve.iter().rev();
    let (mut power_w, mut so_far) = (0.0, 0.0);
    (0..CURVE_COLUMNS)
        .map(|column| {
            let begins_s = column_s * f64::from(column);
            while so_far <= begins_s {
                let Some(point) = points.next() else { break };
                (power_w, so_far) = (middle_w(point), so_far + point.seconds);
            }
            power_w
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a few cells before"
)]
fn eighths(cells: f64) -> usize {
    (cells.clamp(0.0, 1.0) * 8.0).round() as usize
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a few cells before"
)]
fn bar(cells: f64) -> String {
    let eighths = (cells.clamp(0.0, BAR_COLUMNS) * 8.0).ceil() as usize;
    "█".repeat(eighths / 8) + BARS[eighths % 8]
}
