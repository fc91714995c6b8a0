//! Devices of the meters that were heard: as they are guessed, or as a person says.
//!
//! What is not sure stands in the file as a comment: a meter whose modality nobody knows, and the second of two that
//! measure one load, which would count it twice.

use analyzer::modality::MODALITIES;

use super::dialogue::{Dialogue, Question, something};
use crate::command::discover::{Candidate, Candidates, Said};
use crate::command::status::printable;

/// What became of the meters.
#[derive(Default)]
pub(super) struct Devices {
    /// Stanzas, as they go into the file.
    pub(super) stanzas: Vec<String>,
    /// Devices among them that count.
    pub(super) taken: usize,
    /// What stands there as a comment, and why.
    pub(super) doubtful: Vec<String>,
    /// Kinds of topics that could not be read.
    pub(super) unread: usize,
}

/// Makes devices of what was heard.
pub(super) fn devices(mut heard: Candidates, dialogue: Dialogue) -> anyhow::Result<Devices> {
    let candidates = heard.all();
    let mut devices = Devices {
        unread: heard.unread(),
        ..Devices::default()
    };
    let count = candidates.len();
    let ways = [
        format!("take the {count} as they are guessed; correct the file afterwards"),
        "say for each what it feeds".to_owned(),
        "none of them".to_owned(),
    ];
    let way = match count {
        0 => 0,
        _ => dialogue.choice(&format!("{count} meters were heard"), &ways, 0)?,
    };
    for candidate in candidates.iter().filter(|_| way < 2) {
        let said = match way {
            1 => match person(candidate, dialogue)? {
                Some(said) => Some(said),
                None => continue,
            },
            _ => None,
        };
        let doubt = match (&said, &candidate.same_as, &candidate.guess) {
            (Some(_), ..) => None,
            (None, Some(other), _) => Some(format!("the same load as '{other}'")),
            (None, None, None) => Some("what it feeds cannot be guessed".to_owned()),
            (None, None, Some(_)) => None,
        };
        let stanza = heard.stanza(candidate, said.as_ref());
        if let Some(doubt) = doubt {
            devices.doubtful.push(format!("'{}': {doubt}", candidate.meter));
            devices.stanzas.push(commented(&stanza, &doubt));
        } else {
            devices.taken += 1;
            devices.stanzas.push(stanza);
        }
    }
    Ok(devices)
}

/// What a person says of a meter; none where it is to be left out.
fn person(candidate: &Candidate, dialogue: Dialogue) -> anyhow::Result<Option<Said>> {
    let mut items: Vec<String> = MODALITIES
        .iter()
        .map(|modality| modality.name.to_owned())
        .collect();
    items.push("leave it out".to_owned());
    let guess = candidate.guess.as_ref().map(|(modality, _)| *modality);
    let is_guess = |item: &String| guess == Some(item.as_str());
    let preset = items.iter().position(is_guess).unwrap_or(MODALITIES.len());
    let power = candidate
        .power_w
        .map_or_else(|| "no power yet".to_owned(), |power_w| format!("{power_w:.0} W"));
    let same = candidate.same_as.as_ref();
    let same = same.map_or_else(String::new, |other| format!(", the same load as '{other}'"));
    let words = format!(
        "'{}' ({}, {power}{same}) feeds",
        candidate.meter, candidate.family
    );
    let place = dialogue.choice(&words, &items, preset)?;
    let Some(modality) = MODALITIES.get(place) else {
        return Ok(None);
    };
    let ask = |words, preset: &str| {
        let question = Question {
            flag: "--discover",
            words,
            preset: Some(preset.to_owned()),
            check: something,
        };
        dialogue.text(None, &question)
    };
    Ok(Some(Said {
        // a name from the network must not command the terminal
        name: ask("What people call it", &printable(&candidate.meter))?,
        room: ask("The room it stands in", "to be named")?,
        modality: modality.name,
    }))
}

fn commented(stanza: &str, why: &str) -> String {
    let lines = stanza
        .lines()
        .map(|line| format!("#{}\n", line.trim_start_matches('#')));
    format!("# left out: {why}\n{}", lines.collect::<String>())
}
