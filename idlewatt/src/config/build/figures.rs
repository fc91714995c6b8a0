//! What only the key figures need to know of a device.

use std::collections::HashMap;

use analyzer::Energy;
use analyzer::modality::{Modality, Role};

use crate::config::review::Review;
use crate::config::schema;
use crate::config::section::Entry;
use crate::config::value::Number;

/// See the keys of the same names.
#[derive(Clone, Debug, Default)]
pub struct DeviceFigures {
    /// W.
    pub target_w: Option<f64>,
    /// What a boot takes.
    pub boot: Option<Energy>,
    /// What a shutdown takes.
    pub shutdown: Option<Energy>,
    /// TB.
    pub stored_tb: Option<f64>,
    /// Ids.
    pub cools: Vec<String>,
}

/// Reads them; none means a fault was said.
pub(crate) fn figures(
    review: &mut Review<'_>,
    section: &Entry<schema::Device>,
    modality: &Modality,
) -> Option<DeviceFigures> {
    let target_w = at_least_zero(review, &section.target_w)?;
    let boot_wh = at_least_zero(review, &section.boot_wh)?;
    let shutdown_wh = at_least_zero(review, &section.shutdown_wh)?;
    let stored_tb = at_least_zero(review, &section.stored_tb)?;
    if stored_tb.is_some() && modality.role != Role::Server {
        review.warn(
            section.stored_tb.span(),
            format!(
                "only a server stores; on modality \"{}\" it says nothing",
                modality.name
            ),
            "take it out, or write modality = \"server\"",
        );
    }
    if !section.cools.is_empty() && modality.role != Role::Cooling {
        review.warn(
            section.cools.span(),
            format!(
                "only cooling cools; on modality \"{}\" it says nothing",
                modality.name
            ),
            "take it out, or write modality = \"cooling\"",
        );
    }
    Some(DeviceFigures {
        target_w,
        boot: boot_wh.map(Energy::from_wh),
        shutdown: shutdown_wh.map(Energy::from_wh),
        stored_tb: stored_tb.filter(|stored_tb| *stored_tb > 0.0),
        cools: section.cools.iter().map(|id| (**id).clone()).collect(),
    })
}

/// Each device that is cooled stands in the file.
pub(crate) fn review_cooled(
    review: &mut Review<'_>,
    devices: &[Entry<schema::Device>],
    ids: &HashMap<String, usize>,
) {
    for cooled in devices.iter().flat_map(|device| device.cools.iter()) {
        if !ids.contains_key(&**cooled) {
            review.fault(
                cooled.span(),
                format!("no device has the id \"{}\"", **cooled),
                "write the id of a [[device]] that it cools",
            );
        }
    }
}

fn at_least_zero(review: &mut Review<'_>, value: &Entry<Option<Number>>) -> Option<Option<f64>> {
    match **value {
        Some(Number(number)) if number < 0.0 => {
            review.fault(
                value.span(),
                format!("{number} is below 0"),
                "write 0 or more, or take it out",
            );
            None
        }
        number => Some(number.map(|number| number.0)),
    }
}
