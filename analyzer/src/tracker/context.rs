//! A device as it is judged: where it stands, what it has without learning, and what holds at the moment.

use jiff::{SignedDuration, Timestamp};

use super::spent::Spent;
use crate::Device;
use crate::alert::Watched;
use crate::band::Bands;
use crate::decider::{Onset, Rules};
use crate::learn::Learner;
use crate::site::Site;

/// A device as it is judged.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) site: &'a Site,
    pub(crate) device: &'a Device,
    /// What holds unless something was learned: its own bands, else the published ones.
    pub(crate) given: &'a Given,
    /// How much time was taken away where our own clock was set back.
    pub(crate) set_back: SignedDuration,
    /// Where it has not caught up yet: with this.
    pub(crate) behind: Option<Timestamp>,
}

impl<'a> Context<'a> {
    /// An instant on a clock that nobody sets back: that by which registers count.
    pub(super) fn running(self, at: Timestamp) -> Timestamp {
        at.checked_add(self.set_back).unwrap_or(at)
    }

    /// Back from [`Self::running`].
    pub(super) fn told(self, running: Timestamp) -> Timestamp {
        running.checked_sub(self.set_back).unwrap_or(running)
    }

    pub(super) fn watched(self) -> Watched<'a> {
        Watched {
            site: self.site,
            device: self.device,
        }
    }
}

/// The bands that a device has without learning.
#[derive(Debug)]
pub(crate) struct Given {
    bands: Bands,
    onset: Option<Onset>,
    /// They are the device's own: nothing learned takes their place.
    is_own: bool,
}

impl Given {
    pub(crate) fn of(device: &Device) -> Self {
        let bands = device.bands.clone().unwrap_or_else(|| device.modality.bands());
        Self {
            onset: device.modality.onset(&bands),
            is_own: device.bands.is_some(),
            bands,
        }
    }
}

/// What a device is judged by at the moment.
pub(super) fn rules<'a>(
    (learner, spent): (&Learner, &Spent),
    learned: Option<&'a Bands>,
    context: Context<'a>,
) -> Rules<'a> {
    let given = context.given;
    let (bands, onset, work_from_w) = match learned.filter(|_| !given.is_own) {
        Some(bands) => (bands, learner.onset(), learner.work_from_w()),
        None => (&given.bands, given.onset, given.onset.map(|onset| onset.strong_w)),
    };
    let is_too_coarse = learner.is_too_coarse(context.device.modality);
    Rules {
        bands,
        timing: context.device.modality.timing,
        onset: onset.filter(|_| !is_too_coarse),
        work_from_w: work_from_w.filter(|_| is_too_coarse),
        interval_s: learner.interval_s(),
        is_mean: spent.mean().is_some(),
    }
}
