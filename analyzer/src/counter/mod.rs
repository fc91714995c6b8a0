//! A meter's cumulative energy register, and what can go wrong with it.
//!
//! Registers reset at a reboot, go back a little after a crash, wrap at their end, jump, stand still and step coarsely.
//! A step is believed when `0 <= step <= plausible power × time`, with some room for the register's resolution. A value
//! that is not believed waits for the next one: where that lies on the old line again, the value between was a glitch
//! and the whole is counted from good to good; else a new line begins, and the gap is what power says it was.
//!
//! - Reset: what stands in the register was counted since zero, so the gap is at least that; what was counted before
//!   the reset and never told is known from power alone. The larger of the two is booked, the part above the register
//!   as estimated.
//! - Wrap: from just below a known end ([`end::ENDS`]) to just above zero: counted exactly.
//! - Stuck: the register stands still for [`STUCK_AFTER`] while power says that it should have moved by
//!   [`STUCK_STEPS`] of its steps: estimated until it moves again. Where it then catches up, only the rest is counted.
//! - A fall of less than [`ROUNDING_WH`] while less is drawn is the meter's rounding: the register waits at its highest value.
//!
//! Limits: a jump within the plausible power is not seen; a gap without known power is booked as what the register
//! proves. Invariant: what is counted or estimated is never negative and never more than the device can draw in that
//! time plus the room of one step.

mod end;
mod resolution;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::draw::Drawn;
use crate::{Energy, FaultKind};
use resolution::{Resolution, lattice};

/// Room for coarse registers (0.1 kWh steps) when a step is judged.
const STEP_ROOM: Energy = Energy::from_micro_wh(100_000_000);
/// A register that falls below this share of its last value has been reset; above, rolled back, unless power knows better.
const RESET_SHARE: f64 = 0.01;
/// A smaller fall is the meter's rounding (Tasmota at midnight: the day's sum is added to the total).
const ROUNDING_WH: f64 = 1.0;
/// A register is not called stuck before it has stood still for so long: the window in which energy is shared out.
const STUCK_AFTER: SignedDuration = crate::booking::WINDOW_MAX;
/// Nor before power says that it should have moved by so many of its steps.
const STUCK_STEPS: i64 = 20;

/// What a register said, and what the device had drawn by then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Value {
    pub(crate) at: Timestamp,
    pub(crate) wh: f64,
    pub(crate) drawn: Drawn,
}

/// One register.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counter {
    /// The last value that was believed.
    good: Option<Value>,
    /// A value that was not, until the next one judges it.
    suspect: Option<Suspect>,
    /// The one before it, where neither was confirmed.
    earlier: Option<Suspect>,
    /// When the register last moved; its `drawn` is what it stands for, so less what its last step fell short of.
    moved: Option<Value>,
    /// Estimated since the register stands still, where it does.
    stuck: Option<Energy>,
    resolution: Resolution,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Suspect {
    value: Value,
    is_fall: bool,
    /// The energy of the gap, should a new line begin here.
    bridge: Amount,
}

/// Energy, by how it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amount {
    pub(crate) counted: Energy,
    pub(crate) estimated: Energy,
}

impl Amount {
    pub(crate) const fn counted(counted: Energy) -> Self {
        Self {
            counted,
            estimated: Energy::ZERO,
        }
    }

    pub(crate) const fn estimated(estimated: Energy) -> Self {
        Self {
            counted: Energy::ZERO,
            estimated,
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.counted += other.counted;
        self.estimated += other.estimated;
    }
}

/// What a new value of the register means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Step {
    /// The energy since the last value that was believed; none where nothing can be said yet.
    pub(crate) energy: Option<Amount>,
    /// What a person should see.
    pub(crate) fault: Option<Broken>,
}

/// A register that did not go on as it should.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Broken {
    pub(crate) kind: FaultKind,
    pub(crate) before: Value,
    pub(crate) after_wh: f64,
    /// The end that was passed.
    pub(crate) end: Option<&'static end::End>,
}

impl Step {
    const fn of(energy: Amount) -> Self {
        Self {
            energy: Some(energy),
            fault: None,
        }
    }
}

impl Counter {
    /// Takes the register's next value; the first says nothing yet, and neither does one that is older than the last.
    pub(crate) fn step(&mut self, now: Value, power_w_max: f64) -> Step {
        let Some(good) = self.good else {
            (self.good, self.moved) = (Some(now), Some(now));
            return Step::default();
        };
        let newest = self.suspect.map_or(good.at, |suspect| suspect.value.at);
        if now.at < newest {
            return Step::default();
        }
        let Some(suspect) = self.suspect.take() else {
            return self.go_on(good, now, power_w_max);
        };
        let earlier = self.earlier.take();
        match self.line(good, [Some(suspect), earlier], now, power_w_max) {
            Some(None) => self.go_on(good, now, power_w_max),
            Some(Some(begun)) => {
                (self.good, self.moved, self.stuck) = (Some(begun.value), Some(begun.value), None);
                let mut step = self.go_on(begun.value, now, power_w_max);
                step.energy.get_or_insert_default().add(begun.bridge);
                step
            }
            None => {
                // it may be a second glitch: the old line stands until two values agree on another
                let limit = self.limit(good, now, power_w_max);
                let mut step = self.break_off(good, now, limit, power_w_max);
                self.earlier = self.suspect.and(Some(suspect));
                // old values told again, faster than they can have been counted, are one fault
                let is_told_again = suspect.is_fall && (suspect.value.wh..good.wh).contains(&now.wh);
                step.fault = step.fault.filter(|_| !is_told_again);
                step
            }
        }
    }

    /// The line that a value lies on, by power where it may be several: the old one, or that of a suspect.
    fn line(
        &self,
        good: Value,
        suspects: [Option<Suspect>; 2],
        now: Value,
        power_w_max: f64,
    ) -> Option<Option<Suspect>> {
        let knows = now.knows(good);
        let distance = |step: Energy, from: Value| {
            let drawn = now.drawn.since(from.drawn);
            if knows {
                (step - drawn).magnitude()
            } else {
                Energy::ZERO
            }
        };
        let own_room = self.resolution.get().unwrap_or(lattice(now.wh)).min(STEP_ROOM);
        let new_lines = suspects.into_iter().flatten().filter_map(|suspect| {
            let from = suspect.value;
            let room = if suspect.is_fall {
                own_room
            } else {
                room(from, now)
            };
            let step = rise(from, now, limit(from, now, power_w_max, room))?;
            Some((distance(step, from), Some(suspect)))
        });
        let old_line = rise(good, now, self.limit(good, now, power_w_max));
        let old_line = old_line.map(|step| (distance(step, good), None));
        let nearest = new_lines.chain(old_line).min_by_key(|(distance, _)| *distance);
        nearest.map(|(_, line)| line)
    }

    /// The register's resolution as far as it is known.
    pub(crate) const fn resolution(&self) -> Option<Energy> {
        self.resolution.get()
    }

    /// What the device has drawn since the last value that was believed.
    pub(crate) fn untold(&self, drawn: Drawn) -> Energy {
        self.good.map_or(Energy::ZERO, |good| drawn.since(good.drawn))
    }

    /// Gives up waiting for the next value: the energy of the gap, should a new line have begun.
    pub(crate) fn give_up(&mut self) -> Option<(Timestamp, Amount)> {
        self.earlier = None;
        let Suspect { value, bridge, .. } = self.suspect.take()?;
        (self.good, self.moved, self.stuck) = (Some(value), Some(value), None);
        Some((value.at, bridge))
    }

    /// The most that the register can have counted since its last value; a register that is refreshed more rarely than
    /// it is told may have counted since it last moved, where power says so.
    fn limit(&self, good: Value, now: Value, power_w_max: f64) -> Energy {
        let room = room(good, now);
        let moved = self
            .moved
            .filter(|moved| self.stuck.is_none() && now.knows(*moved));
        let since_moved = moved.map_or(Energy::ZERO, |moved| {
            let drawn = four(now.drawn.since(moved.drawn)) + room;
            drawn.min(limit(moved, now, power_w_max, room))
        });
        limit(good, now, power_w_max, room).max(since_moved)
    }

    fn go_on(&mut self, good: Value, now: Value, power_w_max: f64) -> Step {
        if let Some(step) = self.catch_up(good, now, power_w_max) {
            return step;
        }
        // nearly every step is smaller than any limit: then none needs to be reckoned
        let small = rise(good, now, STEP_ROOM);
        let Some(step) = small.or_else(|| rise(good, now, self.limit(good, now, power_w_max))) else {
            let limit = self.limit(good, now, power_w_max);
            return self.break_off(good, now, limit, power_w_max);
        };
        self.good = Some(Value {
            wh: now.wh.max(good.wh),
            ..now
        });
        if step == Energy::ZERO {
            return self.stand_still(good, now, power_w_max);
        }
        let drawn = now.drawn.less(now.drawn.since(good.drawn) - step);
        (self.moved, self.stuck) = (Some(Value { drawn, ..now }), None);
        self.resolution.see(now.at, step);
        Step::of(Amount::counted(step))
    }

    /// The register has not moved; says so when power shows that it should have.
    fn stand_still(&mut self, good: Value, now: Value, power_w_max: f64) -> Step {
        if let Some(booked) = self.stuck {
            let limit = self.limit(good, now, power_w_max);
            let estimated = now.drawn.since(good.drawn).min(limit);
            self.stuck = Some(booked + estimated);
            return Step::of(Amount::estimated(estimated));
        }
        let moved = self.moved.unwrap_or(good);
        if now.at.duration_since(moved.at) < STUCK_AFTER {
            return Step::of(Amount::default());
        }
        let missed = now.drawn.since(moved.drawn);
        let step = self.resolution.get().unwrap_or_else(|| lattice(good.wh));
        let many = Energy::from_micro_wh(step.micro_wh().saturating_mul(STUCK_STEPS));
        if missed < many.max(STEP_ROOM) {
            return Step::of(Amount::default());
        }
        self.stuck = Some(missed);
        Step {
            energy: Some(Amount::estimated(missed)),
            fault: Some(Broken {
                kind: FaultKind::CounterStuck,
                before: moved,
                after_wh: good.wh,
                end: None,
            }),
        }
    }

    /// A register that stood still and now tells all that was estimated meanwhile: only the rest is counted.
    fn catch_up(&mut self, good: Value, now: Value, power_w_max: f64) -> Option<Step> {
        let (booked, moved) = (self.stuck?, self.moved?);
        let step = Energy::from_wh(now.wh) - Energy::from_wh(moved.wh);
        let recent = now.drawn.since(good.drawn);
        let is_all = (step - booked - recent).magnitude() < (step - recent).magnitude();
        if !is_all || step > limit(moved, now, power_w_max, STEP_ROOM) {
            return None;
        }
        (self.good, self.moved, self.stuck) = (Some(now), Some(now), None);
        Some(Step::of(Amount::counted((step - booked).max(Energy::ZERO))))
    }

    /// The register fell, or leapt.
    fn break_off(&mut self, good: Value, now: Value, limit: Energy, power_w_max: f64) -> Step {
        // a register that has stood still has told nothing since it moved, unless that is booked already
        let told = self.moved.filter(|_| self.stuck.is_none()).unwrap_or(good);
        let plausible = self::limit(told, now, power_w_max, Energy::ZERO);
        let drawn = now.drawn.since(told.drawn).min(plausible);
        let fault = |kind, end| Broken {
            kind,
            before: good,
            after_wh: now.wh,
            end,
        };
        let is_fall = now.wh < good.wh;
        let expected = now.knows(told).then_some(drawn);
        if let Some((end, step)) = end::passed(
            good.wh,
            now.wh,
            limit,
            expected.map(|drawn| four(drawn) + STEP_ROOM),
        ) {
            (self.good, self.moved, self.stuck) = (Some(now), Some(now), None);
            return Step {
                energy: Some(Amount::counted(step)),
                fault: Some(fault(FaultKind::CounterWrap, Some(end))),
            };
        }
        let since_zero = Energy::from_wh(now.wh);
        let is_explained =
            now.wh <= good.wh / 2.0 && since_zero <= expected.map_or(limit, |drawn| drawn + drawn);
        let is_reset = since_zero <= limit && (now.wh <= good.wh * RESET_SHARE || is_explained);
        let is_since_zero = expected.is_none_or(|drawn| since_zero <= four(drawn) + STEP_ROOM);
        let (kind, counted) = match (is_fall, is_reset) {
            (true, true) if is_since_zero => (FaultKind::CounterReset, since_zero),
            (true, true) => (FaultKind::CounterReset, Energy::ZERO),
            (true, false) => (FaultKind::CounterRollback, Energy::ZERO),
            (false, _) => (FaultKind::CounterJump, Energy::ZERO),
        };
        let bridge = Amount {
            counted,
            estimated: (drawn - counted).max(Energy::ZERO),
        };
        self.suspect = Some(Suspect {
            value: now,
            is_fall,
            bridge,
        });
        Step {
            energy: None,
            fault: Some(fault(kind, None)),
        }
    }
}

impl Value {
    /// Whether power was known for most of the time since `before`.
    fn knows(self, before: Self) -> bool {
        self.drawn.known_since(before.drawn) * 2 >= self.at.duration_since(before.at)
    }
}

fn room(from: Value, to: Value) -> Energy {
    STEP_ROOM.max(lattice(from.wh).min(lattice(to.wh)))
}

/// The step from one value to another, where it is one that a register can make.
fn rise(from: Value, to: Value, limit: Energy) -> Option<Energy> {
    let step = (Energy::from_wh(to.wh) - Energy::from_wh(from.wh)).max(Energy::ZERO);
    let is_rounded = || from.wh - to.wh < ROUNDING_WH && to.drawn.since(from.drawn).wh() < ROUNDING_WH;
    (step <= limit && (to.wh >= from.wh || is_rounded())).then_some(step)
}

/// The most that a register can have counted between two values.
fn limit(from: Value, to: Value, power_w_max: f64, room: Energy) -> Energy {
    Energy::from_power(power_w_max, to.at.duration_since(from.at).as_secs_f64()) + room
}

fn four(energy: Energy) -> Energy {
    energy + energy + energy + energy
}

#[cfg(test)]
mod tests;
