//! The report as a person reads it, in at most a hundred columns.

use std::io::{self, Write};

use analyzer::is_pair;
use ingest::decode::survey::{
    ChannelReport, Counting, Equal, Grade, MeterReport, Report, Twin, UnreadReport,
};
use jiff::Timestamp;

use super::Found;
use super::stanza::stanzas;
use super::words::{grouped, payload, shown, span, watts, wrapped};

const WIDTH: usize = 100;
const NAME_WIDTH: usize = 25;
/// Channels of one meter that are listed; a PDU's others are in `--json`.
const CHANNELS_MAX: usize = 12;
/// Shapes that are listed; the others are in `--json`.
const SHAPES_MAX: usize = 25;
const NOTE: &str = "      ";

/// Writes the report.
pub(super) fn write(found: &Found, out: &mut dyn Write) -> io::Result<()> {
    let report = &found.report;
    writeln!(out, "{}", wrapped(&headline(found), "", WIDTH))?;
    for trouble in &found.troubles {
        writeln!(
            out,
            "{}",
            wrapped(&format!("! {}", shown(trouble, 400)), "", WIDTH)
        )?;
    }
    write_forgotten(report, out)?;
    write_meters(found, out)?;
    write_twins(report, out)?;
    write_unread(report, out)?;
    let stanzas = stanzas(found);
    if !stanzas.is_empty() {
        writeln!(
            out,
            "\n# For your idlewatt.toml; then: idlewatt check\n\n{}",
            stanzas.join("\n").trim_end()
        )?;
    }
    Ok(())
}

fn headline(found: &Found) -> String {
    let report = &found.report;
    let what = match found.listened_s {
        Some(seconds) => format!("Listened {} to {}", span(seconds_of(seconds)), found.source),
        None => format!("Read {}", found.source),
    };
    let when = match report.span {
        Some((from, until)) => {
            let local = |at: Timestamp| at.to_zoned_datetime(found.zone.clone());
            let zone = found.zone.iana_name().unwrap_or("UTC");
            format!(
                " ({} to {} {zone})",
                local(from).strftime("%Y-%m-%d %H:%M:%S"),
                local(until).strftime("%H:%M:%S")
            )
        }
        None => String::new(),
    };
    let count =
        |number: u64, one: &str| format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" });
    format!(
        "{what}{when}: {} on {}, {}",
        count(report.messages, "message"),
        count(report.topics as u64, "topic"),
        count(report.meters.len() as u64, "meter")
    )
}

#[expect(clippy::cast_precision_loss, reason = "a listening is short")]
fn seconds_of(seconds: u64) -> f64 {
    seconds as f64
}

fn write_forgotten(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let forgotten = report.forgotten;
    for (count, what) in [
        (forgotten.meters, "meters"),
        (forgotten.topics, "topics"),
        (forgotten.shapes, "kinds of unread topics"),
        (forgotten.decoder, "values that decoders kept of meters"),
    ] {
        if count > 0 {
            let text = format!(
                "! {} {what} were forgotten, the least recently heard first: there are more than are kept. Narrow --topics.",
                grouped(count)
            );
            writeln!(out, "{}", wrapped(&text, "", WIDTH))?;
        }
    }
    Ok(())
}

fn write_meters(found: &Found, out: &mut dyn Write) -> io::Result<()> {
    let report = &found.report;
    if report.meters.is_empty() {
        writeln!(out, "\nNo meter was recognised.")?;
    } else {
        writeln!(
            out,
            "\n  {:<NAME_WIDTH$} {:<13} {:>9} {:>15} {:>11} {:<7} {:>6} {:<3} Q",
            "METER", "FAMILY", "WATTS", "MIN – MAX", "COUNTER kWh", "MOVED", "EVERY", "ON"
        )?;
    }
    let last = report.span.map(|(_, until)| until);
    for meter in &report.meters {
        write_meter(found, meter, last, out)?;
    }
    if !report.meters.is_empty() {
        let key = "Q: A for all that idlewatt does, B for some of it, C for hardly any. MOVED: since the counter last rose.";
        writeln!(out, "\n{}", wrapped(key, "  ", WIDTH))?;
    }
    for (name, is_online) in &report.only_availability {
        let word = if *is_online { "online" } else { "offline" };
        writeln!(
            out,
            "  {} says that it is {word}, and nothing else",
            shown(name, 50)
        )?;
    }
    Ok(())
}

fn write_meter(
    found: &Found,
    meter: &MeterReport,
    last: Option<Timestamp>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let headline = &meter.channels[meter.headline];
    let every = meter.interval_s.map_or_else(|| "?".to_owned(), span);
    let on = match meter.is_online {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "-",
    };
    let grade = match meter.grade {
        Grade::A => "A",
        Grade::B => "B",
        Grade::C => "C",
    };
    let (name, family) = (shown(&meter.meter, NAME_WIDTH), meter.family);
    let is_sum = meter.views.is_none() && meter.channels.len() > 1;
    let values = figures(&whole(meter), last);
    writeln!(
        out,
        "  {name:<NAME_WIDTH$} {family:<13} {values} {every:>6} {on:<3} {grade}"
    )?;
    let mut note = |text: &str| writeln!(out, "{}", wrapped(text, NOTE, WIDTH));
    if let Some(device) = found.feeding.get(&meter.meter) {
        note(&format!("feeds the device {device}"))?;
    }
    if let Some(better) = meter.copy_of.and_then(|at| found.report.meters.get(at)) {
        note(&format!(
            "a copy of {} '{}'",
            better.family,
            shown(&better.meter, 40)
        ))?;
    }
    match &meter.views {
        Some(views) => note(&shown(views, 300))?,
        None if meter.channels.len() == 1 => {
            headline
                .channel
                .iter()
                .try_for_each(|channel| note(&format!("channel {}", shown(channel, 40))))?;
        }
        None => {}
    }
    meter
        .reasons
        .iter()
        .try_for_each(|reason| note(&shown(reason, 300)))?;
    if is_sum {
        let pairs = meter
            .channels
            .iter()
            .filter(|part| is_pair(part.channel.as_deref()));
        note(&format!(
            "the sum of {} channels, none of which is their total",
            meter.channels.len() - pairs.count()
        ))?;
        write_channels(meter, last, out)?;
    }
    Ok(())
}

/// What a meter's parts make together.
fn sum(meter: &MeterReport) -> ChannelReport {
    let parts = || {
        let channels = meter.channels.iter();
        channels.filter(|part| !is_pair(part.channel.as_deref()))
    };
    let added = |value: fn(&ChannelReport) -> Option<f64>| {
        parts().filter_map(value).fold(None, |sum: Option<f64>, value| {
            Some(sum.unwrap_or_default() + value)
        })
    };
    ChannelReport {
        channel: None,
        power_w: added(|part| part.power_w),
        power_w_min: None,
        power_w_max: None,
        energy_wh: added(|part| part.energy_wh),
        counting: None,
        rose: None,
        energy_export_wh: None,
        voltage_v: None,
        current_a: None,
    }
}

/// What stands for the meter: its total, its only load, else the sum of its parts; also where the total states only
/// one of power and counter.
fn whole(meter: &MeterReport) -> ChannelReport {
    let headline = &meter.channels[meter.headline];
    let sum = sum(meter);
    if meter.views.is_none() && meter.channels.len() > 1 {
        return sum;
    }
    ChannelReport {
        power_w: headline.power_w.or(sum.power_w),
        energy_wh: headline.energy_wh.or(sum.energy_wh),
        ..headline.clone()
    }
}

fn write_channels(meter: &MeterReport, last: Option<Timestamp>, out: &mut dyn Write) -> io::Result<()> {
    for channel in meter.channels.iter().take(CHANNELS_MAX) {
        let name = channel
            .channel
            .as_deref()
            .map_or_else(|| "without a name".to_owned(), |name| shown(name, 30));
        let text = format!("      {name:<35} {}", figures(channel, last));
        writeln!(out, "{}", text.trim_end())?;
    }
    match meter.channels.len().saturating_sub(CHANNELS_MAX) {
        0 => Ok(()),
        more => writeln!(out, "      and {more} more channels; --json lists them"),
    }
}

/// Watts, their range, the counter and since when it moved, in columns.
fn figures(channel: &ChannelReport, last: Option<Timestamp>) -> String {
    let power = match (channel.power_w, channel.current_a) {
        (Some(power_w), _) => watts(power_w),
        (None, Some(current_a)) => format!("{current_a:.2} A"),
        (None, None) => "-".to_owned(),
    };
    let range = match (channel.power_w_min, channel.power_w_max) {
        (Some(min), Some(max)) => format!("{} – {}", watts(min), watts(max)),
        _ => String::new(),
    };
    let counter = channel.energy_wh.map_or_else(
        || "-".to_owned(),
        |energy_wh| format!("{:.3}", energy_wh / 1000.0),
    );
    let moved = match channel.counting {
        None => String::new(),
        Some(Counting::Stands) => "stands".to_owned(),
        Some(Counting::Fell) => "FELL".to_owned(),
        Some(Counting::Unproven) => "not yet".to_owned(),
        Some(Counting::Rises) => match (channel.rose, last) {
            (Some(rose), Some(last)) => span(last.duration_since(rose).as_secs_f64().max(0.0)),
            _ => "counts".to_owned(),
        },
    };
    format!("{power:>9} {range:>15} {counter:>11} {moved:<7}")
}

fn write_twins(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if !report.twins.is_empty() {
        writeln!(out, "\nOne load, heard twice")?;
    }
    for twin in &report.twins {
        writeln!(out, "{}", wrapped(&twin_in_words(report, twin), "  ", WIDTH))?;
    }
    Ok(())
}

/// Which two are one load, by what, and which one to use.
pub(super) fn twin_in_words(report: &Report, twin: &Twin) -> String {
    let equal = match twin.equal {
        Equal::Counter => "the same counter",
        Equal::Power => "the same power",
    };
    let name = |(at, channel): &(usize, Option<String>)| {
        let meter = &report.meters[*at];
        let channel = channel
            .as_deref()
            .map(|channel| format!(" {}", shown(channel, 30)))
            .unwrap_or_default();
        format!("{} '{}'{channel}", meter.family, shown(&meter.meter, 40))
    };
    let (keep, pairs) = (name(&twin.keep), twin.pairs);
    match &twin.topics {
        Some((one, two)) => format!(
            "{keep} comes on two topics, {} and {}: {equal} {pairs} times; it is counted once, silencing one saves traffic",
            shown(one, 60),
            shown(two, 60)
        ),
        None => format!(
            "{keep} and {}: {equal} {pairs} times; use the first",
            name(&twin.leave)
        ),
    }
}

fn write_unread(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if !report.unread.is_empty() {
        writeln!(out, "\nNot read")?;
    }
    for unread in report.unread.iter().take(SHAPES_MAX) {
        write_shape(unread, out)?;
    }
    match report.unread.len().saturating_sub(SHAPES_MAX) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more kinds of topics; --json lists them"),
    }
}

fn write_shape(unread: &UnreadReport, out: &mut dyn Write) -> io::Result<()> {
    let plural =
        |count: u64, one: &str| format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" });
    let (messages, topics) = (
        plural(unread.messages, "message"),
        plural(unread.topics as u64, "topic"),
    );
    writeln!(out, "  {:<60} {messages}, {topics}", shown(&unread.shape, 60))?;
    let reason = match (&unread.mapper, unread.family) {
        (Some(_), _) => "its numbers are known by name: a [[mapper]] for it stands below".to_owned(),
        (None, Some(family)) => format!("{family}: {}", shown(&unread.reason, 300)),
        (None, None) => "no family knows it, and no number in it says that it is power or energy".to_owned(),
    };
    writeln!(out, "{}", wrapped(&reason, NOTE, WIDTH))?;
    let topic = shown(&unread.sample_topic, 60);
    let room = WIDTH
        .saturating_sub(NOTE.len() + topic.chars().count() + 2)
        .max(30);
    writeln!(out, "{NOTE}{topic}  {}", payload(&unread.sample_payload, room))
}
