//! Files on the disk: whole or not at all, never over another one unless asked, and not readable by everybody.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// The owner reads and writes, the group reads.
const MODE: u32 = 0o640;

/// What is to be written.
pub(super) struct NewFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Whether a file may be written there.
///
/// # Errors
/// There is one already.
pub(super) fn ensure_free(path: &Path, is_forced: bool) -> anyhow::Result<()> {
    ensure!(
        is_forced || !path.exists(),
        "{} is there already; name another file with --output, or let it be replaced with --force",
        path.display()
    );
    Ok(())
}

/// Writes one. In a folder of another group, such as /etc/idlewatt, root gives it to that group, which the service is in.
///
/// # Errors
/// There is one already and it is not to be replaced, or the disk refuses.
pub(super) fn write(file: &NewFile, is_forced: bool) -> anyhow::Result<()> {
    let shown = file.path.display();
    let cannot = || format!("cannot write {shown}; name another place with --output");
    ensure_free(&file.path, is_forced)?;
    let folder = folder(&file.path);
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let mut part = tempfile::Builder::new()
        .prefix(".idlewatt-init")
        .tempfile_in(folder)
        .with_context(cannot)?;
    part.write_all(file.text.as_bytes()).with_context(cannot)?;
    part.as_file()
        .set_permissions(std::fs::Permissions::from_mode(MODE))
        .with_context(cannot)?;
    if rustix::process::geteuid().is_root() {
        let group = std::fs::metadata(folder).with_context(cannot)?.gid();
        std::os::unix::fs::chown(part.path(), None, Some(group)).with_context(cannot)?;
    }
    part.as_file().sync_all().with_context(cannot)?;
    if is_forced {
        part.persist(&file.path).with_context(cannot)?;
    } else {
        part.persist_noclobber(&file.path).with_context(cannot)?;
    }
    Ok(())
}

/// The folder of a file; the one we are in where it has none.
pub(super) fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_unless_asked_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let of = |text: &str| NewFile {
            path: path.clone(),
            text: text.to_owned(),
        };
        write(&of("one"), false).expect("it is free");
        let refused = write(&of("two"), false).expect_err("it is there");
        assert!(refused.to_string().contains("--force"), "{refused}");
        write(&of("two"), true).expect("it was asked");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "two");
        let mode = std::fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, MODE);
        let files = std::fs::read_dir(folder.path()).expect("a folder");
        assert_eq!(files.count(), 1);
    }
}
