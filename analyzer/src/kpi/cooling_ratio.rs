//! What cooling takes for each unit of the load that it cools.

use super::{Answer, Kpi, Published, Reckon, Totals, ratio};
use crate::Energy;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "cooling_ratio",
    unit: "1",
    formula: "E_cooling / E_cooled, cooled = cools of the configuration",
    source: "Heye et al., Radiology 2020;295:593: 33 to 80 % on top",
    published: Some(Published {
        from: 0.33,
        until: 0.8,
    }),
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    if totals.cooling == Energy::ZERO {
        return Err("no cooling of this group says what it cools, or nothing was measured of it");
    }
    ratio(
        totals.cooling.wh(),
        totals.cooled.wh(),
        "nothing was measured of what is cooled",
    )
}
