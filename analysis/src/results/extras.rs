//! What a trainer may say of a run beside its results: what it trained, how it ended, and its curves.
//!
//! None of it decides a number that is compared, and another trainer leaves it out. A file that is there and cannot be
//! read costs no result, but it is told: what it would have said is missing from the report's tables and plots.

use std::io::ErrorKind;

use serde::de::DeserializeOwned;
use spec::analysis::AnalysisSpec;
use spec::layout::RunLayout;
use spec::metric;
use spec::rows::MetricRow;
use spec::status::{Facts, Outcome};

use super::observation::{Damage, is_usable};
use super::run_files::{chain, is_not_there, read_record};
use super::whole_file;

/// Reads the extras of one run and keeps what was wrong with them.
pub(super) struct Extras<'a> {
    layout: &'a RunLayout,
    damage: Vec<Damage>,
}

/// A metric and its values by optimiser step, ascending.
type Values = (String, Vec<(u64, f64)>);

impl<'a> Extras<'a> {
    pub(super) fn of(layout: &'a RunLayout) -> Self {
        Self { layout, damage: Vec::new() }
    }

    /// What was there and could not be read.
    pub(super) fn damage(self) -> Vec<Damage> {
        self.damage
    }

    /// What the trainer says of the network and its machine.
    pub(super) fn facts(&mut self) -> Option<Facts> {
        self.record("facts.json", &self.layout.facts())
    }

    /// How training ended.
    pub(super) fn outcome(&mut self) -> Option<Outcome> {
        self.record("outcome.json", &self.layout.outcome())
    }

    fn record<T: DeserializeOwned>(&mut self, file: &'static str, path: &std::path::Path) -> Option<T> {
        match read_record(path) {
            Ok(record) => Some(record),
            Err(error) if is_not_there(&error) => None,
            Err(error) => {
                // The path is in the error already, and the file's name says as much.
                let reason = std::error::Error::source(&error).map_or_else(|| chain(&error), ToString::to_string);
                self.damage.push(Damage { file, reason });
                None
            }
        }
    }

    /// The curves that a report may show: of metrics with a better direction. A row that cannot be read ends them
    /// there.
    pub(super) fn curves(&mut self, analysis: &AnalysisSpec) -> Vec<Values> {
        let bytes = match whole_file::read(&self.layout.metrics()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.damage.push(Damage { file: "metrics.csv", reason: error.to_string() });
                return Vec::new();
            }
        };
        let mut curves: Vec<Values> = Vec::new();
        let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
        for row in reader.into_deserialize::<CurveValue>() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.damage.push(Damage { file: "metrics.csv", reason: error.to_string() });
                    break;
                }
            };
            let judged = analysis.directions.contains_key(&row.metric)
                || metric::find(&row.metric).is_some_and(|known| known.direction.is_some());
            if !judged || !is_usable(row.value) {
                continue;
            }
            let index = curves.iter().position(|(metric, _)| *metric == row.metric).unwrap_or_else(|| {
                curves.push((row.metric, Vec::new()));
                curves.len() - 1
            });
            curves[index].1.push((row.step, row.value));
        }
        for (_, points) in &mut curves {
            points.sort_by_key(|(step, _)| *step);
        }
        curves
    }
}

/// The columns of [`MetricRow`] that the analysis needs; other programs write only these.
#[derive(serde::Deserialize)]
struct CurveValue {
    step: u64,
    metric: String,
    value: f64,
}

// They must stay readable from what the trainer writes.
const _: fn(MetricRow) -> CurveValue = |row| CurveValue { step: row.step, metric: row.metric, value: row.value };
