//! Tables of the documents that repeat what the code says: row by row the same.

use analyzer::alert::RULES;
use analyzer::kpi::KPIS;
use analyzer::modality::{MODALITIES, Modality};

use crate::tree::{Fault, Tree};

/// `docs/states.md` has a row for each modality.
pub(crate) fn states(tree: &Tree) -> Vec<Fault> {
    rows(
        tree,
        "docs/states.md",
        MODALITIES.iter().map(|modality| state_row(modality)),
    )
}

fn state_row(modality: &Modality) -> String {
    let levels = modality
        .levels
        .iter()
        .map(|(state, from_w, until_w)| format!("{state} {from_w}…{until_w}"));
    let levels: Vec<String> = levels.collect();
    let (timing, gap) = (modality.timing, modality.exam_gap);
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} |",
        modality.name,
        levels.join(", "),
        timing.bridge.as_secs(),
        timing.rise_dwell.as_secs(),
        timing.fall_dwell.as_secs(),
        gap.map_or("none".to_owned(), |gap| gap.as_secs().to_string()),
        modality.source,
    )
}

/// `docs/kpis.md` has a row for each figure.
pub(crate) fn kpis(tree: &Tree) -> Vec<Fault> {
    let row = |kpi: &analyzer::kpi::Kpi| {
        format!(
            "| `{}` | {} | {} | {} |",
            kpi.name, kpi.formula, kpi.unit, kpi.source
        )
    };
    rows(tree, "docs/kpis.md", KPIS.iter().map(row))
}

/// `docs/alerts.md` has a chapter for each rule.
pub(crate) fn alerts(tree: &Tree) -> Vec<Fault> {
    rows(
        tree,
        "docs/alerts.md",
        RULES
            .iter()
            .map(|rule| format!("## `{}` ({})", rule.name, rule.severity.name())),
    )
}

fn rows(tree: &Tree, file: &str, expected: impl Iterator<Item = String>) -> Vec<Fault> {
    let text = tree.text(file);
    let missing = expected.filter(|row| !text.lines().any(|line| line == row));
    missing
        .map(|row| {
            Fault::new(
                file,
                0,
                "does not say what the code says",
                format!("write: {row}"),
            )
        })
        .collect()
}
