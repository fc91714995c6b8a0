//! The past said again: what goes, what stays, and that it goes once.

use analyzer::{AlertPhase, State};

use super::{alert, at, change, interval, ledger, sample};
use crate::history::{AlertFilter, History, HistoryConfig};
use crate::rebuild::{Rebuild, Seam};

#[test]
fn what_is_said_again_goes_once_and_what_is_older_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut history =
        History::open(&folder.path().join("history.sqlite"), &HistoryConfig::default()).unwrap();
    let said = [
        sample(60, 5.0, State::Off),
        sample(7_200, 5.0, State::Idle),
        change(3_000, State::Off, State::Idle),
        interval(0, 3_000, State::Off),
        interval(3_000, 5_000, State::Idle),
        interval(5_000, 7_000, State::Off),
        ledger(0, State::Off, true, 1.0),
        ledger(1, State::Idle, true, 2.0),
        alert(AlertPhase::Raised, 55, 1.0),
        alert(AlertPhase::Cleared, 70, 2.0),
    ];
    history.apply(1, &said).unwrap();
    let seams = history.seams(at(3_600)).unwrap();
    let seam = Seam {
        intervals: at(3_000),
        alerts: at(55 * 60),
        ..Seam::at(at(3_600))
    };
    assert_eq!(seams.get("ct").copied(), Some(seam));
    let rebuild = Rebuild::new("1".to_owned(), at(3_600), seams);
    assert!(history.forget_since(&rebuild).unwrap());
    let rows = |history: &History| {
        let reader = history.reader().unwrap();
        let alerts = reader.alerts(&AlertFilter::default()).unwrap().len();
        (reader.ledger_rows(at(0), at(90_000)).unwrap().len(), alerts)
    };
    assert_eq!((rows(&history), history.cursor()), ((1, 0), 1));
    history.apply(2, &said[7..]).unwrap();
    assert!(
        !history.forget_since(&rebuild).unwrap(),
        "killed before the log knew: it is not done twice"
    );
    assert_eq!(rows(&history), (2, 1));
}
