//! Files by what they hash to, and copies that are known to be the same.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use ring::digest::{Context, SHA256};

const PIECE_BYTES: usize = 1 << 20;

/// How long a file is, and its SHA-256 in hexadecimal.
pub(super) fn of_file(path: &Path, progress: impl FnMut(u64)) -> std::io::Result<(u64, String)> {
    pass(&mut File::open(path)?, &mut std::io::sink(), progress)
}

/// The same of what is copied to a new file, durably.
pub(super) fn copy(from: &Path, to: &Path, progress: impl FnMut(u64)) -> std::io::Result<(u64, String)> {
    let mut target = File::create(to)?;
    let found = pass(&mut File::open(from)?, &mut target, progress)?;
    target.sync_all()?;
    Ok(found)
}

/// `progress` is told the bytes so far.
fn pass(
    from: &mut impl Read,
    to: &mut impl Write,
    mut progress: impl FnMut(u64),
) -> std::io::Result<(u64, String)> {
    let (mut context, mut piece, mut bytes) = (Context::new(&SHA256), vec![0; PIECE_BYTES], 0);
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            break;
        }
        context.update(&piece[..read]);
        to.write_all(&piece[..read])?;
        bytes += read as u64;
        progress(bytes);
    }
    let mut hexadecimal = String::new();
    for byte in context.finish().as_ref() {
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    Ok((bytes, hexadecimal))
}
