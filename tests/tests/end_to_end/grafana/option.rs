//! The options of each kind of panel and the fields' own, by kind: the second part of [`super::model`], of the same source.
#![expect(
    dead_code,
    reason = "most keys are read by serde alone: that they are known is the check"
)]

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::model::{Panel, PanelKind};

/// What is wrong with the options of a panel.
pub(super) fn fault(panel: &Panel) -> Option<String> {
    let custom = panel.field_config.defaults.custom.as_ref();
    let (options, custom) = match panel.kind {
        PanelKind::Stat => (
            read::<Stat>(&panel.options),
            custom.map(|_| Err("has custom fields".to_owned())),
        ),
        PanelKind::Bargauge => (
            read::<BarGauge>(&panel.options),
            custom.map(|_| Err("has custom fields".to_owned())),
        ),
        PanelKind::Table => (read::<Table>(&panel.options), custom.map(read::<TableField>)),
        PanelKind::Timeseries => (
            read::<Timeseries>(&panel.options),
            custom.map(read::<TimeseriesField>),
        ),
        PanelKind::StateTimeline => (read::<Timeline>(&panel.options), custom.map(read::<PlainField>)),
        PanelKind::Barchart => (read::<BarChart>(&panel.options), custom.map(read::<PlainField>)),
    };
    options.and(custom.unwrap_or(Ok(()))).err()
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<(), String> {
    T::deserialize(value).map(drop).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Reduce {
    calcs: Vec<Calc>,
    fields: String,
    values: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Calc {
    LastNotNull,
    Sum,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Orientation {
    Auto,
    Horizontal,
    Vertical,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Stat {
    color_mode: StatColor,
    graph_mode: Nothing,
    justify_mode: Auto,
    orientation: Orientation,
    reduce_options: Reduce,
    text_mode: StatText,
    wide_layout: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatColor {
    Value,
    Background,
    BackgroundSolid,
    None,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatText {
    Auto,
    Name,
    Value,
    ValueAndName,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Nothing {
    None,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auto {
    Auto,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Legend {
    calcs: Vec<Calc>,
    display_mode: LegendMode,
    placement: Placement,
    show_legend: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum LegendMode {
    List,
    Table,
    Hidden,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Placement {
    Bottom,
    Right,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tooltip {
    mode: TooltipMode,
    sort: Sort,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum TooltipMode {
    Single,
    Multi,
    None,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Asc,
    Desc,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BarGauge {
    display_mode: BarMode,
    legend: Legend,
    max_viz_height: u32,
    min_viz_height: u32,
    min_viz_width: u32,
    name_placement: Auto,
    orientation: Orientation,
    reduce_options: Reduce,
    show_unfilled: bool,
    sizing: Auto,
    value_mode: ValueMode,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum BarMode {
    Basic,
    Gradient,
    Lcd,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ValueMode {
    Color,
    Hidden,
    Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Table {
    cell_height: CellHeight,
    footer: Footer,
    frame_index: u32,
    show_header: bool,
    sort_by: Vec<SortBy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum CellHeight {
    Sm,
    Md,
    Lg,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Footer {
    show: bool,
    reducer: Vec<Calc>,
    fields: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SortBy {
    display_name: String,
    desc: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TableField {
    align: Auto,
    cell_options: Cell,
    inspect: bool,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Cell {
    Auto,
    ColorBackground { mode: CellMode },
    Gauge { mode: CellMode },
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum CellMode {
    Basic,
    Gradient,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Timeseries {
    legend: Legend,
    tooltip: Tooltip,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TimeseriesField {
    draw_style: DrawStyle,
    line_interpolation: Interpolation,
    line_width: u8,
    fill_opacity: u8,
    show_points: ShowPoints,
    span_nulls: bool,
    stacking: Stacking,
    /// -1 before the instant, 0 around it, 1 behind it.
    bar_alignment: Option<i8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DrawStyle {
    Line,
    Bars,
    Points,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Interpolation {
    Linear,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ShowPoints {
    Auto,
    Always,
    Never,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stacking {
    group: String,
    mode: StackMode,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum StackMode {
    None,
    Normal,
    Percent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Timeline {
    align_value: Align,
    legend: Legend,
    merge_values: bool,
    row_height: f64,
    show_value: ShowPoints,
    tooltip: Tooltip,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Align {
    Left,
    Center,
    Right,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PlainField {
    fill_opacity: u8,
    line_width: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BarChart {
    bar_radius: f64,
    bar_width: f64,
    full_highlight: bool,
    group_width: f64,
    legend: Legend,
    orientation: Orientation,
    show_value: ShowPoints,
    stacking: StackMode,
    tooltip: Tooltip,
    x_field: String,
    x_tick_label_max_length: u32,
    x_tick_label_rotation: i32,
    x_tick_label_spacing: i32,
}
