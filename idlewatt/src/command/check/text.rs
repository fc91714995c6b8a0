//! The report as a person reads it.

use std::io::{self, Write};
use std::path::Path;

use super::Report;
use super::knock::Knock;
use super::plan::{BandPlan, BrokerPlan, DevicePlan, LevelPlan, Plan};

/// Writes what a person has to do something about.
pub(super) fn write_quietly(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_faults(report, out)?;
    let silent = report.knocks.iter().filter(|knock| !knock.is_ok);
    for Knock { who, says, mend, .. } in silent {
        writeln!(out, "{who}: {says}; {}", mend.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn write_faults(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for fault in &report.faults {
        writeln!(out, "{fault}")?;
    }
    for warning in &report.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    Ok(())
}

/// Writes the report.
pub(super) fn write(report: &Report, file: &Path, out: &mut dyn Write) -> io::Result<()> {
    write_faults(report, out)?;
    let count = |count: usize, one: &str| match count {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        more => format!("{more} {one}s"),
    };
    let (faults, warnings) = (
        count(report.faults.len(), "fault"),
        count(report.warnings.len(), "warning"),
    );
    writeln!(out, "{}: {faults}, {warnings}", file.display())?;
    if let Some(plan) = &report.plan {
        write_plan(plan, out)?;
    }
    if !report.knocks.is_empty() {
        writeln!(out, "\nKnocks")?;
    }
    for knock in &report.knocks {
        let (mark, who, says) = (if knock.is_ok { "ok  " } else { "FAIL" }, &knock.who, &knock.says);
        match &knock.mend {
            Some(mend) => writeln!(out, "  {mark}  {who}: {says}; {mend}")?,
            None => writeln!(out, "  {mark}  {who}: {says}")?,
        }
    }
    Ok(())
}

fn write_plan(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{} ({}, now {})", plan.site, plan.zone, plan.now_local)?;
    writeln!(out, "  price     {}", plan.tariff)?;
    writeln!(out, "  carbon    {}", plan.carbon)?;
    writeln!(out, "  page      {}: {}", plan.page, plan.page_for)?;
    writeln!(out, "  keeps     {}", plan.state_dir)?;
    writeln!(out, "\nListens to")?;
    for broker in &plan.brokers {
        write_broker(broker, out)?;
    }
    for mapper in &plan.mappers {
        writeln!(
            out,
            "  mapper '{}' reads {}: {}",
            mapper.name,
            mapper.topic,
            mapper.values.join(", ")
        )?;
    }
    writeln!(out, "\nDevices")?;
    for device in &plan.devices {
        write_device(device, out)?;
    }
    if plan.devices.is_empty() {
        writeln!(out, "  none: messages are kept, but nothing is said of them")?;
    }
    writeln!(out, "\nWrites to")?;
    writeln!(out, "  its own history, for the page")?;
    for sink in &plan.sinks {
        writeln!(
            out,
            "  {}  {} at {}, {}",
            sink.name, sink.kind, sink.url, sink.into
        )?;
    }
    if let Some(publish) = &plan.publish {
        writeln!(out, "  MQTT topics {publish}")?;
    }
    for report in &plan.reports {
        writeln!(out, "  report {report}")?;
    }
    if !plan.channels.is_empty() {
        writeln!(out, "\nTells of alerts")?;
    }
    for channel in &plan.channels {
        let fallback = channel.fallback.as_ref();
        let fallback = fallback.map_or_else(String::new, |name| {
            format!("; if it cannot be reached, '{name}' says so")
        });
        writeln!(
            out,
            "  {}  {} at {}{fallback}",
            channel.name, channel.kind, channel.target
        )?;
    }
    Ok(())
}

fn write_broker(broker: &BrokerPlan, out: &mut dyn Write) -> io::Result<()> {
    let kept = match broker.session_kept_s {
        Some(seconds) if seconds >= 86_400 => format!("{} days", seconds / 86_400),
        Some(seconds) => format!("{seconds} s"),
        None => "as long as the broker likes".to_owned(),
    };
    writeln!(out, "  {}  {}, MQTT {}", broker.name, broker.url, broker.version)?;
    writeln!(out, "      subscribes  {}", broker.topics.join("  "))?;
    writeln!(
        out,
        "      session     '{}', kept for {kept} while we are away",
        broker.client_id
    )
}

fn write_device(device: &DevicePlan, out: &mut dyn Write) -> io::Result<()> {
    let DevicePlan {
        id,
        name,
        room,
        modality,
        ..
    } = device;
    writeln!(out, "  {id}  {name}, {room} ({modality})")?;
    writeln!(out, "      fed by      {}", device.feeds.join(" + "))?;
    let bands: Vec<String> = device.bands.iter().map(band).collect();
    writeln!(
        out,
        "      means       {} ({})",
        bands.join(", "),
        device.bands_from
    )?;
    if device.bands_learned {
        writeln!(
            out,
            "      learns      its own levels; idlewatt calibrate --device {id} shows them"
        )?;
    }
    for LevelPlan {
        level_w,
        state,
        label,
    } in &device.named
    {
        let label = label
            .as_ref()
            .map(|label| format!(" ({label})"))
            .unwrap_or_default();
        writeln!(
            out,
            "      named       what is near {level_w} W is {state}{label}"
        )?;
    }
    if device.open_always {
        writeln!(out, "      open        always")?;
    } else {
        let (today, tomorrow) = (hours(&device.open_today), hours(&device.open_tomorrow));
        writeln!(out, "      open        today {today}; tomorrow {tomorrow}")?;
    }
    writeln!(out, "      alert       {}", device.alert)?;
    match device.silent_after_s {
        Some(seconds) => writeln!(out, "      silent      after {seconds} s"),
        None => writeln!(out, "      silent      learned from the meter's rhythm"),
    }
}

fn band(band: &BandPlan) -> String {
    format!("{} {}…{} W", band.state, band.from_w, band.until_w)
}

fn hours(stretches: &[String]) -> String {
    if stretches.is_empty() {
        "closed".to_owned()
    } else {
        stretches.join(" and ")
    }
}
