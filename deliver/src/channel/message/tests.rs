use super::*;
use crate::channel::desk::example::{FIRST, at, event, scribe};

fn step(phase: AlertPhase, when: &str) -> AlertEvent {
    AlertEvent {
        phase,
        at: at(when),
        ..event("ct-1")
    }
}

#[test]
fn a_message_says_what_where_since_when_how_much_and_what_to_do() {
    let scribe = scribe(Language::English, &[("ct-1", "CT 1")]);
    let now = at("02:00:00");
    let item = scribe.item(&step(AlertPhase::Raised, "02:00:00"), FIRST, now);
    let message = scribe.alerts("mail", vec![item], Vec::new(), now);
    let words = message.text.replace('\u{a0}', " ");
    let lines: Vec<&str> = words.lines().collect();
    // half past one in UTC is half past two in Paris
    assert_eq!(
        lines[..4],
        [
            "Warning: Left idle outside opening hours – CT 1 (one)",
            "since 02:30 (30 min)",
            "now 2.60 kW",
            "so far: 1.20 kWh, €0.30, 60 g CO₂e",
        ]
    );
    assert!(
        lines[4].starts_with("What to do: If nobody needs it tonight"),
        "{words}"
    );
    assert_eq!(lines[5], "https://idlewatt.example/device/ct-1");
}

#[test]
fn french_is_spoken_where_the_site_speaks_it() {
    let scribe = scribe(Language::French, &[("ct-1", "Scanner 1")]);
    let now = at("06:00:00");
    let beside = Circumstances {
        is_first: false,
        ..FIRST
    };
    let item = scribe.item(&step(AlertPhase::Cleared, "05:00:00"), beside, now);
    assert_eq!(
        item.headline,
        "Terminé\u{a0}: Laissé en attente hors horaires – Scanner 1 (one)"
    );
    assert!(item.to_do.is_empty(), "nothing is left to be done");
    assert!(item.facts[0].starts_with("du 02:30 au 06:00"), "{:?}", item.facts);
}

#[test]
fn many_alerts_are_one_digest_and_the_same_content_has_the_same_identifier() {
    let scribe = scribe(Language::English, &[("ct-1", "CT 1"), ("ct-2", "CT 2")]);
    let now = at("06:00:00");
    let items = || {
        let over = step(AlertPhase::Cleared, "05:00:00");
        vec![
            scribe.item(&event("ct-2"), FIRST, now),
            scribe.item(
                &over,
                Circumstances {
                    is_first: false,
                    ..FIRST
                },
                now,
            ),
        ]
    };
    let digest = scribe.alerts("mail", items(), Vec::new(), now);
    assert_eq!(digest.title, "2 alerts: 1 new, 1 over");
    assert_eq!(
        (digest.subject, digest.severity),
        (Subject::Digest, Severity::Warning)
    );
    let later = scribe.alerts("mail", items(), Vec::new(), at("07:00:00"));
    assert_eq!(digest.id, later.id);
    assert_ne!(digest.id, scribe.alerts("ntfy", items(), Vec::new(), now).id);
    assert_ne!(digest.items[0].id, digest.items[1].id);
}

#[test]
fn a_notice_names_what_waits_and_no_more_than_is_read() {
    let scribe = scribe(Language::English, &[("ct-1", "CT 1")]);
    let items: Vec<Item> = (0..30)
        .map(|_| scribe.item(&event("ct-1"), FIRST, at("03:00:00")))
        .collect();
    let (waiting, waiting_count) = Scribe::waiting(&items);
    let notice = Notice {
        channel: "oncall".to_owned(),
        since: at("02:00:00"),
        reason: "no connection".to_owned(),
        waiting,
        waiting_count,
        over_at: None,
    };
    let message = scribe.notice("mail", &notice, at("03:00:00"));
    assert!(
        message
            .text
            .contains("Channel oncall could not be reached since 03:00."),
        "{}",
        message.text
    );
    assert!(
        message.text.contains("Alerts waiting on it (30)") && message.text.ends_with("and more"),
        "{}",
        message.text
    );
    let again = Notice {
        over_at: Some(at("04:00:00")),
        ..notice
    };
    let message = scribe.notice("mail", &again, at("04:00:00"));
    assert!(
        message.is_over && message.text.contains("from 03:00 to 05:00"),
        "{}",
        message.text
    );
}
