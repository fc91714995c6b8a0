//! A device's day: when staff switch it on and off, when patients come, what happens at night. Local time throughout.
//!
//! The agenda is planned one local day at a time, so it has no end and little memory. All draws of a day are made when
//! it is planned, in a fixed order. It says what staff intend; an exam that runs late moves what follows.

use std::collections::VecDeque;

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};

use crate::dice::Dice;
use crate::local_time::LocalTime;
use crate::power::Happening;
use crate::scenario::{Day, EventKind, EventSpec, Mode, Schedule};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Switch(Mode),
    Calibrate,
    Exam,
    Note(Happening),
}

/// A task and its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appointment {
    pub(crate) at_ms: i64,
    pub(crate) task: Task,
}

/// What a modality usually does where the schedule does not say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habit {
    pub(crate) exams_per_hour: f64,
    pub(crate) exam_minutes: f64,
    pub(crate) after_hours: Mode,
    pub(crate) calibrates: bool,
}

/// The queue of appointments of one device.
pub(crate) struct Agenda {
    local: LocalTime,
    schedule: Schedule,
    habit: Habit,
    events: Vec<EventSpec>,
    first_date: Date,
    next_date: Date,
    dice: Dice,
    queue: VecDeque<Appointment>,
}

impl Agenda {
    /// The agenda from the day before `start_ms` on, and the mode the device is in at that instant.
    pub(crate) fn new(
        mut local: LocalTime,
        schedule: Schedule,
        habit: Habit,
        events: Vec<EventSpec>,
        start_ms: i64,
        dice: Dice,
    ) -> (Self, Mode) {
        let first_date = local.date(start_ms);
        let next_date = first_date.saturating_sub(1.day());
        let mut agenda = Self {
            local,
            schedule,
            habit,
            events,
            first_date,
            next_date,
            dice,
            queue: VecDeque::new(),
        };
        let mut mode = agenda.after_hours();
        while agenda.peek().at_ms <= start_ms {
            if let Task::Switch(to) = agenda.take().task {
                mode = to;
            }
        }
        (agenda, mode)
    }

    /// The next appointment, left where it is.
    pub(crate) fn peek(&mut self) -> Appointment {
        while self.queue.is_empty() {
            self.plan_day();
        }
        self.queue[0]
    }

    /// The next appointment, removed.
    pub(crate) fn take(&mut self) -> Appointment {
        let first = self.peek();
        self.queue.pop_front();
        first
    }

    fn after_hours(&self) -> Mode {
        self.schedule.after_hours.unwrap_or(self.habit.after_hours)
    }

    fn plan_day(&mut self) {
        let date = self.next_date;
        self.next_date = date.saturating_add(1.day());
        let mut plan = Vec::new();
        let night = self.number(date);
        self.plan_small_hours(date, night - 1, &mut plan);
        let left_on = self.has(EventKind::LeftOn, night);
        if self.is_open(date) {
            self.plan_open_day(date, left_on, &mut plan);
        } else {
            self.plan_closed_day(date, night, left_on, &mut plan);
        }
        self.plan_evening(date, night, &mut plan);
        plan.sort_by_key(|appointment| appointment.at_ms);
        self.queue.extend(plan);
    }

    /// Wakings and emergencies of the night that began the evening before.
    fn plan_small_hours(&mut self, date: Date, night: i32, plan: &mut Vec<Appointment>) {
        for event in self.happening(night) {
            let at = event_time(&event);
            if at < Time::constant(12, 0, 0, 0) {
                self.plan_event(&event, date, at, plan);
            }
        }
    }

    /// Wakings and emergencies before midnight.
    fn plan_evening(&mut self, date: Date, night: i32, plan: &mut Vec<Appointment>) {
        for event in self.happening(night) {
            let at = event_time(&event);
            if at >= Time::constant(12, 0, 0, 0) {
                self.plan_event(&event, date, at, plan);
            }
        }
    }

    fn plan_event(&mut self, event: &EventSpec, date: Date, at: Time, plan: &mut Vec<Appointment>) {
        let at_ms = self.local.instant_ms(date, at) + self.dice.seconds(0.0, 59.0);
        let mut push = |at_ms, task| plan.push(Appointment { at_ms, task });
        match event.kind {
            EventKind::LeftOn => {}
            EventKind::SelfWake => {
                push(at_ms, Task::Note(Happening::SelfWake));
                push(at_ms, Task::Switch(Mode::Idle));
            }
            EventKind::Emergency => {
                push(at_ms, Task::Note(Happening::Emergency));
                push(at_ms, Task::Switch(Mode::Idle));
                let mut next_ms = at_ms + self.dice.seconds(120.0, 300.0);
                // All due at once: each begins when the one before is over, and so does the switching down.
                for _ in 0..event.exams.unwrap_or(1) {
                    push(next_ms, Task::Exam);
                    next_ms += 1000;
                }
                push(next_ms, Task::Switch(self.after_hours()));
            }
        }
    }

    fn plan_open_day(&mut self, date: Date, left_on: bool, plan: &mut Vec<Appointment>) {
        let schedule = self.schedule.clone();
        let instant = |text: &str| {
            self.local
                .instant_ms(date, time_of_day(text).unwrap_or(Time::midnight()))
        };
        let (open_ms, close_ms) = (instant(&schedule.open), instant(&schedule.close));
        let jitter_ms = self.dice.seconds(-600.0, 600.0);
        let on_ms = open_ms - minutes_ms(schedule.ready_before_minutes) + jitter_ms;
        plan.push(Appointment {
            at_ms: on_ms,
            task: Task::Switch(Mode::Idle),
        });
        if schedule.calibration && self.habit.calibrates {
            let at_ms = on_ms + self.dice.seconds(180.0, 420.0);
            plan.push(Appointment {
                at_ms,
                task: Task::Note(Happening::Calibration),
            });
            plan.push(Appointment {
                at_ms,
                task: Task::Calibrate,
            });
        }
        let rate = schedule.exams_per_hour.unwrap_or(self.habit.exams_per_hour);
        if rate > 0.0 {
            let slot_minutes = (60.0 / rate).max(self.habit.exam_minutes * 0.8);
            let mut at_ms = open_ms + self.dice.seconds(120.0, 900.0);
            while at_ms + minutes_ms(self.habit.exam_minutes) < close_ms {
                plan.push(Appointment {
                    at_ms,
                    task: Task::Exam,
                });
                at_ms += minutes_ms(slot_minutes * self.dice.between(0.75, 1.25));
            }
        }
        let delay_ms = minutes_ms(schedule.closing_delay_minutes * self.dice.between(0.33, 1.67));
        let task = if left_on {
            Task::Note(Happening::LeftOn)
        } else {
            Task::Switch(self.after_hours())
        };
        plan.push(Appointment {
            at_ms: close_ms + delay_ms,
            task,
        });
    }

    /// A closed day: somebody notices in the morning what the night left on; somebody may leave it on in the evening.
    fn plan_closed_day(&mut self, date: Date, night: i32, left_on: bool, plan: &mut Vec<Appointment>) {
        let was_left = self.has(EventKind::LeftOn, night - 1) || self.has(EventKind::SelfWake, night - 1);
        let (morning, evening) = (Time::constant(8, 0, 0, 0), Time::constant(17, 0, 0, 0));
        if was_left && !left_on {
            let at_ms = self.local.instant_ms(date, morning) + self.dice.seconds(0.0, 1200.0);
            plan.push(Appointment {
                at_ms,
                task: Task::Switch(self.after_hours()),
            });
        }
        if left_on {
            let at_ms = self.local.instant_ms(date, evening) + self.dice.seconds(0.0, 1200.0);
            plan.push(Appointment {
                at_ms,
                task: Task::Note(Happening::LeftOn),
            });
            plan.push(Appointment {
                at_ms,
                task: Task::Switch(Mode::Idle),
            });
        }
    }

    fn is_open(&self, date: Date) -> bool {
        let weekday = match date.weekday() {
            Weekday::Monday => Day::Mon,
            Weekday::Tuesday => Day::Tue,
            Weekday::Wednesday => Day::Wed,
            Weekday::Thursday => Day::Thu,
            Weekday::Friday => Day::Fri,
            Weekday::Saturday => Day::Sat,
            Weekday::Sunday => Day::Sun,
        };
        self.schedule.days.contains(&weekday)
    }

    /// Days after the scenario's first date; may be negative.
    fn number(&self, date: Date) -> i32 {
        (date - self.first_date).get_days()
    }

    fn happening(&self, night: i32) -> Vec<EventSpec> {
        self.events
            .iter()
            .filter(|event| happens(event, night))
            .cloned()
            .collect()
    }

    fn has(&self, kind: EventKind, night: i32) -> bool {
        self.events
            .iter()
            .any(|event| event.kind == kind && happens(event, night))
    }
}

fn happens(event: &EventSpec, night: i32) -> bool {
    event.nights.iter().any(|first| {
        let after = night - first;
        after == 0
            || event
                .repeat_days
                .is_some_and(|days| after > 0 && after % days == 0)
    })
}

fn event_time(event: &EventSpec) -> Time {
    let text = event.time.as_deref().unwrap_or("03:00");
    time_of_day(text).unwrap_or(Time::constant(3, 0, 0, 0))
}

/// `HH:MM` or `HH:MM:SS`.
pub(crate) fn time_of_day(text: &str) -> Option<Time> {
    text.parse().ok()
}

fn minutes_ms(minutes: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "at most hours")]
    let ms = (minutes * 60_000.0) as i64;
    ms
}
