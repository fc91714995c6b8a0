//! Exit codes of every command: 0 done, 1 faults found or failed, 2 wrong arguments; a reader that has enough is no error.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;
use tests::idlewatt::{binary, command};

/// A configuration that is right, one that is not, and a folder where a file is meant.
fn folder() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let good = include_str!("../../../docs/first.toml");
    std::fs::write(folder.path().join("good.toml"), good)?;
    std::fs::write(folder.path().join("bad.toml"), good.replace("zone", "zoen"))?;
    std::fs::create_dir(folder.path().join("folder.toml"))?;
    std::fs::write(folder.path().join("trace.csv"), "ts_unix_s,power_w\n1,2\n2,2\n")?;
    Ok(folder)
}

/// Commands that read a configuration, with what else they need; all of them fail the same way without one.
const CONFIGURED: [&[&str]; 15] = [
    &["alert", "list"],
    &["alert", "acknowledge", "overnight_idle", "ct-1"],
    &["alert", "note", "overnight_idle", "ct-1", "--text", "x"],
    &["alert", "snooze", "overnight_idle", "ct-1", "--hours", "1"],
    &["alert", "test", "oncall"],
    &["calibrate", "--device", "ct-1"],
    &["decode"],
    &["discover", "--seconds", "1"],
    &["kpi"],
    &["quarantine", "list"],
    &["quarantine", "replay"],
    &["replay"],
    &["report", "--from", "2026-10-01", "--to", "2026-11-01"],
    &["serve"],
    &["status"],
];

/// Arguments, exit code, what is said on standard error.
const TABLE: [(&[&str], i32, &str); 27] = [
    (&["--help"], 0, ""),
    (&["--version"], 0, ""),
    (&[], 2, "Usage"),
    (&["stauts"], 2, "similar subcommand exists: 'status'"),
    (&["status", "--jsn"], 2, "'--json'"),
    (
        &["alert", "snooze", "meter_silent", "ct-1", "--hours", "0"],
        2,
        "--hours",
    ),
    (&["bench", "pipeline", "--only", "tea"], 2, "possible values"),
    (&["calibrate"], 2, "--modality"),
    (
        &["calibrate", "--modality", "toaster", "trace.csv"],
        2,
        "possible values",
    ),
    (&["calibrate", "--modality", "ct", "none.csv"], 1, "none.csv"),
    (&["check", "-c", "good.toml", "--offline"], 0, ""),
    (&["check", "-c", "bad.toml", "--offline"], 1, ""),
    (&["check", "-c", "none.toml", "--offline"], 1, ""),
    (&["check", "-c", "folder.toml", "--offline"], 1, ""),
    (
        &["check", "-c", "good.toml", "--timeout-s", "0"],
        2,
        "--timeout-s",
    ),
    (&["classify", "--modality", "ct", "trace.csv"], 0, ""),
    (&["classify", "--modality", "ct", "folder.toml"], 1, "folder.toml"),
    (&["completions", "tcsh"], 2, "possible values"),
    (&["discover"], 2, "nothing to listen to"),
    (
        &[
            "discover",
            "--broker",
            "mqtt://127.0.0.1:1",
            "--seconds",
            "1",
            "-q",
        ],
        1,
        "nothing was heard",
    ),
    (
        &["kpi", "-c", "good.toml", "--by", "colour"],
        2,
        "possible values",
    ),
    (&["kpi", "-c", "good.toml"], 1, "there is no history"),
    (&["man", "good.toml"], 1, "cannot write to good.toml"),
    (&["quarantine", "show", "first"], 2, "4711:3"),
    (
        &["replay", "-c", "good.toml", "--since", "yesterday"],
        2,
        "is no day and no instant",
    ),
    (&["simulate", "nowhere"], 1, "neither a file nor one of"),
    (&["status", "--url", "http://127.0.0.1:1"], 1, "does not answer"),
];

fn run(folder: &Path, arguments: &[&str]) -> anyhow::Result<(Option<i32>, String, String)> {
    let output = Command::new(binary()?)
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code(), text(&output.stdout), text(&output.stderr)))
}

#[test]
fn every_command_ends_as_it_is_documented() -> anyhow::Result<()> {
    let folder = folder()?;
    for (arguments, code, words) in TABLE {
        let (got, _, said) = run(folder.path(), arguments)?;
        assert_eq!(got, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    Ok(())
}

#[test]
fn a_configuration_that_is_missing_unreadable_or_wrong_is_named() -> anyhow::Result<()> {
    let folder = folder()?;
    for arguments in CONFIGURED {
        for (file, words) in [
            ("none.toml", "none.toml: "),
            ("folder.toml", "folder.toml: "),
            ("bad.toml", "did you mean 'zone'?"),
        ] {
            let (code, out, said) = run(folder.path(), &[arguments, &["-c", file]].concat())?;
            assert_eq!(code, Some(1), "{arguments:?} {file}: {said}");
            assert!(said.contains(words), "{arguments:?} {file}: {said}");
            assert_eq!(out, "", "{arguments:?} {file}");
        }
    }
    Ok(())
}

#[test]
fn a_reader_that_has_enough_is_no_error() -> anyhow::Result<()> {
    let folder = folder()?;
    for arguments in [
        &["check", "--print-config"][..],
        &["check", "-c", "good.toml", "--offline", "--json"],
        &["classify", "--modality", "ct", "trace.csv"],
        &["completions", "bash"],
        &["decode", "--families"],
        &["man", "--markdown"],
        &["simulate", "ct_room"],
    ] {
        let mut child = Command::new(binary()?)
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        drop(child.stdout.take());
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), said.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
    Ok(())
}

#[test]
fn ctrl_c_ends_long_work_at_once() -> anyhow::Result<()> {
    let mut child = Command::new(binary()?)
        .args(["simulate", "week"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut first = String::new();
    // nobody reads on, so it is in the midst of its work when the signal comes
    let mut out = BufReader::new(child.stdout.take().context("it was asked for")?);
    out.read_line(&mut first)?;
    assert!(first.contains("\"topic\""), "{first}");
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", "INT", &pid]).status()?;
    anyhow::ensure!(sent.success(), "kill -s INT {pid}");
    let ended = child.wait()?;
    assert_eq!(ended.signal(), Some(2), "a shell shows 130");
    Ok(())
}

#[test]
fn progress_is_no_part_of_the_result_and_quiet_leaves_it_out() -> anyhow::Result<()> {
    let output = command(&["bench", "states", "--devices", "1", "--json", "--quiet"], "")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "");
    serde_json::from_slice::<serde_json::Value>(&output.stdout)?;
    Ok(())
}
