//! Installing: the unit, the package, the containers, and a fresh Debian on which the runbook's commands alone lead to live
//! states.

mod container;
mod fresh;
mod runbook;
mod unit;
