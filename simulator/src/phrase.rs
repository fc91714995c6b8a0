//! Payloads as templates: the text a family writes, with fields for what the meter shows.
//!
//! `{"P":<power l2 kW .3>,"E":<import total kWh .2>}`: what, of which part, in which unit, with how many decimals; `whole`
//! instead of decimals cuts to a whole number, as counters in whole steps do. `<import total Wh whole from boot>` counts
//! from the meter's start, `from midnight` from local midnight; `most 2147483647` is where a counter stands still. Other
//! fields: `<time ms|s|utc|local|date|clock>` by the meter's clock, `<up s>` since its start, `<count>` of its reports;
//! and, known before any sample, `<topic>`, `<leaf>` (its last level), `<address>`, `<ADDRESS>`. A line's end and the
//! blanks after it are not sent. The total is one phase that is the sum of all: what flows out of one phase into another
//! is neither delivered nor returned.
//!
//! A template is compiled once, when the meter is built; a test compiles every one. Nothing in a template may use `<`.

use jiff::tz::TimeZone;

use crate::local_time::LocalTime;
use crate::meter::Context;
use crate::parcel::{put_civil, put_digits, put_number};
use crate::power::timestamp;
use crate::register::{PhaseReading, Sample};

/// A compiled template.
#[derive(Debug, Clone)]
pub(crate) struct Phrase(Vec<Piece>);

/// What a phrase may need beside the sample.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) sample: &'a Sample,
    /// What the meter showed when it booted.
    pub(crate) boot: &'a Sample,
    /// What it showed at its first report of the local day.
    pub(crate) midnight: &'a Sample,
    /// Number of this report.
    pub(crate) count: u64,
    pub(crate) local: &'a mut LocalTime,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(Vec<u8>),
    Value(Value),
    Time(Clock),
    Up,
    Count,
}

#[derive(Debug, Clone, Copy)]
enum Clock {
    Milliseconds,
    Seconds,
    Utc,
    Local,
    Date,
    TimeOfDay,
}

/// Where a counter begins.
#[derive(Debug, Clone, Copy)]
enum From {
    Ever,
    Boot,
    Midnight,
}

#[derive(Debug, Clone, Copy)]
struct Value {
    of: fn(&PhaseReading) -> f64,
    /// None for the sum of the phases.
    phase: Option<usize>,
    unit: f64,
    decimals: Option<u32>,
    from: From,
    most: f64,
}

type Quantity = (&'static str, fn(&PhaseReading) -> f64);

const QUANTITIES: [Quantity; 10] = [
    ("power", |phase| phase.watts),
    ("delivered", |phase| phase.watts.max(0.0)),
    ("returned", |phase| (-phase.watts).max(0.0)),
    ("apparent", |phase| phase.volts * phase.amperes),
    ("net", |phase| phase.import_wh - phase.export_wh),
    ("import", |phase| phase.import_wh),
    ("export", |phase| phase.export_wh),
    ("voltage", |phase| phase.volts),
    ("current", |phase| phase.amperes),
    ("factor", |phase| phase.power_factor),
];

/// In W, Wh, V, A, or of one.
const UNITS: [(&str, f64); 18] = [
    ("W", 1.0),
    ("kW", 1e3),
    ("mW", 1e-3),
    ("dW", 0.1),
    ("VA", 1.0),
    ("Wh", 1.0),
    ("kWh", 1e3),
    ("hWh", 100.0),
    ("Wmin", 1.0 / 60.0),
    ("Ws", 1.0 / 3600.0),
    ("V", 1.0),
    ("dV", 0.1),
    ("mV", 1e-3),
    ("A", 1.0),
    ("dA", 0.1),
    ("mA", 1e-3),
    ("1", 1.0),
    ("%", 0.01),
];

const PARTS: [(&str, Option<usize>); 4] =
    [("total", None), ("l1", Some(0)), ("l2", Some(1)), ("l3", Some(2))];

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, found)| *found)
}

/// The value of a field's words; none where they are none.
fn value(words: &[&str]) -> Option<Value> {
    let [quantity, part, unit, decimals, rest @ ..] = words else {
        return None;
    };
    let decimals = match *decimals {
        "whole" => None,
        decimals => Some(decimals.strip_prefix('.')?.parse().ok()?),
    };
    Some(Value {
        of: find(&QUANTITIES, quantity)?,
        phase: find(&PARTS, part)?,
        unit: find(&UNITS, unit)?,
        decimals,
        from: match rest {
            [] | ["most", _] => From::Ever,
            ["from", "boot"] => From::Boot,
            ["from", "midnight"] => From::Midnight,
            _ => return None,
        },
        most: match rest {
            ["most", most] => most.parse().ok()?,
            _ => f64::INFINITY,
        },
    })
}

/// A field that is known before any sample.
fn fixed(field: &str, context: &Context<'_>) -> Option<String> {
    let topic = context.topic();
    Some(match field {
        "topic" => topic.to_owned(),
        "leaf" => topic.rsplit('/').next().unwrap_or(topic).to_owned(),
        "address" => context.hardware_address(),
        "ADDRESS" => context.hardware_address().to_uppercase(),
        _ => return None,
    })
}

/// A topic: only fields that are known before any sample. None where the template is wrong.
pub(crate) fn topic(template: &str, context: &Context<'_>) -> Option<String> {
    let phrase = Phrase::compile(template, context)?;
    let mut out = Vec::new();
    for piece in phrase.0 {
        let Piece::Text(text) = piece else { return None };
        out.extend(text);
    }
    String::from_utf8(out).ok()
}

impl Phrase {
    /// None where the template is wrong.
    pub(crate) fn compile(template: &str, context: &Context<'_>) -> Option<Self> {
        let template: String = template.lines().map(str::trim_start).collect();
        let mut parts = template.split('<');
        let mut pieces = vec![Piece::Text(parts.next()?.into())];
        for part in parts {
            let (field, text) = part.split_once('>')?;
            let words: Vec<&str> = field.split(' ').collect();
            pieces.push(match (words.as_slice(), fixed(field, context)) {
                (_, Some(known)) => Piece::Text(known.into()),
                (["time", "ms"], _) => Piece::Time(Clock::Milliseconds),
                (["time", "s"], _) => Piece::Time(Clock::Seconds),
                (["time", "utc"], _) => Piece::Time(Clock::Utc),
                (["time", "local"], _) => Piece::Time(Clock::Local),
                (["time", "date"], _) => Piece::Time(Clock::Date),
                (["time", "clock"], _) => Piece::Time(Clock::TimeOfDay),
                (["up", "s"], _) => Piece::Up,
                (["count"], _) => Piece::Count,
                (words, _) => Piece::Value(value(words)?),
            });
            pieces.push(Piece::Text(text.into()));
        }
        Some(Self(pieces))
    }

    /// Writes the payload of one moment.
    pub(crate) fn write(&self, moment: &mut Moment<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        let sample = moment.sample;
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Value(value) => value.write(moment, &mut out),
                Piece::Time(clock) => clock.write(sample.stamp_ms, moment.local, &mut out),
                Piece::Up => {
                    let up_ms = sample.at_ms - moment.boot.at_ms;
                    put_digits(&mut out, (up_ms / 1000).unsigned_abs(), 1);
                }
                Piece::Count => put_digits(&mut out, moment.count, 1),
            }
        }
        out
    }
}

impl Value {
    fn write(&self, moment: &Moment<'_>, out: &mut Vec<u8>) {
        let begun = match self.from {
            From::Ever => 0.0,
            From::Boot => self.of(moment.boot),
            From::Midnight => self.of(moment.midnight),
        };
        let value = ((self.of(moment.sample) - begun) / self.unit).min(self.most);
        match self.decimals {
            // A step is counted when it is full.
            None => put_number(out, (value + 1e-6).floor(), 0),
            Some(decimals) => put_number(out, value, decimals),
        }
    }

    fn of(&self, sample: &Sample) -> f64 {
        (self.of)(
            &self
                .phase
                .map_or_else(|| sum(sample.each()), |phase| sample.phase[phase]),
        )
    }
}

/// All phases as one.
fn sum(phases: &[PhaseReading]) -> PhaseReading {
    let add = |of: fn(&PhaseReading) -> f64| phases.iter().map(of).sum();
    PhaseReading {
        watts: add(|phase| phase.watts),
        amperes: add(|phase| phase.amperes),
        import_wh: add(|phase| phase.import_wh),
        export_wh: add(|phase| phase.export_wh),
        ..phases[0]
    }
}

/// A date as `2026-11-16`.
const DATE_BYTES: usize = 10;

impl Clock {
    fn write(self, stamp_ms: i64, local: &mut LocalTime, out: &mut Vec<u8>) {
        match self {
            Self::Milliseconds => put_digits(out, stamp_ms.unsigned_abs(), 1),
            Self::Seconds => put_digits(out, stamp_ms.div_euclid(1000).unsigned_abs(), 1),
            Self::Utc => {
                put_civil(out, TimeZone::UTC.to_datetime(timestamp(stamp_ms)));
                out.push(b'.');
                put_digits(out, stamp_ms.rem_euclid(1000).unsigned_abs(), 3);
                out.push(b'Z');
            }
            Self::Local => put_civil(out, local.civil(stamp_ms)),
            Self::Date | Self::TimeOfDay => {
                let mut text = Vec::with_capacity(DATE_BYTES + "T00:00:00".len());
                put_civil(&mut text, local.civil(stamp_ms));
                let (date, time) = text.split_at(DATE_BYTES);
                out.extend_from_slice(if matches!(self, Self::Date) {
                    date
                } else {
                    &time[1..]
                });
            }
        }
    }
}
