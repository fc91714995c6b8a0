//! `[[device]]`, what it inherits from `[defaults]`, and `[alerts]`.

use std::fmt;
use std::num::NonZeroU32;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::alert::RuleHere;
use crate::config::section::{Entry, Words, section};
use crate::config::value::{Day, Id, ModalityWord, Number, OpenWindow, StateWord};

section! {
    /// What holds for every device that does not say otherwise.
    Defaults {
        /// When devices are meant to be used, in local time; or "always".
        opening: Option<Opening> => inline(OpeningPlan, "{ mon_fri = [\"07:30-19:00\"] }", Live),
        /// Days on which nothing opens. A device that says its own says them all.
        holidays: Vec<Entry<Day>> => preset(Vec::new()),
        /// A meter that says nothing for so long is silent, seconds: its device's state is then unknown, never off.
        /// Not said: learned from the meter's rhythm.
        silent_after_s: Option<NonZeroU32> => optional("900"),
    }

    /// A device: a scanner, a workstation, a rack, a chiller.
    Device {
        /// Its id in series and topics: small letters, digits, - _ .; it should never change.
        id: Option<Id> => required("\"ct-1\""),
        /// What people call it. Not said: its id.
        name: Option<String> => optional("\"CT 1\""),
        /// The room it stands in.
        room: Option<String> => required("\"CT room 1\""),
        /// The floor, to group rooms by.
        floor: Option<String> => optional("\"1st floor\""),
        /// "angio", "cooling", "ct", "mri", "server", "workstation" or "xray".
        modality: Option<ModalityWord> => required("\"ct\""),
        /// The meter that feeds it, as its family names it (`idlewatt decode` says how).
        meter: Option<String> => required("\"shellypro3em-ct1\""),
        /// That meter's channels which add up. Not said: "total" where the meter states one, else the sum of all.
        channels: Vec<Entry<String>> => preset(Vec::new()),
        /// More than one meter, or a clamp that sits backwards: instead of 'meter' and 'channels'.
        feeds: Vec<Entry<Feed>> => inline(Feed, "[{ meter = \"pdu-1\", channels = [\"1\", \"2\"] }, { meter = \"pdu-2\" }]", Comment),
        /// When it is meant to be used, in local time; or "always". Not said: that of [defaults].
        opening: Option<Opening> => inline(OpeningPlan, "{ mon_fri = [\"07:30-19:00\"], sat = [\"08:00-12:00\"] }", Comment),
        /// Days on which it does not open. Not said: those of [defaults].
        holidays: Option<Vec<Entry<Day>>> => optional("[\"2026-05-01\"]"),
        /// Why it may idle overnight: no alert is raised. An emergency CT must be ready, a PET-CT needs 12 hours to
        /// recalibrate.
        exempt: Option<String> => optional("\"emergency CT, must be ready at night\""),
        /// What people know of its levels, which are learned: one that was given a wrong name, or one that people call
        /// otherwise. A level counts as the one meant within 15 %. 'idlewatt calibrate' shows them.
        levels: Vec<Entry<Level>> => inline(Level, "[{ level_w = 9400, state = \"standby\", label = \"Eco mode\" }]", Comment),
        /// Days whose nights nobody is told of: a night belongs to the day on which it begins. A service night, say.
        exempt_days: Vec<Entry<Day>> => preset(Vec::new()),
        /// What holds for single alert rules at this device, in place of [alerts].
        rules: Vec<Entry<RuleHere>> => inline(RuleHere, "[{ rule = \"meter_silent\", grace_minutes = 60 }, { rule = \"self_wake\", enabled = false }]", Comment),
        /// An MRI: what its cooling draws at least, watts. Not said: learned; until then the least that is published.
        cryo_base_w: Option<Number> => optional("7000"),
        /// What its power means. Not said: learned from its own levels, beginning with the published ones of its
        /// modality. Said: fixed, nothing is learned. A state may have several bands; power in none of them is unknown.
        /// MRI: power-save lies below off, and near 0 W nothing is right. 'idlewatt calibrate --toml' writes them.
        bands: Vec<Entry<Band>> => inline(Band, "[{ state = \"off\", from_w = -50, until_w = 650 }, { state = \"idle\", from_w = 650, until_w = 9000 }]", Comment),
        /// More than this is not plausible, watts. Not said: that of its modality.
        power_w_max: Option<Number> => optional("150000"),
        /// What it could draw instead of idling in closed hours, watts: what avoidable energy is reckoned against. Not
        /// said: its own mean power in standby or off, whichever was seen and is lower.
        target_w: Option<Number> => optional("900"),
        /// What a boot takes until it is ready, watt-hours: with the next key it gives the break-even of a shutdown.
        boot_wh: Option<Number> => optional("120"),
        /// What a shutdown takes, watt-hours.
        shutdown_wh: Option<Number> => optional("20"),
        /// Servers: what is stored on it, terabytes; gives what a terabyte emits in a year.
        stored_tb: Option<Number> => optional("300"),
        /// Cooling: the ids of the devices that it cools; gives its ratio to their energy.
        cools: Vec<Entry<String>> => preset(Vec::new()),
        /// As in [defaults], for this device.
        silent_after_s: Option<NonZeroU32> => optional("900"),
    }

    /// One meter's part in a device; their powers add up.
    Feed {
        /// The meter, as its family names it.
        meter: Option<String> => required("\"shellypro3em-ct1\""),
        /// The channels that add up. Not said: "total" where the meter states one, else the sum of all.
        channels: Vec<Entry<String>> => preset(Vec::new()),
        /// The clamp sits backwards: the sign is turned.
        reversed: bool => preset(false),
        /// The same meter feeds another device as well, on purpose.
        shared: bool => preset(false),
    }

    /// A level at which a device rests, and its name.
    Level {
        /// The level, watts.
        level_w: Option<Number> => required("9400"),
        /// "off", "standby", "idle" or "scanning".
        state: Option<StateWord> => required("\"standby\""),
        /// What people call it.
        label: Option<String> => optional("\"Eco mode\""),
    }

    /// A range of watts that means a state.
    Band {
        /// "off", "standby", "idle" or "scanning".
        state: Option<StateWord> => required("\"idle\""),
        /// First watt of the band.
        from_w: Option<Number> => required("1600"),
        /// First watt above it.
        until_w: Option<Number> => required("10000"),
    }

    /// Windows of local time for days of the week; a day of its own replaces that of a range. "20:00-02:00" runs past
    /// midnight. A day that is not named is closed.
    OpeningPlan {
        /// Monday to Friday.
        mon_fri: Option<Vec<Entry<OpenWindow>>> => optional("[\"07:30-19:00\"]"),
        /// Every day.
        mon_sun: Option<Vec<Entry<OpenWindow>>> => optional("[\"07:30-19:00\"]"),
        /// Saturday and Sunday.
        sat_sun: Option<Vec<Entry<OpenWindow>>> => optional("[\"08:00-12:00\"]"),
        /// Monday.
        mon: Option<Vec<Entry<OpenWindow>>> => optional("[\"07:30-12:00\", \"13:00-19:00\"]"),
        /// Tuesday.
        tue: Option<Vec<Entry<OpenWindow>>> => optional("[\"07:30-19:00\"]"),
        /// Wednesday.
        wed: Option<Vec<Entry<OpenWindow>>> => optional("[\"07:30-19:00\"]"),
        /// Thursday.
        thu: Option<Vec<Entry<OpenWindow>>> => optional("[\"07:30-19:00\"]"),
        /// Friday.
        fri: Option<Vec<Entry<OpenWindow>>> => optional("[\"07:30-16:00\"]"),
        /// Saturday.
        sat: Option<Vec<Entry<OpenWindow>>> => optional("[\"08:00-12:00\"]"),
        /// Sunday.
        sun: Option<Vec<Entry<OpenWindow>>> => optional("[]"),
    }
}

/// When a device is meant to be used.
#[derive(Clone, Debug)]
pub(crate) enum Opening {
    /// Round the clock.
    Always,
    /// By the days of the week.
    Plan(Box<OpeningPlan>),
}

impl Words for Opening {
    const WORDS: &'static str = "a plan of opening hours";
}

const OPENING_MEND: &str = "write \"always\" or { mon_fri = [\"07:30-19:00\"] }";

impl<'de> Deserialize<'de> for Opening {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Opening;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("\"always\" or a table of days")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Opening, E> {
                match word {
                    "always" => Ok(Opening::Always),
                    _ => Err(E::custom(format!(
                        "{word:?} is not a plan of opening hours; {OPENING_MEND}"
                    ))),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Opening, A::Error> {
                let plan = OpeningPlan::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Opening::Plan(Box::new(plan)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
