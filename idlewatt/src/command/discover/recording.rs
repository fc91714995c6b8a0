//! A recording instead of a broker: JSON lines, as a site can mail them.
//!
//! Where no line says when it came, only the order counts: no rhythm is told. Lines that are none are counted, and the
//! first of them is said.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use ingest::decode::DecoderConfig;
use ingest::decode::lines;
use jiff::{SignedDuration, Timestamp};

use super::super::decode::read_line;
use super::Discovery;

/// Lines without a time are thought to be so far apart.
const LINE_APART: SignedDuration = SignedDuration::from_millis(100);

/// Reads a whole recording.
///
/// # Errors
/// It cannot be read, or holds no message.
pub(super) fn read(
    path: &Path,
    input: &mut dyn BufRead,
    config: &DecoderConfig,
) -> anyhow::Result<(Discovery, Vec<String>)> {
    if path.as_os_str() == "-" {
        return read_lines(input, config);
    }
    let file = File::open(path).with_context(|| format!("cannot read the recording {}", path.display()))?;
    read_lines(&mut BufReader::new(file), config)
}

fn read_lines(input: &mut dyn BufRead, config: &DecoderConfig) -> anyhow::Result<(Discovery, Vec<String>)> {
    let mut line = Vec::new();
    let (mut number, mut messages, mut wrong) = (0_u64, 0_u64, 0_u64);
    let mut first_wrong = None;
    let mut discovery: Option<Discovery> = None;
    let mut at = Timestamp::UNIX_EPOCH;
    while let Some(is_whole) = read_line(input, &mut line)? {
        number += 1;
        if line.trim_ascii().is_empty() && is_whole {
            continue;
        }
        let heard = if is_whole {
            lines::read(&String::from_utf8_lossy(&line))
        } else {
            Err("the line is too long".to_owned())
        };
        match heard {
            Ok(heard) => {
                // whether there are times is settled by the first message
                let discovery = match &mut discovery {
                    Some(discovery) => discovery,
                    none => none.insert(Discovery::new(config, heard.at.is_some())?),
                };
                at = heard
                    .at
                    .unwrap_or_else(|| at.checked_add(LINE_APART).unwrap_or(at));
                discovery.hear(at, &heard.message());
                messages += 1;
            }
            Err(reason) => {
                wrong += 1;
                first_wrong.get_or_insert_with(|| format!("line {number}: {reason}"));
            }
        }
    }
    let said = first_wrong.map(|first| format!("{wrong} of {number} lines are no messages; {first}"));
    match (discovery, said) {
        (Some(discovery), said) => Ok((discovery, said.into_iter().collect())),
        (None, Some(said)) => Err(anyhow::anyhow!("the recording holds no message: {said}")),
        (None, None) => Err(anyhow::anyhow!(
            "the recording is empty ({messages} messages); record with mosquitto_sub, see --help"
        )),
    }
}
