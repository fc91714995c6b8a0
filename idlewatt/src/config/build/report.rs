//! The reports that the service writes by itself.

use std::path::Path;

use analyzer::report::Period;
use deliver::report::Format;
use deliver::report::schedule::Plan;
use jiff::SignedDuration;

use super::{DeviceConfig, SiteConfig};
use crate::config::review::Review;
use crate::config::schema;
use crate::config::secret::resolve;
use crate::config::section::Entry;
use crate::config::value::{EveryWord, Language};

/// Where nothing else is said, in the state folder.
const FOLDER: &str = "reports";

/// Builds all reports; those with a fault are left out.
pub(crate) fn reports(
    review: &mut Review<'_>,
    file: &schema::File,
    site: Option<&SiteConfig>,
    devices: &[DeviceConfig],
    state_dir: &Path,
) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for section in file.report.iter() {
        let Some(name) = review.need(section, "name", &section.name) else {
            continue;
        };
        if plans.iter().any(|plan| plan.name == name.0) {
            let what = format!("the name \"{}\" is taken by another report", name.0);
            review.fault(section.name.span(), what, "give each report a name of its own");
        }
        let language = section
            .language
            .or(site.map(|site| site.language))
            .unwrap_or(Language::English);
        let chosen = chosen(review, section, devices);
        plans.push(Plan {
            name: name.0,
            every: match *section.every {
                EveryWord::Week => Period::Week,
                EveryWord::Month => Period::Month,
            },
            formats: formats(review, section),
            folder: match &*section.folder {
                Some(folder) => resolve(review, folder),
                None => state_dir.join(FOLDER),
            },
            language: language.page(),
            after: SignedDuration::from_mins((*section.after_minutes).into()),
            devices: chosen,
        });
    }
    plans
}

fn formats(review: &mut Review<'_>, section: &Entry<schema::Report>) -> Vec<&'static Format> {
    if section.formats.is_empty() {
        let mend = "name one or more of \"html\", \"csv\", \"json\", \"md\"";
        review.fault(section.formats.span(), "a report in no form is none", mend);
    }
    section.formats.iter().map(|word| word.0).collect()
}

/// The devices of the rooms and ids; a name that is nobody's is said.
fn chosen(
    review: &mut Review<'_>,
    section: &Entry<schema::Report>,
    devices: &[DeviceConfig],
) -> Vec<analyzer::DeviceId> {
    for room in section.rooms.iter() {
        if !devices.iter().any(|config| config.device.room == **room) {
            let what = format!("no device stands in a room \"{}\"", **room);
            review.fault(room.span(), what, "write a room as the [[device]] says it");
        }
    }
    for id in section.devices.iter() {
        if !devices.iter().any(|config| *config.device.id == ***id) {
            let what = format!("no device has the id \"{}\"", **id);
            review.fault(id.span(), what, "write the id of a [[device]]");
        }
    }
    let is_all = section.rooms.is_empty() && section.devices.is_empty();
    let is_meant = |config: &&DeviceConfig| {
        let device = &config.device;
        is_all
            || section.rooms.iter().any(|room| **room == device.room)
            || section.devices.iter().any(|id| **id == *device.id)
    };
    let meant = devices.iter().filter(is_meant);
    meant.map(|config| config.device.id.clone()).collect()
}
