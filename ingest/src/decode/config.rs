//! The decoders' configuration; the defaults run.

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Clamp, Mapper, Naming};

/// What the decoders need to be told; nothing, for meters of the known families.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecoderConfig {
    /// The zone of stamps that name none; without it such stamps are not used.
    #[serde(with = "jiff::fmt::serde::tz::optional")]
    pub zone_of_local_stamps: Option<TimeZone>,
    /// Configured meters; they win over the families.
    #[serde(rename = "mapper")]
    pub mappers: Vec<Mapper>,
    /// What names mean that people gave freely.
    #[serde(rename = "naming")]
    pub namings: Vec<Naming>,
    /// Clamps that say a current only.
    #[serde(rename = "clamp")]
    pub clamps: Vec<Clamp>,
    /// Topics that begin with one of these, level by level, are not looked at.
    pub ignored_prefixes: Vec<String>,
    /// The meters that feed configured devices: broken JSON on a topic that names one is kept in quarantine.
    pub meters_of_devices: Vec<String>,
    /// Meter channels that are remembered at most, per family that needs it; the least recently used go first.
    pub meters_max: usize,
    /// Topics at most whose births, discoveries and lists of names are remembered.
    pub lessons_max: usize,
    /// Longer payloads are not looked at.
    pub payload_bytes_max: usize,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            zone_of_local_stamps: None,
            mappers: Vec::new(),
            namings: Vec::new(),
            clamps: Vec::new(),
            ignored_prefixes: Vec::new(),
            meters_of_devices: Vec::new(),
            meters_max: 10_000,
            lessons_max: 10_000,
            payload_bytes_max: 256 * 1024,
        }
    }
}

/// A configuration that cannot be used: every variant is for a person to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A limit is zero.
    #[error("{key} is 0, so nothing could be decoded; leave it out or give a positive number")]
    Limit {
        /// The key.
        key: &'static str,
    },
    /// A naming is wrong.
    #[error("naming \"{name}\": {fault}")]
    Naming {
        /// The name that it explains.
        name: String,
        /// What, and how to mend.
        fault: String,
    },
    /// A clamp is wrong.
    #[error("clamp \"{meter}\": {fault}")]
    Clamp {
        /// The clamp's meter.
        meter: String,
        /// What, and how to mend.
        fault: String,
    },
    /// A mapper is wrong.
    #[error("mapper \"{mapper}\": {fault}")]
    Mapper {
        /// The mapper's name.
        mapper: String,
        /// What, where in the mapper, and how to mend.
        fault: String,
    },
}
