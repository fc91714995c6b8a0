//! The broker as it is shipped: who may say and hear what, and idlewatt over its TLS.

use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, QoS, SubscribeReasonCode};
use tests::certificate::write_secret;
use tests::idlewatt::{Idlewatt, WITHIN};
use tests::publisher::{Outgoing, publish, publish_as};
use tests::shipped::Shipped;

use super::{ROOM, reading};

const IDLEWATT: (&str, &str) = ("idlewatt", "hears everything");
const PLUG: (&str, &str) = ("plug", "of the plug");
const OTHER: (&str, &str) = ("other", "of another one");
const GATEWAY: (&str, &str) = ("zigbee2mqtt", "of the gateway");
const ACCOUNTS: [(&str, &str); 4] = [IDLEWATT, PLUG, OTHER, GATEWAY];
/// What the shipped list says of a gateway, with its '#' taken away.
const GATEWAYS: &str = "user zigbee2mqtt\ntopic readwrite zigbee2mqtt/#";

/// Who may write there.
const WRITES: [(&str, (&str, &str), bool); 26] = [
    ("tele/plug/SENSOR", PLUG, true),
    ("stat/plug/STATUS8", PLUG, true),
    ("shellies/plug/emeter/0/power", PLUG, true),
    ("plug/status/em:0", PLUG, true),
    ("plug/events/rpc", PLUG, true),
    ("plug/online", PLUG, true),
    ("plug/sensor/power/state", PLUG, true),
    ("plug/power/get", PLUG, true),
    ("homie/plug/meter/power", PLUG, true),
    // another's
    ("tele/other/SENSOR", PLUG, false),
    ("shellies/other/emeter/0/power", PLUG, false),
    ("other/status/em:0", PLUG, false),
    ("zigbee2mqtt/other", PLUG, false),
    ("cmnd/other/POWER", PLUG, false),
    // what only idlewatt says
    ("idlewatt/act", PLUG, false),
    ("idlewatt/ct-1/state", PLUG, false),
    ("homeassistant/device/idlewatt_ct-1/config", PLUG, false),
    // idlewatt commands nothing
    ("idlewatt/ct-1/state", IDLEWATT, true),
    ("cmnd/plug/POWER", IDLEWATT, false),
    ("shellies/plug/relay/0/command", IDLEWATT, false),
    ("plug/rpc", IDLEWATT, false),
    ("plug/command/switch:0", IDLEWATT, false),
    ("zigbee2mqtt/other/set", IDLEWATT, false),
    ("tele/plug/SENSOR", IDLEWATT, false),
    ("zigbee2mqtt/other/set", GATEWAY, true),
    ("tele/plug/SENSOR", GATEWAY, false),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_account_writes_what_is_its_own_and_nothing_else() -> anyhow::Result<()> {
    let shipped = Shipped::start(&ACCOUNTS, GATEWAYS).await?;
    let port = shipped.broker.port();
    let (_reader, mut heard) = subscribed(port, IDLEWATT, "#").await?;
    let mut due = Vec::new();
    for (number, (topic, account, is_allowed)) in WRITES.into_iter().enumerate() {
        let payload = format!("{number} {}", account.0);
        let written = publish_as(port, account, vec![Outgoing::new(topic, payload.clone())]).await;
        assert_eq!(
            written.is_ok(),
            is_allowed,
            "{} at {topic}: {written:?}",
            account.0
        );
        if is_allowed {
            due.push((topic.to_owned(), payload));
        } else {
            let why = written.expect_err("refused").to_string();
            assert!(why.contains("NotAuthorized"), "{why}");
        }
    }
    // what was refused is heard by nobody
    for expected in due {
        assert_eq!(next(&mut heard).await?, expected);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_hears_what_is_meant_for_it_alone() -> anyhow::Result<()> {
    let shipped = Shipped::start(&ACCOUNTS, "user operator\ntopic write #").await?;
    let port = shipped.broker.port();
    let (_plug, mut heard) = subscribed(port, PLUG, "#").await?;
    publish_as(
        port,
        OTHER,
        vec![Outgoing::new("tele/other/SENSOR", "not for the plug")],
    )
    .await?;
    publish_as(
        port,
        IDLEWATT,
        vec![Outgoing::new("idlewatt/ct-1/state", "not either")],
    )
    .await?;
    publish_as(
        port,
        PLUG,
        vec![Outgoing::new("shellies/plug/relay/0/command", "on")],
    )
    .await?;
    assert_eq!(
        next(&mut heard).await?,
        ("shellies/plug/relay/0/command".to_owned(), "on".to_owned())
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_an_account() -> anyhow::Result<()> {
    let shipped = Shipped::start(&ACCOUNTS, "").await?;
    let port = shipped.broker.port();
    let message = || vec![reading(100)];
    assert!(publish(port, message()).await.is_err(), "without a name");
    assert!(
        publish_as(port, ("plug", "guessed"), message()).await.is_err(),
        "guessed"
    );
    assert!(
        publish_as(port, ("nobody", "guessed"), message()).await.is_err(),
        "unknown"
    );
    publish_as(port, PLUG, message()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn idlewatt_hears_and_speaks_over_tls_as_the_list_allows() -> anyhow::Result<()> {
    let shipped = Shipped::start(&ACCOUNTS, GATEWAYS).await?;
    let folder = tempfile::tempdir()?;
    let (ca, password) = (folder.path().join("ca.pem"), folder.path().join("password"));
    std::fs::write(&ca, shipped.authority.pem())?;
    write_secret(&password, IDLEWATT.1)?;
    let sections = format!(
        "[[broker]]\nname = \"main\"\nurl = \"mqtts://localhost:{}\"\nca_file = \"{}\"\nusername = \"idlewatt\"\npassword_file = \"{}\"\n\
         [publish]\nenabled = true\n",
        shipped.tls_port,
        ca.display(),
        password.display()
    );
    let idlewatt = Idlewatt::start(&(ROOM.to_owned() + &sections)).await?;
    idlewatt.until_connected("main").await?;
    publish_as(shipped.broker.port(), PLUG, vec![reading(2400)]).await?;
    let heard = |metrics: &tests::account::Metrics| metrics.account().stored >= 1.0;
    idlewatt.until("with the reading", WITHIN, heard).await?;
    let (_reader, mut topics) = subscribed(shipped.broker.port(), IDLEWATT, "idlewatt/ct-1/state").await?;
    let (_, state) = next(&mut topics).await?;
    assert!(state.contains("2400"), "{state}");
    Ok(())
}

/// A client of this account that has subscribed.
async fn subscribed(
    port: u16,
    (user, password): (&str, &str),
    filter: &str,
) -> anyhow::Result<(AsyncClient, EventLoop)> {
    let mut options = MqttOptions::new(format!("tests-{user}"), ("127.0.0.1", port));
    options
        .set_credentials(user, password.to_owned())
        .set_keep_alive(30);
    let (client, mut events) = AsyncClient::builder(options).capacity(10).build();
    client.subscribe(filter, QoS::AtLeastOnce).await?;
    let subscribing = async {
        loop {
            if let Event::Incoming(Incoming::SubAck(ack)) = events.poll().await? {
                return anyhow::Ok(ack.return_codes);
            }
        }
    };
    let codes = tokio::time::timeout(WITHIN, subscribing).await??;
    assert!(
        matches!(codes[..], [SubscribeReasonCode::Success(_)]),
        "{codes:?}"
    );
    Ok((client, events))
}

/// The next message.
async fn next(events: &mut EventLoop) -> anyhow::Result<(String, String)> {
    let waiting = async {
        loop {
            if let Event::Incoming(Incoming::Publish(message)) = events.poll().await? {
                let topic = String::from_utf8_lossy(&message.topic).into_owned();
                return anyhow::Ok((topic, String::from_utf8_lossy(&message.payload).into_owned()));
            }
        }
    };
    tokio::time::timeout(WITHIN, waiting).await?
}
