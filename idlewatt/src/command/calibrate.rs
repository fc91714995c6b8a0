//! `idlewatt calibrate`: what a device has learned of its levels, for a person to review.
//!
//! Learned from a trace, or what the running service knows (its files are read beside it, nothing is written). It is
//! said as a table with a picture of the load-duration curve; as an SVG; as JSON; or as the `bands` that would fix it.

mod json;
mod picture;
mod review;
mod svg;
mod text;
mod toml;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::Analyzer;
use anyhow::Context;

use crate::config::{Config, DeviceConfig};
use crate::progress::{self, Progress};
use crate::{arguments, pipeline, trace};
use review::Review;

/// Shows the bands that a device has learned, with a picture of its load-duration curve.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt calibrate --modality ct trace.csv\n  \
                  idlewatt calibrate -c idlewatt.toml --device ct-1 --svg ct-1.svg\n  \
                  idlewatt calibrate --modality mri --toml trace.csv > bands.toml\n\n\
                  With --json:\n  One object: the device, its bands with state, from_w, until_w and evidence, and the load-duration curve.")]
pub struct Arguments {
    /// The kind of machine that the trace is of
    #[arg(long, required_unless_present = "device", requires = "trace", value_parser = arguments::modalities())]
    modality: Option<String>,
    /// A device of the running service instead of a trace
    #[arg(long, value_name = "ID", conflicts_with_all = ["modality", "trace"])]
    device: Option<String>,
    /// The configuration of the service; its state folder holds what was learned
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// Also draw the curve and the bands as an SVG picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print all figures as one JSON object
    #[arg(long, conflicts_with = "toml")]
    json: bool,
    /// Print the bands as they would be fixed: for `classify --bands` and for the configuration
    #[arg(long)]
    toml: bool,
    /// The trace, CSV with the header `ts_unix_s,power_w[,energy_wh]`; - for standard input
    #[arg(value_name = "TRACE.CSV", requires = "modality")]
    trace: Option<PathBuf>,
    #[command(flatten)]
    progress: progress::Asked,
}

/// Runs the command.
///
/// # Errors
/// There is no such modality, trace, device or service; each says what and how to mend it.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let review = match (&arguments.device, &arguments.modality, &arguments.trace) {
        (None, Some(modality), Some(trace)) => of_trace(modality, trace)?,
        (Some(id), ..) => of_service(&arguments.config, id, arguments.progress)?,
        _ => anyhow::bail!("name a trace and its modality, or a device of the service"),
    };
    if let Some(path) = &arguments.svg {
        let drawn = svg::draw(&review).context("the picture cannot be drawn")?;
        std::fs::write(path, drawn).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if arguments.json {
        json::write(&review, out)?;
    } else if arguments.toml {
        toml::write(&review, out)?;
    } else {
        let is_coloured = super::may_colour(&std::io::stdout());
        text::write(&review, is_coloured, out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn of_trace(modality: &str, path: &Path) -> anyhow::Result<Review> {
    let modality = trace::modality(modality)?;
    let mut analyzer = Analyzer::new(trace::config(modality, None));
    trace::play(path, &mut analyzer, |findings| {
        findings.clear();
        Ok(())
    })?;
    let name = path
        .file_name()
        .map_or_else(|| "trace".into(), |name| name.to_string_lossy());
    let name = if name == "-" { "trace".into() } else { name };
    Review::of(&analyzer, trace::TRACE, &name, modality).context("the trace is the only device")
}

fn of_service(path: &Path, id: &str, asked: progress::Asked) -> anyhow::Result<Review> {
    let config = Config::load(path)?.config;
    let device = config.devices.iter().find(|device| &*device.device.id == id);
    let DeviceConfig { device, .. } = device.with_context(|| {
        let ids: Vec<&str> = config.devices.iter().map(|device| &*device.device.id).collect();
        format!(
            "'{id}' is no device of {}; it has {}",
            path.display(),
            ids.join(", ")
        )
    })?;
    let progress = Progress::new(asked, "calibrate", "batches", 0);
    let interpreter = pipeline::recall(&config, |seq, last| progress.set_of(seq, last))?;
    drop(progress);
    let name = if device.name == id {
        id.to_owned()
    } else {
        format!("{} ({id})", device.name)
    };
    let review = Review::of(interpreter.analyzer(), id, &name, device.modality);
    Ok(Review {
        fixed: device.bands.clone(),
        ..review.with_context(|| format!("nothing is known of '{id}'"))?
    })
}
