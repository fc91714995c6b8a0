//! What is known of a place beforehand: documented carbon factors, and the currency of a zone.
//!
//! Each factor has its source and year, which stand on every report. They are national averages by different methods: a
//! hospital's own contract or its country's official figure is better.

/// What a kilowatt-hour emits somewhere.
pub(super) struct Factor {
    /// The word for `--carbon`.
    pub(super) name: &'static str,
    pub(super) g_per_kwh: f64,
    pub(super) source: &'static str,
    pub(super) year: i16,
    /// Zones in which it is proposed: a whole name, or what a name begins with where it ends with a slash.
    zones: &'static [&'static str],
}

/// The last is for places of which nothing better is known.
pub(super) const FACTORS: [Factor; 5] = [
    Factor {
        name: "france",
        g_per_kwh: 56.6,
        source: "ADEME Base Carbone, consumption, life cycle",
        year: 2023,
        zones: &["Europe/Paris"],
    },
    Factor {
        name: "uk",
        g_per_kwh: 177.0,
        source: "DESNZ/DEFRA conversion factors, generation, without transmission and distribution",
        year: 2025,
        zones: &["Europe/London", "Europe/Belfast"],
    },
    Factor {
        name: "usa",
        g_per_kwh: 380.0,
        source: "average of the USA, Our World in Data",
        year: 2023,
        zones: &[
            "America/New_York",
            "America/Chicago",
            "America/Denver",
            "America/Los_Angeles",
            "America/Detroit",
            "America/Phoenix",
        ],
    },
    Factor {
        name: "eu",
        g_per_kwh: 237.0,
        source: "average of the EU, Eurostat",
        year: 2022,
        zones: &["Europe/"],
    },
    Factor {
        name: "world",
        g_per_kwh: 473.0,
        source: "average of the world, Vosshenrich et al.",
        year: 2025,
        zones: &[],
    },
];

/// Currencies that are not the euro, by the zone.
const CURRENCIES: [(&str, &str); 5] = [
    ("Europe/London", "GBP"),
    ("Europe/Belfast", "GBP"),
    ("Europe/Zurich", "CHF"),
    ("America/", "USD"),
    ("Asia/Tokyo", "JPY"),
];

/// The place of the factor that is proposed in a zone.
pub(super) fn factor(zone: &str) -> usize {
    let fits = |factor: &Factor| factor.zones.iter().any(|name| is_in(zone, name));
    FACTORS.iter().position(fits).unwrap_or(FACTORS.len() - 1)
}

/// The currency that is proposed in a zone.
pub(super) fn currency(zone: &str) -> &'static str {
    let fits = CURRENCIES.iter().find(|(name, _)| is_in(zone, name));
    fits.map_or("EUR", |(_, currency)| currency)
}

fn is_in(zone: &str, name: &str) -> bool {
    zone == name || name.ends_with('/') && zone.starts_with(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_proposes_what_is_nearest_to_it() {
        let name = |zone| FACTORS[factor(zone)].name;
        assert_eq!(
            ["Europe/Paris", "Europe/Zurich", "America/New_York", "UTC"].map(name),
            ["france", "eu", "usa", "world"]
        );
        assert_eq!(
            ["Europe/Paris", "Europe/Zurich", "America/Chicago"].map(currency),
            ["EUR", "CHF", "USD"]
        );
    }
}
