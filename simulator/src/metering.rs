//! A meter: register, report policy, wire format, and the faults that sit in the meter itself.
//!
//! It is fed the true power piece by piece and looks at its own ticks, so its messages do not depend on how the power
//! was cut in pieces.

use crate::dice::{Dice, Part};
use crate::fault::{Chain, Outbox};
use crate::meter::{Context, Due, WireFormat, entry};
use crate::power::Segment;
use crate::register::Register;
use crate::scenario::{DeviceSpec, Policy, ReportSpec, Scenario};

/// One meter with its way to the broker.
pub(crate) struct Meter {
    register: Register,
    report: ReportSpec,
    tick_ms: i64,
    next_ms: i64,
    counter_ms: i64,
    next_counter_ms: i64,
    heartbeat_ms: i64,
    last_report: Option<(i64, f64)>,
    format: Box<dyn WireFormat>,
    dice: Dice,
    faults: Chain,
    greeted: bool,
}

impl Meter {
    /// The meter of a device of a checked scenario.
    pub(crate) fn new(scenario: &Scenario, device: &DeviceSpec) -> Self {
        let spec = &device.meter;
        let entry = entry(spec.family);
        let mut dice = Dice::new(scenario.seed, &device.id, Part::Meter);
        let register = Register::new(spec, entry.phases, entry.class_percent, &mut dice);
        let tick_ms = to_ms(spec.report.seconds);
        let counter_ms = to_ms(spec.counter_seconds.unwrap_or(60.0));
        // Meters are not switched on together: each has its own phase within the first seconds.
        let first_ms = scenario.start.as_millisecond() + dice.seconds(0.0, spec.report.seconds.min(5.0));
        let context = Context { scenario, device };
        Self {
            register,
            report: spec.report,
            tick_ms,
            next_ms: first_ms,
            counter_ms,
            next_counter_ms: first_ms,
            heartbeat_ms: to_ms(spec.report.heartbeat_seconds),
            last_report: None,
            format: (entry.format)(&context),
            dice,
            faults: Chain::new(scenario, device),
            greeted: false,
        }
    }

    /// Takes a piece of true power; what the meter says meanwhile goes to `out`.
    pub(crate) fn feed(&mut self, piece: &Segment, out: &mut Outbox) {
        let mut now_ms = piece.from_ms;
        let mut split = self.register.split(piece.milliwatts);
        while self.next_ms < piece.until_ms {
            let tick_ms = self.next_ms;
            self.register.count(split, tick_ms - now_ms);
            now_ms = tick_ms;
            self.next_ms += self.tick_ms;
            if self.faults.on_meter(tick_ms, &mut self.register) {
                split = self.register.split(piece.milliwatts);
            }
            self.look(tick_ms, piece, out);
        }
        self.register.count(split, piece.until_ms - now_ms);
    }

    fn look(&mut self, at_ms: i64, piece: &Segment, out: &mut Outbox) {
        let watts = self.register.measure(piece, self.report.mean, &mut self.dice);
        let total: f64 = watts.iter().sum();
        let due = Due {
            power: self.is_power_due(at_ms, total),
            counter: at_ms >= self.next_counter_ms,
        };
        if !due.power && !due.counter {
            return;
        }
        if due.counter {
            self.next_counter_ms += self.counter_ms.max(self.tick_ms);
        }
        if due.power {
            self.last_report = Some((at_ms, total));
        }
        let sample = self.register.sample(at_ms, watts, &mut self.dice);
        if self.faults.is_back(at_ms) || !self.greeted {
            self.greeted = true;
            self.format.greet(&sample, &mut out.fresh);
        }
        self.format.report(&sample, due, &mut out.fresh);
        for parcel in &mut out.fresh {
            parcel.sample = Some(sample);
        }
        self.faults.pass(self.format.availability(), out);
    }

    fn is_power_due(&self, at_ms: i64, watts: f64) -> bool {
        match (self.report.policy, self.last_report) {
            (Policy::Interval, _) | (_, None) => true,
            (Policy::OnChange, Some((last_ms, last))) => {
                let least = self.report.watts.max(self.report.percent / 100.0 * last.abs());
                (watts - last).abs() > least || at_ms - last_ms >= self.heartbeat_ms
            }
        }
    }
}

fn to_ms(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "checked: at most a day")]
    let ms = (seconds * 1000.0).round() as i64;
    ms.max(1)
}
