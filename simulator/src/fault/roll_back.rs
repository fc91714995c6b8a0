//! The import counter falls back by some watt-hours, once: a crash since its last save.

use super::{Entry, Fault};
use crate::register::Register;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::RollBack,
    fault: |setup| {
        Box::new(RollBack {
            at_ms: Some(setup.instant_ms(setup.spec.at.as_ref(), i64::MAX)),
            watt_hours: setup.spec.watt_hours.unwrap_or(0.0),
        })
    },
};

struct RollBack {
    at_ms: Option<i64>,
    watt_hours: f64,
}

impl Fault for RollBack {
    fn on_meter(&mut self, at_ms: i64, register: &mut Register) -> bool {
        if self.at_ms.is_some_and(|due_ms| at_ms >= due_ms) {
            self.at_ms = None;
            register.roll_back(self.watt_hours);
        }
        false
    }
}
