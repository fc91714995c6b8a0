//! Self-wake: a device goes from off or standby to idle while it is closed, stays so, and nobody scans.
//!
//! The alert's `since` is the instant at which it woke. Scanning within the grace time shows that a person woke it: then
//! nothing is said of this waking. A waking that ends by itself within the grace time is a self-test, and not told either.
//! A meter that is too slow to see scans shows most of the work by its power; a short visit may still look like a self-wake.
//! Power in no band on the way up is part of the way, for at most [`BOOT_MAX`]; after a longer silence nobody knows.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Piece, Rule, minutes};
use crate::finding::Finding;
use crate::life::{Frame, Life};
use crate::{Severity, State};

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "self_wake",
    severity: Severity::Info,
    says: "It switched itself on while it was closed, and nobody scanned.",
    limits: minutes(15, 24 * 60, 30),
    looks_at: |modality| modality.idle_is_waste && modality.exam_gap.is_some(),
    is_of_closed_hours: true,
    is_one_a_period: false,
};

/// A scanner's boot takes up to ten minutes.
const BOOT_MAX: SignedDuration = SignedDuration::from_mins(10);

/// What came before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waking {
    /// Until when it rested (off or standby).
    rested_until: Option<Timestamp>,
    /// It has woken by itself, as far as is known.
    is_awake: bool,
}

impl Waking {
    pub(super) fn piece(&mut self, life: &mut Life, frame: Frame<'_>, piece: &Piece, out: &mut Vec<Finding>) {
        let is_rest = matches!(piece.state, State::Off | State::Standby);
        if piece.is_open {
            life.fails(frame, piece.span(), out);
            (self.is_awake, self.rested_until) = (false, is_rest.then_some(piece.until));
            return;
        }
        match piece.state {
            State::Unknown => {}
            State::Off | State::Standby => {
                self.rested_until = Some(piece.until);
                self.is_awake = false;
                life.fails(frame, piece.span(), out);
            }
            State::Scanning => {
                *self = Self::default();
                life.fails(frame, piece.span(), out);
            }
            State::Idle => {
                let rested_until = self.rested_until.take();
                self.is_awake |=
                    rested_until.is_some_and(|until| piece.from.duration_since(until) <= BOOT_MAX);
                if self.is_awake {
                    life.holds(frame, piece.span(), piece.spent(frame.site), out);
                } else {
                    life.settle(frame, piece.until, out);
                }
            }
        }
    }
}
