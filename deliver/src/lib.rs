//! deliver

pub mod history;
pub mod live;
pub mod page;
pub mod device;
pub mod line;
pub mod log;
pub mod metrics;
pub mod public;
pub mod secret;
pub mod sink;
