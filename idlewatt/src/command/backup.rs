//! `idlewatt backup`: a copy of everything durable, of one instant, made while the service runs.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use ingest::clock::wall;

use crate::backup::{Made, make};
use crate::config::Config;
use crate::progress::{self, Progress};

/// Copies journal, findings and history into a folder, while the service runs.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt backup -c /etc/idlewatt/idlewatt.toml --to /srv/backup/idlewatt\n  \
                  idlewatt backup -c /etc/idlewatt/idlewatt.toml --to /srv/backup/idlewatt --keep 7 --json\n\n\
                  Each backup is a folder of its own, named by its instant (UTC). `idlewatt restore` puts one back.\n\
                  Passwords, tokens and keys are not in it.\n\n\
                  With --json:\n  One object: folder, backup (what is in it: at, site, files and how far each goes), deleted, left_over."
)]
pub struct Arguments {
    /// The service's configuration; its state folder is what is copied
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// The folder below which backups stand
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Keep so many backups there and delete older ones. Not said: nothing is deleted
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    progress: progress::Asked,
}

/// Makes one.
///
/// # Errors
/// The configuration has faults, a file cannot be read, or the copy not be written.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?.config;
    crate::privilege::restrict_files();
    let shown = Progress::new(arguments.progress, "backup", "bytes", 0);
    let made = make(
        &config,
        &arguments.config,
        &arguments.to,
        wall(),
        arguments.keep.map(usize::from),
        &mut |_, done, of| shown.set_of(done, of),
    )?;
    drop(shown);
    if arguments.json {
        writeln!(
            out,
            "{:#}",
            serde_json::json!({ "folder": made.folder, "backup": made.manifest, "deleted": made.deleted, "left_over": made.left_over })
        )?;
    } else {
        write_text(&made, &config, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_text(made: &Made, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
    let manifest = &made.manifest;
    let at = manifest.at.to_zoned_datetime(config.site.site.zone.clone());
    writeln!(
        out,
        "{}: {} as of {}",
        made.folder.display(),
        manifest.site,
        at.strftime("%Y-%m-%d %H:%M:%S %Z")
    )?;
    for entry in &manifest.files {
        writeln!(out, "  {:<18} {:>15} bytes", entry.name, entry.bytes)?;
    }
    writeln!(
        out,
        "  journal up to batch {}, analyzed up to {}; findings up to row {}, history up to {}",
        manifest.journal_seq, manifest.analyzed_seq, manifest.findings_seq, manifest.history_seq
    )?;
    for folder in &made.left_over {
        writeln!(
            out,
            "not finished: {}; delete it unless another backup is under way",
            folder.display()
        )?;
    }
    for folder in &made.deleted {
        writeln!(out, "deleted: {}", folder.display())?;
    }
    Ok(())
}
