//! Overnight idle: a device stays ready to scan outside its opening hours for longer than a grace time.
//!
//! It fires on what is left on at closing time as well as on what wakes itself at three in the morning. One alert per
//! device and closed period: when the device goes idle again in the same night the alert is reminded, not raised anew.
//! Silence neither raises nor clears it. Scanning (an emergency), standby, off and opening time clear it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Piece, Rule};
use crate::device::OvernightIdle;
use crate::finding::{AlertEvent, AlertPhase};
use crate::site::Site;
use crate::{DeviceId, Energy, Severity, State};

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "overnight_idle",
    severity: Severity::Warning,
};

/// What the rule remembers of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OvernightIdleState {
    /// The stretch of idle closed time that is going on.
    stretch: Option<Stretch>,
    /// The alert of this closed period.
    night: Option<Night>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stretch {
    since: Timestamp,
    spent: Spent,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Night {
    since: Timestamp,
    told: Timestamp,
    is_active: bool,
    /// Spent in stretches of this night that are over.
    spent: Spent,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Spent {
    energy: Energy,
    cost: f64,
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.energy += other.energy;
        self.cost += other.cost;
    }
}

/// What the rule is applied with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) site: &'a Site,
    pub(crate) device: &'a DeviceId,
    pub(crate) limits: OvernightIdle,
}

impl OvernightIdleState {
    /// Takes the next piece of final time.
    pub(crate) fn piece(&mut self, context: Context<'_>, piece: &Piece, out: &mut Vec<AlertEvent>) {
        if piece.is_open {
            out.extend(self.clear(context, piece.from));
            *self = Self::default();
            return;
        }
        match piece.state {
            State::Unknown => {}
            State::Idle => self.idle(context, piece, out),
            State::Scanning | State::Standby | State::Off => out.extend(self.clear(context, piece.from)),
        }
    }

    fn idle(&mut self, context: Context<'_>, piece: &Piece, out: &mut Vec<AlertEvent>) {
        let begin = Stretch {
            since: piece.from,
            spent: Spent::default(),
        };
        let stretch = self.stretch.get_or_insert(begin);
        let cost = piece.energy.kwh() * context.site.tariff.price_per_kwh(piece.tariff);
        stretch.spent.add(Spent {
            energy: piece.energy,
            cost,
        });
        let due = stretch.since + context.limits.grace;
        if piece.until < due {
            return;
        }
        match &mut self.night {
            None => {
                let since = stretch.since;
                self.night = Some(Night {
                    since,
                    told: due,
                    is_active: true,
                    spent: Spent::default(),
                });
                out.extend(self.event(context, AlertPhase::Raised, due));
            }
            Some(night) => {
                let next = night.told + context.limits.remind_every;
                if piece.until > next {
                    let at = next.max(piece.from).max(due);
                    (night.told, night.is_active) = (at, true);
                    out.extend(self.event(context, AlertPhase::Reminded, at));
                }
            }
        }
    }

    fn clear(&mut self, context: Context<'_>, at: Timestamp) -> Option<AlertEvent> {
        let event = self
            .event(context, AlertPhase::Cleared, at)
            .filter(|_| self.night.is_some_and(|n| n.is_active));
        let stretch = self.stretch.take();
        if let (Some(night), Some(stretch)) = (&mut self.night, stretch) {
            night.is_active = false;
            night.spent.add(stretch.spent);
        }
        event
    }

    fn event(&self, context: Context<'_>, phase: AlertPhase, at: Timestamp) -> Option<AlertEvent> {
        let mut spent = self.night?.spent;
        spent.add(self.stretch.map_or_else(Spent::default, |stretch| stretch.spent));
        Some(AlertEvent {
            rule: RULE.name.to_owned(),
            device: context.device.clone(),
            severity: RULE.severity,
            phase,
            since: self.night?.since,
            at,
            energy: spent.energy,
            cost: spent.cost,
            co2e_g: context.site.carbon.co2e_g(spent.energy),
        })
    }
}
