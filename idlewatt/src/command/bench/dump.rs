//! A sweep's traces as files, so that others may judge them: `NAME.csv` as `idlewatt classify` reads it, and
//! `NAME.truth.csv`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;

use super::trace::{Trace, seconds};

/// Makes the folder.
pub(super) fn prepare(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Writes a device's samples and truth.
pub(super) fn write(folder: &Path, name: &str, trace: &Trace) -> anyhow::Result<()> {
    let path = folder.join(format!("{name}.csv"));
    let mut file = create(&path)?;
    points(&mut file, trace)
        .and_then(|()| file.flush())
        .with_context(|| format!("cannot write {}", path.display()))?;
    write_truth(&folder.join(format!("{name}.truth.csv")), trace)
}

/// Writes a device's samples.
pub(super) fn points(file: &mut dyn Write, trace: &Trace) -> io::Result<()> {
    writeln!(file, "ts_unix_s,power_w,energy_wh")?;
    for point in &trace.points {
        write!(file, "{:.3},{:.1},", seconds(point.at_ms), point.power_w)?;
        match point.energy_wh {
            Some(energy_wh) => writeln!(file, "{energy_wh:.1}")?,
            None => writeln!(file)?,
        }
    }
    Ok(())
}

fn write_truth(path: &Path, trace: &Trace) -> anyhow::Result<()> {
    let mut file = create(path)?;
    writeln!(file, "start_ts,end_ts,state")?;
    for span in &trace.truth {
        let (from, until) = (seconds(span.from_ms), seconds(span.until_ms));
        writeln!(file, "{from:.3},{until:.3},{}", span.state)?;
    }
    file.flush()
        .with_context(|| format!("cannot write {}", path.display()))
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(BufWriter::new(file))
}
