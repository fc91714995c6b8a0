//! Every text of a message, in English and French, side by side. What the page says as well (rules, severities,
//! amounts, times) comes from its speaker.

use crate::page::Language;

macro_rules! words {
    ($($key:ident: $en:literal / $fr:literal,)*) => {
        /// One field a text; see the table below for both languages.
        pub(super) struct Words { $(pub(super) $key: &'static str,)* }
        static EN: Words = Words { $($key: $en,)* };
        static FR: Words = Words { $($key: $fr,)* };
        #[cfg(test)]
        static ALL: &[(&str, &str, &str)] = &[$((stringify!($key), $en, $fr),)*];
    };
}

/// The texts of a language.
pub(super) const fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &EN,
        Language::French => &FR,
    }
}

/// What to do about an alert of a rule; nothing where nobody has said it.
pub(super) fn advice(language: Language, rule: &str) -> &'static str {
    let words = words(language);
    match rule {
        "overnight_idle" => words.do_overnight,
        "cryo_base_lost" => words.do_cryo,
        "left_on_all_weekend" => words.do_weekend,
        "workstation_on_overnight" => words.do_workstation,
        "self_wake" => words.do_self_wake,
        "meter_silent" => words.do_silent,
        "phase_reversed_or_missing" => words.do_phase,
        "counter_fault" => words.do_counter,
        "level_drift" => words.do_drift,
        _ => "",
    }
}

words! {
    colon: ": " / "\u{a0}: ",
    still: "Still so" / "Toujours en cours",
    over: "Over" / "Terminé",
    was: "Was so, and is over" / "Survenu et terminé",
    acknowledged: "Acknowledged" / "Prise en compte",
    snoozed: "Snoozed" / "En sourdine",
    by: "by" / "par",
    until: "until" / "jusqu’à",
    since: "since" / "depuis",
    from: "from" / "du",
    to: "to" / "au",
    now: "now" / "actuellement",
    so_far: "so far" / "à ce jour",
    in_all: "in all" / "au total",
    detail: "Detail" / "Détail",
    untold: "Before it, begun and over without being told" / "Auparavant, survenues et terminées sans avoir été annoncées",
    what_to_do: "What to do" / "Que faire",
    alerts: "alerts" / "alertes",
    new: "new" / "nouvelles",
    reminded: "still so" / "en cours",
    ended: "over" / "terminées",
    unreachable: "Alerts cannot be delivered" / "Alertes non distribuées",
    channel: "Channel" / "Canal",
    not_reached_since: "could not be reached since" / "injoignable depuis",
    reached_again: "Alerts are delivered again" / "Alertes de nouveau distribuées",
    is_reached_again: "is reached again; what waited has been told. It could not be reached" / "joignable de nouveau ; ce qui attendait a été transmis. Injoignable",
    last_error: "Last error" / "Dernière erreur",
    waiting: "Alerts waiting on it" / "Alertes en attente",
    none_waiting: "none" / "aucune",
    and_more: "and more" / "et d’autres",
    test: "Test message" / "Message d’essai",
    test_says: "This is a test of the channel. Nothing has happened, and there is nothing to do." / "Ceci est un essai du canal. Rien ne s’est produit, il n’y a rien à faire.",

    // what to do, by rule
    do_overnight: "If nobody needs it tonight, switch it down to standby or off as its procedure says. If it must stay ready, write ‘exempt’ into its configuration." / "Si personne n’en a besoin cette nuit, mettez-le en veille ou à l’arrêt selon sa procédure. S’il doit rester prêt, indiquez « exempt » dans sa configuration.",
    do_cryo: "Check the cold head, its compressor and the chiller now, and call the manufacturer’s service: helium boils off without them." / "Vérifiez tout de suite la tête froide, son compresseur et le groupe froid, et appelez le service du constructeur : sans eux l’hélium s’évapore.",
    do_weekend: "Switch it down to standby or off; there is still some of the weekend to be saved." / "Mettez-le en veille ou à l’arrêt ; une partie du week-end peut encore être économisée.",
    do_workstation: "Shut it down, or let its power plan do so outside opening hours." / "Éteignez-la, ou laissez son plan d’alimentation le faire hors horaires.",
    do_self_wake: "Look for a scheduled start, a remote service session or wake-on-LAN, and switch it down again." / "Cherchez un démarrage programmé, une session de télémaintenance ou un réveil réseau, puis remettez-le en veille.",
    do_silent: "Check the meter’s supply, its network and its gateway. Until it is heard nobody knows what the device does." / "Vérifiez l’alimentation du compteur, son réseau et sa passerelle. D’ici là, personne ne sait ce que fait l’appareil.",
    do_phase: "Check the clamps of the named meter: arrow towards the load, each closed, each on its own phase; then the fuse of that phase." / "Vérifiez les pinces du compteur nommé : flèche vers la charge, bien fermées, chacune sur sa phase ; puis le fusible de cette phase.",
    do_counter: "Energy is booked right all the same. If it comes again, look whether the meter restarts or is about to fail." / "L’énergie reste correctement comptée. Si cela se répète, voyez si le compteur redémarre ou s’il faiblit.",
    do_drift: "Ask whether something was changed at the device. If not, have it looked at: a fan, a chiller or a supply may age." / "Demandez si l’appareil a été modifié. Sinon, faites-le examiner : un ventilateur, un groupe froid ou une alimentation peut vieillir.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_advice_and_no_text_is_empty() {
        for language in Language::ALL {
            for rule in &analyzer::alert::RULES {
                assert!(!advice(language, rule.name).is_empty(), "{}", rule.name);
            }
        }
        for (key, en, fr) in ALL {
            assert!(!en.is_empty() && !fr.is_empty(), "{key}");
            assert!(!en.contains('\'') && !fr.contains('\''), "{key}: use ’");
        }
    }
}
