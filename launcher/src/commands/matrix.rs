//! Finished runs, counted by one or two factors.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use spec::plan::{Factor, Plan, PlannedRun};

use crate::local::{SelectError, factor};
use crate::output::Table;
use crate::state::Observed;
use crate::survey::{Counts, Survey};

/// One or two names of factors, as a person writes them: `activation`, `activation,seed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    across: String,
    down: Option<String>,
}

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        match names[..] {
            [across] if !across.is_empty() => Ok(Self { across: across.to_owned(), down: None }),
            [across, down] if !across.is_empty() && !down.is_empty() => {
                Ok(Self { across: across.to_owned(), down: Some(down.to_owned()) })
            }
            _ => Err("expected one factor or two, such as activation,seed".to_owned()),
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

    /// The level of `run` as a table writes it; `None` where it has none.
    fn level(&self, run: &PlannedRun) -> Option<String> {
        if self.name == SEED { Some(run.seed.to_string()) } else { run.levels.get(&self.name).map(ToString::to_string) }
    }
}

const SEED: &str = "seed";

/// What the runs are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axes {
    across: Axis,
    down: Option<Axis>,
}

impl Axes {
    /// The first two factors of `plan` that have more than one level, or the only one; `None` where there is none.
    pub(super) fn first(plan: &Plan) -> Option<Self> {
        let mut factors = plan.factors.iter().filter(|factor| factor.levels.len() > 1).map(Axis::of);
        Some(Self { across: factors.next()?, down: factors.next() })
    }

    /// Those that a person names.
    ///
    /// # Errors
    /// The sweep has no such factor.
    pub(super) fn named(names: &Names, plan: &Plan) -> Result<Self, SelectError> {
        let down = names.down.as_deref().map(|name| Axis::named(name, plan)).transpose()?;
        Ok(Self { across: Axis::named(&names.across, plan)?, down })
    }

    /// Finished runs of all runs: for every pair of levels, or below each level of the only factor.
    pub(super) fn table(&self, survey: &Survey) -> String {
        let heading = match &self.down {
            Some(down) => format!("{} \\ {}", down.name, self.across.name),
            None => self.across.name.clone(),
        };
        let columns: Vec<String> = self.across.levels.iter().map(|level| format!(">{level}")).collect();
        let mut table = Table::new(std::iter::once(heading.as_str()).chain(columns.iter().map(String::as_str)));
        let states = self.states(survey);
        let cell = |across: &String, down: Option<&String>| {
            let counts =
                states.get(&(Some(across.clone()), down.cloned())).map(|states| Counts::of(states.iter().copied()));
            counts.map_or_else(|| "-".to_owned(), |counts| format!("{}/{}", counts.finished(), counts.total()))
        };
        let mut row = |name: &str, down: Option<&String>| {
            let cells = self.across.levels.iter().map(|across| cell(across, down));
            table.row(std::iter::once(name.to_owned()).chain(cells));
        };
        match &self.down {
            Some(down) => down.levels.iter().for_each(|level| row(level, Some(level))),
            None => row("finished", None),
        }
        format!("\n{}", table.render())
    }

    /// The states of the runs by their levels across and down, gathered in one pass: a sweep may have thousands of
    /// each.
    fn states<'a>(&self, survey: &'a Survey) -> HashMap<(Option<String>, Option<String>), Vec<&'a Observed>> {
        let mut states: HashMap<_, Vec<_>> = HashMap::new();
        for (run, seen) in &survey.runs {
            let down = self.down.as_ref().and_then(|down| down.level(run));
            states.entry((self.across.level(run), down)).or_default().push(&seen.state);
        }
        states
    }
}
