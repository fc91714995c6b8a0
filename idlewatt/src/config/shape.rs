//! From the tree to sections: unknown keys and values of the wrong kind are said, taken out, and reading goes on, so
//! that one slip does not hide the next.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer as _;
use toml::de::{DeArray, DeTable, DeValue};

use super::document::Step;
use super::review::Review;
use super::section::{Key, Keys, Kind, Section};

/// A word is taken for a slip of another if they are at least so alike (Jaro-Winkler).
const ALIKE_MIN: f64 = 0.8;

/// What people look for in a section of `[alerts]`, and what is so instead.
const NOT_OF_A_RULE: [(&str, &str); 3] = [
    (
        "severity",
        "how urgent a rule is cannot be configured, docs/alerts.md says it; take the key out",
    ),
    (
        "snooze_minutes",
        "an alert is snoozed by a person: idlewatt alert snooze <rule> <device> --hours 8",
    ),
    ("grace_minutes", "this rule is raised at once; take the key out"),
];

/// Reads the whole file as `S`; what cannot be read is said and left at its default.
pub(crate) fn read<S: Keys + DeserializeOwned + Default>(review: &mut Review<'_>) -> S {
    let mut tree = review.document().tree().clone();
    refuse_unknown_keys(&mut tree, &S::SECTION, &S::SECTION, review);
    while !review.is_full() {
        let whole = toml::Spanned::new(0..0, DeValue::Table(tree.clone()));
        match S::deserialize(whole.into_deserializer()) {
            Ok(section) => return section,
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                let path = review.document().path(&span).to_vec();
                let (what, mend) = say(error.message(), &span, &path, &S::SECTION, review);
                review.fault(span.clone(), what, mend);
                review.broken_key(&span, None);
                if !prune_table(&mut tree, &span) {
                    break;
                }
            }
        }
    }
    S::default()
}

/// The word of a list that `word` may be a slip of; none where two are as likely.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let alikeness = |other: &&str| strsim::jaro_winkler(&word, &other.to_lowercase());
    let mut alike: Vec<(f64, &str)> = known
        .into_iter()
        .map(|other| (alikeness(&other), other))
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    match alike[..] {
        [(most, _), (next, _), ..] if (most - next).abs() < f64::EPSILON => None,
        [(most, other), ..] if most >= ALIKE_MIN => Some(other),
        _ => None,
    }
}

fn refuse_unknown_keys(tree: &mut DeTable<'_>, section: &Section, root: &Section, review: &mut Review<'_>) {
    let keys = (section.keys)();
    let entries = std::mem::take(tree).into_iter();
    *tree = entries
        .filter_map(|(name, mut value)| {
            let Some(key) = keys.iter().find(|key| key.name == name.get_ref()) else {
                let mend = mend_unknown(name.get_ref(), &keys, root);
                let what = format!("the key '{}' is not known here", name.get_ref());
                review.fault(name.span(), what, mend);
                let meant = nearest(name.get_ref(), keys.iter().map(|key| key.name));
                review.broken_key(&name.span(), meant);
                return None;
            };
            if let Some(below) = key.section() {
                refuse_below(value.get_mut(), below, root, review);
            }
            Some((name, value))
        })
        .collect();
}

fn refuse_below(value: &mut DeValue<'_>, section: &Section, root: &Section, review: &mut Review<'_>) {
    match value {
        DeValue::Table(table) => refuse_unknown_keys(table, section, root, review),
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                refuse_below(item.get_mut(), section, root, review);
            }
        }
        _ => {}
    }
}

fn mend_unknown(name: &str, keys: &[Key], root: &Section) -> String {
    let has = |wanted: &str| keys.iter().any(|key| key.name == wanted);
    for secret in ["password", "token"] {
        if name == secret && has(&format!("{secret}_file")) {
            return format!("secrets stay out of this file: write {secret}_file or {secret}_env");
        }
    }
    let known = keys.iter().map(|key| key.name);
    if has("remind_minutes") {
        let elsewhere = NOT_OF_A_RULE.iter().filter(|(word, _)| !has(word));
        let near = nearest(
            name,
            known.clone().chain(elsewhere.clone().map(|(word, _)| *word)),
        );
        let answer = elsewhere.into_iter().find(|(word, _)| near == Some(word));
        if let Some((_, answer)) = answer {
            return (*answer).to_owned();
        }
    }
    if let Some(near) = nearest(name, known) {
        return format!("did you mean '{near}'?");
    }
    let mut homes = Vec::new();
    find_homes(name, root, "", &mut homes);
    if let Some(home) = homes.first() {
        return format!("it belongs under {home}");
    }
    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    format!("the keys here are {}", names.join(", "))
}

fn find_homes(name: &str, section: &Section, heading: &str, homes: &mut Vec<String>) {
    for key in (section.keys)() {
        if key.name == name {
            homes.push(if heading.is_empty() {
                format!("the top of the file, as {}", key.example())
            } else {
                heading.to_owned()
            });
        }
        let dot = if heading.is_empty() { "" } else { "." };
        let outer = heading.trim_matches(['[', ']']);
        match &key.kind {
            Kind::Table(below) => find_homes(name, below, &format!("[{outer}{dot}{}]", key.name), homes),
            Kind::Tables(below, _) => {
                find_homes(name, below, &format!("[[{outer}{dot}{}]]", key.name), homes);
            }
            Kind::Inline(..) | Kind::Preset(_) | Kind::Optional(_) | Kind::Required(_) => {}
        }
    }
}

/// What is wrong with a value, and how to mend it. A type of ours says both, separated by a semicolon; of any other
/// the kind and the example stand in the table of keys.
fn say(
    message: &str,
    span: &Range<usize>,
    path: &[Step],
    root: &Section,
    review: &Review<'_>,
) -> (String, String) {
    if let Some((what, mend)) = message.rsplit_once("; ") {
        return (what.to_owned(), mend.to_owned());
    }
    let key = find_key(path, root);
    let mend = match &key {
        Some(key) if matches!(key.kind, Kind::Table(_) | Kind::Tables(..)) => {
            format!("write it as {}", key.example())
        }
        Some(key) => format!("write for example: {}", key.example()),
        None => "see `idlewatt check --print-config`".to_owned(),
    };
    let is_secret = path
        .iter()
        .any(|step| matches!(step, Step::Key(key) if key.contains("password") || key.contains("token")));
    let words = key.map_or("what belongs here", |key| key.words);
    let text = review.document().text(span.clone());
    let is_short = text.len() <= 60 && !text.contains('\n');
    let value = if is_short && !is_secret { text } else { "this" };
    (format!("{value} is not {words}"), mend)
}

fn find_key(path: &[Step], root: &Section) -> Option<Key> {
    let mut section = root.clone();
    let mut found = None;
    for step in path {
        let Step::Key(name) = step else { continue };
        let key = (section.keys)().into_iter().find(|key| key.name == name)?;
        if let Some(below) = key.section() {
            section = below.clone();
        }
        found = Some(key);
    }
    found
}

/// Takes the innermost value that holds a span out of its table or list.
fn prune_table(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let mut is_pruned = false;
    let entries = std::mem::take(table).into_iter();
    *table = entries
        .filter_map(|(key, mut value)| {
            let is_below = !is_pruned && prune_value(value.get_mut(), span);
            let is_it = !is_pruned && !is_below && (holds(&value.span(), span) || holds(&key.span(), span));
            is_pruned |= is_below || is_it;
            (!is_it).then_some((key, value))
        })
        .collect();
    is_pruned
}

fn prune_value(value: &mut DeValue<'_>, span: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => prune_table(table, span),
        DeValue::Array(items) => {
            if items.iter_mut().any(|item| prune_value(item.get_mut(), span)) {
                return true;
            }
            let count = items.len();
            let kept = std::mem::replace(items, DeArray::new()).into_iter();
            *items = kept.filter(|item| !holds(&item.span(), span)).collect();
            items.len() < count
        }
        _ => false,
    }
}

fn holds(place: &Range<usize>, span: &Range<usize>) -> bool {
    place.start <= span.start && span.end <= place.end
}
