//! How far long work has got, on standard error: a bar on a terminal, else a line every [`LINE_EVERY`]; with counts, rate and
//! what remains. Standard output is the result's alone. `--quiet` leaves it all out.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ingest::clock::monotonic;

use crate::harmless::{Harmless, Kept};

/// Without a terminal, how often it is said how far it is.
const LINE_EVERY: Duration = Duration::from_secs(5);
const BAR: &str = "{msg} [{bar:24}] {human_pos} of {human_len} {prefix}, {per_sec}, {eta} left";

/// What the commands with long work are asked.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Asked {
    /// Say nothing on how far it has got
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Long work that is under way; what is shown of it goes with it.
pub(crate) struct Progress {
    what: &'static str,
    unit: &'static str,
    shown: Shown,
}

enum Shown {
    Nowhere,
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
}

struct Lines {
    begun: Instant,
    said: Instant,
    of: u64,
}

impl Progress {
    /// Work of `of` units begins: `replay`, of 9000 `batches`.
    pub(crate) fn new(asked: Asked, what: &'static str, unit: &'static str, of: u64) -> Self {
        let shown = if asked.quiet {
            Shown::Nowhere
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(of), ProgressDrawTarget::stderr());
            // a template that cannot be read is replaced by indicatif's own
            let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.progress_chars("=> "));
            bar.set_message(what);
            bar.set_prefix(unit);
            Shown::Bar(bar)
        } else {
            let now = monotonic();
            Shown::Lines(Mutex::new(Lines {
                begun: now,
                said: now,
                of,
            }))
        };
        Self { what, unit, shown }
    }

    /// So much is done, of so much: work may grow while it is done.
    pub(crate) fn set_of(&self, done: u64, of: u64) {
        match &self.shown {
            Shown::Bar(bar) => bar.set_length(of),
            Shown::Lines(lines) => {
                if let Ok(mut lines) = lines.lock() {
                    lines.of = of;
                }
            }
            Shown::Nowhere => {}
        }
        self.set(done);
    }

    /// So much is done.
    pub(crate) fn set(&self, done: u64) {
        self.tell(done, "");
    }

    /// So much is done, and something more is known of it.
    pub(crate) fn tell(&self, done: u64, known: &str) {
        match &self.shown {
            Shown::Nowhere => {}
            Shown::Bar(bar) => {
                bar.set_position(done);
                if !known.is_empty() {
                    bar.set_prefix(format!("{} ({known})", self.unit));
                }
            }
            Shown::Lines(lines) => {
                let Ok(mut lines) = lines.lock() else { return };
                let now = monotonic();
                if now.saturating_duration_since(lines.said) >= LINE_EVERY {
                    lines.said = now;
                    let took = now.saturating_duration_since(lines.begun);
                    let mut line = in_words(self.what, self.unit, (done, lines.of), took);
                    if !known.is_empty() {
                        line += &format!(" ({known})");
                    }
                    say(&line);
                }
            }
        }
    }

    /// A line for people, without harm to the bar.
    pub(crate) fn line(&self, text: &str) {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(|| say(text)),
            _ => say(text),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn say(text: &str) {
    let _ = writeln!(Harmless::new(std::io::stderr(), Kept::Lines), "{text}");
}

/// Counts, share, rate and what remains.
#[expect(clippy::cast_precision_loss, reason = "shown to two places")]
fn in_words(what: &str, unit: &str, (done, of): (u64, u64), took: Duration) -> String {
    let (share, rate) = (
        done as f64 / of.max(1) as f64,
        done as f64 / took.as_secs_f64().max(f64::EPSILON),
    );
    let mut words = format!(
        "{what}: {done} of {of} {unit}, {:.0} %, {rate:.1} {unit}/s",
        share * 100.0
    );
    if rate > 0.0 {
        let left_s = of.saturating_sub(done) as f64 / rate;
        words += &format!(", {left_s:.0} s left");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_counts_rate_and_what_remains() {
        let words = |done| in_words("replay", "batches", (done, 400), Duration::from_secs(10));
        assert_eq!(
            words(100),
            "replay: 100 of 400 batches, 25 %, 10.0 batches/s, 30 s left"
        );
        assert_eq!(words(0), "replay: 0 of 400 batches, 0 %, 0.0 batches/s");
        assert_eq!(
            in_words("replay", "batches", (0, 0), Duration::ZERO),
            "replay: 0 of 0 batches, 0 %, 0.0 batches/s"
        );
    }
}
