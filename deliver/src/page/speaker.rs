//! Writes numbers, amounts and times the way the visitor's language does, in the site's zone.
//!
//! Every amount comes with its unit, joined by a space that does not break.

use analyzer::{Energy, FaultKind, Severity, State};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::words::Words;
use super::{Language, PageDevice, SiteInfo};
use crate::live::DeviceView;

const NBSP: char = '\u{a0}';
const NARROW_NBSP: char = '\u{202f}';

const DAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAYS_FR: [&str; 7] = ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."];
const MONTHS_EN: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const MONTHS_FR: [&str; 12] = [
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
];

const MONTHS_LONG_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_LONG_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// One visitor's way of writing.
#[derive(Clone)]
pub(crate) struct Speaker {
    pub(crate) language: Language,
    pub(crate) words: &'static Words,
    zone: TimeZone,
    currency: String,
}

impl Speaker {
    pub(crate) fn new(language: Language, site: &SiteInfo) -> Self {
        Self {
            language,
            words: language.words(),
            zone: site.zone.clone(),
            currency: site.currency.clone(),
        }
    }

    /// A number with its decimals and groups of three.
    pub(crate) fn number(&self, value: f64, decimals: usize) -> String {
        let (decimal_mark, group_mark) = match self.language {
            Language::English => ('.', ','),
            Language::French => (',', NARROW_NBSP),
        };
        let plain = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = String::with_capacity(plain.len() + 4);
        if value < 0.0 && plain.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
            text.push('\u{2212}');
        }
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                text.push(group_mark);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(decimal_mark);
            text.push_str(fraction);
        }
        text
    }

    #[expect(clippy::cast_precision_loss, reason = "a shown count")]
    pub(crate) fn count(&self, count: u64) -> String {
        self.number(count as f64, 0)
    }

    /// Three figures that matter, no more: 0.42, 4.2, 42, 420.
    pub(crate) fn figures(&self, value: f64) -> String {
        let decimals = match value.abs() {
            magnitude if !(0.0005..99.95).contains(&magnitude) => 0,
            magnitude if magnitude >= 9.995 => 1,
            _ => 2,
        };
        self.number(value, decimals)
    }

    /// Power as number and unit, so that a tile can set them apart.
    pub(crate) fn power_parts(&self, power_w: f64) -> (String, &'static str) {
        if power_w.abs() < 999.5 {
            let decimals = usize::from(power_w.abs() < 99.95 && power_w.abs() >= 0.05);
            (self.number(power_w, decimals), "W")
        } else {
            (self.figures(power_w / 1000.0), "kW")
        }
    }

    /// Power at a tick of an axis that reaches `top_w`: round numbers without needless decimals.
    pub(crate) fn axis_power(&self, power_w: f64, top_w: f64) -> String {
        let (value, unit) = if top_w < 2_000.0 {
            (power_w, "W")
        } else {
            (power_w / 1000.0, "kW")
        };
        let decimals = usize::from((value - value.round()).abs() > 0.01);
        format!("{}{NBSP}{unit}", self.number(value, decimals))
    }

    pub(crate) fn power(&self, power_w: f64) -> String {
        let (number, unit) = self.power_parts(power_w);
        format!("{number}{NBSP}{unit}")
    }

    pub(crate) fn energy_parts(&self, energy: Energy) -> (String, &'static str) {
        let kwh = energy.kwh();
        if kwh.abs() >= 9_999.5 {
            (self.figures(kwh / 1000.0), "MWh")
        } else {
            (self.figures(kwh), "kWh")
        }
    }

    pub(crate) fn energy(&self, energy: Energy) -> String {
        let (number, unit) = self.energy_parts(energy);
        format!("{number}{NBSP}{unit}")
    }

    pub(crate) fn money(&self, amount: f64) -> String {
        let decimals = if amount.abs() >= 999.5 { 0 } else { 2 };
        let number = self.number(amount, decimals);
        let symbol = match self.currency.as_str() {
            "EUR" => "€",
            "GBP" => "£",
            "USD" => "$",
            other => return format!("{number}{NBSP}{other}"),
        };
        match self.language {
            Language::English => format!("{symbol}{number}"),
            Language::French => format!("{number}{NBSP}{symbol}"),
        }
    }

    pub(crate) fn carbon_parts(&self, co2e_g: f64) -> (String, &'static str) {
        match co2e_g.abs() {
            grams if grams >= 999_500.0 => (self.figures(co2e_g / 1e6), "t CO₂e"),
            grams if grams >= 99.5 => (self.figures(co2e_g / 1e3), "kg CO₂e"),
            _ => (self.number(co2e_g, 0), "g CO₂e"),
        }
    }

    pub(crate) fn carbon(&self, co2e_g: f64) -> String {
        let (number, unit) = self.carbon_parts(co2e_g);
        format!("{number}{NBSP}{}", unit.replace(' ', "\u{a0}"))
    }

    pub(crate) fn percent(&self, share: f64) -> String {
        let number = self.number(share * 100.0, 0);
        match self.language {
            Language::English => format!("{number}%"),
            Language::French => format!("{number}{NBSP}%"),
        }
    }

    /// Two steps at most: `3 d 4 h`, `2 h 05`, `12 min`, `40 s`.
    pub(crate) fn duration(&self, duration: SignedDuration) -> String {
        let seconds = duration.as_secs().max(0);
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
        let day = match self.language {
            Language::English => "d",
            Language::French => "j",
        };
        if days > 0 {
            format!("{days}{NBSP}{day} {}{NBSP}h", hours % 24)
        } else if hours > 0 {
            format!("{hours}{NBSP}h{NBSP}{:02}", minutes % 60)
        } else if minutes > 0 {
            format!("{minutes}{NBSP}min")
        } else {
            format!("{seconds}{NBSP}s")
        }
    }

    pub(crate) fn local(&self, at: Timestamp) -> ZonedDateTime {
        at.to_zoned_datetime(self.zone.clone())
    }

    pub(crate) fn clock(&self, at: Timestamp) -> String {
        let local = self.local(at);
        format!("{:02}:{:02}", local.hour(), local.minute())
    }

    pub(crate) fn weekday(&self, local: &ZonedDateTime) -> &'static str {
        let names = match self.language {
            Language::English => DAYS_EN,
            Language::French => DAYS_FR,
        };
        let place = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        names[place.min(6)]
    }

    /// `Mon 16 Nov`.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        let local = self.local(at);
        let months = match self.language {
            Language::English => MONTHS_EN,
            Language::French => MONTHS_FR,
        };
        let month = months[usize::try_from(local.month() - 1).unwrap_or(0).min(11)];
        format!("{} {}{NBSP}{month}", self.weekday(&local), local.day())
    }

    /// `16 Nov 2026`.
    pub(crate) fn date(&self, at: Timestamp) -> String {
        let (local, months) = (
            self.local(at),
            [MONTHS_EN, MONTHS_FR][usize::from(self.language == Language::French)],
        );
        let month = months[usize::try_from(local.month() - 1).unwrap_or(0).min(11)];
        format!("{}{NBSP}{month}{NBSP}{}", local.day(), local.year())
    }

    /// `November 2026`.
    pub(crate) fn month(&self, at: Timestamp) -> String {
        let (local, months) = (
            self.local(at),
            [MONTHS_LONG_EN, MONTHS_LONG_FR][usize::from(self.language == Language::French)],
        );
        let month = months[usize::try_from(local.month() - 1).unwrap_or(0).min(11)];
        format!("{month}{NBSP}{}", local.year())
    }

    /// The name of a weekday, Monday being 0.
    pub(crate) fn weekday_name(&self, place: usize) -> &'static str {
        [DAYS_EN, DAYS_FR][usize::from(self.language == Language::French)][place.min(6)]
    }

    /// The clock alone for today, else as much of the date as is needed.
    pub(crate) fn moment(&self, at: Timestamp, now: Timestamp) -> String {
        let (local, today) = (self.local(at), self.local(now));
        if local.date() == today.date() {
            return self.clock(at);
        }
        let is_near = now.duration_since(at).abs() < SignedDuration::from_hours(6 * 24);
        if is_near {
            format!("{}{NBSP}{}", self.weekday(&local), self.clock(at))
        } else {
            format!("{} {}", self.day(at), self.clock(at))
        }
    }

    /// Like [`Self::moment`], but a day that is long past needs no clock.
    pub(crate) fn beginning(&self, at: Timestamp, now: Timestamp) -> String {
        if now.duration_since(at) < SignedDuration::from_hours(6 * 24) {
            self.moment(at, now)
        } else {
            self.day(at)
        }
    }

    /// RFC 3339 with the local offset, for `<time datetime>`.
    pub(crate) fn machine_time(&self, at: Timestamp) -> String {
        at.display_with_offset(self.zone.to_offset(at)).to_string()
    }

    pub(crate) fn state(&self, state: State) -> &'static str {
        let words = self.words;
        match state {
            State::Scanning => words.scanning,
            State::Idle => words.idle,
            State::Standby => words.standby,
            State::Off => words.off,
            State::Unknown => words.unknown,
        }
    }

    /// The word for what a device is shown as.
    pub(crate) fn shown(&self, view: &DeviceView) -> &'static str {
        if view.is_base_load && view.state == State::Idle {
            self.words.running
        } else {
            self.state(view.state)
        }
    }

    pub(crate) fn state_means(&self, state: State) -> &'static str {
        let words = self.words;
        match state {
            State::Scanning => words.scanning_means,
            State::Idle => words.idle_means,
            State::Standby => words.standby_means,
            State::Off => words.off_means,
            State::Unknown => words.unknown_means,
        }
    }

    pub(crate) fn severity(&self, severity: Severity) -> &'static str {
        let words = self.words;
        match severity {
            Severity::Info => words.severity_info,
            Severity::Warning => words.severity_warning,
            Severity::Critical => words.severity_critical,
        }
    }

    pub(crate) fn fault(&self, kind: FaultKind) -> &'static str {
        let words = self.words;
        match kind {
            FaultKind::CounterReset => words.counter_reset,
            FaultKind::CounterRollback => words.counter_rollback,
            FaultKind::CounterJump => words.counter_jump,
            FaultKind::ImplausiblePower => words.implausible_power,
            FaultKind::Silent => words.silent,
            FaultKind::Heard => words.heard,
            FaultKind::Offline => words.offline,
            FaultKind::ClockWrong => words.clock_wrong,
            FaultKind::TooLate => words.too_late,
            FaultKind::CounterWrap => words.counter_wrap,
            FaultKind::CounterStuck => words.counter_stuck,
            FaultKind::MessageLost => words.message_lost,
            FaultKind::MeterError => words.meter_error,
            FaultKind::EstimatedPower => words.estimated_power,
            FaultKind::UnknownName => words.unknown_name,
            FaultKind::UnitAssumed => words.unit_assumed,
            FaultKind::IntervalTooCoarse => words.interval_too_coarse,
        }
    }

    /// The modality in the visitor's language, or as the configuration names it.
    pub(crate) fn modality<'device>(&self, device: &'device PageDevice) -> &'device str {
        self.modality_known(device.modality)
            .unwrap_or(device.modality_label)
    }

    /// A modality by its stable word, in the visitor's language where the page has a word for it.
    pub(crate) fn modality_word<'word>(&self, modality: &'word str) -> &'word str {
        self.modality_known(modality).unwrap_or(modality)
    }

    fn modality_known(&self, modality: &str) -> Option<&'static str> {
        let words = self.words;
        Some(match modality {
            "ct" => words.ct,
            "mri" => words.mri,
            "angio" => words.angio,
            "xray" => words.xray,
            "workstation" => words.workstation,
            "server" => words.server,
            "chiller" | "cooling" => words.chiller,
            "mammography" => words.mammography,
            "ultrasound" => words.ultrasound,
            "pet_ct" => words.pet_ct,
            _ => return None,
        })
    }

    /// What an alert rule says; a rule without a text of its own shows its name.
    pub(crate) fn rule<'rule>(&self, rule: &'rule str) -> &'rule str {
        match rule {
            "overnight_idle" => self.words.left_idle_long,
            "cryo_base_lost" => self.words.rule_cryo,
            "left_on_all_weekend" => self.words.rule_weekend,
            "workstation_on_overnight" => self.words.rule_workstation,
            "self_wake" => self.words.rule_self_wake,
            "meter_silent" => self.words.rule_silent,
            "phase_reversed_or_missing" => self.words.rule_phase,
            "counter_fault" => self.words.rule_counter,
            "level_drift" => self.words.rule_drift,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaker(language: Language) -> Speaker {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        Speaker {
            language,
            words: language.words(),
            zone,
            currency: "EUR".to_owned(),
        }
    }

    #[test]
    fn numbers_are_written_as_each_language_does() {
        let (en, fr) = (speaker(Language::English), speaker(Language::French));
        assert_eq!(en.number(1_234_567.891, 1), "1,234,567.9");
        assert_eq!(fr.number(1_234_567.891, 1), "1\u{202f}234\u{202f}567,9");
        assert_eq!(en.number(-0.001, 2), "0.00", "no minus before nothing");
        assert_eq!(en.number(-5.0, 0), "\u{2212}5");
        assert_eq!(en.money(3.5), "€3.50");
        assert_eq!(fr.money(3.5), "3,50\u{a0}€");
    }

    #[test]
    fn amounts_take_the_unit_that_reads_best() {
        let en = speaker(Language::English);
        assert_eq!(en.power(0.0), "0\u{a0}W");
        assert_eq!(en.power(54.23), "54.2\u{a0}W");
        assert_eq!(en.power(2_612.0), "2.61\u{a0}kW");
        assert_eq!(en.power(48_300.0), "48.3\u{a0}kW");
        assert_eq!(en.energy(Energy::from_wh(140_000.0)), "140\u{a0}kWh");
        assert_eq!(en.carbon(740.0), "0.74\u{a0}kg\u{a0}CO₂e");
        assert_eq!(
            en.duration(SignedDuration::from_secs(2 * 3600 + 305)),
            "2\u{a0}h\u{a0}05"
        );
    }

    #[test]
    fn times_are_local_and_no_longer_than_needed() {
        let en = speaker(Language::English);
        let now: Timestamp = "2026-03-29T10:00:00Z".parse().unwrap();
        assert_eq!(en.moment("2026-03-29T00:30:00Z".parse().unwrap(), now), "01:30");
        assert_eq!(
            en.moment("2026-03-29T01:30:00Z".parse().unwrap(), now),
            "03:30",
            "after the clocks went forward"
        );
        assert_eq!(
            en.moment("2026-03-27T18:42:00Z".parse().unwrap(), now),
            "Fri\u{a0}19:42"
        );
        assert_eq!(en.machine_time(now), "2026-03-29T12:00:00+02:00");
    }
}
