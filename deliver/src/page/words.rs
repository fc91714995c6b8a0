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
    data_stale: "No meter has been heard of late: all figures stand still since" / "Aucun compteur reçu récemment : tous les chiffres sont figés depuis",
    stations_menu: "Workstations" / "Postes",
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
    worst_today: "Most waste today" / "Plus gros gaspillages du jour",
    arranged: "Arrangement" / "Disposition",
    by_floor: "By floor" / "Par étage",
    by_modality: "By kind" / "Par type",
    corridor: "Corridor screen" / "Écran de couloir",
    more_alerts: "more" / "de plus",

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
    noted: "note" / "note",
    speak: "Acknowledge, snooze or note" / "Prendre en compte, mettre en sourdine ou noter",
    speak_needs_login: "To answer from this page, give it a login ([page] token_file). Until then: idlewatt alert acknowledge RULE DEVICE." / "Pour répondre depuis cette page, donnez-lui un accès ([page] token_file). D’ici là : idlewatt alert acknowledge RÈGLE APPAREIL.",
    your_name: "Your name" / "Votre nom",
    acknowledge: "Acknowledge" / "Prendre en compte",
    acknowledge_means: "no more reminders until it is over" / "plus de rappel jusqu’à la fin",
    snooze_for: "No reminders for" / "Sans rappel pendant",
    snooze: "Snooze" / "Mettre en sourdine",
    note: "Note" / "Note",
    note_down: "Note down" / "Noter",
    said: "Said. It shows here as soon as it has come through the journal." / "C’est dit. Cela s’affiche ici dès le passage par le journal.",
    not_said: "This was not said" / "Cela n’a pas été dit",
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
    levels_fixed: "The configuration fixes what its power means; nothing is learned." / "La configuration fixe le sens de la puissance ; rien n’est appris.",
    levels_not_yet: "Nothing is learned yet; the published levels of its kind hold until then." / "Rien d’appris pour l’instant ; les niveaux publiés pour ce type font foi.",
    stability: "Steady" / "Stable",
    separation: "Next level" / "Niveau voisin",
    pulses: "Scans begun here" / "Acquisitions lancées",
    evidence_is: "Steady: part of the time at this level that held still. Next level: its ratio to the nearest level of another name. Scans begun here: acquisitions that rose from this level." / "Stable : part du temps resté immobile à ce niveau. Niveau voisin : rapport au niveau le plus proche d’un autre nom. Acquisitions lancées : celles parties de ce niveau.",
    name_levels: "Name levels" / "Nommer les niveaux",
    name_levels_means: "A level that you name keeps that name within 15 %. It goes through the journal, so the past can be analyzed again with it." / "Un niveau que vous nommez garde ce nom à 15 % près. Cela passe par le journal : le passé peut être réanalysé avec.",
    label: "What people call it" / "Nom d’usage",
    name_level: "Keep this name" / "Garder ce nom",
    forget_level: "Take it back" / "Retirer",
    keep_levels: "To keep it for good, also where the journal has been cut, put this into the device’s section of the configuration:" / "Pour le garder définitivement, même après purge du journal, mettez ceci dans la section de l’appareil :",
    ledger_by_day: "Energy by day" / "Énergie par jour",
    day: "Day" / "Jour",
    idle_closed: "Idle, closed" / "Attente hors horaires",
    data_quality: "Data quality" / "Qualité des données",
    unknown_time: "Unknown time" / "Temps inconnu",
    estimated_energy: "Estimated energy" / "Énergie estimée",
    interval: "New value every" / "Nouvelle valeur toutes les",
    last_time: "last" / "dernier",
    not_heard_yet: "not heard since the start" / "rien reçu depuis le démarrage",
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

    // workstations and servers
    workstations_servers: "Workstations and servers" / "Postes de lecture et serveurs",
    no_stations: "No workstation and no server is configured." / "Aucun poste ni serveur configuré.",
    switched_on: "On" / "Allumé",
    on_outside_hours: "on outside their hours" / "allumés hors horaires",
    switching_off: "Switched off in closed hours, they would save" / "Éteints hors horaires, ils économiseraient",
    a_year: "a year" / "par an",
    of_their_energy: "of what they use" / "de leur consommation",
    on_hours: "On, a week" / "Allumé par semaine",
    of_168: "of 168 h, mean" / "sur 168 h, moyenne",
    on_closed_hours: "of it closed" / "dont fermé",
    would_save: "Would save a year" / "Gain par an",
    saved_is: "Reckoned from the last seven days: what was drawn above off in closed hours, taken for a year. Off is the station’s own, else 18.2 W (Büttner 2021)." / "Calcul sur sept jours : ce qui dépasse l’arrêt hors horaires, rapporté à l’année. L’arrêt est celui du poste, sinon 18,2 W (Büttner 2021).",
    ranking: "Ranking" / "Classement",
    servers: "Servers" / "Serveurs",
    servers_are: "a base load: it has to run" / "une charge de base : elle doit tourner",
    published: "What others have measured" / "Ce que d’autres ont mesuré",
    study_walters: "88 workstations were on for 148 h a week; with an automatic shutdown, 75.5 h; 17 MWh a year saved" / "88 postes allumés 148 h par semaine ; avec arrêt automatique 75,5 h ; 17 MWh économisés par an",
    study_mccarthy: "25 of 27 reporting stations were left on at night or weekends" / "25 postes de lecture sur 27 laissés allumés la nuit ou le week-end",
    study_prasanna: "switched off after an eight-hour day, workstations and monitors use 76 % less" / "éteints après une journée de huit heures, postes et écrans consomment 76 % de moins",
    study_buettner: "a station with its monitors draws 117.4 W on, 54.2 W in standby, 18.2 W off" / "un poste et ses écrans : 117,4 W allumé, 54,2 W en veille, 18,2 W éteint",

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
    heard_at: "Last heard" / "Dernier relevé",
    never: "never" / "jamais",
    meters_worst_first: "worst first; counts of the last 7 days" / "les pires d’abord ; comptes sur 7 jours",
    feeds: "Feeds" / "Alimente",
    feeds_nothing: "no device" / "aucun appareil",
    now_so: "Now" / "Maintenant",
    all_well: "well" / "bien",
    gaps: "Silent" / "Muet",
    clock_off: "Clock" / "Horloge",
    assumed: "Assumed" / "Supposé",
    other_faults: "Other faults" / "Autres défauts",
    unreadable: "Messages that could not be read" / "Messages illisibles",
    no_unreadable: "None is in quarantine." / "Aucun en quarantaine.",
    unreadable_is: "Of the newest 1000 in quarantine; idlewatt quarantine shows them all." / "Parmi les 1000 derniers en quarantaine ; idlewatt quarantine les montre tous.",
    messages: "Messages" / "Messages",
    topic: "Newest topic" / "Dernier sujet",

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
