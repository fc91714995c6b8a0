//! The live page: what people see. Server-rendered HTML, server-sent events, a JSON API; no build step and nothing
//! fetched from outside.
//!
//! Each view is a file: `wall` (all rooms), `device`, `alerts`, `pipeline`; `words` holds every text in
//! English and French; `speaker` writes numbers, times and money; `chart` draws.
//!
//! Limits: `door` decides who may come in, and how many; whoever is in sees everything, and nothing can be changed.
//! Listeners get at most two updates a second. A device the history knows but the configuration does not is not shown.
//!
//! Invariants: a state is always shown by colour, by word and by shape; a figure always with its unit; a device that
//! is not heard is shown as unknown, never as off. Every text that comes from outside goes through the escaping
//! template.

mod alerts;
mod api;
mod asset;
pub(crate) mod chart;
mod device;
mod door;
mod events;
mod frame;
mod kpi;
mod learned;
mod pipeline;
mod reply;
pub(crate) mod shape;
mod spark;
pub(crate) mod speaker;
mod status;
#[cfg(test)]
mod tests;
mod tile;
mod wall;
mod waste;
pub(crate) mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use analyzer::DeviceId;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::history::Readers;
use crate::live::{Live, PipelineFigures};

pub use door::{CertificateFiles, Door, DoorConfig, DoorError};
pub use words::Language;

/// Tells the time: the wall clock live, simulated time in the demo.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives the pipeline's account when a page asks.
pub type PipelineSource = Arc<dyn Fn() -> PipelineFigures + Send + Sync>;

/// Gives the text of `/metrics`.
pub type MetricsSource = Arc<dyn Fn() -> String + Send + Sync>;

/// Gives the answer of `/health`.
pub type HealthSource = Arc<dyn Fn() -> Health + Send + Sync>;

/// Everything the page is made of. The composition root fills it.
#[derive(Clone)]
pub struct Page {
    /// The hospital.
    pub site: SiteInfo,
    /// Every device, in the order they should be shown.
    pub devices: Vec<PageDevice>,
    /// What key figures need to know of each device.
    pub facts: Vec<analyzer::report::Facts>,
    /// What is true now.
    pub live: Live,
    /// What was.
    pub history: Readers,
    /// The time.
    pub now: Now,
    /// The account.
    pub pipeline: PipelineSource,
    /// Prometheus text.
    pub metrics: MetricsSource,
    /// Whether the service is well.
    pub health: HealthSource,
}

/// The hospital as the page names it.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// What people call it.
    pub name: String,
    /// All times are shown in it.
    pub zone: TimeZone,
    /// The language shown when the address does not ask for one.
    pub language: Language,
    /// ISO 4217.
    pub currency: String,
    /// The prices with source and year, ready to be shown.
    pub tariff: String,
    /// The carbon factor with source and year, ready to be shown.
    pub carbon: String,
    /// What a household uses in a year, for comparison.
    pub household_kwh_per_year: f64,
    /// Where that comes from, with its year, ready to be shown.
    pub household: String,
}

/// A device as the page names it.
#[derive(Clone, Debug)]
pub struct PageDevice {
    /// Its id in the findings.
    pub id: DeviceId,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub room: String,
    /// The floor; devices are grouped by it.
    pub floor: Option<String>,
    /// The modality's name in the configuration, e.g. `ct`. A `workstation` gets a small tile.
    pub modality: String,
    /// The modality as people say it, e.g. `CT scanner`; shown where the page has no word of its own.
    pub modality_label: String,
}

/// The answer of `/health`.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// False answers 503.
    pub is_ready: bool,
    /// The body.
    pub body: serde_json::Value,
}

/// What every handler shares.
struct Shared {
    page: Page,
    places: BTreeMap<DeviceId, usize>,
    sparks: spark::Cache,
    waste: waste::Cache,
    /// One for each event stream that may be open.
    streams: Arc<Semaphore>,
    shutdown: CancellationToken,
}

type Context = Arc<Shared>;

impl Shared {
    fn device(&self, id: &str) -> Option<&PageDevice> {
        self.places
            .get(id)
            .and_then(|place| self.page.devices.get(*place))
    }

    fn now(&self) -> Timestamp {
        (self.page.now)()
    }
}

/// Serves the page on a bound listener until `shutdown` is cancelled; open event streams end then.
pub async fn serve(listener: TcpListener, page: Page, door: Door, shutdown: CancellationToken) {
    let gate = Arc::new(door::Gate::new(&door));
    let router = router(page, &door, &gate, shutdown.clone());
    let forgiving = async {
        loop {
            tokio::time::sleep(door::FORGIVEN_EVERY).await;
            gate.forgive();
        }
    };
    tokio::select! {
        () = door::serve(listener, router, door, shutdown) => {}
        () = forgiving => {}
    }
}

fn router(page: Page, door: &Door, gate: &Arc<door::Gate>, shutdown: CancellationToken) -> Router {
    let places = page
        .devices
        .iter()
        .enumerate()
        .map(|(place, device)| (Arc::clone(&device.id), place))
        .collect();
    let context: Context = Arc::new(Shared {
        page,
        places,
        sparks: spark::Cache::default(),
        waste: waste::Cache::default(),
        streams: door.streams(),
        shutdown,
    });
    views()
        .layer(from_fn_with_state(Arc::clone(gate), door::watch))
        .layer(from_fn_with_state(door.is_tls(), reply::finish))
        .with_state(context)
}

fn views() -> Router<Context> {
    Router::new()
        .route("/", get(wall::show))
        .route("/device/{id}", get(device::show))
        .route("/alerts", get(alerts::show))
        .route("/waste", get(waste::show))
        .route("/pipeline", get(pipeline::show))
        .route("/events", get(events::stream))
        .route("/api/devices", get(api::devices))
        .route("/api/device/{id}/power", get(api::power))
        .route("/api/summary", get(api::summary))
        .route("/api/alerts", get(api::alerts))
        .route("/api/kpi", get(kpi::show))
        .route("/api/status", get(status::show))
        .route("/api/waste", get(waste::api))
        .route("/metrics", get(reply::metrics))
        .route("/health", get(reply::health))
        .route("/app.css", get(asset::css))
        .route("/app.js", get(asset::js))
        .route("/icon.svg", get(asset::icon))
        .fallback(reply::not_found)
}
