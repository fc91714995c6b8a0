//! The unit alone: what it may do, as systemd judges it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// The bar, times ten.
const EXPOSURE_MAX: &str = "20";

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/systemd")
}

/// Every service that is shipped.
const UNITS: [&str; 2] = ["idlewatt.service", "idlewatt-backup.service"];

#[test]
fn the_unit_is_exposed_to_two_points_at_most() -> anyhow::Result<()> {
    UNITS.into_iter().try_for_each(judge)
}

fn judge(unit: &str) -> anyhow::Result<()> {
    let judged = Command::new("systemd-analyze")
        .args([
            "security",
            "--offline=true",
            "--no-pager",
            "--threshold",
            EXPOSURE_MAX,
        ])
        .arg(folder().join(unit))
        .output()
        .context("systemd-analyze is missing: apt-get install systemd")?;
    let said = String::from_utf8_lossy(&judged.stdout);
    ensure!(
        judged.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&judged.stderr)
    );
    ensure!(
        said.contains(&format!("Overall exposure level for {unit}")),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_faulty_configuration_is_said_before_a_start_and_before_a_reload() -> anyhow::Result<()> {
    let unit = std::fs::read_to_string(folder().join("idlewatt.service"))?;
    let check = "/usr/bin/idlewatt check --offline --quiet -c /etc/idlewatt/idlewatt.toml";
    for line in [
        format!("ExecStartPre={check}"),
        format!("ExecReload={check}\nExecReload=/bin/kill -HUP $MAINPID"),
    ] {
        ensure!(unit.contains(&format!("\n{line}\n")), "the unit has no {line}");
    }
    Ok(())
}
