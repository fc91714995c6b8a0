//! Charts that page and report share, as SVG by plotters: the heat map, the days, the ratio beside what was published.
//!
//! They are drawn in reserved colours that become variables of the stylesheet (`crate::page::chart`), each for a desk and
//! for a hand. Nothing is told by colour alone: cells and marks carry their numbers, and shades differ in lightness, so
//! that a print without colours reads the same.

mod days;
mod heat;
mod ratio;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::page::chart::finished;

pub(crate) use days::days;
pub(crate) use heat::{Cells, heat, number as cell_number};
pub(crate) use ratio::{SHOWN_MAX, ratio};

const GRID: RGBColor = RGBColor(0, 0, 0x02);
const SOFT: RGBColor = RGBColor(0, 0, 0x03);
const INK: RGBColor = RGBColor(0, 0, 0x26);
const CARD: RGBColor = RGBColor(0, 0, 0x27);
/// From nothing to the most.
const HEAT: [RGBColor; 6] = [
    RGBColor(0, 0, 0x20),
    RGBColor(0, 0, 0x21),
    RGBColor(0, 0, 0x22),
    RGBColor(0, 0, 0x23),
    RGBColor(0, 0, 0x24),
    RGBColor(0, 0, 0x25),
];

/// For whom a chart is drawn; the stylesheet shows one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// A desk, a wall, a sheet of paper.
    Wide,
    /// A phone.
    Narrow,
}

impl Width {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Wide, Self::Narrow];

    const fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// An SVG of a size, ready to stand in a page.
fn svg(width: Width, size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Drawn) -> Option<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        draw(&root).and_then(|()| root.present()).ok()?;
    }
    let class = format!("<svg class=\"{}\" ", width.class());
    Some(finished(&svg, "xMidYMid").replacen("<svg ", &class, 1))
}

/// Where a text stands, from its point.
#[derive(Clone, Copy, Debug)]
enum Place {
    Centre,
    Left,
    Right,
}

fn text(area: &Area<'_>, words: &str, at: (i32, i32), colour: RGBColor, size: u32, place: Place) -> Drawn {
    let across = match place {
        Place::Centre => HPos::Center,
        Place::Left => HPos::Left,
        Place::Right => HPos::Right,
    };
    let style = ("sans-serif", size)
        .into_font()
        .color(&colour)
        .pos(Pos::new(across, VPos::Center));
    area.draw(&Text::new(words.to_owned(), at, style))
}

/// A length in whole pixels.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a few thousand pixels; a float saturates"
)]
fn pixels(length: f64) -> i32 {
    length.round() as i32
}

/// A place in a row, as pixels.
fn place(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// The next number of 1, 2 or 5 with zeros that is not below: the top of an axis.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let magnitude = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * magnitude);
    steps
        .into_iter()
        .find(|step| *step >= value * 0.999_999)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_an_axis_is_a_round_number() {
        for (value, top) in [(0.0, 1.0), (0.3, 0.5), (1.0, 1.0), (14.0, 20.0), (51.0, 100.0)] {
            assert!((round_up(value) - top).abs() < 1e-9, "{value}");
        }
    }
}
