//! Readings of one device in the order of their instants, in whatever order they come.
//!
//! Meters stamp their readings and networks deliver them late: a reading may come up to [`LATENESS`] after its instant,
//! behind younger ones of the same meter and of others. Where a device has several meters, or one that stamps, two
//! trackers share the work:
//!
//! - the *settled* one hears a reading once none that is older can come any more, those of one instant together, and says
//!   all that is final, and which points of the curve were said wrong. So what is final does not depend on the order in
//!   which readings came;
//! - the one *ahead* hears each reading at once, and says points of the curve and changes of the live state. A reading
//!   that comes behind a younger one makes it begin anew: from the settled one, with all that waits.
//!
//! A device of one meter that does not stamp is in order by itself: nothing waits, and there is no second tracker.
//!
//! Limits: [`WAITING_MAX`] messages wait; beyond, the oldest is settled early. What is older than what is settled is not
//! used: it is counted, and said as [`TooLate`](crate::FaultKind::TooLate). Two values of one channel and instant: the one
//! that came last holds. Invariant: what waits is sorted by instant and feed.

mod kept;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, StateChange};
use crate::tracker::{Context, LATENESS, Tracker};
use crate::{Arrival, Reading};

/// Two meters with three phases and their registers in separate messages each second, nearly.
const WAITING_MAX: usize = 96;

/// The memory of one device, however its readings come.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ordered {
    settled: Tracker,
    waiting: Vec<Heard>,
    /// A meter of the device stamps its readings.
    is_stamped: bool,
    /// Made from the others when it is needed.
    #[serde(skip)]
    ahead: Option<Box<Ahead>>,
}

#[derive(Debug)]
struct Ahead {
    tracker: Tracker,
    /// The newest instant of which it has said a point.
    sampled: Option<Timestamp>,
}

/// A message of one meter that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Heard {
    #[serde(with = "crate::nanoseconds")]
    at: Timestamp,
    feed: usize,
    what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum What {
    Readings {
        is_after_outage: bool,
        #[serde(with = "kept")]
        readings: Vec<Reading>,
    },
    Offline,
}

impl Ordered {
    /// What is settled.
    pub(crate) fn settled(&self) -> &Tracker {
        &self.settled
    }

    /// The same, for what is no reading: a person's word, a doubt about a meter's clock.
    pub(crate) fn settled_mut(&mut self) -> &mut Tracker {
        &mut self.settled
    }

    fn is_needed(&self, context: Context<'_>) -> bool {
        self.is_stamped || context.device.feeds.len() > 1 || !self.waiting.is_empty()
    }

    /// Takes one message's readings of the feed number `feed`, measured at `at`.
    pub(crate) fn observe(
        &mut self,
        context: Context<'_>,
        (feed, at): (usize, Timestamp),
        arrival: Arrival,
        readings: &[Reading],
        out: &mut Vec<Finding>,
    ) {
        self.is_stamped |= readings.iter().any(|reading| reading.stamp.is_some());
        if !self.is_needed(context) {
            return self
                .settled
                .observe(context, (feed, at), arrival.is_after_outage, readings, out);
        }
        let Some(meter) = context.device.feeds.get(feed).map(|feed| &feed.meter) else {
            return;
        };
        if context.behind.is_some() || self.settled.is_too_late(at) {
            return self.settled.say_too_late(context, (meter, at), out);
        }
        let what = What::Readings {
            is_after_outage: arrival.is_after_outage,
            readings: readings.to_vec(),
        };
        self.wait(context, Heard { at, feed, what }, out);
        self.settle(context, arrival.at - LATENESS, out);
    }

    /// The meter of the feed number `feed` said that it is away: its values are stale from `at` on.
    pub(crate) fn offline(
        &mut self,
        context: Context<'_>,
        (feed, at): (usize, Timestamp),
        out: &mut Vec<Finding>,
    ) {
        if !self.is_needed(context) {
            return self.settled.offline(context, (feed, at), out);
        }
        if !self.settled.is_too_late(at) {
            let what = What::Offline;
            self.wait(context, Heard { at, feed, what }, out);
        }
    }

    /// Puts a message into its place, and lets the tracker ahead hear it.
    fn wait(&mut self, context: Context<'_>, heard: Heard, out: &mut Vec<Finding>) {
        let at = heard.at;
        let is_before = |other: &Heard| (other.at, other.feed) <= (at, heard.feed);
        let place = self.waiting.partition_point(is_before);
        let is_last = place == self.waiting.len();
        self.waiting.insert(place, heard);
        match &mut self.ahead {
            Some(ahead) if is_last && ahead.sampled.is_none_or(|sampled| sampled < at) => {
                ahead.hear(context, &self.waiting[place..], out);
            }
            _ => self.begin_anew(context, at, out),
        }
        if self.waiting.len() > WAITING_MAX {
            let oldest = self.waiting[0].at;
            self.settle(context, oldest + SignedDuration::from_nanos(1), out);
        }
    }

    /// The tracker ahead begins anew from the settled one; says what is other than it was from `since` on.
    fn begin_anew(&mut self, context: Context<'_>, since: Timestamp, out: &mut Vec<Finding>) {
        let before = self.ahead.take();
        let from = before.map_or(self.settled.state(), |before| before.tracker.state());
        let mut ahead = Box::new(Ahead {
            tracker: self.settled.clone(),
            sampled: None,
        });
        let mut said = Vec::new();
        ahead.hear(context, &self.waiting, &mut said);
        let to = ahead.tracker.state();
        let is_change =
            |finding: &&Finding| matches!(finding, Finding::StateChange(change) if change.to == to);
        let change = said.iter().rev().find(is_change).cloned();
        let is_news = |finding: &Finding| matches!(finding, Finding::Sample(sample) if sample.at >= since);
        out.extend(said.into_iter().filter(is_news));
        if from != to {
            // where none says it, a change was said that is none
            out.push(change.unwrap_or_else(|| {
                Finding::StateChange(StateChange {
                    device: context.device.id.clone(),
                    at: since,
                    from,
                    to,
                    power_w: None,
                })
            }));
        }
        self.ahead = Some(ahead);
    }

    /// Settles what waits from before `until`: nothing older comes any more.
    fn settle(&mut self, context: Context<'_>, until: Timestamp, out: &mut Vec<Finding>) {
        let count = self.waiting.partition_point(|heard| heard.at < until);
        if count > 0 {
            hear(&mut self.settled, context, &self.waiting[..count], is_final, out);
            self.waiting.drain(..count);
        }
    }

    /// Nothing that waits is waited for any longer.
    pub(crate) fn settle_all(&mut self, context: Context<'_>, out: &mut Vec<Finding>) {
        self.settle(context, Timestamp::MAX, out);
    }

    /// Time has gone on to `now`.
    pub(crate) fn advance(&mut self, context: Context<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        if !self.is_needed(context) {
            return self.settled.advance(context, (now, LATENESS), out);
        }
        let until = now - LATENESS;
        self.settle(context, until, out);
        let begun = out.len();
        self.settled.advance(context, (until, SignedDuration::ZERO), out);
        keep(out, begun, |finding| is_final(finding, now));
        if let Some(ahead) = &mut self.ahead {
            let begun = out.len();
            ahead.tracker.advance(context, (now, LATENESS), out);
            keep(out, begun, |finding| is_live(finding, now));
        }
    }

    /// The stream ends at `until`: everything that waits is made final and said.
    pub(crate) fn finish(&mut self, context: Context<'_>, until: Timestamp, out: &mut Vec<Finding>) {
        if !self.is_needed(context) {
            return self.settled.finish(context, until, out);
        }
        hear(&mut self.settled, context, &self.waiting, is_final, out);
        self.waiting.clear();
        let begun = out.len();
        self.settled.finish(context, until, out);
        keep(out, begun, |finding| is_final(finding, until));
        if let Some(mut ahead) = self.ahead.take() {
            let begun = out.len();
            ahead.tracker.finish(context, until, out);
            keep(out, begun, |finding| is_live(finding, until));
        }
    }
}

impl Ahead {
    fn hear(&mut self, context: Context<'_>, messages: &[Heard], out: &mut Vec<Finding>) {
        let begun = out.len();
        hear(&mut self.tracker, context, messages, is_live, out);
        let points = out[begun..].iter().filter_map(|finding| match finding {
            Finding::Sample(sample) => Some(sample.at),
            _ => None,
        });
        self.sampled = self.sampled.max(points.max());
    }
}

/// Lets a tracker hear messages that are in order; of those of one instant it makes one sample.
fn hear(
    tracker: &mut Tracker,
    context: Context<'_>,
    messages: &[Heard],
    is_kept: fn(&Finding, Timestamp) -> bool,
    out: &mut Vec<Finding>,
) {
    for together in messages.chunk_by(|one, other| one.at == other.at) {
        let (mut is_sound, begun, now) = (false, out.len(), together[0].at);
        for Heard { at, feed, what } in together {
            match what {
                What::Readings {
                    is_after_outage,
                    readings,
                } => is_sound |= tracker.hear(context, (*feed, *at), *is_after_outage, readings, out),
                What::Offline => tracker.offline(context, (*feed, *at), out),
            }
        }
        if is_sound {
            tracker.sample_if_complete(context, now, out);
        }
        keep(out, begun, |finding| is_kept(finding, now));
    }
}

/// Whether the settled tracker says it, at `now`: all but points and changes that are said at once.
fn is_final(finding: &Finding, now: Timestamp) -> bool {
    match finding {
        Finding::Sample(_) => is_correction(finding, now),
        Finding::StateChange(_) => false,
        _ => true,
    }
}

/// Whether the tracker ahead says it, at `now`.
fn is_live(finding: &Finding, now: Timestamp) -> bool {
    match finding {
        Finding::Sample(_) => !is_correction(finding, now),
        Finding::StateChange(_) => true,
        _ => false,
    }
}

fn is_correction(finding: &Finding, now: Timestamp) -> bool {
    matches!(finding, Finding::Sample(sample) if sample.at < now && !sample.is_provisional)
}

/// Of the findings from `begun` on, those that are to be said; what stands before is not looked at, it may be much.
fn keep(out: &mut Vec<Finding>, begun: usize, is_kept: impl Fn(&Finding) -> bool) {
    let mut end = begun;
    for place in begun..out.len() {
        if is_kept(&out[place]) {
            out.swap(end, place);
            end += 1;
        }
    }
    out.truncate(end);
}
