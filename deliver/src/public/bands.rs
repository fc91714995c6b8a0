//! Learned bands as JSON: one shape for the API, for `replay` and for `calibrate`.

use analyzer::BandsLearned;
use analyzer::learn::LearnedBand;
use jiff::Timestamp;
use serde::Serialize;

/// What a device has learned of its levels.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the finding, with units")]
pub struct BandsJson<'a> {
    pub device: &'a str,
    pub at: Timestamp,
    pub bands: Vec<BandJson<'a>>,
    pub scanning_from_w: Option<f64>,
    pub scout_from_w: Option<f64>,
    pub interval_s: f64,
    pub is_too_coarse: bool,
}

/// One learned band. An edge that is null has no end on that side.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the band, with units")]
pub struct BandJson<'a> {
    pub state: &'static str,
    pub label: Option<&'a str>,
    pub level_w: f64,
    pub from_w: Option<f64>,
    pub until_w: Option<f64>,
    pub seen_from_w: f64,
    pub seen_until_w: f64,
    pub cycles_until_w: Option<f64>,
    pub seen_s: f64,
    pub stability: f64,
    pub separation: Option<f64>,
    pub pulses: f64,
    pub margin: Option<f64>,
    pub is_pinned: bool,
    pub confidence: f64,
    pub is_provisional: bool,
}

impl<'a> From<&'a LearnedBand> for BandJson<'a> {
    fn from(band: &'a LearnedBand) -> Self {
        let ((from_w, until_w), evidence) = (band.edges_w(), &band.evidence);
        Self {
            state: band.state.name(),
            label: band.label.as_deref(),
            level_w: band.level_w,
            from_w,
            until_w,
            seen_from_w: band.from_w_seen,
            seen_until_w: band.until_w_seen,
            cycles_until_w: band.cycles_until_w,
            seen_s: evidence.seconds,
            stability: evidence.stability,
            separation: evidence.separation,
            pulses: evidence.launches,
            margin: evidence.margin,
            is_pinned: evidence.is_pinned,
            confidence: evidence.confidence,
            is_provisional: evidence.is_provisional(),
        }
    }
}

impl<'a> From<&'a BandsLearned> for BandsJson<'a> {
    fn from(it: &'a BandsLearned) -> Self {
        Self {
            device: &it.device,
            at: it.at,
            bands: it.bands.iter().map(BandJson::from).collect(),
            scanning_from_w: it.scanning_from_w,
            scout_from_w: it.scout_from_w,
            interval_s: it.interval_s,
            is_too_coarse: it.is_too_coarse,
        }
    }
}
