//! The metric families.

use std::fmt;

use analyzer::State;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::{AlertFigures, DeviceFigures, PipelineFigures, Scrape};
use crate::channel::ChannelStatus;
use crate::line::clean::{TAG_BYTES_MAX, clean};
use crate::sink::{SinkState, SinkStatus};

type Labels = Vec<(&'static str, String)>;

fn label(name: &'static str, value: &str) -> (&'static str, String) {
    (name, clean(value, TAG_BYTES_MAX).into_owned())
}

/// What stands above a family.
struct Head(&'static str, &'static str, Option<Unit>);

struct Families<'e> {
    encoder: DescriptorEncoder<'e>,
}

impl Families<'_> {
    fn counters(&mut self, head: &Head, rows: impl IntoIterator<Item = (Labels, u64)>) -> fmt::Result {
        let mut family =
            self.encoder
                .encode_descriptor(head.0, head.1, head.2.as_ref(), MetricType::Counter)?;
        for (labels, value) in rows {
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, u64, u64>(&value, None)?;
        }
        Ok(())
    }

    fn gauges(&mut self, head: &Head, rows: impl IntoIterator<Item = (Labels, f64)>) -> fmt::Result {
        let mut family =
            self.encoder
                .encode_descriptor(head.0, head.1, head.2.as_ref(), MetricType::Gauge)?;
        for (labels, value) in rows {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families { encoder };
        self.build(&mut families)?;
        pipeline(&self.pipeline, &mut families)?;
        self.brokers(&mut families)?;
        self.sinks(&mut families)?;
        self.channels(&mut families)?;
        self.devices(&mut families)?;
        self.levels(&mut families)?;
        self.alerts(&mut families)
    }
}

/// Name, help, and where the figure stands.
type Counter<T> = (&'static str, &'static str, fn(&T) -> u64);

#[rustfmt::skip]
const PIPELINE_COUNTERS: &[Counter<PipelineFigures>] = &[
    ("messages_duplicate", "Deliveries of a message that was journalled already", |figures| figures.duplicates),
    ("messages_qos0_dropped", "QoS 0 messages dropped because the journal was too slow", |figures| figures.qos0_dropped),
    ("messages_journalled", "Messages written to the journal", |figures| figures.journalled),
    ("messages_stored", "Messages whose findings are in the findings log", |figures| figures.stored),
    ("messages_quarantined", "Messages put aside with a reason", |figures| figures.quarantined),
    ("messages_lost", "Messages gone before they were analyzed: taken by retention, or in a damaged batch", |figures| figures.lost),
    ("messages_journal_skipped", "Messages that fell out of a full journal", |figures| figures.journal_skipped),
    ("journal_commits_failed", "Journal commits that failed", |figures| figures.commits_failed),
    ("broker_reconnects", "Connections to a broker after the first", |figures| figures.reconnects),
    ("broker_sessions_lost", "Sessions that the broker had forgotten", |figures| figures.sessions_lost),
    ("broker_taken_over", "Times that another client took our client id", |figures| figures.taken_over),
    ("broker_poison_packets", "Packets that could not be read", |figures| figures.poison),
    ("broker_subscriptions_refused", "Subscriptions that a broker refused", |figures| figures.subscriptions_refused),
    ("clock_beacons", "Beacons of the clock in the journal", |figures| figures.clock_beacons),
    ("meters_forgotten", "Meters, births and discoveries forgotten because a memory was full", |figures| figures.meters_forgotten),
    ("findings", "Findings in the findings log, ever", |figures| figures.findings),
];

#[rustfmt::skip]
const SINK_COUNTERS: &[Counter<SinkStatus>] = &[
    ("sink_accepted", "Findings that the server took", |sink| sink.accepted),
    ("sink_rejected", "Items that the server refused for good", |sink| sink.rejected),
    ("sink_skipped", "Findings that went before the sink had read them", |sink| sink.skipped),
    ("sink_retries", "Failed attempts", |sink| sink.retries),
    ("sink_left_out", "Findings that the sink has nothing to write for", |sink| sink.left_out),
    ("sink_unreadable_rows", "Damaged rows passed over", |sink| sink.unreadable_rows),
];

const CHANNEL_COUNTERS: &[Counter<ChannelStatus>] = &[
    (
        "channel_sent",
        "Messages that the receiver took, since the start",
        |channel| channel.sent,
    ),
    (
        "channel_failed",
        "Attempts that failed, since the start",
        |channel| channel.failed,
    ),
];

fn pipeline(figures: &PipelineFigures, families: &mut Families<'_>) -> fmt::Result {
    let received = [("0", figures.received_qos0), ("1", figures.received_qos1)];
    let received = received.map(|(qos, count)| (vec![label("qos", qos)], count));
    families.counters(
        &Head(
            "messages_received",
            "Messages received, each delivery counted",
            None,
        ),
        received,
    )?;
    for (name, help, figure) in PIPELINE_COUNTERS {
        families.counters(&Head(name, help, None), [(Vec::new(), figure(figures))])?;
    }
    let waiting = Head(
        "messages_in_journal",
        "Messages in the journal that are not analyzed yet",
        None,
    );
    families.gauges(&waiting, [(Vec::new(), gauge(figures.in_journal))])?;
    let unexplained = Head(
        "messages_unexplained",
        "Messages that the account does not explain: 0",
        None,
    );
    families.gauges(&unexplained, [(Vec::new(), gauge(figures.unexplained))])?;
    let held = Head(
        "quarantine_held",
        "Messages in quarantine that can be looked at",
        None,
    );
    families.gauges(&held, [(Vec::new(), gauge(figures.quarantine_held))])?;
    let share = Head(
        "rebuild_ratio",
        "How much of the journal is analyzed again after a replay --write; 1 when nothing is under way",
        None,
    );
    families.gauges(&share, [(Vec::new(), figures.rebuild_ratio.unwrap_or(1.0))])?;
    let bytes = Head(
        "findings_log_size",
        "Size of the findings log's file",
        Some(Unit::Bytes),
    );
    families.gauges(&bytes, [(Vec::new(), gauge(figures.findings_log_bytes))])
}

impl Scrape {
    fn build(&self, families: &mut Families<'_>) -> fmt::Result {
        let labels = vec![
            label("version", &self.build.version),
            label("commit", &self.build.commit),
        ];
        let mut info =
            families
                .encoder
                .encode_descriptor("build", "Which program this is", None, MetricType::Info)?;
        info.encode_info(&labels)
    }

    fn brokers(&self, families: &mut Families<'_>) -> fmt::Result {
        let up = self.brokers.iter().map(|broker| {
            (
                vec![label("broker", &broker.name)],
                f64::from(u8::from(broker.is_up)),
            )
        });
        families.gauges(&Head("broker_up", "1 while connected and subscribed", None), up)
    }

    fn sinks(&self, families: &mut Families<'_>) -> fmt::Result {
        let labels = |sink: &SinkStatus| vec![label("sink", &sink.name), label("kind", sink.kind)];
        let behind = self
            .sinks
            .iter()
            .map(|sink| (labels(sink), gauge(sink.behind_rows)));
        families.gauges(
            &Head(
                "sink_behind_rows",
                "Rows of the findings log still to be delivered",
                None,
            ),
            behind,
        )?;
        let waiting = self.sinks.iter().map(|sink| (labels(sink), gauge(sink.waiting)));
        families.gauges(
            &Head("sink_waiting", "Findings still to be delivered", None),
            waiting,
        )?;
        let unexplained = self
            .sinks
            .iter()
            .map(|sink| (labels(sink), gauge(sink.unexplained)));
        let says = "Findings that the sink's figures do not explain: 0";
        families.gauges(&Head("sink_unexplained", says, None), unexplained)?;
        let cursors = self.sinks.iter().map(|sink| (labels(sink), gauge(sink.cursor)));
        families.gauges(
            &Head(
                "sink_cursor",
                "The last row of the findings log it is done with",
                None,
            ),
            cursors,
        )?;
        for (name, help, figure) in SINK_COUNTERS {
            let rows = self.sinks.iter().map(|sink| (labels(sink), figure(sink)));
            families.counters(&Head(name, help, None), rows)?;
        }
        let states = self.sinks.iter().flat_map(|sink| {
            SinkState::ALL.map(|state| {
                let mut labels = labels(sink);
                labels.push(label("state", state.name()));
                (labels, f64::from(u8::from(sink.state == state)))
            })
        });
        families.gauges(&Head("sink_state", "1 for the state it is in", None), states)
    }

    fn channels(&self, families: &mut Families<'_>) -> fmt::Result {
        let labels =
            |channel: &ChannelStatus| vec![label("channel", &channel.name), label("kind", channel.kind)];
        let waiting = self
            .channels
            .iter()
            .map(|channel| (labels(channel), gauge(channel.waiting)));
        let says = "Steps of alerts that wait to be told";
        families.gauges(&Head("channel_waiting", says, None), waiting)?;
        for (name, help, figure) in CHANNEL_COUNTERS {
            let rows = self
                .channels
                .iter()
                .map(|channel| (labels(channel), figure(channel)));
            families.counters(&Head(name, help, None), rows)?;
        }
        let states = self.channels.iter().flat_map(|channel| {
            SinkState::ALL.map(|state| {
                let mut labels = labels(channel);
                labels.push(label("state", state.name()));
                (labels, f64::from(u8::from(channel.state == state)))
            })
        });
        families.gauges(&Head("channel_state", "1 for the state it is in", None), states)
    }

    fn devices(&self, families: &mut Families<'_>) -> fmt::Result {
        let power = self
            .devices
            .iter()
            .filter_map(|device| Some((of_device(device), device.power_w?)));
        families.gauges(
            &Head(
                "device_power",
                "Active power",
                Some(Unit::Other("watts".to_owned())),
            ),
            power,
        )?;
        let states = self.devices.iter().flat_map(|device| {
            State::ALL.map(|state| {
                let mut labels = of_device(device);
                labels.push(label("state", state.name()));
                (labels, f64::from(u8::from(device.state == state)))
            })
        });
        families.gauges(&Head("device_state", "1 for the state it is in", None), states)?;
        let today = self.devices.iter().flat_map(|device| {
            device.today_wh.iter().map(move |(state, wh)| {
                let mut labels = of_device(device);
                labels.push(label("state", state.name()));
                (labels, *wh)
            })
        });
        let unit = Some(Unit::Other("watt_hours".to_owned()));
        families.gauges(
            &Head("device_energy_today", "Energy of the local day so far", unit),
            today,
        )?;
        let alerts = self
            .devices
            .iter()
            .map(|device| (of_device(device), gauge(device.open_alerts)));
        families.gauges(&Head("device_open_alerts", "Alerts open now", None), alerts)
    }

    fn levels(&self, families: &mut Families<'_>) -> fmt::Result {
        let rows = self.devices.iter().flat_map(|device| {
            let levels = device.levels;
            let counts = [
                ("learned", levels.learned),
                ("provisional", levels.provisional),
                ("pinned", levels.pinned),
            ];
            counts.map(|(certainty, count)| {
                let mut labels = of_device(device);
                labels.push(label("certainty", certainty));
                (labels, gauge(count))
            })
        });
        let says = "Levels learned of the device, by how sure they are";
        families.gauges(&Head("device_levels", says, None), rows)
    }

    fn alerts(&self, families: &mut Families<'_>) -> fmt::Result {
        let labels = |alert: &AlertFigures| {
            vec![
                label("rule", alert.rule),
                label("severity", alert.severity.name()),
            ]
        };
        let raised = self.alerts.iter().map(|alert| (labels(alert), alert.raised));
        families.counters(
            &Head("alerts_raised", "Alerts raised since the start", None),
            raised,
        )?;
        let open = self.alerts.iter().map(|alert| (labels(alert), gauge(alert.open)));
        families.gauges(&Head("alerts_open", "Alerts open now", None), open)?;
        let attended = self
            .alerts
            .iter()
            .map(|alert| (labels(alert), gauge(alert.attended)));
        let says = "Of the open alerts, those that a person has acknowledged or snoozed";
        families.gauges(&Head("alerts_attended", says, None), attended)
    }
}

fn of_device(device: &DeviceFigures) -> Labels {
    vec![
        label("device", &device.id),
        label("room", &device.room),
        label("modality", &device.modality),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "a shown figure, exact up to 2⁵³")]
const fn gauge(count: u64) -> f64 {
    count as f64
}
