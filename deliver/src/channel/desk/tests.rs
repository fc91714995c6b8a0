//! Desk and senders around a receiver that does as it is told, without a network. A second is told to last a millisecond, so that
//! ten minutes are over soon.

mod past;

use std::path::Path;
use std::sync::{Arc, Mutex};

use analyzer::calendar::OpeningHours;
use analyzer::{Sample, Severity, State};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::example::{at, event, http, scribe};
use super::*;
use crate::channel::message::Message;
use crate::channel::{ChannelConfig, Courier, Failure, Sender, Transport, WebhookConfig};
use crate::log::{FindingsLog, LogConfig};
use crate::page::Language;
use crate::secret::Secret;
use crate::sink::run_sink;

/// So many seconds, as they are told.
const fn told_s(seconds: u64) -> Duration {
    Duration::from_millis(seconds)
}

/// A receiver that is there or is not, and remembers what it was told.
#[derive(Default)]
struct Receiver {
    is_away: Mutex<bool>,
    attempts: Mutex<u32>,
    /// Identifier, subject, and the phase of each step with its device.
    heard: Mutex<Vec<(String, String)>>,
    repeats_every: Option<Duration>,
    open: Mutex<Vec<usize>>,
}

impl Receiver {
    fn be_away(&self, is_away: bool) {
        *self.is_away.lock().unwrap() = is_away;
    }

    fn heard(&self) -> Vec<String> {
        self.heard
            .lock()
            .unwrap()
            .iter()
            .map(|(_, said)| said.clone())
            .collect()
    }

    async fn until_heard(&self, count: usize) -> Vec<String> {
        while self.heard.lock().unwrap().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.heard()
    }
}

impl Courier for Receiver {
    fn target(&self) -> String {
        "nowhere".to_owned()
    }

    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Failure>> {
        async move {
            *self.attempts.lock().unwrap() += 1;
            if *self.is_away.lock().unwrap() {
                return Err(Failure {
                    reason: "away".to_owned(),
                    mend: None,
                    after: None,
                });
            }
            let step = |item: &crate::channel::message::Item| {
                let first = if item.is_first { "first " } else { "" };
                let untold = if item.untold > 0 {
                    format!(" after {}", item.untold)
                } else {
                    String::new()
                };
                format!("{first}{} {}{untold}", item.event.phase.name(), item.event.device)
            };
            let mut said: Vec<String> = message.items.iter().map(step).collect();
            if let Some(notice) = &message.notice {
                let over = if notice.over_at.is_some() {
                    "is back"
                } else {
                    "is away"
                };
                said.push(format!(
                    "{} {over}, {} waiting",
                    notice.channel, notice.waiting_count
                ));
            }
            self.open.lock().unwrap().push(message.open.len());
            self.heard
                .lock()
                .unwrap()
                .push((message.id.clone(), said.join(", ")));
            Ok("thanks".to_owned())
        }
        .boxed()
    }

    fn repeats_every(&self) -> Option<Duration> {
        self.repeats_every
    }
}

/// Log, desk and senders; one channel a receiver.
struct Hospital {
    _folder: tempfile::TempDir,
    log: FindingsLog,
    journal_seq: u64,
    configs: Vec<ChannelConfig>,
    receivers: Vec<Arc<Receiver>>,
    routes: Vec<Route>,
    seed: Seed,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    desk: Option<Arc<Desk>>,
    began: (Instant, Timestamp),
}

fn config(name: &str, fallback: Option<&str>) -> ChannelConfig {
    ChannelConfig {
        name: name.to_owned(),
        transport: Transport::Webhook(WebhookConfig {
            http: http("http://127.0.0.1:1"),
            secret: Secret::default(),
            template: None,
        }),
        steps: vec![Raised, Reminded, Cleared],
        pause: told_s(60),
        fallback: fallback.map(str::to_owned),
        fallback_after: told_s(300),
    }
}

fn open_log(folder: &Path) -> FindingsLog {
    let mut log = FindingsLog::open(&folder.join("findings.sqlite"), &LogConfig::default()).unwrap();
    log.register(&[CHANNELS_SINK]).unwrap();
    log
}

impl Hospital {
    fn new(names: &[(&str, Option<&str>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            log: open_log(folder.path()),
            _folder: folder,
            journal_seq: 0,
            configs: names
                .iter()
                .map(|(name, fallback)| config(name, *fallback))
                .collect(),
            receivers: names.iter().map(|_| Arc::default()).collect(),
            routes: vec![Route {
                channels: names.iter().map(|(name, _)| (*name).to_owned()).collect(),
                digest_after: told_s(10),
                ..Route::default()
            }],
            seed: Seed::default(),
            stop: CancellationToken::new(),
            tasks: Vec::new(),
            desk: None,
            began: (Instant::now(), at("02:00:00")),
        }
    }

    fn start(&mut self) {
        let devices: Vec<String> = (1..=30).map(|number| format!("ct-{number}")).collect();
        let names: Vec<(&str, &str)> = devices.iter().map(|id| (id.as_str(), id.as_str())).collect();
        let place = Place {
            room: "one".to_owned(),
            modality: "ct".to_owned(),
            opening: OpeningHours::Always.into(),
        };
        let places = devices
            .iter()
            .map(|id| (id.as_str().into(), place.clone()))
            .collect();
        let scribe = scribe(Language::English, &names);
        let desk = Arc::new(Desk::new(scribe, &self.configs, self.routes.clone(), places));
        let reader = self.log.reader().unwrap();
        let (began, wall) = self.began;
        let told = move || SignedDuration::try_from(began.elapsed() * 1000).unwrap();
        let wall: crate::channel::Wall = Arc::new(move || wall + told());
        self.desk = Some(desk.clone());
        for (place, receiver) in self.receivers.iter().enumerate() {
            let (config, ledger) = (&self.configs[place], reader.another().unwrap());
            let (receiver, ledger) = (receiver.clone(), (ledger, wall.clone()));
            let pauses = (told_s(1), told_s(60));
            let sender = Sender::with(desk.clone(), (place, config), receiver, ledger, pauses);
            self.tasks.push(tokio::spawn(sender.run(self.stop.clone())));
        }
        let sink = DeskSink::new(desk, self.seed.clone());
        self.tasks
            .push(tokio::spawn(run_sink(sink, reader, self.stop.clone())));
    }

    /// Everything stops at once, as by `kill -9`.
    async fn kill(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            let _ = task.await;
        }
    }

    fn say(&mut self, events: impl IntoIterator<Item = AlertEvent>) {
        self.journal_seq += 1;
        let findings: Vec<Finding> = events.into_iter().map(Finding::Alert).collect();
        self.log
            .append(self.journal_seq, at("02:00:00"), &findings, None)
            .unwrap();
    }

    /// A row without any alert.
    fn sample(&mut self) {
        self.journal_seq += 1;
        let sample = Finding::Sample(Sample {
            device: "ct-1".into(),
            at: at("03:00:00"),
            power_w: 2600.0,
            state: State::Idle,
            is_provisional: false,
        });
        self.log
            .append(self.journal_seq, at("03:00:00"), &[sample], None)
            .unwrap();
    }

    /// Until all is told, and what was told is written down.
    async fn until_saved(&self) {
        let desk = self.desk.clone().unwrap();
        let reader = self.log.reader().unwrap();
        let is_saved = || {
            let state = desk.state();
            let memory = reader.memory(CHANNELS_SINK).unwrap();
            let is_written = |name: &str, key: &Key, entry: &outbox::Entry| {
                let (name, value) = Record::Have(name.to_owned(), key.clone()).change(entry.have.as_ref());
                value.is_none_or(|value| memory.contains(&(name, value)))
            };
            let mut outboxes = state.outboxes.iter().zip(&self.configs);
            outboxes.all(|(outbox, config)| {
                let is_told = outbox.pending().is_empty();
                is_told
                    && outbox
                        .entries
                        .iter()
                        .all(|(key, entry)| is_written(&config.name, key, entry))
            })
        };
        while !is_saved() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Until every row is noted and written down.
    async fn until_noted(&self) {
        let reader = self.log.reader().unwrap();
        while reader.cursor(CHANNELS_SINK).unwrap().seq < self.log.last_seq() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn step(device: &str, phase: AlertPhase, when: &str) -> AlertEvent {
    AlertEvent {
        phase,
        at: at(when),
        ..event(device)
    }
}

use AlertPhase::{Acknowledged, Cleared, Raised, Reminded};

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_raised_reminded_and_resolved_each_told_once() {
    let mut hospital = Hospital::new(&[("oncall", None)]);
    hospital.start();
    let receiver = hospital.receivers[0].clone();
    for (count, phase, when) in [
        (1, Raised, "02:00:00"),
        (2, Reminded, "04:00:00"),
        (3, Cleared, "05:00:00"),
    ] {
        hospital.say([step("ct-1", phase, when)]);
        receiver.until_heard(count).await;
    }
    // a person's word is not among the steps of this channel
    hospital.say([step("ct-2", Raised, "05:00:00")]);
    receiver.until_heard(4).await;
    hospital.say([step("ct-2", Acknowledged, "05:10:00")]);
    hospital.say([step("ct-2", Cleared, "06:00:00")]);
    let heard = receiver.until_heard(5).await;
    assert_eq!(
        heard,
        [
            "first raised ct-1",
            "reminded ct-1",
            "cleared ct-1",
            "first raised ct-2",
            "cleared ct-2"
        ]
    );
}

/// The bar: a receiver that is down for ten minutes loses nothing and is not flooded.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_down_for_ten_minutes_misses_nothing_and_hears_one_message() {
    let mut hospital = Hospital::new(&[("oncall", Some("mail")), ("mail", None)]);
    hospital.routes = vec![Route {
        channels: vec!["oncall".to_owned()],
        digest_after: told_s(10),
        ..Route::default()
    }];
    hospital.start();
    let (oncall, mail) = (hospital.receivers[0].clone(), hospital.receivers[1].clone());
    hospital.say([step("ct-1", Raised, "02:00:00")]);
    oncall.until_heard(1).await;
    oncall.be_away(true);
    let down = Instant::now();
    hospital.say((2..=21).map(|device| step(&format!("ct-{device}"), Raised, "02:01:00")));
    tokio::time::sleep_until(down + told_s(120)).await;
    // the first is over, another came and went three times, a third is reminded twice
    hospital.say([step("ct-1", Cleared, "02:02:00")]);
    for time in ["02:03", "02:04", "02:05"] {
        let begun = |phase, second: &str| AlertEvent {
            since: at(&format!("{time}:00")),
            ..step("ct-25", phase, &format!("{time}:{second}"))
        };
        hospital.say([begun(Raised, "10"), begun(Cleared, "20")]);
    }
    hospital.say([
        step("ct-2", Reminded, "02:04:00"),
        step("ct-2", Reminded, "02:06:00"),
    ]);
    hospital.until_noted().await;
    assert!(mail.until_heard(1).await[0].starts_with("oncall is away"));
    tokio::time::sleep_until(down + told_s(600)).await;
    let attempts = *oncall.attempts.lock().unwrap();
    let least_pauses = u32::try_from(down.elapsed().as_millis()).unwrap() / 30;
    assert!(
        attempts < 12 + least_pauses,
        "{attempts} attempts in {:?}",
        down.elapsed()
    );
    oncall.be_away(false);
    let heard = oncall.until_heard(2).await;
    let said: Vec<&str> = heard[1].split(", ").collect();
    assert_eq!(said.len(), 22, "{said:?}");
    assert!(
        said.contains(&"cleared ct-1") && said.contains(&"first reminded ct-2"),
        "{said:?}"
    );
    assert!(said.contains(&"first cleared ct-25 after 2"), "{said:?}");
    assert!(
        (3..=21).all(|device| said.contains(&format!("first raised ct-{device}").as_str())),
        "{said:?}"
    );
    assert_eq!(mail.until_heard(2).await[1], "oncall is back, 0 waiting");
    // what is told next is all that is told next
    hospital.say([step("ct-30", Raised, "02:20:00")]);
    assert_eq!(oncall.until_heard(3).await[2], "first raised ct-30");
    assert_eq!(mail.heard().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_alerts_at_once_are_one_digest_and_a_critical_one_does_not_wait() {
    const LONG: Duration = Duration::from_secs(100);
    let mut hospital = Hospital::new(&[("oncall", None)]);
    let to_all = |severity_min, digest_after| Route {
        severity_min,
        channels: vec!["oncall".to_owned()],
        digest_after,
        ..Route::default()
    };
    hospital.routes = vec![
        to_all(Some(Severity::Critical), Duration::ZERO),
        to_all(None, Duration::from_secs(3)),
    ];
    hospital.configs[0].pause = LONG;
    hospital.start();
    let receiver = hospital.receivers[0].clone();
    for device in 1..=10 {
        hospital.say([step(&format!("ct-{device}"), Raised, "02:00:00")]);
    }
    let heard = receiver.until_heard(1).await;
    assert_eq!(heard[0].split(", ").count(), 10, "{heard:?}");
    // after a message comes a pause, for all but what is critical
    hospital.say([step("ct-11", Raised, "02:01:00")]);
    hospital.until_noted().await;
    let (desk, now) = (hospital.desk.clone().unwrap(), Instant::now());
    let next = desk.next(0, None, None, (now + LONG / 2, at("02:10:00")));
    assert!(matches!(next, Next::Wait(Some(until)) if until > now + LONG / 2));
    let critical = AlertEvent {
        severity: Severity::Critical,
        ..step("ct-12", Raised, "02:02:00")
    };
    hospital.say([critical]);
    assert_eq!(
        receiver.until_heard(2).await[1],
        "first raised ct-12, first raised ct-11"
    );
    assert!(now.elapsed() < LONG);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_is_lost_and_what_comes_twice_has_one_identifier() {
    let mut hospital = Hospital::new(&[("oncall", None)]);
    hospital.start();
    let receiver = hospital.receivers[0].clone();
    receiver.be_away(true);
    hospital.say([step("ct-1", Raised, "02:00:00")]);
    hospital.until_noted().await;
    hospital.kill().await;
    receiver.be_away(false);
    hospital.start();
    assert_eq!(receiver.until_heard(1).await, ["first raised ct-1"]);
    // told and written down: a restart does not tell it again
    hospital.until_saved().await;
    hospital.kill().await;
    hospital.start();
    hospital.say([step("ct-1", Cleared, "03:00:00")]);
    assert_eq!(
        receiver.until_heard(2).await,
        ["first raised ct-1", "cleared ct-1"]
    );
    // killed after the receiver's word and before it is written down
    hospital.until_saved().await;
    hospital.kill().await;
    let reader = hospital.log.reader().unwrap();
    let before = reader.memory(CHANNELS_SINK).unwrap();
    hospital.start();
    hospital.say([step("ct-2", Raised, "04:00:00")]);
    receiver.until_heard(3).await;
    hospital.until_saved().await;
    hospital.kill().await;
    forget_told(&mut hospital, &before);
    hospital.start();
    receiver.until_heard(4).await;
    let heard = receiver.heard.lock().unwrap().clone();
    assert_eq!(heard[2], heard[3], "the same, by the same identifier");
}

/// Takes back what senders have written down since.
fn forget_told(hospital: &mut Hospital, before: &[(String, Vec<u8>)]) {
    let mut reader = hospital.log.reader().unwrap();
    let now = reader.memory(CHANNELS_SINK).unwrap();
    let new = now
        .iter()
        .filter(|(key, _)| key.contains("Have") && !before.iter().any(|(old, _)| old == key));
    let memory: Vec<crate::log::MemoryChange> = new.map(|(key, _)| (key.clone(), None)).collect();
    assert_eq!(memory.len(), 1, "{now:?}");
    let settlement = crate::log::Settlement {
        seq: 0,
        rows: &[],
        accepted: 0,
        rejected: &[],
        memory: &memory,
    };
    reader.settle(CHANNELS_SINK, &settlement).unwrap();
}
