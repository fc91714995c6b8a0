//! Every text of the page, in English and French, side by side.

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// Both, in the order of the switch.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// The tag used in `?lang=`, in `<html lang>` and in the configuration.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The language of a tag; regions are ignored (`fr-CH` is French).
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    pub(super) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::French => "Français",
        }
    }

    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::English => &EN,
            Self::French => &FR,
        }
    }
}

/// Declares a table of texts: `key: "English" / "French",`.
macro_rules! words {
    ($($key:ident: $en:literal / $fr:literal,)*) => {
        /// One field a text; see the table below for both languages.
        pub(crate) struct Words { $(pub(crate) $key: &'static str,)* }
        static EN: Words = Words { $($key: $en,)* };
        static FR: Words = Words { $($key: $fr,)* };
        #[cfg(test)]
        static ALL: &[(&str, &str, &str)] = &[$((stringify!($key), $en, $fr),)*];
    };
}
pub(crate) use words;

words! {
    // navigation and frame
    rooms: "Rooms" / "Salles",
    alerts: "Alerts" / "Alertes",
    waste: "Waste" / "Gaspillage",
    pipeline: "Data flow" / "Flux de données",
    skip: "Skip to content" / "Aller au contenu",
    colon: ": " / "\u{a0}: ",
    language: "Language" / "Langue",
    main_menu: "Main menu" / "Menu principal",
    stale: "No connection. What you see is from" / "Connexion perdue. Ce que vous voyez date de",
    back: "All rooms" / "Toutes les salles",
    not_found: "There is no such page here." / "Cette page n’existe pas.",
    no_such_device: "There is no such device in the configuration." / "Cet appareil n’est pas dans la configuration.",
    history_fails: "The local history cannot be read just now. States above are still live." / "L’historique local est illisible pour le moment. Les états restent en direct.",

    // states
    scanning: "Scanning" / "Acquisition",
    idle: "Idle" / "En attente",
    running: "Running" / "En marche",
    standby: "Standby" / "Veille",
    off: "Off" / "Éteint",
    unknown: "Unknown" / "Inconnu",
    scanning_means: "acquiring images" / "acquisition en cours",
    idle_means: "ready, not acquiring" / "prêt, sans acquisition",
    standby_means: "reduced power, resumes by itself" / "puissance réduite, reprise rapide",
    off_means: "must boot before use" / "à redémarrer avant usage",
    unknown_means: "meter silent or unclear; never counted as off" / "compteur muet ou ambigu ; jamais compté comme éteint",

    // modalities
    ct: "CT" / "Scanner",
    mri: "MRI" / "IRM",
    angio: "Angiography" / "Angiographie",
    xray: "X-ray" / "Radiographie",
    workstation: "Workstation" / "Station de lecture",
    workstations: "Reading workstations" / "Stations de lecture",
    server: "Server" / "Serveur",
    chiller: "Chiller" / "Groupe froid",
    mammography: "Mammography" / "Mammographie",
    ultrasound: "Ultrasound" / "Échographie",
    pet_ct: "PET-CT" / "TEP-scan",

    // wall
    idle_waste: "Idle waste" / "Gaspillage en attente",
    idle_waste_is: "drawn ready to acquire, without acquiring" / "consommé prêt à acquérir, sans acquisition",
    this_week: "last 7 days" / "7 derniers jours",
    today: "today" / "aujourd’hui",
    energy_today: "Energy today" / "Énergie aujourd’hui",
    idle_today: "Idle today" / "En attente aujourd’hui",
    closed_part: "out of hours" / "hors horaires",
    in_closed_hours: "of it in closed hours" / "dont hors horaires",
    since: "since" / "depuis",
    never_heard: "never heard" / "jamais reçu",
    no_power: "no reading" / "aucun relevé",
    energy_used: "Energy used" / "Énergie consommée",
    states_now: "Devices now" / "Appareils maintenant",
    last_24_h: "last 24 hours" / "24 dernières heures",
    last_7_d: "last 7 days" / "7 derniers jours",
    no_curve: "No samples yet" / "Pas encore de mesures",
    households: "households" / "foyers",
    like_households: "as much as" / "autant que",
    other_floor: "Other rooms" / "Autres salles",

    // alerts
    left_idle: "left idle" / "laissé en attente",
    left_idle_long: "Left idle outside opening hours" / "Laissé en attente hors horaires",
    open_alerts: "Open alerts" / "Alertes ouvertes",
    past_alerts: "Past alerts" / "Alertes passées",
    no_open_alerts: "Nothing needs attention." / "Rien à signaler.",
    no_past_alerts: "No alert was ever closed." / "Aucune alerte close.",
    still_open: "still so" / "en cours",
    until: "until" / "jusqu’à",
    raised: "raised" / "levée",
    reminded: "reminded" / "rappelée",
    cleared: "cleared" / "close",
    acknowledged: "acknowledged" / "prise en compte",
    snoozed: "snoozed" / "en sourdine",
    by_person: "by" / "par",
    rule_cryo: "Cooling base lost: the magnet may be warming up" / "Refroidissement perdu : l’aimant se réchauffe peut-être",
    rule_weekend: "Left idle all weekend" / "Laissé en attente tout le week-end",
    rule_workstation: "Workstation left on outside opening hours" / "Poste laissé allumé hors horaires",
    rule_self_wake: "Switched itself on while closed" / "S’est allumé seul pendant la fermeture",
    rule_silent: "Meter silent: nobody knows what it does" / "Compteur muet : état inconnu",
    rule_phase: "A phase of the meter is reversed or missing" / "Une phase du compteur est inversée ou absente",
    rule_counter: "Energy counter did not go on as it should" / "Anomalie de l’index d’énergie",
    rule_drift: "Draws more or less than it used to" / "Consomme plus ou moins qu’avant",
    severity_info: "Notice" / "Information",
    severity_warning: "Warning" / "Avertissement",
    severity_critical: "Critical" / "Critique",
    steps: "Steps" / "Étapes",
    wasted_so_far: "so far" / "à ce jour",
    in_total: "in all" / "au total",

    // device
    power: "Power" / "Puissance",
    power_curve: "Power and state" / "Puissance et état",
    mean: "mean" / "moyenne",
    peak: "peak" / "pointe",
    lowest: "lowest" / "minimum",
    energy_by_state: "Energy by state" / "Énergie par état",
    state: "State" / "État",
    time: "Time" / "Durée",
    energy: "Energy" / "Énergie",
    cost: "Cost" / "Coût",
    carbon: "Carbon" / "Carbone",
    closed: "Closed hours" / "Hors horaires",
    share: "Share" / "Part",
    total: "Total" / "Total",
    estimated: "integrated from power, not counted by the meter" / "intégré depuis la puissance, non compté",
    exams: "Exams" / "Examens",
    exams_mean: "energy per exam" / "énergie par examen",
    net_scan: "of it scanning" / "dont acquisition",
    ratio: "Idle for each kWh of scanning" / "En attente par kWh d’acquisition",
    ratio_published: "published for CT: 14 to 30" / "publié pour le scanner : 14 à 30",
    ratio_source: "Esmaeili 2015/2018, as quoted by ACI NSW" / "Esmaeili 2015/2018, cité par ACI NSW",
    ratio_none: "no scanning in 7 days" / "aucune acquisition en 7 jours",
    levels: "Learned levels" / "Niveaux appris",
    changed: "changed" / "modifié",
    level: "Level" / "Niveau",
    level_from: "From" / "De",
    level_until: "To" / "À",
    level_seen: "Seen" / "Observé",
    certainty: "Name" / "Nom",
    known: "known" / "sûr",
    provisional: "provisional" / "provisoire",
    named_by_hand: "given by hand" / "donné à la main",
    scanning_begins: "Scanning begins at" / "L’acquisition commence à",
    scouts_from: "scouts from" / "topogrammes dès",
    news_every: "The meter tells something new every" / "Le compteur donne une nouvelle valeur toutes les",
    too_coarse: "Too rarely for scans: scanning is not claimed. Let the meter report every second or two, or at each change." / "Trop rarement pour voir les acquisitions : aucune n’est affirmée. Réglez le compteur sur une ou deux secondes, ou à chaque changement.",
    meter_faults: "Meter faults" / "Défauts de compteur",
    no_faults: "None." / "Aucun.",
    alerts_of_device: "Alerts of this device" / "Alertes de cet appareil",
    no_alerts_of_device: "None so far." / "Aucune à ce jour.",
    when: "When" / "Quand",
    what: "What" / "Quoi",
    meter: "Meter" / "Compteur",
    detail: "Detail" / "Détail",
    room: "Room" / "Salle",

    // faults
    counter_reset: "counter went to zero" / "compteur remis à zéro",
    counter_rollback: "counter went back" / "compteur revenu en arrière",
    counter_jump: "counter jumped" / "saut du compteur",
    implausible_power: "implausible power" / "puissance invraisemblable",
    silent: "silent" / "muet",
    heard: "heard again" / "de nouveau reçu",
    offline: "offline" / "hors ligne",
    clock_wrong: "clock is wrong" / "horloge fausse",
    too_late: "reading too late" / "relevé trop tardif",
    counter_wrap: "counter wrapped around" / "compteur repassé par zéro",
    counter_stuck: "counter stands still" / "compteur bloqué",
    message_lost: "messages were lost" / "messages perdus",
    meter_error: "the meter reports an error" / "le compteur signale une erreur",
    estimated_power: "power is estimated" / "puissance estimée",
    unknown_name: "name is not explained" / "nom inexpliqué",
    unit_assumed: "unit is assumed" / "unité supposée",
    interval_too_coarse: "readings too rare to see scans" / "relevés trop rares pour voir les acquisitions",

    // pipeline
    account: "Account of messages" / "Bilan des messages",
    received: "received" / "reçus",
    stored: "stored" / "stockés",
    duplicate: "duplicates" / "doublons",
    quarantined: "set aside" / "mis de côté",
    balances: "The account balances: every message is explained." / "Le bilan est juste : chaque message est expliqué.",
    balance_off: "messages are not explained yet (some may be in flight)" / "messages non expliqués (certains peuvent être en cours)",
    waiting: "waiting" / "en attente",
    lost: "lost" / "perdus",
    rebuilding: "The past is being analyzed again:" / "Le passé est analysé de nouveau :",
    qos0: "Of these at QoS 0, which no broker repeats" / "Dont en QoS 0, qu’aucun courtier ne répète",
    qos0_dropped: "QoS 0 dropped, not received" / "QoS 0 abandonnés, non reçus",
    sessions_lost: "Sessions a broker has forgotten" / "Sessions oubliées par un courtier",
    in_quarantine: "In quarantine" / "En quarantaine",
    incidents: "What was lost, or nearly" / "Pertes et alertes",
    no_incidents: "Nothing was lost." / "Rien n’a été perdu.",
    place: "Where" / "Où",
    lost_count: "Lost" / "Perdus",
    mend: "What to do" / "Que faire",
    left_out: "Nothing to write" / "Rien à écrire",
    skipped: "Skipped" / "Sautés",
    readings: "Readings" / "Relevés",
    findings: "Findings" / "Constats",
    broker: "MQTT broker" / "Courtier MQTT",
    connected: "connected" / "connecté",
    not_connected: "not connected" / "non connecté",
    sinks: "Sinks" / "Destinations",
    no_sinks: "No sink is configured; the local history keeps everything." / "Aucune destination configurée ; l’historique local garde tout.",
    sink: "Sink" / "Destination",
    kind: "Kind" / "Type",
    delivered: "Delivered" / "Livrés",
    rejected: "Refused" / "Refusés",
    behind: "To deliver" / "À livrer",
    last_error: "Trouble" / "Problème",
    up_to_date: "up to date" / "à jour",
    meters: "Meters" / "Compteurs",
    no_meters: "No meter was heard yet." / "Aucun compteur reçu.",
    family: "Family" / "Famille",
    heard_at: "Last heard" / "Dernier relevé",
    faults: "Faults" / "Défauts",
    never: "never" / "jamais",

    // definitions
    definitions: "What the figures mean" / "Ce que disent les chiffres",
    def_idle: "Idle waste is the energy a device draws while it is ready to acquire and does not." / "Le gaspillage est l’énergie consommée par un appareil prêt à acquérir, sans acquisition.",
    def_closed: "The part in closed hours is what was drawn idle outside the device’s opening hours, when nobody could have used it." / "La part hors horaires est consommée en dehors des heures d’ouverture, quand personne ne pouvait s’en servir.",
    def_productive: "Productive is scanning alone. An MRI’s magnet cooling runs in every state; off is never zero there." / "Seule l’acquisition est productive. Le refroidissement d’un aimant d’IRM tourne dans tous les états.",
    def_unknown: "Unknown means that the meter is silent or its value fits no band; it is never counted as off." / "Inconnu : compteur muet ou valeur hors de toute bande ; jamais compté comme éteint.",
    def_energy: "Energy comes from the meter’s counter; where it had to be integrated from power it is marked ≈." / "L’énergie vient du compteur ; intégrée depuis la puissance, elle est marquée ≈.",
    def_exam: "An exam is a cluster of scanning with short gaps; it is found from power and knows no patient." / "Un examen est un groupe d’acquisitions rapprochées, déduit de la puissance, sans donnée patient.",
    price: "Price" / "Prix",
    carbon_factor: "Carbon factor" / "Facteur carbone",
    household_is: "One household" / "Un foyer",
    per_year: "a year" / "par an",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_with_and_without_a_region() {
        assert_eq!(Language::from_tag("fr-CH"), Some(Language::French));
        assert_eq!(Language::from_tag("EN"), Some(Language::English));
        assert_eq!(Language::from_tag("de"), None);
    }

    #[test]
    fn no_text_is_empty_and_french_uses_its_own_marks() {
        for (key, en, fr) in ALL {
            assert!(!en.is_empty() && !fr.is_empty(), "{key}");
            assert!(!en.contains('\'') && !fr.contains('\''), "{key}: use ’");
        }
    }
}
