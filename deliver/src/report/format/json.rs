//! A report for programs. The shape is public (`docs/report.md`): fields are added, never renamed; energies in kWh, instants
//! in RFC 3339 and UTC, shares as ratios.
//!
//! The waste view's `/api/waste` has the same parts.

use analyzer::report::Part;
use analyzer::{Energy, State};
use jiff::Timestamp;
use serde::Serialize;

use super::super::advice::Advice;
use super::super::chart::Cells;
use super::super::figures::Figures;
use super::super::part::all_days;
use super::super::statement::{Sheet, Statement};
use super::super::{REST_HOURS, Span, WORST};
use super::Format;
use crate::kpi::{BASELINE, EXAMS, FigureJson, RowJson};
use crate::page::SiteInfo;
use crate::page::speaker::Speaker;
use crate::public::BandsJson;

/// See the module.
pub(super) const FORMAT: Format = Format { name: "json", write };

/// Hours of rest that every report compares.
const HOURS: [u32; 4] = [6, 8, 10, 12];

#[derive(Serialize)]
struct SpanJson {
    from: Timestamp,
    until: Timestamp,
}

impl From<Span> for SpanJson {
    fn from(span: Span) -> Self {
        Self {
            from: span.from,
            until: span.until,
        }
    }
}

#[derive(Serialize)]
struct AmountJson {
    kwh: f64,
    cost: f64,
    co2e_kg: f64,
    households: f64,
}

#[derive(Serialize)]
struct RestJson {
    hours_a_night: u32,
    kwh: f64,
    cost: f64,
    co2e_kg: f64,
    households: f64,
    kwh_a_year: f64,
    cost_a_year: f64,
}

#[derive(Serialize)]
struct CellJson {
    /// 1 is Monday.
    weekday: usize,
    hour: usize,
    /// How many such hours there were.
    hours: u32,
    mean_idle_kwh: f64,
    mean_closed_idle_kwh: f64,
}

#[derive(Serialize)]
struct DayJson {
    day: String,
    idle_kwh: f64,
    closed_idle_kwh: f64,
}

#[derive(Serialize)]
struct RankJson {
    device: String,
    idle_kwh: f64,
    closed_idle_kwh: f64,
    closed_idle_hours: f64,
    closed_idle_cost: f64,
    closed_idle_co2e_kg: f64,
    nights_left_on: usize,
}

#[derive(Serialize)]
struct RatioJson {
    device: String,
    modality: &'static str,
    ratio: f64,
}

/// Where idling goes: of a report, or of the waste view.
#[derive(Serialize)]
pub(crate) struct WasteJson {
    figures_until: Timestamp,
    nights: usize,
    idle: AmountJson,
    closed_idle: AmountJson,
    avoidable: Option<AmountJson>,
    ranking: Vec<RankJson>,
    idle_scan_ratios: Vec<RatioJson>,
    idle_scan_published: Option<[f64; 2]>,
    heat: Vec<CellJson>,
    days: Vec<DayJson>,
    resting: Vec<RestJson>,
    not_reckoned: Vec<String>,
    baseline: &'static str,
}

/// The body of `/api/waste`.
#[derive(Serialize)]
pub(crate) struct WasteBody {
    from: Timestamp,
    until: Timestamp,
    currency: String,
    tariff: String,
    carbon_factor: String,
    household_kwh_per_year: f64,
    household: String,
    #[serde(flatten)]
    waste: WasteJson,
}

/// The waste view's answer for so many hours of rest a night.
pub(crate) fn waste_json(site: &SiteInfo, figures: &Figures, hours: u32) -> WasteBody {
    WasteBody {
        from: figures.span.from,
        until: figures.span.until,
        currency: site.currency.clone(),
        tariff: site.tariff.clone(),
        carbon_factor: site.carbon.clone(),
        household_kwh_per_year: site.household_kwh_per_year,
        household: site.household.clone(),
        waste: waste(site, figures, &[hours]),
    }
}

fn amount(site: &SiteInfo, figures: &Figures, part: &Part) -> AmountJson {
    AmountJson {
        kwh: part.energy.kwh(),
        cost: part.cost,
        co2e_kg: part.co2e_g / 1000.0,
        households: figures.households(part.energy, site.household_kwh_per_year),
    }
}

fn waste(site: &SiteInfo, figures: &Figures, hours: &[u32]) -> WasteJson {
    let of_part = |part: &Part| amount(site, figures, part);
    let ranking = figures.ranked().into_iter().map(|(row, idling)| RankJson {
        device: row.group.clone(),
        idle_kwh: idling.all.energy.kwh(),
        closed_idle_kwh: idling.closed.energy.kwh(),
        closed_idle_hours: idling.closed.hours(),
        closed_idle_cost: idling.closed.cost,
        closed_idle_co2e_kg: idling.closed.co2e_g / 1000.0,
        nights_left_on: idling.nights_left_on(),
    });
    let resting = hours.iter().filter_map(|hours| {
        let part = figures.all_resting(f64::from(*hours))?;
        Some(RestJson {
            hours_a_night: *hours,
            kwh: part.energy.kwh(),
            cost: part.cost,
            co2e_kg: part.co2e_g / 1000.0,
            households: figures.households(part.energy, site.household_kwh_per_year),
            kwh_a_year: figures.a_year(part.energy.kwh()),
            cost_a_year: figures.a_year(part.cost),
        })
    });
    WasteJson {
        figures_until: figures.span.until,
        nights: figures.nights,
        idle: of_part(&figures.idling.all),
        closed_idle: of_part(&figures.idling.closed),
        avoidable: figures.site.totals.all_avoidable().as_ref().map(of_part),
        ranking: ranking.collect(),
        idle_scan_ratios: ratios(figures),
        idle_scan_published: analyzer::kpi::IDLE_SCAN_RATIO
            .published
            .map(|band| [band.from, band.until]),
        heat: heat(figures),
        days: all_days(figures)
            .into_iter()
            .map(|(day, idle)| DayJson {
                day: day.to_string(),
                idle_kwh: idle.all.kwh(),
                closed_idle_kwh: idle.closed.kwh(),
            })
            .collect(),
        resting: resting.collect(),
        not_reckoned: figures
            .without_target()
            .iter()
            .map(|row| row.group.clone())
            .collect(),
        baseline: BASELINE,
    }
}

fn ratios(figures: &Figures) -> Vec<RatioJson> {
    let ratio = |(row, ratio): (&analyzer::report::Row, f64)| RatioJson {
        device: row.group.clone(),
        modality: figures.modality_of(&row.group),
        ratio,
    };
    figures.ratios().into_iter().map(ratio).collect()
}

fn heat(figures: &Figures) -> Vec<CellJson> {
    let cells = Cells::new(&figures.idling, &figures.waste.hours());
    let rows = cells.0.iter().enumerate();
    rows.flat_map(|(weekday, row)| {
        row.iter().enumerate().map(move |(hour, cell)| CellJson {
            weekday: weekday + 1,
            hour,
            hours: cell.hours,
            mean_idle_kwh: cell.kwh,
            mean_closed_idle_kwh: cell.closed_kwh,
        })
    })
    .collect()
}

#[derive(Serialize)]
struct StateJson {
    state: &'static str,
    hours: f64,
    kwh: f64,
    closed_hours: f64,
    closed_kwh: f64,
    estimated_kwh: f64,
}

#[derive(Serialize)]
struct AlertJson {
    rule: String,
    count: u64,
    open: u64,
    kwh: f64,
}

#[derive(Serialize)]
struct FaultJson {
    kind: &'static str,
    count: u64,
    last_at: Timestamp,
}

#[derive(Serialize)]
struct FixedBandJson {
    state: &'static str,
    from_w: f64,
    until_w: f64,
}

#[derive(Serialize)]
struct DeviceJson<'a> {
    id: &'a str,
    name: &'a str,
    room: &'a str,
    floor: Option<&'a str>,
    modality: &'a str,
    exempt: Option<&'a str>,
    states: Vec<StateJson>,
    now: RowJson,
    before: Option<RowJson>,
    alerts: Vec<AlertJson>,
    faults: Vec<FaultJson>,
    bands_fixed: Option<Vec<FixedBandJson>>,
    bands_learned: Option<BandsJson<'a>>,
}

#[derive(Serialize)]
struct GroupJson {
    by: &'static str,
    now: RowJson,
    before: Option<RowJson>,
}

#[derive(Serialize)]
struct WorstJson<'a> {
    device: &'a str,
    advice: &'static str,
    text: &'static str,
}

#[derive(Serialize)]
struct UnknownJson {
    kind: &'static str,
    text: String,
}

#[derive(Serialize)]
struct ReportJson<'a> {
    /// Raised when a field changes its meaning.
    version: u32,
    made_at: Timestamp,
    site: &'a str,
    zone: Option<&'a str>,
    language: &'static str,
    period: SpanJson,
    is_over: bool,
    compared_with: SpanJson,
    is_baseline: bool,
    has_comparison: bool,
    currency: &'a str,
    tariff: &'a str,
    carbon_factor: &'a str,
    household_kwh_per_year: f64,
    household: &'a str,
    baseline: &'static str,
    exams: &'static str,
    waste: WasteJson,
    waste_before: Option<WasteJson>,
    worst: Vec<WorstJson<'a>>,
    groups: Vec<GroupJson>,
    devices: Vec<DeviceJson<'a>>,
    unknown: Vec<UnknownJson>,
    figures: Vec<FigureJson>,
}

fn write(statement: &Statement) -> String {
    let site = &statement.site;
    let speaker = Speaker::new(statement.language, site);
    let words = statement.language.report_words();
    let report = ReportJson {
        version: 1,
        made_at: statement.now,
        site: &site.name,
        zone: site.zone.iana_name(),
        language: statement.language.tag(),
        period: statement.span.into(),
        is_over: statement.span.until <= statement.now,
        compared_with: statement.before_span.into(),
        is_baseline: statement.is_baseline,
        has_comparison: statement.before.is_some(),
        currency: &site.currency,
        tariff: &site.tariff,
        carbon_factor: &site.carbon,
        household_kwh_per_year: site.household_kwh_per_year,
        household: &site.household,
        baseline: BASELINE,
        exams: EXAMS,
        waste: waste(site, &statement.figures, &HOURS),
        waste_before: statement
            .before
            .as_ref()
            .map(|before| waste(site, before, &[REST_HOURS])),
        worst: worst(statement),
        groups: groups(statement),
        devices: statement
            .rows()
            .map(|(sheet, now, before)| device(sheet, now, before))
            .collect(),
        unknown: statement
            .unknowns
            .iter()
            .map(|unknown| UnknownJson {
                kind: unknown.kind(),
                text: unknown.text(&speaker, words),
            })
            .collect(),
        figures: FigureJson::all(),
    };
    let mut text = serde_json::to_string_pretty(&report).expect("plain values become JSON");
    text.push('\n');
    text
}

fn worst(statement: &Statement) -> Vec<WorstJson<'_>> {
    let words = statement.language.report_words();
    let worst = statement.worst().into_iter().take(WORST);
    worst
        .map(|(sheet, row, _)| {
            let advice = Advice::of(statement, sheet, row);
            WorstJson {
                device: &sheet.subject.device.id,
                advice: advice.kind(),
                text: advice.text(words),
            }
        })
        .collect()
}

fn groups(statement: &Statement) -> Vec<GroupJson> {
    let kinds = statement.groups().into_iter();
    kinds
        .map(|(by, now, before)| GroupJson {
            by: by.name(),
            now: now.into(),
            before: before.map(RowJson::from),
        })
        .collect()
}

fn device<'a>(
    sheet: &'a Sheet,
    now: &analyzer::report::Row,
    before: Option<&analyzer::report::Row>,
) -> DeviceJson<'a> {
    let device = &sheet.subject.device;
    let fixed = sheet.subject.bands.as_ref().map(|bands| {
        let band = |band: &analyzer::band::Band| FixedBandJson {
            state: band.state.name(),
            from_w: band.from_w,
            until_w: band.until_w,
        };
        bands.as_slice().iter().map(band).collect()
    });
    DeviceJson {
        id: &device.id,
        name: &device.name,
        room: &device.room,
        floor: device.floor.as_deref(),
        modality: device.modality,
        exempt: sheet.subject.exempt.as_deref(),
        states: State::ALL.into_iter().map(|state| of_state(now, state)).collect(),
        now: now.into(),
        before: before.map(RowJson::from),
        alerts: sheet
            .alerts
            .iter()
            .map(|alerts| AlertJson {
                rule: alerts.rule.clone(),
                count: alerts.count,
                open: alerts.open,
                kwh: alerts.energy.kwh(),
            })
            .collect(),
        faults: sheet
            .faults
            .iter()
            .map(|faults| FaultJson {
                kind: faults.kind.name(),
                count: faults.count,
                last_at: faults.last_at,
            })
            .collect(),
        bands_learned: sheet
            .learned
            .as_ref()
            .filter(|_| fixed.is_none())
            .map(BandsJson::from),
        bands_fixed: fixed,
    }
}

fn of_state(row: &analyzer::report::Row, state: State) -> StateJson {
    let (all, closed) = (
        row.totals.state(state),
        row.totals.sum(|_, of, is_open| of == state && !is_open),
    );
    let kwh = |energy: Energy| energy.kwh();
    StateJson {
        state: state.name(),
        hours: all.hours(),
        kwh: kwh(all.energy),
        closed_hours: closed.hours(),
        closed_kwh: kwh(closed.energy),
        estimated_kwh: kwh(all.estimated),
    }
}
