//! A clamp is mounted backwards: one phase is negative and its energy counts as export.

use super::{Entry, Fault};
use crate::register::Register;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::ReversedPhase,
    fault: |setup| {
        Box::new(ReversedPhase {
            from_ms: setup.instant_ms(setup.spec.from.as_ref(), i64::MIN),
            until_ms: setup.instant_ms(setup.spec.until.as_ref(), i64::MAX),
            phase: usize::from(setup.spec.phase.unwrap_or(1)).clamp(1, 3) - 1,
        })
    },
};

struct ReversedPhase {
    from_ms: i64,
    until_ms: i64,
    phase: usize,
}

impl Fault for ReversedPhase {
    fn on_meter(&mut self, at_ms: i64, register: &mut Register) -> bool {
        let phase = self.phase.min(register.phases - 1);
        let reversed = (self.from_ms..self.until_ms).contains(&at_ms);
        std::mem::replace(&mut register.reversed[phase], reversed) != reversed
    }
}
