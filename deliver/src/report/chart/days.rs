//! Idle energy by day: the part in closed hours below, the part in open hours on it; the mean of the time before as a line.

use analyzer::report::Idle;
use jiff::civil::Date;
use plotters::prelude::*;

use super::{GRID, HEAT, INK, Place, SOFT, Width, pixels, place, round_up, svg, text};
use crate::page::speaker::Speaker;

const TOP: i32 = 14;
const BOTTOM: i32 = 22;
const LEFT: i32 = 48;

/// Draws days; `mean_before_kwh` is the mean of closed hours in the time before.
pub(crate) fn days(
    days: &[(Date, Idle)],
    mean_before_kwh: Option<f64>,
    width: Width,
    speaker: &Speaker,
) -> Option<String> {
    let (across, down) = match width {
        Width::Wide => (520, 176),
        Width::Narrow => (400, 200),
    };
    let count = place(days.len()).max(1);
    let highest = days.iter().map(|(_, idle)| idle.all.kwh()).fold(0.0, f64::max);
    let top_kwh = round_up(highest.max(mean_before_kwh.unwrap_or(0.0)));
    let bottom = down - BOTTOM;
    let at = |kwh: f64| bottom - pixels(f64::from(bottom - TOP) * kwh / top_kwh);
    let column = |index: i32| LEFT + pixels(f64::from((across - LEFT) * index) / f64::from(count));
    let every = [1, 2, 5, 7, 14, 30, 90]
        .into_iter()
        .find(|every| count / every <= 8)
        .unwrap_or(180);
    svg(width, (across.unsigned_abs(), down.unsigned_abs()), |area| {
        for part in [0.0, 0.5, 1.0] {
            let y = at(top_kwh * part);
            area.draw(&PathElement::new([(LEFT, y), (across, y)], GRID))?;
            text(
                area,
                &speaker.figures(top_kwh * part),
                (LEFT - 6, y),
                SOFT,
                12,
                Place::Right,
            )?;
        }
        text(area, "kWh", (0, TOP + 14), SOFT, 12, Place::Left)?;
        for (index, (day, idle)) in (0..).zip(days) {
            let gap = if count > 60 { 0 } else { 1 };
            let (first, next) = (column(index) + gap, column(index + 1) - gap);
            let (closed, all) = (at(idle.closed.kwh()), at(idle.all.kwh()));
            area.draw(&Rectangle::new([(first, all), (next, closed)], HEAT[2].filled()))?;
            area.draw(&Rectangle::new(
                [(first, closed), (next, bottom)],
                HEAT[4].filled(),
            ))?;
            if index % every == 0 {
                let middle = i32::midpoint(first, next);
                let name = format!("{}.{}.", day.day(), day.month());
                text(
                    area,
                    &name,
                    (middle.min(across - 16), bottom + 12),
                    SOFT,
                    12,
                    Place::Centre,
                )?;
            }
        }
        if let Some(mean) = mean_before_kwh {
            let y = at(mean);
            let line = [(LEFT, y), (across, y)];
            area.draw(&PathElement::new(line, INK.stroke_width(2)))?;
        }
        Ok(())
    })
}
