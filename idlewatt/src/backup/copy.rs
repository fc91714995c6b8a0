//! A database as it was at one instant, copied while others write to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

/// Pages copied between two words of progress: 8 MiB.
const PAGES_AT_ONCE: i32 = 2048;
/// How long another's write is waited for.
const BUSY_WAIT: Duration = Duration::from_secs(30);

/// The instant, held: what others write from now on is not in it.
pub(super) struct Snapshot {
    connection: Connection,
    path: PathBuf,
}

impl Snapshot {
    /// Takes it. The file must exist.
    pub(super) fn take(path: &Path) -> anyhow::Result<Self> {
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.busy_timeout(BUSY_WAIT)?;
            // in WAL mode a transaction goes on seeing what its first read saw
            connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")?;
            Ok(connection)
        };
        let connection = open().with_context(|| {
            format!(
                "{} cannot be read; name the configuration of the service, and run this as root or as the user that it runs as",
                path.display()
            )
        })?;
        Ok(Self {
            connection,
            path: path.to_owned(),
        })
    }

    /// How long it is.
    pub(super) fn bytes(&self) -> anyhow::Result<u64> {
        let pragma = |name| {
            self.connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        };
        let (pages, page) = (pragma("page_count")?, pragma("page_size")?);
        Ok(u64::try_from(pages * page)?)
    }

    /// Writes it to a new file, durably; `progress` is told the bytes that are done.
    pub(super) fn copy_to(&self, target: &Path, mut progress: impl FnMut(u64)) -> anyhow::Result<()> {
        let bytes = self.bytes()?;
        let mut copy = || -> rusqlite::Result<()> {
            let mut to = Connection::open(target)?;
            {
                let backup = Backup::new(&self.connection, &mut to)?;
                while backup.step(PAGES_AT_ONCE)? != StepResult::Done {
                    let now = backup.progress();
                    let (left, all) = (now.remaining.unsigned_abs(), now.pagecount.unsigned_abs().max(1));
                    progress(bytes - bytes * u64::from(left) / u64::from(all));
                }
            }
            // one file, with nothing beside it
            to.pragma_update(None, "journal_mode", "DELETE")
        };
        copy().with_context(|| {
            format!(
                "{} cannot be copied to {}; is there room?",
                self.path.display(),
                target.display()
            )
        })
    }
}

/// What SQLite finds wrong with a file that nobody writes to.
pub(super) fn fault(path: &Path) -> Option<String> {
    let check = || -> rusqlite::Result<String> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
    };
    match check() {
        Ok(verdict) if verdict == "ok" => None,
        Ok(verdict) => Some(verdict),
        Err(error) => Some(error.to_string()),
    }
}
