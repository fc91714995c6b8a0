//! Key figures as JSON: what `/api/kpi` and `idlewatt kpi --json` answer. Renaming a figure's parts changes nothing here.
//!
//! A figure without its data has a `reason` and no value. Every answer states the baseline, the prices and the carbon
//! factor that it was reckoned with.

use analyzer::kpi::{KPIS, Kpi};
use analyzer::report::{Row, Target};
use jiff::Timestamp;
use serde::Serialize;

/// What avoidable energy is measured against, for people.
pub const BASELINE: &str = "avoidable energy is reckoned against the idling that was observed in closed hours, never against idling round the clock";
/// What the numbers of examinations are.
pub const EXAMS: &str =
    "examinations are clusters of scanning, guessed from power; guessed calibrations are left out";

/// A whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct KpiReport {
    /// See [`BASELINE`].
    pub baseline: &'static str,
    /// See [`EXAMS`].
    pub exams: &'static str,
    /// ISO 4217; the unit of figures in `currency`.
    pub currency: String,
    /// The prices, with source and year.
    pub tariff: String,
    /// The carbon factor, with source and year.
    pub carbon_factor: String,
    /// Every figure, once.
    pub figures: Vec<FigureJson>,
    /// By period and group.
    pub rows: Vec<RowJson>,
}

/// What a figure means.
#[derive(Clone, Debug, Serialize)]
pub struct FigureJson {
    /// Its stable word.
    pub name: &'static str,
    /// Its unit; `1` for a ratio or a count.
    pub unit: &'static str,
    /// How it is reckoned.
    pub formula: &'static str,
    /// Who uses it.
    pub source: &'static str,
    /// The published band.
    pub published: Option<[f64; 2]>,
}

/// The figures of one group over one period.
#[derive(Clone, Debug, Serialize)]
pub struct RowJson {
    /// The period's name; none where the range is whole.
    pub period: Option<String>,
    /// First instant.
    pub from: Timestamp,
    /// First instant after.
    pub until: Timestamp,
    /// The group's name.
    pub group: String,
    /// How many devices it has.
    pub devices: u32,
    /// Examinations that were taken for calibrations, and counted nowhere else.
    pub calibrations: u64,
    /// What each device's idling is measured against.
    pub targets: Vec<TargetJson>,
    /// The values.
    pub values: Vec<ValueJson>,
}

/// A device's target.
#[derive(Clone, Debug, Serialize)]
pub struct TargetJson {
    /// Which device.
    pub device: String,
    /// W; none where there is none.
    pub power_w: Option<f64>,
    /// Where it comes from, or why there is none.
    pub says: String,
}

/// One value, or why there is none.
#[derive(Clone, Debug, Serialize)]
pub struct ValueJson {
    /// The figure.
    pub name: &'static str,
    /// Of which state; none for a figure of the whole.
    pub state: Option<&'static str>,
    /// The value.
    pub value: Option<f64>,
    /// Why there is none.
    pub reason: Option<&'static str>,
}

impl FigureJson {
    /// Every figure, in the order of the table.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let figure = |kpi: &Kpi| Self {
            name: kpi.name,
            unit: kpi.unit,
            formula: kpi.formula,
            source: kpi.source,
            published: kpi.published.map(|band| [band.from, band.until]),
        };
        KPIS.iter().map(figure).collect()
    }
}

impl From<&Row> for RowJson {
    fn from(row: &Row) -> Self {
        let values = KPIS.iter().flat_map(|kpi| {
            let values = kpi.values(&row.totals).into_iter();
            values.map(|(state, answer)| ValueJson {
                name: kpi.name,
                state: state.map(analyzer::State::name),
                value: answer.ok(),
                reason: answer.err(),
            })
        });
        let targets = row.targets.iter().map(|(device, target)| TargetJson {
            device: device.to_string(),
            power_w: target.power_w(),
            says: target_in_words(target),
        });
        Self {
            period: row.period.clone(),
            from: row.from,
            until: row.until,
            group: row.group.clone(),
            devices: row.totals.devices,
            calibrations: row.totals.exams.calibrations,
            targets: targets.collect(),
            values: values.collect(),
        }
    }
}

/// A target for people.
#[must_use]
pub fn target_in_words(target: &Target) -> String {
    match target {
        Target::Configured(power_w) => format!("{power_w:.0} W, target_w of the configuration"),
        Target::Observed {
            state,
            power_w,
            hours,
        } => format!(
            "{power_w:.0} W, its own mean in {} over {hours:.1} h of the range",
            state.name()
        ),
        Target::None(reason) => format!("none: {reason}"),
    }
}
