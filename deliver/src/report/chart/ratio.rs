//! The idle-to-scan ratio of each scanner on one scale, with the band that was published for CT drawn behind.

use analyzer::kpi::IDLE_SCAN_RATIO;
use plotters::prelude::*;

use super::{GRID, HEAT, INK, Place, SOFT, Width, pixels, place, svg, text};
use crate::page::speaker::Speaker;

/// So many scanners fit into the picture.
pub(crate) const SHOWN_MAX: usize = 12;

const ROW: i32 = 22;
const TOP: i32 = 30;
const BOTTOM: i32 = 24;

/// Draws names with their ratios, in their order.
pub(crate) fn ratio(ratios: &[(String, f64)], width: Width, speaker: &Speaker) -> Option<String> {
    let band = IDLE_SCAN_RATIO.published?;
    let shown = &ratios[..ratios.len().min(SHOWN_MAX)];
    let highest = shown.iter().map(|(_, ratio)| *ratio).fold(band.until, f64::max);
    let (across, left) = match width {
        Width::Wide => (520, 150),
        Width::Narrow => (400, 120),
    };
    let right = across - 46;
    let at = |ratio: f64| left + pixels(f64::from(right - left) * ratio / (highest * 1.04));
    let bottom = TOP + ROW * place(shown.len());
    let words = speaker.language.report_words();
    let size = (across.unsigned_abs(), (bottom + BOTTOM).unsigned_abs());
    svg(width, size, |area| {
        let corners = [(at(band.from), TOP - 6), (at(band.until), bottom + 2)];
        area.draw(&Rectangle::new(corners, HEAT[2].filled()))?;
        area.draw(&Rectangle::new(corners, HEAT[4].stroke_width(1)))?;
        let middle = i32::midpoint(corners[0].0, corners[1].0).min(across - 90);
        text(area, words.ratio_band, (middle, TOP - 18), INK, 12, Place::Centre)?;
        area.draw(&PathElement::new([(left, bottom + 2), (right, bottom + 2)], GRID))?;
        for tick in [0.0, band.from, band.until] {
            text(
                area,
                &speaker.number(tick, 0),
                (at(tick), bottom + 14),
                SOFT,
                12,
                Place::Centre,
            )?;
        }
        for (index, (name, ratio)) in shown.iter().enumerate() {
            let middle = TOP + ROW * place(index) + ROW / 2;
            text(area, &short(name), (left - 10, middle), INK, 13, Place::Right)?;
            area.draw(&PathElement::new([(left, middle), (at(*ratio), middle)], SOFT))?;
            area.draw(&Circle::new((at(*ratio), middle), 5, INK.filled()))?;
            text(
                area,
                &speaker.figures(*ratio),
                (at(*ratio) + 10, middle),
                INK,
                13,
                Place::Left,
            )?;
        }
        Ok(())
    })
}

/// A name that fits beside the scale.
fn short(name: &str) -> String {
    const LETTERS_MAX: usize = 18;
    if name.chars().count() <= LETTERS_MAX {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(LETTERS_MAX - 1).collect();
    short.push('…');
    short
}
