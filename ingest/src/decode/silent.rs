//! Topics that carry no readings whatever family they belong to: commands, mirrors, logs.
//!
//! They are looked at after the configured mappers and before the families, so that a command or a mirror of a
//! reading is never taken for one.

use super::Input;

/// Why a topic carries no readings; none where it may.
pub(super) fn reason(input: &Input<'_>) -> Option<&'static str> {
    let (last, above) = (input.level(0), input.level(1));
    let topic = input.topic();
    match last {
        _ if topic.starts_with("$SYS/") => Some("the broker's own statistics"),
        "in" | "out" if above == "domoticz" => {
            Some("Domoticz mirror of readings that come on their own topics")
        }
        "log" if above == "debug" => Some("a device's debug log"),
        "rpc" if above != "events" => Some("a remote call or its reply, not a published value"),
        "set" | "command" => Some("a command topic"),
        "response" if above == "command" => Some("the reply to a command"),
        _ if input
            .position(|level| matches!(level, "cmnd" | "cmd" | "cmdres"))
            .is_some() =>
        {
            Some("a command or the reply to one")
        }
        _ => None,
    }
}
