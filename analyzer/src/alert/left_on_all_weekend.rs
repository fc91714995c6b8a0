//! Left on all weekend: idle through a closed period of at least [`PERIOD_MIN`], apart from short pauses.
//!
//! It is raised after 24 h of idling rather than when all is over: on Saturday evening somebody can still switch the
//! machine off and save the Sunday; on Monday it is only a figure. That figure is told as well, by the clearing at
//! opening time. Pauses up to the settling time belong to it; a longer one ends it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Piece, Rule, minutes};
use crate::calendar::OpeningHours;
use crate::finding::Finding;
use crate::life::{Frame, Life};
use crate::{Severity, State};

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "left_on_all_weekend",
    severity: Severity::Warning,
    says: "It was left idle through a whole closed weekend or holiday.",
    limits: minutes(24 * 60, 12 * 60, 60),
    looks_at: |modality| modality.idle_is_waste && modality.exam_gap.is_some(),
    is_of_closed_hours: true,
    is_one_a_period: true,
};

/// A shorter closed period is a night: a Saturday's closing at noon to Monday's opening has 42 hours or more.
const PERIOD_MIN: SignedDuration = SignedDuration::from_hours(36);

/// The closed period that is going on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Weekend {
    /// Whether it is long enough; none in opening hours.
    is_long: Option<bool>,
    /// It has not idled since.
    paused: Option<Timestamp>,
}

impl Weekend {
    pub(super) fn piece(
        &mut self,
        life: &mut Life,
        frame: Frame<'_>,
        opening: &OpeningHours,
        piece: &Piece,
        out: &mut Vec<Finding>,
    ) {
        if piece.is_open {
            if self.is_long.is_some() {
                // what it did since the pause began is over as well
                let at = self.paused.unwrap_or(piece.from);
                life.fails(frame.at_once(), (at, piece.until), out);
                life.forget();
                *self = Self::default();
            }
            return;
        }
        let long = || opening.next_change(piece.from).duration_since(piece.from) >= PERIOD_MIN;
        if !*self.is_long.get_or_insert_with(long) {
            return;
        }
        match piece.state {
            State::Unknown => {}
            State::Idle => {
                self.paused = None;
                life.holds(frame, piece.span(), piece.spent(frame.site), out);
            }
            State::Scanning | State::Standby | State::Off => {
                let paused = *self.paused.get_or_insert(piece.from);
                // the settling time has been waited for here, before the alert is raised as well as after
                if piece.until.duration_since(paused) >= frame.limits.settle {
                    life.fails(frame.at_once(), (paused, piece.until), out);
                }
            }
        }
    }
}
