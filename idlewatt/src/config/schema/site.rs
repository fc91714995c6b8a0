//! `[site]`: the hospital.

use crate::config::section::section;
use crate::config::value::{Language, LocalTime, Number, Zone};

section! {
    /// The hospital, its prices and its carbon factor.
    Site {
        /// What people call it.
        name: Option<String> => required("\"Hôpital Saint-Luc, imagerie\""),
        /// Its time zone by its IANA name: opening hours, nights and days are meant in it.
        zone: Option<Zone> => required("\"Europe/Paris\""),
        /// The language of pages and alerts: "en" or "fr".
        language: Language => preset(Language::English),
        /// What a household uses in a year, to compare with. Another value needs its source and year.
        household_kwh_per_year: Number => preset(Number(5_200.0)),
        /// Where that figure comes from: it stands on every report.
        household_source: String => preset("a household of four, Heye et al., Radiology 2020;295:593".to_owned()),
        /// The year it holds for.
        household_year: i16 => preset(2020),
        /// What electricity costs. Two prices, because idle hours are mostly night hours.
        tariff: Tariff => table(Tariff),
        /// What electricity emits.
        carbon: Carbon => table(Carbon),
    }

    /// What electricity costs. Two prices, because idle hours are mostly night hours.
    Tariff {
        /// Three letters, as in ISO 4217.
        currency: String => preset("EUR".to_owned()),
        /// Price of a kilowatt-hour by day.
        day_price_per_kwh: Option<Number> => required("0.23"),
        /// Price of a kilowatt-hour by night. Not said: the same as by day.
        night_price_per_kwh: Option<Number> => optional("0.17"),
        /// Local time at which the night price begins.
        night_from: LocalTime => preset(LocalTime(jiff::civil::time(22, 0, 0, 0))),
        /// Local time at which it ends.
        night_until: LocalTime => preset(LocalTime(jiff::civil::time(6, 0, 0, 0))),
        /// Where the prices come from: it stands on every report.
        source: Option<String> => required("\"the hospital's contract\""),
        /// The year they hold for.
        year: Option<i16> => required("2026"),
    }

    /// What electricity emits. One factor for a site and year: methods differ by a factor of three.
    Carbon {
        /// Grams of CO2 equivalent for a kilowatt-hour.
        g_per_kwh: Option<Number> => required("56.6"),
        /// Where the factor comes from, and by which method: it stands on every report.
        source: Option<String> => required("\"ADEME Base Carbone, consumption, life cycle\""),
        /// The year it holds for.
        year: Option<i16> => required("2023"),
    }
}
