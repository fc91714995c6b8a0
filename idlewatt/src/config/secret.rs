//! Passwords and tokens: read from a file or the environment, never from the configuration, never printed.

use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::review::Review;
use super::section::Entry;

/// More than this is not a secret but another file.
const SECRET_BYTES_MAX: usize = 16 * 1024;

/// Read, write and execute for those who are neither owner nor in the group.
const FOR_OTHERS: u32 = 0o007;

/// Where a secret is said to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whereabouts<'a> {
    /// `password` or `token`.
    pub name: &'a str,
    /// The key of the file.
    pub file: &'a Entry<Option<PathBuf>>,
    /// The key of the environment variable.
    pub env: &'a Entry<Option<String>>,
}

/// Reads a secret; none where none is said, or where a fault was said.
pub(crate) fn read(review: &mut Review<'_>, at: Whereabouts<'_>) -> Option<String> {
    if at.file.is_given() && at.env.is_given() {
        review.fault(
            at.env.span(),
            format!("both {0}_file and {0}_env are said", at.name),
            "keep one of them",
        );
        return None;
    }
    let (span, found) = if let Some(file) = (**at.file).as_ref() {
        let path = resolve(review, file);
        warn_if_open(review, at.file.span(), &path);
        (at.file.span(), read_file(&path))
    } else if let Some(name) = (**at.env).as_ref() {
        (at.env.span(), read_env(name))
    } else {
        return None;
    };
    match found {
        Ok(secret) => Some(secret),
        Err((what, mend)) => {
            review.fault(span, what, mend);
            None
        }
    }
}

/// A path of the file, from the file's folder.
pub(crate) fn resolve(review: &Review<'_>, path: &Path) -> PathBuf {
    review.document().folder().join(path)
}

/// Says so where everybody on this machine may read a file that holds a secret.
pub(crate) fn warn_if_open(review: &mut Review<'_>, span: Range<usize>, path: &Path) {
    let is_open = std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & FOR_OTHERS != 0);
    if is_open {
        review.warn(
            span,
            format!("everybody on this machine may read or change {}", path.display()),
            format!("chmod o= {}", path.display()),
        );
    }
}

fn read_file(path: &Path) -> Result<String, (String, &'static str)> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        (
            format!("the file {shown} cannot be read ({error})"),
            "put the secret there, readable by the user idlewatt runs as",
        )
    })?;
    let secret = text.lines().next().unwrap_or_default().trim();
    if secret.is_empty() || text.len() > SECRET_BYTES_MAX {
        return Err((
            format!("the file {shown} holds no secret in its first line"),
            "put the secret there and nothing else",
        ));
    }
    Ok(secret.to_owned())
}

fn read_env(name: &str) -> Result<String, (String, &'static str)> {
    match std::env::var(name) {
        Ok(secret) if !secret.trim().is_empty() => Ok(secret.trim().to_owned()),
        _ => Err((
            format!("the environment variable {name} is not set"),
            "set it for the service, or name a file instead",
        )),
    }
}
