//! `/api/kpi`: the key figures of a range, by period and group, from the local history.
//!
//! Without a range, the last seven days. Read-only; at most 400 days at once.

use analyzer::report::{Group, Period, Question, Report};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::SignedDuration;
use serde::Deserialize;

use super::Context;
use super::api::{RANGE_DAYS_MAX, answer, instant, refuse};
use crate::kpi::{BASELINE, EXAMS, FigureJson, KpiReport, RowJson};

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    from: Option<String>,
    until: Option<String>,
    by: Option<String>,
    period: Option<String>,
}

pub(super) async fn show(State(shared): State<Context>, Query(asked): Query<Asked>) -> Response {
    let question = match question(&shared, &asked) {
        Ok(question) => question,
        Err(text) => return refuse(StatusCode::BAD_REQUEST, &text),
    };
    let mut report = Report::new(question, shared.page.facts.clone());
    let site = &shared.page.site;
    let (currency, tariff, carbon_factor) = (site.currency.clone(), site.tariff.clone(), site.carbon.clone());
    let asked = shared.page.history.ask(move |reader| {
        reader.fill(&mut report)?;
        Ok(KpiReport {
            baseline: BASELINE,
            exams: EXAMS,
            currency,
            tariff,
            carbon_factor,
            figures: FigureJson::all(),
            rows: report.finish().iter().map(RowJson::from).collect(),
        })
    });
    answer(asked.await)
}

fn question(shared: &Context, asked: &Asked) -> Result<Question, String> {
    let until = instant(asked.until.as_deref(), shared.now())?;
    let from = instant(asked.from.as_deref(), until - SignedDuration::from_hours(24 * 7))?;
    let span = until.duration_since(from);
    if !span.is_positive() || span > SignedDuration::from_hours(24 * RANGE_DAYS_MAX) {
        return Err(format!(
            "`from` must lie before `until`, by at most {RANGE_DAYS_MAX} days"
        ));
    }
    let group = match asked.by.as_deref() {
        None => Group::Device,
        Some(word) => Group::named(word)
            .ok_or_else(|| format!("`by={word}` is not known; write device, room, modality or site"))?,
    };
    let period = asked.period.as_deref().map(|word| {
        Period::named(word).ok_or_else(|| format!("`period={word}` is not known; write day, week or month"))
    });
    Ok(Question {
        from,
        until,
        zone: shared.page.site.zone.clone(),
        period: period.transpose()?,
        group,
    })
}
