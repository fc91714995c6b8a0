//! The meter's clock is hours wrong, always or between two instants; its messages come on time.

use super::{Entry, Fault};
use crate::register::Register;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::ClockWrong,
    fault: |setup| {
        #[expect(clippy::cast_possible_truncation, reason = "a saturating cast")]
        let offset_ms = (setup.spec.hours.unwrap_or(0.0) * 3_600_000.0) as i64;
        Box::new(ClockWrong {
            from_ms: setup.instant_ms(setup.spec.from.as_ref(), i64::MIN),
            until_ms: setup.instant_ms(setup.spec.until.as_ref(), i64::MAX),
            offset_ms,
        })
    },
};

struct ClockWrong {
    from_ms: i64,
    until_ms: i64,
    offset_ms: i64,
}

impl Fault for ClockWrong {
    fn on_meter(&mut self, at_ms: i64, register: &mut Register) -> bool {
        let wrong = (self.from_ms..self.until_ms).contains(&at_ms);
        register.clock_offset_ms = if wrong { self.offset_ms } else { 0 };
        false
    }
}
