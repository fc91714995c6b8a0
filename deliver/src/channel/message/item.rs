//! One step of one alert, in words.

use analyzer::{AlertEvent, AlertPhase};
use jiff::Timestamp;

use super::words::advice;
use super::{Scribe, step_id};

/// A step, with all that a receiver might want to know of it.
#[derive(Clone, Debug)]
pub(in crate::channel) struct Item {
    pub(in crate::channel) id: String,
    pub(in crate::channel) event: AlertEvent,
    /// The receiver has not been told of this alert before.
    pub(in crate::channel) is_first: bool,
    /// Alerts of the same rule and device that began and ended before it without being told.
    pub(in crate::channel) untold: u32,
    pub(in crate::channel) device_name: String,
    pub(in crate::channel) room: String,
    pub(in crate::channel) modality: String,
    /// What the device draws.
    pub(in crate::channel) power_w: Option<f64>,
    /// The rule, in words.
    pub(in crate::channel) says: String,
    /// All of it in one line.
    pub(in crate::channel) headline: String,
    /// What there is to know beside.
    pub(in crate::channel) facts: Vec<String>,
    pub(in crate::channel) advice: &'static str,
    /// `What to do: …`, empty where it is over.
    pub(in crate::channel) to_do: String,
    pub(in crate::channel) url: Option<String>,
    pub(in crate::channel) currency: String,
}

impl Item {
    pub(super) fn text(&self) -> String {
        let more = (!self.to_do.is_empty()).then_some(&self.to_do);
        let lines = [&self.headline]
            .into_iter()
            .chain(&self.facts)
            .chain(more)
            .chain(&self.url);
        lines.cloned().collect::<Vec<_>>().join("\n")
    }
}

/// What is beside the step itself.
#[derive(Clone, Copy, Debug)]
pub(in crate::channel) struct Circumstances {
    pub(in crate::channel) is_first: bool,
    pub(in crate::channel) untold: u32,
    pub(in crate::channel) power_w: Option<f64>,
}

impl Scribe {
    /// A step in words.
    pub(in crate::channel) fn item(&self, event: &AlertEvent, beside: Circumstances, now: Timestamp) -> Item {
        let device = self.devices.get(&event.device);
        let text = |of: fn(&crate::device::DeviceTags) -> &String| {
            device.map_or_else(String::new, |tags| of(tags).clone())
        };
        let name = device.map_or_else(|| event.device.to_string(), |tags| tags.name.clone());
        let (room, says) = (text(|tags| &tags.room), self.speaker.rule(&event.rule).to_owned());
        let what = self.begins(event, beside.is_first, now);
        let at = if room.is_empty() {
            name.clone()
        } else {
            format!("{name} ({room})")
        };
        let headline = format!("{what}{}{says} – {at}", self.words.colon);
        let advice = advice(self.site.language, &event.rule);
        let is_over = event.phase == AlertPhase::Cleared;
        let to_do = if is_over || advice.is_empty() {
            String::new()
        } else {
            format!("{}{}{advice}", self.words.what_to_do, self.words.colon)
        };
        Item {
            id: step_id(event),
            is_first: beside.is_first,
            untold: beside.untold,
            device_name: name,
            room,
            modality: text(|tags| &tags.modality),
            power_w: beside.power_w,
            says,
            headline,
            facts: self.facts(event, beside, now),
            advice,
            to_do,
            url: self.page(&format!("/device/{}", event.device)),
            currency: self.site.currency.clone(),
            event: event.clone(),
        }
    }

    /// How a headline begins: what has happened to the alert.
    fn begins(&self, event: &AlertEvent, is_first: bool, now: Timestamp) -> String {
        let words = self.words;
        match event.phase {
            AlertPhase::Cleared if is_first => words.was.to_owned(),
            AlertPhase::Cleared => words.over.to_owned(),
            AlertPhase::Acknowledged => words.acknowledged.to_owned(),
            AlertPhase::Snoozed => match event.until {
                Some(until) => format!(
                    "{} {} {}",
                    words.snoozed,
                    words.until,
                    self.speaker.moment(until, now)
                ),
                None => words.snoozed.to_owned(),
            },
            AlertPhase::Reminded if !is_first => words.still.to_owned(),
            AlertPhase::Raised | AlertPhase::Reminded | AlertPhase::Noted => {
                self.speaker.severity(event.severity).to_owned()
            }
        }
    }

    fn facts(&self, event: &AlertEvent, beside: Circumstances, now: Timestamp) -> Vec<String> {
        let (words, speaker) = (self.words, &self.speaker);
        let is_over = event.phase == AlertPhase::Cleared;
        let since = speaker.moment(event.since, now);
        let until = if is_over {
            event.at
        } else {
            event.at.max(event.since)
        };
        let lasted = speaker.duration(until.duration_since(event.since));
        let mut facts = vec![if is_over {
            format!(
                "{} {since} {} {} ({lasted})",
                words.from,
                words.to,
                speaker.moment(event.at, now)
            )
        } else {
            format!("{} {since} ({lasted})", words.since)
        }];
        if let Some(power_w) = beside.power_w.filter(|_| !is_over) {
            facts.push(format!("{} {}", words.now, speaker.power(power_w)));
        }
        if event.energy.micro_wh() > 0 {
            let (energy, cost) = (speaker.energy(event.energy), speaker.money(event.cost));
            let when = if is_over { words.in_all } else { words.so_far };
            facts.push(format!(
                "{when}{}{energy}, {cost}, {}",
                words.colon,
                speaker.carbon(event.co2e_g)
            ));
        }
        if !event.detail.is_empty() {
            facts.push(format!("{}{}{}", words.detail, words.colon, event.detail));
        }
        if !event.by.is_empty() {
            facts.push(format!("{} {}", words.by, event.by));
        }
        if beside.untold > 0 {
            facts.push(format!("{}{}{}", words.untold, words.colon, beside.untold));
        }
        facts
    }
}
