//! A message on its way from a meter to the broker, and the little writers its payload is made with.

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::register::Sample;

/// A message, with its instant in unix milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parcel {
    pub(crate) at_ms: i64,
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    /// What the meter showed as it said this; none of what the broker says in its name.
    pub(crate) sample: Option<Sample>,
}

/// Appends a decimal number with a fixed number of decimals (at most 6). Not finite numbers become 0.
pub(crate) fn put_number(out: &mut Vec<u8>, value: f64, decimals: u32) {
    let scale = 10_i64.pow(decimals);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "saturating, checked by a test"
    )]
    let scaled = (value * scale as f64).round() as i64;
    if scaled < 0 {
        out.push(b'-');
    }
    let magnitude = scaled.unsigned_abs();
    put_digits(out, magnitude / scale.unsigned_abs(), 1);
    if decimals > 0 {
        out.push(b'.');
        put_digits(out, magnitude % scale.unsigned_abs(), decimals as usize);
    }
}

/// Appends an unsigned number with at least `width` digits.
pub(crate) fn put_digits(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut begin = digits.len();
    while value > 0 || digits.len() - begin < width {
        begin -= 1;
        let digit = (value % 10) as u8;
        digits[begin] = b'0' + digit;
        value /= 10;
    }
    out.extend_from_slice(&digits[begin..]);
}

/// Appends `2026-11-16T07:30:00`.
pub(crate) fn put_civil(out: &mut Vec<u8>, civil: DateTime) {
    let fields = [
        (i64::from(civil.year()), 4, b'-'),
        (civil.month().into(), 2, b'-'),
        (civil.day().into(), 2, b'T'),
        (civil.hour().into(), 2, b':'),
        (civil.minute().into(), 2, b':'),
        (civil.second().into(), 2, b' '),
    ];
    for (value, width, after) in fields {
        put_digits(out, value.unsigned_abs(), width);
        if after != b' ' {
            out.push(after);
        }
    }
}

/// Appends `"key":` and, before all but the first key of an object, a comma.
pub(crate) fn put_key(out: &mut Vec<u8>, key: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends `"key":number`.
pub(crate) fn put_field(out: &mut Vec<u8>, key: &str, value: f64, decimals: u32) {
    put_key(out, key);
    put_number(out, value, decimals);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let text = |value, decimals| {
            let mut out = Vec::new();
            put_number(&mut out, value, decimals);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(2.5, 3), "2.500");
        assert_eq!(text(-0.04, 2), "-0.04");
        assert_eq!(text(0.0, 0), "0");
        assert_eq!(text(1234.0, 0), "1234");
        assert_eq!(text(f64::NAN, 1), "0.0");
    }

    proptest! {
        #[test]
        fn numbers_read_back(value in -1e9..1e9_f64, decimals in 0..5_u32) {
            let mut out = Vec::new();
            put_number(&mut out, value, decimals);
            let back: f64 = String::from_utf8(out).unwrap().parse().unwrap();
            prop_assert!((back - value).abs() <= 0.51 / 10_f64.powi(decimals.try_into().unwrap()));
        }
    }
}
