//! The counters start again at 0, once: a replaced meter or a lost memory.

use super::{Entry, Fault};
use crate::register::Register;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::CounterReset,
    fault: |setup| {
        Box::new(CounterReset {
            at_ms: Some(setup.instant_ms(setup.spec.at.as_ref(), i64::MAX)),
        })
    },
};

struct CounterReset {
    at_ms: Option<i64>,
}

impl Fault for CounterReset {
    fn on_meter(&mut self, at_ms: i64, register: &mut Register) -> bool {
        if self.at_ms.is_some_and(|due_ms| at_ms >= due_ms) {
            self.at_ms = None;
            register.reset();
        }
        false
    }
}
