//! The provisioning files: their shape as Grafana documents it, and each alert rule worked out at an instant.
//!
//! Source of the shape: Grafana's documentation, "Use configuration files to provision alerting resources", "Provision
//! Grafana" (data sources, dashboards). A key that is not here is refused.
#![expect(
    dead_code,
    reason = "most keys are read by serde alone: that they are known is the check"
)]

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tests::influxd::Influxd;
use yaml_rust2::{Yaml, YamlLoader};

use super::ask::{Asked, Labels, ask, reduced};
use super::expression::{self, Numbers};
use super::model::{ExpressionTarget, InfluxTarget, Source};

/// Reads a file of ours below `deploy/`.
pub(super) fn read<T: DeserializeOwned>(path: &str) -> anyhow::Result<T> {
    let text = super::deployed(path)?;
    let documents = YamlLoader::load_from_str(&text).with_context(|| path.to_owned())?;
    let [document] = documents.as_slice() else {
        bail!("{path}: one document, not {}", documents.len())
    };
    serde_json::from_value(json(document)?).with_context(|| path.to_owned())
}

fn json(yaml: &Yaml) -> anyhow::Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Boolean(value) => (*value).into(),
        Yaml::Integer(value) => (*value).into(),
        Yaml::Real(text) => text.parse::<f64>()?.into(),
        Yaml::String(text) => text.as_str().into(),
        Yaml::Array(items) => items.iter().map(json).collect::<anyhow::Result<Vec<_>>>()?.into(),
        Yaml::Hash(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let key = key.as_str().context("a key that is no text")?;
                Ok((key.to_owned(), json(value)?))
            });
            entries.collect::<anyhow::Result<Map<_, _>>>()?.into()
        }
        Yaml::Alias(_) | Yaml::BadValue => bail!("{yaml:?} is nothing that JSON has"),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct DataSources {
    api_version: u8,
    pub(super) datasources: Vec<DataSource>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct DataSource {
    name: String,
    pub(super) uid: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    access: Access,
    org_id: u32,
    pub(super) url: String,
    user: Option<String>,
    pub(super) json_data: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) secure_json_data: BTreeMap<String, String>,
    editable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Access {
    Proxy,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Providers {
    api_version: u8,
    pub(super) providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Provider {
    name: String,
    org_id: u32,
    folder: String,
    #[serde(rename = "type")]
    kind: String,
    disable_deletion: bool,
    allow_ui_updates: bool,
    update_interval_seconds: u32,
    pub(super) options: ProviderOptions,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ProviderOptions {
    pub(super) path: String,
    folders_from_files_structure: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Alerting {
    api_version: u8,
    pub(super) groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Group {
    org_id: u32,
    name: String,
    folder: String,
    interval: String,
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) uid: String,
    title: String,
    condition: String,
    pub(super) data: Vec<Datum>,
    pub(super) dashboard_uid: String,
    pub(super) panel_id: u32,
    pub(super) no_data_state: WithoutData,
    exec_err_state: OnError,
    #[serde(rename = "for")]
    pending: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    is_paused: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum WithoutData {
    NoData,
    Alerting,
    #[serde(rename = "OK")]
    Ok,
}

#[derive(Debug, Deserialize)]
enum OnError {
    Error,
    Alerting,
    #[serde(rename = "OK")]
    Ok,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Datum {
    ref_id: String,
    pub(super) datasource_uid: String,
    relative_time_range: Option<Relative>,
    pub(super) model: Model,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Relative {
    from: i64,
    to: i64,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Model {
    Query(InfluxTarget),
    Expression(ExpressionTarget),
}

impl Model {
    pub(super) fn source(&self) -> &Source {
        match self {
            Self::Query(target) => &target.datasource,
            Self::Expression(target) => &target.datasource,
        }
    }
}

impl Rule {
    /// The devices for which it fires at an instant: its condition held at each minute of its pending time. Without any data
    /// it fires, if at all, for the device named nothing.
    pub(super) async fn fires(
        &self,
        influx: &Influxd,
        database: &str,
        at: Timestamp,
    ) -> anyhow::Result<BTreeSet<String>> {
        let pending = self.pending.trim_end_matches(['s', 'm']).parse::<i64>()?;
        let minutes = if self.pending.ends_with('m') { pending } else { 0 };
        let mut firing: Option<BTreeSet<String>> = None;
        for back in 0..=minutes {
            let holds = self
                .holds(influx, database, at - SignedDuration::from_mins(back))
                .await?;
            firing = Some(firing.map_or_else(|| holds.clone(), |firing| &firing & &holds));
        }
        Ok(firing.unwrap_or_default())
    }

    async fn holds(
        &self,
        influx: &Influxd,
        database: &str,
        at: Timestamp,
    ) -> anyhow::Result<BTreeSet<String>> {
        let (mut series, mut numbers) = (BTreeMap::new(), Numbers::new());
        for datum in &self.data {
            match &datum.model {
                Model::Query(target) => {
                    let range = datum
                        .relative_time_range
                        .as_ref()
                        .context("a query has a range")?;
                    let asked = Asked {
                        from: at - SignedDuration::from_secs(range.from),
                        to: at - SignedDuration::from_secs(range.to),
                        interval: SignedDuration::from_mins(1),
                        chosen: BTreeMap::new(),
                        zone: String::new(),
                    };
                    let frames = ask(influx, database, &asked.put_in(&target.query)?).await?;
                    series.insert(datum.ref_id.clone(), frames);
                }
                Model::Expression(target) => {
                    let found = expression::work_out(target, &numbers, |of| reduced(series.get(of)))?;
                    numbers.insert(datum.ref_id.clone(), found);
                }
            }
        }
        let condition = numbers.get(&self.condition).context("no condition")?;
        if condition.is_empty() {
            let fires = self.no_data_state == WithoutData::Alerting;
            return Ok(fires.then(String::new).into_iter().collect());
        }
        let device = |labels: &Labels| labels.get("device").cloned().context("an alert names its device");
        let firing = condition.iter().filter(|(_, value)| **value != 0.0);
        firing.map(|(labels, _)| device(labels)).collect()
    }

    /// Each place in a document of ours that it names is there, with the row.
    pub(super) fn check_runbook(&self) -> anyhow::Result<()> {
        let named = self.annotations.get("runbook").context("no runbook")?;
        ensure!(
            !named.is_empty() && self.annotations.contains_key("summary"),
            "{}",
            self.uid
        );
        named.split("; ").try_for_each(super::structure::check_place)
    }
}
