//! Faults of `[[channel]]` and `[[route]]`.

use super::{SOUND, faults, load};

/// Line 22 is the first of what is added.
fn check_sections(sections: &str, expected: &[&str]) {
    let said = faults(&(SOUND.to_owned() + sections));
    assert_eq!(said.lines().collect::<Vec<_>>(), expected, "{sections}");
}

const HOOK: &str = "[[channel]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://chat/hook\"\n";

#[test]
fn what_a_channel_needs_and_what_means_nothing_to_it() {
    check_sections(
        "[[channel]]\nname = \"a\"\nkind = \"webhok\"",
        &[
            "idlewatt.toml:24: channel 'a': 'kind': \"webhok\" is not a kind of channel; did you mean \"webhook\"?",
        ],
    );
    check_sections(
        "[[channel]]\nname = \"a\"\nkind = \"webhook\"",
        &[
            "idlewatt.toml:22: channel 'a': 'url' is missing; add for example: url = \"https://chat.hospital.example/hooks/radiology\"",
        ],
    );
    check_sections(
        &(HOOK.to_owned() + "topic = \"x\""),
        &[
            "idlewatt.toml:26: channel 'hook': 'topic': 'topic' means nothing to webhook; take it out; it is for ntfy",
        ],
    );
    check_sections(
        "[[channel]]\nname = \"m\"\nkind = \"mail\"\nserver = \"mail\"\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]",
        &[
            "idlewatt.toml:25: channel 'm': 'server': \"mail\" is no server with its port; write for example \"mail.hospital.example:587\"",
        ],
    );
    check_sections(
        "[[channel]]\nname = \"m\"\nkind = \"mail\"\nserver = \"mail:25\"\nfrom = \"nobody\"\nto = [\"c@d.example\"]\ntls = \"none\"\nusername = \"me\"",
        &[
            "idlewatt.toml:26: channel 'm': 'from': \"nobody\" is no mail address (Invalid input); write for example \"radiology@hospital.example\" or \"Radiology <radiology@hospital.example>\"",
            "idlewatt.toml:28: channel 'm': 'tls': the login would be sent in the clear; write tls = \"starttls\" or \"tls\"",
        ],
    );
}

#[test]
fn channels_and_routes_name_what_there_is() {
    check_sections(
        &format!("{HOOK}fallback = \"hok\"\n{HOOK}"),
        &[
            "idlewatt.toml:26: channel 'hook': 'fallback': no other [[channel]] is \"hok\"; there is none",
            "idlewatt.toml:28: channel 'hook': 'name': the name \"hook\" is taken by another channel; give each channel a name of its own",
        ],
    );
    check_sections(
        &format!(
            "{HOOK}[[route]]\nchannels = [\"hok\"]\ndevices = [\"ct-2\"]\nrooms = [\"CT\"]\nrules = [\"self_wak\"]"
        ),
        &[
            "idlewatt.toml:27: route 1: 'channels': no [[channel]] is \"hok\"; did you mean \"hook\"?",
            "idlewatt.toml:28: route 1: 'devices': no [[device]] is \"ct-2\"; did you mean \"ct-1\"?",
            "idlewatt.toml:29: route 1: 'rooms': no room of a device is \"CT\"; did you mean \"CT 1\"?",
            "idlewatt.toml:30: route 1: 'rules': \"self_wak\" is not an alert rule; did you mean \"self_wake\"?",
        ],
    );
}

#[test]
fn a_channel_that_no_route_leads_to_is_said() {
    let text = format!(
        "{SOUND}{HOOK}[[channel]]\nname = \"am\"\nkind = \"alertmanager\"\nurl = \"http://am:9093\"\n[[route]]\nchannels = [\"am\"]\nwhen = \"closed\"\nhours = \"20:00-07:00\"\nweekdays = [\"mon\"]\n"
    );
    let loaded = load(&text).expect("no fault");
    let said: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "idlewatt.toml:22: channel 'hook': no route leads to this channel; name it in a [[route]], or take it out"
        ]
    );
    let config = loaded.config;
    assert_eq!(
        config.channels[1].pause,
        std::time::Duration::ZERO,
        "Alertmanager has its own"
    );
    assert_eq!(config.channels[1].address(), Some(("am".to_owned(), 9093)));
    assert_eq!(config.routes[0].hours.is_open, Some(false));
}
