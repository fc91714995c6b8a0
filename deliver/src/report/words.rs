//! Every text of reports and of the waste view, in English and French, side by side.

use crate::page::Language;
use crate::page::words::words;

impl Language {
    /// The texts of reports.
    pub(crate) const fn report_words(self) -> &'static Words {
        match self {
            Self::English => &EN,
            Self::French => &FR,
        }
    }
}

words! {
    // head
    title: "Idle energy report" / "Rapport d’énergie en attente",
    made_at: "made on" / "établi le",
    compared_with: "compared with" / "comparé à",
    baseline: "baseline" / "référence",
    devices: "devices" / "appareils",

    // headline
    idle_closed: "Idle outside opening hours" / "En attente hors horaires d’ouverture",
    idle_closed_means: "energy that machines drew ready to acquire while the department was closed" / "énergie consommée par des appareils prêts à acquérir, service fermé",
    of_all_energy: "Share of all energy" / "Part de toute l’énergie",
    all_idle: "Idle in all, open hours included" / "En attente au total, ouverture comprise",
    energy_in_all: "Energy in all" / "Énergie totale",
    as_much_as: "as much as" / "autant que",
    households_in_same_time: "households in the same time" / "foyers dans le même temps",
    than_before: "compared with" / "par rapport à",
    more: "more" / "de plus",
    less: "less" / "de moins",
    the_same: "unchanged compared with" / "inchangé par rapport à",
    per_day: "per day" / "par jour",
    known: "Known" / "Connu",
    of_the_time: "of the time" / "du temps",
    avoidable: "Avoidable" / "Évitable",
    avoidable_means: "above what resting draws, in the closed hours in which idling was observed" / "au-delà de la consommation au repos, dans les heures fermées où l’attente a été observée",

    // worst devices
    worst: "The three that waste most, and what to do" / "Les trois qui gaspillent le plus, et que faire",
    ranking: "Idle waste by device" / "Gaspillage par appareil",
    device: "Device" / "Appareil",
    closed_hours: "Closed" / "Fermé",
    open_hours: "Open" / "Ouvert",
    in_all: "In all" / "Au total",
    nights_left_on: "Nights left on" / "Nuits allumé",
    nights_of: "of" / "sur",
    exempt: "must stay ready" / "doit rester prêt",
    no_waste: "Nothing idled in this period." / "Aucune attente sur cette période.",
    what_to_do: "What to do" / "Que faire",
    advice_meter: "Its meter was silent too often: mend that first, then compare." / "Compteur trop souvent muet : à réparer d’abord, comparer ensuite.",
    advice_wakes: "It wakes by itself at night: ask the manufacturer’s service which task does it, and move it into opening hours." / "S’allume seul la nuit : demander au service du constructeur quelle tâche en est cause, la placer en journée.",
    advice_workstation: "Let it shut itself down at closing (power settings of the computer)." / "Programmer l’extinction automatique à la fermeture (gestion d’énergie du poste).",
    advice_magnet: "Put it into power-save or system-off after the last patient; the magnet stays cooled." / "Le mettre en veille ou en arrêt système après le dernier patient ; l’aimant reste refroidi.",
    advice_find_rest: "It was never seen at rest: ask the manufacturer for its low-power mode, and try it one night." / "Jamais vu au repos : demander au constructeur son mode basse consommation, l’essayer une nuit.",
    advice_routine: "It is left on most nights: make switching off part of closing the room, or ask for automatic standby." / "Laissé allumé presque chaque nuit : inscrire l’arrêt dans la fermeture de la salle, ou demander la veille automatique.",
    advice_remind: "It is forgotten now and then: the overnight alert to whoever closes the room is enough." / "Oublié de temps à autre : l’alerte de nuit à la personne qui ferme la salle suffit.",

    // charts
    by_day: "Idle energy by day" / "Énergie en attente par jour",
    mean_before: "mean closed" / "moyenne fermé",
    heat: "When it idles" / "Quand les appareils attendent",
    heat_means: "mean idle energy of all devices in one such hour, kWh" / "énergie en attente moyenne de tous les appareils par heure, kWh",
    heat_corner: "corner marked: most of it in closed hours" / "coin marqué : surtout hors horaires",
    heat_most: "Most" / "Maximum",
    heat_least: "least" / "minimum",
    heat_table: "The same as a table" / "Les mêmes chiffres en tableau",
    hour: "Hour" / "Heure",
    ratio: "Idle energy for each kWh of scanning" / "Énergie en attente par kWh d’acquisition",
    ratio_band: "published for CT: 14–30" / "publié pour le scanner : 14–30",
    ratio_source: "Esmaeili 2015 and 2018, CT life-cycle studies, as quoted by ACI NSW" / "Esmaeili 2015 et 2018, analyses de cycle de vie du scanner, cités par ACI NSW",
    ratio_none: "No scanning was seen, or meters are too slow to show it." / "Aucune acquisition vue, ou compteurs trop lents.",
    ratio_ct_only: "The band was published for CT; others stand beside it for orientation." / "L’intervalle est publié pour le scanner ; les autres figurent à titre indicatif.",
    ratio_more: "further scanners" / "autres appareils",

    // savings
    savings: "What resting at night would save" / "Ce qu’économiserait le repos nocturne",
    savings_means: "switched off or in standby for so many of the closed hours of each night in which idling was observed" / "arrêt ou veille pendant autant d’heures fermées de chaque nuit où l’attente a été observée",
    hours_a_night: "Hours a night" / "Heures par nuit",
    in_period: "in this period" / "sur cette période",
    a_year: "a year at this rate" / "par an à ce rythme",
    households: "Households" / "Foyers",
    money: "Cost" / "Coût",
    carbon: "Carbon" / "Carbone",
    energy: "Energy" / "Énergie",
    show: "Show" / "Afficher",
    savings_none: "No device has a resting level yet: none was seen in standby or off for an hour, and no target_w is configured." / "Aucun niveau de repos connu : aucun appareil vu en veille ou éteint pendant une heure, pas de target_w.",
    savings_left_out: "Left out, for they have no resting level or must stay ready" / "Non comptés, sans niveau de repos ou à garder prêts",
    savings_baseline: "Reckoned night by night against the idling that was observed, never against idling round the clock. A night is from noon to noon." / "Calculé nuit par nuit sur l’attente observée, jamais sur une attente permanente. Une nuit va de midi à midi.",

    // annex
    annex: "Annex for engineers" / "Annexe technique",
    by_state: "Energy and time by state" / "Énergie et durée par état",
    coverage: "Examinations, coverage and data quality" / "Examens, couverture et qualité des données",
    known_time: "Known time" / "Temps connu",
    counted_energy: "Counted energy" / "Énergie comptée",
    exams: "Exams" / "Examens",
    per_exam_gross: "kWh/exam gross" / "kWh/examen brut",
    per_exam_net: "kWh/exam net" / "kWh/examen net",
    base_load: "Base load" / "Charge de base",
    target: "Target" / "Cible",
    target_configured: "configured" / "configuré",
    target_observed: "seen in" / "vu en",
    alerts: "Alerts" / "Alertes",
    still_open: "open" / "ouvertes",
    faults: "Meter faults" / "Défauts de compteur",
    bands: "Levels in use" / "Niveaux utilisés",
    bands_fixed: "fixed by the configuration" / "fixés par la configuration",
    bands_learned: "learned" / "appris",
    bands_published: "published levels until it has learned its own" / "niveaux publiés, en attendant les siens",
    provisional: "provisional" / "provisoire",
    scanning_from: "scanning from" / "acquisition dès",
    figures: "Figures, definitions and published values" / "Chiffres, définitions et valeurs publiées",
    figure: "Figure" / "Indicateur",
    value: "Value" / "Valeur",
    previous: "Before" / "Avant",
    in_brackets: "In brackets: the period before." / "Entre parenthèses : la période précédente.",
    published: "Published" / "Publié",
    definition: "Definitions" / "Définitions",
    source: "Source" / "Source",
    whole_site: "all devices" / "tous les appareils",
    factors: "Factors" / "Facteurs",
    baseline_text: "Avoidable energy is reckoned against the idling that was observed in closed hours, never against idling round the clock. Productive is scanning alone." / "L’énergie évitable est calculée sur l’attente observée hors horaires, jamais sur une attente permanente. Seule l’acquisition est productive.",
    exams_text: "Examinations are clusters of scanning, guessed from power; guessed calibrations are left out." / "Les examens sont des groupes d’acquisitions, déduits de la puissance ; les calibrations présumées sont exclues.",
    energy_text: "Energy comes from the meters’ counters; ≈ marks what was integrated from power. Cooling and racks are base loads: their idling is no waste, and they are never inside a scanner’s figures." / "L’énergie vient des compteurs ; ≈ marque ce qui est intégré depuis la puissance. Froid et baies sont des charges de base : leur attente n’est pas un gaspillage et n’entre jamais dans les chiffres d’un appareil.",
    calendar_text: "Periods, nights and hours are those of local time; a day in which clocks change has 23 or 25 hours." / "Périodes, nuits et heures sont en heure locale ; un jour de changement d’heure a 23 ou 25 heures.",

    // what remains unknown
    unknown: "What remains unknown" / "Ce qui reste inconnu",
    nothing_unknown: "Nothing: every hour of every device is known, and all energy was counted." / "Rien : chaque heure de chaque appareil est connue et toute l’énergie est comptée.",
    not_over: "The period is not over: figures reach until" / "La période n’est pas terminée : chiffres arrêtés au",
    before_history: "The history begins within the period, on" / "L’historique commence pendant la période, le",
    unknown_hours: "of device time is unknown (meter silent, not read, or watts that fit no band); drawn meanwhile and booked to no state" / "du temps des appareils est inconnu (compteur muet, non relevé, ou puissance hors bande) ; consommé entre-temps, sans état",
    nothing_heard: "Nothing was heard of" / "Aucun relevé de",
    estimated_energy: "were integrated from power, not counted by a meter" / "sont intégrés depuis la puissance, non comptés",
    provisional_levels: "The names of their levels may still change" / "Les noms de leurs niveaux peuvent encore changer",
    too_coarse: "Their meters report too rarely to show scanning, which is then counted as idle" / "Leurs compteurs sont trop lents pour voir les acquisitions, comptées alors en attente",
    no_target: "Savings are not reckoned, for they were never seen at rest" / "Économies non calculées, jamais vus au repos",
    faults_forgotten: "Older meter faults are not kept; they are known from" / "Les défauts plus anciens ne sont pas gardés ; connus depuis le",
    hard_to_compare: "The two periods are known for different parts of their time, so compare with care:" / "Les deux périodes ne sont pas connues dans la même mesure, comparer avec prudence :",
    nothing_before: "There is nothing to compare with: nothing was measured in the period before." / "Aucune comparaison : rien n’a été mesuré sur la période précédente.",

    // waste view
    last_days: "last {n} days" / "{n} derniers jours",
    choose_period: "Period" / "Période",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_empty_and_french_uses_its_own_marks() {
        for (key, en, fr) in ALL {
            assert!(!en.is_empty() && !fr.is_empty(), "{key}");
            assert!(!en.contains('\'') && !fr.contains('\''), "{key}: use ’");
        }
    }
}
