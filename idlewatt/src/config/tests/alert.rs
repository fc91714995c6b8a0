//! Faults of `[alerts]` and of the rules of a device.

use super::{SOUND, check, faults, warnings_with};

/// Puts a section at the end of the sound file, of which line 22 is its first, and expects exactly these faults.
fn check_section(section: &str, expected: &[&str]) {
    let said = faults(&(SOUND.to_owned() + section));
    assert_eq!(said.lines().collect::<Vec<_>>(), expected, "{section}");
}

#[test]
fn rules_and_keys_of_alerts_that_are_not_known_are_said() {
    for (section, expected) in [
        (
            "[alerts.overnight_idel]\nenabled = false",
            "idlewatt.toml:22: [alerts.overnight_idel]: the key 'overnight_idel' is not known here; did you mean 'overnight_idle'?",
        ),
        (
            "[alerts.moonlight]\nenabled = false",
            "idlewatt.toml:22: [alerts.moonlight]: the key 'moonlight' is not known here; the keys here are overnight_idle, left_on_all_weekend, workstation_on_overnight, self_wake, cryo_base_lost, meter_silent, phase_reversed_or_missing, counter_fault, level_drift",
        ),
        (
            "[alerts.self_wake]\nremind_minuts = 5",
            "idlewatt.toml:23: [alerts.self_wake] 'remind_minuts': the key 'remind_minuts' is not known here; did you mean 'remind_minutes'?",
        ),
        (
            "[alerts.self_wake]\nseverty = \"critcal\"",
            "idlewatt.toml:23: [alerts.self_wake] 'severty': the key 'severty' is not known here; how urgent a rule is cannot be configured, docs/alerts.md says it; take the key out",
        ),
        (
            "[alerts.self_wake]\nsnooze_minutes = 60",
            "idlewatt.toml:23: [alerts.self_wake] 'snooze_minutes': the key 'snooze_minutes' is not known here; an alert is snoozed by a person: idlewatt alert snooze <rule> <device> --hours 8",
        ),
        (
            "[alerts.counter_fault]\ngrace_minutes = 60",
            "idlewatt.toml:23: [alerts.counter_fault] 'grace_minutes': the key 'grace_minutes' is not known here; this rule is raised at once; take the key out",
        ),
    ] {
        check_section(section, &[expected]);
    }
}

#[test]
fn times_of_alerts_are_of_use() {
    let wait = |minutes: &str| {
        format!(
            "idlewatt.toml:23: [alerts.self_wake] 'grace_minutes': a rule cannot wait for {minutes} minutes; write a whole number from 1 to 525600 (a year), or enabled = false where the rule is not wanted"
        )
    };
    for minutes in ["-5", "0", "525601", "4294967296"] {
        check_section(
            &format!("[alerts.self_wake]\ngrace_minutes = {minutes}"),
            &[&wait(minutes)],
        );
    }
    for (value, expected) in [
        (
            "grace_minutes = \"30\"",
            "'grace_minutes': \"30\" is not a whole number from 1 to 525600; write for example: grace_minutes = 15",
        ),
        (
            "remind_minutes = 1.5",
            "'remind_minutes': 1.5 is not a whole number from 1 to 525600; write for example: remind_minutes = 1440",
        ),
        (
            "enabled = \"no\"",
            "'enabled': \"no\" is not true or false; write for example: enabled = true",
        ),
    ] {
        let expected = format!("idlewatt.toml:23: [alerts.self_wake] {expected}");
        check_section(&format!("[alerts.self_wake]\n{value}"), &[&expected]);
    }
    check_section(
        "[alerts.phase_reversed_or_missing]\nshare = 5",
        &[
            "idlewatt.toml:23: [alerts.phase_reversed_or_missing] 'share': a share of 5 is none; write a number above 0 and below 1, as 0.05",
        ],
    );
}

#[test]
fn rules_of_a_device_are_checked() {
    let rules = |rules: &str| format!("meter = \"m1\"\nrules = [{rules}]");
    for (entries, expected) in [
        (
            "{ rule = \"self_wak\" }",
            "rules 'rule': \"self_wak\" is not an alert rule; did you mean \"self_wake\"?",
        ),
        (
            "{ grace_minutes = 5 }",
            "'rules': 'rule' is missing; add for example: rule = \"meter_silent\"",
        ),
        (
            "{ rule = \"self_wake\", grace_minutes = -1 }",
            "rules 'grace_minutes': a rule cannot wait for -1 minutes; write a whole number from 1 to 525600 (a year), or enabled = false where the rule is not wanted",
        ),
        (
            "{ rule = \"self_wake\" }, { rule = \"self_wake\", enabled = false }",
            "'rules': the rule \"self_wake\" is named twice at this device; say all of a rule in one entry",
        ),
        (
            "{ rule = \"level_drift\", grace_minutes = 5 }",
            "rules 'grace_minutes': the rule \"level_drift\" is raised at once; take 'grace_minutes' out",
        ),
    ] {
        let expected = format!("idlewatt.toml:22: device 'ct-1': {expected}");
        check("meter = \"m1\"", &rules(entries), &[&expected]);
    }
    let warnings = warnings_with("meter = \"m1\"", &rules("{ rule = \"cryo_base_lost\" }"));
    assert_eq!(
        warnings,
        [
            "idlewatt.toml:22: device 'ct-1': 'rules': the rule \"cryo_base_lost\" never looks at a device of this modality; take the entry out"
        ]
    );
}
