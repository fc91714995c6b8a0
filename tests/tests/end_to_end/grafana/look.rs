//! Panels that are no plain list of values: what they show beside the truth.

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};

use super::ask::{Asked, Frame};
use super::truth::{Map, Piece, Truth};

/// Of the intervals of a timeline, so many must be as the truth is; a change within an interval may be seen a little late.
const STATES_RIGHT_MIN: f64 = 0.98;
/// And of so many there must be a reading.
const STATES_KNOWN_MIN: f64 = 0.97;
/// Of the intervals of a curve, so many must be as the meter showed: where phases come one by one, a peak may be missed.
const CURVE_RIGHT_MIN: f64 = 0.9;
/// How far a message may be from the edge of an interval.
const EDGE: SignedDuration = SignedDuration::from_secs(5);
const STATES: [&str; 5] = ["off", "standby", "idle", "scanning", "unknown"];

/// The number of a state in the series.
pub(super) fn code(state: &str) -> u8 {
    let place = STATES.iter().position(|other| *other == state);
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(u8::MAX)
}

fn name(code: &serde_json::Value) -> &'static str {
    let place = code.as_u64().and_then(|code| usize::try_from(code).ok());
    place
        .and_then(|place| STATES.get(place))
        .copied()
        .unwrap_or("no state")
}

fn label<'a>(frame: &'a Frame, name: &str) -> anyhow::Result<&'a str> {
    frame
        .labels
        .get(name)
        .map(String::as_str)
        .with_context(|| format!("no label {name} in {frame:?}"))
}

/// A column of a row, as text.
fn text<'a>(frame: &Frame, row: &'a [serde_json::Value], column: &str) -> Option<&'a str> {
    row[frame.column(column)?].as_str()
}

fn number(frame: &Frame, row: &[serde_json::Value], column: &str) -> Option<f64> {
    row[frame.column(column)?].as_f64()
}

fn near(found: f64, truth: f64, share: f64, slack: f64) -> bool {
    (found - truth).abs() <= truth.abs() * share + slack
}

impl Truth {
    /// Overnight alerts that are open now: the device has idled ever since.
    pub(super) fn open_alerts(&self) -> Vec<(String, Timestamp)> {
        let is_open = |(device, since): &&(String, Timestamp)| {
            let states = ["off", "standby", "scanning"];
            let length = self.now.duration_since(*since) - SignedDuration::from_secs(1);
            let begin = *since + SignedDuration::from_millis(500);
            !states.iter().any(|state| self.was(device, state, begin, length))
        };
        self.overnight.iter().filter(is_open).cloned().collect()
    }

    /// The state of each workstation now.
    pub(super) fn stations_now(&self) -> impl Iterator<Item = &'static str> {
        let stations = self
            .analyzer
            .devices
            .iter()
            .filter(|device| device.modality.name == "workstation");
        stations.filter_map(|device| Some(self.at(&device.id, self.now)?.0))
    }

    /// Energy between two instants, in kWh.
    fn energy_between(&self, id: &str, from: Timestamp, until: Timestamp) -> f64 {
        let of = self.pieces.iter().filter(|piece| piece.device == id);
        let parts = of.map(|piece| {
            let overlap = piece
                .until
                .min(until)
                .duration_since(piece.from.max(from))
                .as_secs_f64();
            piece.energy_wh / 1000.0 * overlap.max(0.0) / piece.seconds()
        });
        parts.sum()
    }

    /// Whether the truth knows the day: it ends with the last instant.
    fn seconds(&self, asked: &Asked) -> f64 {
        asked
            .to
            .duration_since(asked.from.max(self.scenario.start))
            .as_secs_f64()
    }
}

/// The last reading of each device: its state is the truth's, its power what the meter showed.
pub(super) fn now(truth: &Truth, _: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    all_now(truth, frames, &truth.devices().collect::<Vec<_>>())
}

/// The same of workstations.
pub(super) fn stations_now(truth: &Truth, _: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    let stations = truth
        .analyzer
        .devices
        .iter()
        .filter(|device| device.modality.name == "workstation");
    all_now(
        truth,
        frames,
        &stations.map(|device| &*device.id).collect::<Vec<_>>(),
    )
}

fn all_now(truth: &Truth, frames: &[Frame], wanted: &[&str]) -> anyhow::Result<()> {
    let shown: Vec<&str> = frames
        .iter()
        .map(|frame| label(frame, "device"))
        .collect::<Result<_, _>>()?;
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    ensure!(shown == wanted, "shown are {shown:?}, not {wanted:?}");
    for frame in frames {
        let (id, row) = (label(frame, "device")?, frame.rows.first().context("no row")?);
        let (state, power_w) = truth.at(id, truth.now).context("no truth")?;
        let shown = name(&row[frame.column("state").context("no state")?]);
        ensure!(shown == state, "{id} is {state}, not {shown}");
        let shown_w = number(frame, row, "power").context("no power")?;
        ensure!(
            near(shown_w, power_w, 0.15, 5.0),
            "{id} draws {power_w} W, not {shown_w}"
        );
        let room = truth
            .analyzer
            .devices
            .iter()
            .find(|device| &*device.id == id)
            .map(|device| &device.room);
        ensure!(
            Some(label(frame, "room")?) == room.map(String::as_str),
            "{id} stands in {room:?}"
        );
    }
    Ok(())
}

/// Each cell of a timeline is a state that the device had in that interval.
pub(super) fn states(truth: &Truth, asked: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    for frame in frames {
        let id = label(frame, "device")?;
        let known: Vec<_> = frame.rows.iter().filter(|row| !row[1].is_null()).collect();
        let is_right = |row: &&&Vec<serde_json::Value>| {
            truth.was(id, name(&row[1]), Frame::instant(row), asked.interval)
        };
        let right = known.iter().filter(is_right).count();
        ensure!(
            share(right, known.len()) >= STATES_RIGHT_MIN,
            "{id}: {right} of {} right",
            known.len()
        );
        let all = truth.seconds(asked) / asked.interval.as_secs_f64();
        let seen = share(known.len(), 1) / all;
        ensure!(
            seen >= STATES_KNOWN_MIN,
            "{id}: a reading in {seen} of the intervals"
        );
    }
    Ok(())
}

fn share(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(part) / number(whole)
}

/// A device's curve: the mean of each interval lies between what the meter showed then, the highest is the highest of it.
pub(super) fn curve(truth: &Truth, asked: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    let [mean, highest] = frames else {
        anyhow::bail!("two curves, not {}", frames.len())
    };
    let shown = truth.shown(asked.device().context("a device")?);
    let (mut right, mut found_w, mut real_w) = (0, 0.0, 0.0);
    for (mean, highest) in mean.rows.iter().zip(&highest.rows) {
        let (Some(mean_w), Some(highest_w)) = (mean[1].as_f64(), highest[1].as_f64()) else {
            continue;
        };
        ensure!(
            mean[0] == highest[0] && mean_w <= highest_w + 0.001,
            "{mean:?} above {highest:?}"
        );
        // a message may fall beyond the edge by the time it takes
        let begin = Frame::instant(mean) - EDGE;
        let part = shown.partition_point(|shown| shown.at < begin);
        let meant = shown[part..]
            .iter()
            .take_while(|shown| shown.at <= begin + asked.interval + EDGE * 2);
        let meant: Vec<f64> = meant.map(|shown| shown.power_w).collect();
        let (least_w, most_w) = meant.iter().fold((f64::MAX, f64::MIN), |(least, most), power_w| {
            (least.min(*power_w), most.max(*power_w))
        });
        found_w += mean_w;
        real_w += meant.iter().sum::<f64>() * share(1, meant.len());
        let is_between = mean_w >= least_w * 0.98 - 5.0 && mean_w <= most_w * 1.02 + 5.0;
        right += usize::from(is_between && near(highest_w, most_w, 0.02, 5.0));
    }
    ensure!(
        near(found_w, real_w, 0.05, 5.0),
        "{found_w} W summed up, not {real_w}"
    );
    ensure!(
        share(right, mean.rows.len()) >= CURVE_RIGHT_MIN,
        "{right} of {}",
        mean.rows.len()
    );
    Ok(())
}

/// What an open alert has cost at its last step.
pub(super) fn open_alerts(truth: &Truth, _: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    for (frame, (id, since)) in frames.iter().zip(truth.open_alerts()) {
        let row = frame.rows.first().context("a row")?;
        let real_wh = truth.energy_between(&id, since, Frame::instant(row)) * 1000.0;
        let wh = number(frame, row, "energy").context("energy")?;
        ensure!(near(wh, real_wh, 0.02, 10.0), "{id}: {wh} Wh, not {real_wh}");
        ensure!(
            number(frame, row, "cost").is_some_and(|cost| cost > 0.0),
            "no cost"
        );
    }
    Ok(())
}

/// Examinations by local day: how many, or what of them.
pub(super) fn exams_by_day(truth: &Truth, asked: &Asked, measure: fn(f64) -> f64) -> Map {
    let mut days = Map::new();
    for (_, from, energy_wh) in truth.exams(asked) {
        *days.entry(truth.day(from)).or_default() += measure(energy_wh);
    }
    days
}

/// The examinations listed are the truth's, the newest first.
pub(super) fn exams(truth: &Truth, asked: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    let begins: Vec<Timestamp> = truth.exams(asked).map(|(_, from, _)| from).collect();
    let Some(frame) = frames.first() else {
        ensure!(
            begins.is_empty(),
            "{} examinations and none is listed",
            begins.len()
        );
        return Ok(());
    };
    let patients: Vec<_> = frame
        .rows
        .iter()
        .filter(|row| text(frame, row, "kind") == Some("patient"))
        .collect();
    let is_real = |row: &&&Vec<serde_json::Value>| {
        let near = |begin: &&Timestamp| {
            Frame::instant(row).duration_since(**begin).abs() <= SignedDuration::from_mins(2)
        };
        begins.iter().any(|begin| near(&begin))
    };
    let real = patients.iter().filter(is_real).count();
    ensure!(
        share(real, patients.len()) >= 0.95,
        "{real} of {} are real",
        patients.len()
    );
    ensure!(
        patients.len() >= begins.len().min(100) * 9 / 10,
        "{} of {} listed",
        patients.len(),
        begins.len()
    );
    Ok(())
}

/// The steps listed: each overnight alert that is due was raised, with its beginning, and no other.
pub(super) fn alert_steps(truth: &Truth, asked: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    let mut begins = Vec::new();
    for frame in frames {
        for row in &frame.rows {
            let of = |column| text(frame, row, column);
            if (of("rule"), of("phase")) == (Some("overnight_idle"), Some("raised")) {
                let seconds = number(frame, row, "duration").context("duration")?;
                begins.push(Frame::instant(row) - SignedDuration::try_from_secs_f64(seconds)?);
            }
        }
    }
    let due: Vec<_> = truth
        .overnight
        .iter()
        .filter(|(device, since)| asked.device() == Some(device) && *since >= asked.from)
        .collect();
    ensure!(begins.len() == due.len(), "{begins:?}, due are {due:?}");
    for (_, since) in due {
        let is_near = |begin: &Timestamp| begin.duration_since(*since).abs() <= SignedDuration::from_mins(5);
        ensure!(begins.iter().any(is_near), "{since} is not in {begins:?}");
    }
    Ok(())
}

/// A learned level with a sure name is what the device draws in that state.
pub(super) fn levels(truth: &Truth, asked: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    let id = asked.device().context("a device")?;
    let learns = truth
        .analyzer
        .devices
        .iter()
        .any(|device| &*device.id == id && device.learns());
    ensure!(
        frames.is_empty() != learns,
        "{id} learns: {learns}, shown: {}",
        frames.len()
    );
    for frame in frames {
        let row = frame.rows.first().context("a row")?;
        for state in ["off", "standby", "idle"] {
            let level_w = number(frame, row, state);
            let sure = number(frame, row, &format!("{state}, sure"));
            ensure!(
                level_w.is_some() == sure.is_some(),
                "{id} {state}: {level_w:?} {sure:?}"
            );
            let (Some(level_w), Some(sure)) = (level_w, sure) else {
                continue;
            };
            let sum = |measure: fn(&Piece) -> f64| {
                let sums = truth.sum(asked, |piece| piece.state == state, |_| String::new(), measure);
                sums.values().sum::<f64>()
            };
            let real_w = sum(|piece| piece.energy_wh) / sum(Piece::seconds) * 3600.0;
            ensure!(
                sure < 0.5 || near(level_w, real_w, 0.12, 5.0),
                "{id} {state}: {level_w} W, not {real_w}"
            );
        }
    }
    Ok(())
}

/// The demo injects no faults: what is left to say is that the MRI's meter tells too rarely for scans.
pub(super) fn faults(_: &Truth, asked: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    let kinds: Vec<_> = frames
        .iter()
        .flat_map(|frame| frame.rows.iter().map(move |row| (frame, row)))
        .map(|(frame, row)| {
            frame
                .labels
                .get("kind")
                .map(String::as_str)
                .or_else(|| text(frame, row, "kind"))
        })
        .collect();
    let due = asked.device().is_none_or(|device| device == "mri-1");
    ensure!(
        kinds == [Some("interval_too_coarse")][..usize::from(due)],
        "{kinds:?}"
    );
    Ok(())
}

/// (P − target) × t of the pieces meant, device by device, in kWh: the target is the lower of the device's means in off and
/// standby that it was in for an hour.
pub(super) fn avoidable(truth: &Truth, asked: &Asked, is_meant: fn(&Piece) -> bool) -> Map {
    let by_device = |piece: &Piece| piece.device.clone();
    let (energy, seconds) = (
        truth.sum(asked, is_meant, by_device, |piece| piece.energy_wh),
        truth.sum(asked, is_meant, by_device, Piece::seconds),
    );
    let mean_w = |state: &'static str| {
        let energy = truth.sum(
            asked,
            move |piece| piece.state == state,
            by_device,
            |piece| piece.energy_wh,
        );
        let seconds = truth.sum(
            asked,
            move |piece| piece.state == state,
            by_device,
            Piece::seconds,
        );
        let long = seconds.into_iter().filter(|(_, seconds)| *seconds >= 3600.0);
        long.map(|(id, seconds)| (id.clone(), energy[&id] / seconds * 3600.0))
            .collect::<Map>()
    };
    let (off, standby) = (mean_w("off"), mean_w("standby"));
    let target = |id: &String| match (off.get(id), standby.get(id)) {
        (Some(off), Some(standby)) => Some(off.min(*standby)),
        (one, other) => one.or(other).copied(),
    };
    let saved = energy.iter().filter_map(|(id, wh)| {
        let rested_wh = target(id)? * seconds[id] / 3600.0;
        Some((id.clone(), (wh - rested_wh) / 1000.0))
    });
    saved.collect()
}

/// The slowest rhythm of a device's meter, in seconds.
fn rhythm_s(truth: &Truth, id: &str) -> anyhow::Result<f64> {
    let report = &truth.meter(id).context("a meter")?.report;
    Ok(if report.policy == simulator::Policy::OnChange {
        report.heartbeat_seconds
    } else {
        report.seconds
    })
}

/// Every device is shown, and each as it should be.
fn each(
    truth: &Truth,
    frames: &[Frame],
    judge: impl Fn(&str, &Frame) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let all = truth.devices().count();
    ensure!(frames.len() == all, "{} devices, not {all}", frames.len());
    frames
        .iter()
        .try_for_each(|frame| judge(label(frame, "device")?, frame))
}

/// The newest reading is not older than the meter's rhythm.
pub(super) fn ages(truth: &Truth, _: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    each(truth, frames, |id, frame| {
        let row = frame.rows.first().context("a row")?;
        let age_s = truth.now.duration_since(Frame::instant(row)).as_secs_f64();
        let rhythm_s = rhythm_s(truth, id)?;
        let is_fresh = (-5.0..=rhythm_s * 2.0 + 5.0).contains(&age_s);
        ensure!(is_fresh, "{id}: {age_s} s, its rhythm is {rhythm_s} s");
        Ok(())
    })
}

/// Readings come at least in the meter's rhythm, and no oftener than it sends.
pub(super) fn readings(truth: &Truth, asked: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    each(truth, frames, |id, frame| {
        let minutes = asked.interval.as_secs_f64() / 60.0;
        let a_minute = frame.rows.iter().filter_map(|row| row[1].as_f64());
        let readings: f64 = a_minute.map(|a_minute| a_minute * minutes).sum();
        let sent = truth.shown(id).iter().filter(|shown| shown.at >= asked.from);
        let least = truth.seconds(asked) / rhythm_s(truth, id)? * 0.95;
        let most = f64::from(u32::try_from(sent.count())?);
        ensure!(
            (least..=most).contains(&readings),
            "{id}: {readings} readings, not {least} to {most}"
        );
        Ok(())
    })
}

/// No silence is longer than the meter's rhythm allows.
pub(super) fn silences(truth: &Truth, _: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
    each(truth, frames, |id, frame| {
        let row = frame.rows.first().context("a row")?;
        let (gap_s, rhythm_s) = (row[1].as_f64().context("a gap")?, rhythm_s(truth, id)?);
        let is_short = gap_s > 0.0 && gap_s <= rhythm_s * 2.0 + 5.0;
        ensure!(is_short, "{id}: {gap_s} s, its rhythm is {rhythm_s} s");
        Ok(())
    })
}
