//! What was measured: one typed form for the directory of a sweep and for anyone's table.
//!
//! [`design`] says what a factor, a point and a seed are; [`observation`] what a value, a curve and the account of a
//! run are; `sweep` (with `run_files`, `extras`, `evaluations`, `final_values`, `missing`, `revision` and `tuning`) and
//! [`table`] read them (with `source` and `columns` for a file and its header; `scan` for its rows, `plain` and
//! `quoted` for the two ways in which they can be read, with `separators`, `memo` and `number`; `cells`, `intern` and
//! `exact_sum` for what was read so far; `gathered` for what all files hold, `outcome` for what becomes of a run);
//! [`Results`] holds them in one order that does not depend on the order of the input.

pub mod design;
pub mod observation;
pub mod table;

mod cells;
mod columns;
mod evaluations;
mod exact_sum;
mod extras;
mod final_values;
mod gathered;
mod intern;
mod memo;
mod missing;
mod number;
mod outcome;
mod plain;
mod quoted;
mod revision;
mod run_files;
mod scan;
mod separators;
mod source;
mod sweep;
mod tuning;
mod whole_file;

use spec::value::Value;

pub use self::cells::{Duplicates, Repeated};
pub use self::design::{Factor, Point, Seed};
pub use self::final_values::{FinalValuesError, final_values};
pub use self::missing::MissingScore;
pub use self::observation::{Curve, Damage, Network, Observation, RunAccount, RunState, is_usable};
pub use self::revision::DesignChange;
pub use self::run_files::values_of_run;
pub use self::tuning::{Making, Makings, MixedTuning};

/// Where results came from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// The directory of a sweep.
    Sweep {
        /// The sweep's name.
        name: String,
        /// When its plan was frozen: RFC 3339, UTC.
        frozen: String,
        /// How often the plan was changed after that.
        revision: u32,
        /// Whether the analysis plan is the one of the first submission.
        original_analysis: bool,
        /// How its runs were changed when results could be seen.
        design_change: Option<DesignChange>,
    },
    /// A table.
    Table {
        /// Its file name, without folders.
        name: String,
    },
}

/// Everything that was measured, and what became of every run.
///
/// Runs are sorted by point and seed; observations by metric, point and seed; curves likewise. A (metric, point, seed)
/// occurs once. Values are finite and at most 1e75 in size: what was not is in [`Results::unusable`].
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    pub(crate) origin: Origin,
    pub(crate) factors: Vec<Factor>,
    pub(crate) metrics: Vec<String>,
    pub(crate) runs: Vec<RunAccount>,
    pub(crate) observations: Vec<Observation>,
    pub(crate) unusable: Vec<Observation>,
    pub(crate) curves: Vec<Curve>,
    pub(crate) extra_directories: Vec<String>,
    pub(crate) missing: Vec<MissingScore>,
    pub(crate) makings: Vec<Makings>,
    pub(crate) mixed_tunings: Vec<MixedTuning>,
    pub(crate) repeated: Option<Repeated>,
}

impl Results {
    /// Where they came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The factors and their levels.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// The names of the metrics that have a value or should have had one.
    pub fn metrics(&self) -> &[String] {
        &self.metrics
    }

    /// What became of every run.
    pub fn runs(&self) -> &[RunAccount] {
        &self.runs
    }

    /// The final values of the runs that count.
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Values of runs that count which are not finite or beyond ±1e75, in the same order. Never used in arithmetic;
    /// always listed.
    pub fn unusable(&self) -> &[Observation] {
        &self.unusable
    }

    /// The curves of the runs that count and of those that diverged.
    pub fn curves(&self) -> &[Curve] {
        &self.curves
    }

    /// The level of `factor` at a point, as text.
    pub fn level(&self, point: &Point, factor: usize) -> &str {
        &self.factors[factor].levels[point.level(factor)]
    }

    /// The index of the level of `factor` that shows as `value` does. `1` finds `1.0`.
    pub(crate) fn find_level(&self, factor: usize, value: &Value) -> Option<usize> {
        let text = value.to_string();
        let number = text.parse::<f64>().ok();
        let levels = &self.factors[factor].levels;
        levels
            .iter()
            .position(|level| *level == text)
            .or_else(|| levels.iter().position(|level| number.is_some() && level.parse().ok() == number))
    }

    /// Brings everything into its one order and moves values that cannot be computed with aside.
    pub(crate) fn in_order(mut self) -> Self {
        let (observations, unusable) =
            std::mem::take(&mut self.observations).into_iter().partition(|observation| is_usable(observation.value));
        self.observations = observations;
        self.unusable = unusable;
        self.observations.sort_by(Observation::order);
        self.unusable.sort_by(Observation::order);
        self.curves.sort_by(|a, b| (a.metric.as_str(), &a.point, &a.seed).cmp(&(b.metric.as_str(), &b.point, &b.seed)));
        self.runs.sort_by(|a, b| (&a.point, &a.seed).cmp(&(&b.point, &b.seed)));
        self
    }
}
