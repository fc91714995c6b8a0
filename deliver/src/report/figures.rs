//! The figures of one span: sums by device, room, modality and site, and where idling goes. The page's waste view and
//! every report begin here.
//!
//! The ledger is read once; nothing is kept of it but sums. Where a span is not over, its figures reach until now, and its
//! time is counted until now.

use analyzer::kpi::KPIS;
use analyzer::modality::Role;
use analyzer::report::{Facts, Group, Idling, Part, Question, Report, Row, Target, Waste};
use analyzer::{DeviceId, Energy, State};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Span;
use crate::history::{Reader, Result};

/// The modality of the published idle-to-scan ratios.
pub(crate) const RATIO_PUBLISHED_FOR: &str = "ct";

/// See the module.
#[derive(Debug)]
pub(crate) struct Figures {
    /// As far as it has passed.
    pub(crate) span: Span,
    /// One for each device, in the order of the configuration.
    pub(crate) devices: Vec<Row>,
    pub(crate) rooms: Vec<Row>,
    pub(crate) modalities: Vec<Row>,
    pub(crate) site: Row,
    pub(crate) waste: Waste,
    /// Of all devices whose idling is waste.
    pub(crate) idling: Idling,
    /// The nights of the span.
    pub(crate) nights: usize,
    names: Vec<(DeviceId, &'static str)>,
}

impl Figures {
    /// Reads them.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub(crate) fn read(
        reader: &Reader,
        facts: &[Facts],
        zone: &TimeZone,
        asked: Span,
        now: Timestamp,
    ) -> Result<Self> {
        let span = Span {
            from: asked.from,
            until: asked.until.min(now).max(asked.from),
        };
        let question = Question {
            from: span.from,
            until: span.until,
            zone: zone.clone(),
            period: None,
            group: Group::Site,
        };
        let mut report = Report::new(question, facts.to_vec());
        let wasteful = facts.iter().filter(|facts| facts.modality.idle_is_waste);
        let range = (span.from, span.until);
        let mut waste = Waste::new(range, zone.clone(), wasteful.map(|facts| facts.id.clone()));
        reader.each_ledger_row(range, |row| {
            report.ledger(row);
            waste.ledger(row);
        })?;
        reader.each_exam(range, |exam| report.exam(exam))?;
        let site = report.rows(Group::Site).pop();
        let nobody = Row {
            period: None,
            from: span.from,
            until: span.until,
            group: Group::Site.name().to_owned(),
            totals: analyzer::report::Totals::default(),
            targets: Vec::new(),
        };
        Ok(Self {
            span,
            devices: report.rows(Group::Device),
            rooms: report.rows(Group::Room),
            modalities: report.rows(Group::Modality),
            site: site.unwrap_or(nobody),
            idling: waste.all(),
            nights: waste.nights(),
            names: facts
                .iter()
                .map(|facts| (facts.id.clone(), facts.modality.name))
                .collect(),
            waste,
        })
    }

    /// Whether the ledger holds anything of the span.
    pub(crate) fn is_empty(&self) -> bool {
        !self.site.totals.all().duration.is_positive()
    }

    /// The figures of one device.
    pub(crate) fn device(&self, id: &str) -> Option<&Row> {
        self.devices.iter().find(|row| row.group == id)
    }

    /// The stable word of a device's modality.
    pub(crate) fn modality_of(&self, id: &str) -> &'static str {
        self.names
            .iter()
            .find(|(known, _)| **known == *id)
            .map_or("", |(_, name)| name)
    }

    /// Devices whose idling is waste, the most idle energy in closed hours first, then the most of all.
    pub(crate) fn ranked(&self) -> Vec<(&Row, &Idling)> {
        let wasteful = self
            .devices
            .iter()
            .filter_map(|row| Some((row, self.waste.device(&row.group)?)));
        let mut ranked: Vec<_> = wasteful
            .filter(|(_, idling)| idling.all.energy > Energy::ZERO)
            .collect();
        ranked.sort_by_key(|(_, idling)| std::cmp::Reverse((idling.closed.energy, idling.all.energy)));
        ranked
    }

    /// What a device would have saved by resting for so many hours of each night; none where it has no target.
    pub(crate) fn resting(&self, row: &Row, hours: f64) -> Option<Part> {
        let target_w = row.targets.first().and_then(|(_, target)| target.power_w())?;
        self.waste.device(&row.group)?.saved_by_resting(hours, target_w)
    }

    /// The same of all devices together; none where none has a target.
    pub(crate) fn all_resting(&self, hours: f64) -> Option<Part> {
        let parts = self.devices.iter().filter_map(|row| self.resting(row, hours));
        parts.reduce(|mut sum, part| {
            sum += part;
            sum
        })
    }

    /// Devices that saving is not reckoned for although they idle in closed hours.
    pub(crate) fn without_target(&self) -> Vec<&Row> {
        let ranked = self.ranked().into_iter();
        let is_without = |(row, idling): &(&Row, &Idling)| {
            let has_none = |(_, target): &(_, Target)| target.power_w().is_none();
            idling.closed.energy > Energy::ZERO && row.targets.iter().any(has_none)
        };
        ranked.filter(is_without).map(|(row, _)| row).collect()
    }

    /// The scanners of which an idle-to-scan ratio is known, with it: those that a band was published for
    /// first, then the highest.
    pub(crate) fn ratios(&self) -> Vec<(&Row, f64)> {
        let is_scanner = |row: &&Row| row.totals.devices_of(Role::Scanner) > 0;
        let mut ratios: Vec<(&Row, f64)> = self
            .devices
            .iter()
            .filter(is_scanner)
            .filter_map(|row| Some((row, value(row, "idle_scan_ratio")?)))
            .collect();
        let is_other = |row: &Row| self.modality_of(&row.group) != RATIO_PUBLISHED_FOR;
        ratios.sort_by(|one, other| {
            let by_kind = is_other(one.0).cmp(&is_other(other.0));
            by_kind.then(other.1.total_cmp(&one.1))
        });
        ratios
    }

    /// Idle energy in closed hours of a day, of the time that is known: a period of which half is missing is no better.
    pub(crate) fn closed_kwh_a_day(&self) -> f64 {
        let known_days = self.span.days() * known_share(&self.site);
        self.idling.closed.energy.kwh() / known_days.max(1e-9)
    }

    /// As many households use as much in the same time.
    pub(crate) fn households(&self, energy: Energy, household_kwh_per_year: f64) -> f64 {
        energy.kwh() / (household_kwh_per_year / 365.0 * self.span.days()).max(1e-9)
    }

    /// What it would be in a year at the rate of the span.
    pub(crate) fn a_year(&self, amount: f64) -> f64 {
        amount * 365.0 / self.span.days().max(1e-9)
    }
}

/// A figure of the whole of a row, by its stable name.
pub(crate) fn value(row: &Row, name: &str) -> Option<f64> {
    let kpi = KPIS.iter().find(|kpi| kpi.name == name)?;
    kpi.values(&row.totals)
        .into_iter()
        .find_map(|(_, answer)| answer.ok())
}

/// Time in a state that is known, over the time of the span.
pub(crate) fn known_share(row: &Row) -> f64 {
    value(row, "known_time_share").unwrap_or(0.0)
}

/// Time that nobody can tell of: unknown or not in the ledger at all, hours.
pub(crate) fn unknown_hours(row: &Row) -> f64 {
    let calendar = row.totals.calendar.as_secs_f64() / 3600.0;
    (calendar - row.totals.known().hours()).max(0.0)
}

/// Energy that was booked to no state.
pub(crate) fn unknown_energy(row: &Row) -> Energy {
    row.totals.state(State::Unknown).energy
}
