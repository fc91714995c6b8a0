//! A device at a glance: the part of a tile that lives, used on the wall and at the head of a device's page.

use analyzer::{AlertEvent, State};
use jiff::Timestamp;
use maud::{Markup, html};

use super::speaker::Speaker;
use super::{PageDevice, shape};
use crate::history::{Amount, Totals};
use crate::live::{DeviceView, Snapshot};

/// The longest bar stands for so much waste of a day, Wh: bars of one page can be compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    top_wh: f64,
}

impl Scale {
    /// Of the device that wastes most today.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let devices = snapshot.devices.values().filter(|view| !view.is_base_load);
        let wh = devices.map(|view| view.today.idle().energy.wh());
        Self {
            top_wh: wh.fold(1.0, f64::max),
        }
    }

    /// Its part of a bar 100 wide.
    fn width(self, wh: f64) -> String {
        format!("{:.1}", (wh / self.top_wh * 100.0).clamp(0.0, 100.0))
    }
}

/// The waste of a day as a bar, the part in closed hours darker.
pub(super) fn bar(today: &Totals, scale: Scale) -> Markup {
    let (idle, closed) = (today.idle().energy.wh(), today.idle_closed().energy.wh());
    html! {
        svg.waste-bar viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
            rect.rail width="100" height="6" {}
            @if idle >= 1.0 { rect.all width=(scale.width(idle)) height="6" {} }
            @if closed >= 1.0 { rect.closed width=(scale.width(closed)) height="6" {} }
        }
    }
}

/// Whether a device is one of many alike and gets a small tile.
pub(super) fn is_small(device: &PageDevice) -> bool {
    device.modality == "workstation"
}

/// The id of the element that holds [`live`].
pub(super) fn live_id(device: &PageDevice) -> String {
    format!("live-{}", device.id)
}

/// State, power, since when, waste of today, alert or meter fault.
pub(super) fn live(speaker: &Speaker, view: &DeviceView, scale: Scale, now: Timestamp) -> Markup {
    html! {
        (state_line(speaker, view, now))
        (power(speaker, view))
        (waste(speaker, view, scale))
        @if let Some(alert) = view.open_alert() {
            p.tile-alert { (shape::named("alert")) (alert_text(speaker, alert, now)) }
        } @else if let Some(fault) = &view.meter_fault {
            p.tile-fault { (shape::of_state(State::Unknown)) (fault.meter) (speaker.words.colon) (speaker.fault(fault.kind)) " "
                (speaker.words.since) " " (speaker.moment(fault.at, now)) }
        }
    }
}

/// The same in one line, for small tiles.
pub(super) fn live_small(speaker: &Speaker, view: &DeviceView, now: Timestamp) -> Markup {
    html! {
        (state_line(speaker, view, now))
        (power(speaker, view))
        @if let Some(alert) = view.open_alert() {
            p.tile-alert { (shape::named("alert")) (alert_text(speaker, alert, now)) }
        }
    }
}

fn state_line(speaker: &Speaker, view: &DeviceView, now: Timestamp) -> Markup {
    html! {
        p.state {
            span.pill { (shape::named(view.shown())) span { (speaker.shown(view)) } }
            span.since { (since(speaker, view, now)) }
        }
    }
}

fn since(speaker: &Speaker, view: &DeviceView, now: Timestamp) -> Markup {
    let words = speaker.words;
    html! {
        @if let Some(since) = view.since {
            (words.since) " " time datetime=(speaker.machine_time(since)) { (speaker.beginning(since, now)) }
            span.for { (speaker.duration(now.duration_since(since))) }
        } @else { (words.never_heard) }
    }
}

fn power(speaker: &Speaker, view: &DeviceView) -> Markup {
    html! {
        p.watts {
            @match view.power_w {
                Some(power_w) => {
                    @let (number, unit) = speaker.power_parts(power_w);
                    b { (number) } " " span.unit { (unit) }
                }
                None => span.none { (speaker.words.no_power) },
            }
        }
    }
}

fn waste(speaker: &Speaker, view: &DeviceView, scale: Scale) -> Markup {
    if view.is_base_load {
        return html! {
            dl.waste { div { dt { (speaker.words.energy_today) } dd { (amount(speaker, &view.today.all())) } } }
        };
    }
    let (idle, closed) = (view.today.idle(), view.today.idle_closed());
    html! {
        dl.waste {
            div { dt { (speaker.words.idle_today) } dd { (amount(speaker, &idle)) } }
            div.closed data-some=[(closed.energy.wh() >= 1.0).then_some("")] {
                dt { (speaker.words.closed_part) } dd { b { (speaker.energy(closed.energy)) } }
            }
        }
        (bar(&view.today, scale))
    }
}

/// Energy, money and carbon, marked where it was integrated from power.
pub(super) fn amount(speaker: &Speaker, amount: &Amount) -> Markup {
    html! {
        b title=[is_estimated(amount).then_some(speaker.words.estimated)] {
            @if is_estimated(amount) { "≈ " }
            (speaker.energy(amount.energy))
        }
        " " span { (speaker.money(amount.cost())) }
        " " span { (speaker.carbon(amount.co2e_g())) }
    }
}

/// More than a fiftieth of it was not counted by a meter.
pub(super) fn is_estimated(amount: &Amount) -> bool {
    amount.estimated.magnitude().wh() * 50.0 > amount.energy.magnitude().wh()
        && amount.estimated.magnitude().wh() >= 1.0
}

/// `left idle since 19:42 · 26.4 kWh so far`.
pub(super) fn alert_text(speaker: &Speaker, alert: &AlertEvent, now: Timestamp) -> Markup {
    let words = speaker.words;
    html! {
        span {
            @if alert.rule == "overnight_idle" { (words.left_idle) } @else { (speaker.rule(&alert.rule)) }
            " " (words.since) " " (speaker.moment(alert.since, now))
        }
        @if alert.energy.wh() >= 1.0 { b { (speaker.energy(alert.energy)) } }
    }
}
