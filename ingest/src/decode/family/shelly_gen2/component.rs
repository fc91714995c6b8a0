//! The components of a Shelly and how they state their values.
//!
//! Documented at <https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Switch> and `…/PM1`, `…/Cover`,
//! `…/Light`, `…/EM`, `…/EMData`, `…/EM1`, `…/EM1Data`. Power is W and signed, registers are Wh.
//!
//! Where a load has a register of returned energy, its `aenergy` counts both directions: import = aenergy −
//! ret_aenergy, not below zero. A notification may state one of the two; the returned register is remembered for that.

use std::fmt::Write as _;

use analyzer::Notice;

use super::super::super::collect::{Channels, Quantity};
use super::super::super::json::Value;
use super::super::super::recent::Recent;
use super::super::{Fields, take};
use super::fault::{self, Faults};

/// How a component states its values.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// switch, pm1, light, …: one load, `apower`, `aenergy`.
    Load,
    /// em1: one clamp.
    Clamp,
    /// em1data: its registers.
    ClampRegister,
    /// em: three phases and their sum.
    Phases,
    /// emdata: their registers.
    PhaseRegisters,
    /// A component without a meter.
    Other,
}

/// The component's name, its shape, and whether its name stands in the channel's.
const COMPONENTS: [(&str, Shape, bool); 12] = [
    ("switch", Shape::Load, false),
    ("pm1", Shape::Load, false),
    ("em", Shape::Phases, false),
    ("emdata", Shape::PhaseRegisters, false),
    ("em1", Shape::Clamp, false),
    ("em1data", Shape::ClampRegister, false),
    ("cover", Shape::Load, true),
    ("light", Shape::Load, true),
    ("rgb", Shape::Load, true),
    ("rgbw", Shape::Load, true),
    ("rgbcct", Shape::Load, true),
    ("cct", Shape::Load, true),
];

/// Components without a meter.
const OTHERS: [&str; 40] = [
    "sys",
    "wifi",
    "cloud",
    "mqtt",
    "ble",
    "ws",
    "eth",
    "input",
    "script",
    "temperature",
    "humidity",
    "illuminance",
    "voltmeter",
    "devicepower",
    "bthome",
    "bthomedevice",
    "bthomesensor",
    "blutrv",
    "matter",
    "zigbee",
    "knx",
    "modbus",
    "lora",
    "dali",
    "thermostat",
    "smoke",
    "flood",
    "presence",
    "presencezone",
    "ui",
    "ht_ui",
    "plugs_ui",
    "boolean",
    "number",
    "text",
    "enum",
    "button",
    "group",
    "object",
    "service",
];

const CLAMP: [(&str, Quantity); 3] = [
    ("act_power", Quantity::Power),
    ("voltage", Quantity::Voltage),
    ("current", Quantity::Current),
];
const LOAD: [(&str, Quantity); 3] = [
    ("apower", Quantity::Power),
    ("voltage", Quantity::Voltage),
    ("current", Quantity::Current),
];
const CLAMP_REGISTERS: Fields<'_> = &[
    ("total_act_energy", Quantity::Energy, 1.0),
    ("total_act_ret_energy", Quantity::EnergyExport, 1.0),
];

/// What a key of em or emdata is of: channel, the key of its errors, quantity.
#[inline]
fn of_phases(key: &str) -> Option<(&'static str, &'static str, Quantity)> {
    let (channel, errors, what) = match key.as_bytes() {
        [b'a', b'_', ..] => ("l1", "a_errors", key.get(2..)?),
        [b'b', b'_', ..] => ("l2", "b_errors", key.get(2..)?),
        [b'c', b'_', ..] => ("l3", "c_errors", key.get(2..)?),
        _ => ("total", "errors", key.strip_prefix("total_")?),
    };
    let quantity = match what {
        "act_power" => Quantity::Power,
        "voltage" => Quantity::Voltage,
        "current" => Quantity::Current,
        "act" if channel == "total" => Quantity::Energy,
        "act_ret" if channel == "total" => Quantity::EnergyExport,
        "total_act_energy" if channel != "total" => Quantity::Energy,
        "total_act_ret_energy" if channel != "total" => Quantity::EnergyExport,
        _ => return None,
    };
    Some((channel, errors, quantity))
}

/// One component by its name: `switch:0`, `em`, ….
#[derive(Clone, Copy)]
pub(super) struct Component<'n> {
    pub(super) shape: Shape,
    /// As it stands in topic or key.
    pub(super) name: &'n str,
    kind: &'n str,
    number: &'n str,
    has_name: bool,
}

impl<'n> Component<'n> {
    /// None for a component that no Shelly has.
    pub(super) fn of(name: &'n str) -> Option<Self> {
        let (kind, number) = match name.split_once(':') {
            Some((kind, number)) => (kind, number.parse::<u16>().ok().map(|_| number)?),
            None => (name, "0"),
        };
        let known = COMPONENTS.iter().find(|(known, ..)| *known == kind);
        let (shape, has_name) = match known {
            Some((_, shape, has_name)) => (*shape, *has_name),
            None if OTHERS.contains(&kind) => (Shape::Other, false),
            None => return None,
        };
        Some(Self {
            shape,
            name,
            kind,
            number,
            has_name,
        })
    }

    /// The channel of its load. Where the name and the body's `id` differ, the body is the device's own word.
    fn channel<'c>(&'c self, status: Value<'c>, buffer: &'c mut String) -> &'c str {
        buffer.clear();
        let id = status.get("id");
        let number = match id.and_then(Value::text) {
            Some(id) => id,
            None => match id.and_then(Value::number) {
                Some(id) if !is_number(self.number, id) => {
                    write!(buffer, "{id}").expect("writing to a string cannot fail");
                    ""
                }
                _ => self.number,
            },
        };
        if self.has_name {
            let own = std::mem::take(buffer);
            write!(buffer, "{}:{number}{own}", self.kind).expect("writing to a string cannot fail");
        }
        if buffer.is_empty() { number } else { buffer }
    }
}

fn is_number(text: &str, number: f64) -> bool {
    text.parse::<u16>()
        .is_ok_and(|parsed| f64::from(parsed).to_bits() == number.to_bits())
}

/// What is remembered of components between their messages.
pub(super) struct Memory {
    /// The returned register, Wh, by meter and channel; only where it is above zero.
    returned: Recent<f64>,
    faults: Faults,
    /// The name under which `returned` is looked up, and the channel's, kept for their allocation.
    name: String,
    channel: String,
}

impl Memory {
    pub(super) fn of(meters_max: usize) -> Self {
        Self {
            returned: Recent::of(meters_max),
            faults: Faults::of(meters_max),
            name: String::new(),
            channel: String::new(),
        }
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.returned.forgotten() + self.faults.forgotten()
    }

    /// Takes a component's values, and what is new of its faults. `is_whole`: what is not stated is not so.
    pub(super) fn take(
        &mut self,
        channels: &mut Channels<'_>,
        notices: &mut Vec<Notice>,
        (meter, component, is_whole): (&str, Component<'_>, bool),
        status: Value<'_>,
    ) {
        if component.shape == Shape::Other {
            return;
        }
        let mut buffer = std::mem::take(&mut self.channel);
        let channel = component.channel(status, &mut buffer);
        let are_faults_stated = match component.shape {
            Shape::Phases | Shape::PhaseRegisters => phases(channels, status),
            _ => status.entries().any(|(key, _)| fault::is_list(key)),
        };
        match component.shape {
            Shape::Load => {
                values(channels, channel, status, &LOAD);
                self.registers(channels, (meter, channel, is_whole), status);
            }
            Shape::Clamp => values(channels, channel, status, &CLAMP),
            Shape::ClampRegister => take(channels, Some(channel), status, CLAMP_REGISTERS),
            Shape::Phases | Shape::PhaseRegisters | Shape::Other => {}
        }
        self.channel = buffer;
        let place = (meter, component.name, is_whole);
        notices.extend(self.faults.news(place, are_faults_stated, status));
    }

    fn registers(
        &mut self,
        channels: &mut Channels<'_>,
        (meter, channel, is_whole): (&str, &str, bool),
        status: Value<'_>,
    ) {
        let (both, returned) = (status.get("aenergy"), status.get("ret_aenergy"));
        if both.is_none() && returned.is_none() {
            return;
        }
        let total_wh = |register: Option<Value<'_>>| register?.get("total")?.number();
        let returned_wh = total_wh(returned);
        self.name.clear();
        write!(self.name, "{meter}\0{channel}").expect("writing to a string cannot fail");
        let is_gone = returned.map_or(is_whole, Value::is_null) || returned_wh.is_some_and(|wh| wh <= 0.0);
        if let Some(wh) = returned_wh.filter(|wh| *wh > 0.0) {
            self.returned.put(&self.name, wh);
        } else if is_gone {
            self.returned.forget(&self.name);
        }
        if let Some(both_wh) = total_wh(both).filter(|wh| *wh >= 0.0) {
            let remembered_wh = || self.returned.get(&self.name).copied();
            let returned_wh = returned_wh.or_else(remembered_wh).unwrap_or(0.0).max(0.0);
            let import_wh = (both_wh - returned_wh).max(0.0);
            channels.set(Some(channel), Quantity::Energy, Some(import_wh));
        }
        channels.set(Some(channel), Quantity::EnergyExport, returned_wh);
    }
}

/// The values of one load, without those that its own errors call false.
fn values(channels: &mut Channels<'_>, channel: &str, status: Value<'_>, fields: &[(&str, Quantity)]) {
    for (key, quantity) in fields {
        let value = status.get(key).and_then(Value::number);
        if value.is_some() && !fault::spoils(status, "errors", *quantity) {
            channels.set(Some(channel), *quantity, value);
        }
    }
}

/// The values of three phases and their sum, without those that the phases' errors call false. Whether any are stated.
fn phases(channels: &mut Channels<'_>, status: Value<'_>) -> bool {
    let mut are_faults_stated = false;
    for (key, value) in status.entries() {
        match of_phases(key) {
            Some((channel, _, quantity)) => channels.set(Some(channel), quantity, value.number()),
            None => are_faults_stated |= fault::is_list(key),
        }
    }
    // Errors stand behind the values, and are rare.
    if !are_faults_stated {
        return false;
    }
    for (key, _) in status.entries() {
        if let Some((channel, errors, quantity)) = of_phases(key)
            && (fault::spoils(status, errors, quantity) || fault::spoils(status, "errors", quantity))
        {
            channels.unset(Some(channel), quantity);
        }
    }
    true
}
