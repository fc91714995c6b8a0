//! What to paste into the configuration: devices for meters that feed none, mappers and namings for what was unread.
//!
//! All of it loads. Only a modality that cannot be guessed is left for a person: `idlewatt check` then asks for it.

use std::collections::BTreeSet;
use std::fmt::Write;

use analyzer::is_pair;
use analyzer::modality::MODALITIES;
use ingest::decode::Quantity;
use ingest::decode::survey::{ChannelReport, Figure, MapperProposal, MeterReport, NamingProposal};

use super::candidate::Said;
use super::words::shown;
use super::{Found, guess};

/// An id longer than this does not fit on a tile.
const ID_LENGTH_MAX: usize = 64;
const TOTAL: &str = "total";
/// Names of others in comments.
const WIDTH: usize = 60;

/// All stanzas of a report.
pub(super) fn stanzas(found: &Found) -> Vec<String> {
    let report = &found.report;
    let mut stanzas: Vec<String> = report
        .unread
        .iter()
        .filter_map(|unread| unread.mapper.as_ref())
        .map(mapper)
        .collect();
    stanzas.extend(report.namings.iter().map(naming));
    let mut ids = found.ids.clone();
    for (at, meter) in report.meters.iter().enumerate() {
        if !found.feeding.contains_key(&meter.meter) && meter.copy_of.is_none() {
            let copies = report.meters.iter().filter(|other| other.copy_of == Some(at));
            stanzas.push(device(meter, copies, &mut ids, None));
        }
    }
    stanzas
}

/// The stanza of one device: as it is guessed, or as a person says.
pub(super) fn device<'r>(
    meter: &MeterReport,
    copies: impl Iterator<Item = &'r MeterReport>,
    ids: &mut BTreeSet<String>,
    said: Option<&Said>,
) -> String {
    let headline = &meter.channels[meter.headline];
    let mut text = "[[device]]\n".to_owned();
    for copy in copies {
        let _ = writeln!(
            text,
            "# heard also as {} '{}': name only one of them",
            copy.family,
            shown(&copy.meter, WIDTH)
        );
    }
    let id = free_id(&meter.meter, ids);
    let _ = writeln!(text, "id = {}", quoted(&id));
    let name = said.map_or(&meter.meter, |said| &said.name);
    let _ = writeln!(text, "name = {}", quoted(name));
    if let Some(said) = said {
        let _ = writeln!(text, "room = {}", quoted(&said.room));
    } else {
        let _ = writeln!(text, "room = \"to be named\"  # the room it stands in");
    }
    let guess = guess::modality(&names(meter), headline.power_w_max);
    match said
        .map(|said| (said.modality, None))
        .or(guess.map(|(modality, why)| (modality, Some(why))))
    {
        Some((modality, None)) => {
            let _ = writeln!(text, "modality = \"{modality}\"");
        }
        Some((modality, Some(why))) => {
            let _ = writeln!(text, "modality = \"{modality}\"  # {why}: check this");
        }
        None => {
            let words: Vec<&str> = MODALITIES.iter().map(|modality| modality.name).collect();
            let _ = writeln!(text, "#modality = \"\"  # must be said: {}", words.join(", "));
        }
    }
    let _ = writeln!(text, "meter = {}", quoted(&meter.meter));
    text + &channels(meter, headline)
}

/// What a meter is called, and where it is heard.
pub(super) fn names(meter: &MeterReport) -> Vec<&str> {
    let mut names = vec![meter.meter.as_str()];
    names.extend(meter.topics.iter().map(String::as_str).take(1));
    names
}

/// The channels that add up to the load.
fn channels(meter: &MeterReport, headline: &ChannelReport) -> String {
    let names: Vec<&str> = meter
        .channels
        .iter()
        .filter_map(|channel| channel.channel.as_deref())
        .filter(|name| !is_pair(Some(name)))
        .collect();
    let quoted_names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let is_phase = |name: &&str| matches!(*name, "l1" | "l2" | "l3");
    match headline.channel.as_deref() {
        None => String::new(),
        Some(TOTAL) if is_complete(meter, headline) => "channels = [\"total\"]\n".to_owned(),
        // the total where the meter states one, else the sum of the others: that is what holds when nothing is said
        Some(TOTAL) => String::new(),
        Some(_) if names.len() > 1 && !names.iter().all(is_phase) => format!(
            "# clamps or outlets: give each machine a [[device]] with its own\nchannels = [{}]\n",
            quoted_names.join(", ")
        ),
        Some(_) => format!("channels = [{}]\n", quoted_names.join(", ")),
    }
}

/// Whether the total states all that its parts do.
fn is_complete(meter: &MeterReport, total: &ChannelReport) -> bool {
    let parts = || meter.channels.iter();
    (total.power_w.is_some() || parts().all(|part| part.power_w.is_none()))
        && (total.energy_wh.is_some() || parts().all(|part| part.energy_wh.is_none()))
}

fn mapper(proposal: &MapperProposal) -> String {
    let mut text = "[[mapper]]\n".to_owned();
    let _ = writeln!(text, "name = {}", quoted(&proposal.name));
    let _ = writeln!(text, "topic = {}", quoted(&proposal.topic));
    if let Some(meter) = &proposal.meter {
        let _ = writeln!(text, "meter = {}", quoted(meter));
    }
    for figure in &proposal.fields {
        let _ = writeln!(text, "[[mapper.field]]  # for example {}", figure.value);
        if let Some(field) = &figure.field {
            let _ = writeln!(text, "field = {}", quoted(field));
        }
        if let Some(pointer) = &figure.pointer {
            let _ = writeln!(text, "pointer = {}", quoted(pointer));
        }
        text += &meaning(figure);
    }
    text
}

fn naming(proposal: &NamingProposal) -> String {
    let (family, figure) = (quoted(proposal.family), &proposal.figure);
    let name = quoted(&figure.name);
    format!("[[naming]]\nfamily = {family}\nname = {name}\n") + &meaning(figure)
}

fn meaning(figure: &Figure) -> String {
    let quantity = match figure.quantity {
        Quantity::Power => "power",
        Quantity::Energy => "energy",
        Quantity::EnergyExport => "energy_export",
        Quantity::Voltage => "voltage",
        Quantity::Current => "current",
    };
    let check = if figure.is_unit_assumed {
        "  # check this"
    } else {
        ""
    };
    let mut text = format!("quantity = \"{quantity}\"\nunit = \"{}\"{check}\n", figure.unit);
    if let Some(channel) = &figure.channel {
        let _ = writeln!(text, "channel = {}", quoted(channel));
    }
    text
}

/// An id made of a meter's name that no device has yet.
fn free_id(meter: &str, ids: &mut BTreeSet<String>) -> String {
    let is_plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '-' | '_' | '.');
    let plain = meter.to_lowercase();
    let plain: String = plain
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '-' })
        .collect();
    let plain = plain.trim_matches('-');
    let plain: String = if plain.is_empty() { "device" } else { plain }
        .chars()
        .take(ID_LENGTH_MAX - 6)
        .collect();
    let mut numbered = (2..).map(|number| format!("{plain}-{number}"));
    let mut id = plain.clone();
    while ids.contains(&id) {
        id = numbered.next().unwrap_or_default();
    }
    ids.insert(id.clone());
    id
}

/// A text as TOML's basic string, on one line whatever is in it.
pub(in crate::command) fn quoted(text: &str) -> String {
    // TOML has JSON's escapes, and forbids one character more
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}
