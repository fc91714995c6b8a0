//! A Debian that nobody has touched: made once by mmdebstrap, kept as a tarball below target/, unpacked for each test.
//!
//! The packages that a runbook installs are downloaded into it and not installed: a container of its own network cannot
//! fetch anything. Needs root, as making a root does. The tarball is made anew where the list of packages changes; an old one
//! only lacks updates.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use tempfile::TempDir;

const SUITE: &str = "bookworm";
/// What is there before anybody installs something.
const THERE: &str = "systemd,systemd-sysv";
/// What a runbook may install.
const DOWNLOADED: &str = "mosquitto openssl logrotate procps";
/// Debian's installer writes it, mmdebstrap does not.
const HOSTS: &str = "printf '127.0.0.1\\tlocalhost\\n::1\\tlocalhost\\n' > \"$1/etc/hosts\"";

/// The root, in a folder of its own below target/; gone when dropped.
///
/// # Errors
/// When it cannot be made: mmdebstrap is missing, no mirror answers, or we are not root.
pub fn unpack() -> anyhow::Result<TempDir> {
    let cache = cache_folder()?;
    let tarball = tarball(&cache)?;
    let folder = tempfile::Builder::new().prefix("root-").tempdir_in(&cache)?;
    // the folder is the root of a system: others than root go through it
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    run(Command::new("tar")
        .args(["--extract", "--numeric-owner", "--xattrs", "--file"])
        .arg(&tarball)
        .arg("--directory")
        .arg(folder.path()))?;
    Ok(folder)
}

fn cache_folder() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let target = test.ancestors().find(|folder| folder.ends_with("target"));
    let folder = target
        .context("the test does not run below target/")?
        .join("root");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Makes it where it is not there; one process at a time.
fn tarball(cache: &Path) -> anyhow::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    (SUITE, THERE, DOWNLOADED, HOSTS).hash(&mut hasher);
    let tarball = cache.join(format!("{SUITE}-{:016x}.tar", hasher.finish()));
    let lock = File::create(cache.join("lock"))?;
    lock.lock()?;
    if tarball.exists() {
        return Ok(tarball);
    }
    // an older list of packages
    for old in std::fs::read_dir(cache)?.flatten().map(|entry| entry.path()) {
        if old.extension().is_some_and(|end| end == "tar") {
            std::fs::remove_file(old)?;
        }
    }
    let begun = cache.join("begun.tar");
    let download = format!(
        "chroot \"$1\" apt-get install --yes --quiet --quiet --download-only -o APT::Install-Recommends=true {DOWNLOADED}"
    );
    run(Command::new("mmdebstrap")
        .args([
            "--quiet",
            "--mode=root",
            "--variant=minbase",
            "--skip=cleanup/apt",
        ])
        .arg(format!("--include={THERE}"))
        .args(["--customize-hook", HOSTS, "--customize-hook", &download, SUITE])
        .arg(&begun))?;
    std::fs::rename(&begun, &tarball)?;
    Ok(tarball)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let missing =
        || format!("{program} is missing or cannot be run; apt-get install mmdebstrap systemd-container tar");
    let output = command.output().with_context(missing)?;
    ensure!(
        output.status.success(),
        "{program}: {}\n{}\nmaking a root needs the rights of root and a Debian mirror",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
