//! What the service may do on its machine: no more than a user of its own, and nobody else reads what it writes.

/// Takes read, write and execute from everybody but the owner.
const OWNER_ALONE: u32 = 0o077;

/// From here on files and folders are made for their owner alone.
pub(crate) fn restrict_files() {
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(OWNER_ALONE));
}

/// The same for a service; says so where that owner is root.
pub(crate) fn restrict() {
    restrict_files();
    if rustix::process::geteuid().is_root() {
        tracing::warn!(
            "idlewatt runs as root and needs none of its rights; run it as a user of its own, see docs/security.md"
        );
    }
}
