//! The four ways of protobuf to write a field: variable-length numbers, four bytes, eight bytes, and bytes with a length.
//!
//! Enough to write one message type by hand: a dependency would save less than it brings.
//! <https://protobuf.dev/programming-guides/encoding/>.

fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn put_tag(out: &mut Vec<u8>, field: u64, wire_type: u64) {
    put_number(out, field << 3 | wire_type);
}

/// A number of variable length: unsigned, boolean, or two's complement.
pub(crate) fn put_varint(out: &mut Vec<u8>, field: u64, value: u64) {
    put_tag(out, field, 0);
    put_number(out, value);
}

/// A 64-bit float.
pub(crate) fn put_double(out: &mut Vec<u8>, field: u64, value: f64) {
    put_tag(out, field, 1);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Text, bytes, or an embedded message.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_tag(out, field, 2);
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A 32-bit float.
pub(crate) fn put_float(out: &mut Vec<u8>, field: u64, value: f32) {
    put_tag(out, field, 5);
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_documentation_shows() {
        let mut out = Vec::new();
        put_varint(&mut out, 1, 150);
        put_bytes(&mut out, 2, b"testing");
        assert_eq!(out, b"\x08\x96\x01\x12\x07testing");
        out.clear();
        put_float(&mut out, 12, 1.0);
        put_double(&mut out, 13, -2.0);
        assert_eq!(out, b"\x65\0\0\x80\x3f\x69\0\0\0\0\0\0\0\xc0");
    }
}
