//! The review as an SVG picture: the load-duration curve, the levels by name, and the time at each power.
//!
//! Both charts share the scale of watts, which is in ratios; the names stand between them. The picture carries its own
//! colours for a light and a dark scheme, so it can be opened, printed and put on a page as it is.

use std::fmt::Write as _;
use std::ops::Range;

use analyzer::State;
use plotters::coord::Shift;
use plotters::coord::combinators::{BindKeyPoints, WithKeyPoints};
use plotters::coord::types::RangedCoordi64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::review::{Review, middle_w};
use super::text::{percent, round_watts, watts};

const SIZE: (u32, u32) = (1100, 620);
const TITLE_HEIGHT: u32 = 46;
const CURVE_WIDTH: u32 = 520;
const NAMES_WIDTH: u32 = 230;
/// Space for the axis below both charts.
const AXIS_HEIGHT: u32 = 52;
const AXIS_WIDTH: u32 = 82;
const MARGIN: u32 = 14;
/// Two names are at least so far apart, pixels.
const NAME_HEIGHT: i32 = 19;

/// Ticks of the axis of shares, as far as they are reached.
const SHARES: [f64; 8] = [0.001, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8];
/// Ticks of the axis of watts.
const DECADES: [f64; 3] = [1.0, 2.0, 5.0];

const GROUND: RGBColor = RGBColor(0xff, 0xff, 0xfe);
const INK: RGBColor = RGBColor(0x17, 0x21, 0x1f);
const SOFT: RGBColor = RGBColor(0x56, 0x63, 0x5f);
const GRID: RGBColor = RGBColor(0xe4, 0xe8, 0xe5);
const SCANNING: RGBColor = RGBColor(0x0b, 0x84, 0x7c);
const IDLE: RGBColor = RGBColor(0xd9, 0x82, 0x00);
const STANDBY: RGBColor = RGBColor(0x45, 0x77, 0xbd);
const OFF: RGBColor = RGBColor(0x8c, 0x97, 0x9c);
const UNKNOWN: RGBColor = RGBColor(0x92, 0x57, 0xc4);

/// Each colour, and what it becomes in a dark scheme: those of the page.
const DARK: [(RGBColor, &str); 9] = [
    (GROUND, "#161e21"),
    (INK, "#e9efed"),
    (SOFT, "#a0aeab"),
    (GRID, "#263237"),
    (SCANNING, "#33bdb1"),
    (IDLE, "#eda02d"),
    (STANDBY, "#6f9fe4"),
    (OFF, "#7d8a91"),
    (UNKNOWN, "#b57fe6"),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Scale = WithKeyPoints<RangedCoordi64>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Scale, Scale>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The axis of a share of time.
struct Axis {
    /// Its end, as it is drawn.
    most: f64,
    ticks: Vec<f64>,
    /// It is drawn as its square root, so that little is seen.
    is_root: bool,
    /// Of the axis of watts beside it.
    width: u32,
    says: &'static str,
}

/// A word beside the curves.
struct Name {
    power_w: f64,
    text: String,
    colour: RGBColor,
}

const fn paint(state: State) -> RGBColor {
    match state {
        State::Scanning => SCANNING,
        State::Idle => IDLE,
        State::Standby => STANDBY,
        State::Off => OFF,
        State::Unknown => UNKNOWN,
    }
}

/// The picture as SVG.
///
/// # Errors
/// There is nothing to draw.
pub(super) fn draw(review: &Review) -> anyhow::Result<String> {
    let Some((least_w, most_w)) = review.span_w() else {
        anyhow::bail!("the device has no curve yet");
    };
    let mut svg = String::new();
    draw_all(review, least_w..most_w, &mut svg)?;
    let mut style = String::from(
        "<style>text{font-family:system-ui,\"DejaVu Sans\",sans-serif}@media (prefers-color-scheme:dark){",
    );
    for (RGBColor(red, green, blue), dark) in DARK {
        let light = format!("#{red:02X}{green:02X}{blue:02X}");
        let _ = write!(
            style,
            "[fill=\"{light}\" i]{{fill:{dark}}}[stroke=\"{light}\" i]{{stroke:{dark}}}"
        );
    }
    style.push_str("}</style>");
    let after = svg.find('>').map_or(0, |place| place + 1);
    svg.insert_str(after, &style);
    Ok(svg)
}

fn draw_all(review: &Review, span_w: Range<f64>, svg: &mut String) -> Drawn {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&GROUND)?;
    let (title, charts) = root.split_vertically(TITLE_HEIGHT);
    let title_text = format!(
        "{} ({}): levels learned from {:.1} h",
        review.name,
        review.modality.label,
        review.learned.seconds() / 3600.0
    );
    title.draw(&Text::new(title_text, (18, 16), font(17).color(&INK)))?;
    let (curve, rest) = charts.split_horizontally(CURVE_WIDTH);
    let (names, bars) = rest.split_horizontally(NAMES_WIDTH);
    draw_curve(review, &span_w, &curve)?;
    draw_names(review, &span_w, &names)?;
    draw_bars(review, &span_w, &bars)?;
    root.present()
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().into_text_style(&SIZE)
}

/// A chart of one kind of share against watts; both in the scale in which they are drawn.
fn chart<'a, 'b>(
    area: &'a Area<'b>,
    axis: &Axis,
    span_w: &Range<f64>,
    review: &Review,
) -> Result<Chart<'a, 'b>, DrawingAreaErrorKind<std::io::Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin_right(MARGIN)
        .y_label_area_size(axis.width)
        .x_label_area_size(AXIS_HEIGHT)
        .build_cartesian_2d(
            (0..place(axis.most)).with_key_points(places(&axis.ticks)),
            (height(span_w.start)..height(span_w.end)).with_key_points(watt_ticks(span_w)),
        )?;
    for band in review.bands.as_slice() {
        let (from_w, until_w) = (band.from_w.max(span_w.start), band.until_w.min(span_w.end));
        if from_w < until_w {
            let corners = [(0, height(from_w)), (place(axis.most), height(until_w))];
            chart.draw_series([Rectangle::new(corners, paint(band.state).mix(0.13).filled())])?;
        }
    }
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(SOFT)
        .label_style(font(13).color(&SOFT))
        .x_label_formatter(&|share| percent(axis.shown(*share)))
        .y_label_formatter(&|power| {
            if axis.width > 0 {
                round_watts(value(*power).exp())
            } else {
                String::new()
            }
        })
        .x_desc(axis.says)
        .axis_desc_style(font(13).color(&INK))
        .draw()?;
    Ok(chart)
}

impl Axis {
    /// The share that stands at a place of the axis.
    fn shown(&self, place: i64) -> f64 {
        let share = value(place);
        if self.is_root { share * share } else { share }
    }
}

/// Charts count in millionths: the chart library labels whole numbers as it is told.
#[expect(
    clippy::cast_possible_truncation,
    reason = "shares and logarithms of watts are small"
)]
fn place(value: f64) -> i64 {
    (value * 1e6).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "back from few digits")]
fn value(place: i64) -> f64 {
    place as f64 / 1e6
}

fn places(values: &[f64]) -> Vec<i64> {
    values.iter().map(|value| place(*value)).collect()
}

/// Where a power stands: the scale is in ratios.
fn height(power_w: f64) -> i64 {
    place(power_w.max(1.0).ln())
}

/// Round watts, the usual 1, 2, 5; decades alone where they are many.
fn watt_ticks(span_w: &Range<f64>) -> Vec<i64> {
    let decades = (span_w.end / span_w.start).log10();
    let steps = if decades > 3.5 {
        &DECADES[..1]
    } else {
        &DECADES[..]
    };
    let inside = |power_w: &f64| span_w.contains(power_w);
    let all = (0..9).flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)));
    all.filter(inside).map(height).collect()
}

fn draw_curve(review: &Review, span_w: &Range<f64>, area: &Area<'_>) -> Drawn {
    let axis = Axis {
        most: 1.0,
        ticks: vec![0.0, 0.25, 0.5, 0.75, 1.0],
        is_root: false,
        width: AXIS_WIDTH,
        says: "share of the time at this power or more",
    };
    let mut chart = chart(area, &axis, span_w, review)?;
    let curve = review.duration();
    let at = |&(share, power_w): &(f64, f64)| (place(share), height(power_w.clamp(span_w.start, span_w.end)));
    // each stretch of the curve in the colour of its state, down to the axis
    for run in curve.chunk_by(|one, next| review.state_at(one.1) == review.state_at(next.1)) {
        let state = run
            .first()
            .map_or(State::Unknown, |point| review.state_at(point.1));
        let style = paint(state).mix(0.45).filled();
        chart.draw_series(AreaSeries::new(run.iter().map(at), height(span_w.start), style))?;
    }
    let line: Vec<(i64, i64)> = curve.iter().map(at).collect();
    chart.draw_series(LineSeries::new(line, INK.stroke_width(2)))?;
    Ok(())
}

fn draw_bars(review: &Review, span_w: &Range<f64>, area: &Area<'_>) -> Drawn {
    let share = |seconds: f64| (seconds / review.seconds()).sqrt();
    let points = &review.learned.curve;
    let most = points
        .iter()
        .map(|point| share(point.seconds))
        .fold(0.01, f64::max)
        * 1.05;
    let ticks = SHARES.into_iter().map(f64::sqrt).filter(|tick| *tick < most);
    let axis = Axis {
        most,
        ticks: std::iter::once(0.0).chain(thinned(ticks, most)).collect(),
        is_root: true,
        width: 0,
        says: "share of the time at each power (2 to 3 % wide)",
    };
    let mut chart = chart(area, &axis, span_w, review)?;
    chart.draw_series(
        points
            .iter()
            .filter(|point| point.until_w > span_w.start)
            .map(|point| {
                let (from, until) = (height(point.from_w.max(span_w.start)), height(point.until_w));
                let colour = paint(review.state_at(middle_w(point)));
                Rectangle::new([(0, from), (place(share(point.seconds)), until)], colour.filled())
            }),
    )?;
    Ok(())
}

/// Ticks that leave each other room.
fn thinned(ticks: impl Iterator<Item = f64>, most: f64) -> Vec<f64> {
    let mut kept = vec![0.0];
    for tick in ticks {
        if kept.last().is_none_or(|last| tick - last > most / 6.0) {
            kept.push(tick);
        }
    }
    kept.split_off(1)
}

/// The names stand at their levels, pushed apart where those are near each other.
fn draw_names(review: &Review, span_w: &Range<f64>, area: &Area<'_>) -> Drawn {
    let mut names = names(review);
    names.sort_by(|a, b| b.power_w.total_cmp(&a.power_w));
    let height = f64::from(SIZE.1 - TITLE_HEIGHT - AXIS_HEIGHT);
    let scale = height / (span_w.end / span_w.start).ln();
    #[expect(clippy::cast_possible_truncation, reason = "pixels of one picture")]
    let at = |power_w: f64| ((span_w.end / power_w.clamp(span_w.start, span_w.end)).ln() * scale) as i32;
    #[expect(clippy::cast_possible_truncation, reason = "pixels of one picture")]
    let bottom = height as i32;
    let mut places: Vec<i32> = Vec::with_capacity(names.len());
    for name in &names {
        let free = places.last().map_or(8, |last| last + NAME_HEIGHT);
        places.push(at(name.power_w).max(free));
    }
    // what was pushed off the bottom moves up again
    let mut limit = bottom - 8;
    for place in places.iter_mut().rev() {
        *place = (*place).min(limit);
        limit = *place - NAME_HEIGHT;
    }
    for (name, place) in names.iter().zip(places) {
        let level = at(name.power_w);
        area.draw(&PathElement::new(
            vec![(-12, level), (2, place), (12, place)],
            name.colour.stroke_width(2),
        ))?;
        let style = font(14).color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(name.text.clone(), (18, place), style))?;
    }
    Ok(())
}

fn names(review: &Review) -> Vec<Name> {
    let learned = &review.learned;
    let mut names = Vec::new();
    for band in &learned.bands {
        let called = band.label.as_ref().map_or_else(
            || band.state.to_string(),
            |label| format!("{label} = {}", band.state),
        );
        let doubt = if band.evidence.is_provisional() {
            ", provisional"
        } else {
            ""
        };
        names.push(Name {
            power_w: band.level_w,
            text: format!("{called} {}{doubt}", watts(band.level_w)),
            colour: paint(band.state),
        });
    }
    for band in review.unseen().into_iter().filter(|_| !learned.bands.is_empty()) {
        names.push(Name {
            power_w: (band.from_w.max(1.0) * band.until_w).sqrt(),
            text: format!("{}, not seen yet", band.state),
            colour: paint(band.state),
        });
    }
    let edges = [
        (learned.scanning_from_w, "scanning from"),
        (learned.scout_from_w, "scouts from"),
    ];
    for (edge_w, what) in edges {
        names.extend(edge_w.map(|power_w| Name {
            power_w,
            text: format!("{what} {}", watts(power_w)),
            colour: SCANNING,
        }));
    }
    if learned.bands.is_empty() {
        for band in review.bands.as_slice() {
            names.push(Name {
                power_w: band.from_w.max(1.0),
                text: format!("{} from {}, published", band.state, watts(band.from_w)),
                colour: paint(band.state),
            });
        }
    }
    names
}
