//! What is printed or logged cannot command a terminal, forge a line or turn text around, wherever it came from.
//!
//! Names, topics and words of servers go into log lines and onto terminals. Control characters (escape sequences, line
//! breaks inside of a log line), separators that some viewers break at, and the marks that turn the direction of text are
//! written as `\u{1b}`. Everything else goes through as it is.
//!
//! Limits: bytes that are no UTF-8 go through too. In colour, a log line keeps the escape character: tracing has taken
//! it out of what was said, and the colours need it.

use std::io::{self, Write};

/// Which control characters are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Output of a command: its line ends and tabs.
    Lines,
    /// A log line, written as a whole: the line end that it ends with.
    LogLine,
    /// The same, with colours.
    ColouredLogLine,
}

/// Writes text made harmless.
pub(crate) struct Harmless<W> {
    inner: W,
    kept: Kept,
    /// The beginning of a character whose rest comes with the next piece.
    begun: Vec<u8>,
}

impl<W: Write> Harmless<W> {
    pub(crate) const fn new(inner: W, kept: Kept) -> Self {
        let begun = Vec::new();
        Self { inner, kept, begun }
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        let (body, end) = match (self.kept, text.strip_suffix('\n')) {
            (Kept::LogLine | Kept::ColouredLogLine, Some(body)) => (body, "\n"),
            _ => (text, ""),
        };
        let mut rest = body;
        while let Some(place) = rest.find(|letter| is_harmful(letter, self.kept)) {
            let (plain, from) = rest.split_at(place);
            self.inner.write_all(plain.as_bytes())?;
            let Some(letter) = from.chars().next() else { break };
            write!(self.inner, "{}", letter.escape_unicode())?;
            rest = &from[letter.len_utf8()..];
        }
        self.inner.write_all(rest.as_bytes())?;
        self.inner.write_all(end.as_bytes())
    }
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut rest = &all[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.put(text)?;
                    break;
                }
                Err(fault) => {
                    let (sound, from) = rest.split_at(fault.valid_up_to());
                    self.put(std::str::from_utf8(sound).unwrap_or_default())?;
                    let Some(length) = fault.error_len() else {
                        self.begun = from.to_vec();
                        break;
                    };
                    self.inner.write_all(&from[..length])?;
                    rest = &from[length..];
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn is_harmful(letter: char, kept: Kept) -> bool {
    let is_ours = match kept {
        Kept::Lines => matches!(letter, '\n' | '\t'),
        Kept::LogLine => false,
        Kept::ColouredLogLine => letter == '\u{1b}',
    };
    let turns = matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    !is_ours && (letter.is_control() || turns || matches!(letter, '\u{2028}' | '\u{2029}'))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn written(kept: Kept, pieces: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut harmless = Harmless::new(&mut out, kept);
        for piece in pieces {
            harmless.write_all(piece).expect("a vector grows");
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn controls_and_turning_marks_are_spelled_and_text_stays() {
        let hostile = "CT\u{1b}[31m 1\r\0 \u{202e}2 TC\u{9b}31m ä€😀\n";
        let spelled = r"CT\u{1b}[31m 1\u{d}\u{0} \u{202e}2 TC\u{9b}31m ä€😀";
        assert_eq!(
            written(Kept::Lines, &[hostile.as_bytes()]),
            format!("{spelled}\n")
        );
        assert_eq!(written(Kept::LogLine, &[b"a\nb\tc\n"]), "a\\u{a}b\\u{9}c\n");
        assert_eq!(
            written(Kept::ColouredLogLine, &[b"\x1b[2ma\nb\n"]),
            "\u{1b}[2ma\\u{a}b\n"
        );
        assert_eq!(written(Kept::Lines, &[b"a\tb\n"]), "a\tb\n");
    }

    #[test]
    fn a_character_in_two_pieces_is_looked_at_as_one() {
        let bytes = "ä\u{202e}".as_bytes();
        for cut in 0..=bytes.len() {
            let (one, other) = bytes.split_at(cut);
            assert_eq!(written(Kept::Lines, &[one, other]), r"ä\u{202e}", "{cut}");
        }
        assert_eq!(written(Kept::Lines, &[b"a\xffb\n"]), "a\u{fffd}b\n");
    }

    #[derive(Clone, Default)]
    struct Kettle(Arc<Mutex<Vec<u8>>>);

    impl Write for Kettle {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panics").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whatever_is_logged_is_one_line() {
        const FORGED: &str = "x\n2026-11-27T10:00:00Z  INFO all is well\r\u{1b}[2J\u{2028}\u{202e}";
        let kettle = Kettle::default();
        let into = kettle.clone();
        let writer = move || Harmless::new(into.clone(), Kept::LogLine);
        let subscriber = tracing_subscriber::fmt()
            .with_writer(writer)
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let error = io::Error::other(FORGED);
            tracing::warn!(topic = FORGED, %error, debug = ?error, shown = %FORGED, "{FORGED}");
        });
        let log = String::from_utf8(kettle.0.lock().expect("nobody panics").clone()).expect("text");
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(
            log.trim_end_matches('\n')
                .chars()
                .all(|letter| !is_harmful(letter, Kept::LogLine))
        );
    }
}
