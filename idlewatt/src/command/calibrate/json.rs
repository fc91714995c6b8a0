//! All figures as one JSON object, for scripts.

use std::io::Write;

use deliver::public::BandJson;
use serde::Serialize;

use super::review::Review;

#[derive(Serialize)]
struct ReviewJson<'a> {
    device: &'a str,
    modality: &'static str,
    /// Time on the curve, older time counting less.
    seen_s: f64,
    interval_s: f64,
    is_too_coarse: bool,
    scanning_from_w: Option<f64>,
    scout_from_w: Option<f64>,
    /// The levels of rest, with what is known of them.
    levels: Vec<BandJson<'a>>,
    /// What every watt means; an edge that is null has no end on that side.
    bands: Vec<BandLine>,
    /// Whether the configuration fixes other bands, which hold instead.
    is_fixed: bool,
    published: Vec<BandLine>,
    differences: Vec<DifferenceJson>,
    curve: Vec<PointJson>,
}

#[derive(Serialize)]
struct BandLine {
    state: &'static str,
    from_w: Option<f64>,
    until_w: Option<f64>,
    share: f64,
}

#[derive(Serialize)]
struct DifferenceJson {
    learned: &'static str,
    published: &'static str,
    from_w: f64,
    until_w: f64,
    share: f64,
}

#[derive(Serialize)]
struct PointJson {
    from_w: f64,
    until_w: f64,
    seconds: f64,
    steady_s: f64,
    state: &'static str,
}

/// Writes the object on one line.
pub(super) fn write(review: &Review, out: &mut dyn Write) -> anyhow::Result<()> {
    let learned = &review.learned;
    let lines = |bands: &analyzer::band::Bands| {
        let line = |band: &analyzer::band::Band| BandLine {
            state: band.state.name(),
            from_w: (band.from_w > f64::MIN).then_some(band.from_w),
            until_w: (band.until_w < f64::MAX).then_some(band.until_w),
            share: review.share(band.from_w, band.until_w),
        };
        bands.as_slice().iter().map(line).collect::<Vec<_>>()
    };
    let differences = review.differences();
    let json = ReviewJson {
        device: &review.name,
        modality: review.modality.name,
        seen_s: learned.seconds(),
        interval_s: learned.interval_s,
        is_too_coarse: learned.is_too_coarse,
        scanning_from_w: learned.scanning_from_w,
        scout_from_w: learned.scout_from_w,
        levels: learned.bands.iter().map(BandJson::from).collect(),
        bands: lines(&review.bands),
        is_fixed: review.fixed.is_some(),
        published: lines(&review.modality.bands()),
        differences: differences
            .iter()
            .map(|it| DifferenceJson {
                learned: it.learned.name(),
                published: it.published.name(),
                from_w: it.from_w,
                until_w: it.until_w,
                share: it.share,
            })
            .collect(),
        curve: learned
            .curve
            .iter()
            .map(|point| PointJson {
                from_w: point.from_w,
                until_w: point.until_w,
                seconds: point.seconds,
                steady_s: point.steady_s,
                state: review.state_at(super::review::middle_w(point)).name(),
            })
            .collect(),
    };
    serde_json::to_writer(&mut *out, &json)?;
    writeln!(out)?;
    Ok(())
}
