//! deliver

pub mod history;
pub mod live;
pub mod page;
