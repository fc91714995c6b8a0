//! The player against a real mosquitto on a port from the kernel.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
use simulator::{BrokerOptions, Message, PlayError, PlayOptions, Scenario, Simulation, Speed, play};
use tokio::sync::mpsc;

struct Mosquitto {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Mosquitto {
    fn start(name: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let folder = std::env::temp_dir().join(format!("idlewatt-play-{name}-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let configuration =
            format!("listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n");
        std::fs::write(folder.join("mosquitto.conf"), configuration).unwrap();
        let child = run(&folder);
        Self { child, port, folder }
    }

    fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = run(&self.folder);
    }

    fn broker(&self, id: &str) -> BrokerOptions {
        BrokerOptions::new("127.0.0.1", self.port, id)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn run(folder: &std::path::Path) -> Child {
    let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
        .into_iter()
        .find(|path| std::fs::exists(path).unwrap());
    Command::new(program.unwrap_or("mosquitto"))
        .arg("-c")
        .arg(folder.join("mosquitto.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("mosquitto is missing: apt-get install mosquitto")
}

/// Everything published on the broker, from the moment this returns; subscribes again after a lost connection.
async fn listen(port: u16) -> mpsc::Receiver<(String, Vec<u8>)> {
    let mut options = MqttOptions::new("listener", ("127.0.0.1".to_owned(), port));
    options.set_keep_alive(20);
    let (client, mut eventloop) = AsyncClient::builder(options).capacity(10).build();
    let (heard, messages) = mpsc::channel(1_000_000);
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut ready = Some(ready);
        loop {
            match eventloop.poll().await {
                Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                    client.try_subscribe("#", QoS::AtLeastOnce).unwrap();
                }
                Ok(Event::Incoming(Incoming::SubAck(_))) => {
                    if let Some(ready) = ready.take() {
                        ready.send(()).unwrap();
                    }
                }
                Ok(Event::Incoming(Incoming::Publish(publish))) => {
                    let topic = String::from_utf8(publish.topic.to_vec()).unwrap();
                    if heard.send((topic, publish.payload.to_vec())).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    is_ready.await.unwrap();
    messages
}

async fn next(messages: &mut mpsc::Receiver<(String, Vec<u8>)>) -> (String, Vec<u8>) {
    tokio::time::timeout(Duration::from_secs(20), messages.recv())
        .await
        .expect("a message in time")
        .unwrap()
}

fn room(messages: usize) -> Vec<Message> {
    Simulation::new(&Scenario::builtin("week").unwrap())
        .take(messages)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_arrives_with_its_instant() {
    let mosquitto = Mosquitto::start("all");
    let mut heard = listen(mosquitto.port).await;
    let sent = room(5_000);
    let options = PlayOptions {
        clock_topic: Some("simulated/clock".to_owned()),
        force_qos_1: true,
        ..PlayOptions::default()
    };
    let mut reports = 0;
    let played = play(
        sent.clone().into_iter(),
        &mosquitto.broker("player"),
        &options,
        std::future::pending(),
        |_| {
            reports += 1;
        },
    )
    .await
    .unwrap();
    assert_eq!(
        (played.published, played.acknowledged),
        ([0, 5_000, 0], [0, 5_000, 0])
    );
    assert_eq!((played.outstanding(), played.refused, played.resent), (0, 0, 0));
    assert_eq!(played.simulated, Some(sent[4_999].at));
    assert!(reports >= 1);
    let mut instant = None;
    for message in sent {
        let (mut topic, mut payload) = next(&mut heard).await;
        if topic == "simulated/clock" {
            let stated: i64 = String::from_utf8(payload).unwrap().parse().unwrap();
            assert_ne!(instant.replace(stated), Some(stated), "an instant is stated once");
            (topic, payload) = next(&mut heard).await;
        }
        assert_eq!((topic, payload), (message.topic, message.payload));
        assert_eq!(instant, Some(message.at.as_millisecond()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_meanwhile_costs_nothing() {
    let mut mosquitto = Mosquitto::start("dies");
    let sent = room(30_000);
    let broker = mosquitto.broker("player");
    let (tell, mut known) = tokio::sync::watch::channel(0);
    let play = tokio::spawn(async move {
        let options = PlayOptions {
            force_qos_1: true,
            progress_every: 1000,
            ..PlayOptions::default()
        };
        play(
            sent.into_iter(),
            &broker,
            &options,
            std::future::pending(),
            |played| {
                tell.send_replace(played.published_total());
            },
        )
        .await
    });
    known.wait_for(|published| *published >= 5_000).await.unwrap();
    mosquitto.restart();
    let played = play.await.unwrap().unwrap();
    assert_eq!(played.acknowledged, [0, 30_000, 0]);
    assert_eq!(played.outstanding(), 0);
    assert!(played.reconnections >= 1, "{played:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_it_and_the_account_is_kept() {
    let mosquitto = Mosquitto::start("stops");
    let mut simulation = Simulation::new(&Scenario::builtin("demo").unwrap()).endless();
    let options = PlayOptions {
        speed: Speed::Times(600.0),
        ..PlayOptions::default()
    };
    let stop = tokio::time::sleep(Duration::from_millis(700));
    let played = play(
        simulation.by_ref(),
        &mosquitto.broker("player"),
        &options,
        stop,
        |_| {},
    )
    .await
    .unwrap();
    assert!(played.interrupted);
    assert!(played.published_total() > 50, "{played:?}");
    assert_eq!(played.outstanding(), 0);
    let simulated = played
        .simulated
        .unwrap()
        .duration_since(Scenario::builtin("demo").unwrap().start);
    assert!(simulated.as_secs() < 600, "the pace is kept: {simulated}");
    assert!(!simulation.drain_truth().is_empty() || !simulation.finish().is_empty());
}

#[tokio::test]
async fn a_missing_broker_is_said() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut broker = BrokerOptions::new("127.0.0.1", port, "player");
    broker.connect_within = Duration::from_millis(400);
    let failed = play(
        room(1).into_iter(),
        &broker,
        &PlayOptions::default(),
        std::future::pending(),
        |_| {},
    )
    .await;
    let text = failed.as_ref().unwrap_err().to_string();
    assert!(matches!(failed, Err(PlayError::Unreachable { .. })), "{text}");
    assert!(text.contains("mend:"), "{text}");
}
