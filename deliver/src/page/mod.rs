//! The live page: what people see. Server-rendered HTML, server-sent events, a JSON API; no build step and nothing
//! fetched from outside.
//!
//! Each view is a file: `wall` (all rooms), `device`, `alerts`, `stations` (reading workstations and servers), `pipeline`;
//! `act` takes a person's word; `words` holds every text in English and French; `speaker` writes numbers, times and money;
//! `chart` draws; `api` and `openapi` are for scripts.
//!
//! Limits: `door` decides who may come in, and how many; whoever is in sees everything. A person's word is the only thing
//! that can be said, with a login, and it goes to the broker like any other message ([`Say`]): nothing is changed here.
//! Listeners get at most two updates a second. A device the history knows but the configuration does not is not shown.
//!
//! Invariants: a state is always shown by colour, by word and by shape; a figure always with its unit; a device that
//! is not heard is shown as unknown, never as off. Every text that comes from outside goes through the escaping
//! template.

mod act;
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
mod openapi;
mod pipeline;
mod reply;
pub(crate) mod shape;
mod spark;
pub(crate) mod speaker;
mod stations;
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
use analyzer::calendar::OpeningHours;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::act::ActMessage;
use crate::history::Readers;
use crate::live::{Live, PipelineFigures};

pub use door::{CertificateFiles, Door, DoorConfig, DoorError};
pub(crate) use speaker::Speaker;
pub use words::Language;

/// Tells the time: the wall clock live, simulated time in the demo.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives the pipeline's account when a page asks.
pub type PipelineSource = Arc<dyn Fn() -> PipelineFigures + Send + Sync>;

/// Gives the text of `/metrics`.
pub type MetricsSource = Arc<dyn Fn() -> String + Send + Sync>;

/// Gives the answer of `/health`.
pub type HealthSource = Arc<dyn Fn() -> Health + Send + Sync>;

/// Says a person's word where the service hears it. An error is for that person.
pub type Say = Arc<dyn Fn(ActMessage) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

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
    /// Takes a person's word; none where there is no broker to say it at.
    pub say: Option<Say>,
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
    pub modality: &'static str,
    /// The modality as people say it, e.g. `CT scanner`; shown where the page has no word of its own.
    pub modality_label: &'static str,
    /// The meters that feed it.
    pub meters: Vec<String>,
    /// When it is meant to be used.
    pub opening: Arc<OpeningHours>,
    /// Whether what its power means is learned, so that a person may name levels.
    pub learns: bool,
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
    /// Whether there is a login, without which nobody may say anything.
    has_login: bool,
    shutdown: CancellationToken,
}

type Context = Arc<Shared>;

impl Shared {
    fn device(&self, id: &str) -> Option<&PageDevice> {
        self.places
            .get(id)
            .and_then(|place| self.page.devices.get(*place))
    }

    /// What takes a person's word, where anybody may say one.
    fn say(&self) -> Option<&Say> {
        self.page.say.as_ref().filter(|_| self.has_login)
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
        has_login: door.has_login(),
        shutdown,
    });
    views()
        .layer(from_fn_with_state(Arc::clone(gate), door::watch))
        .layer(from_fn_with_state(door.is_tls(), reply::finish))
        .with_state(context)
}

/// What scripts may ask; each stands in the OpenAPI document.
fn api_routes() -> [(&'static str, MethodRouter<Context>); 11] {
    [
        ("/api/summary", get(api::summary)),
        ("/api/devices", get(api::devices)),
        ("/api/device/{id}", get(api::device)),
        ("/api/device/{id}/power", get(api::power)),
        ("/api/alerts", get(api::alerts)),
        ("/api/workstations", get(stations::json)),
        ("/api/kpi", get(kpi::show)),
        ("/api/waste", get(waste::api)),
        ("/api/status", get(status::show)),
        ("/api/act", post(act::json)),
        ("/api/openapi.json", get(openapi::show)),
    ]
}

fn views() -> Router<Context> {
    let api = api_routes().into_iter();
    let router = api.fold(Router::new(), |router, (path, answer)| router.route(path, answer));
    router
        .route("/", get(wall::show))
        .route("/device/{id}", get(device::show))
        .route("/alerts", get(alerts::show))
        .route("/workstations", get(stations::show))
        .route("/waste", get(waste::show))
        .route("/pipeline", get(pipeline::show))
        .route("/act", post(act::form))
        .route("/events", get(events::stream))
        .route("/metrics", get(reply::metrics))
        .route("/health", get(reply::health))
        .route("/app.css", get(asset::css))
        .route("/app.js", get(asset::js))
        .route("/icon.svg", get(asset::icon))
        .fallback(reply::not_found)
        .layer(DefaultBodyLimit::max(act::BYTES_MAX))
}
