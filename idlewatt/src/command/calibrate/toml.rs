//! The learned bands as TOML: `bands` fixes them, for `classify --bands` and for a `[[device]]` of the configuration.
//!
//! What fixed bands cannot say is said in comments: weak scouts, and the halves of a compressor's cycle.

use std::io::{self, Write};

use analyzer::band::Band;

use super::review::Review;
use super::text::watts;

/// Writes `bands = […]`, and as a comment the levels to be named instead.
pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    let (learned, modality) = (&review.learned, review.modality);
    writeln!(
        out,
        "# {} ({}), by idlewatt calibrate",
        review.name, modality.label
    )?;
    if learned.bands.is_empty() {
        writeln!(out, "# no level is known yet: these are the published ones")?;
    }
    writeln!(
        out,
        "# these lines fix what its power means; nothing is learned then"
    )?;
    if let Some(scout_from_w) = learned.scout_from_w {
        let scout = watts(scout_from_w);
        writeln!(
            out,
            "# learned bands also see scouts from {scout} near other scans; fixed ones do not"
        )?;
    }
    writeln!(out, "bands = [")?;
    // power below the first and above the last band would be in none
    let lowest_w = modality.levels.first().map_or(0.0, |(_, from_w, _)| *from_w);
    for &Band {
        state,
        from_w,
        until_w,
    } in review.bands.as_slice()
    {
        let from_w = round(if from_w > f64::MIN {
            from_w
        } else {
            lowest_w.min(-50.0)
        });
        let until_w = round(until_w.min(modality.power_w_max));
        writeln!(
            out,
            "    {{ state = \"{state}\", from_w = {from_w}, until_w = {until_w} }},"
        )?;
    }
    writeln!(out, "]")?;
    if learned.bands.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "# or name single levels and go on learning, in the configuration:"
    )?;
    let level = |band: &analyzer::learn::LearnedBand| {
        let label = band.label.as_ref().map(|label| format!(", label = {label:?}"));
        let (level_w, label) = (round(band.level_w), label.unwrap_or_default());
        format!("{{ level_w = {level_w}, state = \"{}\"{label} }}", band.state)
    };
    let levels: Vec<String> = learned.bands.iter().map(level).collect();
    writeln!(out, "# levels = [{}]", levels.join(", "))
}

/// No meter is better than a tenth of a watt, and no reader either.
fn round(power_w: f64) -> f64 {
    if power_w.abs() < 1000.0 {
        (power_w * 10.0).round() / 10.0
    } else {
        power_w.round()
    }
}
