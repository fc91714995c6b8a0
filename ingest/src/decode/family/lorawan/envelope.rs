//! Where the networks put what an uplink is about.

use jiff::Timestamp;

use super::super::super::json::Value;
use super::super::super::stamp;
use super::Input;

/// A network server, by its topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    ChirpStack,
    Things,
    ThingsV2,
}

/// What an uplink says of itself.
#[derive(Debug)]
pub(super) struct Uplink<'d> {
    pub(super) meter: &'d str,
    /// The device profile's name, or the model.
    pub(super) profile: Option<&'d str>,
    pub(super) received_at: Option<Timestamp>,
    /// The frame's number within its session.
    pub(super) counter: Option<f64>,
    pub(super) session: Option<&'d str>,
    pub(super) bytes: Option<&'d str>,
    /// What the codec made of the bytes.
    pub(super) object: Option<Value<'d>>,
}

/// Pointers to the parts of an uplink, the newer form first.
struct Form {
    meter: &'static [&'static str],
    profile: &'static [&'static str],
    received_at: &'static [&'static str],
    counter: &'static [&'static str],
    session: &'static [&'static str],
    bytes: &'static [&'static str],
    object: &'static [&'static str],
}

const CHIRPSTACK: Form = Form {
    meter: &["/deviceInfo/devEui"],
    profile: &["/deviceInfo/deviceProfileName", "/deviceProfileName"],
    received_at: &["/time", "/rxInfo/0/time"],
    counter: &["/fCnt"],
    session: &["/devAddr"],
    bytes: &["/data"],
    object: &["/object"],
};
const THINGS: Form = Form {
    meter: &["/end_device_ids/dev_eui", "/end_device_ids/device_id"],
    profile: &["/uplink_message/version_ids/model_id"],
    received_at: &["/received_at", "/uplink_message/received_at"],
    counter: &["/uplink_message/f_cnt"],
    session: &["/uplink_message/session_key_id", "/end_device_ids/dev_addr"],
    bytes: &["/uplink_message/frm_payload"],
    object: &[
        "/uplink_message/decoded_payload",
        "/uplink_message/normalized_payload",
    ],
};
const THINGS_V2: Form = Form {
    meter: &["/hardware_serial", "/dev_id"],
    profile: &[],
    received_at: &["/metadata/time"],
    counter: &["/counter"],
    session: &[],
    bytes: &["/payload_raw"],
    object: &["/payload_fields"],
};

/// The network whose topic it is.
pub(super) fn network(input: &Input<'_>) -> Option<Network> {
    let is_chirpstack = input.level(1) == "event" && input.level(3) == "device"
        || input.level(0) == "rx" && input.level(2) == "device" && input.level(4) == "application";
    if is_chirpstack {
        return Some(Network::ChirpStack);
    }
    let is_things = input.level(2) == "devices" && !input.level(3).is_empty();
    if is_things && input.level(4) == "v3" {
        return Some(Network::Things);
    }
    // v3 has deeper topics for downlinks.
    if input.level(3) == "devices" && input.level(5) == "v3" {
        return Some(Network::Things);
    }
    let is_v2 = is_things && input.level(0) == "up" && input.text().contains("\"payload_");
    is_v2.then_some(Network::ThingsV2)
}

/// What the uplink says of itself.
pub(super) fn uplink<'d>(input: &'d Input<'_>, network: Network, root: Value<'d>) -> Uplink<'d> {
    let (form, from_topic) = match network {
        Network::ChirpStack if input.level(0) == "rx" => (CHIRPSTACK, input.level(1)),
        Network::ChirpStack => (CHIRPSTACK, input.level(2)),
        Network::Things => (THINGS, input.level(1)),
        Network::ThingsV2 => (THINGS_V2, input.level(1)),
    };
    let stated = |pointer: &&str| root.pointer(pointer).filter(|value| !value.is_null());
    let find = |pointers: &[&str]| pointers.iter().find_map(stated);
    let text = |pointers| find(pointers).and_then(Value::text);
    // A normalized payload is a list of measurements made at once.
    let objects = form.object.iter().filter_map(stated);
    let mut objects = objects.map(|object| object.items().next().unwrap_or(object));
    Uplink {
        meter: text(form.meter)
            .filter(|meter| !meter.is_empty())
            .unwrap_or(from_topic),
        profile: text(form.profile),
        received_at: text(form.received_at).and_then(stamp::of_rfc3339),
        counter: find(form.counter).and_then(Value::number),
        session: text(form.session),
        bytes: text(form.bytes),
        object: objects.find(|object| object.is_object()),
    }
}
