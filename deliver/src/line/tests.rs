use crate::example::{band, learned};
use analyzer::site::TariffPeriod;
use analyzer::{AlertPhase, Energy, FaultKind, Severity};
use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines};
use jiff::Timestamp;
use proptest::prelude::*;

use super::clean::{STRING_BYTES_MAX, TAG_BYTES_MAX, clean, escape_tag};
use super::*;

const HOSTILE: &[&str] = &[
    "",
    " ",
    "ct1",
    "CT 1, Raum=2",
    "a\nenergy,device=x energy_wh=9 1",
    "end\\",
    "\\\\",
    "\\,",
    "a\\ b",
    "\"quoted\"",
    "#comment",
    "tab\tand\0nul\r\n",
    "\u{2028}\u{85}\u{7f}",
    "ünïcødé 電力",
    "x=1i 123\n",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(HOSTILE).prop_map(str::to_owned),
        any::<String>(),
        proptest::collection::vec(proptest::sample::select(HOSTILE), 0..4).prop_map(|parts| parts.concat()),
        Just("long ".repeat(1000)),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        proptest::sample::select(&[f64::NAN, f64::INFINITY, -0.0, 0.1, 1e300, 5e-324, -2600.5][..]),
    ]
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(|millis| Timestamp::from_millisecond(millis).unwrap())
}

fn state() -> impl Strategy<Value = State> {
    proptest::sample::select(&State::ALL[..])
}

prop_compose! {
    fn amounts()(energy in any::<i64>(), estimated in any::<i64>(), cost in number(), co2e_g in number(),
        seconds in 0_i64..10_000_000) -> (Energy, Energy, f64, f64, SignedDuration) {
        let (energy, estimated) = (Energy::from_micro_wh(energy), Energy::from_micro_wh(estimated));
        (energy, estimated, cost, co2e_g, SignedDuration::from_secs(seconds))
    }
}

/// What a finding of any kind is made of.
#[derive(Clone, Debug)]
struct Parts {
    device: DeviceId,
    from: Timestamp,
    until: Timestamp,
    state: State,
    was: State,
    power_w: f64,
    amounts: (Energy, Energy, f64, f64, SignedDuration),
    words: String,
    flag: bool,
}

#[rustfmt::skip]
fn finding() -> impl Strategy<Value = Finding> {
    let common = (text(), instant(), instant(), state(), state(), number(), amounts(), text(), any::<bool>());
    let kind = proptest::sample::select(&KINDS[..]);
    (kind, common).prop_map(|(make, (device, from, until, state, was, power_w, amounts, words, flag))| {
        let device = device.into();
        make(Parts { device, from, until, state, was, power_w, amounts, words, flag })
    })
}

type Make = fn(Parts) -> Finding;

#[rustfmt::skip]
const KINDS: [Make; 9] = [
    |Parts { device, from, state, power_w, flag, .. }| {
        Finding::Sample(Sample { device, at: from, power_w, state, is_provisional: flag })
    },
    |Parts { device, from, state, was, power_w, flag, .. }| {
        let power_w = flag.then_some(power_w);
        Finding::StateChange(StateChange { device, at: from, from: was, to: state, power_w })
    },
    |Parts { device, from, until, state, amounts: (energy, estimated, ..), .. }| {
        Finding::Interval(Interval { device, from, until, state, energy, estimated })
    },
    |Parts { device, from, until, amounts: (energy, scanning_energy, _, _, scanning), .. }| {
        let number = from.as_millisecond().unsigned_abs();
        Finding::Exam(Exam { device, number, from, until, energy, scanning_energy, scanning, kind: ExamKind::Patient })
    },
    |Parts { device, from: hour, state, flag, amounts: (energy, estimated, cost, co2e_g, duration), .. }| {
        let tariff = if flag { TariffPeriod::Day } else { TariffPeriod::Night };
        let is_open = flag;
        Finding::Ledger(LedgerRow { device, hour, state, is_open, tariff, energy, estimated, duration, cost, co2e_g })
    },
    |Parts { device, from: hour, state, flag, amounts: (energy, estimated, cost, co2e_g, duration), .. }| {
        let (is_open, tariff) = (flag, TariffPeriod::Day);
        Finding::Settled(LedgerRow { device, hour, state, is_open, tariff, energy, estimated, duration, cost, co2e_g })
    },
    |Parts { device, from: since, until: at, words: rule, flag, amounts: (energy, _, cost, co2e_g, _), .. }| {
        let phase = if flag { AlertPhase::Raised } else { AlertPhase::Cleared };
        let severity = Severity::Warning;
        let (detail, by) = (rule.clone(), rule.clone());
        Finding::Alert(AlertEvent { rule, device, severity, phase, since, at, energy, cost, co2e_g, detail, by, until: None })
    },
    |Parts { device, from: at, words, .. }| {
        Finding::Fault(Fault { device, meter: words.clone(), at, kind: FaultKind::CounterJump, detail: words })
    },
    |Parts { device, from: at, state, power_w, words, flag, .. }| {
        let bands = vec![band(state, power_w, Some(&words))];
        let (scanning_from_w, scout_from_w) = (flag.then_some(power_w), None);
        Finding::Bands(BandsLearned { device, at, bands, scanning_from_w, scout_from_w, interval_s: 1.0, is_too_coarse: flag })
    },
];

fn tags(id: &str, words: &str) -> DeviceTags {
    let words = words.to_owned();
    DeviceTags {
        id: id.into(),
        name: words.clone(),
        room: words.clone(),
        modality: words.clone(),
        site: words,
    }
}

fn encode(encoder: &LineEncoder, finding: &Finding) -> String {
    let mut out = String::new();
    encoder.encode(finding, &mut out);
    out
}

/// What a parser makes of a value that went through the escapes.
fn as_tag(value: &str) -> String {
    let mut escaped = String::new();
    escape_tag(value, &mut escaped);
    escaped
        .replace("\\,", ",")
        .replace("\\=", "=")
        .replace("\\ ", " ")
}

fn check_float(line: &ParsedLine<'_>, key: &str, value: f64) {
    match line.field_value(key) {
        Some(FieldValue::F64(found)) => assert_eq!(*found, value, "{key}"),
        None => assert!(!value.is_finite(), "{key} = {value} is missing"),
        other => panic!("{key}: {other:?}"),
    }
}

fn check_values(line: &ParsedLine<'_>, finding: &Finding) {
    let float = |key, value| check_float(line, key, value);
    let tag = |key: &str, value: &str| {
        let found = line.tag_value(key).map(|found| found.as_str().to_owned());
        assert_eq!(found.unwrap_or_default(), as_tag(value), "{key}");
    };
    let at = |at: Timestamp| assert_eq!(line.timestamp, Some(at.as_millisecond()));
    match finding {
        Finding::Sample(sample) => {
            tag("device", &sample.device);
            float("power_w", sample.power_w);
            at(sample.at);
        }
        Finding::StateChange(change) => {
            tag("device", &change.device);
            float("power_w", change.power_w.unwrap_or(f64::NAN));
            at(change.at);
        }
        Finding::Interval(interval) => {
            float("energy_wh", interval.energy.wh());
            float("estimated_wh", interval.estimated.wh());
            at(interval.from);
        }
        Finding::Exam(exam) => {
            float("scanning_wh", exam.scanning_energy.wh());
            float("scanning_s", exam.scanning.as_secs_f64());
            at(exam.from);
        }
        Finding::Ledger(row) | Finding::Settled(row) => {
            tag("state", row.state.name());
            tag("tariff", row.tariff.name());
            float("cost", row.cost);
            float("co2e_g", row.co2e_g);
            float("duration_s", row.duration.as_secs_f64());
            at(row.hour);
        }
        Finding::Alert(event) => {
            tag("rule", &event.rule);
            tag("phase", event.phase.name());
            float("energy_wh", event.energy.wh());
            at(event.at);
        }
        Finding::Fault(fault) => {
            tag("meter", &fault.meter);
            let detail = line.field_value("detail").map(ToString::to_string);
            let expected =
                FieldValue::String(clean(&fault.detail, STRING_BYTES_MAX).as_ref().into()).to_string();
            assert_eq!(detail, Some(expected));
            at(fault.at);
        }
        Finding::Bands(bands) => {
            tag("device", &bands.device);
            float("scanning_from_w", bands.scanning_from_w.unwrap_or(f64::NAN));
            float("interval_s", bands.interval_s);
            at(bands.at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_the_names_and_values_one_finding_is_one_point(
        finding in finding(),
        words in text(),
        is_known in any::<bool>(),
        strings in proptest::sample::select(&[Strings::Kept, Strings::LeftOut][..]),
    ) {
        let id = if is_known { device_of(&finding).to_string() } else { "other".to_owned() };
        let encoder = LineEncoder::new(&[tags(&id, &words)], strings, Hours::SoFar);
        let out = encode(&encoder, &finding);
        prop_assert_eq!(&out, &encode(&encoder, &finding), "deterministic");
        prop_assert_eq!(out.matches('\n').count(), 1);
        prop_assert!(!out.trim_end_matches('\n').chars().any(char::is_control));
        let lines: Vec<_> = parse_lines(&out).collect();
        prop_assert_eq!(lines.len(), 1);
        let line = lines[0].as_ref().map_err(|error| TestCaseError::fail(format!("{error}: {out}")))?;
        let keys: Vec<&str> = line.series.tag_set.iter().flatten().map(|(key, _)| key.as_str()).collect();
        prop_assert!(keys.is_sorted(), "{:?}", keys);
        prop_assert!(line.series.tag_set.iter().flatten().all(|(_, value)| value.len() <= TAG_BYTES_MAX));
        if strings == Strings::Kept {
            check_values(line, &finding);
        } else {
            let has_string = line.field_set.iter().any(|(_, value)| matches!(value, FieldValue::String(_)));
            prop_assert!(!has_string && !line.field_set.is_empty());
        }
        if is_known && !words.is_empty() {
            let room = line.tag_value("room").map(|room| room.as_str().to_owned());
            prop_assert_eq!(room, Some(as_tag(&words)));
        }
    }

    #[test]
    fn two_names_stay_two_tags(one in "[ -\\[\\]-~]{0,20}", two in "[ -\\[\\]-~]{0,20}") {
        // printable names without a backslash; the backslash before a separator is the one thing that is replaced
        prop_assume!(one != two);
        prop_assert_ne!(as_tag(&one), as_tag(&two));
    }
}

fn device_of(finding: &Finding) -> &str {
    match finding {
        Finding::Sample(Sample { device, .. })
        | Finding::StateChange(StateChange { device, .. })
        | Finding::Interval(Interval { device, .. })
        | Finding::Exam(Exam { device, .. })
        | Finding::Ledger(LedgerRow { device, .. })
        | Finding::Settled(LedgerRow { device, .. })
        | Finding::Alert(AlertEvent { device, .. })
        | Finding::Fault(Fault { device, .. })
        | Finding::Bands(BandsLearned { device, .. }) => device,
    }
}

fn reminded(device: DeviceId, since: Timestamp, at: Timestamp) -> AlertEvent {
    AlertEvent {
        rule: "overnight_idle".to_owned(),
        device,
        severity: Severity::Warning,
        phase: AlertPhase::Reminded,
        since,
        at,
        energy: Energy::from_wh(1234.5),
        cost: 0.2,
        co2e_g: 55.5,
        detail: String::new(),
        by: String::new(),
        until: None,
    }
}

fn examples() -> Vec<Finding> {
    let at: Timestamp = "2026-11-23T22:15:30.250Z".parse().unwrap();
    let until: Timestamp = "2026-11-23T23:00:00Z".parse().unwrap();
    let device: DeviceId = "ct1".into();
    let (energy, estimated) = (Energy::from_wh(1234.5), Energy::from_wh(2.25));
    let duration = SignedDuration::from_secs(90);
    vec![
        Finding::Sample(Sample {
            device: device.clone(),
            at,
            power_w: 2600.5,
            state: State::Idle,
            is_provisional: true,
        }),
        Finding::StateChange(StateChange {
            device: device.clone(),
            at,
            from: State::Idle,
            to: State::Scanning,
            power_w: Some(31_000.0),
        }),
        Finding::Interval(Interval {
            device: device.clone(),
            from: at,
            until,
            state: State::Idle,
            energy,
            estimated,
        }),
        Finding::Exam(Exam {
            device: device.clone(),
            number: 3,
            from: at,
            until,
            energy,
            scanning_energy: estimated,
            scanning: duration,
            kind: ExamKind::Patient,
        }),
        Finding::Ledger(LedgerRow {
            device: device.clone(),
            hour: until,
            state: State::Idle,
            is_open: false,
            tariff: TariffPeriod::Night,
            energy,
            estimated,
            duration,
            cost: 0.2,
            co2e_g: 55.5,
        }),
        Finding::Alert(reminded(device.clone(), at, until)),
        Finding::Fault(Fault {
            device: device.clone(),
            meter: "tele/plug 7".to_owned(),
            at,
            kind: FaultKind::CounterReset,
            detail: "from 12.5 to \"0\"".to_owned(),
        }),
        Finding::Bands(learned(device, at)),
    ]
}

fn example_encoder() -> LineEncoder {
    let tags = DeviceTags {
        id: "ct1".into(),
        name: "CT 1".to_owned(),
        room: "CT 1, ground floor".to_owned(),
        modality: "ct".to_owned(),
        site: "St. Elsewhere".to_owned(),
    };
    LineEncoder::new(&[tags], Strings::Kept, Hours::SoFar)
}

#[test]
fn the_bytes_of_each_kind() {
    let encoder = example_encoder();
    let lines: String = examples()
        .iter()
        .map(|finding| encode(&encoder, finding))
        .collect();
    let place = r"modality=ct,room=CT\ 1\,\ ground\ floor,site=St.\ Elsewhere";
    let expected = format!(
        "power,device=ct1,{place} power_w=2600.5,state=\"idle\",state_code=2i,provisional=true 1795472130250\n\
         state,device=ct1,{place} state=\"scanning\",state_code=3i,was=\"idle\",was_code=2i,power_w=31000 1795472130250\n\
         interval,device=ct1,{place} duration_s=2669.75,energy_wh=1234.5,estimated_wh=2.25,state=\"idle\",state_code=2i 1795472130250\n\
         exam,device=ct1,{place} number=3i,duration_s=2669.75,energy_wh=1234.5,scanning_s=90,scanning_wh=2.25,kind=\"patient\",patient=true 1795472130250\n\
         energy,device=ct1,modality=ct,open=false,room=CT\\ 1\\,\\ ground\\ floor,site=St.\\ Elsewhere,state=idle,tariff=night energy_wh=1234.5,estimated_wh=2.25,duration_s=90,cost=0.2,co2e_g=55.5 1795474800000\n\
         alert,device=ct1,modality=ct,phase=reminded,room=CT\\ 1\\,\\ ground\\ floor,rule=overnight_idle,severity=warning,site=St.\\ Elsewhere open=true,since_ms=1795472130250i,duration_s=2669.75,energy_wh=1234.5,cost=0.2,co2e_g=55.5 1795474800000\n\
         meter_fault,device=ct1,kind=counter_reset,meter=tele/plug\\ 7,{place} count=1i,detail=\"from 12.5 to \\\"0\\\"\" 1795472130250\n\
         band,device=ct1,{place} off_w=150,off_confidence=0.4,standby_w=900,standby_confidence=0.4,idle_w=2600,idle_confidence=0.4,scanning_from_w=11500,scout_from_w=4800,interval_s=1,too_coarse=false,provisional=true,bands=\"off (night) 150 W, provisional; standby 900 W, provisional; idle 2600 W, provisional\" 1795472130250\n"
    );
    assert_eq!(lines, expected);
}

#[test]
fn a_database_that_does_not_overwrite_is_told_an_hour_once() {
    let mut encoder = example_encoder();
    let row = examples()
        .into_iter()
        .find_map(|finding| finding.ledger_row().cloned());
    let row = row.expect("one of the examples");
    let so_far = Finding::Ledger(row.clone());
    let settled = Finding::Settled(row);
    assert_eq!(encode(&encoder, &so_far), encode(&encoder, &settled));
    encoder.hours = Hours::Settled;
    assert_eq!(encode(&encoder, &so_far), "");
    assert_eq!(encode(&encoder, &settled).lines().count(), 1);
}

#[test]
fn the_table_is_what_the_encoder_writes() {
    let encoder = example_encoder();
    let text: String = examples()
        .iter()
        .map(|finding| encode(&encoder, finding))
        .collect();
    let mut names = Vec::new();
    for (line, measurement) in parse_lines(&text).map(Result::unwrap).zip(SERIES) {
        names.push(line.series.measurement.to_string());
        assert_eq!(line.series.measurement.as_str(), measurement.name);
        let mut expected: Vec<&str> = ["device", "modality", "room", "site"].to_vec();
        expected.extend(measurement.tags.iter().map(|tag| tag.key));
        expected.sort_unstable();
        let found: Vec<&str> = line
            .series
            .tag_set
            .iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(found, expected);
        let fields: Vec<(&str, &str)> = line
            .field_set
            .iter()
            .map(|(key, value)| (key.as_str(), kind_of(value)))
            .collect();
        assert_eq!(
            fields,
            measurement
                .fields
                .iter()
                .map(|field| (field.key, field.kind))
                .collect::<Vec<_>>()
        );
    }
    assert_eq!(names.len(), SERIES.len());
}

fn kind_of(value: &FieldValue<'_>) -> &'static str {
    match value {
        FieldValue::I64(_) => "integer",
        FieldValue::U64(_) => "unsigned",
        FieldValue::F64(_) => "float",
        FieldValue::String(_) => "string",
        FieldValue::Boolean(_) => "boolean",
    }
}

/// The tables of `docs/series.md` between its two marks.
fn rendered() -> String {
    let mut out = String::new();
    for measurement in SERIES {
        out += &format!("### `{}`\n\n", measurement.name);
        out += &format!(
            "One point: {}. Instant: {}.\n\n",
            measurement.says, measurement.instant
        );
        out += "| Key | Type | Unit | What it says |\n|---|---|---|---|\n";
        for column in measurement.tags.iter().chain(measurement.fields) {
            out += &format!(
                "| `{}` | {} | {} | {} |\n",
                column.key, column.kind, column.unit, column.says
            );
        }
        out += "\n";
    }
    out
}

/// `IDLEWATT_REWRITE=1 cargo test -p deliver series_md` writes the tables anew.
#[test]
fn series_md_shows_the_table() {
    crate::document::check("series.md", &rendered());
}
