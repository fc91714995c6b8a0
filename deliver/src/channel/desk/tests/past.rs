//! What was before: a new channel, the past said again, a log that was lost; and what is repeated.

use super::*;
use crate::rebuild::Rebuild;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_channel_hears_what_is_open_and_not_what_was() {
    let mut hospital = Hospital::new(&[("oncall", None)]);
    // before there was any channel: one in the log is over, one is open since long and in the history alone
    hospital.say([
        step("ct-1", Raised, "01:00:00"),
        step("ct-1", Cleared, "01:30:00"),
    ]);
    hospital.seed = Seed {
        open: vec![step("ct-2", Raised, "00:10:00")],
        after_row: hospital.log.last_seq(),
        past_until: hospital.journal_seq,
    };
    hospital.start();
    let receiver = hospital.receivers[0].clone();
    assert_eq!(receiver.until_heard(1).await, ["first raised ct-2"]);
    hospital.say([step("ct-3", Raised, "02:00:00")]);
    receiver.until_heard(2).await;
    hospital.until_saved().await;
    hospital.kill().await;
    hospital.configs.push(config("second", None));
    hospital.routes[0].channels.push("second".to_owned());
    hospital.receivers.push(Arc::default());
    hospital.start();
    let second = hospital.receivers[1].clone();
    assert_eq!(
        second.until_heard(1).await,
        ["first raised ct-2, first raised ct-3"]
    );
    assert_eq!(receiver.heard().len(), 2, "who knows is not told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_said_again_is_told_to_nobody_but_what_is_open_now() {
    let mut hospital = Hospital::new(&[("oncall", None)]);
    hospital.start();
    let receiver = hospital.receivers[0].clone();
    hospital.say([step("ct-1", Raised, "02:00:00"), step("ct-2", Raised, "02:00:00")]);
    receiver.until_heard(1).await;
    hospital.until_saved().await;
    hospital.until_noted().await;
    hospital.stop.cancel();
    for task in hospital.tasks.drain(..) {
        task.await.unwrap();
    }
    hospital.stop = CancellationToken::new();
    let rebuild = Rebuild::new("again".to_owned(), at("00:00:00"), BTreeMap::new());
    let until = hospital.journal_seq + 3;
    assert!(hospital.log.rewind(&rebuild, until).unwrap());
    hospital.journal_seq = 0;
    hospital.start();
    // the first goes on, by other bands since a little earlier; the second was none; a third was and is over; a fourth is new
    let earlier = AlertEvent {
        since: at("01:20:00"),
        ..step("ct-1", Raised, "01:50:00")
    };
    hospital.say([
        earlier,
        step("ct-3", Raised, "01:00:00"),
        step("ct-3", Cleared, "01:30:00"),
    ]);
    hospital.say([step("ct-4", Raised, "02:00:00")]);
    hospital.until_noted().await;
    assert_eq!(
        hospital.desk.clone().unwrap().waiting(0),
        0,
        "nobody is told of the past"
    );
    hospital.journal_seq = until;
    hospital.sample();
    let heard = receiver.until_heard(2).await;
    assert_eq!(heard[1], "first raised ct-4, cleared ct-2");
    assert_eq!(hospital.desk.clone().unwrap().waiting(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_findings_log_that_was_lost_and_is_filled_again_tells_nothing_old() {
    let mut hospital = Hospital::new(&[("oncall", None)]);
    hospital.seed = Seed {
        open: vec![step("ct-2", Raised, "00:10:00")],
        after_row: 0,
        past_until: 3,
    };
    hospital.start();
    let receiver = hospital.receivers[0].clone();
    receiver.until_heard(1).await;
    hospital.say([
        step("ct-1", Raised, "01:00:00"),
        step("ct-1", Cleared, "01:30:00"),
    ]);
    hospital.say([step("ct-2", Raised, "00:10:00"), step("ct-3", Raised, "01:40:00")]);
    hospital.until_noted().await;
    assert_eq!(hospital.desk.clone().unwrap().waiting(0), 0);
    hospital.sample();
    let heard = receiver.until_heard(2).await;
    assert_eq!(heard, ["first raised ct-2", "first raised ct-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_is_repeated_to_who_takes_silence_for_the_end() {
    let mut hospital = Hospital::new(&[("am", None)]);
    hospital.receivers = vec![Arc::new(Receiver {
        repeats_every: Some(told_s(100)),
        ..Receiver::default()
    })];
    hospital.configs[0].pause = Duration::ZERO;
    hospital.start();
    let receiver = hospital.receivers[0].clone();
    hospital.say([step("ct-1", Raised, "02:00:00"), step("ct-2", Raised, "02:00:00")]);
    receiver.until_heard(1).await;
    receiver.until_heard(4).await;
    let open = receiver.open.lock().unwrap().clone();
    assert!(open.iter().all(|open| *open == 2), "{open:?}");
    hospital.say([
        step("ct-1", Cleared, "02:10:00"),
        step("ct-2", Cleared, "02:10:00"),
    ]);
    while receiver
        .heard()
        .last()
        .is_none_or(|said| *said != "cleared ct-1, cleared ct-2")
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    hospital.until_saved().await;
    let later = (Instant::now() + Duration::from_secs(3600), at("12:00:00"));
    let next = hospital
        .desk
        .clone()
        .unwrap()
        .next(0, receiver.repeats_every, None, later);
    assert!(matches!(next, Next::Wait(None)), "what is over is not repeated");
}
