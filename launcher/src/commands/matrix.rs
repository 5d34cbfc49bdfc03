//! Finished runs, counted by two factors.

use std::collections::BTreeSet;
use std::str::FromStr;

use spec::plan::{Factor, Plan, PlannedRun};

use crate::local::{SelectError, factor};
use crate::output::Table;
use crate::survey::{Counts, Survey};

/// Two names of factors, as a person writes them: `activation,seed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair(String, String);

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        match names[..] {
            [across, down] if !across.is_empty() && !down.is_empty() => Ok(Self(across.to_owned(), down.to_owned())),
            _ => Err("expected two factors, such as activation,seed".to_owned()),
        }
    }
}

/// A factor, or the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Axis {
    name: String,
    levels: Vec<String>,
}

impl Axis {
    fn of(factor: &Factor) -> Self {
        Self { name: factor.name.clone(), levels: factor.levels.iter().map(ToString::to_string).collect() }
    }

    fn named(name: &str, plan: &Plan) -> Result<Self, SelectError> {
        if name != SEED {
            return factor(name, &plan.factors).map(Self::of);
        }
        let seeds: BTreeSet<u64> = plan.runs.iter().map(|run| run.seed).collect();
        Ok(Self { name: SEED.to_owned(), levels: seeds.iter().map(u64::to_string).collect() })
    }

    fn is_at(&self, level: &str, run: &PlannedRun) -> bool {
        if self.name == SEED {
            run.seed.to_string() == level
        } else {
            run.levels.get(&self.name).is_some_and(|own| own.to_string() == level)
        }
    }
}

const SEED: &str = "seed";

/// What the runs are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axes {
    across: Axis,
    down: Axis,
}

impl Axes {
    /// The first two factors of `plan` that have more than one level; `None` where there is at most one.
    pub(super) fn first(plan: &Plan) -> Option<Self> {
        let mut factors = plan.factors.iter().filter(|factor| factor.levels.len() > 1).map(Axis::of);
        Some(Self { across: factors.next()?, down: factors.next()? })
    }

    /// Those that a person names.
    ///
    /// # Errors
    /// The sweep has no such factor.
    pub(super) fn named(pair: &Pair, plan: &Plan) -> Result<Self, SelectError> {
        Ok(Self { across: Axis::named(&pair.0, plan)?, down: Axis::named(&pair.1, plan)? })
    }

    /// Finished runs of all runs, for every pair of levels.
    pub(super) fn table(&self, survey: &Survey) -> String {
        let heading = format!("{} \\ {}", self.down.name, self.across.name);
        let columns: Vec<String> = self.across.levels.iter().map(|level| format!(">{level}")).collect();
        let mut table = Table::new(std::iter::once(heading.as_str()).chain(columns.iter().map(String::as_str)));
        for row in &self.down.levels {
            let cell = |column: &String| {
                let at = |run: &PlannedRun| self.across.is_at(column, run) && self.down.is_at(row, run);
                let counts = Counts::of(survey.runs.iter().filter(|(run, _)| at(run)).map(|(_, seen)| &seen.state));
                match counts.total() {
                    0 => "-".to_owned(),
                    total => format!("{}/{total}", counts.finished()),
                }
            };
            table.row(std::iter::once(row.clone()).chain(self.across.levels.iter().map(cell)));
        }
        format!("\n{}", table.render())
    }
}
