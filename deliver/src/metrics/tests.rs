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
        unreadable_rows: 0,
        retries: 5,
        last_error: Some("no connection".to_owned()),
        problem: None,
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
    };
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
        devices: vec![device],
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
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line}\nis not in\n{text}"
        );
    }
    assert!(text.ends_with("# EOF\n"));
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
    figures.sinks = vec![sink("influx", SinkState::Ok)];
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
