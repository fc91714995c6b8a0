use super::*;
use crate::sink::{Problem, SinkState};

fn sink(name: &str, state: SinkState) -> SinkStatus {
    SinkStatus {
        name: name.to_owned(),
        kind: "influxdb1",
        target: "http://db:8086/write".to_owned(),
        state,
        cursor: 7,
        behind_rows: 3,
        delivered_until: None,
        accepted: 100,
        rejected: 2,
        skipped: 0,
        left_out: 4,
        waiting: 30,
        findings: 136,
        unexplained: 0,
        unreadable_rows: 0,
        retries: 5,
        last_error: Some("no connection".to_owned()),
        problem: None,
    }
}

fn channel() -> ChannelStatus {
    ChannelStatus {
        name: "oncall".to_owned(),
        kind: "webhook",
        target: "http://chat/hook".to_owned(),
        state: SinkState::Retrying,
        sent: 7,
        failed: 3,
        waiting: 2,
        sent_at: None,
        failing_since: Some("2026-11-23T02:00:00Z".parse().unwrap()),
        last_error: Some("no connection to the chat".to_owned()),
        mend: None,
    }
}

fn scrape() -> Scrape {
    let device = DeviceFigures {
        id: "ct1".into(),
        room: "evil\"} 1\nidlewatt_fake 9 \\".to_owned(),
        modality: "ct".to_owned(),
        power_w: Some(1234.5),
        state: State::Idle,
        today_wh: vec![(State::Idle, 12.5)],
        open_alerts: 1,
        levels: LevelFigures {
            learned: 2,
            provisional: 1,
            pinned: 0,
        },
    };
    let mut alerts = AlertFigures::none();
    (alerts[0].raised, alerts[0].open, alerts[0].attended) = (5, 2, 1);
    Scrape {
        pipeline: PipelineFigures {
            received_qos1: 10,
            in_journal: 4,
            ..PipelineFigures::default()
        },
        brokers: vec![BrokerFigures {
            name: "main".to_owned(),
            is_up: true,
            problem: None,
        }],
        sinks: vec![sink("influx", SinkState::Retrying)],
        channels: vec![channel()],
        devices: vec![device],
        alerts: alerts.to_vec(),
        build: BuildFigures {
            version: "0.1.0".to_owned(),
            commit: String::new(),
        },
    }
}

#[test]
fn the_text_says_what_the_figures_say() {
    let text = scrape().render();
    for line in [
        "idlewatt_build_info{version=\"0.1.0\",commit=\"\"} 1",
        "idlewatt_messages_received_total{qos=\"1\"} 10",
        "idlewatt_messages_in_journal{} 4.0",
        "idlewatt_sink_behind_rows{sink=\"influx\",kind=\"influxdb1\"} 3.0",
        "idlewatt_sink_accepted_total{sink=\"influx\",kind=\"influxdb1\"} 100",
        "idlewatt_sink_state{sink=\"influx\",kind=\"influxdb1\",state=\"retrying\"} 1.0",
        "idlewatt_channel_sent_total{channel=\"oncall\",kind=\"webhook\"} 7",
        "idlewatt_channel_failed_total{channel=\"oncall\",kind=\"webhook\"} 3",
        "idlewatt_channel_waiting{channel=\"oncall\",kind=\"webhook\"} 2.0",
        "idlewatt_channel_state{channel=\"oncall\",kind=\"webhook\",state=\"retrying\"} 1.0",
        "idlewatt_alerts_raised_total{rule=\"cryo_base_lost\",severity=\"critical\"} 5",
        "idlewatt_alerts_open{rule=\"cryo_base_lost\",severity=\"critical\"} 2.0",
        "idlewatt_alerts_attended{rule=\"cryo_base_lost\",severity=\"critical\"} 1.0",
        "idlewatt_alerts_open{rule=\"level_drift\",severity=\"info\"} 0.0",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line}\nis not in\n{text}"
        );
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn levels_are_counted_by_how_sure_they_are() {
    let text = scrape().render();
    let counts = text
        .lines()
        .filter(|line| line.starts_with("idlewatt_device_levels{"));
    let counts: Vec<&str> = counts
        .filter_map(|line| line.rsplit_once(",certainty="))
        .map(|(_, end)| end)
        .collect();
    assert_eq!(
        counts,
        ["\"learned\"} 2.0", "\"provisional\"} 1.0", "\"pinned\"} 0.0"]
    );
}

#[test]
fn a_hostile_label_stays_a_label() {
    let text = scrape().render();
    assert!(
        !text.lines().any(|line| line.starts_with("idlewatt_fake")),
        "{text}"
    );
    let power = text
        .lines()
        .find(|line| line.starts_with("idlewatt_device_power_watts{"))
        .unwrap();
    assert!(power.ends_with("} 1234.5"), "{power}");
}

#[test]
fn health_says_what_where_and_how_to_mend() {
    let mut figures = scrape();
    let health = Health::of(&figures, []);
    assert!(!health.ok);
    assert!(
        health
            .to_json()
            .contains("\"where\":\"sink influx (http://db:8086/write)\""),
        "{}",
        health.to_json()
    );
    let of_channel = "\"where\":\"channel oncall (http://chat/hook)\"";
    assert!(health.to_json().contains(of_channel), "{}", health.to_json());
    figures.sinks = vec![sink("influx", SinkState::Ok)];
    figures.channels.clear();
    assert_eq!(
        Health::of(&figures, []),
        Health {
            ok: true,
            problems: Vec::new()
        }
    );
    figures.pipeline.meters_forgotten = 3;
    let forgotten = Health::of(&figures, []).to_json();
    assert!(
        forgotten.contains("3 times a meter was forgotten") && forgotten.contains("meters_max"),
        "{forgotten}"
    );
    figures.pipeline.meters_forgotten = 0;
    let other = Problem {
        what: "disk full".to_owned(),
        place: "journal".to_owned(),
        mend: "make room".to_owned(),
    };
    assert_eq!(Health::of(&figures, [other]).problems.len(), 1);
    figures.brokers[0].is_up = false;
    assert!(!Health::of(&figures, []).ok);
}

/// Name, type, labels and help of each family, as the text shows them.
fn families(text: &str) -> Vec<[String; 4]> {
    let mut families: Vec<[String; 4]> = Vec::new();
    for line in text.lines() {
        if let Some((name, says)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            let says = says.trim_end_matches('.').to_owned();
            families.push([name.to_owned(), String::new(), String::new(), says]);
        }
        let Some(family) = families.last_mut() else {
            continue;
        };
        if let Some((_, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            kind.clone_into(&mut family[1]);
        }
        if let Some((name, rest)) = line
            .split_once('{')
            .filter(|_| !line.starts_with('#') && family[2].is_empty())
        {
            name.clone_into(&mut family[0]);
            let keys = rest
                .split("=\"")
                .filter_map(|part| part.rsplit(['{', ',']).next());
            let keys =
                keys.filter(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic()));
            family[2] = keys.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        }
    }
    families
}

/// The table of `docs/metrics.md` between its two marks.
fn rendered() -> String {
    let mut figures = scrape();
    figures.devices[0].room = "one".to_owned();
    let mut out = String::from("| Metric | Type | Labels | What it says |\n|---|---|---|---|\n");
    for [name, kind, labels, says] in families(&figures.render()) {
        let labels = if labels.is_empty() { "-" } else { &labels };
        out += &format!("| `{name}` | {kind} | {labels} | {says} |\n");
    }
    out
}

/// `IDLEWATT_REWRITE=1 cargo test -p deliver metrics_md` writes the table anew.
#[test]
fn metrics_md_shows_every_family() {
    crate::document::check("metrics.md", &rendered());
}
