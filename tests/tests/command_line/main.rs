//! The command line on the real binary: help and its examples, shells, manual pages, exit codes, JSON, the first configuration.

mod exit;
mod help;
mod init;
mod json;
mod shell;
