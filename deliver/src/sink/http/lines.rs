//! A batch of lines and the pieces it is sent in. A piece that the server refuses is taken apart until the bad lines
//! stand alone.

use std::collections::VecDeque;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::line::LineEncoder;
use crate::log::LogRow;

/// Lines of findings, encoded.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    ends: Vec<usize>,
    /// Findings that make no line for this database.
    left_out: u64,
}

impl Lines {
    pub(super) fn encode(encoder: &LineEncoder, rows: &[LogRow]) -> Self {
        let mut lines = Self::default();
        for finding in rows.iter().flat_map(|row| &row.findings) {
            let begun = lines.text.len();
            encoder.encode(finding, &mut lines.text);
            if lines.text.len() > begun {
                lines.ends.push(lines.text.len());
            } else {
                lines.left_out += 1;
            }
        }
        lines
    }

    fn range(&self, line: usize) -> Range<usize> {
        let start = if line == 0 { 0 } else { self.ends[line - 1] };
        start..self.ends[line]
    }

    /// Bytes of a piece.
    pub(super) fn bytes(&self, piece: &[usize]) -> usize {
        piece.iter().map(|line| self.range(*line).len()).sum()
    }

    /// A line without its line end.
    pub(super) fn line(&self, line: usize) -> &str {
        self.text[self.range(line)].trim_end_matches('\n')
    }

    /// The lines of a piece as a gzip body. A megabyte takes some milliseconds.
    pub(super) fn pack(&self, piece: &[usize]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::new(1));
        // mostly all lines of a piece follow each other, and are packed in one go
        for run in piece.chunk_by(|one, next| one + 1 == *next) {
            let (first, last) = (self.range(run[0]), self.range(run[run.len() - 1]));
            packer
                .write_all(&self.text.as_bytes()[first.start..last.end])
                .expect("memory grows");
        }
        packer.finish().expect("memory grows")
    }
}

/// Lines that are sent in one request.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) lines: Vec<usize>,
    /// The body, once made; a repetition sends the same bytes.
    pub(super) body: Option<Vec<u8>>,
}

impl Piece {
    fn new(lines: Vec<usize>) -> Self {
        Self { lines, body: None }
    }
}

/// What is left of a batch. Taken apart in order, so that of two lines with one key the later is written later.
#[derive(Debug)]
pub struct LineBatch {
    pub(super) lines: Arc<Lines>,
    pub(super) pieces: VecDeque<Piece>,
    /// Whether the server took anything of it: then it understands us, and a refusal is about the line.
    pub(super) has_accepted: bool,
    /// Findings that this database is not told; they count as delivered, once.
    pub(super) left_out: u64,
}

impl LineBatch {
    /// Encodes and packs rows. A piece has at most so many lines and bytes, and at least one line.
    pub(super) fn prepare(
        encoder: &LineEncoder,
        rows: &[LogRow],
        lines_max: usize,
        bytes_max: usize,
    ) -> Self {
        let lines = Lines::encode(encoder, rows);
        let mut pieces = VecDeque::new();
        let (mut piece, mut bytes) = (Vec::new(), 0);
        for line in 0..lines.ends.len() {
            let length = lines.range(line).len();
            if !piece.is_empty() && (piece.len() >= lines_max || bytes + length > bytes_max) {
                pieces.push_back(Piece::new(std::mem::take(&mut piece)));
                bytes = 0;
            }
            piece.push(line);
            bytes += length;
        }
        if !piece.is_empty() {
            pieces.push_back(Piece::new(piece));
        }
        for piece in &mut pieces {
            piece.body = Some(lines.pack(&piece.lines));
        }
        Self {
            left_out: lines.left_out,
            lines: Arc::new(lines),
            pieces,
            has_accepted: false,
        }
    }

    /// Replaces the first piece by two halves.
    pub(super) fn halve(&mut self) {
        if let Some(mut first) = self.pieces.pop_front() {
            let second = first.lines.split_off(first.lines.len() / 2);
            self.pieces.push_front(Piece::new(second));
            self.pieces.push_front(Piece::new(first.lines));
        }
    }

    /// Replaces the first piece by the lines that the server's message points at and the others; false where it points
    /// at none or at all.
    pub(super) fn part(&mut self, message: &str) -> bool {
        let Some(first) = self.pieces.front() else {
            return false;
        };
        let (bad, good): (Vec<usize>, Vec<usize>) = first
            .lines
            .iter()
            .partition(|line| is_named(self.lines.line(**line), message));
        if bad.is_empty() || good.is_empty() {
            return false;
        }
        self.pieces.pop_front();
        self.pieces.push_front(Piece::new(bad));
        self.pieces.push_front(Piece::new(good));
        true
    }
}

/// Whether an error message of InfluxDB is about this line: it quotes the line, or the field and the measurement
/// whose types conflict.
fn is_named(line: &str, message: &str) -> bool {
    if message.contains(line) {
        return true;
    }
    let quoted = |after: &str| message.split_once(after)?.1.split_once('"').map(|(name, _)| name);
    let (Some(field), Some(measurement)) = (quoted("input field \""), quoted("on measurement \"")) else {
        return false;
    };
    let is_of = line
        .strip_prefix(measurement)
        .is_some_and(|rest| rest.starts_with([',', ' ']));
    is_of && (line.contains(&format!(" {field}=")) || line.contains(&format!(",{field}=")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_points_at_the_lines_it_is_about() {
        let conflict = r#"partial write: field type conflict: input field "power_w" on measurement "power" is type float, already exists as type string dropped=2"#;
        assert!(is_named("power,device=a power_w=1,state_code=2i 1", conflict));
        assert!(!is_named("power,device=a state_code=2i 1", conflict));
        assert!(!is_named("powers,device=a power_w=1 1", conflict));
        assert!(is_named("a b=", "unable to parse 'a b=': missing field value"));
    }
}
