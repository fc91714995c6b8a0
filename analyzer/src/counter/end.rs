//! Where registers end and begin again at zero.

use crate::Energy;

/// A register that has still more than this share of its way to go is not just below its end.
const NEAR_SHARE: f64 = 0.05;

/// The end of a kind of register.
#[derive(Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) wh: f64,
    /// What such a register is, for a person.
    pub(crate) what: &'static str,
}

const fn end(wh: f64, what: &'static str) -> End {
    End { wh, what }
}

const TWO_TO_31: f64 = 2_147_483_648.0;
const TWO_TO_32: f64 = 4_294_967_296.0;

/// The known ends, from the width of the integer and the unit it counts in, or from the digits of a display.
///
/// Sources: Tasmota counts the day in hundredths of a milliwatt-hour (`xdrv_03_energy.ino`; the 43 kWh that 2018
/// versions fell back by); Shelly Gen1 relays in watt-minutes, emeters in watt-hours (shelly-api-docs.shelly.cloud/gen1);
/// ESPurna and Smappee in watt-seconds; SNMP counters are 32 bits wide (RFC 2578, 7.1.6), PDUs use them in 0.1 kWh and
/// Wh; displays of DIN meters have 5 to 7 digits before the point.
pub(super) static ENDS: &[End] = &[
    end(TWO_TO_32 / 100_000.0, "2³² hundredths of a mWh"),
    end(65_536.0, "2¹⁶ Wh"),
    end(TWO_TO_31 / 3_600.0, "2³¹ Ws"),
    end(655_360.0, "2¹⁶ × 0.01 kWh"),
    end(TWO_TO_32 / 3_600.0, "2³² Ws"),
    end(TWO_TO_31 / 1_000.0, "2³¹ mWh"),
    end(TWO_TO_32 / 1_000.0, "2³² mWh"),
    end(6_553_600.0, "2¹⁶ × 0.1 kWh"),
    end(10_000_000.0, "a display of 4 digits, 9 999.9 kWh"),
    end(16_777_216.0, "2²⁴ Wh"),
    end(TWO_TO_31 / 100.0, "2³¹ × 0.01 Wh"),
    end(TWO_TO_31 / 60.0, "2³¹ watt-minutes"),
    end(TWO_TO_32 / 100.0, "2³² × 0.01 Wh"),
    end(TWO_TO_32 / 60.0, "2³² watt-minutes"),
    end(100_000_000.0, "a display of 5 digits, 99 999.9 kWh"),
    end(TWO_TO_31 / 10.0, "2³¹ × 0.1 Wh"),
    end(TWO_TO_32 / 10.0, "2³² × 0.1 Wh"),
    end(1_000_000_000.0, "a display of 6 digits, 999 999.99 kWh"),
    end(TWO_TO_31, "2³¹ Wh"),
    end(TWO_TO_32, "2³² Wh"),
    end(10_000_000_000.0, "a display of 7 digits, 9 999 999.9 kWh"),
];

/// The end a register has passed between two values, and what it counted on that way; none where there is no such end
/// or the way is longer than `limit`, or than `expected` where power is known.
pub(super) fn passed(
    before_wh: f64,
    after_wh: f64,
    limit: Energy,
    expected: Option<Energy>,
) -> Option<(&'static End, Energy)> {
    if after_wh >= before_wh {
        return None;
    }
    let next = ENDS.iter().find(|end| end.wh > before_wh)?;
    let left_wh = next.wh - before_wh;
    let step = Energy::from_wh(left_wh) + Energy::from_wh(after_wh);
    let is_plausible = step <= limit && expected.is_none_or(|expected| step <= expected);
    (left_wh <= next.wh * NEAR_SHARE && is_plausible).then_some((next, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_stand_in_order() {
        assert!(ENDS.windows(2).all(|pair| pair[0].wh < pair[1].wh));
    }
}
