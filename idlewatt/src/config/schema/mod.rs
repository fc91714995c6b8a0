//! The sections of the file. The comments of the keys are what `idlewatt check --print-config` prints.

mod alert;
mod broker;
mod channel;
mod device;
mod mapper;
mod report;
mod service;
mod sink;
mod site;
mod storage;

pub(crate) use alert::{Alerts, RuleHere};
pub(crate) use broker::Broker;
pub(crate) use channel::{Channel, ChannelHeader, Route};
pub(crate) use device::{Band, Defaults, Device, Level, Opening, OpeningPlan};
pub(crate) use mapper::{Clamp, Mapper, MapperField, Naming};
pub(crate) use report::Report;
pub(crate) use service::{Decode, Page, Publish, Service};
pub(crate) use sink::Sink;
pub(crate) use site::{Site, Tariff};
pub(crate) use storage::{Findings, History, Journal};

use super::section::{Entry, section};

section! {
    /// idlewatt meters imaging rooms live. Every key stands here with its comment.
    ///
    /// A line that begins with '#key' shows a default, or an example of what may be said: take the '#' away and change it.
    /// Keys without '#' must be said; their values here are examples.
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
        broker: Vec<Entry<Broker>> => tables(Broker, Live),
        /// The raw messages, as they came: everything else can be worked out again from them.
        journal: Journal => table(Journal),
        /// What was found, until every sink has had it.
        findings: Findings => table(Findings),
        /// What the page and the reports look back on.
        history: History => table(History),
        /// How payloads are read.
        decode: Decode => table(Decode),
        /// A meter that speaks plain JSON or bare numbers, which no family of ours knows. Repeat it for each kind.
        mapper: Vec<Entry<Mapper>> => tables(Mapper, Comment),
        /// What a name means that a gateway, a codec or a controller was given freely. Repeat it for each name.
        naming: Vec<Entry<Naming>> => tables(Naming, Comment),
        /// A clamp that says a current only: its power is estimated, and marked so. Repeat it for each one.
        clamp: Vec<Entry<Clamp>> => tables(Clamp, Comment),
        /// What holds for every device that does not say otherwise.
        defaults: Defaults => table(Defaults),
        /// A device: a scanner, a workstation, a rack, a chiller. Repeat it for each one.
        device: Vec<Entry<Device>> => tables(Device, Live),
        /// When a person is told.
        alerts: Alerts => table(Alerts),
        /// A way to tell people of alerts. Repeat it for each one.
        channel: Vec<Entry<Channel>> => tables(Channel, Comment),
        /// Which alerts go to which channels. Repeat it for each one; the first that fits counts. Without any, all goes
        /// everywhere.
        route: Vec<Entry<Route>> => tables(Route, Comment),
        /// A database to write to. Repeat it for each one; one that is down delays no other.
        sink: Vec<Entry<Sink>> => tables(Sink, Comment),
        /// A report that the running service writes when a period is over. Repeat it for each one.
        report: Vec<Entry<Report>> => tables(Report, Comment),
        /// Our own topics: states, today's energy and alerts, retained, as JSON.
        publish: Publish => table(Publish),
    }
}
