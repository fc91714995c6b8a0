//! Power curves as inline SVG, drawn by plotters, coloured by the stylesheet.
//!
//! plotters writes fixed colours; a page has a light and a dark scheme. So the curve is drawn in reserved colours,
//! each of which is then replaced by a variable of the stylesheet.

use analyzer::State;
use jiff::{SignedDuration, Timestamp};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::speaker::Speaker;
use crate::history::{self, Band, PowerPoint, Reader};

const LINE: RGBColor = RGBColor(0, 0, 1);
const GRID: RGBColor = RGBColor(0, 0, 2);
const TEXT: RGBColor = RGBColor(0, 0, 3);
const AREA: RGBColor = RGBColor(0, 0, 4);

/// Reserved colours and what they become.
const PAINTS: [(&str, &str); 17] = [
    ("#000001", "var(--curve)"),
    ("#000002", "var(--grid)"),
    ("#000003", "var(--soft)"),
    ("#000004", "var(--area)"),
    ("#000010", "var(--scanning)"),
    ("#000011", "var(--idle)"),
    ("#000012", "var(--standby)"),
    ("#000013", "var(--off)"),
    ("#000014", "var(--unknown)"),
    ("#000020", "var(--heat-0)"),
    ("#000021", "var(--heat-1)"),
    ("#000022", "var(--heat-2)"),
    ("#000023", "var(--heat-3)"),
    ("#000024", "var(--heat-4)"),
    ("#000025", "var(--heat-5)"),
    ("#000026", "var(--ink)"),
    ("#000027", "var(--card)"),
];

const fn paint(state: State) -> RGBColor {
    match state {
        State::Scanning => RGBColor(0, 0, 0x10),
        State::Idle => RGBColor(0, 0, 0x11),
        State::Standby => RGBColor(0, 0, 0x12),
        State::Off => RGBColor(0, 0, 0x13),
        State::Unknown => RGBColor(0, 0, 0x14),
    }
}

/// A device's power and states over a range.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) step: SignedDuration,
    pub(super) points: Vec<PowerPoint>,
    pub(super) bands: Vec<Band>,
}

/// Reads a curve; its bands are reduced to what a screen can show.
pub(super) fn read(
    reader: &Reader,
    device: &str,
    from: Timestamp,
    until: Timestamp,
    step: SignedDuration,
) -> history::Result<Curve> {
    let points = reader.power(device, from, until, step)?;
    let cell = (until.duration_since(from) / BAND_CELLS).max(SignedDuration::from_secs(1));
    let bands = reduced(&reader.bands(device, from, until)?, from, until, cell);
    Ok(Curve {
        from,
        until,
        step,
        points,
        bands,
    })
}

/// State bands are drawn in this many steps: finer than the curve, because scans are short.
const BAND_CELLS: i32 = 720;
/// Scanning is shown where it holds for one part in this many of a step: it is what a scanner is for.
const SCANNING_SHOWN: i32 = 8;

/// One state for each step, the one that holds longest in it, scanning before all; equal neighbours joined.
fn reduced(bands: &[Band], from: Timestamp, until: Timestamp, step: SignedDuration) -> Vec<Band> {
    let mut out: Vec<Band> = Vec::new();
    let (mut cell, mut first) = (from, 0);
    while cell < until {
        let end = (cell + step).min(until);
        while bands.get(first).is_some_and(|band| band.until <= cell) {
            first += 1;
        }
        let mut held = [SignedDuration::ZERO; State::ALL.len()];
        for band in bands[first..].iter().take_while(|band| band.from < end) {
            let overlap = band.until.min(end).duration_since(band.from.max(cell));
            let place = State::ALL
                .iter()
                .position(|state| *state == band.state)
                .unwrap_or(0);
            held[place] += overlap;
        }
        let is_scanning =
            |state: State, held: SignedDuration| state == State::Scanning && held * SCANNING_SHOWN >= step;
        let states = State::ALL.into_iter().zip(held);
        let longest = states.max_by_key(|&(state, held)| (is_scanning(state, held), held));
        if let Some((state, _)) = longest.filter(|(_, held)| held.is_positive()) {
            match out.last_mut() {
                Some(last) if last.state == state && last.until == cell => last.until = end,
                _ => out.push(Band {
                    from: cell,
                    until: end,
                    state,
                }),
            }
        }
        cell = end;
    }
    out
}

const SPARK_SIZE: (u32, u32) = (360, 64);
const SPARK_STRIP: i32 = 7;

/// Keeps the newest point of a large curve off the edge.
const PLOT_MARGIN_RIGHT: u32 = 2;

/// A curve without axes, for a tile; stretches to any width.
pub(super) fn spark(curve: &Curve) -> Option<String> {
    let mut svg = String::new();
    draw_spark(curve, &mut svg).ok()?;
    Some(finished(&svg, "none"))
}

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

fn draw_spark(curve: &Curve, svg: &mut String) -> Drawn {
    let root = SVGBackend::with_string(svg, SPARK_SIZE).into_drawing_area();
    let (plot, strip) = root.split_vertically(i32::try_from(SPARK_SIZE.1).unwrap_or(64) - SPARK_STRIP - 3);
    let (_, strip) = strip.split_vertically(3);
    let x = minutes(curve.from)..minutes(curve.until);
    let mut context = ChartBuilder::on(&plot).build_cartesian_2d(x.clone(), 0.0..ceiling(curve))?;
    for run in runs(curve) {
        context.draw_series(AreaSeries::new(run.iter().copied(), 0.0, AREA.filled()))?;
        context.draw_series(LineSeries::new(run, LINE.stroke_width(1)))?;
    }
    draw_strip(curve, &strip, x, 0)?;
    root.present()
}

fn draw_strip(
    curve: &Curve,
    strip: &DrawingArea<SVGBackend<'_>, Shift>,
    x: std::ops::Range<i64>,
    margin_right: u32,
) -> Drawn {
    let mut context = ChartBuilder::on(strip)
        .margin_right(margin_right)
        .build_cartesian_2d(x, 0.0..1.0)?;
    context.draw_series(curve.bands.iter().map(|band| {
        Rectangle::new(
            [(minutes(band.from), 0.0), (minutes(band.until), 1.0)],
            paint(band.state).filled(),
        )
    }))?;
    Ok(())
}

/// How a large curve is laid out; the same curve is drawn once for a desk and once for a hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    size: (u32, u32),
    font: u32,
    line: u32,
    ticks_max: usize,
    class: &'static str,
}

/// For screens wide enough.
pub(super) const WIDE: Layout = Layout {
    size: (1080, 300),
    font: 13,
    line: 2,
    ticks_max: 13,
    class: "wide",
};
/// For phones.
pub(super) const NARROW: Layout = Layout {
    size: (400, 250),
    font: 13,
    line: 1,
    ticks_max: 5,
    class: "narrow",
};

/// A curve with axes in local time.
pub(super) fn large(curve: &Curve, layout: Layout, speaker: &Speaker) -> Option<String> {
    let mut svg = String::new();
    draw_large(curve, layout, speaker, &mut svg).ok()?;
    Some(finished(&svg, "xMidYMid").replacen("<svg ", &format!("<svg class=\"{}\" ", layout.class), 1))
}

fn draw_large(curve: &Curve, layout: Layout, speaker: &Speaker, svg: &mut String) -> Drawn {
    let (width, height) = layout.size;
    let root = SVGBackend::with_string(svg, (width, height)).into_drawing_area();
    let strip_height = 14;
    let axis_width: u32 = 56;
    let (plot, strip) = root.split_vertically(height - strip_height);
    let x = minutes(curve.from)..minutes(curve.until);
    let top = ceiling(curve);
    let ticks = ticks(curve, speaker, layout.ticks_max);
    let mut context = ChartBuilder::on(&plot)
        .margin_top(12)
        .margin_right(PLOT_MARGIN_RIGHT)
        .y_label_area_size(axis_width)
        .x_label_area_size(24)
        .build_cartesian_2d(x.clone().with_key_points(ticks), 0.0..top)?;
    for band in &curve.bands {
        let corners = [(minutes(band.from), 0.0), (minutes(band.until), top)];
        context.draw_series(std::iter::once(Rectangle::new(
            corners,
            paint(band.state).mix(0.13).filled(),
        )))?;
    }
    let is_days = curve.until.duration_since(curve.from) > SignedDuration::from_hours(30);
    let font = ("sans-serif", layout.font).into_font().color(&TEXT);
    context
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(font)
        .x_labels(layout.ticks_max)
        .y_labels(5)
        .x_label_formatter(&|minute| tick_label(*minute, is_days, speaker))
        .y_label_formatter(&|power_w| speaker.axis_power(*power_w, top))
        .draw()?;
    for run in runs(curve) {
        context.draw_series(AreaSeries::new(run.iter().copied(), 0.0, AREA.filled()))?;
        context.draw_series(LineSeries::new(run, LINE.stroke_width(layout.line)))?;
    }
    let (_, strip) = strip.split_horizontally(axis_width);
    draw_strip(curve, &strip, x, PLOT_MARGIN_RIGHT)?;
    root.present()
}

/// Local hours or local midnights, as many as fit.
fn ticks(curve: &Curve, speaker: &Speaker, ticks_max: usize) -> Vec<i64> {
    let hours = curve.until.duration_since(curve.from).as_hours().max(1);
    let wanted = i64::try_from(ticks_max).unwrap_or(6);
    let every = [1, 2, 3, 6, 12, 24]
        .into_iter()
        .find(|every| hours / every < wanted)
        .unwrap_or(48);
    let mut ticks = Vec::new();
    let mut minute = minutes(curve.from) / 60 * 60;
    while minute <= minutes(curve.until) {
        let local = speaker.local(instant(minute));
        let hour = i64::from(local.hour());
        let is_whole = local.minute() == 0 && hour % every.min(24) == 0;
        let is_second_day = every == 48 && local.day_of_year() % 2 == 0;
        if minute >= minutes(curve.from) && is_whole && (every < 48 || is_second_day) {
            ticks.push(minute);
        }
        minute += 30;
    }
    ticks
}

fn tick_label(minute: i64, is_days: bool, speaker: &Speaker) -> String {
    let at = instant(minute);
    if is_days {
        let local = speaker.local(at);
        format!("{} {}", speaker.weekday(&local), local.day())
    } else {
        speaker.clock(at)
    }
}

/// The curve cut where samples are missing: a gap is drawn as a gap.
fn runs(curve: &Curve) -> Vec<Vec<(i64, f64)>> {
    let gap_minutes = curve.step.as_mins() * 5 / 2;
    let mut runs: Vec<Vec<(i64, f64)>> = Vec::new();
    for point in &curve.points {
        let place = (minutes(point.at), point.mean_w.max(0.0));
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| place.0 - last.0 <= gap_minutes) => run.push(place),
            _ => runs.push(vec![place]),
        }
    }
    runs
}

/// The top of the power axis: a little above the highest mean.
fn ceiling(curve: &Curve) -> f64 {
    let highest = curve.points.iter().map(|point| point.mean_w).fold(0.0, f64::max);
    (highest * 1.08).max(10.0)
}

fn minutes(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

fn instant(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Colours become variables, fixed sizes go, defaults are left unsaid.
pub(crate) fn finished(svg: &str, aspect: &str) -> String {
    let mut text = svg
        .replace(" opacity=\"1\"", "")
        .replace(" xmlns=\"http://www.w3.org/2000/svg\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" \"/>", "\"/>");
    for (reserved, variable) in PAINTS {
        text = text.replace(reserved, variable);
    }
    let start = text.find(" viewBox").unwrap_or(0);
    let rest = text[start..].trim_end().replace('\n', "");
    format!("<svg preserveAspectRatio=\"{aspect}\" aria-hidden=\"true\"{rest}")
}
