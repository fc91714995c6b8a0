use super::*;
use crate::draw::Draw;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// Feeds values a minute apart while `power_w` is drawn; the kinds of faults, and all that was counted and estimated.
fn played(values_wh: &[f64], power_w: Option<f64>) -> (Vec<FaultKind>, f64, f64) {
    let (mut counter, mut draw, mut sum) = (Counter::default(), Draw::default(), Amount::default());
    let mut kinds = Vec::new();
    draw.set(at(0), power_w);
    for (wh, n) in values_wh.iter().zip(0..) {
        let drawn = draw.until(at(n * 60));
        let value = Value {
            at: at(n * 60),
            wh: *wh,
            drawn,
        };
        let step = counter.step(value, 6_000.0);
        sum.add(step.energy.unwrap_or_default());
        kinds.extend(step.fault.map(|fault| fault.kind));
    }
    (kinds, sum.counted.wh(), sum.estimated.wh())
}

/// With 1 200 W, 20 Wh a minute.
fn check(values_wh: &[f64], kinds: &[FaultKind], counted_wh: f64, estimated_wh: f64) {
    let expected = (kinds.to_vec(), counted_wh, estimated_wh);
    assert_eq!(played(values_wh, Some(1_200.0)), expected, "{values_wh:?}");
}

#[test]
fn a_plausible_step_is_counted() {
    check(&[5.0], &[], 0.0, 0.0);
    check(&[5.0, 25.0, 45.0], &[], 40.0, 0.0);
    check(&[5.0, 5.0], &[], 0.0, 0.0);
}

#[test]
fn a_reset_counts_what_stands_in_the_register_and_estimates_what_was_not_told() {
    use FaultKind::CounterReset;
    check(&[43_000.0, 12.0, 32.0], &[CounterReset], 32.0, 8.0);
    check(&[43_000.0, 0.0, 20.0], &[CounterReset], 20.0, 20.0);
    assert_eq!(
        played(&[43_000.0, 12.0, 32.0], None),
        (vec![CounterReset], 32.0, 0.0),
        "without power, what the register proves"
    );
}

#[test]
fn a_roll_back_is_estimated_and_an_old_value_between_two_is_bridged() {
    use FaultKind::CounterRollback;
    check(&[500.0, 480.0, 500.0], &[CounterRollback], 20.0, 20.0);
    check(&[500.0, 520.0, 505.0, 560.0], &[CounterRollback], 60.0, 0.0);
    assert_eq!(
        played(&[500.0, 499.5, 520.0], None),
        (vec![], 20.0, 0.0),
        "rounding"
    );
}

#[test]
fn a_jump_that_stays_is_estimated_and_one_that_returns_is_bridged() {
    use FaultKind::CounterJump;
    check(&[500.0, 3_137_520.0, 3_137_540.0], &[CounterJump], 20.0, 20.0);
    check(&[500.0, 3_137_520.0, 540.0], &[CounterJump], 40.0, 0.0);
}

#[test]
fn a_known_end_is_counted_through_and_an_unknown_one_is_a_reset() {
    use FaultKind::{CounterReset, CounterWrap};
    for end in end::ENDS {
        let values = [end.wh - 30.0, end.wh - 10.0, 10.0, 30.0];
        let (kinds, counted, estimated) = played(&values, Some(1_200.0));
        assert_eq!((kinds, estimated), (vec![CounterWrap], 0.0), "{}", end.what);
        assert!((counted - 60.0).abs() < 1e-4, "{}: {counted}", end.what);
    }
    check(&[41_000.0, 10.0, 30.0], &[CounterReset], 30.0, 10.0);
}

#[test]
fn a_register_that_stands_still_while_power_flows_is_estimated_once_it_is_sure() {
    let mut values: Vec<f64> = (0..30).map(|n| 596_000.0 + 20.0 * f64::from(n)).collect();
    values.extend([596_580.0; 200]);
    check(&values, &[FaultKind::CounterStuck], 580.0, 4_000.0);
    values.extend([600_600.0, 600_620.0]);
    check(&values, &[FaultKind::CounterStuck], 620.0, 4_000.0);
}

#[test]
fn a_register_that_is_coarse_or_of_a_device_that_is_off_is_not_stuck() {
    let coarse: Vec<f64> = (0..600).map(|n| f64::from(n / 50) * 1_000.0).collect();
    check(&coarse, &[], 11_000.0, 0.0);
    assert_eq!(played(&[77.7; 900], Some(0.0)), (vec![], 0.0, 0.0));
    assert_eq!(played(&[77.7; 900], Some(5.0)), (vec![], 0.0, 0.0));
}

#[test]
fn a_register_told_more_often_than_it_is_refreshed_does_not_jump() {
    let refreshed: Vec<f64> = (0..90).map(|n| f64::from(n / 30) * 601.3).collect();
    let (mut counter, mut draw, mut sum) = (Counter::default(), Draw::default(), Energy::ZERO);
    draw.set(at(0), Some(72_150.0));
    for (wh, n) in refreshed.iter().zip(0..) {
        let drawn = draw.until(at(n));
        let step = counter.step(
            Value {
                at: at(n),
                wh: *wh,
                drawn,
            },
            100_000.0,
        );
        assert_eq!(step.fault, None);
        sum += step.energy.unwrap_or_default().counted;
    }
    assert_eq!(sum, Energy::from_wh(1_202.6));
}
