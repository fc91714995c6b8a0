//! Cryo base lost: an MRI draws near 0 W, or clearly less than its cooling needs. A magnet that is not cooled boils off
//! its helium within days, so somebody must look now.
//!
//! Judged by sound readings alone: silence never raises it, and what was not raised before a silence begins anew after
//! it. A clamp that sits backwards shows minus the cooling: the amount counts, not the sign.
//!
//! The base is what a person has said (`cryo_base_w`), else the lowest steady level learned of the device, else the lower
//! edge of the published power-save level (Woolen et al., Radiology 2023: 6.4 kW; 4.5 kW is the lowest that is believed).

use jiff::Timestamp;

use super::{Rule, minutes};
use crate::finding::Finding;
use crate::life::{Frame, Life, Spent};
use crate::{Device, Severity, State};

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "cryo_base_lost",
    severity: Severity::Critical,
    says: "Its cooling draws far too little power: the magnet may be warming up.",
    limits: minutes(2, 30, 10),
    looks_at: |modality| modality.name == "mri",
    is_of_closed_hours: false,
    is_one_a_period: false,
};

/// Below this share of its base a cooling has failed; a compressor that cycles or is serviced by halves stays above it.
const FAILED_SHARE: f64 = 0.6;

/// A learned level below this is no cooling but its loss, long enough to be learned: a compressor draws 3 kW or more, W.
const LEARNED_W_MIN: f64 = 1_500.0;

/// What the device's cooling draws at least, W; none where nobody knows.
pub(super) fn base_w(device: &Device, learned_w: Option<f64>) -> Option<f64> {
    let levels = device.modality.levels.iter();
    let published = levels.filter(|(state, ..)| *state == State::Standby);
    let published = || published.map(|(_, from_w, _)| *from_w).min_by(f64::total_cmp);
    let learned_w = learned_w.filter(|learned_w| *learned_w >= LEARNED_W_MIN);
    device.alerts.cryo_base_w.or(learned_w).or_else(published)
}

pub(super) fn sample(
    life: &mut Life,
    frame: Frame<'_>,
    (at, power_w): (Timestamp, f64),
    base_w: Option<f64>,
    out: &mut Vec<Finding>,
) {
    let Some(base_w) = base_w else { return };
    if power_w.abs() < base_w * FAILED_SHARE {
        life.tell(format!("{power_w:.0} W; its cooling draws {base_w:.0} W"));
        life.holds(frame, (at, at), Spent::default(), out);
    } else if !life.is_quiet() {
        life.fails(frame, (at, at), out);
    }
}
