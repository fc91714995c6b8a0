//! `/api/device/{id}`: one device with what the history says of it.

use analyzer::Exam;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use super::{DeviceBody, NO_SUCH_DEVICE, StateBody, answer, by_state, refuse};
use crate::history::FaultCount;
use crate::live::WEEK_DAYS;
use crate::page::Context;
use crate::page::device::{Day, day_spans, read_days};

/// The whole of it.
#[derive(Serialize)]
struct WholeDeviceBody<'a> {
    #[serde(flatten)]
    device: DeviceBody<'a>,
    meters: Vec<String>,
    last_7_days: Vec<StateBody>,
    /// Local days, newest first.
    days: Vec<DayBody>,
    /// The newest examinations, newest first.
    exams: Vec<ExamBody>,
    /// Of seven days, by meter and kind.
    faults: Vec<FaultBody>,
}

#[derive(Serialize)]
struct DayBody {
    from: Timestamp,
    until: Timestamp,
    by_state: Vec<StateBody>,
}

impl From<Day> for DayBody {
    fn from(day: Day) -> Self {
        Self {
            from: day.from,
            until: day.until,
            by_state: by_state(&day.totals),
        }
    }
}

#[derive(Serialize)]
struct ExamBody {
    number: u64,
    from: Timestamp,
    until: Timestamp,
    energy_wh: f64,
    scanning_wh: f64,
    scanning_s: f64,
    kind: &'static str,
}

impl From<Exam> for ExamBody {
    fn from(exam: Exam) -> Self {
        Self {
            number: exam.number,
            from: exam.from,
            until: exam.until,
            energy_wh: exam.energy.wh(),
            scanning_wh: exam.scanning_energy.wh(),
            scanning_s: exam.scanning.as_secs_f64(),
            kind: exam.kind.name(),
        }
    }
}

#[derive(Serialize)]
struct FaultBody {
    meter: String,
    kind: &'static str,
    times: u64,
    last: Timestamp,
}

impl From<FaultCount> for FaultBody {
    fn from(count: FaultCount) -> Self {
        Self {
            meter: count.meter,
            kind: count.kind.name(),
            times: count.times,
            last: count.last,
        }
    }
}

/// Examinations in one answer.
const EXAMS_MAX: u32 = 50;

pub(in crate::page) async fn device(Extract(shared): Extract<Context>, Path(id): Path<String>) -> Response {
    let now = shared.now();
    let snapshot = shared.page.live.snapshot(now);
    let (Some(device), Some(live)) = (shared.device(&id), snapshot.devices.get(id.as_str())) else {
        return refuse(StatusCode::NOT_FOUND, NO_SUCH_DEVICE);
    };
    let spans = day_spans(&shared.page.live, now);
    let week = shared.page.live.day_start(now, WEEK_DAYS - 1);
    let asked = shared.page.history.ask(move |reader| {
        let days = read_days(reader, &id, &spans)?;
        Ok((
            days,
            reader.exams(&id, EXAMS_MAX)?,
            reader.fault_counts(Some(&id), week)?,
        ))
    });
    let whole = asked.await.map(|(days, exams, faults)| WholeDeviceBody {
        device: DeviceBody::of(device, live),
        meters: device.meters.clone(),
        last_7_days: by_state(&live.week),
        days: days.into_iter().map(DayBody::from).collect(),
        exams: exams.into_iter().map(ExamBody::from).collect(),
        faults: faults.into_iter().map(FaultBody::from).collect(),
    });
    answer(whole)
}
