//! The bars of each class of sampling, and what a device misses of them.

use super::score::Figures;
use super::subject::Class;

/// What the figures of one class must reach; none is not claimed.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) class: Class,
    pub(super) label: &'static str,
    pub(super) time: f64,
    pub(super) f1: Option<f64>,
    pub(super) scanning_energy: Option<f64>,
    pub(super) energy: f64,
}

/// The bars, in the order of the report. At 60 s idle and scanning count as one.
pub(super) static BARS: [Bar; 3] = [
    Bar {
        class: Class::Fast,
        label: "<= 2 s, on change",
        time: 0.995,
        f1: Some(0.96),
        scanning_energy: Some(0.03),
        energy: 0.005,
    },
    Bar {
        class: Class::Middle,
        label: "5-10 s",
        time: 0.985,
        f1: Some(0.92),
        scanning_energy: Some(0.06),
        energy: 0.005,
    },
    Bar {
        class: Class::Slow,
        label: "60 s",
        time: 0.99,
        f1: None,
        scanning_energy: None,
        energy: 0.005,
    },
];

/// So many of the devices must reach it.
pub(super) const DEVICES_AT_BAR: f64 = 0.9;

/// The four figures a bar is set for.
pub(super) const FIGURES: [&str; 4] = ["time", "F1", "scan energy", "energy"];

/// Which of [`FIGURES`] of a device are at the bar, of those it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Met(pub(super) [Option<bool>; 4]);

impl Met {
    /// Whether nothing is below its bar.
    pub(super) fn all(self) -> bool {
        self.0.iter().all(|met| *met != Some(false))
    }
}

impl Bar {
    /// The bar of a class.
    pub(super) fn of(class: Class) -> &'static Self {
        match class {
            Class::Fast => &BARS[0],
            Class::Middle => &BARS[1],
            Class::Slow => &BARS[2],
        }
    }

    /// Which of [`FIGURES`] are at the bar; none where it is not claimed, or the device has no such figure.
    pub(super) fn met(&self, figures: &Figures) -> Met {
        let f1 = figures.events.f1().zip(self.f1);
        let scanning = figures.scanning_energy.zip(self.scanning_energy);
        Met([
            Some(figures.time >= self.time),
            f1.map(|(f1, bar)| f1 >= bar),
            scanning.map(|(error, bar)| error.abs() <= bar),
            Some(figures.energy.abs() <= self.energy),
        ])
    }

    /// Whether a median of each figure is at the bar; none is a figure that no device has.
    pub(super) fn median_met(&self, medians: [Option<f64>; 4]) -> [bool; 4] {
        let least = |figure: Option<f64>, bar: Option<f64>| figure.zip(bar).is_none_or(|(f, bar)| f >= bar);
        let most = |figure: Option<f64>, bar: Option<f64>| figure.zip(bar).is_none_or(|(f, bar)| f <= bar);
        [
            least(medians[0], Some(self.time)),
            least(medians[1], self.f1),
            most(medians[2], self.scanning_energy),
            most(medians[3], Some(self.energy)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::Events;
    use super::*;

    #[test]
    fn bars_stand_in_the_order_of_their_classes() {
        for class in [Class::Fast, Class::Middle, Class::Slow] {
            assert_eq!(Bar::of(class).class, class);
        }
    }

    #[test]
    fn a_figure_is_met_at_its_bar_and_does_not_count_when_it_is_not_claimed() {
        let figures = Figures {
            time: 0.99,
            coverage: 1.0,
            events: Events {
                found: 9,
                missed: 1,
                invented: 1,
            },
            scanning_energy: Some(-0.05),
            energy: 0.004,
            confusion_min: [[0.0; 5]; 4],
        };
        let met = |class: Class| Bar::of(class).met(&figures);
        assert_eq!(met(Class::Fast).0, [false, false, false, true].map(Some));
        assert_eq!(met(Class::Middle).0, [true, false, true, true].map(Some));
        assert_eq!(met(Class::Slow).0, [Some(true), None, None, Some(true)]);
        assert!(met(Class::Slow).all() && !met(Class::Middle).all());
    }
}
