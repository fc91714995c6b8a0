//! `/api/status`: the account, what is wrong and what was lost, for `idlewatt status` and for scripts.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;

use super::Context;
use crate::channel::ChannelStatus;
use crate::live::{
    BrokerFigures, IncidentFigures, MeterFigures, PipelineFigures, QuarantineFigures, RebuildFigures,
    SinkFigures, UnreadableFigures,
};

#[derive(Serialize)]
struct StatusBody {
    /// Nothing needs a person, and every account balances.
    ok: bool,
    now: Timestamp,
    site: String,
    /// IANA name of the zone that people here live in.
    zone: Option<String>,
    version: &'static str,
    /// When the service was started, or last read its configuration.
    started: Option<Timestamp>,
    brokers: Vec<BrokerFigures>,
    messages: MessagesBody,
    quarantine: QuarantineFigures,
    sinks: Vec<SinkBody>,
    channels: Vec<ChannelBody>,
    incidents: Vec<IncidentFigures>,
    meters: Vec<MeterFigures>,
    unreadable: Vec<UnreadableFigures>,
    rebuild: Option<RebuildFigures>,
    /// As `/health` says them.
    problems: serde_json::Value,
}

#[derive(Serialize)]
struct MessagesBody {
    received: u64,
    received_qos0: u64,
    received_qos1: u64,
    stored: u64,
    duplicates: u64,
    quarantined: u64,
    waiting: u64,
    lost: u64,
    unexplained: u64,
    qos0_dropped: u64,
    sessions_lost: u64,
}

#[derive(Serialize)]
struct SinkBody {
    name: String,
    kind: String,
    target: String,
    findings: u64,
    written: u64,
    refused: u64,
    left_out: u64,
    skipped: u64,
    waiting: u64,
    unexplained: u64,
    delivered_until: Option<Timestamp>,
    error: Option<String>,
}

#[derive(Serialize)]
struct ChannelBody {
    name: String,
    kind: &'static str,
    target: String,
    /// `ok`, `retrying` or `held`.
    state: &'static str,
    sent: u64,
    failed: u64,
    waiting: u64,
    sent_at: Option<Timestamp>,
    failing_since: Option<Timestamp>,
    error: Option<String>,
    mend: Option<String>,
}

impl From<ChannelStatus> for ChannelBody {
    fn from(it: ChannelStatus) -> Self {
        Self {
            name: it.name,
            kind: it.kind,
            target: it.target,
            state: it.state.name(),
            sent: it.sent,
            failed: it.failed,
            waiting: it.waiting,
            sent_at: it.sent_at,
            failing_since: it.failing_since,
            error: it.last_error,
            mend: it.mend,
        }
    }
}

impl From<SinkFigures> for SinkBody {
    fn from(it: SinkFigures) -> Self {
        Self {
            name: it.name,
            kind: it.kind,
            target: it.target,
            findings: it.findings,
            written: it.delivered,
            refused: it.rejected,
            left_out: it.left_out,
            skipped: it.skipped,
            waiting: it.behind,
            unexplained: it.unexplained,
            delivered_until: it.delivered_until,
            error: it.last_error,
        }
    }
}

fn messages(figures: &PipelineFigures) -> MessagesBody {
    let messages = &figures.messages;
    MessagesBody {
        received: messages.received(),
        received_qos0: messages.received_qos0,
        received_qos1: messages.received_qos1,
        stored: messages.stored,
        duplicates: messages.duplicates,
        quarantined: messages.quarantined,
        waiting: messages.waiting,
        lost: messages.lost,
        unexplained: messages.unexplained(),
        qos0_dropped: messages.qos0_dropped,
        sessions_lost: messages.sessions_lost,
    }
}

pub(super) async fn show(State(shared): State<Context>) -> Response {
    let figures = (shared.page.pipeline)();
    let health = (shared.page.health)();
    let site = &shared.page.site;
    let status = StatusBody {
        ok: health.is_ready && figures.unexplained() == 0,
        now: shared.now(),
        site: site.name.clone(),
        zone: site.zone.iana_name().map(str::to_owned),
        version: env!("CARGO_PKG_VERSION"),
        started: figures.started,
        messages: messages(&figures),
        brokers: figures.brokers,
        quarantine: figures.quarantine,
        sinks: figures.sinks.into_iter().map(SinkBody::from).collect(),
        channels: figures.channels.into_iter().map(ChannelBody::from).collect(),
        incidents: figures.incidents,
        meters: figures.meters,
        unreadable: figures.unreadable,
        rebuild: figures.rebuild,
        problems: health.body["problems"].clone(),
    };
    Json(status).into_response()
}
