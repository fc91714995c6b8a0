//! Reading the power curve and the bands of state below it.

use analyzer::State;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::Reader;
use crate::history::Result;
use crate::history::code::{MINUTE_S, POWER_SCALE, QUARTER_MINUTES, instant, millis, state_of, unscaled};

/// Power over one step of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerPoint {
    /// Start of the step.
    pub at: Timestamp,
    /// Mean of the samples, W.
    pub mean_w: f64,
    /// Lowest sample, W.
    pub min_w: f64,
    /// Highest sample, W.
    pub max_w: f64,
}

/// A stretch of time in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub until: Timestamp,
    /// The state all through.
    pub state: State,
}

/// Minute rows and, before them, quarter rows; a step takes the weighted mean of what lies in it.
const POINTS: &str = "
SELECT minute / ?4 * ?4, sum(samples), sum(sum_dw), min(min_dw), max(max_dw) FROM (
    SELECT quarter * ?5 AS minute, samples, sum_dw, min_dw, max_dw FROM power_quarter
        WHERE device = ?1 AND quarter >= ?2 / ?5 AND quarter * ?5 < ?3
    UNION ALL
    SELECT minute, samples, sum_dw, min_dw, max_dw FROM power_minute
        WHERE device = ?1 AND minute >= ?2 AND minute < ?3)
GROUP BY minute / ?4 ORDER BY 1";

impl Reader {
    /// The power curve of a device in steps of `resolution` (whole minutes, at least one). Steps without a sample
    /// are absent: a gap is a gap.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn power(
        &self,
        device: &str,
        from: Timestamp,
        until: Timestamp,
        resolution: SignedDuration,
    ) -> Result<Vec<PowerPoint>> {
        let Some(key) = self.key(device)? else {
            return Ok(Vec::new());
        };
        let minute_ms = MINUTE_S * 1000;
        let step = resolution.as_mins().max(1);
        let (first, last) = (
            millis(from).div_euclid(minute_ms),
            millis(until).div_euclid(minute_ms),
        );
        self.run(|connection| {
            connection
                .prepare_cached(POINTS)?
                .query_map(params![key, first, last, step, QUARTER_MINUTES], |row| {
                    let (samples, sum_dw): (i64, i64) = (row.get(1)?, row.get(2)?);
                    let mean_w = unscaled(sum_dw, POWER_SCALE) / unscaled(samples.max(1), 1.0);
                    Ok(PowerPoint {
                        at: instant(row.get::<_, i64>(0)? * minute_ms),
                        mean_w,
                        min_w: unscaled(row.get(3)?, POWER_SCALE),
                        max_w: unscaled(row.get(4)?, POWER_SCALE),
                    })
                })?
                .collect()
        })
    }

    /// The states of a device over a range, tiling the part of it that is known: final intervals first, then what
    /// was said since. Neighbours of one state are joined.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bands(&self, device: &str, from: Timestamp, until: Timestamp) -> Result<Vec<Band>> {
        let Some(key) = self.key(device)? else {
            return Ok(Vec::new());
        };
        let (from_ms, until_ms) = (millis(from), millis(until));
        let pieces = self.run(|connection| {
            let mut pieces = final_pieces(connection, key, from_ms, until_ms)?;
            pieces.extend(open_pieces(connection, key, from_ms, until_ms)?);
            Ok(pieces)
        })?;
        Ok(join(&pieces, from_ms, until_ms))
    }
}

type Piece = (i64, i64, i64);

fn final_pieces(
    connection: &Connection,
    key: i64,
    from_ms: i64,
    until_ms: i64,
) -> rusqlite::Result<Vec<Piece>> {
    connection
        .prepare_cached(
            "SELECT from_ms, until_ms, state FROM interval WHERE device = ?1 AND from_ms < ?3 AND from_ms >=
                 ifnull((SELECT max(from_ms) FROM interval WHERE device = ?1 AND from_ms <= ?2), ?2)
             ORDER BY from_ms",
        )?
        .query_map([key, from_ms, until_ms], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect()
}

/// From the last final interval on, what the state changes say.
fn open_pieces(
    connection: &Connection,
    key: i64,
    from_ms: i64,
    until_ms: i64,
) -> rusqlite::Result<Vec<Piece>> {
    let final_until: Option<i64> = connection
        .prepare_cached("SELECT until_ms FROM interval WHERE device = ?1 ORDER BY from_ms DESC LIMIT 1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let changes: Vec<(i64, i64, i64)> = connection
        .prepare_cached("SELECT at_ms, was, state FROM state_change WHERE device = ?1 ORDER BY at_ms")?
        .query_map([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let Some(&(first_at, was, _)) = changes.first() else {
        return Ok(Vec::new());
    };
    let start = final_until.unwrap_or(first_at);
    let mut pieces = Vec::new();
    let (mut at, mut state) = (
        start,
        if first_at > start {
            was
        } else {
            state_code_unknown()
        },
    );
    for (change_at, _, next) in changes {
        if change_at > at {
            pieces.push((at, change_at, state));
            at = change_at;
        }
        state = next;
    }
    pieces.push((at, until_ms.max(at), state));
    pieces.retain(|(_, until, _)| *until > from_ms);
    Ok(pieces)
}

fn state_code_unknown() -> i64 {
    crate::history::code::state_code(State::Unknown)
}

fn join(pieces: &[Piece], from_ms: i64, until_ms: i64) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    for &(from, until, state) in pieces {
        let (from, until) = (instant(from.max(from_ms)), instant(until.min(until_ms)));
        if from >= until {
            continue;
        }
        let state = state_of(state);
        match bands.last_mut() {
            Some(last) if last.state == state && last.until == from => last.until = until,
            _ => bands.push(Band { from, until, state }),
        }
    }
    bands
}
