//! Rows in, sums out: periods, groups, targets, projections.

use super::*;
use crate::kpi::KPIS;
use crate::modality::Modality;
use crate::site::TariffPeriod;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a test's stamp")
}

fn facts(id: &str, modality: &str) -> Facts {
    Facts {
        id: id.into(),
        room: format!("room of {id}"),
        modality: Modality::named(modality).expect("known"),
        is_exempt: false,
        target_w: None,
        boot: None,
        shutdown: None,
        stored_tb: None,
        cools: Vec::new(),
    }
}

fn report(from: &str, until: &str, period: Option<Period>, group: Group, facts: Vec<Facts>) -> Report {
    let zone = TimeZone::get("Europe/Paris").expect("bundled");
    Report::new(
        Question {
            from: at(from),
            until: at(until),
            zone,
            period,
            group,
        },
        facts,
    )
}

/// A row for each hour of a range, in one state at one power.
fn fill(
    report: &mut Report,
    device: &str,
    (from, until): (&str, &str),
    state: State,
    is_open: bool,
    power_w: f64,
) {
    let mut hour = at(from);
    while hour < at(until) {
        report.ledger(&LedgerRow {
            device: device.into(),
            hour,
            state,
            is_open,
            tariff: TariffPeriod::Day,
            energy: Energy::from_wh(power_w),
            estimated: Energy::ZERO,
            duration: SignedDuration::from_hours(1),
            cost: power_w / 1000.0 * 0.2,
            co2e_g: power_w / 1000.0 * 50.0,
        });
        hour += SignedDuration::from_hours(1);
    }
}

fn value(name: &str, row: &Row) -> Option<f64> {
    let kpi = KPIS.iter().find(|kpi| kpi.name == name).expect("listed");
    kpi.values(&row.totals)[0].1.ok()
}

#[test]
fn a_month_with_a_clock_change_is_whole_and_its_days_have_23_and_25_hours() {
    let (from, until) = ("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
    let mut month = report(
        from,
        until,
        Some(Period::Month),
        Group::Site,
        vec![facts("ct", "ct")],
    );
    fill(&mut month, "ct", (from, until), State::Idle, true, 2_000.0);
    let rows = month.finish();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].period.as_deref(), Some("2026-03"));
    assert_eq!(value("known_time_share", &rows[0]), Some(1.0));
    assert_eq!(rows[0].totals.all().energy, Energy::from_wh(743.0 * 2_000.0));

    let mut days = report(
        from,
        until,
        Some(Period::Day),
        Group::Site,
        vec![facts("ct", "ct")],
    );
    fill(&mut days, "ct", (from, until), State::Idle, true, 2_000.0);
    let days = days.finish();
    assert_eq!(days.len(), 31);
    assert_eq!(days[28].period.as_deref(), Some("2026-03-29"));
    assert!((days[28].totals.all().hours() - 23.0).abs() < 1e-9);
    assert_eq!(value("known_time_share", &days[28]), Some(1.0));
}

#[test]
fn avoidable_is_against_the_observed_hours_and_the_devices_own_lowest_rest() {
    let (from, until) = ("2026-05-04T22:00:00Z", "2026-05-06T22:00:00Z");
    let devices = vec![facts("ct", "ct"), facts("er", "ct"), facts("rack", "server")];
    let mut devices = devices;
    devices[1].is_exempt = true;
    devices[0].boot = Some(Energy::from_wh(80.0));
    devices[0].shutdown = Some(Energy::from_wh(20.0));
    let mut report = report(from, until, Some(Period::Day), Group::Device, devices);
    fill(
        &mut report,
        "ct",
        ("2026-05-04T22:00:00Z", "2026-05-05T06:00:00Z"),
        State::Idle,
        false,
        2_600.0,
    );
    fill(
        &mut report,
        "ct",
        ("2026-05-05T22:00:00Z", "2026-05-06T00:00:00Z"),
        State::Standby,
        false,
        1_000.0,
    );
    fill(
        &mut report,
        "ct",
        ("2026-05-06T00:00:00Z", "2026-05-06T02:00:00Z"),
        State::Off,
        false,
        100.0,
    );
    fill(
        &mut report,
        "er",
        ("2026-05-04T22:00:00Z", "2026-05-05T06:00:00Z"),
        State::Idle,
        false,
        2_600.0,
    );
    let rows = report.finish();
    let first_night = &rows[0];
    let (_, target) = &first_night.targets[0];
    assert_eq!(
        *target,
        Target::Observed {
            state: State::Off,
            power_w: 100.0,
            hours: 2.0
        }
    );
    assert_eq!(
        value("avoidable_kwh", first_night),
        Some(20.0),
        "8 h at 2.5 kW, no other night"
    );
    assert_eq!(value("avoidable_cost", first_night), Some(4.0));
    assert_eq!(value("break_even_minutes", first_night), Some(2.4));
    assert!(matches!(rows[1].targets[0].1, Target::None(_)), "exempt");
    assert_eq!(value("avoidable_kwh", &rows[1]), None);
    assert_eq!(
        value("avoidable_kwh", &rows[3]),
        Some(0.0),
        "a night without idling"
    );
}

#[test]
fn a_groups_ratio_is_a_ratio_of_sums_and_what_is_cooled_counts_once() {
    let (from, until) = ("2026-05-04T22:00:00Z", "2026-05-05T22:00:00Z");
    let mut devices = vec![
        facts("a", "ct"),
        facts("b", "ct"),
        facts("c1", "cooling"),
        facts("c2", "cooling"),
    ];
    devices[2].cools = vec!["a".into(), "b".into()];
    devices[3].cools = vec!["a".into()];
    let mut report = report(from, until, None, Group::Site, devices);
    let hour = |n: i64| (at(from) + SignedDuration::from_hours(n)).to_string();
    let (zero, one, ten) = (hour(0), hour(1), hour(10));
    fill(&mut report, "a", (&zero, &ten), State::Idle, true, 2_000.0);
    fill(&mut report, "b", (&zero, &one), State::Scanning, true, 5_000.0);
    fill(&mut report, "c1", (&zero, &ten), State::Idle, true, 700.0);
    fill(&mut report, "c2", (&zero, &ten), State::Idle, true, 300.0);
    let rows = report.finish();
    assert_eq!(value("idle_scan_ratio", &rows[0]), Some(4.0));
    assert_eq!(value("cooling_ratio", &rows[0]), Some(0.4));
    assert_eq!(value("idle_share", &rows[0]), Some(0.8), "cooling is no scanner");
}

#[test]
fn a_year_is_projected_by_weekdays_and_weekends() {
    let (from, until) = ("2026-05-03T22:00:00Z", "2026-05-10T22:00:00Z");
    let mut report = report(
        from,
        until,
        Some(Period::Week),
        Group::Site,
        vec![facts("ct", "ct")],
    );
    // Monday and Tuesday at 3 kW, Saturday at 1 kW: the mean must not follow the hours seen
    fill(
        &mut report,
        "ct",
        (from, "2026-05-05T22:00:00Z"),
        State::Idle,
        true,
        3_000.0,
    );
    fill(
        &mut report,
        "ct",
        ("2026-05-08T22:00:00Z", "2026-05-09T22:00:00Z"),
        State::Off,
        false,
        1_000.0,
    );
    let rows = report.finish();
    assert_eq!(rows[0].period.as_deref(), Some("2026-W19"));
    let kwh = value("projected_annual_kwh", &rows[0]).expect("both kinds of days");
    assert!(
        (kwh - 8.76 * (5.0 * 3_000.0 + 2.0 * 1_000.0) / 7.0).abs() < 1e-6,
        "{kwh}"
    );
}
