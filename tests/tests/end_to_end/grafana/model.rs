//! The shape of a dashboard, as Grafana documents it: every key that we use, its kind and its words. A key that is not here is
//! refused, so a slip in a file fails.
//!
//! Source: `kinds/dashboard` and the panels' schemas as published in the npm package `@grafana/schema` 11.6.0 (Apache-2.0),
//! files `raw/dashboard`, `raw/composable/*/panelcfg` and `common`; the InfluxQL target and annotation as its query editors
//! write them. Only what our files use is written down here, in our own words.
#![expect(
    dead_code,
    reason = "most keys are read by serde alone: that they are known is the check"
)]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Dashboard {
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) schema_version: u32,
    version: u32,
    editable: bool,
    graph_tooltip: u8,
    pub(crate) timezone: String,
    week_start: Option<WeekStart>,
    refresh: String,
    pub(crate) time: Range,
    pub(crate) links: Vec<DashboardLink>,
    pub(crate) annotations: List<Annotation>,
    pub(crate) templating: List<Variable>,
    pub(crate) panels: Vec<Panel>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WeekStart {
    Monday,
    Saturday,
    Sunday,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    pub(crate) from: String,
    pub(crate) to: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List<T> {
    pub(crate) list: Vec<T>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct DashboardLink {
    as_dropdown: bool,
    icon: String,
    pub(crate) include_vars: bool,
    keep_time: bool,
    pub(crate) tags: Vec<String>,
    target_blank: bool,
    title: String,
    tooltip: String,
    #[serde(rename = "type")]
    kind: LinkKind,
    url: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LinkKind {
    Link,
    Dashboards,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) uid: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Annotation {
    built_in: Option<u8>,
    pub(crate) name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    pub(crate) datasource: Source,
    enable: bool,
    hide: Option<bool>,
    icon_color: String,
    from_annotations: Option<bool>,
    raw_query: Option<bool>,
    text_editor: Option<bool>,
    pub(crate) query: Option<String>,
    pub(crate) text_column: Option<String>,
    pub(crate) tags_column: Option<String>,
    time_end_column: Option<String>,
    title_column: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Variable {
    pub(crate) name: String,
    label: String,
    pub(crate) description: String,
    #[serde(rename = "type")]
    pub(crate) kind: VariableKind,
    pub(crate) datasource: Option<Source>,
    pub(crate) query: String,
    /// 0 never, 1 when the dashboard is loaded, 2 when the time range changes.
    refresh: Option<u8>,
    /// 0 none to 8 natural, descending.
    sort: Option<u8>,
    #[serde(default)]
    pub(crate) multi: bool,
    #[serde(default)]
    pub(crate) include_all: bool,
    pub(crate) all_value: Option<String>,
    /// 0 shown, 1 without label, 2 hidden.
    hide: u8,
    regex: Option<String>,
    pub(crate) options: Vec<VariableOption>,
    pub(crate) current: Value,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VariableKind {
    Query,
    Textbox,
    Custom,
    Constant,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariableOption {
    selected: bool,
    text: String,
    pub(crate) value: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Panel {
    pub(crate) id: u32,
    #[serde(rename = "type")]
    pub(crate) kind: PanelKind,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) grid_pos: Grid,
    pub(crate) datasource: Source,
    pub(crate) targets: Vec<Target>,
    pub(crate) field_config: FieldConfig,
    pub(crate) options: Value,
    pub(crate) interval: Option<String>,
    pub(crate) time_from: Option<String>,
    #[serde(default)]
    pub(crate) transformations: Vec<Transformation>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PanelKind {
    Stat,
    Table,
    Timeseries,
    #[serde(rename = "state-timeline")]
    StateTimeline,
    Barchart,
    Bargauge,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grid {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) w: u32,
    pub(crate) h: u32,
}

/// A query in InfluxQL, in PromQL, or an expression on others.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Target {
    Influx(InfluxTarget),
    Prometheus(PrometheusTarget),
    Expression(ExpressionTarget),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct InfluxTarget {
    pub(crate) ref_id: String,
    pub(crate) datasource: Source,
    pub(crate) query: String,
    raw_query: bool,
    pub(crate) result_format: ResultFormat,
    pub(crate) alias: Option<String>,
    #[serde(default)]
    pub(crate) hide: bool,
    interval_ms: Option<u64>,
    max_data_points: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResultFormat {
    TimeSeries,
    Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PrometheusTarget {
    pub(crate) ref_id: String,
    pub(crate) datasource: Source,
    pub(crate) expr: String,
    pub(crate) range: bool,
    pub(crate) instant: bool,
    legend_format: Option<String>,
    format: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ExpressionTarget {
    pub(crate) ref_id: String,
    pub(crate) datasource: Source,
    #[serde(rename = "type")]
    pub(crate) kind: ExpressionKind,
    pub(crate) expression: String,
    reducer: Option<Reducer>,
    pub(crate) conditions: Option<Vec<Condition>>,
    #[serde(default)]
    pub(crate) hide: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExpressionKind {
    Reduce,
    Math,
    Threshold,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reducer {
    Last,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) evaluator: Evaluator,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evaluator {
    #[serde(rename = "type")]
    pub(crate) kind: Comparison,
    pub(crate) params: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Comparison {
    Gt,
    Lt,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldConfig {
    pub(crate) defaults: Field,
    pub(crate) overrides: Vec<Override>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Field {
    pub(crate) unit: Option<String>,
    decimals: Option<u8>,
    min: Option<f64>,
    no_value: Option<String>,
    display_name: Option<String>,
    color: Option<Color>,
    thresholds: Option<Thresholds>,
    #[serde(default)]
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) custom: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Color {
    mode: ColorMode,
    pub(crate) fixed_color: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ColorMode {
    Fixed,
    Thresholds,
    PaletteClassic,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thresholds {
    mode: ThresholdsMode,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ThresholdsMode {
    Absolute,
    Percentage,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    color: String,
    value: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    #[serde(rename = "type")]
    kind: MappingKind,
    pub(crate) options: BTreeMap<String, Mapped>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MappingKind {
    Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapped {
    index: u32,
    pub(crate) text: String,
    pub(crate) color: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Override {
    pub(crate) matcher: Matcher,
    pub(crate) properties: Vec<Property>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matcher {
    pub(crate) id: String,
    pub(crate) options: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Property {
    pub(crate) id: String,
    pub(crate) value: Value,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "id", content = "options")]
pub(crate) enum Transformation {
    #[serde(rename = "organize")]
    Organize(Organize),
    #[serde(rename = "groupingToMatrix")]
    Pivot(Pivot),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Organize {
    pub(crate) exclude_by_name: BTreeMap<String, bool>,
    pub(crate) index_by_name: BTreeMap<String, u32>,
    pub(crate) rename_by_name: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Pivot {
    pub(crate) column_field: String,
    pub(crate) row_field: String,
    pub(crate) value_field: String,
    empty_value: String,
}
