//! A terminal of its own for the real binary: what a person sees and types, by Python's pty.
//!
//! A question that does not come within a minute is a failure that says which.

use std::process::{Command, Output};

use anyhow::Context;

use crate::idlewatt::binary;

/// What ends a typed line.
pub const ENTER: &str = "\r";
/// Ctrl-C.
pub const CTRL_C: &str = "\u{3}";

/// What is typed when a question stands on the screen.
pub struct Answer {
    prompt: &'static str,
    typed: String,
    is_secret: bool,
}

/// Types words and Enter; nothing but Enter takes the default.
#[must_use]
pub fn says(prompt: &'static str, words: &str) -> Answer {
    Answer {
        prompt,
        typed: words.to_owned() + ENTER,
        is_secret: false,
    }
}

/// The same, once the terminal no longer shows what is typed.
#[must_use]
pub fn says_unseen(prompt: &'static str, words: &str) -> Answer {
    Answer {
        is_secret: true,
        ..says(prompt, words)
    }
}

/// Presses a key.
#[must_use]
pub fn presses(prompt: &'static str, key: &str) -> Answer {
    Answer {
        prompt,
        typed: key.to_owned(),
        is_secret: false,
    }
}

/// Runs `idlewatt` to its end: what was on the screen, and its exit code (130 for Ctrl-C).
///
/// # Errors
/// Python is missing, or a question did not come.
pub fn dialogue(arguments: &[&str], answers: &[Answer]) -> anyhow::Result<(i32, String)> {
    let steps = answers
        .iter()
        .map(|answer| serde_json::json!([answer.prompt, answer.typed, answer.is_secret]));
    let steps = serde_json::Value::from_iter(steps).to_string();
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new("/usr/bin/python3")
        .args(["-c", include_str!("terminal.py"), &steps])
        .arg(binary()?)
        .args(arguments)
        .env("TERM", "xterm")
        .env_remove("RUST_LOG")
        .output()
        .context("python3 does not run; apt-get install python3-aiosmtpd brings it")?;
    let screen = String::from_utf8_lossy(&stdout).into_owned();
    let code = status.code().context("a signal ended python3")?;
    anyhow::ensure!(code != 99, "{}{screen}", String::from_utf8_lossy(&stderr));
    Ok((code, screen))
}
