//! The hospital: zone, prices, carbon factor.

use analyzer::site::{CarbonFactor, Site, Tariff};

use crate::config::review::Review;
use crate::config::schema;
use crate::config::section::{Entry, Keys};
use crate::config::value::{Language, Number};

/// What holds for the whole hospital.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// What people call it.
    pub name: String,
    /// The language of pages and alerts.
    pub language: Language,
    /// What a household uses in a year, to compare with, kWh.
    pub household_kwh_per_year: f64,
    /// Where that comes from.
    pub household_source: String,
    /// The year it holds for.
    pub household_year: i16,
    /// What the analyzer reckons with.
    pub site: Site,
}

/// Above this a price per kilowatt-hour is probably meant in cents, or per megawatt-hour.
const PRICE_PER_KWH_LIKELY_MAX: f64 = 5.0;
/// No grid emits more: lignite alone is at about 1200.
const CARBON_G_PER_KWH_MAX: f64 = 2_000.0;
/// Below this a factor is probably meant in kilograms.
const CARBON_G_PER_KWH_LIKELY_MIN: f64 = 2.0;

/// Builds the site; none means a fault was said.
pub(crate) fn site(review: &mut Review<'_>, file: &Entry<schema::File>) -> Option<SiteConfig> {
    let section = &file.site;
    if !section.is_given() {
        review.missing(file, "site");
        return None;
    }
    let name = text(review, section, "name", &section.name);
    let zone = review.need(section, "zone", &section.zone);
    review_household(review, section);
    let tariff = tariff(review, section);
    let carbon = carbon(review, section);
    Some(SiteConfig {
        name: name?,
        language: *section.language,
        household_kwh_per_year: section.household_kwh_per_year.0,
        household_source: (*section.household_source).clone(),
        household_year: *section.household_year,
        site: Site {
            zone: zone?.0,
            tariff: tariff?,
            carbon: carbon?,
        },
    })
}

/// A household's figure comes with its source and year, or not at all.
fn review_household(review: &mut Review<'_>, section: &Entry<schema::Site>) {
    let household = &section.household_kwh_per_year;
    if household.0 <= 0.0 {
        review.fault(
            household.span(),
            format!("a household of {} kWh a year is none", household.0),
            "write for example 5200",
        );
    }
    let said = [
        section.household_source.is_given(),
        section.household_year.is_given(),
    ];
    if household.is_given() && said != [true, true] {
        review.fault(
            household.span(),
            "a household's use stands here without its source and year",
            "add household_source and household_year: both stand on every report",
        );
    }
}

/// A text that must be said and must not be blank.
pub(crate) fn text<S: Keys>(
    review: &mut Review<'_>,
    section: &Entry<S>,
    name: &str,
    entry: &Entry<Option<String>>,
) -> Option<String> {
    let text = review.need(section, name, entry)?;
    if text.trim().is_empty() {
        review.fault(entry.span(), "this is empty", format!("say what '{name}' is"));
        return None;
    }
    Some(text)
}

fn tariff(review: &mut Review<'_>, site: &Entry<schema::Site>) -> Option<Tariff> {
    let section = &site.tariff;
    if !section.is_given() {
        review.missing(site, "tariff");
        return None;
    }
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    if !is_code(&section.currency) {
        review.fault(
            section.currency.span(),
            format!("{:?} is not a currency", *section.currency),
            "write the three letters of ISO 4217, as in \"EUR\" or \"CHF\"",
        );
    }
    let day = price(review, section, "day_price_per_kwh", &section.day_price_per_kwh);
    let night = if section.night_price_per_kwh.is_given() {
        price(
            review,
            section,
            "night_price_per_kwh",
            &section.night_price_per_kwh,
        )
    } else {
        day
    };
    let source = text(review, section, "source", &section.source);
    let year = year(review, section, &section.year);
    Some(Tariff {
        currency: (*section.currency).clone(),
        day_price_per_kwh: day?,
        night_price_per_kwh: night?,
        night_from: section.night_from.0,
        night_until: section.night_until.0,
        source: source?,
        year: year?,
    })
}

fn price(
    review: &mut Review<'_>,
    section: &Entry<schema::Tariff>,
    name: &str,
    entry: &Entry<Option<Number>>,
) -> Option<f64> {
    let Number(price) = review.need(section, name, entry)?;
    if price < 0.0 {
        review.fault(
            entry.span(),
            format!("a price of {price} is below nothing"),
            "write a price of 0 or more",
        );
        return None;
    }
    if price > PRICE_PER_KWH_LIKELY_MAX {
        review.warn(
            entry.span(),
            format!("{price} for a kilowatt-hour is much"),
            "if it is meant in cents, divide it by 100; if per megawatt-hour, by 1000",
        );
    }
    Some(price)
}

fn carbon(review: &mut Review<'_>, site: &Entry<schema::Site>) -> Option<CarbonFactor> {
    let section = &site.carbon;
    if !section.is_given() {
        review.missing(site, "carbon");
        return None;
    }
    let grams = review.need(section, "g_per_kwh", &section.g_per_kwh);
    let span = section.g_per_kwh.span();
    if let Some(Number(grams)) = grams {
        if !(0.0..=CARBON_G_PER_KWH_MAX).contains(&grams) {
            review.fault(
                span,
                format!("{grams} g of CO2e for a kilowatt-hour cannot be"),
                format!("write grams between 0 and {CARBON_G_PER_KWH_MAX}"),
            );
        } else if grams < CARBON_G_PER_KWH_LIKELY_MIN {
            review.warn(
                span,
                format!("{grams} g of CO2e for a kilowatt-hour is little"),
                "if it is meant in kilograms, multiply it by 1000",
            );
        }
    }
    let source = text(review, section, "source", &section.source);
    let year = year(review, section, &section.year);
    Some(CarbonFactor {
        g_per_kwh: grams?.0,
        source: source?,
        year: year?,
    })
}

fn year<S: Keys>(review: &mut Review<'_>, section: &Entry<S>, entry: &Entry<Option<i16>>) -> Option<i16> {
    let year = review.need(section, "year", entry)?;
    if !(1990..=2100).contains(&year) {
        review.fault(
            entry.span(),
            format!("{year} is not a year of today's grid"),
            "write the year the figure holds for, as in 2026",
        );
        return None;
    }
    Some(year)
}
