//! Names for plateaus: which level is off, standby, idle, scanning.
//!
//! All ways to name the plateaus that keep the modality's order of levels are weighed against each other; the one that
//! fits best wins. What speaks for a name:
//!
//! * the published watts of that state, and its published part of the idle level (a machine of another size is still
//!   built alike);
//! * where work begins: pulses rise from idle and from nothing else;
//! * the name that this level had before: names do not flap.
//!
//! A pinned level has the name that a person gave it. How much better the best way is than the next is the margin, from
//! which confidence comes.
//!
//! Levels are named, not ranked: an MRI's power-save lies below its off, as its modality's order says.

use super::plateau::Plateau;
use crate::State;
use crate::modality::{Modality, Name};

/// Beyond a published range, what speaks against a name grows with the square of the distance in ratios; this is one.
const SPREAD: f64 = 0.25;
/// A strange level speaks hardly louder against a name than this.
const AGAINST_MAX: f64 = 6.0;
/// Beyond that, for each e-fold.
const AGAINST_FAR: f64 = 0.1;
/// What many pulses say for idle, and against every other name; for each e-fold of them as much again, because hundreds
/// of pulses cannot rise from a machine that is off, however strange its watts.
const FOR_LAUNCHES: f64 = 8.0;
/// So many pulses are many.
const LAUNCHES_FULL: f64 = 12.0;
/// Fewer pulses may be chance.
const LAUNCHES_MIN: f32 = 3.0;
/// What speaks against off and standby for a level from which an MRI is called to be prepared to scan.
const FOR_CALLS: f64 = 2.0;
/// Fewer calls in an hour are boots in the morning: once in the ten hours or more of a night.
const CALLS_MIN: f64 = 0.15;
/// Fewer pulses in an hour at a level are spikes of its meter, a handful a day, not work. (A machine that is never switched
/// off does its day's work in a third of the hours that it stands at the level.)
const RATE_MIN: f64 = 0.3;
/// A level with fewer than this part of the busiest one's is not where work begins.
const RATE_SHARE: f64 = 0.1;
/// What speaks against calling a level idle from which no work ever rises, below one from which it does.
const AGAINST_IDLER: f64 = 2.0;
/// Clearly below.
const IDLER_BELOW: f64 = 0.7;
/// After so much time at it, s.
const IDLER_S: f32 = 3600.0;
/// What speaks against it where it lies less clearly below, but is a level of rest: not one pulse has ever risen from it
/// in a working day's time. (A warm machine idles a little higher by day, but its first work of a day rises from the lower
/// level; a computer whose screens sleep works on by itself now and then.)
const AGAINST_REST: f64 = 3.0;
/// A little below: nearer levels are one, with noise and drift.
const REST_BELOW: f64 = 0.85;
/// After so much time at it, s, in which so many would have been expected from where work begins.
const REST_S: f32 = 4.0 * 3600.0;
const REST_EXPECTED: f64 = 12.0;
/// What speaks against rest clearly above the level from which work rises.
const AGAINST_ABOVE_WORK: f64 = 1.0;
/// Clearly above.
const ABOVE_WORK: f64 = 1.35;
/// What the names before are worth, if all are kept.
const FOR_BEFORE: f64 = 0.15;
/// A second level of a name that has one.
const AGAINST_TWO: f64 = 1.5;
/// What speaks against an upper level of idle where there is no idle below it. An MRI's (prepared to scan) is what every
/// boot ends with; a CT's (fans, heat exchangers) runs on top of its idle and nowhere else.
const AGAINST_NO_BASE: f64 = 0.02;
const AGAINST_NO_BASE_BELOW: f64 = 3.0;
/// What was seen for so long speaks half as loud as what is known well, s: a few minutes rename nothing.
const HALF_HEARD_S: f64 = 900.0;
/// Two levels so near each other that are two states (an MRI's off and idle may be).
const AGAINST_SPLIT: f64 = 1.0;
/// Two levels nearer than this may well be one state.
const NEAR: f64 = 0.3;
/// And so may levels nearer than what a meter of small loads counts in, W.
const NEAR_W: f64 = 1.0;
/// What speaks against a machine that is switched on and never more than in standby, where no pulses tell where work
/// begins: what it goes up to is for use.
const AGAINST_UNUSED: f64 = 0.4;

/// Names for the plateaus.
pub(super) struct Named {
    pub(super) states: Vec<State>,
    /// By how much each name is better than any other for its level, all ways considered; infinite where no other may be.
    pub(super) margins: Vec<f64>,
}

/// Names the plateaus; `known` says what name a level had or must have.
pub(super) fn name(modality: &Modality, plateaus: &[Plateau], known: impl Fn(&Plateau) -> Known) -> Named {
    let enough = plateaus.iter().filter(|plateau| plateau.launches >= LAUNCHES_MIN);
    let busiest = enough.max_by(|a, b| rate(a).total_cmp(&rate(b)));
    let weigh = Weigh {
        modality,
        plateaus,
        busiest: busiest.map_or(0.0, rate),
        busiest_w: busiest.map_or(0.0, |plateau| plateau.level_w),
        known: plateaus.iter().map(&known).collect(),
    };
    let (mut least, mut best) = (f64::INFINITY, Vec::new());
    // two names of one state (an MRI's idle and ready) are no doubt about the state
    let mut of_states = vec![[f64::INFINITY; State::ALL.len()]; plateaus.len()];
    let mut way = Vec::with_capacity(plateaus.len());
    weigh.ways(&mut way, &mut |cost, way| {
        for (of_state, name) in of_states.iter_mut().zip(way) {
            let of_state = &mut of_state[modality.names[*name].state as usize];
            *of_state = of_state.min(cost);
        }
        if cost < least {
            (least, best) = (cost, way.to_vec());
        }
    });
    let states: Vec<State> = best
        .into_iter()
        .map(|name: usize| modality.names[name].state)
        .collect();
    let margins = of_states.iter().zip(&states).map(|(of_state, state)| {
        let others = of_state
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != *state as usize);
        others.map(|(_, cost)| cost - least).fold(f64::INFINITY, f64::min)
    });
    Named {
        margins: margins.collect(),
        states,
    }
}

/// What is known of a level already.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Known {
    #[default]
    Nothing,
    /// It was called so when last looked at.
    Before(State),
    /// It is the lower half of a cycle, of which only the mean is published.
    Cycle(State),
    /// A person has said so.
    Pinned(State),
}

struct Weigh<'a> {
    modality: &'a Modality,
    plateaus: &'a [Plateau],
    /// Pulses an hour from the level of most, and its watts.
    busiest: f64,
    busiest_w: f64,
    known: Vec<Known>,
}

impl Weigh<'_> {
    /// Tries every way that keeps the order.
    fn ways(&self, way: &mut Vec<usize>, found: &mut impl FnMut(f64, &[usize])) {
        if way.len() == self.plateaus.len() {
            return found(self.cost(way), way);
        }
        let least = match self.known[way.len()] {
            // a pin may break the order
            Known::Pinned(_) => 0,
            _ => way.last().copied().unwrap_or(0),
        };
        for name in least..self.modality.names.len() {
            way.push(name);
            self.ways(way, found);
            way.pop();
        }
    }

    fn cost(&self, way: &[usize]) -> f64 {
        let named = || {
            self.plateaus
                .iter()
                .zip(way)
                .map(|(plateau, name)| (plateau, &self.modality.names[*name]))
        };
        let base = self
            .modality
            .names
            .iter()
            .position(|name| name.state == State::Idle);
        let idle = self
            .plateaus
            .iter()
            .zip(way)
            .find(|(_, name)| Some(**name) == base);
        let idle_w = idle.map(|(plateau, _)| plateau.level_w);
        #[expect(clippy::cast_precision_loss, reason = "eight at most")]
        let for_before = FOR_BEFORE / way.len().max(1) as f64;
        let mut cost = self.against_order(way);
        for ((plateau, name), known) in named().zip(&self.known) {
            if *known != Known::Cycle(name.state) && !plateau.is_upper_half {
                cost += self.against(plateau, name, idle_w) * heard(plateau);
            }
            match known {
                Known::Cycle(state) if *state != name.state => cost += 1e3,
                Known::Before(state) if *state == name.state => cost -= for_before,
                Known::Pinned(state) if *state != name.state => cost += 1e3,
                _ => {}
            }
        }
        let pairs = self.plateaus.windows(2).zip(way.windows(2));
        // the upper half of a cycle is no level of its own
        for (levels, names) in pairs.filter(|(levels, _)| !levels.iter().any(|level| level.is_upper_half)) {
            let apart = (levels[1].level_w / levels[0].level_w).ln();
            let is_near = apart < NEAR || levels[1].level_w - levels[0].level_w < NEAR_W;
            let [below, above] = [names[0], names[1]].map(|name| &self.modality.names[name]);
            let works_from_idle = self.modality.learning.works_from_idle;
            let heard = levels.iter().map(heard).fold(1.0, f64::min);
            if names[0] == names[1] && !below.are_many {
                cost += heard
                    * match is_near {
                        true if works_from_idle => 0.0,
                        // no pulses tell these levels apart: the farther, the more likely they are two states
                        true => AGAINST_TWO * (apart / NEAR).powi(2),
                        false => AGAINST_TWO,
                    };
            } else if is_near && below.state != above.state && works_from_idle {
                cost += heard * AGAINST_SPLIT;
            }
        }
        cost
    }

    /// What speaks against names for what other levels have and lack.
    fn against_order(&self, way: &[usize]) -> f64 {
        let names = &self.modality.names;
        let mut cost = 0.0;
        // what draws as little as off is off, unless a lower level is (a computer that is asleep)
        let is_as_low = |name: &Name| {
            let off = names.first().filter(|first| first.state == State::Off);
            name.state == State::Standby && off.is_some_and(|off| name.watts.1 <= off.watts.1)
        };
        if way.first().is_some_and(|name| is_as_low(&names[*name])) {
            cost += AGAINST_TWO;
        }
        let of_idle = |is_base: bool| {
            let idle = way
                .iter()
                .map(|name| &names[*name])
                .filter(|name| name.state == State::Idle);
            idle.filter(|name| (name.of_idle == BASE) == is_base).count()
        };
        if of_idle(false) > 0 && of_idle(true) == 0 {
            cost += match self.modality.learning.works_from_idle {
                true => AGAINST_NO_BASE_BELOW,
                false => AGAINST_NO_BASE,
            };
        }
        let is_unused = way.len() > 1 && way.last().is_some_and(|name| names[*name].state < State::Idle);
        if is_unused && self.modality.acquisition.is_none() {
            cost += AGAINST_UNUSED;
        }
        cost
    }

    /// What speaks against a name for a plateau.
    fn against(&self, plateau: &Plateau, name: &Name, idle_w: Option<f64>) -> f64 {
        let mut cost = 0.0;
        if let Some(idle_w) = idle_w.filter(|_| name.of_idle != BASE) {
            let size = self.size(idle_w);
            cost += outside(plateau.level_w, (name.watts.0 * size, name.watts.1 * size));
            cost += outside(plateau.level_w / idle_w, name.of_idle);
        } else {
            cost += outside(plateau.level_w, name.watts);
        }
        let many = f64::from(plateau.launches) / LAUNCHES_FULL;
        let works = if many < 1.0 { many } else { 1.0 + many.ln() };
        let is_busy =
            plateau.launches >= LAUNCHES_MIN && rate(plateau) >= RATE_MIN.max(self.busiest * RATE_SHARE);
        if is_busy && name.state != State::Idle {
            cost += FOR_LAUNCHES * works;
        }
        if self.modality.learning.works_from_idle && name.state == State::Idle && !is_busy {
            cost += self.against_idler(plateau);
        }
        if name.state < State::Idle && !self.modality.learning.works_from_idle && is_called(plateau) {
            cost += FOR_CALLS;
        }
        // where work rises from the highest level of rest, what lies above it is work
        let is_above_work = !self.modality.learning.works_from_idle
            && name.state < State::Scanning
            && self.busiest >= RATE_MIN * 2.0
            && !is_busy
            && plateau.level_w > self.busiest_w * ABOVE_WORK;
        if is_above_work {
            cost += AGAINST_ABOVE_WORK;
        }
        cost
    }

    /// How large the machine is beside the published ones: 1 while its idle is among theirs. (A machine of another size is
    /// built alike, so all its levels lie elsewhere. It is known where pulses tell which level is idle.)
    fn size(&self, idle_w: f64) -> f64 {
        if !self.modality.learning.works_from_idle {
            return 1.0;
        }
        let base = self
            .modality
            .names
            .iter()
            .find(|name| name.of_idle == BASE && name.state == State::Idle);
        base.map_or(1.0, |base| idle_w / idle_w.clamp(base.watts.0, base.watts.1))
    }

    /// What speaks against calling a level idle that is not busy, while another is.
    fn against_idler(&self, plateau: &Plateau) -> f64 {
        let is_below = |part: f64| plateau.level_w < self.busiest_w * part;
        let is_known = self.busiest >= RATE_MIN * 2.0 && plateau.seconds >= IDLER_S;
        let expected = self.busiest * f64::from(plateau.seconds) / 3600.0;
        let is_rest = plateau.launches < 1.0 && plateau.seconds >= REST_S && expected >= REST_EXPECTED;
        if is_below(REST_BELOW) && is_rest {
            AGAINST_REST
        } else if is_below(IDLER_BELOW) && is_known {
            AGAINST_IDLER
        } else {
            0.0
        }
    }
}

/// What the base level of idle is of itself.
const BASE: (f64, f64) = (1.0, 1.0);

/// Pulses an hour at a level.
fn rate(plateau: &Plateau) -> f64 {
    f64::from(plateau.launches) / (f64::from(plateau.seconds) / 3600.0).max(0.25)
}

/// Whether a machine whose work rises from a level above its idle is called to it from here.
fn is_called(plateau: &Plateau) -> bool {
    let calls_per_hour = f64::from(plateau.calls) / (f64::from(plateau.seconds) / 3600.0).max(0.25);
    plateau.cycle.is_none() && plateau.calls >= LAUNCHES_MIN && calls_per_hour >= CALLS_MIN
}

/// How much of what a level says counts, by how long it was seen.
fn heard(plateau: &Plateau) -> f64 {
    let seconds = f64::from(plateau.seconds);
    seconds / (seconds + HALF_HEARD_S)
}

/// How far a value lies outside a range.
fn outside(value: f64, (least, greatest): (f64, f64)) -> f64 {
    let far = if value < least {
        (least / value.max(least * 1e-3)).ln()
    } else if value > greatest && greatest > 0.0 {
        (value / greatest).ln()
    } else {
        0.0
    };
    let against = (far / SPREAD).powi(2);
    // what is far outside is strange, and farther is a little stranger
    against.min(AGAINST_MAX + far * AGAINST_FAR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Idle, Off, Scanning, Standby};

    fn check(modality: &str, levels: &[(f64, f32)], expected: &[State]) {
        let modality = Modality::named(modality).expect("known");
        let plateau = |&(level_w, launches): &(f64, f32)| Plateau {
            level_w,
            from_w: level_w * 0.98,
            until_w: level_w * 1.02,
            seconds: 10_000.0,
            brief_s: 0.0,
            launches,
            ..Plateau::default()
        };
        let plateaus: Vec<Plateau> = levels.iter().map(plateau).collect();
        let named = name(modality, &plateaus, |_| Known::Nothing);
        assert_eq!(named.states, expected, "{levels:?}");
    }

    #[test]
    fn published_levels_have_their_names() {
        check(
            "ct",
            &[(150.0, 0.0), (1_000.0, 0.0), (2_600.0, 40.0)],
            &[Off, Standby, Idle],
        );
        check("ct", &[(480.0, 0.0), (2_600.0, 40.0)], &[Off, Idle]);
        check("ct", &[(1_500.0, 0.0), (3_000.0, 40.0)], &[Standby, Idle]);
        check(
            "mri",
            &[(6_400.0, 0.0), (8_200.0, 0.0), (11_500.0, 2.0), (19_000.0, 30.0)],
            &[Standby, Off, Idle, Idle],
        );
        check(
            "mri",
            &[(8_200.0, 0.0), (11_500.0, 0.0), (19_000.0, 30.0), (36_000.0, 0.0)],
            &[Off, Idle, Idle, Scanning],
        );
        check(
            "angio",
            &[(1_100.0, 0.0), (6_900.0, 30.0), (7_500.0, 400.0)],
            &[Off, Idle, Idle],
        );
        check("angio", &[(600.0, 0.0), (2_800.0, 30.0)], &[Off, Idle]);
        check(
            "xray",
            &[(100.0, 0.0), (600.0, 0.0), (2_000.0, 30.0)],
            &[Off, Standby, Idle],
        );
        check(
            "workstation",
            &[(18.0, 0.0), (54.0, 0.0), (117.0, 30.0)],
            &[Off, Standby, Idle],
        );
    }

    #[test]
    fn hundreds_of_pulses_tell_the_idle_of_a_small_machine_and_all_else_is_as_small() {
        check("xray", &[(150.0, 0.0), (530.0, 500.0)], &[Standby, Idle]);
        check(
            "xray",
            &[(70.0, 0.0), (160.0, 0.0), (470.0, 300.0)],
            &[Off, Standby, Idle],
        );
    }

    #[test]
    fn a_heat_exchanger_runs_on_top_of_idle() {
        check("ct", &[(1_900.0, 0.0), (11_000.0, 10.0)], &[Idle, Idle]);
    }

    #[test]
    fn what_is_asleep_is_known_by_a_lower_level_that_is_off() {
        check("workstation", &[(3.0, 0.0), (90.0, 0.0)], &[Off, Idle]);
        check(
            "workstation",
            &[(1.4, 0.0), (2.0, 0.0), (3.1, 0.0), (70.0, 0.0)],
            &[Off, Off, Standby, Idle],
        );
    }

    #[test]
    fn what_a_workstation_goes_up_to_is_for_use() {
        check("workstation", &[(2.0, 0.0), (53.0, 0.0)], &[Off, Idle]);
        check("workstation", &[(2.0, 0.0), (77.0, 0.0)], &[Off, Idle]);
    }

    #[test]
    fn two_names_of_one_state_are_no_doubt() {
        let modality = Modality::named("mri").expect("known");
        let plateau = |level_w: f64| Plateau {
            level_w,
            from_w: level_w * 0.98,
            until_w: level_w * 1.02,
            seconds: 9e3,
            ..Plateau::default()
        };
        let named = name(modality, &[8_200.0, 14_000.0, 15_500.0].map(plateau), |_| {
            Known::Nothing
        });
        assert_eq!(named.states, [Off, Idle, Idle]);
        assert!(
            named.margins.iter().all(|margin| *margin > 0.5),
            "{:?}",
            named.margins
        );
    }

    #[test]
    fn where_work_begins_is_idle_whatever_its_watts() {
        check("ct", &[(1_150.0, 50.0)], &[Idle]);
        check(
            "workstation",
            &[(2.0, 0.0), (53.0, 9.0), (120.0, 20.0)],
            &[Off, Idle, Idle],
        );
    }

    #[test]
    fn a_level_of_rest_a_little_below_idle_is_told_by_that_nobody_works_from_it() {
        let named = |modality: &str, launches: f32| {
            let modality = Modality::named(modality).expect("known");
            let idle_w = if modality.name == "ct" { 1_770.0 } else { 71.0 };
            let plateau = |level_w: f64, launches: f32| Plateau {
                level_w,
                from_w: level_w * 0.98,
                until_w: level_w * 1.02,
                seconds: 90_000.0,
                launches,
                ..Plateau::default()
            };
            let plateaus = [plateau(idle_w * 0.8, launches), plateau(idle_w, 120.0)];
            name(modality, &plateaus, |_| Known::Before(Idle)).states
        };
        for modality in ["ct", "workstation"] {
            assert_eq!(named(modality, 0.0), [Standby, Idle], "{modality}");
            assert_eq!(
                named(modality, 6.0),
                [Idle, Idle],
                "{modality}: the first work of a day"
            );
        }
    }

    #[test]
    fn an_mri_that_is_called_to_be_prepared_to_scan_is_idle() {
        let modality = Modality::named("mri").expect("known");
        let plateau = |level_w: f64, calls: f32| Plateau {
            level_w,
            from_w: level_w,
            until_w: level_w,
            seconds: 60_000.0,
            calls,
            ..Plateau::default()
        };
        let named = |calls: f32| {
            let plateaus = [plateau(9_620.0, calls), plateau(19_400.0, 0.0)];
            name(modality, &plateaus, |_| Known::Before(Off)).states
        };
        assert_eq!(named(30.0), [Idle, Idle]);
        assert_eq!(named(1.0)[0], Off, "a boot in the morning is none");
    }

    #[test]
    fn a_pin_wins() {
        let modality = Modality::named("mri").expect("known");
        let plateau = |level_w| Plateau {
            level_w,
            from_w: level_w,
            until_w: level_w,
            seconds: 9e3,
            ..Plateau::default()
        };
        let plateaus = [plateau(9_600.0), plateau(12_000.0)];
        let pin = |plateau: &Plateau| {
            if plateau.level_w < 10_000.0 {
                Known::Pinned(Standby)
            } else {
                Known::Nothing
            }
        };
        assert_eq!(name(modality, &plateaus, pin).states, [Standby, Idle]);
    }
}
