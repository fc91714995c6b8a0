//! The heat map: weekday and local hour, the mean idle energy of such an hour in each cell, as a number and a shade.
//!
//! On a desk weekdays are rows, on a phone columns.

use analyzer::report::{HOURS, Idling, WEEKDAYS};
use plotters::prelude::*;

use super::{CARD, Drawn, HEAT, INK, Place, SOFT, Width, pixels, place, svg, text};
use crate::page::speaker::Speaker;

/// From this step on a shade is so strong that its text is of the colour of the ground.
const STRONG: usize = 4;

/// The mean energy of one such hour, kWh, and the part of it in closed hours.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub(crate) kwh: f64,
    pub(crate) closed_kwh: f64,
    /// Such hours there were.
    pub(crate) hours: u32,
}

/// The cells of a heat map.
#[derive(Clone, Debug)]
pub(crate) struct Cells(pub(crate) [[Cell; HOURS]; WEEKDAYS]);

impl Cells {
    /// Of idling, and how many hours of each name there were.
    pub(crate) fn new(idling: &Idling, hours: &[[u32; HOURS]; WEEKDAYS]) -> Self {
        let cell = |weekday: usize, hour: usize| {
            let (idle, hours) = (idling.cells[weekday][hour], hours[weekday][hour]);
            let of_one = f64::from(hours.max(1));
            Cell {
                kwh: idle.all.kwh() / of_one,
                closed_kwh: idle.closed.kwh() / of_one,
                hours,
            }
        };
        Self(std::array::from_fn(|weekday| {
            std::array::from_fn(|hour| cell(weekday, hour))
        }))
    }

    /// The greatest mean.
    pub(crate) fn top_kwh(&self) -> f64 {
        self.0.iter().flatten().map(|cell| cell.kwh).fold(0.0, f64::max)
    }

    /// Weekday, hour and cell of the most and of the least.
    pub(crate) fn extremes(&self) -> Option<[(usize, usize, Cell); 2]> {
        let all = || {
            let rows = self.0.iter().enumerate();
            rows.flat_map(|(weekday, row)| {
                row.iter()
                    .enumerate()
                    .map(move |(hour, cell)| (weekday, hour, *cell))
            })
            .filter(|(.., cell)| cell.hours > 0)
        };
        let by_kwh =
            |one: &(usize, usize, Cell), other: &(usize, usize, Cell)| one.2.kwh.total_cmp(&other.2.kwh);
        Some([all().max_by(by_kwh)?, all().min_by(by_kwh)?])
    }
}

/// The number in a cell: three characters at most say enough.
pub(crate) fn number(speaker: &Speaker, kwh: f64, top_kwh: f64) -> String {
    let decimals = match top_kwh {
        top if top >= 9.95 => 0,
        top if top >= 0.995 => 1,
        _ => 2,
    };
    if kwh <= 0.0 {
        return "·".to_owned();
    }
    speaker.number(kwh, decimals)
}

/// Where the cells lie.
struct Layout {
    size: (u32, u32),
    left: i32,
    top: i32,
    cell: (f64, f64),
    font: u32,
    /// Weekdays go across.
    is_turned: bool,
}

impl Layout {
    fn of(width: Width) -> Self {
        let (size, left, top, is_turned) = match width {
            Width::Wide => ((1080, 262), 52, 24, false),
            Width::Narrow => ((400, 578), 46, 26, true),
        };
        let (across, down) = if is_turned {
            (WEEKDAYS, HOURS)
        } else {
            (HOURS, WEEKDAYS)
        };
        let room = (
            f64::from(size.0) - f64::from(left),
            f64::from(size.1) - f64::from(top),
        );
        Self {
            size,
            left,
            top,
            cell: (room.0 / f64::from(place(across)), room.1 / f64::from(place(down))),
            font: 13,
            is_turned,
        }
    }

    fn corners(&self, weekday: usize, hour: usize) -> [(i32, i32); 2] {
        let (column, row) = if self.is_turned {
            (weekday, hour)
        } else {
            (hour, weekday)
        };
        let at = |column: usize, row: usize| {
            (
                self.left + pixels(self.cell.0 * f64::from(place(column))),
                self.top + pixels(self.cell.1 * f64::from(place(row))),
            )
        };
        let (first, next) = (at(column, row), at(column + 1, row + 1));
        // a line of the ground between cells
        [first, (next.0 - 2, next.1 - 2)]
    }
}

/// Draws it.
pub(crate) fn heat(cells: &Cells, width: Width, speaker: &Speaker) -> Option<String> {
    let layout = Layout::of(width);
    svg(width, layout.size, |area| {
        for weekday in 0..WEEKDAYS {
            let [first, last] = layout.corners(weekday, 0);
            let name = speaker.weekday_name(weekday);
            if layout.is_turned {
                let middle = (i32::midpoint(first.0, last.0), layout.top / 2);
                text(area, name, middle, SOFT, layout.font, Place::Centre)?;
            } else {
                let middle = (layout.left - 8, i32::midpoint(first.1, last.1));
                text(area, name, middle, SOFT, layout.font, Place::Right)?;
            }
        }
        for hour in 0..HOURS {
            let [first, last] = layout.corners(0, hour);
            let name = format!("{hour:02}");
            if layout.is_turned {
                let middle = (layout.left - 8, i32::midpoint(first.1, last.1));
                text(area, &name, middle, SOFT, layout.font, Place::Right)?;
            } else {
                let middle = (i32::midpoint(first.0, last.0), layout.top / 2);
                text(area, &name, middle, SOFT, layout.font, Place::Centre)?;
            }
        }
        draw_cells(area, cells, &layout, speaker)
    })
}

fn draw_cells(area: &super::Area<'_>, cells: &Cells, layout: &Layout, speaker: &Speaker) -> Drawn {
    let top_kwh = cells.top_kwh();
    for (weekday, row) in cells.0.iter().enumerate() {
        for (hour, cell) in row.iter().enumerate() {
            let [first, last] = layout.corners(weekday, hour);
            let step = step(cell.kwh, top_kwh);
            let ink = if step >= STRONG { CARD } else { INK };
            area.draw(&Rectangle::new([first, last], HEAT[step].filled()))?;
            let middle = (i32::midpoint(first.0, last.0), i32::midpoint(first.1, last.1) + 1);
            if cell.hours > 0 {
                let number = number(speaker, cell.kwh, top_kwh);
                text(area, &number, middle, ink, layout.font, Place::Centre)?;
            }
            if cell.kwh > 0.0 && cell.closed_kwh * 2.0 >= cell.kwh {
                let corner = vec![(last.0 - 8, first.1), (last.0, first.1), (last.0, first.1 + 8)];
                area.draw(&Polygon::new(corner, ink.filled()))?;
            }
        }
    }
    Ok(())
}

/// The shade of a cell: nothing, then five steps up to the most.
fn step(kwh: f64, top_kwh: f64) -> usize {
    if kwh <= 0.0 || top_kwh <= 0.0 {
        return 0;
    }
    let part = kwh / top_kwh;
    let step = (1..HEAT.len()).find(|step| part * 5.0 <= f64::from(place(*step)) + 1e-9);
    step.unwrap_or(HEAT.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_rise_in_five_steps_and_nothing_has_its_own() {
        let steps: Vec<usize> = [0.0, 0.1, 2.0, 2.1, 9.9, 10.0]
            .map(|kwh| step(kwh, 10.0))
            .to_vec();
        assert_eq!(steps, [0, 1, 1, 2, 5, 5]);
        assert_eq!(step(1.0, 0.0), 0);
    }
}
