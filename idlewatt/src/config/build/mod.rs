//! From sections to what the other rooms are told. Each file builds one kind of thing and says what is wrong with it.

mod device;
mod feed;
mod opening;
mod site;

pub use device::DeviceConfig;
pub(crate) use device::devices;
pub use site::SiteConfig;
pub(crate) use site::site;
