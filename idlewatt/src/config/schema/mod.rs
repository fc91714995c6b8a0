//! The sections of the file. The comments of the keys are what `idlewatt check --print-config` prints.

mod broker;
mod device;
mod mapper;
mod service;
mod sink;
mod site;

pub(crate) use broker::Broker;
pub(crate) use device::{Alerts, Band, Defaults, Device, Opening, OpeningPlan};
pub(crate) use mapper::Mapper;
pub(crate) use service::{Decode, Page, Publish, Service};
pub(crate) use sink::Sink;
pub(crate) use site::{Site, Tariff};

use super::section::{Entry, section};

section! {
    /// idlewatt meters imaging rooms live. Every key stands here with its comment.
    ///
    /// A line that begins with '#key' shows a default, or an example of what may be said; all other keys must be said.
    /// Units are in the names of the keys. Paths start from the folder of this file. `idlewatt check -c <this file>`
    /// says what is wrong with it, and what would happen with it.
    File {
        /// The hospital, its prices and its carbon factor.
        site: Site => table(Site),
        /// Where things are kept.
        service: Service => table(Service),
        /// The live page, `/metrics` and `/health`.
        page: Page => table(Page),
        /// A broker to listen to. Repeat it for each one.
        broker: Vec<Entry<Broker>> => tables(Broker),
        /// How payloads are read.
        decode: Decode => table(Decode),
        /// A meter that speaks plain JSON or bare numbers, which no family of ours knows. Repeat it for each kind.
        mapper: Vec<Entry<Mapper>> => tables(Mapper),
        /// What holds for every device that does not say otherwise.
        defaults: Defaults => table(Defaults),
        /// A device: a scanner, a workstation, a rack, a chiller. Repeat it for each one.
        device: Vec<Entry<Device>> => tables(Device),
        /// When a person is told.
        alerts: Alerts => table(Alerts),
        /// A database to write to. Repeat it for each one; one that is down delays no other.
        sink: Vec<Entry<Sink>> => tables(Sink),
        /// Our own topics: states and alerts, retained, as JSON.
        publish: Publish => table(Publish),
    }
}
