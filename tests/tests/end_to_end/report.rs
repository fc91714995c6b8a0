//! Reports as people get them: by `idlewatt report` and by the running service, over five days of the demo hospital around
//! the end of a month. Their figures are those of `idlewatt kpi`, and where idling goes is what the simulator's truth says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use idlewatt::config::Config;
use serde_json::Value;
use simulator::{State, TruthRecord};
use tests::chromium::{Chromium, Screen};
use tests::idlewatt::{Idlewatt, WITHIN, answer, command, demo_configuration};

use crate::kpi::{journalled, scenario};

/// Ten hours after the end, for the figures are compared to the last digit: no register has anything to add then.
const MONTHLY: &str =
    "[[report]]\nname = \"monthly\"\nformats = [\"html\", \"csv\", \"json\", \"md\"]\nafter_minutes = 600\n";
const WEEKLY: &str = "[[report]]\nname = \"weekly\"\nevery = \"week\"\nlanguage = \"fr\"\nrooms = [\"Reading room\"]\nafter_minutes = 600\n";

fn configuration(reports: &[&str]) -> String {
    demo_configuration("mqtt://127.0.0.1:1", &reports.concat())
}

async fn until_there(file: &Path, idlewatt: &Idlewatt) -> anyhow::Result<()> {
    let looking = async {
        while !file.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let found = tokio::time::timeout(WITHIN, looking).await;
    found.with_context(|| format!("{} is never written: {}", file.display(), idlewatt.log()))
}

/// How many files the service says it has written.
fn written(idlewatt: &Idlewatt) -> usize {
    idlewatt.log().matches("report written").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_writes_a_report_when_its_month_is_over_and_not_twice() -> anyhow::Result<()> {
    let mut idlewatt = Idlewatt::prepare(&configuration(&[MONTHLY]))?;
    let scenario = scenario()?;
    let truth = journalled(&idlewatt, &scenario)?;
    let folder = idlewatt.state_folder().join("reports");
    let file = |name: &str| folder.join(name);
    idlewatt.restart().await?;
    until_there(&idlewatt.state_folder().join("reports.json"), &idlewatt).await?;
    let names: Vec<PathBuf> = ["html", "csv", "json", "md"]
        .map(|form| file(&format!("monthly-2026-10.{form}")))
        .to_vec();
    assert!(names.iter().all(|name| name.exists()), "{}", idlewatt.log());
    assert_eq!(
        std::fs::read_dir(&folder)?.count(),
        4,
        "nothing half-written is left"
    );

    // killed, and with another report in its configuration: the month is not written again, the week is made up for
    idlewatt.kill()?;
    std::fs::remove_file(file("monthly-2026-10.csv"))?;
    idlewatt.rewrite(&configuration(&[MONTHLY, WEEKLY]))?;
    idlewatt.restart().await?;
    until_there(&file("weekly-2026-W44.html"), &idlewatt).await?;
    assert!(!file("monthly-2026-10.csv").exists(), "not twice");
    idlewatt
        .until("analyzed", WITHIN, |metrics| metrics.is_drained())
        .await?;
    assert!(idlewatt.stop().await?.success());
    assert_eq!(written(&idlewatt), 5, "four of the month, one of the week");
    let week = std::fs::read_to_string(file("weekly-2026-W44.html"))?;
    assert!(
        week.contains("<html lang=\"fr\">") && !week.contains("CT 1"),
        "French, of one room"
    );

    let report: Value = serde_json::from_str(&std::fs::read_to_string(file("monthly-2026-10.json"))?)?;
    figures_are_those_of_kpi(&idlewatt, &report, "2026-10-01", "2026-11-01")?;
    idling_is_where_the_truth_has_it(&idlewatt, &truth, &report)?;
    as_people_ask_for_it(&idlewatt)?;
    the_file_is_whole_and_prints(&file("monthly-2026-10.html"))
}

/// The same numbers, to the last digit.
fn figures_are_those_of_kpi(idlewatt: &Idlewatt, report: &Value, from: &str, to: &str) -> anyhow::Result<()> {
    let file = idlewatt.configuration_path().display().to_string();
    let asked = [
        "kpi", "-c", &file, "--from", from, "--to", to, "--by", "device", "--json",
    ];
    let kpi: Value = serde_json::from_str(&answer(&asked, "")?)?;
    let (rows, devices) = (&kpi["rows"], &report["devices"]);
    let (rows, devices) = (
        rows.as_array().context("rows")?,
        devices.as_array().context("devices")?,
    );
    assert_eq!(rows.len(), devices.len());
    for (row, device) in rows.iter().zip(devices) {
        assert_eq!(row["values"], device["now"]["values"], "{}", device["id"]);
        assert_eq!(row["targets"], device["now"]["targets"], "{}", device["id"]);
    }
    Ok(())
}

/// Every cell of the heat map, in kWh over the month, against the truth.
fn idling_is_where_the_truth_has_it(
    idlewatt: &Idlewatt,
    truth: &[TruthRecord],
    report: &Value,
) -> anyhow::Result<()> {
    let hospital = Config::load(&idlewatt.configuration_path())?.config.analyzer();
    let zone = &hospital.site.zone;
    let end = zone.to_timestamp(jiff::civil::date(2026, 11, 1).at(0, 0, 0, 0))?;
    let mut cells: BTreeMap<(i64, i64), f64> = BTreeMap::new();
    for record in truth {
        let TruthRecord::Interval {
            device,
            from,
            until,
            state: State::Idle,
            energy_wh,
        } = record
        else {
            continue;
        };
        let known = hospital.devices.iter().find(|known| *known.id == **device);
        if !known.context("configured")?.modality.idle_is_waste {
            continue;
        }
        let whole_s = until.duration_since(*from).as_secs_f64();
        let mut at = *from;
        while at < (*until).min(end) {
            let next =
                jiff::Timestamp::from_second(at.as_second().div_euclid(3600) * 3600 + 3600)?.min(*until);
            let local = zone.to_datetime(at);
            let place = (
                i64::from(local.weekday().to_monday_one_offset()),
                i64::from(local.hour()),
            );
            *cells.entry(place).or_default() +=
                energy_wh / 1000.0 * next.duration_since(at).as_secs_f64() / whole_s;
            at = next;
        }
    }
    let mut compared = 0;
    for cell in report["waste"]["heat"].as_array().context("heat")? {
        let place = (
            cell["weekday"].as_i64().context("weekday")?,
            cell["hour"].as_i64().context("hour")?,
        );
        let hours = cell["hours"].as_f64().context("hours")?;
        let found = cell["mean_idle_kwh"].as_f64().context("kWh")? * hours;
        let wanted = cells.get(&place).copied().unwrap_or(0.0);
        // a boundary between two states is a minute or two off, at up to 14 kW
        let slack = (wanted * 0.06).max(0.8);
        assert!(
            (found - wanted).abs() <= slack,
            "{place:?}: {found} kWh, not {wanted}"
        );
        compared += usize::from(wanted > 1.0);
    }
    assert!(compared > 15, "{compared} hours with idling");
    Ok(())
}

/// The command, its filters, its forms, and what it says where it cannot.
fn as_people_ask_for_it(idlewatt: &Idlewatt) -> anyhow::Result<()> {
    let file = idlewatt.configuration_path().display().to_string();
    let ask = |further: &[&str]| {
        let head = [
            "report",
            "-c",
            &file,
            "--from",
            "2026-10-29",
            "--to",
            "2026-11-03",
        ];
        command(&[&head[..], further].concat(), "")
    };
    let out = idlewatt
        .folder()
        .join("of/a/folder/ct.json")
        .display()
        .to_string();
    let done = ask(&[
        "--device",
        "ct-2",
        "--out",
        &out,
        "--lang",
        "fr",
        "--baseline",
        "2026-10-29..2026-10-30",
    ])?;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&out)?)?;
    assert_eq!(report["devices"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&report["is_baseline"], &report["language"]),
        (&true.into(), &"fr".into())
    );
    for form in ["html", "csv", "json", "md"] {
        let done = ask(&["--format", form])?;
        assert!(done.status.success() && done.stdout.len() > 2_000, "{form}");
    }
    for (further, code, words) in [
        (
            &["--device", "ct-9"][..],
            1,
            "no device has the id 'ct-9'; the ids are ct-1, ct-2",
        ),
        (
            &["--room", "Cellar"],
            1,
            "no device stands in a room 'Cellar'; the rooms are Emergency",
        ),
        (&["--format", "pdf"], 2, "possible values: html, csv, json, md"),
        (
            &["--out", "october.pdf"],
            2,
            "'pdf' is no form of a report; write --format with one of html, csv, json, md",
        ),
        (&["--lang", "de"], 2, "possible values: en, fr"),
        (&["--baseline", "October"], 2, "write FROM..TO"),
    ] {
        let refused = ask(further)?;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{words}: {said}");
    }
    spans_without_figures(&file)
}

/// Spans of which nothing is known are said to be that.
fn spans_without_figures(file: &str) -> anyhow::Result<()> {
    for (from, to, words) in [
        ("2026-01-01", "2026-02-01", "nothing was measured from"),
        ("2100-01-01", "2100-02-01", "nothing can be said of it yet"),
        ("2026-11-01", "2026-10-01", "before it begins"),
    ] {
        let refused = command(&["report", "-c", file, "--from", from, "--to", to], "")?;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            refused.status.code() == Some(1) && said.contains(words),
            "{words}: {said}"
        );
    }
    Ok(())
}

/// Nothing is fetched, nothing complains, nothing scrolls sideways; pictures are in `target/screens`.
fn the_file_is_whole_and_prints(file: &Path) -> anyhow::Result<()> {
    let mut browser = Chromium::start()?;
    let screens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screens");
    for (name, width, height) in [("desk", 1366, 850), ("phone", 390, 844)] {
        browser.look_through(Screen {
            width,
            height,
            is_dark: false,
        })?;
        browser.open(&format!("file://{}", file.display()))?;
        browser.wait_for("document.querySelectorAll('figure svg').length >= 6")?;
        let overflow = browser.evaluate("document.documentElement.scrollWidth - innerWidth")?;
        assert!(
            overflow.as_i64() <= Some(0),
            "{name}: scrolls sideways by {overflow} px"
        );
        browser.screenshot(&screens.join(format!("report-{name}.png")), true)?;
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
    Ok(())
}
