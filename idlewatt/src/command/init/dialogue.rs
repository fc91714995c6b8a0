//! Questions on a terminal; without one, what was not said with a flag keeps its default.
//!
//! A question has the flag that answers it beforehand, a check that is the configuration's own, and mostly a default.
//! They are asked on standard error, so standard output stays the result's. Ctrl-C ends everything, and nothing is written.

use std::io::Write;

use anyhow::Context;
use dialoguer::theme::SimpleTheme;
use dialoguer::{Input, Password};

use crate::command::WrongArguments;
use crate::harmless::{Harmless, Kept};

/// What is said where a question is broken off.
const BROKEN_OFF: &str = "broken off: nothing was written";

/// One thing to know.
pub(super) struct Question<'a> {
    /// The flag that answers it.
    pub(super) flag: &'a str,
    /// In words.
    pub(super) words: &'a str,
    /// What holds where nobody says otherwise; none where it must be said.
    pub(super) preset: Option<String>,
    /// Whether an answer can be used, else why not.
    pub(super) check: fn(&str) -> Result<(), String>,
}

/// Who answers.
#[derive(Clone, Copy)]
pub(super) struct Dialogue {
    /// Whether somebody is there to be asked.
    pub(super) is_asking: bool,
}

impl Dialogue {
    /// The answer: of the flag, of the person, or the default.
    pub(super) fn text(self, given: Option<&str>, question: &Question<'_>) -> anyhow::Result<String> {
        if let Some(given) = given {
            let wrong = |why| WrongArguments(format!("{}: {why}", question.flag));
            (question.check)(given).map_err(wrong)?;
            return Ok(given.to_owned());
        }
        if !self.is_asking {
            let missing = || {
                let (flag, words) = (question.flag, question.words);
                WrongArguments(format!("{words}: not said; name it with {flag}"))
            };
            return Ok(question.preset.clone().ok_or_else(missing)?);
        }
        let check = question.check;
        let mut input = Input::<String>::with_theme(&SimpleTheme)
            .with_prompt(question.words)
            .validate_with(move |answer: &String| check(answer.trim()));
        match &question.preset {
            Some(preset) if preset.is_empty() => input = input.allow_empty(true),
            Some(preset) => input = input.default(preset.clone()),
            None => {}
        }
        Ok(input.interact_text().context(BROKEN_OFF)?.trim().to_owned())
    }

    /// One of some items, by its place; the default where nobody is there. It is chosen by number: that hides no cursor
    /// which Ctrl-C would leave hidden, and can be read aloud.
    pub(super) fn choice(self, words: &str, items: &[String], preset: usize) -> anyhow::Result<usize> {
        if !self.is_asking {
            return Ok(preset);
        }
        let mut screen = Harmless::new(std::io::stderr(), Kept::Lines);
        writeln!(screen, "{words}")?;
        for (place, item) in items.iter().enumerate() {
            writeln!(screen, "  {:>2}  {item}", place + 1)?;
        }
        let count = items.len();
        let input = Input::<usize>::with_theme(&SimpleTheme).with_prompt("Number");
        let input = input.default(preset + 1).validate_with(move |number: &usize| {
            if (1..=count).contains(number) {
                return Ok(());
            }
            Err(format!("write a number from 1 to {count}"))
        });
        Ok(input.interact_text().context(BROKEN_OFF)? - 1)
    }

    /// Yes or no; no where nobody is there.
    pub(super) fn agrees(self, words: &str) -> anyhow::Result<bool> {
        if !self.is_asking {
            return Ok(false);
        }
        let question = Question {
            flag: "",
            words,
            preset: Some("yes".to_owned()),
            check: |answer| match answer {
                "y" | "yes" | "n" | "no" => Ok(()),
                _ => Err("write yes or no".to_owned()),
            },
        };
        Ok(self.text(None, &question)?.starts_with('y'))
    }

    /// A secret, without echo; none where it is left empty or nobody is there.
    pub(super) fn secret(self, words: &str) -> anyhow::Result<Option<String>> {
        if !self.is_asking {
            return Ok(None);
        }
        let prompt = Password::with_theme(&SimpleTheme).with_prompt(words);
        let secret = prompt.allow_empty_password(true).interact().context(BROKEN_OFF)?;
        Ok((!secret.trim().is_empty()).then(|| secret.trim().to_owned()))
    }
}

/// Anything that is not empty.
pub(super) fn something(answer: &str) -> Result<(), String> {
    if answer.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(())
}

/// Anything at all.
pub(super) fn anything(_answer: &str) -> Result<(), String> {
    Ok(())
}
