//! Every figure by numbers reckoned by hand.

use jiff::SignedDuration;

use super::*;
use crate::Energy;
use crate::modality::Role;
use crate::report::{Avoidable, Shutdown, Spread};

fn part(wh: f64, hours: i64) -> Part {
    Part {
        energy: Energy::from_wh(wh),
        estimated: Energy::from_wh(wh / 4.0),
        duration: SignedDuration::from_hours(hours),
        cost: wh / 1000.0 * 0.2,
        co2e_g: wh / 1000.0 * 50.0,
        spread: Spread::of_row(Energy::from_wh(wh), SignedDuration::from_hours(hours)),
    }
}

/// A CT's week: open 50 h (10 h scanning in all, 40 h idle), closed 118 h: 28 h idle, 40 h standby, 48 h off, 2 h unknown.
fn ct_week() -> Totals {
    let mut totals = Totals {
        devices: 1,
        calendar: SignedDuration::from_hours(168),
        ..Totals::default()
    };
    totals.roles.insert(Role::Scanner, 1);
    totals.add(Role::Scanner, State::Scanning, true, part(10_000.0, 10));
    totals.add(Role::Scanner, State::Idle, true, part(100_000.0, 40));
    totals.add(Role::Scanner, State::Idle, false, part(70_000.0, 28));
    totals.add(Role::Scanner, State::Standby, false, part(40_000.0, 40));
    totals.add(Role::Scanner, State::Off, false, part(24_000.0, 48));
    totals.add(Role::Scanner, State::Unknown, false, part(6_000.0, 2));
    totals.exams.patients = 100;
    totals.exams.calibrations = 5;
    totals.exams.energy = Energy::from_wh(20_000.0);
    totals.exams.duration = SignedDuration::from_hours(23) + SignedDuration::from_mins(36);
    totals
}

fn answer(name: &str, state: Option<State>, totals: &Totals) -> Answer {
    let kpi = KPIS.iter().find(|kpi| kpi.name == name).expect("listed");
    let values = kpi.values(totals);
    let asked = values.into_iter().find(|(of, _)| *of == state);
    asked.expect("a value for the state").1
}

fn is(name: &str, totals: &Totals, expected: f64) {
    let value = answer(name, None, totals).unwrap_or_else(|reason| panic!("{name}: {reason}"));
    assert!((value - expected).abs() < 1e-9, "{name}: {value}, not {expected}");
}

fn state_is(name: &str, state: State, expected: f64) {
    let value = answer(name, Some(state), &ct_week()).expect(name);
    assert!((value - expected).abs() < 1e-9, "{name}: {value}, not {expected}");
}

#[test]
fn without_data_every_figure_is_left_out_with_a_reason() {
    for kpi in &KPIS {
        for (state, answer) in kpi.values(&Totals::default()) {
            assert!(
                answer.is_err_and(|reason| !reason.is_empty()),
                "{} {state:?}",
                kpi.name
            );
        }
    }
}

#[test]
fn figures_by_state_are_those_of_a_week_reckoned_by_hand() {
    state_is("energy_kwh", State::Idle, 170.0);
    state_is("hours", State::Idle, 68.0);
    state_is("time_share", State::Off, 48.0 / 168.0);
    state_is("on_time_share", State::Idle, 68.0 / 118.0);
    state_is("mean_power_w", State::Idle, 2_500.0);
    // 40 h at 2500 W and 28 h at 2500 W; 40 h at 1000 W are one row
    state_is("mean_power_sd_w", State::Idle, 0.0);
    assert!(answer("mean_power_sd_w", Some(State::Standby), &ct_week()).is_err());
    assert!(answer("on_time_share", Some(State::Off), &ct_week()).is_err());
}

#[test]
fn the_spread_of_hourly_means_is_weighted_with_time() {
    let mut totals = ct_week();
    // beside 68 h at 2500 W, 34 h at 4000 W: mean 3000 W, variance (68 × 500² + 34 × 1000²) / 102
    totals.add(Role::Scanner, State::Idle, true, part(136_000.0, 34));
    let sd_w = answer("mean_power_sd_w", Some(State::Idle), &totals).expect("three rows");
    assert!((sd_w - 500_000_f64.sqrt()).abs() < 1e-6, "{sd_w}");
}

#[test]
fn shares_ratios_and_examinations_are_those_of_a_week_reckoned_by_hand() {
    let week = ct_week();
    is("non_productive_share", &week, 0.96);
    is("idle_share", &week, 0.68);
    is("idle_scan_ratio", &week, 17.0);
    is("closed_idle_share", &week, 0.28);
    is("closed_idle_hours", &week, 28.0);
    is("closed_idle_kwh", &week, 70.0);
    is("exams", &week, 100.0);
    is("kwh_per_exam_gross", &week, 2.5);
    is("kwh_per_exam_net", &week, 0.2);
    is("utilisation", &week, 0.2);
    is("cost", &week, 50.0);
    is("co2e_kg", &week, 12.5);
    is("known_time_share", &week, 166.0 / 168.0);
    is("counted_energy_share", &week, 0.75);
}

#[test]
fn a_year_of_2_6_kw_for_12_hours_a_night_is_11_388_kwh() {
    let mut year = Totals::default();
    let nights = part(2_600.0 * 12.0 * 365.0, 12 * 365);
    year.avoidable.insert(
        Role::Scanner,
        Avoidable {
            part: nights,
            devices: 1,
        },
    );
    is("avoidable_kwh", &year, 11_388.0);
    is("avoidable_cost", &year, 2_277.6);
    is("avoidable_co2e_kg", &year, 569.4);
}

#[test]
fn a_shutdown_pays_after_what_it_takes_over_what_it_saves() {
    // boot and shutdown of 87 Wh at 2.6 kW saved: two minutes, as Schulz et al. found
    let shutdown = Shutdown {
        energy: Energy::from_wh(86.0 + 2.0 / 3.0),
        saved_w: 2_600.0,
    };
    let totals = Totals {
        shutdown: Some(shutdown),
        ..Totals::default()
    };
    let minutes = answer("break_even_minutes", None, &totals).expect("reckoned");
    assert!((minutes - 2.0).abs() < 1e-6, "{minutes}");
}

#[test]
fn workstations_racks_and_cooling_have_figures_of_their_own() {
    let mut totals = Totals {
        devices: 4,
        projected_kwh: 4_000.0,
        projected_devices: 4,
        ..Totals::default()
    };
    // two stations for a week: on 148 of 168 hours at 117 W, off the rest
    totals.add(Role::Workstation, State::Idle, true, part(11_700.0, 100));
    totals.add(Role::Workstation, State::Idle, false, part(22_932.0, 196));
    totals.add(Role::Workstation, State::Off, false, part(720.0, 40));
    let saved = Avoidable {
        part: part(17_676.0, 196),
        devices: 2,
    };
    totals.avoidable.insert(Role::Workstation, saved);
    totals.add(Role::Server, State::Idle, true, part(336_000.0, 168));
    totals.roles.insert(Role::Server, 1);
    (totals.storage_co2e_g_per_year, totals.stored_tb) = (876_000.0, 200.0);
    totals.add(Role::Cooling, State::Idle, true, part(50_000.0, 168));
    (totals.cooling, totals.cooled) = (Energy::from_wh(50_000.0), Energy::from_wh(100_000.0));
    is("workstation_on_hours_per_week", &totals, 148.0);
    is("workstation_closed_on_hours_per_week", &totals, 98.0);
    is("workstation_shutdown_share", &totals, 0.5);
    is("base_load_w", &totals, 2_000.0);
    is("base_kwh_per_day", &totals, 48.0);
    is("storage_g_per_tb_year", &totals, 4_380.0);
    is("cooling_kwh", &totals, 50.0);
    is("cooling_ratio", &totals, 0.5);
    is("projected_annual_kwh", &totals, 4_000.0);
    assert!(answer("idle_share", None, &totals).is_err(), "no scanner is here");
}
