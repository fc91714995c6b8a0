//! Alert rules. One file per rule; a new one is a file and two lines here.
//!
//! A rule watches final time, so it is never raised on something that is corrected a minute later. It is raised once,
//! reminded at an interval and cleared on change; its memory is part of the snapshot, so a restart repeats nothing.

mod overnight_idle;

pub(crate) use overnight_idle::{Context as OvernightIdleContext, OvernightIdleState};

use jiff::Timestamp;

use crate::site::TariffPeriod;
use crate::{Energy, Severity, State};

/// All rules, in the order in which they are listed to people.
pub static RULES: [Rule; 1] = [overnight_idle::RULE];

/// What is told of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable word of the configuration, the series and the topics.
    pub name: &'static str,
    /// How urgent its alerts are.
    pub severity: Severity,
}

/// A piece of final time under one ledger key, as rules see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) state: State,
    pub(crate) is_open: bool,
    pub(crate) tariff: TariffPeriod,
    /// The integral of power over it.
    pub(crate) energy: Energy,
}
