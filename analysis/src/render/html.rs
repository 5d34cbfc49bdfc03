//! The page: one file that needs nothing else.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;

use super::averages::averages;
use super::drawings::{self, Drawing};
use super::rows::{self, ArmRow, PartTextRow, RunRow};
use super::sheets::{self, Sheet};
use super::{appendix, card, networks};
use crate::error::AnalysisError;
use crate::number;
use crate::plot;
use crate::report::Report;
use crate::report::curves::CurveFigure;
use crate::report::metric::{Contrast, MetricReport};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = concat!(include_str!("page.css"), include_str!("plots.css"));
const SCRIPT: &str = include_str!("sort.js");

#[derive(Serialize)]
struct MetricView {
    id: String,
    label: String,
    unit: String,
    way: String,
    primary: bool,
    tally: Vec<(usize, &'static str, &'static str)>,
    contrasts: Vec<ContrastView>,
    outlook: Option<Drawing>,
    parts: Vec<PartsView>,
}

#[derive(Serialize)]
struct ContrastView {
    id: String,
    factor: String,
    baseline: Option<String>,
    effects: Option<Sheet>,
    overview: Vec<Drawing>,
    strata: Vec<StratumView>,
}

#[derive(Serialize)]
struct StratumView {
    id: String,
    name: String,
    /// Which arms are drawn, where not all are.
    drawn: String,
    strip: Option<String>,
    forest: Option<String>,
    more: Vec<Drawing>,
    values: Option<Sheet>,
    rows: Vec<ArmRow>,
    compared: bool,
    /// The head of the column of equivalence, where there is one.
    margin: Option<String>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct PartsView {
    stratum: String,
    levels: Vec<String>,
    baseline: Option<usize>,
    rows: Vec<PartTextRow>,
}

#[derive(Serialize)]
struct CurveView {
    heading: String,
    open: bool,
    stratum: String,
    panels: Vec<PanelView>,
}

#[derive(Serialize)]
struct PanelView {
    level: String,
    baseline: bool,
    diverged: usize,
    drawing: String,
}

/// The columns of the list of runs that say something of some run: a table of results knows no hosts, for example.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "a column each, which is there or not")]
struct RunColumns {
    host: bool,
    attempts: bool,
    parameters: bool,
    steps: bool,
    time: bool,
    id: bool,
}

impl RunColumns {
    fn of(runs: &[RunRow]) -> Self {
        let any = |cell: fn(&RunRow) -> &str, nothing: &str| runs.iter().any(|run| cell(run) != nothing);
        Self {
            host: any(|run| &run.host, rows::NOTHING),
            attempts: any(|run| &run.attempts, "0"),
            parameters: any(|run| &run.parameters, rows::NOTHING),
            steps: any(|run| &run.steps, rows::NOTHING),
            time: any(|run| &run.time, rows::NOTHING),
            id: any(|run| &run.id, rows::NOTHING),
        }
    }
}

/// The page of a report.
///
/// # Errors
/// Only by a bug: if the template does not fit the report.
pub fn page(report: &Report) -> Result<String, AnalysisError> {
    let mut environment = Environment::new();
    // A tag on a line of its own leaves no empty line.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(AnalysisError::Page)?;
    environment.set_syntax(syntax);
    // The name ends in .html, so everything that is not marked safe is escaped.
    environment.add_template("page.html", TEMPLATE).map_err(AnalysisError::Page)?;
    let page = environment.get_template("page.html").map_err(AnalysisError::Page)?;
    let metrics: Vec<MetricView> =
        report.metrics.iter().enumerate().map(|(index, metric)| metric_view(report, index, metric)).collect();
    let curves: Vec<CurveView> =
        report.curves.iter().enumerate().map(|(index, figure)| curve_view(report, index, figure)).collect();
    let runs = rows::runs(report);
    let factors: Vec<&str> = report.study.factors.iter().map(|factor| factor.name.as_str()).collect();
    let context = context! {
        script => Value::from_safe_string(SCRIPT.to_owned()),
        questions => Value::from(Serde(sheets::questions(report))),
        diverged => Value::from(Serde(appendix::divergence(report))),
        machines => Value::from(Serde(appendix::machines(report))),
        networks => Value::from(Serde(networks::networks(report))),
        sensitivity => Value::from(Serde(appendix::sensitivity(report))),
        settle => sheets::meaning_of_needed(report),
        style => Value::from_safe_string(STYLE.to_owned()),
        title => &report.title,
        written => report.written.as_deref(),
        moment => report.written.as_deref().map(number::moment),
        headline => Value::from(Serde(&report.headline)),
        card => Value::from(Serde(card::card(report))),
        interval => number::percent(1.0 - report.analysis.alpha),
        metrics => Value::from(Serde(metrics)),
        curves => Value::from(Serde(curves)),
        caveats => Value::from(Serde(&report.caveats)),
        methods => Value::from(Serde(&report.methods)),
        factors => Value::from(Serde(factors)),
        columns => Value::from(Serde(RunColumns::of(&runs))),
        planned => report.study.frozen.is_some(),
        runs => Value::from(Serde(runs)),
    };
    page.render(context).map_err(AnalysisError::Page)
}

fn metric_view(report: &Report, index: usize, metric: &MetricReport) -> MetricView {
    let tally = metric.tally;
    let counts = [
        (tally.better, "better", "better"),
        (tally.worse, "worse", "worse"),
        (tally.equivalent, "equivalent", "equivalent"),
        (tally.inconclusive, "inconclusive", "open"),
        (tally.not_tested, "not tested", "untested"),
    ];
    let id = format!("metric-{index}");
    let contrasts = metric.contrasts.iter().enumerate();
    let mut contrasts: Vec<ContrastView> = contrasts
        .map(|(number, contrast)| contrast_view(report, (metric, contrast), &format!("{id}-{number}")))
        .collect();
    let mut outlook = drawings::outlook(metric, &report.analysis, &id);
    // Beside the picture of all strata there is room for it; without one it comes after the results.
    if let Some(first) = contrasts.first_mut().filter(|first| !first.overview.is_empty()) {
        first.overview.extend(outlook.take());
    }
    MetricView {
        label: metric.label.clone(),
        unit: metric.unit.clone(),
        way: rows::way(metric),
        primary: metric.primary,
        tally: counts.into_iter().filter(|(count, ..)| *count > 0).collect(),
        contrasts,
        parts: metric
            .parts
            .iter()
            .map(|table| PartsView {
                stratum: table.stratum.clone(),
                levels: table.levels.clone(),
                baseline: table.baseline,
                rows: rows::parts(metric, table),
            })
            .collect(),
        outlook,
        id,
    }
}

fn contrast_view(report: &Report, (metric, contrast): (&MetricReport, &Contrast), prefix: &str) -> ContrastView {
    let strata = contrast.strata.iter().enumerate().map(|(index, stratum)| {
        let id = format!("{prefix}-{index}");
        let best = plot::rows::best_rows(stratum, metric.direction);
        let shown = best.as_ref().unwrap_or(stratum);
        StratumView {
            name: stratum.name.clone(),
            drawn: drawings::drawn(stratum, shown),
            strip: plot::strip::strip(metric, shown, &format!("{id}-strip")),
            forest: plot::forest::forest(metric, contrast, shown, &format!("{id}-forest")),
            // Of every metric they would make the page long for little.
            more: if metric.primary {
                drawings::more(metric, (contrast, stratum, shown), &report.analysis, &id)
            } else {
                Vec::new()
            },
            values: appendix::values(metric, contrast, stratum).filter(|_| metric.primary),
            rows: rows::arms(metric, stratum, report.analysis.alpha),
            margin: rows::margin(stratum),
            compared: stratum.arms.iter().any(|arm| arm.comparison.is_some()),
            notes: rows::notes(stratum, report.analysis.pairing),
            id,
        }
    });
    ContrastView {
        id: format!("{prefix}-averaged"),
        factor: contrast.factor.clone(),
        baseline: contrast.baseline.clone(),
        effects: averages(metric, contrast, report.analysis.alpha),
        overview: drawings::interaction(metric, contrast, &report.analysis, prefix).into_iter().collect(),
        strata: strata.collect(),
    }
}

fn curve_view(report: &Report, index: usize, figure: &CurveFigure) -> CurveView {
    let unit = if figure.unit.is_empty() { String::new() } else { format!(", {}", figure.unit) };
    let panels = figure.panels.iter().enumerate().filter_map(|(number, panel)| {
        Some(PanelView {
            level: panel.level.clone(),
            baseline: panel.baseline,
            diverged: panel.diverged.len(),
            drawing: plot::curves::panel(figure, number, &format!("curve-{index}-{number}"))?,
        })
    });
    CurveView {
        heading: format!("{}{unit}", figure.label),
        // The first metric lies open; the others would make the page long for little.
        open: report.curves.first().is_some_and(|first| first.metric == figure.metric),
        stratum: figure.stratum.clone(),
        panels: panels.collect(),
    }
}
