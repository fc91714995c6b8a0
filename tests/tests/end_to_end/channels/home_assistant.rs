//! Home Assistant's discovery at a real mosquitto: what is told of a device, what feeds it, and that it is taken back.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;

use crate::alert::{Hospital, configuration};

const TOLD: &str = "home_assistant = true\n";

/// The retained topics of both prefixes, once they are as wanted.
async fn until_retained(
    hospital: &Hospital,
    what: &str,
    holds: impl Fn(&BTreeMap<String, String>) -> bool,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut last = BTreeMap::new();
    for _ in 0..60 {
        last = hospital.broker.retained("#", &[]).await?;
        if holds(&last) {
            return Ok(last);
        }
    }
    anyhow::bail!("never {what}: {last:#?}")
}

fn discovery(device: &str) -> String {
    format!("homeassistant/device/idlewatt_{device}/config")
}

fn json(topics: &BTreeMap<String, String>, topic: &str) -> anyhow::Result<Value> {
    let text = topics
        .get(topic)
        .with_context(|| format!("{topic} is not in {topics:#?}"))?;
    Ok(serde_json::from_str(text)?)
}

/// The configuration with the option, or without it; and without the second magnet.
fn changed(hospital: &Hospital, is_told: bool, has_second: bool) -> String {
    let text = configuration(&hospital.broker);
    let enabled = "[publish]\nenabled = true\n";
    let text = if is_told {
        text.replace(enabled, &format!("{enabled}{TOLD}"))
    } else {
        text
    };
    if has_second {
        return text;
    }
    let second = text.find("[[device]]\nid = \"mri-2\"").unwrap_or(text.len());
    text[..second].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_told_fed_and_taken_back() -> anyhow::Result<()> {
    let mut hospital = Hospital::start_among("").await?;
    hospital.idlewatt.rewrite(&changed(&hospital, true, true))?;
    hospital.restart().await?;
    hospital.draw(-60, -12, 7.0).await?;
    hospital.draw(-12, -8, 0.0).await?;
    let is_raised = |topics: &BTreeMap<String, String>| {
        let open = |device: &str| {
            topics
                .get(&format!("idlewatt/{device}/alerts"))
                .is_some_and(|text| text.contains("\"open\":1"))
        };
        open("mri-1") && open("mri-2")
    };
    let topics = until_retained(&hospital, "two alerts", is_raised).await?;
    for device in ["mri-1", "mri-2"] {
        is_told_and_fed(&topics, device)?;
    }
    let energy = json(&topics, "idlewatt/mri-1/energy")?;
    assert!(
        energy["since"]
            .as_str()
            .context("since")?
            .parse::<jiff::Timestamp>()
            .is_ok(),
        "{energy}"
    );

    // a device that has gone is taken back, and everything once the option is off
    for (is_told, has_second, left) in [
        (true, false, vec![discovery("mri-1")]),
        (false, false, Vec::new()),
    ] {
        hospital
            .idlewatt
            .rewrite(&changed(&hospital, is_told, has_second))?;
        hospital.restart().await?;
        hospital.published = 0;
        let is_left = |topics: &BTreeMap<String, String>| {
            let told: Vec<&String> = topics
                .keys()
                .filter(|topic| topic.starts_with("homeassistant/"))
                .collect();
            told == left.iter().collect::<Vec<_>>()
        };
        // topics are published with the next findings
        let minute = if is_told { -8 } else { -4 };
        nudge(&mut hospital, minute).await?;
        until_retained(&hospital, "taken back", is_left).await?;
    }
    let topics = hospital.broker.retained("#", &[]).await?;
    assert!(
        !topics.keys().any(|topic| topic.ends_with("/alerts")),
        "{topics:#?}"
    );
    assert!(topics.contains_key("idlewatt/mri-1/state"), "{topics:#?}");
    Ok(())
}

/// That a device is told, and that what it is told of is there.
fn is_told_and_fed(topics: &BTreeMap<String, String>, device: &str) -> anyhow::Result<()> {
    let told = json(topics, &discovery(device))?;
    assert_eq!(
        told["device"]["suggested_area"].as_str(),
        Some(if device == "mri-1" { "one" } else { "two" })
    );
    assert_eq!(
        topics[told["availability_topic"].as_str().context("availability")?],
        "online"
    );
    let entities = told["components"].as_object().context("components")?;
    for (name, entity) in entities {
        let topic = entity["state_topic"].as_str().context("state_topic")?;
        let fed = json(topics, topic)?;
        // the field that the template takes is there
        let template = entity["value_template"].as_str().context("value_template")?;
        let field = template.split("value_json.").nth(1).and_then(|rest| {
            rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
        });
        assert!(
            fed.get(field.context("a field")?).is_some(),
            "{name}: {template} of {fed}"
        );
    }
    let state = json(topics, &format!("idlewatt/{device}/state"))?;
    let options = entities["state"]["options"].as_array().context("options")?;
    assert!(
        options.contains(&state["state"]),
        "{state} is none of {options:?}"
    );
    Ok(())
}

/// A few minutes of the first magnet alone.
async fn nudge(hospital: &mut Hospital, minute: i64) -> anyhow::Result<()> {
    let mut messages = Vec::new();
    for half in minute * 2..(minute + 4) * 2 {
        let told = hospital.middle + jiff::SignedDuration::from_secs(half * 30);
        messages.push(tests::publisher::Outgoing::new(
            "simulator/clock",
            told.as_millisecond().to_string(),
        ));
        messages.push(tests::publisher::Outgoing::new("plc/magnet-1/power_kw", "0"));
    }
    tests::publisher::publish(hospital.broker.port(), messages).await
}
