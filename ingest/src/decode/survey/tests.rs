//! Messages of several families, as a broker would bring them.

use jiff::Timestamp;

use super::super::DecoderConfig;
use super::*;

struct Play {
    decoder: Decoder,
    survey: Survey,
}

impl Play {
    fn new(config: SurveyConfig) -> Self {
        Self {
            decoder: Decoder::new(&DecoderConfig::default()).unwrap(),
            survey: Survey::new(config),
        }
    }

    fn say_at(&mut self, ms: i64, topic: &str, payload: &str, is_retained: bool) {
        let message = Message {
            topic,
            payload: payload.as_bytes(),
            is_retained,
            qos: 0,
        };
        let decoded = self.decoder.decode(&message);
        let at = Timestamp::from_millisecond(1_795_428_000_000 + ms).unwrap();
        self.survey.hear(at, &message, &decoded);
    }

    fn report(&self) -> Report {
        self.survey.report(&self.decoder)
    }
}

fn meter<'r>(report: &'r Report, name: &str) -> &'r MeterReport {
    report
        .meters
        .iter()
        .find(|meter| meter.meter == name)
        .unwrap_or_else(|| panic!("{name}: {:#?}", report.meters))
}

/// A minute of a three-phase clamp, a plug that breaks off and goes, and what the broker had retained.
fn minute() -> Report {
    let mut play = Play::new(SurveyConfig::default());
    for second in 0..60_i64 {
        let ms = second * 1000;
        if second % 5 == 0 {
            let power = format!("{}.5", 100 + second * 3);
            play.say_at(ms, "shellies/shellyem3-0A0B0C/emeter/0/power", &power, false);
            let total = (9000 + second).to_string();
            play.say_at(ms + 5, "shellies/shellyem3-0A0B0C/emeter/0/total", &total, false);
        }
        if second % 30 == 0 {
            let payload = format!(
                r#"{{"ENERGY":{{"Total":{}.5,"Power":{}}}}}"#,
                12 + second,
                60 + second
            );
            play.say_at(ms, "tele/reading-room/SENSOR", &payload, false);
        }
    }
    play.say_at(60_000, "tele/reading-room/SENSOR", r#"{"ENERGY":"#, false);
    play.say_at(60_000, "tele/reading-room/LWT", "Offline", true);
    play.say_at(60_000, "tele/gone/LWT", "Offline", true);
    play.say_at(60_000, "mbmd/sdm1-9/Power", "77.000", true);
    play.report()
}

#[test]
fn meters_are_listed_with_their_values() {
    let report = minute();
    assert_eq!((report.messages, report.meters.len()), (30, 3));
    assert_eq!(report.only_availability, [("gone".to_owned(), false)]);
    let shelly = meter(&report, "shellyem3-0A0B0C");
    let channel = &shelly.channels[shelly.headline];
    assert_eq!(channel.channel.as_deref(), Some("l1"));
    let range = (channel.power_w_min, channel.power_w_max);
    assert_eq!(range, (Some(100.5), Some(265.5)));
    let counter = (channel.energy_wh, channel.counting);
    assert_eq!(counter, (Some(9055.0), Some(Counting::Rises)));
    let is_broken = |unread: &UnreadReport| unread.is_malformed && unread.family == Some("tasmota");
    assert!(report.unread.iter().any(is_broken));
}

#[test]
fn a_grade_has_its_reasons() {
    let report = minute();
    let check = |name: &str, expected: (Grade, Option<f64>), beginnings: &[&str]| {
        let meter = meter(&report, name);
        assert_eq!((meter.grade, meter.interval_s), expected, "{:?}", meter.reasons);
        assert_eq!(meter.reasons.len(), beginnings.len(), "{:?}", meter.reasons);
        for (reason, beginning) in meter.reasons.iter().zip(beginnings) {
            assert!(reason.starts_with(beginning), "{reason}");
        }
    };
    check("shellyem3-0A0B0C", (Grade::A, Some(5.0)), &[]);
    check(
        "reading-room",
        (Grade::C, Some(30.0)),
        &[
            "1 of 3 messages malformed: ",
            "every 30 s: too coarse to see scanning",
        ],
    );
    check(
        "sdm1-9",
        (Grade::C, None),
        &["retained messages only", "no counter"],
    );
    assert_eq!(meter(&report, "reading-room").is_online, Some(false));
}

#[test]
fn views_and_copies_of_one_load_are_said() {
    let mut play = Play::new(SurveyConfig::default());
    for step in 0..8_i64 {
        let (ms, a) = (step * 1000, 700.0 + step as f64 * 11.0);
        let em = format!(
            r#"{{"id":0,"a_act_power":{a},"b_act_power":200.5,"c_act_power":300.5,"total_act_power":{}}}"#,
            a + 501.0
        );
        play.say_at(ms, "rooms/ct/status/em:0", &em, false);
        let rpc = format!(
            r#"{{"src":"shellypro3em-0a0b0c0d0e0f","dst":"rooms/ct/events","method":"NotifyStatus","params":{{"ts":1.0,"em:0":{em}}}}}"#
        );
        play.say_at(ms + 40, "rooms/ct/events/rpc", &rpc, false);
        play.say_at(
            ms + 300,
            "mbmd/sdm1-4/Power",
            &format!("{:.3}", 40.0 + step as f64),
            false,
        );
        play.say_at(
            ms + 310,
            "copy/mbmd-b/sdm1-7/Power",
            &format!("{:.3}", 940.0 + step as f64),
            false,
        );
    }
    let report = play.report();
    let views = report.meters.iter().find_map(|meter| meter.views.as_deref());
    assert_eq!(
        views,
        Some("total is the sum of l1, l2, l3: views of one load, only the total is used")
    );
    assert_eq!(report.twins.len(), 1, "{:#?}", report.twins);
    let twin = &report.twins[0];
    assert_eq!((twin.equal, twin.pairs >= 5), (Equal::Power, true));
    let copies = report
        .meters
        .iter()
        .filter(|meter| meter.copy_of.is_some())
        .count();
    assert_eq!(copies + usize::from(twin.topics.is_some()), 1, "{twin:?}");
}

#[test]
fn what_is_unread_is_put_together_and_a_mapper_is_proposed() {
    let mut play = Play::new(SurveyConfig::default());
    for (step, room) in ["angio", "mri", "ct"].iter().enumerate() {
        let payload = format!(
            r#"{{"P_total_kW":{step}.25,"E_import_kWh":{},"cosphi":0.9}}"#,
            500 + step
        );
        play.say_at(0, &format!("gateway/{room}/out"), &payload, false);
        play.say_at(0, &format!("plc/{room}/power_kw"), "12.5", false);
        play.say_at(0, &format!("plc/{room}/energy_kwh"), "1250.25", false);
        play.say_at(0, &format!("plc/{room}/temperature"), "19.5", false);
        play.say_at(0, &format!("doors/{room}"), "open", false);
    }
    play.say_at(0, "lone/power", "5", false);
    play.say_at(0, "bin", "\u{1}\u{2}", false);
    let report = play.report();
    let shapes: Vec<_> = report
        .unread
        .iter()
        .map(|unread| (unread.shape.as_str(), unread.messages))
        .collect();
    assert_eq!(
        shapes,
        [
            ("plc/+/{field}", 9),
            ("gateway/+/out", 3),
            ("lone/{field}", 1),
            ("doors/+", 3),
            ("bin", 1)
        ]
    );
    let proposals: Vec<_> = report
        .unread
        .iter()
        .filter_map(|unread| unread.mapper.as_ref())
        .collect();
    let told: Vec<_> = proposals
        .iter()
        .map(|proposal| {
            (
                proposal.topic.as_str(),
                proposal.meter.as_deref(),
                proposal.fields.len(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("plc/{meter}/{field}", None, 2),
            ("gateway/{meter}/out", None, 2),
            ("lone/{field}", Some("lone"), 1)
        ]
    );
    assert!(proposals[2].fields[0].is_unit_assumed);

    let config = DecoderConfig {
        mappers: proposals.iter().map(|proposal| proposal.mapper()).collect(),
        ..DecoderConfig::default()
    };
    let mut decoder = Decoder::new(&config).unwrap();
    let message = Message {
        topic: "gateway/mri/out",
        payload: br#"{"P_total_kW":7.5,"E_import_kWh":1}"#,
        is_retained: false,
        qos: 0,
    };
    let reading = &decoder.decode(&message).readings[0];
    assert_eq!((&*reading.meter, reading.power_w), ("mri", Some(7500.0)));
}

#[test]
fn a_proposed_mapper_takes_nothing_from_a_family() {
    let mut play = Play::new(SurveyConfig::default());
    play.say_at(0, "mbmd/sdm1-1/Power", "5.000", false);
    play.say_at(0, "mbmd/foo2/power", "5.000", false);
    let report = play.report();
    for unread in &report.unread {
        let topic = unread.mapper.as_ref().map(|mapper| mapper.topic.as_str());
        assert_ne!(topic, Some("mbmd/{meter}/{field}"), "{unread:?}");
    }
}

#[test]
fn beyond_the_bounds_the_least_recently_heard_goes_and_is_counted() {
    let config = SurveyConfig {
        meters_max: 5,
        channels_max: 8,
        topics_max: 7,
        shapes_max: 3,
        has_times: false,
    };
    let mut play = Play::new(config);
    for at in 0..40 {
        play.say_at(
            at,
            &format!("shellies/shellyem-{at:06X}/emeter/{}/power", at % 2),
            "5",
            false,
        );
        play.say_at(
            at,
            &format!("{}/x", "zoo/".repeat(usize::try_from(at).unwrap() % 9 + 1)),
            "?",
            false,
        );
    }
    for channel in 0..40 {
        play.say_at(
            50,
            &format!("shellies/shellyem-0A/emeter/{channel}/power"),
            "5",
            false,
        );
    }
    let report = play.report();
    assert!(
        report.meters.len() <= 5 && report.topics <= 7 && report.unread.len() <= 3,
        "{report:#?}"
    );
    assert!(report.forgotten.meters >= 35 && report.forgotten.topics >= 30 && report.forgotten.shapes > 0);
    assert_eq!((report.span, play.survey.channels <= 8), (None, true));
}

#[test]
fn names_that_a_family_cannot_explain_become_namings() {
    let mut play = Play::new(SurveyConfig::default());
    let message = Message {
        topic: "application/x/device/0a0b0c/event/up",
        payload: br#"{"rxInfo":[{"power":-90}],"object":{"activePower_kW":1.5,"temp":20}}"#,
        is_retained: false,
        qos: 0,
    };
    let notice = |detail: &str| analyzer::Notice {
        meter: "0a0b0c".to_owned(),
        kind: FaultKind::UnknownName,
        detail: detail.to_owned(),
    };
    let decoded = Decoded {
        family: Some("lorawan"),
        notices: vec![notice("nobody has explained \"Energy/kWh\""), notice("'mood'")],
        reason: Some(super::super::Reason {
            kind: ReasonKind::UnknownTopic,
            text: "no field of it is known".into(),
        }),
        ..Decoded::default()
    };
    play.survey.hear(Timestamp::UNIX_EPOCH, &message, &decoded);
    let report = play.report();
    let namings: Vec<_> = report
        .namings
        .iter()
        .map(|naming| (naming.figure.name.as_str(), naming.figure.unit))
        .collect();
    assert_eq!(namings, [("activePower_kW", "kW"), ("Energy/kWh", "kWh")]);
    assert_eq!(report.unread[0].mapper, None);
}
