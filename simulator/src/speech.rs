//! Wire formats that are tables: which topics a family uses, with which flags, when, and the template of each payload.
//!
//! Most families need no more than this. A meter with a memory of its own (tariffs, sequence numbers, what it said last)
//! implements [`WireFormat`] itself. Counters `from boot` start again where the register does.

use jiff::civil::Date;

use crate::local_time::LocalTime;
use crate::meter::{Availability, Context, Due, Line, WireFormat};
use crate::parcel::Parcel;
use crate::phrase::{self, Moment, Phrase};
use crate::register::Sample;

/// When something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// At every connection.
    Greeting,
    /// When the power is due.
    Power,
    /// When the counter is due.
    Counter,
    /// At every report.
    Report,
}

/// Topics and templates that share their flags.
pub(crate) struct Group {
    pub(crate) when: When,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    /// Topic and payload.
    pub(crate) says: &'static [(&'static str, &'static str)],
}

/// A last will, and the message that takes it back.
pub(crate) struct Will {
    pub(crate) topic: &'static str,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) online: &'static str,
    pub(crate) offline: &'static str,
}

/// All that a family says.
pub(crate) struct Speech {
    pub(crate) will: Option<Will>,
    pub(crate) groups: &'static [Group],
}

/// A meter that speaks by its table.
pub(crate) struct Spoken {
    says: Vec<(When, Line, Phrase)>,
    availability: Option<Availability>,
    local: LocalTime,
    boot: Option<Sample>,
    midnight: Option<(Date, Sample)>,
    count: u64,
}

const COMPILES: &str = "a test compiles every template of every family";

impl Spoken {
    pub(crate) fn boxed(context: &Context<'_>, speech: &'static Speech) -> Box<dyn WireFormat> {
        let topic = |template: &str| phrase::topic(template, context).expect(COMPILES);
        let say = |group: &Group, (template, payload): &(&str, &str)| {
            let line = match group.when {
                When::Greeting => Line {
                    topic: topic(template).into(),
                    qos: group.qos,
                    retain: group.retain,
                },
                _ => context.line(topic(template), group.qos, group.retain),
            };
            (
                group.when,
                line,
                Phrase::compile(payload, context).expect(COMPILES),
            )
        };
        let says = speech.groups.iter();
        let says = says.flat_map(|group| group.says.iter().map(move |row| say(group, row)));
        Box::new(Self {
            says: says.collect(),
            availability: speech.will.as_ref().map(|will| Availability {
                line: Line {
                    topic: topic(will.topic).into(),
                    qos: will.qos,
                    retain: will.retain,
                },
                online: will.online.as_bytes().into(),
                offline: will.offline.as_bytes().into(),
            }),
            local: LocalTime::new(context.scenario.zone.clone()),
            boot: None,
            midnight: None,
            count: 0,
        })
    }

    fn say(&mut self, sample: &Sample, is_due: impl Fn(When) -> bool, out: &mut Vec<Parcel>) {
        let date = self.local.date(sample.stamp_ms);
        let (day, midnight) = self.midnight.get_or_insert((date, *sample));
        if *day != date {
            (*day, *midnight) = (date, *sample);
        }
        let boot = self.boot.get_or_insert(*sample);
        restart(boot, sample);
        restart(midnight, sample);
        let mut moment = Moment {
            sample,
            boot,
            midnight,
            count: self.count,
            local: &mut self.local,
        };
        for (_, line, phrase) in self.says.iter().filter(|(when, ..)| is_due(*when)) {
            out.push(line.say(sample.at_ms, phrase.write(&mut moment)));
        }
    }
}

/// A counter that has fallen begins where it fell to.
fn restart(begun: &mut Sample, now: &Sample) {
    for (begun, now) in begun.phase.iter_mut().zip(now.phase) {
        if now.import_wh < begun.import_wh || now.export_wh < begun.export_wh {
            *begun = now;
        }
    }
}

impl WireFormat for Spoken {
    fn greet(&mut self, sample: &Sample, out: &mut Vec<Parcel>) {
        self.say(sample, |when| when == When::Greeting, out);
        out.extend(self.availability.as_ref().map(|said| said.online(sample.at_ms)));
    }

    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>) {
        self.count += 1;
        let is_due = |when| match when {
            When::Greeting => false,
            When::Power => due.power,
            When::Counter => due.counter,
            When::Report => true,
        };
        self.say(sample, is_due, out);
    }

    fn availability(&self) -> Option<&Availability> {
        self.availability.as_ref()
    }
}
