//! The notation of traces: a header, then one line for each thing that is said.
//!
//! ```text
//! # a comment
//! modality: ct
//! date: 2026-11-23
//! opening: 07:30-19:00        (default 07:30-19:00; or `always`)
//! bands: off -50 600, idle 600 8000, scanning 8000 200000
//! meters: m, n                (default m)
//! counter: 0.1 Wh             (the meters state a register of this step; default none)
//!
//! readings:
//! 08:00:00 2600 W for 90 s every 1 s
//! 08:01:30 5200 W / 7600 W each 600 s for 2 h every 10 s
//! 08:02:00 n 2600 W           (one reading, of the meter n)
//! 08:02:00 2600 W twice       (the same message two times)
//! 08:02:00 0 W glitch         (said, but not drawn: the register knows nothing of it)
//! 08:03:00 register 0 Wh      (from now on it counts from here)
//! 08:04:00 offline            (the meter's last will)
//! day 2026-11-24              (the lines that follow are of this day)
//! 09:00:00 end
//! ```
//!
//! Times are local, in Europe/Paris; of an hour that comes twice the first is meant. A register counts what is held.

use std::str::FromStr;

use analyzer::band::{Band, Bands};
use analyzer::calendar::OpeningHours;
use analyzer::{Availability, Config, Feed, Reading, State};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::common::config_of;

/// What is said at an instant.
pub(crate) enum Said {
    Reading(Reading),
    Availability(Availability),
    /// Time has gone on.
    Nothing,
}

/// A stretch of readings of one meter.
#[derive(Clone, Debug)]
enum Line {
    /// Powers that follow each other after `each`, from `at` until `until`, stated `times` every `every`.
    Power {
        until: Timestamp,
        powers_w: Vec<f64>,
        each: SignedDuration,
        every: SignedDuration,
        times: u32,
        is_drawn: bool,
    },
    Register(f64),
    Offline,
}

/// A file's header and readings.
pub(crate) struct Trace {
    modality: String,
    bands: Option<Vec<Band>>,
    is_always_open: bool,
    meters: Vec<String>,
    counter_step_wh: Option<f64>,
    lines: Vec<(Timestamp, String, Line)>,
    /// Where the stream ends.
    pub(crate) until: Timestamp,
    pub(crate) zone: TimeZone,
}

fn parsed<T: FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is no {what}"))
}

/// `90 s`, `10 min`, `2 h`.
fn duration(number: &str, unit: &str) -> Result<SignedDuration, String> {
    let seconds = match unit {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("{unit:?} is no unit of time")),
    };
    SignedDuration::try_from_secs_f64(parsed::<f64>(number, "number")? * seconds)
        .map_err(|error| error.to_string())
}

fn bands(text: &str) -> Result<Vec<Band>, String> {
    let band = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [state, from_w, until_w] = words[..] else {
            return Err(format!("{text:?} is no band"));
        };
        Ok(Band {
            state: parsed::<State>(state, "state")?,
            from_w: parsed(from_w, "number")?,
            until_w: parsed(until_w, "number")?,
        })
    };
    text.split(',').map(band).collect()
}

impl Trace {
    /// Reads a file up to its findings.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut trace = Self {
            modality: String::new(),
            bands: None,
            is_always_open: false,
            meters: vec!["m".to_owned()],
            counter_step_wh: None,
            lines: Vec::new(),
            until: Timestamp::UNIX_EPOCH,
            zone: TimeZone::get("Europe/Paris").map_err(|error| error.to_string())?,
        };
        let (header, readings) = text.split_once("\nreadings:\n").ok_or("no line `readings:`")?;
        let is_said = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let mut date = None;
        for line in header.lines().map(str::trim).filter(is_said) {
            let (key, value) = line
                .split_once(':')
                .ok_or(format!("{line:?} is no `key: value`"))?;
            match (key, value.trim()) {
                ("date", value) => date = Some(parsed::<Date>(value, "date")?),
                (key, value) => trace.head(key, value)?,
            }
        }
        let mut date = date.ok_or("no date")?;
        for line in readings.lines().map(str::trim).filter(is_said) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["day", day] => date = parsed(day, "date")?,
                _ => trace
                    .line(date, &words)
                    .map_err(|fault| format!("{line:?}: {fault}"))?,
            }
        }
        if trace.until == Timestamp::UNIX_EPOCH {
            return Err("no line `<time> end`".to_owned());
        }
        trace.lines.sort_by_key(|(at, ..)| *at);
        Ok(trace)
    }

    fn head(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "modality" => value.clone_into(&mut self.modality),
            "bands" => self.bands = Some(bands(value)?),
            "opening" if value == "always" => self.is_always_open = true,
            "meters" => self.meters = value.split(',').map(|meter| meter.trim().to_owned()).collect(),
            "counter" => {
                let step = value.strip_suffix("Wh").ok_or("a counter's step is in Wh")?;
                self.counter_step_wh = Some(parsed(step.trim(), "number")?);
            }
            _ => return Err(format!("{key:?}: {value:?} is no header")),
        }
        Ok(())
    }

    fn line(&mut self, date: Date, words: &[&str]) -> Result<(), String> {
        let (time, rest) = words.split_first().ok_or("nothing is said")?;
        let local = date.to_datetime(parsed::<Time>(time, "time")?);
        let at = self.zone.to_timestamp(local).map_err(|error| error.to_string())?;
        let (meter, rest) = match rest {
            [meter, rest @ ..] if self.meters.iter().any(|known| known == meter) => {
                ((*meter).to_owned(), rest)
            }
            _ => (self.meters[0].clone(), rest),
        };
        let line = match rest {
            ["end"] => {
                self.until = at;
                return Ok(());
            }
            ["offline"] => Line::Offline,
            ["register", wh, "Wh"] => Line::Register(parsed(wh, "number")?),
            _ => power(at, rest)?,
        };
        self.lines.push((at, meter, line));
        Ok(())
    }

    /// A hospital of this one device.
    pub(crate) fn config(&self) -> Config {
        let mut config = config_of(&self.modality);
        let device = &mut config.devices[0];
        device.bands = self
            .bands
            .clone()
            .map(|bands| Bands::new(bands).expect("sound bands"));
        if self.is_always_open {
            device.opening = OpeningHours::Always.into();
        }
        let feed = |meter: &String| Feed {
            meter: meter.clone(),
            channels: Vec::new(),
            sign: 1.0,
        };
        device.feeds = self.meters.iter().map(feed).collect();
        config
    }

    /// All that is said, in time order; once a minute, time goes on by itself.
    pub(crate) fn said(&self) -> Vec<(Timestamp, Said)> {
        let mut said: Vec<(Timestamp, Said)> = Vec::new();
        for meter in &self.meters {
            self.say_of(meter, &mut said);
        }
        let begin = self.lines.first().map_or(self.until, |(at, ..)| *at);
        let minutes = self.until.duration_since(begin).as_mins();
        said.extend((1..=minutes).map(|minute| (begin + SignedDuration::from_mins(minute), Said::Nothing)));
        said.sort_by_key(|(at, _)| *at);
        said.retain(|(at, _)| *at <= self.until);
        said
    }

    fn say_of(&self, meter: &str, said: &mut Vec<(Timestamp, Said)>) {
        let (mut register_wh, mut held): (f64, Option<(Timestamp, f64)>) = (12_000.0, None);
        for (from, of, line) in &self.lines {
            if of != meter {
                continue;
            }
            let counted_wh = |at: Timestamp, held: Option<(Timestamp, f64)>| {
                held.map_or(0.0, |(since, power_w)| {
                    power_w * at.duration_since(since).as_secs_f64() / 3600.0
                })
            };
            match line {
                Line::Offline => {
                    let (meter, is_online) = (meter.to_owned(), false);
                    said.push((*from, Said::Availability(Availability { meter, is_online })));
                }
                Line::Register(wh) => {
                    register_wh = *wh;
                    held = held.map(|(_, power_w)| (*from, power_w));
                }
                Line::Power {
                    until,
                    powers_w,
                    each,
                    every,
                    times,
                    is_drawn,
                } => {
                    let mut at = *from;
                    while at < *until {
                        let turn = at.duration_since(*from).as_millis() / each.as_millis().max(1);
                        let power_w = powers_w[usize::try_from(turn).unwrap_or(0) % powers_w.len()];
                        register_wh += counted_wh(at, held);
                        held = if *is_drawn {
                            Some((at, power_w))
                        } else {
                            held.map(|(_, drawn_w)| (at, drawn_w))
                        };
                        let energy_wh = self
                            .counter_step_wh
                            .map(|step| (register_wh / step).floor() * step);
                        for _ in 0..*times {
                            let reading = Reading {
                                power_w: Some(power_w),
                                energy_wh,
                                ..Reading::of(meter, None)
                            };
                            said.push((at, Said::Reading(reading)));
                        }
                        at += *every;
                    }
                }
            }
        }
    }
}

/// `2600 W [/ 2700 W … each 10 s] [for 90 s [every 1 s]] [twice] [glitch]`.
fn power(at: Timestamp, words: &[&str]) -> Result<Line, String> {
    let second = SignedDuration::from_secs(1);
    let (mut powers_w, mut each, mut lasts, mut every) = (Vec::new(), None, second, None);
    let (mut times, mut is_drawn) = (1, true);
    let mut rest = words;
    loop {
        rest = match rest {
            [] => break,
            ["twice", rest @ ..] => {
                times = 2;
                rest
            }
            ["glitch", rest @ ..] => {
                is_drawn = false;
                rest
            }
            ["each", number, unit, rest @ ..] => {
                each = Some(duration(number, unit)?);
                rest
            }
            ["for", number, unit, rest @ ..] => {
                lasts = duration(number, unit)?;
                rest
            }
            ["every", number, unit, rest @ ..] => {
                every = Some(duration(number, unit)?);
                rest
            }
            ["/", rest @ ..] => rest,
            [power_w, "W", rest @ ..] => {
                powers_w.push(parsed(power_w, "number")?);
                rest
            }
            [word, ..] => return Err(format!("{word:?} is not understood")),
        };
    }
    if powers_w.is_empty() {
        return Err("no power".to_owned());
    }
    Ok(Line::Power {
        until: at + lasts,
        powers_w,
        each: each.unwrap_or(lasts),
        every: every.filter(|every| every.is_positive()).unwrap_or(lasts),
        times,
        is_drawn,
    })
}
