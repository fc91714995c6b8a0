//! The shipped files by themselves: their shape, and that every part refers to what is there.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};

use super::model::{Dashboard, Panel, Source, Target, Transformation, VariableKind};
use super::provision::{Alerting, DataSources, Providers, read};
use super::{BOARDS, board, deployed, option};

const INFLUX: &str = "idlewatt-influxdb";
const PROMETHEUS: &str = "idlewatt-prometheus";
const WIDTH: u32 = 24;

/// A place such as `docs/runbook.md#is-it-well, row "a sink is held"`.
pub(crate) fn check_place(text: &str) -> anyhow::Result<()> {
    let at = text
        .find("docs/")
        .with_context(|| format!("no document in {text:?}"))?;
    let (place, row) = text[at..]
        .split_once(", row ")
        .map_or((&text[at..], None), |(place, row)| (place, Some(row)));
    let (file, anchor) = place
        .split_once('#')
        .with_context(|| format!("no heading in {place:?}"))?;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(file);
    let document = std::fs::read_to_string(&path).with_context(|| file.to_owned())?;
    let heading = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter })
            .collect::<String>()
    };
    let mut headings = document.lines().filter(|line| line.starts_with('#')).map(heading);
    ensure!(
        headings.any(|known| known == anchor),
        "{file} has no heading #{anchor}"
    );
    let Some(row) = row
        .map(|row| row.trim_matches('"'))
        .filter(|row| !row.starts_with("{{"))
    else {
        return Ok(());
    };
    let mut rows = document.lines().filter(|line| line.starts_with('|'));
    ensure!(
        rows.any(|line| line.replace('`', "").contains(&format!("| {row}"))),
        "{file} has no row {row:?}"
    );
    Ok(())
}

#[test]
fn dashboards_have_the_documented_shape() -> anyhow::Result<()> {
    for name in BOARDS {
        let dashboard = board(name)?;
        ensure!(dashboard.uid == format!("idlewatt-{name}"), "{}", dashboard.uid);
        ensure!(
            (36..=41).contains(&dashboard.schema_version),
            "Grafana 10 to 11: {}",
            dashboard.schema_version
        );
        ensure!(
            dashboard.tags == ["idlewatt"] && !dashboard.description.is_empty(),
            "{name}"
        );
        let carries = |link: &super::model::DashboardLink| link.include_vars && link.tags == ["idlewatt"];
        ensure!(
            dashboard.links.iter().all(carries),
            "{name}: links keep what is chosen"
        );
        for panel in &dashboard.panels {
            if let Some(fault) = option::fault(panel) {
                anyhow::bail!("{name} {} {}: {fault}", panel.id, panel.title);
            }
        }
        grid(&dashboard).with_context(|| name.to_owned())?;
    }
    Ok(())
}

/// Numbers are given once, and no panel lies on another.
fn grid(dashboard: &Dashboard) -> anyhow::Result<()> {
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for panel in &dashboard.panels {
        ensure!(ids.insert(panel.id), "{} twice", panel.id);
        let place = &panel.grid_pos;
        ensure!(
            place.x + place.w <= WIDTH && place.w > 0 && place.h > 0,
            "{} is beyond the edge",
            panel.title
        );
        for x in place.x..place.x + place.w {
            for y in place.y..place.y + place.h {
                ensure!(cells.insert((x, y)), "{} lies on another", panel.title);
            }
        }
    }
    Ok(())
}

#[test]
fn every_panel_refers_to_what_is_there() -> anyhow::Result<()> {
    let mut sources = Vec::new();
    for file in ["influxdb", "prometheus"] {
        let path = format!("grafana/provisioning/datasources/{file}.yaml");
        let provisioned: DataSources = read(&path)?;
        sources.extend(
            provisioned
                .datasources
                .into_iter()
                .map(|source| (source.kind, source.uid)),
        );
    }
    sources.extend(
        [("__expr__", "__expr__"), ("grafana", "-- Grafana --")].map(|(a, b)| (a.to_owned(), b.to_owned())),
    );
    let is_known = |source: &Source| sources.contains(&(source.kind.clone(), source.uid.clone()));
    for name in BOARDS {
        let dashboard = board(name)?;
        let own = if name == "service" { PROMETHEUS } else { INFLUX };
        let names: Vec<&str> = dashboard
            .templating
            .list
            .iter()
            .map(|variable| variable.name.as_str())
            .collect();
        for variable in &dashboard.templating.list {
            ensure!(
                variable.datasource.iter().all(is_known) && !variable.description.is_empty(),
                "{}",
                variable.name
            );
            ensure!(
                variable.kind != VariableKind::Query || variable.datasource.is_some(),
                "{}",
                variable.name
            );
            known_variables(&variable.query, &names)?;
        }
        for annotation in &dashboard.annotations.list {
            ensure!(is_known(&annotation.datasource), "{}", annotation.name);
            known_variables(annotation.query.as_deref().unwrap_or_default(), &names)?;
        }
        for panel in &dashboard.panels {
            ensure!(
                panel.datasource.uid == own && !panel.description.is_empty(),
                "{name} {}",
                panel.title
            );
            targets(panel, own, &is_known, &names).with_context(|| format!("{name} {}", panel.title))?;
        }
    }
    Ok(())
}

fn targets(
    panel: &Panel,
    own: &str,
    is_known: &impl Fn(&Source) -> bool,
    names: &[&str],
) -> anyhow::Result<()> {
    let mut earlier: Vec<&str> = Vec::new();
    for target in &panel.targets {
        let (ref_id, source) = match target {
            Target::Influx(target) => {
                ensure!(target.datasource.uid == own, "asks {}", target.datasource.uid);
                ensure!(
                    target.query.contains("$timeFilter"),
                    "without a time: {}",
                    target.query
                );
                known_variables(&target.query, names)?;
                let alias = target
                    .alias
                    .as_deref()
                    .and_then(|alias| alias.strip_prefix("$tag_"));
                let is_grouped = |tag: &str| target.query.contains(&format!("\"{tag}\""));
                ensure!(
                    alias.is_none_or(is_grouped),
                    "alias {alias:?} is no tag of {}",
                    target.query
                );
                (&target.ref_id, &target.datasource)
            }
            Target::Prometheus(target) => {
                ensure!(
                    target.datasource.uid == own && target.range != target.instant,
                    "{}",
                    target.expr
                );
                (&target.ref_id, &target.datasource)
            }
            Target::Expression(target) => {
                let letters = target.expression.chars().filter(char::is_ascii_uppercase);
                for of in letters.map(String::from) {
                    ensure!(
                        earlier.contains(&of.as_str()),
                        "{} is worked out of {of}",
                        target.ref_id
                    );
                }
                (&target.ref_id, &target.datasource)
            }
        };
        ensure!(
            is_known(source) && !earlier.contains(&ref_id.as_str()),
            "{ref_id}"
        );
        earlier.push(ref_id);
    }
    Ok(())
}

/// Each `${name:format}` is a variable of the dashboard.
fn known_variables(text: &str, names: &[&str]) -> anyhow::Result<()> {
    for part in text.split("${").skip(1) {
        let name = part.split([':', '}']).next().unwrap_or_default();
        ensure!(names.contains(&name), "no variable {name} in {text}");
    }
    Ok(())
}

/// Colours that are fixed by the page, so that both show the same.
#[test]
fn states_have_the_colours_of_the_page() -> anyhow::Result<()> {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deliver/src/page/app.css");
    let page = std::fs::read_to_string(page)?;
    let states = ["off", "standby", "idle", "scanning", "unknown"];
    let colour = |state: &str| {
        let at = page.find(&format!("--{state}: "))?;
        page[at..].split([' ', ';']).nth(1)
    };
    for name in BOARDS {
        for panel in &board(name)?.panels {
            let of_column = panel
                .field_config
                .overrides
                .iter()
                .flat_map(|rule| &rule.properties);
            let of_column = of_column.filter(|property| property.id == "mappings");
            let mut mapped: Vec<_> = of_column
                .map(|property| serde_json::from_value::<Vec<super::model::Mapping>>(property.value.clone()))
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .flat_map(|mapping| mapping.options)
                .collect();
            let fixed = panel
                .field_config
                .defaults
                .mappings
                .iter()
                .flat_map(|mapping| &mapping.options);
            let fixed: Vec<_> = fixed
                .filter(|_| name != "service")
                .map(|(code, to)| (code.clone(), to.text.clone(), to.color.clone()))
                .collect();
            let all = mapped
                .drain(..)
                .map(|(code, to)| (code, to.text, to.color))
                .chain(fixed);
            for (code, text, color) in all {
                let state = states.get(code.parse::<usize>()?).context("a state")?;
                ensure!(
                    text == *state && Some(color.as_str()) == colour(state),
                    "{name} {}: {text} is {color}",
                    panel.title
                );
            }
        }
    }
    Ok(())
}

#[test]
fn the_zone_is_one_and_nothing_of_the_demo_is_in_the_files() -> anyhow::Result<()> {
    let demo = idlewatt::config::Config::parse("demo.toml".as_ref(), idlewatt::demo::CONFIG)?
        .config
        .analyzer();
    let names = demo
        .devices
        .iter()
        .flat_map(|device| [device.id.to_string(), device.name.clone(), device.room.clone()]);
    let names: Vec<String> = names.collect();
    for name in BOARDS {
        let text = deployed(&format!("grafana/dashboards/{name}.json"))?;
        for name in &names {
            ensure!(
                !text.contains(&format!("{name}\"")) && !text.contains(&format!("'{name}'")),
                "{name}"
            );
        }
        let dashboard = board(name)?;
        let zone = dashboard
            .templating
            .list
            .iter()
            .find(|variable| variable.name == "zone");
        ensure!(
            zone.is_none_or(|zone| zone.query == dashboard.timezone),
            "{name}: two zones"
        );
        ensure!(zone.is_some() != (name == "service"), "{name}: no zone");
    }
    Ok(())
}

/// InfluxQL that InfluxDB 3 documents as missing, or that writes.
#[test]
fn queries_keep_to_what_all_three_databases_document() -> anyhow::Result<()> {
    let missing = [
        " INTO ",
        "SLIMIT",
        "SOFFSET",
        "INTEGRAL(",
        "SAMPLE(",
        "SHOW SERIES",
        "CARDINALITY",
        "NOW()",
    ];
    let mut queries = Vec::new();
    for name in BOARDS {
        let dashboard = board(name)?;
        queries.extend(
            dashboard
                .templating
                .list
                .iter()
                .map(|variable| variable.query.clone()),
        );
        queries.extend(
            dashboard
                .annotations
                .list
                .iter()
                .filter_map(|annotation| annotation.query.clone()),
        );
        for panel in &dashboard.panels {
            queries.extend(panel.targets.iter().filter_map(|target| match target {
                Target::Influx(target) => Some(target.query.clone()),
                _ => None,
            }));
        }
    }
    ensure!(queries.len() > 60, "{}", queries.len());
    for query in queries {
        let upper = query.to_uppercase();
        for word in missing {
            ensure!(!upper.contains(word), "{word} in {query}");
        }
    }
    Ok(())
}

#[test]
fn provisioning_has_the_documented_shape() -> anyhow::Result<()> {
    let providers: Providers = read("grafana/provisioning/dashboards/idlewatt.yaml")?;
    ensure!(
        providers
            .providers
            .iter()
            .all(|provider| provider.options.path == "/var/lib/grafana/dashboards")
    );
    for file in ["influxdb", "prometheus"] {
        let sources: DataSources = read(&format!("grafana/provisioning/datasources/{file}.yaml"))?;
        for source in &sources.datasources {
            ensure!(source.url.starts_with("$IDLEWATT_"), "{}", source.url);
            let secrets = source.secure_json_data.values();
            ensure!(
                secrets.clone().all(|secret| secret.starts_with("$IDLEWATT_")),
                "a secret stands in {file}.yaml"
            );
        }
    }
    let alerting: Alerting = read("grafana/provisioning/alerting/idlewatt.yaml")?;
    for rule in alerting.groups.iter().flat_map(|group| &group.rules) {
        ensure!(
            rule.data
                .iter()
                .all(|datum| datum.model.source().uid == datum.datasource_uid),
            "{}",
            rule.uid
        );
        let board = rule
            .dashboard_uid
            .strip_prefix("idlewatt-")
            .context("a dashboard")?;
        let panels = super::board(board)?.panels;
        ensure!(
            panels.iter().any(|panel| panel.id == rule.panel_id),
            "{}",
            rule.uid
        );
        ensure!(rule.labels.contains_key("severity"), "{}", rule.uid);
        rule.check_runbook()?;
    }
    Ok(())
}

/// A table names columns in four places; the names are those that its query gives.
pub(super) fn columns_are_known(panel: &Panel, shown: &[String]) -> anyhow::Result<()> {
    let mut names: BTreeSet<String> = shown.iter().cloned().collect();
    names.insert("Time".to_owned());
    for transformation in &panel.transformations {
        match transformation {
            Transformation::Organize(organize) => {
                let used = organize
                    .exclude_by_name
                    .keys()
                    .chain(organize.index_by_name.keys());
                for name in used.chain(organize.rename_by_name.keys()) {
                    ensure!(names.contains(name), "no column {name} in {names:?}");
                }
                names.extend(organize.rename_by_name.values().cloned());
            }
            Transformation::Pivot(pivot) => {
                for name in [&pivot.column_field, &pivot.row_field, &pivot.value_field] {
                    ensure!(names.contains(name), "no column {name} in {names:?}");
                }
                names.extend(["off", "standby", "idle", "scanning", "unknown"].map(str::to_owned));
                names.insert(format!("{}\\{}", pivot.row_field, pivot.column_field));
                let axis = panel.options["xField"].as_str().context("xField")?;
                ensure!(names.contains(axis), "no column {axis}");
            }
        }
    }
    let sorted = panel.options["sortBy"].as_array().into_iter().flatten();
    let sorted = sorted.filter_map(|by| by["displayName"].as_str());
    let overridden = panel
        .field_config
        .overrides
        .iter()
        .map(|rule| rule.matcher.options.as_str());
    for name in sorted.chain(overridden) {
        ensure!(names.contains(name), "no column {name} in {names:?}");
    }
    Ok(())
}
