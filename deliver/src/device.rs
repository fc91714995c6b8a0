//! What the configuration says of a device and every output shows: findings carry the id alone.

use analyzer::DeviceId;

/// A device's names. The id identifies it in series and topics; the rest may be renamed at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTags {
    /// Stable id.
    pub id: DeviceId,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub room: String,
    /// The modality's stable word, e.g. `ct`.
    pub modality: String,
    /// The hospital's name.
    pub site: String,
}
