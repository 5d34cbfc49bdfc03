//! Every number and every sentence that a reader sees, as one [`Report`].
//!
//! [`design`] finds what is compared with what; [`comparison`] carries out one comparison; [`metric`] holds all those of
//! a metric (`chapter` makes them, `family` corrects for their number); [`parts`] and [`curves`] describe what is not tested; [`study`] says what was run;
//! `headline`, `caveats` and `methods` say it in sentences.

pub mod comparison;
pub mod curves;
pub mod design;
pub mod inside;
pub mod metric;
pub mod outlook;
pub mod pairs;
pub mod parts;
pub mod study;

mod caveats;
mod chapter;
mod check;
mod family;
mod headline;
mod index;
mod methods;

use serde::Serialize;
use spec::analysis::AnalysisSpec;

use self::curves::CurveFigure;
use self::index::Index;
use self::metric::MetricReport;
use self::study::{ObservationEntry, RunEntry, Study};
use crate::error::AnalysisError;
use crate::results::Results;

/// The version of `report.json`.
pub const SCHEMA: u32 = 1;

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
    /// If the plan names a factor, a level or a metric that the results do not have, if a number of it is out of range, or if
    /// nobody said which way is better for the primary metric (for any metric, where the results are a table).
    pub fn new(results: &Results, analysis: &AnalysisSpec) -> Result<Self, AnalysisError> {
        let comparisons = check::check(results, analysis)?;
        let index = Index::new(results);
        let metrics = chapter::chapters(&index, analysis, &comparisons);
        let curves = curves::figures(&index, analysis, &comparisons);
        let study = Study::new(results);
        Ok(Self {
            schema: SCHEMA,
            title: study.name.clone(),
            written: None,
            headline: headline::headline(&study, &metrics, analysis),
            caveats: caveats::caveats(results, &study, &metrics, analysis),
            methods: methods::methods(analysis, &metrics, &curves),
            runs: study::runs(results),
            observations: study::observations(results),
            analysis: analysis.clone(),
            study,
            metrics,
            curves,
        })
    }

    /// The same report with the time of writing on it.
    #[must_use]
    pub fn dated(mut self, written: impl Into<String>) -> Self {
        self.written = Some(written.into());
        self
    }

    /// The chapter that the headline is about.
    pub fn primary(&self) -> Option<&MetricReport> {
        self.metrics.iter().find(|metric| metric.primary)
    }
}
