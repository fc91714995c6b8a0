//! A phase as Tuya's breakers and DIN meters pack it: base64 of two bytes of 0.1 V, three of mA, three of W, big endian;
//! newer ones append what is not used.
//!
//! Documented in the data points of the devices ("phase_a", <https://developer.tuya.com>). A packet whose power is more
//! than its voltage and current could carry is packed otherwise, and is not believed.

/// Further bytes than any such device appends.
const BYTES_MAX: usize = 32;

/// What a phase says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Phase {
    pub(super) voltage_v: f64,
    pub(super) current_a: f64,
    pub(super) power_w: f64,
}

/// Unpacks a phase; none where the text is not one.
pub(super) fn unpack(text: &str) -> Option<Phase> {
    let bytes = from_base64(text)?;
    let number = |bytes: &[u8]| bytes.iter().fold(0.0, |sum, byte| sum * 256.0 + f64::from(*byte));
    let phase = Phase {
        voltage_v: number(bytes.get(..2)?) / 10.0,
        current_a: number(bytes.get(2..5)?) / 1000.0,
        power_w: number(bytes.get(5..8)?),
    };
    let apparent_va = phase.voltage_v * phase.current_a;
    (phase.voltage_v <= 500.0 && phase.power_w <= apparent_va * 1.1 + 5.0).then_some(phase)
}

/// Standard base64 with its padding.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(4) || text.len() > BYTES_MAX / 3 * 4 {
        return None;
    }
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 {
        return None;
    }
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(BYTES_MAX), 0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_eight_bytes_or_more() {
        // 09 10 | 00 03 E8 | 00 00 C8
        let phase = Phase {
            voltage_v: 232.0,
            current_a: 1.0,
            power_w: 200.0,
        };
        assert_eq!(unpack("CRAAA+gAAMg="), Some(phase));
        assert_eq!(
            unpack("CRAAA+gAAMgAAA=="),
            Some(phase),
            "with a residual current behind"
        );
        // The last one would be 200 W at 232 V without current.
        for text in ["", "CRAA", "CRAAA+gAAMg", "CRAAA+gAA?g=", "====", "CRAAAAAAAMg="] {
            assert_eq!(unpack(text), None, "{text}");
        }
        assert_eq!(unpack(&"CRAA".repeat(20)), None);
    }
}
