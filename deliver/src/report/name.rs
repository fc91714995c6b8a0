//! What people call each key figure, in English and French. The stable words are those of `docs/kpis.md`.

use analyzer::kpi::Kpi;

use crate::page::Language;

/// Stable word, English, French; in the order of [`analyzer::kpi::KPIS`].
const NAMES: [(&str, &str, &str); 33] = [
    ("energy_kwh", "Energy", "Énergie"),
    ("hours", "Time", "Durée"),
    ("time_share", "Share of the time", "Part du temps"),
    ("on_time_share", "Share of the time on", "Part du temps allumé"),
    ("mean_power_w", "Mean power", "Puissance moyenne"),
    (
        "mean_power_sd_w",
        "Its deviation between hours",
        "Écart type entre heures",
    ),
    (
        "non_productive_share",
        "Energy not of scanning",
        "Énergie hors acquisition",
    ),
    ("idle_share", "Energy of idling", "Énergie en attente"),
    ("idle_scan_ratio", "Idle to scanning", "Attente sur acquisition"),
    (
        "closed_idle_share",
        "Energy of idling while closed",
        "Énergie en attente hors horaires",
    ),
    (
        "closed_idle_hours",
        "Hours idle while closed",
        "Heures en attente hors horaires",
    ),
    ("closed_idle_kwh", "Idle while closed", "En attente hors horaires"),
    ("exams", "Examinations", "Examens"),
    (
        "kwh_per_exam_gross",
        "Energy an examination, gross",
        "Énergie par examen, brute",
    ),
    (
        "kwh_per_exam_net",
        "Energy an examination, net",
        "Énergie par examen, nette",
    ),
    ("utilisation", "Utilisation", "Taux d’utilisation"),
    ("projected_annual_kwh", "Projected year", "Année projetée"),
    ("avoidable_kwh", "Avoidable", "Évitable"),
    ("avoidable_cost", "Avoidable cost", "Coût évitable"),
    ("avoidable_co2e_kg", "Avoidable carbon", "Carbone évitable"),
    (
        "break_even_minutes",
        "A shutdown pays after",
        "Un arrêt est rentable après",
    ),
    ("cost", "Cost", "Coût"),
    ("co2e_kg", "Carbon", "Carbone"),
    ("known_time_share", "Known time", "Temps connu"),
    ("counted_energy_share", "Counted energy", "Énergie comptée"),
    (
        "workstation_on_hours_per_week",
        "Workstations on, a week",
        "Postes allumés, par semaine",
    ),
    (
        "workstation_closed_on_hours_per_week",
        "Workstations on while closed, a week",
        "Postes allumés hors horaires, par semaine",
    ),
    (
        "workstation_shutdown_share",
        "Workstations: shutdown would save",
        "Postes : économie d’un arrêt",
    ),
    ("base_load_w", "Base load", "Charge de base"),
    ("base_kwh_per_day", "Base load, a day", "Charge de base, par jour"),
    (
        "storage_g_per_tb_year",
        "Carbon of storage",
        "Carbone du stockage",
    ),
    ("cooling_kwh", "Cooling", "Froid"),
    ("cooling_ratio", "Cooling on top", "Froid en plus"),
];

/// What people call it; a figure without a name here keeps its stable word.
pub(crate) fn of(kpi: &Kpi, language: Language) -> &'static str {
    let named = NAMES.iter().find(|(name, ..)| *name == kpi.name);
    named.map_or(kpi.name, |(_, english, french)| match language {
        Language::English => english,
        Language::French => french,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use analyzer::kpi::KPIS;

    #[test]
    fn every_figure_has_a_name_in_both_languages() {
        let names: Vec<&str> = NAMES.iter().map(|(name, ..)| *name).collect();
        let figures: Vec<&str> = KPIS.iter().map(|kpi| kpi.name).collect();
        assert_eq!(names, figures);
    }
}
