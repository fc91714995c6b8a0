//! What to write into the configuration so that unread messages become readings: a mapper, or namings.
//!
//! A proposed mapper is compiled before it is proposed, and takes no topic that somebody reads already.

use super::super::ReasonKind;
use super::super::collect::Quantity;
use super::super::mapper::{CompiledMapper, Mapper, MapperField};
use super::figure::Figure;
use super::shape::{ANY, FIELD, is_generic};
use super::unread::Group;

/// A `[[mapper]]` that would read a shape of topics.
#[derive(Clone, Debug, PartialEq)]
pub struct MapperProposal {
    /// A name for people.
    pub name: String,
    /// The topic's template.
    pub topic: String,
    /// The meter's name, where the template has none.
    pub meter: Option<String>,
    /// The values.
    pub fields: Vec<Figure>,
}

/// A `[[naming]]` for a name in a family's messages.
#[derive(Clone, Debug, PartialEq)]
pub struct NamingProposal {
    /// The family.
    pub family: &'static str,
    /// The name and what it seems to be.
    pub figure: Figure,
}

/// The mapper for a group; none where its numbers say nothing, or a family knows the messages.
pub(super) fn mapper(group: &Group, read_topics: &[&str]) -> Option<MapperProposal> {
    let says_load = |figure: &Figure| {
        matches!(
            figure.quantity,
            Quantity::Power | Quantity::Energy | Quantity::Current
        )
    };
    if group.family.is_some() || !group.figures.iter().any(says_load) {
        return None;
    }
    let has_field = group.shape.levels.iter().any(|level| level == FIELD);
    let fields = group
        .figures
        .iter()
        .filter(|figure| figure.field.is_some() == has_field);
    let fields = one_load(fields.cloned().collect());
    let wide = wide(group, &fields);
    let narrow = narrow(group, &fields);
    [wide, Some(narrow)].into_iter().flatten().find(|proposal| {
        let compiled = CompiledMapper::of(&proposal.mapper());
        compiled.is_ok_and(|compiled| {
            compiled.matches(&group.sample_topic) && !read_topics.iter().any(|topic| compiled.matches(topic))
        })
    })
}

/// Total and values without a channel are of one load: they get the same channel, so that its power finds its counter.
fn one_load(mut fields: Vec<Figure>) -> Vec<Figure> {
    const TOTAL: &str = "total";
    let is_part = |figure: &Figure| figure.channel.as_deref().is_some_and(|channel| channel != TOTAL);
    let whole = fields.iter().any(is_part).then(|| TOTAL.to_owned());
    let mut taken: Vec<Quantity> = Vec::new();
    fields.retain_mut(|figure| {
        if is_part(figure) {
            return true;
        }
        figure.channel.clone_from(&whole);
        // of two values for one place, the first is meant
        let is_free = figure.field.is_some() || !taken.contains(&figure.quantity);
        taken.push(figure.quantity);
        is_free
    });
    fields
}

/// The namings for a family's messages whose names nobody has explained.
pub(super) fn namings(group: &Group) -> Vec<NamingProposal> {
    const OBJECTS: [&str; 3] = ["/object/", "/decoded_payload/", "/payload_fields/"];
    let Some(family) = group.family.filter(|_| group.kind == ReasonKind::UnknownTopic) else {
        return Vec::new();
    };
    let is_inside = |figure: &&Figure| {
        let pointer = figure.pointer.as_deref().unwrap_or_default();
        OBJECTS.iter().any(|object| pointer.contains(object))
    };
    let has_object = group.figures.iter().any(|figure| is_inside(&figure));
    let figures = group
        .figures
        .iter()
        .filter(|figure| !has_object || is_inside(figure));
    figures
        .map(|figure| NamingProposal {
            family,
            figure: figure.clone(),
        })
        .collect()
}

/// A template for all meters of the shape; none where no level can be their name or no word would be left.
fn wide(group: &Group, fields: &[Figure]) -> Option<MapperProposal> {
    let levels = &group.shape.levels;
    let can_name =
        |at: usize| levels[at] != FIELD && !group.levels.get(at).is_some_and(|level| level.is_channel);
    let varies = |at: &usize| can_name(*at) && group.levels.get(*at).is_some_and(|level| level.varies);
    let is_masked = |at: &usize| can_name(*at) && levels[*at] == ANY;
    let is_word = |at: &usize| can_name(*at) && !is_generic(&levels[*at]);
    let places = || (0..levels.len()).rev();
    let meter_at = places()
        .find(varies)
        .or_else(|| places().find(is_masked))
        .or_else(|| places().find(is_word).filter(|at| *at > 0))?;
    let channel_at = places().find(|at| {
        let of_channel = group.levels.get(*at).is_some_and(|level| level.is_channel);
        levels[*at] == ANY && of_channel && *at != meter_at
    });
    let mut has_word = false;
    let words = levels.iter().enumerate().map(|(at, level)| match () {
        () if at == meter_at => "{meter}".to_owned(),
        () if Some(at) == channel_at => "{channel}".to_owned(),
        () if level == ANY && group.levels.get(at).is_some_and(|seen| !seen.varies) => {
            has_word = true;
            group.levels[at].first.clone()
        }
        () => {
            has_word |= level != ANY && level != FIELD && !level.is_empty();
            level.clone()
        }
    });
    let topic = words.collect::<Vec<_>>().join("/");
    has_word.then(|| proposal(group, topic, None, fields))
}

/// The topic as it was heard, and its meter called by its most telling level.
fn narrow(group: &Group, fields: &[Figure]) -> MapperProposal {
    let words: Vec<&str> = group.sample_topic.split('/').collect();
    let levels = &group.shape.levels;
    let is_field = |at: usize| levels.get(at).is_some_and(|level| level == FIELD);
    let telling = words
        .iter()
        .enumerate()
        .rev()
        .find(|(at, word)| !is_field(*at) && !is_generic(word));
    let meter = telling.map_or("meter", |(_, word)| *word).to_owned();
    let topic = words
        .iter()
        .enumerate()
        .map(|(at, word)| if is_field(at) { FIELD } else { word });
    let topic = topic.collect::<Vec<_>>().join("/");
    proposal(group, topic, Some(meter), fields)
}

fn proposal(group: &Group, topic: String, meter: Option<String>, fields: &[Figure]) -> MapperProposal {
    let words = group
        .shape
        .levels
        .iter()
        .filter(|level| *level != ANY && *level != FIELD && !level.is_empty());
    let name = words.map(String::as_str).collect::<Vec<_>>().join(" ");
    MapperProposal {
        name: if name.is_empty() {
            "proposed".to_owned()
        } else {
            name
        },
        topic,
        meter,
        fields: fields.to_vec(),
    }
}

impl MapperProposal {
    /// As the decoder is told.
    #[must_use]
    pub fn mapper(&self) -> Mapper {
        let field = |figure: &Figure| MapperField {
            field: figure.field.clone(),
            pointer: figure.pointer.clone(),
            quantity: figure.quantity,
            unit: figure.unit.to_owned(),
            scale: 1.0,
            sign: 1,
            no_value: Vec::new(),
            channel: figure.channel.clone(),
        };
        Mapper {
            name: self.name.clone(),
            topic: self.topic.clone(),
            meter: self.meter.clone(),
            items_pointer: None,
            meter_pointer: None,
            channel_pointer: None,
            time: None,
            fields: self.fields.iter().map(field).collect(),
        }
    }
}
