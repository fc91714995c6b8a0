//! What a survey found, as plain data: for the command that prints it.

use jiff::Timestamp;

use super::super::ReasonKind;
use super::meter::{Channel, Meter};
use super::proposal::{self, MapperProposal, NamingProposal};
use super::quality::{Counting, Grade, counting, grade};
use super::series::Series;
use super::twin::{self, Equal, Source};
use super::unread::Group;

/// All that a survey found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Messages heard.
    pub messages: u64,
    /// Topics remembered.
    pub topics: usize,
    /// First and last instant of a message; none without messages, or where it is not known when they came.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The meters, by family and name.
    pub meters: Vec<MeterReport>,
    /// What said only whether it is there: name and word.
    pub only_availability: Vec<(String, bool)>,
    /// One load heard twice.
    pub twins: Vec<Twin>,
    /// What could not be read.
    pub unread: Vec<UnreadReport>,
    /// Names in families' messages that want an explanation.
    pub namings: Vec<NamingProposal>,
    /// What was forgotten because a table was full.
    pub forgotten: Forgotten,
}

/// What was forgotten because a table was full, the least recently heard first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Meters.
    pub meters: u64,
    /// Topics.
    pub topics: u64,
    /// Shapes of topics that could not be read.
    pub shapes: u64,
    /// What the decoders forgot of meters.
    pub decoder: u64,
}

/// One meter.
#[derive(Clone, Debug)]
pub struct MeterReport {
    /// Its family.
    pub family: &'static str,
    /// Its name, as devices are fed by it.
    pub meter: String,
    /// Messages with readings.
    pub messages: u64,
    /// … of which live, not retained.
    pub live: u64,
    /// Its channels.
    pub channels: Vec<ChannelReport>,
    /// Which of them stands for the meter.
    pub headline: usize,
    /// Median time between two values, seconds.
    pub interval_s: Option<f64>,
    /// Its word on itself.
    pub is_online: Option<bool>,
    /// How far it can be trusted.
    pub grade: Grade,
    /// Why not further.
    pub reasons: Vec<String>,
    /// Which channels are views of one load, in words.
    pub views: Option<String>,
    /// Topics it was heard on, the first few.
    pub topics: Vec<String>,
    /// The place of the meter that says the same and is the better one.
    pub copy_of: Option<usize>,
}

/// One channel.
#[derive(Clone, Debug)]
pub struct ChannelReport {
    /// Its name; none for a meter of one load.
    pub channel: Option<String>,
    /// Last power, W.
    pub power_w: Option<f64>,
    /// Least power, W.
    pub power_w_min: Option<f64>,
    /// Most power, W.
    pub power_w_max: Option<f64>,
    /// The counter, Wh.
    pub energy_wh: Option<f64>,
    /// What the counter did.
    pub counting: Option<Counting>,
    /// When it last rose.
    pub rose: Option<Timestamp>,
    /// The export counter, Wh.
    pub energy_export_wh: Option<f64>,
    /// Last voltage, V.
    pub voltage_v: Option<f64>,
    /// Last current, A.
    pub current_a: Option<f64>,
}

/// One load that is heard twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Twin {
    /// The better one: its place among the meters, its channel.
    pub keep: (usize, Option<String>),
    /// The other; the same place where two topics bring one channel.
    pub leave: (usize, Option<String>),
    /// The topics, where it is one channel.
    pub topics: Option<(String, String)>,
    /// What is equal.
    pub equal: Equal,
    /// In how many pairs of values.
    pub pairs: u32,
}

/// Messages that could not be read, of one shape of topics.
#[derive(Clone, Debug)]
pub struct UnreadReport {
    /// The topics' shape, with `+` where they differ.
    pub shape: String,
    /// The family that recognised them.
    pub family: Option<&'static str>,
    /// Whether they are broken, not merely unknown.
    pub is_malformed: bool,
    /// Why they could not be read.
    pub reason: String,
    /// How many messages.
    pub messages: u64,
    /// On how many topics.
    pub topics: usize,
    /// One topic.
    pub sample_topic: String,
    /// The beginning of its payload, any bytes.
    pub sample_payload: Vec<u8>,
    /// The mapper that would read them.
    pub mapper: Option<MapperProposal>,
}

/// How far the sum of phases may be from the total, of the total.
const SUM_TOLERANCE: f64 = 0.03;

/// What is said of a meter.
pub(super) fn meter(meter: &Meter, has_times: bool) -> MeterReport {
    let headline = meter.headline();
    let interval_s = headline
        .and_then(|(_, channel)| interval_s(channel))
        .filter(|_| has_times);
    let (grade, reasons) = grade(meter, interval_s, has_times);
    let headline = headline.map(|(name, _)| name.clone());
    MeterReport {
        family: meter.family,
        meter: meter.name.clone(),
        messages: meter.messages,
        live: meter.live,
        headline: meter
            .channels
            .keys()
            .position(|name| Some(name) == headline.as_ref())
            .unwrap_or_default(),
        channels: meter
            .channels
            .iter()
            .map(|(name, channel)| channel_report(name, channel, has_times))
            .collect(),
        interval_s,
        is_online: meter.is_online,
        grade,
        reasons,
        views: views(meter),
        topics: meter.topics.iter().map(|(_, topic)| topic.clone()).collect(),
        copy_of: None,
    }
}

/// How often a channel says something: its power, else its counter, else its current.
fn interval_s(channel: &Channel) -> Option<f64> {
    let series = [&channel.power, &channel.energy, &channel.current];
    series
        .into_iter()
        .find(|series| series.count > 0)
        .and_then(Series::interval_s)
}

fn channel_report(name: &Option<String>, channel: &Channel, has_times: bool) -> ChannelReport {
    let last = |series: &Series| series.last().map(|sample| sample.value);
    let rose_us = channel.energy.rose_us.filter(|_| has_times);
    ChannelReport {
        channel: name.clone(),
        power_w: last(&channel.power),
        power_w_min: channel.power.min,
        power_w_max: channel.power.max,
        energy_wh: last(&channel.energy),
        counting: last(&channel.energy).map(|_| counting(channel)),
        rose: rose_us.and_then(|us| Timestamp::from_microsecond(us).ok()),
        energy_export_wh: channel.energy_export_wh,
        voltage_v: channel.voltage_v,
        current_a: last(&channel.current),
    }
}

/// Total and parts are views of one load.
fn views(meter: &Meter) -> Option<String> {
    let of = |name: &str| meter.channels.get(&Some(name.to_owned()));
    let last = |channel: &Channel| channel.power.last().map(|sample| sample.value);
    let total = of("total").or_else(|| meter.channels.get(&None))?;
    let parts: Vec<(&str, &Channel)> = meter
        .channels
        .iter()
        .filter_map(|(name, channel)| Some((name.as_deref().filter(|name| *name != "total")?, channel)))
        .filter(|(name, _)| !analyzer::is_pair(Some(name)))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let names = if parts.len() <= 4 {
        parts.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    } else {
        format!("the other {} channels", parts.len())
    };
    let sum: Option<f64> = parts.iter().map(|(_, channel)| last(channel)).sum();
    let (Some(total_w), Some(sum_w)) = (last(total), sum) else {
        return Some(format!(
            "total and {names} are views of one load: only the total is used"
        ));
    };
    let is_sum = (total_w - sum_w).abs() <= (total_w.abs() * SUM_TOLERANCE).max(5.0);
    Some(if is_sum {
        format!("total is the sum of {names}: views of one load, only the total is used")
    } else {
        format!(
            "total is {total_w:.0} W, but {names} make {sum_w:.0} W: look at the clamps; only the total is used"
        )
    })
}

/// The loads that are heard twice; the worse ones are marked as copies.
pub(super) fn twins(heard: &[&Meter], meters: &mut [MeterReport]) -> Vec<Twin> {
    let mut sources = Vec::new();
    for (at, meter) in heard.iter().enumerate() {
        sources.extend(meter.channels.iter().map(|(name, channel)| Source {
            meter: at,
            channel: name.as_deref(),
            power: &channel.power,
            energy: &channel.energy,
        }));
    }
    let topic = |meter: usize, id: u32| {
        let mut topics = heard[meter].topics.iter();
        topics
            .find(|(known, _)| *known == id)
            .map(|(_, topic)| topic.clone())
    };
    let mut pairs = twin::pairs(&sources);
    let is_whole = |source: &Source<'_>| {
        let meter = &meters[source.meter];
        meter.channels[meter.headline].channel.as_deref() == source.channel
    };
    // where several channels are equal, it is said of the meters as wholes
    pairs.sort_by_key(|pair| !(is_whole(&sources[pair.sources.0]) && is_whole(&sources[pair.sources.1])));
    let mut found: Vec<Twin> = Vec::new();
    for pair in pairs {
        let (one, two) = (&sources[pair.sources.0], &sources[pair.sources.1]);
        let place = |source: &Source<'_>| (source.meter, source.channel.map(str::to_owned));
        let is_told = |twin: &Twin| {
            let told = [twin.keep.0, twin.leave.0];
            told == [one.meter, two.meter] || told == [two.meter, one.meter]
        };
        if found.iter().any(is_told) {
            continue;
        }
        let is_first_better = is_better(&meters[one.meter], &meters[two.meter]);
        let (keep, leave) = if is_first_better { (one, two) } else { (two, one) };
        let topics = (one.meter == two.meter)
            .then(|| Some((topic(one.meter, pair.topics.0)?, topic(one.meter, pair.topics.1)?)))
            .flatten();
        if one.meter == two.meter && topics.is_none() {
            continue;
        }
        found.push(Twin {
            keep: place(keep),
            leave: place(leave),
            topics,
            equal: pair.equal,
            pairs: pair.pairs,
        });
    }
    for twin in &found {
        let is_whole = |(at, channel): &(usize, Option<String>)| {
            meters[*at].channels[meters[*at].headline].channel == *channel
        };
        if twin.keep.0 != twin.leave.0 && is_whole(&twin.keep) && is_whole(&twin.leave) {
            meters[twin.leave.0].copy_of = Some(twin.keep.0);
        }
    }
    found
}

/// Which of two is to be used: the one of the better grade, that says more, more often; else the first by name.
fn is_better(one: &MeterReport, other: &MeterReport) -> bool {
    let values = |meter: &MeterReport| {
        let channels = meter.channels.iter();
        channels
            .map(|channel| usize::from(channel.power_w.is_some()) + usize::from(channel.energy_wh.is_some()))
            .sum::<usize>()
    };
    let by_grade = one.grade.cmp(&other.grade);
    let by_values = values(other).cmp(&values(one));
    let by_messages = other.live.cmp(&one.live);
    by_grade.then(by_values).then(by_messages).is_le()
}

/// What is said of messages that could not be read.
pub(super) fn unread(group: &Group, read_topics: &[&str]) -> UnreadReport {
    UnreadReport {
        shape: group.shape.levels.join("/"),
        family: group.family,
        is_malformed: group.kind == ReasonKind::Malformed,
        reason: group.reason.clone(),
        messages: group.messages,
        topics: group.topics.len(),
        sample_topic: group.sample_topic.clone(),
        sample_payload: group.sample_payload.clone(),
        mapper: proposal::mapper(group, read_topics),
    }
}
