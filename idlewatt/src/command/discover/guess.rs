//! What kind of machine a meter may feed: by the words of its name and topics, by its peak.
//!
//! Only small loads can be told by their peak; a large one could be a CT, an angiography or a chiller.

/// A workstation with its monitors draws less.
const WORKSTATION_W_MAX: f64 = 600.0;

/// Words that people call machines by, English and French, and the modality they mean.
const WORDS: [(&str, &[&str]); 7] = [
    ("ct", &["ct", "scanner", "scan", "tdm", "petct"]),
    ("mri", &["mri", "mr", "irm", "mrt"]),
    ("angio", &["angio", "angiography", "cath", "cathlab", "coro"]),
    (
        "xray",
        &[
            "xray",
            "rx",
            "dr",
            "radiography",
            "mammo",
            "mammography",
            "fluoro",
        ],
    ),
    (
        "cooling",
        &["chiller", "cooling", "crac", "hvac", "aircon", "clim", "froid"],
    ),
    ("server", &["rack", "server", "pdu", "pacs", "ups", "ris", "nas"]),
    (
        "workstation",
        &[
            "ws",
            "workstation",
            "pc",
            "monitor",
            "monitors",
            "desk",
            "console",
            "reading",
        ],
    ),
];

/// A guess and what it rests on.
pub(super) fn modality(names: &[&str], peak_w: Option<f64>) -> Option<(&'static str, String)> {
    for name in names {
        for word in name.split(|letter: char| !letter.is_alphanumeric()) {
            let word = word
                .trim_end_matches(|letter: char| letter.is_ascii_digit())
                .to_lowercase();
            let meant = WORDS.iter().find(|(_, words)| words.contains(&word.as_str()));
            if let Some((modality, _)) = meant {
                return Some((modality, format!("guessed from the word \"{word}\"")));
            }
        }
    }
    let peak_w = peak_w.filter(|peak_w| (0.0..=WORKSTATION_W_MAX).contains(peak_w) && *peak_w > 0.0)?;
    Some(("workstation", format!("guessed from the peak of {peak_w:.0} W")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_more_than_a_peak() {
        let guess = |names: &[&str], peak_w| modality(names, peak_w).map(|(modality, _)| modality);
        assert_eq!(guess(&["CT2"], Some(50.0)), Some("ct"));
        assert_eq!(guess(&["sdm1-1", "building/irm-1/power"], None), Some("mri"));
        assert_eq!(guess(&["shelly-1"], Some(120.0)), Some("workstation"));
        assert_eq!(guess(&["shelly-1"], Some(12_000.0)), None);
        assert_eq!(guess(&["octet"], None), None);
    }

    #[test]
    fn every_modality_can_be_guessed() {
        for modality in analyzer::modality::MODALITIES {
            assert!(
                WORDS.iter().any(|(name, _)| *name == modality.name),
                "{}",
                modality.name
            );
        }
    }
}
