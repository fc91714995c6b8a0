//! A disk that can be filled up: a small tmpfs over a folder. Needs root, as mounting does; a user without runs the tests
//! in a namespace of their own, where they are root: `unshare -rm ./test`. A missing right is a failure, never a skip.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

static BLOCK: [u8; 64 * 1024] = [0; 64 * 1024];

/// The disk; unmounted when dropped.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts so many MiB over the folder, which is made.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn mount(folder: &Path, mib: u32) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let options = format!("size={mib}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "idlewatt-tests"])
            .arg(folder)
            .output()
            .context("mount")?;
        ensure!(
            mounted.status.success(),
            "a small disk cannot be mounted: {}; run the tests as root, or in a namespace: unshare -rm ./test",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Fills it up to the last byte.
    ///
    /// # Errors
    /// When writing fails for another reason than that it is full.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::options().create(true).append(true).open(self.filler())?;
        let mut piece = BLOCK.len();
        while piece > 0 {
            match file.write(&BLOCK[..piece]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => piece /= 2,
                Err(error) => return Err(error).context("filling the disk"),
            }
        }
        Ok(())
    }

    /// Makes room again.
    ///
    /// # Errors
    /// When what fills it cannot be deleted.
    pub fn free(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.folder).status());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_until_it_is_freed() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let disk = SmallDisk::mount(&folder.path().join("disk"), 1)?;
        let other = folder.path().join("disk/other");
        disk.fill()?;
        let error = std::fs::write(&other, BLOCK).expect_err("it is full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        disk.free()?;
        std::fs::write(&other, BLOCK)?;
        Ok(())
    }
}
