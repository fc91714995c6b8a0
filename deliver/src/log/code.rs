//! The stored form of a row: postcard, then zstd. The version of the file covers it: a change of `Finding` is a new one.

use analyzer::Finding;

const LEVEL: i32 = 1;
/// No row unpacks to more than this; a longer one is damaged.
const ROW_BYTES_MAX: usize = 64 << 20;
/// No snapshot does: a hundred thousand devices need about a gigabyte when all have learned for a week.
pub(super) const SNAPSHOT_BYTES_MAX: usize = 4 << 30;

/// Packs and unpacks rows; keeps its buffers.
pub(super) struct Packer {
    plain: Vec<u8>,
}

impl Packer {
    pub(super) const fn new() -> Self {
        Self { plain: Vec::new() }
    }

    pub(super) fn pack(&mut self, findings: &[Finding]) -> Vec<u8> {
        self.plain.clear();
        let plain = std::mem::take(&mut self.plain);
        self.plain =
            postcard::to_extend(findings, plain).expect("findings are plain values and memory grows");
        squeeze(&self.plain)
    }
}

/// What was packed; none where the bytes are damaged.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<Finding>> {
    postcard::from_bytes(&release(packed, ROW_BYTES_MAX)?).ok()
}

/// Compresses any bytes.
pub(super) fn squeeze(plain: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(plain, LEVEL).expect("compressing into memory that grows")
}

/// Back from [`squeeze`]; none where the bytes are damaged, or more than `bytes_max`.
pub(super) fn release(packed: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let bytes = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    let bytes = usize::try_from(bytes).ok().filter(|bytes| *bytes <= bytes_max)?;
    zstd::bulk::decompress(packed, bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_noticed_and_never_panics() {
        assert_eq!(unpack(&[]), None);
        assert_eq!(unpack(b"not zstd at all"), None);
        let packed = squeeze(&[0xFF; 100]);
        assert_eq!(unpack(&packed), None, "not findings");
        assert_eq!(release(&packed, 100), Some(vec![0xFF; 100]));
        assert_eq!(release(&packed, 99), None, "too much");
        assert_eq!(release(&squeeze(&[]), 0), Some(Vec::new()));
    }
}
