//! `idlewatt restore`: puts a backup back into the state folder of a service that stands still, or only looks at one.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use ingest::clock::wall;
use serde_json::json;

use crate::backup::{Manifest, Restored, restore, verify};
use crate::config::Config;
use crate::progress::{self, Progress};

/// Puts a backup back into the state folder; or only says whether it is sound.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt restore --check /srv/backup/idlewatt/idlewatt-20261127T013000.000Z\n  \
                  systemctl stop idlewatt\n  idlewatt restore -c /etc/idlewatt/idlewatt.toml /srv/backup/idlewatt/idlewatt-20261127T013000.000Z\n  \
                  systemctl start idlewatt\n\n\
                  What stands in the state folder is renamed to *.before-<instant>, never deleted.\n\n\
                  With --json:\n  One object: backup (what is in it: at, site, files and how far each goes); without --check also state_dir and moved_aside."
)]
pub struct Arguments {
    /// A folder that `idlewatt backup` made
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// The service's configuration; the backup goes into its state folder
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// Only read it, and say whether it is complete and undamaged
    #[arg(long)]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    progress: progress::Asked,
}

/// Checks, and puts back.
///
/// # Errors
/// The backup is damaged, the service runs, or the state folder cannot be written.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let shown = Progress::new(arguments.progress, "restore", "bytes", 0);
    let mut progress = |_: &str, done, of| shown.set_of(done, of);
    if arguments.check {
        let manifest = verify(&arguments.backup, &mut progress)?;
        drop(shown);
        if arguments.json {
            writeln!(out, "{:#}", json!({ "backup": manifest }))?;
        } else {
            writeln!(out, "sound: {}", says(&manifest))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::load(&arguments.config)?.config;
    crate::privilege::restrict_files();
    let restored = restore(&config, &arguments.backup, wall(), &mut progress)?;
    drop(shown);
    if arguments.json {
        let (state_dir, aside) = (&config.state_dir, &restored.moved_aside);
        let said = json!({ "backup": restored.manifest, "state_dir": state_dir, "moved_aside": aside });
        writeln!(out, "{said:#}")?;
    } else {
        write_text(&restored, &config, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_text(restored: &Restored, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "restored into {}: {}",
        config.state_dir.display(),
        says(&restored.manifest)
    )?;
    for path in &restored.moved_aside {
        writeln!(out, "  moved aside: {}", path.display())?;
    }
    writeln!(
        out,
        "Start the service now. What meters said since then and a broker no longer holds is not in it: their counters \
         make up for its energy, databases keep what they were told. Delete what was moved aside once all is well."
    )?;
    Ok(())
}

fn says(manifest: &Manifest) -> String {
    format!(
        "{} as of {} (UTC), made by idlewatt {}, {} bytes, journal up to batch {}",
        manifest.site,
        manifest.at.strftime("%Y-%m-%d %H:%M:%S"),
        manifest.idlewatt,
        manifest.bytes(),
        manifest.journal_seq
    )
}
