//! The report of a sweep: a line per class of sampling and modality, totals against the bars, the devices that fail.

use std::io::{self, Write};

use analyzer::State;

use super::bars::{BARS, Bar, DEVICES_AT_BAR, FIGURES, Met};
use super::judged::place;
use super::score::Figures;
use super::states::Scored;

/// One line of the table.
struct Row {
    class: &'static str,
    modality: &'static str,
    devices: usize,
    /// Of each of [`FIGURES`]; none where no device has it.
    medians: [Option<f64>; 4],
    /// Part of the devices at the bar of each, of those that have the figure.
    at_bar: [f64; 4],
    /// Part of the devices at every bar.
    at_all: f64,
    /// Devices of which the samples could show enough, and how many of them are at every bar.
    possible: usize,
    possible_at_all: usize,
}

impl Row {
    fn of(bar: &Bar, modality: &'static str, scored: &[&Scored]) -> Self {
        let met: Vec<Met> = scored.iter().map(|one| one.met()).collect();
        let values: Vec<[Option<f64>; 4]> = scored.iter().map(|one| values(&one.said)).collect();
        let is_claimed = [true, bar.f1.is_some(), bar.scanning_energy.is_some(), true];
        let possible: Vec<&&Scored> = scored.iter().filter(|one| one.is_possible()).collect();
        Self {
            class: bar.label,
            modality,
            devices: scored.len(),
            medians: std::array::from_fn(|figure| {
                let claimed = values.iter().filter(|_| is_claimed[figure]);
                median(claimed.filter_map(|value| value[figure]).collect())
            }),
            at_bar: std::array::from_fn(|figure| {
                let had = met.iter().filter_map(|met| met.0[figure]);
                part(had.clone().filter(|is_met| *is_met).count(), had.count())
            }),
            at_all: part(met.iter().filter(|met| met.all()).count(), met.len()),
            possible_at_all: possible.iter().filter(|one| one.met().all()).count(),
            possible: possible.len(),
        }
    }
}

/// The report.
pub(super) struct Report<'a> {
    rows: Vec<Row>,
    totals: Vec<(&'static Bar, Row)>,
    scored: &'a [Scored],
}

/// The row of a whole class.
const ALL: &str = "all";

impl<'a> Report<'a> {
    /// The report of scored devices.
    pub(super) fn of(scored: &'a [Scored]) -> Self {
        let (mut rows, mut totals) = (Vec::new(), Vec::new());
        for bar in &BARS {
            let class: Vec<&Scored> = scored
                .iter()
                .filter(|one| one.subject.sampling.class == bar.class)
                .collect();
            let mut names: Vec<&'static str> = class.iter().map(|one| one.subject.kind.name).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let of_name: Vec<&Scored> = class
                    .iter()
                    .copied()
                    .filter(|one| one.subject.kind.name == name)
                    .collect();
                rows.push(Row::of(bar, name, &of_name));
            }
            if !class.is_empty() {
                totals.push((bar, Row::of(bar, ALL, &class)));
            }
        }
        Self { rows, totals, scored }
    }

    /// Whether every class's medians are at the bar and enough of its devices are.
    pub(super) fn is_met(&self) -> bool {
        self.totals.iter().all(|(bar, row)| {
            bar.median_met(row.medians) == [true; 4] && row.at_bar.iter().all(|part| *part >= DEVICES_AT_BAR)
        })
    }

    /// For people.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{:18} {:12} {:>4}  {:30}  {:28}  {:>7}",
            "sampling", "modality", "n", "median of", "devices at the bar, %", "all of"
        )?;
        writeln!(
            out,
            "{:18} {:12} {:>4}  {:>7} {:>6} {:>7} {:>7}  {:>5} {:>5} {:>5} {:>6} {:>4}  {:>7}",
            "", "", "", "time", "F1", "scan E", "energy", "time", "F1", "scanE", "energy", "all", "possible"
        )?;
        for (bar, total) in &self.totals {
            for row in self
                .rows
                .iter()
                .filter(|row| row.class == bar.label)
                .chain([total])
            {
                write_row(out, row)?;
            }
            write_verdict(out, bar, total)?;
        }
        self.write_devices(out)
    }

    fn write_devices(&self, out: &mut dyn Write) -> io::Result<()> {
        let failing = |is_possible: bool| {
            self.scored
                .iter()
                .filter(move |one| !one.met().all() && one.is_possible() == is_possible)
        };
        let heads = [
            (true, "Below a bar:"),
            (
                false,
                "Below a bar, and so are the same samples labelled with the truth:",
            ),
        ];
        for (is_possible, head) in heads {
            if failing(is_possible).next().is_some() {
                writeln!(out, "\n{head}")?;
            }
            for one in failing(is_possible) {
                write_device(out, one)?;
            }
        }
        Ok(())
    }

    /// For programs.
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |row: &Row| {
            serde_json::json!({
                "sampling": row.class, "modality": row.modality, "devices": row.devices, "median": row.medians,
                "at_bar": row.at_bar, "at_all": row.at_all, "possible": row.possible,
                "possible_at_all": row.possible_at_all,
            })
        };
        let figures = |figures: &Figures| {
            serde_json::json!({
                "values": values(figures), "scanning_energy": figures.scanning_energy, "energy": figures.energy,
                "coverage": figures.coverage, "found": figures.events.found, "missed": figures.events.missed,
                "invented": figures.events.invented, "confusion_min": figures.confusion_min,
            })
        };
        let device = |one: &Scored| {
            serde_json::json!({
                "name": one.subject.name, "met": one.met().0, "possible": one.is_possible(),
                "said": figures(&one.said), "oracle": figures(&one.oracle), "parameters": one.subject.parameters(),
            })
        };
        let report = serde_json::json!({
            "figures": FIGURES,
            "is_met": self.is_met(),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "totals": self.totals.iter().map(|(_, total)| row(total)).collect::<Vec<_>>(),
            "devices": self.scored.iter().map(device).collect::<Vec<_>>(),
        });
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)
    }
}

/// The figures in the order of [`FIGURES`], errors without a sign.
fn values(figures: &Figures) -> [Option<f64>; 4] {
    [
        Some(figures.time),
        figures.events.f1(),
        figures.scanning_energy.map(f64::abs),
        Some(figures.energy.abs()),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "hundreds")]
fn part(count: usize, of: usize) -> f64 {
    if of == 0 { 1.0 } else { count as f64 / of as f64 }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

fn figure(value: Option<f64>, decimals: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.decimals$}"))
}

fn percent(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{:.2}%", value * 100.0))
}

fn write_row(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    let [time, f1, scanning, energy] = row.medians;
    let [time_at, f1_at, scanning_at, energy_at] = row.at_bar.map(|part| part * 100.0);
    writeln!(
        out,
        "{:18} {:12} {:>4}  {:>7} {:>6} {:>7} {:>7}  {time_at:>5.0} {f1_at:>5.0} {scanning_at:>5.0} {energy_at:>6.0} {:>4.0}  {:>3}/{:<3}",
        row.class,
        row.modality,
        row.devices,
        figure(time, 4),
        figure(f1, 3),
        percent(scanning),
        percent(energy),
        row.at_all * 100.0,
        row.possible_at_all,
        row.possible,
    )
}

fn write_verdict(out: &mut dyn Write, bar: &Bar, total: &Row) -> io::Result<()> {
    let median_met = bar.median_met(total.medians);
    let word = |is_met: bool| if is_met { "yes" } else { "NO" };
    let medians = FIGURES
        .iter()
        .zip(median_met)
        .map(|(name, met)| format!("{name} {}", word(met)));
    let devices = FIGURES
        .iter()
        .zip(total.at_bar)
        .map(|(name, part)| format!("{name} {}", word(part >= DEVICES_AT_BAR)));
    writeln!(
        out,
        "{:18} bar          time {:.3}, F1 {}, scan energy {}, energy {}",
        "",
        bar.time,
        figure(bar.f1, 2),
        percent(bar.scanning_energy),
        percent(Some(bar.energy))
    )?;
    writeln!(
        out,
        "{:18} median at the bar? {}; at least {:.0} % of devices? {}\n",
        "",
        medians.collect::<Vec<_>>().join(", "),
        DEVICES_AT_BAR * 100.0,
        devices.collect::<Vec<_>>().join(", ")
    )
}

fn write_device(out: &mut dyn Write, one: &Scored) -> io::Result<()> {
    let failed: Vec<&str> = FIGURES
        .iter()
        .zip(one.met().0)
        .filter_map(|(name, met)| (met == Some(false)).then_some(*name))
        .collect();
    writeln!(out, "{}  fails {}", one.subject.name, failed.join(", "))?;
    for (who, figures) in [("said", &one.said), ("oracle", &one.oracle)] {
        let events = figures.events;
        writeln!(
            out,
            "    {who:6} time {:.4}, F1 {} ({} found, {} missed, {} invented), scan energy {}, energy {}, coverage {:.3}",
            figures.time,
            figure(events.f1(), 3),
            events.found,
            events.missed,
            events.invented,
            percent(figures.scanning_energy),
            percent(Some(figures.energy)),
            figures.coverage
        )?;
    }
    writeln!(out, "    minutes {}", confusion(&one.said))?;
    writeln!(out, "    {}", one.subject.parameters())
}

/// What was taken for what, the most first.
fn confusion(figures: &Figures) -> String {
    let mut wrong = Vec::new();
    let mut truths = Vec::new();
    for truth in State::ALL.into_iter().filter(|state| *state != State::Unknown) {
        let row = &figures.confusion_min[place(truth)];
        truths.push(format!("{truth} {:.0}", row.iter().sum::<f64>()));
        for state in State::ALL.into_iter().filter(|state| *state != truth) {
            let minutes = row[place(state)];
            if minutes >= 0.1 {
                wrong.push((minutes, format!("{truth}>{state} {minutes:.1}")));
            }
        }
    }
    wrong.sort_by(|one, other| other.0.total_cmp(&one.0));
    let wrong: Vec<String> = wrong.into_iter().map(|(_, words)| words).collect();
    format!("{}; true {}", wrong.join(" "), truths.join(" "))
}
