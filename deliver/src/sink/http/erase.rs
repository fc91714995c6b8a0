//! Taking points away from a database, before the past is written again in their place.
//!
//! Each kind can do something else. InfluxDB 1 deletes by measurement, device and time (InfluxQL), InfluxDB 2 by a
//! predicate; InfluxDB 3 cannot. VictoriaMetrics deletes whole series and no stretch of time, so it is asked first
//! whether there is anything before; where there is, nothing is deleted. What stays is told, and the rest is written over
//! it. Limit: only measurements of [`SERIES`] and devices of the configuration or of a seam are touched.

use std::collections::BTreeSet;

use jiff::Timestamp;
use reqwest::Url;

use super::super::{Problem, Rest};
use super::client::{Endpoint, endpoint};
use super::verdict::Verdict;
use crate::line::clean::{TAG_BYTES_MAX, clean};
use crate::line::SERIES;
use crate::log::Rejection;
use crate::rebuild::Rebuild;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
/// Later than any point.
const END_OF_TIME: &str = "2200-01-01T00:00:00Z";
/// Statements in one request.
const STATEMENTS_MAX: usize = 200;

/// How a kind of server takes points away.
#[derive(Clone, Debug)]
pub(crate) enum Erase {
    /// `DELETE` in InfluxQL, at this address.
    InfluxQl(Url),
    /// `/api/v2/delete`, with organisation and bucket in the address.
    Predicate(Url),
    /// `delete_series`, below this address.
    Series(Url),
}

/// One stretch of one series.
struct Stretch {
    measurement: &'static str,
    device: String,
    from: Timestamp,
}

fn stretches(rebuild: &Rebuild, devices: &BTreeSet<String>) -> Vec<Stretch> {
    let all: BTreeSet<&str> = devices.iter().map(String::as_str).chain(rebuild.seams.keys().map(|id| &**id)).collect();
    let of_device = |device: &str| {
        SERIES.iter().map(|series| series.name).map({
            let shown = clean(device, TAG_BYTES_MAX).into_owned();
            let device = device.to_owned();
            move |measurement| Stretch {
                measurement,
                device: shown.clone(),
                from: rebuild.cleared_from(measurement, &device),
            }
        })
    };
    all.into_iter().flat_map(of_device).collect()
}

/// A text in quotes, for InfluxQL, predicates and selectors of series alike.
fn quoted(text: &str, quote: char) -> String {
    let mut out = String::from(quote);
    for character in text.chars() {
        if character == quote || character == '\\' {
            out.push('\\');
        }
        out.push(character);
    }
    out.push(quote);
    out
}

impl Erase {
    /// Takes away what is to be said again.
    ///
    /// # Errors
    /// What is to be done before it is asked again.
    pub(super) async fn erase(
        &self,
        endpoint: &Endpoint,
        place: &str,
        devices: &BTreeSet<String>,
        rebuild: &Rebuild,
    ) -> Result<Option<Rejection>, Rest> {
        let stretches = stretches(rebuild, devices);
        let work = Work {
            endpoint,
            place,
            since: rebuild.since,
        };
        match self {
            Self::InfluxQl(url) => work.influx_ql(url, &stretches).await,
            Self::Predicate(url) => work.predicate(url, &stretches).await,
            Self::Series(url) => work.series(url, &stretches).await,
        }
    }
}

struct Work<'a> {
    endpoint: &'a Endpoint,
    place: &'a str,
    since: Timestamp,
}

impl Work<'_> {
    async fn influx_ql(&self, url: &Url, stretches: &[Stretch]) -> Result<Option<Rejection>, Rest> {
        for some in stretches.chunks(STATEMENTS_MAX) {
            let statements: Vec<String> = some
                .iter()
                .map(|it| {
                    let (measurement, device) = (quoted(it.measurement, '"'), quoted(&it.device, '\''));
                    let from_ms = it.from.as_millisecond();
                    format!("DELETE FROM {measurement} WHERE \"device\" = {device} AND time >= {from_ms}ms")
                })
                .collect();
            let mut form = url.clone();
            form.query_pairs_mut().clear().append_pair("q", &statements.join("; "));
            let body = form.query().unwrap_or_default().to_owned();
            let words = match self.ask(url, FORM, body).await? {
                Ok(words) => words,
                Err(left) => return Ok(Some(left)),
            };
            if let Some(fault) = first_error(&words) {
                return Ok(Some(self.left(&fault)));
            }
        }
        Ok(None)
    }

    async fn predicate(&self, url: &Url, stretches: &[Stretch]) -> Result<Option<Rejection>, Rest> {
        for it in stretches {
            let (measurement, device) = (quoted(it.measurement, '"'), quoted(&it.device, '"'));
            let body = serde_json::json!({
                "start": it.from.to_string(),
                "stop": END_OF_TIME,
                "predicate": format!("_measurement={measurement} AND device={device}"),
            });
            if let Err(left) = self.ask(url, JSON, body.to_string()).await? {
                return Ok(Some(left));
            }
        }
        Ok(None)
    }

    async fn series(&self, url: &Url, stretches: &[Stretch]) -> Result<Option<Rejection>, Rest> {
        let Some(first) = stretches.iter().map(|it| it.from).min() else {
            return Ok(None);
        };
        let names: Vec<&str> = SERIES.iter().map(|series| series.name).collect();
        let devices: BTreeSet<&str> = stretches.iter().map(|it| it.device.as_str()).collect();
        let matches: Vec<String> = devices
            .iter()
            .map(|device| format!("{{__name__=~\"({})_.+\",device={}}}", names.join("|"), quoted(device, '"')))
            .collect();
        let before = (first.as_millisecond() - 1).max(1).to_string();
        for selector in &matches {
            let range = [("match[]", selector.as_str()), ("start", "1"), ("end", &before), ("max_rows_per_line", "1")];
            let asked = endpoint(url, &["api", "v1", "export"], &range);
            match self.ask(&asked, FORM, String::new()).await? {
                Ok(words) if words.trim().is_empty() => {}
                Ok(_) => return Ok(Some(self.left("VictoriaMetrics deletes whole series alone, and these begin earlier"))),
                Err(left) => return Ok(Some(left)),
            }
        }
        for selector in &matches {
            let path = ["api", "v1", "admin", "tsdb", "delete_series"];
            let asked = endpoint(url, &path, &[("match[]", selector.as_str())]);
            if let Err(left) = self.ask(&asked, FORM, String::new()).await? {
                return Ok(Some(left));
            }
        }
        Ok(None)
    }

    /// The words of an answer; or, where the server cannot delete, what is left.
    async fn ask(&self, url: &Url, kind: &'static str, body: String) -> Result<Result<String, Rejection>, Rest> {
        let again = |reason: String| Rest::Retry { reason, after: None };
        let (status, words) = match self.endpoint.ask(url.clone(), kind, body).await {
            Ok(answer) => answer,
            Err(Verdict::Untrusted { what, mend }) => {
                return Err(Rest::Held(Problem {
                    what,
                    place: self.place.to_owned(),
                    mend: mend.to_owned(),
                }));
            }
            Err(Verdict::Retry { reason, .. }) => return Err(again(reason)),
            Err(other) => return Err(again(format!("{other:?}"))),
        };
        match status {
            200..=299 => Ok(Ok(words)),
            401 | 403 => Err(Rest::Held(Problem {
                what: format!("the server answers {status} when points are to be deleted: {}", words.trim()),
                place: self.place.to_owned(),
                mend: "give the user or token of this sink the right to delete, until the past is written again".to_owned(),
            })),
            408 | 425 | 429 | 500 | 502..=599 => Err(again(format!("answer {status}: {}", words.trim()))),
            _ => Ok(Err(self.left(&format!("the server answers {status}: {}", words.trim())))),
        }
    }

    fn left(&self, why: &str) -> Rejection {
        Rejection {
            item: format!("points since {} that are not said again", self.since),
            reason: format!("{} cannot delete them ({why}); those said again are overwritten, the others stay", self.place),
        }
    }
}

/// InfluxQL answers 200 also to statements that failed.
fn first_error(words: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(words).ok()?;
    let results = answer["results"].as_array()?;
    let error = results.iter().find_map(|result| result["error"].as_str());
    error.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_quotes() {
        assert_eq!(quoted("it's", '\''), r"'it\'s'");
        assert_eq!(quoted(r#"a\"b"#, '"'), r#""a\\\"b""#);
    }

    #[test]
    fn every_series_of_every_device_has_its_own_stretch() {
        let since: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap();
        let rebuild = Rebuild::new("1".to_owned(), since, [("gone".into(), crate::rebuild::Seam::at(since))].into());
        let stretches = stretches(&rebuild, &["ct-1".to_owned()].into());
        assert_eq!(stretches.len(), 2 * SERIES.len());
        assert!(stretches.iter().any(|it| it.device == "gone" && it.measurement == "exam"));
    }

    #[test]
    fn a_failed_statement_is_noticed() {
        assert_eq!(first_error(r#"{"results":[{"statement_id":0}]}"#), None);
        let failed = r#"{"results":[{"statement_id":0},{"error":"no"}]}"#;
        assert_eq!(first_error(failed).as_deref(), Some("no"));
    }
}
