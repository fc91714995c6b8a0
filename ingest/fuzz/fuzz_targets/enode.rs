//! Any bytes on any topic for the family of this name.
#![no_main]
ingest_fuzz::family!();
