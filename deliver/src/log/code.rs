//! The stored form of a row: postcard, then zstd. The version of the file covers it: a change of `Finding` is a new one.

use analyzer::Finding;
use zstd::bulk::{Compressor, Decompressor};

const LEVEL: i32 = 1;
/// No row unpacks to more than this; a longer one is damaged.
const ROW_BYTES_MAX: usize = 64 << 20;
/// No snapshot does: a hundred thousand devices need about a gigabyte when all have learned for a week.
pub(super) const SNAPSHOT_BYTES_MAX: usize = 4 << 30;

/// Packs rows; keeps its buffers.
pub(super) struct Packer {
    plain: Vec<u8>,
    zstd: Compressor<'static>,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self {
            plain: Vec::new(),
            zstd: Compressor::new(LEVEL).expect("there is memory for a context"),
        }
    }

    pub(super) fn pack(&mut self, findings: &[Finding]) -> Vec<u8> {
        self.plain.clear();
        let plain = std::mem::take(&mut self.plain);
        self.plain =
            postcard::to_extend(findings, plain).expect("findings are plain values and memory grows");
        let packed = self.zstd.compress(&self.plain);
        packed.expect("compressing into memory that grows")
    }
}

/// Unpacks rows; keeps its buffers.
pub(super) struct Unpacker {
    zstd: Decompressor<'static>,
}

impl Unpacker {
    pub(super) fn new() -> Self {
        Self {
            zstd: Decompressor::new().expect("there is memory for a context"),
        }
    }

    /// What was packed; none where the bytes are damaged.
    pub(super) fn unpack(&mut self, packed: &[u8]) -> Option<Vec<Finding>> {
        let bytes = unpacked_bytes(packed, ROW_BYTES_MAX)?;
        postcard::from_bytes(&self.zstd.decompress(packed, bytes).ok()?).ok()
    }
}

/// Compresses any bytes.
pub(super) fn squeeze(plain: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(plain, LEVEL).expect("compressing into memory that grows")
}

/// Back from [`squeeze`]; none where the bytes are damaged, or more than `bytes_max`.
pub(super) fn release(packed: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    zstd::bulk::decompress(packed, unpacked_bytes(packed, bytes_max)?).ok()
}

/// What a frame says that it unpacks to; none where that is nothing, or more than `bytes_max`.
fn unpacked_bytes(packed: &[u8], bytes_max: usize) -> Option<usize> {
    let bytes = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    usize::try_from(bytes).ok().filter(|bytes| *bytes <= bytes_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_noticed_and_never_panics() {
        let mut unpacker = Unpacker::new();
        assert_eq!(unpacker.unpack(&[]), None);
        assert_eq!(unpacker.unpack(b"not zstd at all"), None);
        let packed = squeeze(&[0xFF; 100]);
        assert_eq!(unpacker.unpack(&packed), None, "not findings");
        assert_eq!(release(&packed, 100), Some(vec![0xFF; 100]));
        assert_eq!(release(&packed, 99), None, "too much");
        assert_eq!(release(&squeeze(&[]), 0), Some(Vec::new()));
    }
}
