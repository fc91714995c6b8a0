//! The hours of a local day in which a device is open, as the analyzer sees them.

use analyzer::calendar::OpeningHours;
use analyzer::site::Site;
use jiff::Timestamp;

/// The open stretches of the local day that holds `at`, as `07:30-19:00`; empty where it is closed all day.
pub(super) fn open_hours(opening: &OpeningHours, site: &Site, at: Timestamp) -> Vec<String> {
    let (start, end) = (site.day_start(at), site.next_day_start(at));
    let mut stretches: Vec<(Timestamp, Timestamp)> = Vec::new();
    let mut from = start;
    while from < end {
        let until = opening.next_change(from).min(end);
        if opening.is_open(from) {
            match stretches.last_mut() {
                Some((_, last)) if *last == from => *last = until,
                _ => stretches.push((from, until)),
            }
        }
        from = until;
    }
    let local = |instant: Timestamp| {
        instant
            .to_zoned_datetime(site.zone.clone())
            .strftime("%H:%M")
            .to_string()
    };
    let printed = |(from, until): &(Timestamp, Timestamp)| {
        let until = if *until == end {
            "24:00".to_owned()
        } else {
            local(*until)
        };
        format!("{}-{until}", local(*from))
    };
    stretches.iter().map(printed).collect()
}
