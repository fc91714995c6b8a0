//! A device as the configuration describes it: what it is, where it stands, which meters feed it, when it is used.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::DeviceId;
use crate::alert::AlertPlan;
use crate::band::Bands;
use crate::calendar::OpeningHours;
use crate::learn::Pin;
use crate::modality::Modality;

/// More named levels than this no machine has.
pub const PINS_MAX: usize = 8;

/// One device: a scanner, a workstation, a rack, a chiller.
#[derive(Clone, Debug)]
pub struct Device {
    /// Stable id, used in series and topics.
    pub id: DeviceId,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub room: String,
    /// What kind of machine it is.
    pub modality: &'static Modality,
    /// The meters that feed it; their powers add up.
    pub feeds: Vec<Feed>,
    /// When it is meant to be used; thousands of devices share one plan.
    pub opening: Arc<OpeningHours>,
    /// Its own bands, which then hold; none means that they are learned.
    pub bands: Option<Bands>,
    /// What a person says of levels that are learned; at most [`PINS_MAX`].
    pub pins: Vec<Pin>,
    /// More than this is not plausible, W.
    pub power_w_max: f64,
    /// No reading for so long is silence (state unknown); none means it is learned from the meter's rhythm.
    pub silent_after: Option<SignedDuration>,
    /// Which alert rules look at it; an emergency CT or a PET-CT is exempt from some.
    pub alerts: Arc<AlertPlan>,
}

impl Device {
    /// Whether what its power means is learned from its own levels.
    #[must_use]
    pub fn learns(&self) -> bool {
        self.bands.is_none() && !self.modality.names.is_empty()
    }
}

/// One meter's part in a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// The meter's name, as its decoder says it.
    pub meter: String,
    /// The channels that add up; empty means `total` where the meter states one, else the sum of all.
    pub channels: Vec<String>,
    /// +1, or -1 where the clamp sits backwards.
    pub sign: f64,
}
