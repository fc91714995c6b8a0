//! From sections to what the other rooms are told. Each file builds one kind of thing and says what is wrong with it.

mod alert;
mod alike;
mod broker;
mod channel;
mod device;
mod door;
mod feed;
mod figures;
mod level;
mod mapper;
mod opening;
mod publish;
mod report;
mod service;
mod sink;
mod site;

pub(crate) use broker::brokers;
pub(crate) use channel::{channels, routes};
pub use device::DeviceConfig;
pub(crate) use device::devices;
pub(crate) use door::{door, page};
pub use figures::DeviceFigures;
pub(crate) use mapper::decoder;
pub(crate) use publish::{act, publish};
pub(crate) use report::reports;
pub(crate) use service::{findings, history, journal, state_dir};
pub(crate) use sink::sinks;
pub use sink::{Database, SinkConfig};
pub use site::SiteConfig;
pub(crate) use site::site;
