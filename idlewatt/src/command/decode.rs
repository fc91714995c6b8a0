//! `idlewatt decode`: what would idlewatt make of my meter? Messages as JSON lines in, readings as JSON lines out.
//!
//! The formats of both are those of [`ingest::decode::lines`]. Each line is answered before the next is read, so it
//! can stand behind `mosquitto_sub`. Limit: a line of more than [`LINE_BYTES_MAX`] bytes is passed over and answered
//! with the reason.

mod families;

use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use ingest::decode::lines::decode_line;
use ingest::decode::{Decoder, DecoderConfig};

use crate::config::Config;

/// Twice the largest payload that is looked at, as hex, with its topic.
const LINE_BYTES_MAX: usize = 2 << 20;

/// Says what idlewatt makes of messages: JSON lines {"topic", "payload"} in, readings out.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mosquitto_sub -t '#' -F '{\"topic\":%j,\"payload\":%j,\"retained\":%r}' | idlewatt decode\n  \
                  echo '{\"topic\":\"shellies/shellyem-1/emeter/0/power\",\"payload\":\"812.5\"}' | idlewatt decode\n\n\
                  Input:\n  A JSON object a line: topic, payload; payload_encoding (hex), retained, qos where they are known.\n\n\
                  Output:\n  A JSON object for each line, in order: family (null where none knows it), readings, each with meter, channel, power_w,\n  \
                  energy_wh, energy_export_wh, voltage_v, current_a, ts as far as the message states them, and reason where there are none."
)]
pub struct Arguments {
    /// A configuration, for its mappers and its zone of stamps
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Prints the meter families instead, as Markdown: what is read of each, what is not, what it was tried on
    #[arg(long)]
    families: bool,
}

/// Answers each line of `input` with one of `out`.
///
/// # Errors
/// The configuration has faults, or reading or writing fails; a broken pipe is an error for the caller to forgive.
pub fn run(arguments: &Arguments, input: &mut dyn BufRead, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if arguments.families {
        families::write(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = match &arguments.config {
        Some(path) => Config::load(path)?.config.decoder,
        None => DecoderConfig::default(),
    };
    let mut decoder = Decoder::new(&config)?;
    let mut line = Vec::new();
    while let Some(is_whole) = read_line(input, &mut line)? {
        let answer = if is_whole {
            decode_line(&mut decoder, &String::from_utf8_lossy(&line))
        } else {
            too_long()
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a line without its end: none at the end of the input, false where it was too long and has been passed over.
pub(super) fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    if input.take(limit).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > LINE_BYTES_MAX {
        input.skip_until(b'\n')?;
        return Ok(Some(false));
    }
    Ok(Some(true))
}

fn too_long() -> String {
    let reason = format!("the line has more than {LINE_BYTES_MAX} bytes; no meter sends so much");
    serde_json::json!({ "family": null, "readings": [], "reason": reason }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(input: &[u8]) -> Vec<String> {
        let mut out = Vec::new();
        let arguments = Arguments {
            config: None,
            families: false,
        };
        run(&arguments, &mut &input[..], &mut out).expect("memory does not fail");
        String::from_utf8(out)
            .expect("text")
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn each_line_has_its_answer_in_order() {
        let answers = decode(
            b"{\"topic\":\"shellies/shellyem-1/emeter/0/power\",\"payload\":\"812.5\"}\n\n\xff\n{\"topic\":\"a\",\"payload\":\"b\"}",
        );
        assert_eq!(answers.len(), 4, "{answers:?}");
        assert!(answers[0].contains("\"power_w\":812.5"), "{}", answers[0]);
        for answer in &answers[1..] {
            assert!(answer.contains("\"readings\":[],\"reason\":"), "{answer}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut input = vec![b'x'; LINE_BYTES_MAX + 10];
        input.extend(b"\n{\"topic\":\"a\",\"payload\":\"b\"}\n");
        let answers = decode(&input);
        assert_eq!(answers.len(), 2);
        assert!(answers[0].contains("more than 2097152 bytes"), "{}", answers[0]);
    }
}
