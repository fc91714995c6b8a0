//! `idlewatt calibrate` on simulated scanners: the names are those of the truth, and what it prints can be used.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;
use simulator::{State, TruthRecord};
use tests::idlewatt::{answer, command};
use tests::trace::{Trace, simulated};

/// Two days of one device; its meter is looked at every second.
fn scenario(modality: &str, levels: &str, after_hours: &str) -> String {
    format!(
        "name = 'one'\nseed = 11\nzone = 'Europe/Paris'\nstart = '2026-11-16'\ndays = 2\n[[devices]]\nid = 'one'\n\
         modality = '{modality}'\nlevels = {{ {levels} }}\nschedule = {{ open = '07:30', close = '18:00', after_hours = \
         '{after_hours}' }}\nmeter = {{ family = 'generic_json', topic = 'one', report = {{ seconds = 1 }} }}\n"
    )
}

fn ct() -> anyhow::Result<Trace> {
    simulated(&scenario(
        "ct",
        "idle_watts = 2100, standby_watts = 800",
        "standby",
    ))
}

/// An MRI whose levels all differ from the published ones; off it draws more than in power-save.
fn mri() -> anyhow::Result<Trace> {
    let levels = "off_watts = 9000, idle_watts = 13500, ready_watts = 21500, scanning_watts_min = 33000, \
                  scanning_watts_max = 47000";
    simulated(&scenario("mri", levels, "off"))
}

fn review(modality: &str, trace: &Trace) -> anyhow::Result<Value> {
    let said = answer(&["calibrate", "--modality", modality, "--json", "-"], &trace.csv)?;
    Ok(serde_json::from_str(&said)?)
}

/// The state of the learned level that is nearest to a power, which must be within 6 % and known well.
fn name_of(review: &Value, power_w: f64) -> anyhow::Result<String> {
    let levels = review["levels"].as_array().context("levels")?;
    let far = |level: &Value| (level["level_w"].as_f64().unwrap_or(0.0) / power_w - 1.0).abs();
    let nearest = levels.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
    let nearest = nearest.context("a level")?;
    anyhow::ensure!(far(nearest) < 0.06, "no level near {power_w} W: {levels:#?}");
    anyhow::ensure!(
        nearest["is_provisional"] == false,
        "two days leave no doubt: {nearest:#?}"
    );
    Ok(nearest["state"].as_str().unwrap_or_default().to_owned())
}

/// Hours by state of the truth, in which a scan's pauses are the scan's.
fn true_hours(trace: &Trace) -> BTreeMap<&'static str, f64> {
    let mut hours = BTreeMap::new();
    for record in &trace.truth {
        if let TruthRecord::Interval {
            from, until, state, ..
        } = record
        {
            let name = match state {
                State::Off => "off",
                State::Standby => "standby",
                State::Idle => "idle",
                State::Scanning => "scanning",
            };
            *hours.entry(name).or_default() += until.duration_since(*from).as_secs_f64() / 3600.0;
        }
    }
    hours
}

/// Hours by state that `classify` says.
fn intervals(modality: &str, trace: &Trace, bands: Option<&Path>) -> anyhow::Result<Vec<(f64, f64, String)>> {
    let mut arguments = vec!["classify", "--modality", modality];
    let bands = bands.map(|path| path.display().to_string());
    arguments.extend(bands.iter().flat_map(|path| ["--bands", path.as_str()]));
    arguments.push("-");
    let said = answer(&arguments, &trace.csv)?;
    let interval = |line: &str| -> anyhow::Result<(f64, f64, String)> {
        let line: Value = serde_json::from_str(line)?;
        let second = |key: &str| line[key].as_f64().context("a second");
        Ok((
            second("from")?,
            second("until")?,
            line["state"].as_str().context("a state")?.to_owned(),
        ))
    };
    said.lines().map(interval).collect()
}

/// The part of the time in which two say the same.
fn agreement(one: &[(f64, f64, String)], other: &[(f64, f64, String)]) -> f64 {
    let (mut same_s, mut place) = (0.0, 0);
    for (from, until, state) in one {
        while other.get(place).is_some_and(|(_, end, _)| end <= from) {
            place += 1;
        }
        for (start, end, said) in other[place..].iter().take_while(|(start, ..)| start < until) {
            same_s += if said == state {
                end.min(*until) - start.max(*from)
            } else {
                0.0
            };
        }
    }
    let all_s: f64 = one.iter().map(|(from, until, _)| until - from).sum();
    same_s / all_s
}

#[test]
fn the_levels_of_a_simulated_ct_have_their_true_names() -> anyhow::Result<()> {
    let trace = ct()?;
    let review = review("ct", &trace)?;
    assert_eq!(name_of(&review, 800.0)?, "standby");
    assert_eq!(name_of(&review, 2100.0)?, "idle");
    let scanning_from_w = review["scanning_from_w"]
        .as_f64()
        .context("scanning is claimed")?;
    assert!(
        (5_000.0..25_000.0).contains(&scanning_from_w),
        "{scanning_from_w}"
    );
    assert_eq!(review["is_too_coarse"], false);
    Ok(())
}

#[test]
fn the_levels_of_a_simulated_mri_have_their_true_names() -> anyhow::Result<()> {
    let trace = mri()?;
    let review = review("mri", &trace)?;
    for (level_w, state) in [(9_000.0, "off"), (13_500.0, "idle"), (21_500.0, "idle")] {
        assert_eq!(name_of(&review, level_w)?, state, "{level_w} W: {review:#}");
    }
    Ok(())
}

/// What fixed bands cannot do: weak scouts, and the first minutes, in which learned bands are not known yet.
const AGREEMENT_MIN: f64 = 0.985;

#[test]
fn the_bands_that_it_prints_give_the_same_states() -> anyhow::Result<()> {
    for (modality, trace) in [("ct", ct()?), ("mri", mri()?)] {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("bands.toml");
        let toml = answer(&["calibrate", "--modality", modality, "--toml", "-"], &trace.csv)?;
        std::fs::write(&file, &toml)?;
        let learned = intervals(modality, &trace, None)?;
        let fixed = intervals(modality, &trace, Some(&file))?;
        let agreement = agreement(&learned, &fixed);
        println!("{modality}: {agreement:.4}\n{toml}truth {:?}", true_hours(&trace));
        assert!(agreement >= AGREEMENT_MIN, "{modality}: {agreement}\n{toml}");
    }
    Ok(())
}

#[test]
fn a_person_sees_a_table_and_a_picture() -> anyhow::Result<()> {
    let trace = ct()?;
    let folder = tempfile::tempdir()?;
    let (file, picture) = (folder.path().join("ct.csv"), folder.path().join("ct.svg"));
    std::fs::write(&file, &trace.csv)?;
    let paths = (file.display().to_string(), picture.display().to_string());
    let said = answer(
        &["calibrate", "--modality", "ct", "--svg", &paths.1, &paths.0],
        "",
    )?;
    for words in [
        "ct.csv (CT): 2 levels learned from",
        "standby",
        "idle",
        "Scanning begins at",
        "fast enough for scans",
        "load-duration curve",
        "█",
        "100 % of the time at this power or more",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "no colours where no terminal is");
    let drawn = std::fs::read_to_string(&picture)?;
    assert!(
        drawn.starts_with("<svg") && drawn.contains("prefers-color-scheme:dark"),
        "{drawn:.300}"
    );
    assert!(drawn.contains("scanning from") && drawn.contains("share of the time at this power or more"));
    Ok(())
}

#[test]
fn a_meter_that_looks_once_a_minute_is_told_to_be_too_slow() -> anyhow::Result<()> {
    let slow = scenario("ct", "", "standby").replace("seconds = 1", "seconds = 60");
    let said = answer(&["calibrate", "--modality", "ct", "-"], &simulated(&slow)?.csv)?;
    assert!(
        said.contains("Scanning is not claimed. Let the meter report every second or two"),
        "{said}"
    );
    Ok(())
}

#[test]
fn what_is_missing_is_said() -> anyhow::Result<()> {
    for (arguments, code, words) in [
        (&["calibrate", "--modality", "ct"][..], 2, "TRACE.CSV"),
        (&["calibrate", "trace.csv"], 2, "--modality"),
        (
            &["calibrate", "--modality", "ct", "/no/such.csv"],
            1,
            "cannot read the trace /no/such.csv",
        ),
        (
            &["calibrate", "--device", "ct-1", "-c", "/no/such.toml"],
            1,
            "/no/such.toml",
        ),
    ] {
        let output = command(arguments, "")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{said}");
    }
    Ok(())
}
