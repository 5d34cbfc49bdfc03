//! Every number and every sentence that a reader sees, as one [`Report`].
//!
//! [`rule`] says what a number of seeds allows; [`design`] finds what is compared with what; [`comparison`] carries out
//! one comparison (with [`sensitivity`], [`worst_rank`] and [`outlying`] beside it); [`metric`] holds all those of a
//! metric (`chapter` makes them, `family` corrects for their number). [`effects`] is a factor over all strata and
//! [`answers`] the declared questions: both from `grid` and [`model`], each difference a [`judged`] one, with the verdicts
//! of `correction` and what [`reach`] says of the seeds.
//! [`divergence`] counts the runs that diverged, [`hardware`] asks whether arms ran on different machines; [`parts`]
//! and [`curves`] describe what is not tested; [`study`] says what was run; [`pairs`] sets all arms against each other,
//! [`outlook`] says what more seeds would see; `headline`, `reply` (an answer), `caveats` with `provenance` and
//! `assumptions`, and `methods` with `methods_over_strata` and `methods_beside` say it in sentences.

pub mod answers;
pub mod comparison;
pub mod cost;
pub mod curves;
pub mod design;
pub mod divergence;
pub mod effects;
pub mod hardware;
pub mod inside;
pub mod judged;
pub mod metric;
pub mod model;
pub mod outlook;
pub mod outlying;
pub mod pairs;
pub mod parts;
pub mod ranking;
pub mod reach;
pub mod rule;
pub mod sensitivity;
pub mod study;
pub mod worst_rank;

mod across;
mod assumptions;
mod caveats;
mod chapter;
mod check;
mod correction;
mod family;
mod grid;
mod headline;
mod index;
mod methods;
mod methods_beside;
mod methods_over_strata;
mod provenance;
mod reply;
pub(crate) mod scale;

use serde::Serialize;
use spec::analysis::AnalysisSpec;

use self::answers::Answer;
use self::curves::CurveFigure;
use self::divergence::Divergence;
use self::hardware::HardwareCheck;
use self::index::Index;
use self::metric::MetricReport;
use self::study::{ObservationEntry, RunEntry, Study};
use crate::error::AnalysisError;
use crate::results::Results;

/// The version of `report.json`.
pub const SCHEMA: u32 = 2;

/// A report. `report.json` is this struct; the other forms show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The study's name.
    pub title: String,
    /// When it was written, if the caller said so; no clock is read here.
    pub written: Option<String>,
    /// The verdict in plain words.
    pub headline: Vec<String>,
    /// What was run.
    pub study: Study,
    /// What was to be compared.
    pub analysis: AnalysisSpec,
    /// The declared questions and their answers, in the primary metric.
    pub answers: Vec<Answer>,
    /// Diverged runs by arm; empty where none did.
    pub divergence: Vec<Divergence>,
    /// Whether arms ran on different machines.
    pub hardware: Vec<HardwareCheck>,
    /// A chapter a metric, the primary one first.
    pub metrics: Vec<MetricReport>,
    /// Learning curves.
    pub curves: Vec<CurveFigure>,
    /// What a reader must know before believing it.
    pub caveats: Vec<String>,
    /// How it was computed.
    pub methods: Vec<String>,
    /// Every run and what became of it.
    pub runs: Vec<RunEntry>,
    /// Every value that was used, and every one that was not finite.
    pub observations: Vec<ObservationEntry>,
}

impl Report {
    /// Compares what the analysis plan says and describes the rest.
    ///
    /// # Errors
    /// If the plan names a factor, a level or a metric that the results do not have, if a number of it is out of range,
    /// or if nobody said which way is better for the primary metric (for any metric, where the results are a table).
    pub fn new(results: &Results, analysis: &AnalysisSpec) -> Result<Self, AnalysisError> {
        let comparisons = check::check(results, analysis)?;
        let index = Index::new(results);
        let metrics = chapter::chapters(&index, analysis, &comparisons);
        let primary = metrics.iter().find(|metric| metric.primary);
        let answers = primary.map_or_else(Vec::new, |metric| {
            answers::answers(&index, analysis, metric, scale::of(&metric.name, analysis))
        });
        let hardware = hardware::checks(&index, &comparisons);
        let curves = curves::figures(&index, analysis, &comparisons);
        let study = Study::new(results);
        let diverged = results.runs.iter().filter(|run| index.has_diverged(&analysis.primary, run)).count();
        let lacking = results.runs.iter().filter(|run| index.lacks(&analysis.primary, run)).count();
        let divergence = divergence::divergence(&index, &comparisons, analysis);
        let mut headline = headline::headline(&study, &metrics, analysis);
        headline.extend(divergence::shown(&divergence, analysis.alpha));
        let mut report = Self {
            schema: SCHEMA,
            title: study.name.clone(),
            written: None,
            headline,
            caveats: caveats::caveats(
                results,
                &study,
                (&metrics, &answers),
                (&hardware, [diverged, lacking]),
                analysis,
            ),
            divergence,
            answers,
            hardware,
            methods: Vec::new(),
            runs: study::runs(results),
            observations: study::observations(results),
            analysis: analysis.clone(),
            study,
            metrics,
            curves,
        };
        report.methods = methods::methods(&report, &results.makings);
        Ok(report)
    }

    /// The same report with the time of writing on it.
    #[must_use]
    pub fn dated(mut self, written: impl Into<String>) -> Self {
        self.written = Some(written.into());
        self
    }

    /// The paragraph of the methods that says how the scores of tasks were made, if there are such.
    pub(crate) fn how_scores_were_made(&self) -> Option<&str> {
        self.methods.iter().map(String::as_str).find(|paragraph| paragraph.starts_with(methods_beside::MAKINGS))
    }

    /// The chapter that the headline is about.
    pub fn primary(&self) -> Option<&MetricReport> {
        self.metrics.iter().find(|metric| metric.primary)
    }
}
