//! `idlewatt bench nights`: overnight-idle alerts over simulated nights, against the truth.
//!
//! A night is a closed period of a device, from closing to the next opening, after 48 h of learning; a weekend without
//! opening hours is one. It calls for an alert where the device was truly idle in it for longer than the grace without
//! a break. Where the longest such stretch is within two minutes of the grace either answer is right: a meter that
//! speaks once a minute cannot tell. Staff leave devices on, devices wake by themselves, emergencies come; meters lose
//! and repeat messages.

use std::io::Write;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Mutex;

use analyzer::alert::{RULES, Rule};
use analyzer::calendar::{OpeningHours, WeeklyPlan, Window};
use analyzer::modality::Modality;
use analyzer::{AlertPhase, Analyzer, Finding, Limits, State};
use anyhow::Context;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use simulator::{Day, Schedule};

use super::judged;
use super::subject::Subject;
use super::trace::{Span, Trace};
use crate::trace;

/// Counts false and missed overnight-idle alerts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  idlewatt bench nights --nights 1000 --seed 2")]
pub(super) struct Arguments {
    /// How many nights at least
    #[arg(long, default_value_t = 1000)]
    nights: usize,
    /// Another seed draws other devices
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Idle in closed hours for longer raises the alert.
const GRACE: SignedDuration = SignedDuration::from_mins(30);
/// So near to the grace either answer is right.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// Two to learn and a week.
const DAYS: u32 = 9;
/// The rules that are judged: workstations have one of their own.
const JUDGED: [&str; 2] = ["overnight_idle", "workstation_on_overnight"];
/// Devices that are worked on before their nights are counted.
const BATCH: u32 = 30;

/// A night with what was due and what was said.
#[derive(Clone, Debug, PartialEq)]
struct Night {
    device: String,
    from: Timestamp,
    until: Timestamp,
    /// The longest stretch of true idle.
    idle: SignedDuration,
    /// When alerts were raised in it.
    raised: Vec<Timestamp>,
}

impl Night {
    /// Said and not due (more than once is also not due).
    fn is_false(&self) -> bool {
        self.raised.len() > 1 || (!self.raised.is_empty() && self.idle < GRACE - MARGIN)
    }

    /// Due and not said.
    fn is_missed(&self) -> bool {
        self.raised.is_empty() && self.idle > GRACE + MARGIN
    }

    fn is_near(&self) -> bool {
        (self.idle - GRACE).abs() <= MARGIN
    }
}

/// Runs the command.
///
/// # Errors
/// A modality is not known.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        JUDGED
            .iter()
            .all(|name| RULES.iter().any(|rule| rule.name == *name)),
        "a rule that is judged is no more"
    );
    let mut nights: Vec<Night> = Vec::new();
    let mut first = 0;
    while nights.len() < arguments.nights {
        let of_batch = batch(arguments.seed, first..first + BATCH)?;
        anyhow::ensure!(!of_batch.is_empty(), "the devices have no nights");
        nights.extend(of_batch);
        first += BATCH;
        super::show_progress(nights.len().min(arguments.nights), arguments.nights, "nights");
    }
    nights.truncate(arguments.nights);
    let count = |is: fn(&Night) -> bool| nights.iter().filter(|night| is(night)).count();
    let (invented, missed) = (count(Night::is_false), count(Night::is_missed));
    writeln!(
        out,
        "{} nights of devices, {} with an alert, {} within {MARGIN:#} of the grace of {GRACE:#}: {invented} false, {missed} missed",
        nights.len(),
        count(|night| !night.raised.is_empty()),
        count(Night::is_near),
    )?;
    for night in nights
        .iter()
        .filter(|night| night.is_false() || night.is_missed())
    {
        let word = if night.is_false() { "false" } else { "missed" };
        writeln!(
            out,
            "{word:6} {}  {} to {}: idle for {:.0} min, raised {:?}",
            night.device,
            night.from,
            night.until,
            night.idle.as_secs_f64() / 60.0,
            night.raised
        )?;
    }
    out.flush()?;
    Ok(if invented + missed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The nights of these devices, in their order, on all cores.
fn batch(seed: u64, numbers: std::ops::Range<u32>) -> anyhow::Result<Vec<Night>> {
    let waiting = Mutex::new(numbers);
    let work = || -> anyhow::Result<Vec<(u32, Vec<Night>)>> {
        let mut done = Vec::new();
        loop {
            let next = waiting.lock().ok().and_then(|mut waiting| waiting.next());
            let Some(number) = next else { return Ok(done) };
            done.push((number, nights_of(&Subject::night(seed, number, DAYS))?));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut done = Vec::new();
        for thread in threads {
            let of_thread = thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?;
            done.extend(of_thread?);
        }
        anyhow::Ok(done)
    })?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().flat_map(|(_, nights)| nights).collect())
}

fn nights_of(subject: &Subject) -> anyhow::Result<Vec<Night>> {
    let trace = Trace::of(subject);
    let opening = opening(&subject.scenario.devices[0].schedule)?;
    let modality = Modality::named(subject.kind.name).context("no such modality")?;
    let mut config = trace::config(modality, None);
    for device in &mut config.devices {
        device.opening = opening.clone();
        for name in JUDGED {
            let limits = Rule::named(name).map(|rule| Limits {
                grace: GRACE,
                ..rule.limits
            });
            if let Some(place) = device.alerts.limits_mut(name) {
                *place = limits.filter(|_| Rule::named(name).is_some_and(|rule| (rule.looks_at)(modality)));
            }
        }
    }
    let mut analyzer = Analyzer::new(config);
    let mut raised = Vec::new();
    let mut hear = |finding| {
        if let Finding::Alert(alert) = finding
            && JUDGED.contains(&alert.rule.as_str())
            && alert.phase == AlertPhase::Raised
        {
            raised.push(alert.since);
        }
    };
    let last = judged::stream(&mut analyzer, &trace.points, &mut hear);
    let mut findings = Vec::new();
    analyzer.finish(last, &mut findings);
    findings.into_iter().for_each(hear);
    let night = |(from, until): (Timestamp, Timestamp)| Night {
        device: subject.name.clone(),
        from,
        until,
        idle: longest_idle(&trace.truth, from, until),
        raised: raised
            .iter()
            .copied()
            .filter(|since| (from..until).contains(since))
            .collect(),
    };
    let periods = closed(&opening, subject.scored_from(), last);
    Ok(periods.into_iter().map(night).collect())
}

/// The longest stretch of true idle inside these instants.
fn longest_idle(truth: &[Span], from: Timestamp, until: Timestamp) -> SignedDuration {
    let (from_ms, until_ms) = (from.as_millisecond(), until.as_millisecond());
    let idle = truth.iter().filter(|span| span.state == State::Idle);
    let longest_ms = idle
        .map(|span| span.until_ms.min(until_ms) - span.from_ms.max(from_ms))
        .max();
    SignedDuration::from_millis(longest_ms.unwrap_or(0).max(0))
}

/// The closed periods that begin and end between these instants.
fn closed(opening: &OpeningHours, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut periods = Vec::new();
    let mut at = opening.next_change(from);
    while at < until {
        let next = opening.next_change(at);
        if !opening.is_open(at) && next <= until {
            periods.push((at, next));
        }
        at = next;
    }
    periods
}

/// The hours of a simulated device as the analyzer knows them.
fn opening(schedule: &Schedule) -> anyhow::Result<OpeningHours> {
    let time =
        |text: &str| Time::strptime("%H:%M", text).with_context(|| format!("'{text}' is no time of day"));
    let window = Window {
        from: time(&schedule.open)?,
        until: time(&schedule.close)?,
    };
    let mut plan = WeeklyPlan::closed(TimeZone::UTC);
    for day in &schedule.days {
        let weekday = match day {
            Day::Mon => Weekday::Monday,
            Day::Tue => Weekday::Tuesday,
            Day::Wed => Weekday::Wednesday,
            Day::Thu => Weekday::Thursday,
            Day::Fri => Weekday::Friday,
            Day::Sat => Weekday::Saturday,
            Day::Sun => Weekday::Sunday,
        };
        anyhow::ensure!(plan.open(weekday, window), "too many windows on {weekday:?}");
    }
    Ok(OpeningHours::Weekly(plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn night(idle_min: i64, raised: usize) -> Night {
        Night {
            device: String::new(),
            from: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(14),
            idle: SignedDuration::from_mins(idle_min),
            raised: vec![Timestamp::UNIX_EPOCH; raised],
        }
    }

    #[test]
    fn a_night_is_right_false_or_missed() {
        for right in [
            night(27, 0),
            night(33, 1),
            night(29, 0),
            night(29, 1),
            night(31, 0),
        ] {
            assert!(!right.is_false() && !right.is_missed(), "{right:?}");
        }
        assert!(night(27, 1).is_false() && night(200, 2).is_false());
        assert!(night(33, 0).is_missed());
    }

    #[test]
    fn a_weekend_is_one_closed_period_and_idle_is_cut_at_its_edges() {
        let schedule = Schedule {
            open: "08:00".to_owned(),
            close: "17:00".to_owned(),
            ..Schedule::default()
        };
        let opening = opening(&schedule).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (friday, monday) = (at("2026-11-20T17:00:00Z"), at("2026-11-23T08:00:00Z"));
        let periods = closed(&opening, at("2026-11-20T00:00:00Z"), at("2026-11-23T20:00:00Z"));
        assert_eq!(periods, [(friday, monday)]);
        let span = |from: Timestamp, minutes: i64, state| Span {
            from_ms: from.as_millisecond(),
            until_ms: (from + SignedDuration::from_mins(minutes)).as_millisecond(),
            state,
            energy_wh: 0.0,
        };
        let before = friday - SignedDuration::from_mins(50);
        let truth = [span(before, 60, State::Idle), span(monday, 60, State::Idle)];
        assert_eq!(
            longest_idle(&truth, friday, monday),
            SignedDuration::from_mins(10)
        );
    }

    #[test]
    fn some_nights_are_counted() {
        let nights = nights_of(&Subject::night(1, 3, DAYS)).unwrap();
        assert!(!nights.is_empty());
        assert!(nights.iter().all(|night| night.device.contains("workstation")));
    }
}
