//! The stored form of a row: postcard, then zstd. The version of the file covers it: a change of `Finding` is a new one.

use std::io::{Read as _, Write as _};

use analyzer::Finding;
use zstd::bulk::{Compressor, Decompressor};
use zstd::stream::{Decoder, Encoder};

const LEVEL: i32 = 1;
/// No row unpacks to more than this; a longer one is damaged.
const ROW_BYTES_MAX: usize = 64 << 20;
/// No snapshot does: a hundred thousand devices need about a gigabyte when all have learned for a week.
pub(super) const SNAPSHOT_BYTES_MAX: usize = 4 << 30;
/// A snapshot is packed in blocks of about so many bytes.
const BLOCK_BYTES: usize = 128 << 10;

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
    plain: Vec<u8>,
}

impl Unpacker {
    pub(super) fn new() -> Self {
        Self {
            zstd: Decompressor::new().expect("there is memory for a context"),
            plain: Vec::new(),
        }
    }

    /// What was packed; none where the bytes are damaged.
    pub(super) fn unpack(&mut self, packed: &[u8]) -> Option<Vec<Finding>> {
        let bytes = unpacked_bytes(packed, ROW_BYTES_MAX)?;
        self.plain.clear();
        self.plain.reserve(bytes);
        self.zstd.decompress_to_buffer(packed, &mut self.plain).ok()?;
        postcard::from_bytes(&self.plain).ok()
    }
}

/// What the analyzer resumes from, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedSnapshot(pub(super) Vec<u8>);

/// Packs a snapshot as its bytes come, so that only the packed ones are held: they are a fifth.
pub struct SnapshotPacker {
    /// What waits for a block of its own.
    plain: Vec<u8>,
    zstd: Encoder<'static, Vec<u8>>,
}

impl SnapshotPacker {
    /// An empty one.
    ///
    /// # Panics
    /// There is no memory for it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            plain: Vec::with_capacity(BLOCK_BYTES),
            zstd: Encoder::new(Vec::new(), LEVEL).expect("there is memory for a context"),
        }
    }

    fn flush(&mut self) {
        self.zstd.write_all(&self.plain).expect("memory grows");
        self.plain.clear();
    }

    /// All that came.
    ///
    /// # Panics
    /// There is no memory for it.
    #[must_use]
    pub fn finish(mut self) -> PackedSnapshot {
        self.flush();
        PackedSnapshot(self.zstd.finish().expect("memory grows"))
    }
}

impl Default for SnapshotPacker {
    fn default() -> Self {
        Self::new()
    }
}

impl Extend<u8> for SnapshotPacker {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, bytes: T) {
        self.plain.extend(bytes);
        if self.plain.len() >= BLOCK_BYTES {
            self.flush();
        }
    }
}

/// What was packed; none where the bytes are damaged, or more than `bytes_max`.
pub(super) fn release(packed: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    Decoder::new(packed)
        .ok()?
        .take(most)
        .read_to_end(&mut plain)
        .ok()?;
    (plain.len() <= bytes_max).then_some(plain)
}

/// What a frame says that it unpacks to; none where that is nothing, or more than `bytes_max`.
fn unpacked_bytes(packed: &[u8], bytes_max: usize) -> Option<usize> {
    let bytes = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    usize::try_from(bytes).ok().filter(|bytes| *bytes <= bytes_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(plain: &[u8]) -> PackedSnapshot {
        let mut packer = SnapshotPacker::new();
        packer.extend(plain.iter().copied());
        packer.finish()
    }

    #[test]
    fn a_snapshot_of_many_blocks_comes_back() {
        let plain: Vec<u8> = (0..=u8::MAX).cycle().take(BLOCK_BYTES * 3 + 7).collect();
        let PackedSnapshot(body) = packed(&plain);
        assert_eq!(release(&body, plain.len()), Some(plain));
        assert_eq!(release(&packed(&[]).0, 0), Some(Vec::new()));
    }

    #[test]
    fn damage_is_noticed_and_never_panics() {
        let mut unpacker = Unpacker::new();
        assert_eq!(unpacker.unpack(&[]), None);
        assert_eq!(unpacker.unpack(b"not zstd at all"), None);
        let packed = packed(&[0xFF; 100]).0;
        assert_eq!(unpacker.unpack(&packed), None, "not findings");
        assert_eq!(release(&packed, 100), Some(vec![0xFF; 100]));
        assert_eq!(release(&packed, 99), None, "too much");
        assert_eq!(release(&packed[..packed.len() - 1], 100), None, "torn");
    }
}
