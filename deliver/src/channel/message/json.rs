//! The public JSON of a message: what a webhook sends, and what its template may use. Keys and words stay; new keys may
//! come, and raise no [`VERSION`].

use jiff::Timestamp;
use serde::Serialize;

use super::{Item, Message};

/// Raised when a key goes or means something else.
const VERSION: u32 = 1;

/// A message.
#[derive(Serialize)]
pub(in crate::channel) struct Body<'a> {
    version: u32,
    id: &'a str,
    /// `alert`, `digest`, `notice` or `test`.
    kind: &'static str,
    at: Timestamp,
    site: &'a str,
    language: &'static str,
    severity: &'static str,
    is_over: bool,
    title: &'a str,
    text: &'a str,
    url: Option<&'a str>,
    alerts: Vec<AlertBody<'a>>,
    notice: Option<NoticeBody<'a>>,
}

#[derive(Serialize)]
struct AlertBody<'a> {
    id: &'a str,
    rule: &'a str,
    says: &'a str,
    headline: &'a str,
    device: &'a str,
    device_name: &'a str,
    room: &'a str,
    modality: &'a str,
    severity: &'static str,
    phase: &'static str,
    /// The receiver has not been told of this alert before.
    is_first: bool,
    since: Timestamp,
    at: Timestamp,
    power_w: Option<f64>,
    energy_kwh: f64,
    cost: f64,
    currency: &'a str,
    co2e_kg: f64,
    detail: &'a str,
    by: &'a str,
    snoozed_until: Option<Timestamp>,
    /// Alerts of the same rule and device that came and went before it without being told.
    untold: u32,
    advice: &'static str,
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct NoticeBody<'a> {
    channel: &'a str,
    since: Timestamp,
    reason: &'a str,
    waiting: &'a [String],
    waiting_count: usize,
    over_at: Option<Timestamp>,
}

impl<'a> Body<'a> {
    pub(in crate::channel) fn of(message: &'a Message) -> Self {
        Self {
            version: VERSION,
            id: &message.id,
            kind: message.subject.name(),
            at: message.at,
            site: &message.site,
            language: message.language.tag(),
            severity: message.severity.name(),
            is_over: message.is_over,
            title: &message.title,
            text: &message.text,
            url: message.url.as_deref(),
            alerts: message.items.iter().map(alert).collect(),
            notice: message.notice.as_ref().map(|notice| NoticeBody {
                channel: &notice.channel,
                since: notice.since,
                reason: &notice.reason,
                waiting: &notice.waiting,
                waiting_count: notice.waiting_count,
                over_at: notice.over_at,
            }),
        }
    }
}

fn alert(item: &Item) -> AlertBody<'_> {
    let event = &item.event;
    AlertBody {
        id: &item.id,
        rule: &event.rule,
        says: &item.says,
        headline: &item.headline,
        device: &event.device,
        device_name: &item.device_name,
        room: &item.room,
        modality: &item.modality,
        severity: event.severity.name(),
        phase: event.phase.name(),
        is_first: item.is_first,
        since: event.since,
        at: event.at,
        power_w: item.power_w,
        energy_kwh: event.energy.kwh(),
        cost: event.cost,
        currency: &item.currency,
        co2e_kg: event.co2e_g / 1000.0,
        detail: &event.detail,
        by: &event.by,
        snoozed_until: event.until,
        untold: item.untold,
        advice: item.advice,
        url: item.url.as_deref(),
    }
}
