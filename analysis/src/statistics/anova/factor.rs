//! Factors, and the columns that they add to a linear model.

use crate::statistics::refusal::Refusal;

/// A factor: which of its levels each run has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    levels: Vec<usize>,
    count: usize,
}

impl Factor {
    /// A factor with the level of each run, counted from 0; every level up to the highest has a run.
    ///
    /// # Errors
    /// A [`Refusal`] for fewer than two levels, and for a level that no run has.
    pub fn of(levels: Vec<usize>) -> Result<Self, Refusal> {
        let count = levels.iter().max().map_or(0, |highest| highest + 1);
        if count < 2 {
            return Err(Refusal::TooFewGroups { needed: 2, found: count });
        }
        // Levels beyond the number of runs cannot all have one: no need to count that far.
        let missing = (0..count.min(levels.len() + 1)).find(|level| !levels.contains(level));
        match missing {
            Some(group) => Err(Refusal::TooFewValues { group, needed: 1, found: 0 }),
            None => Ok(Self { levels, count }),
        }
    }

    /// The level of each run.
    pub fn levels(&self) -> &[usize] {
        &self.levels
    }

    /// How many levels there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Deviation coding: a column for each level but the last, 1 for its runs, -1 for those of the last and 0 for
    /// others, so that all columns sum to 0 over the levels and a main effect is one of unweighted means.
    fn columns(&self) -> Vec<Vec<f64>> {
        let code = |level: usize, column: usize| match level {
            level if level == column => 1.0,
            level if level + 1 == self.count => -1.0,
            _ => 0.0,
        };
        (0..self.count - 1).map(|column| self.levels.iter().map(|level| code(*level, column)).collect()).collect()
    }
}

/// The columns of the interaction of some factors (of one: its main effect; of none: the mean), for `runs` runs.
pub(in crate::statistics) fn columns(factors: &[&Factor], runs: usize) -> Vec<Vec<f64>> {
    let product =
        |one: &Vec<f64>, other: &Vec<f64>| -> Vec<f64> { one.iter().zip(other).map(|(x, y)| x * y).collect() };
    factors.iter().fold(vec![vec![1.0; runs]], |columns, factor| {
        let own = factor.columns();
        columns.iter().flat_map(|column| own.iter().map(move |other| product(column, other))).collect()
    })
}

/// The first combination of levels of two factors that no run has.
pub(in crate::statistics) fn empty_cell(one: &Factor, other: &Factor) -> Option<Refusal> {
    let mut seen = vec![false; one.count * other.count];
    for (first, second) in one.levels.iter().zip(&other.levels) {
        seen[first * other.count + second] = true;
    }
    let empty = seen.iter().position(|seen| !seen)?;
    Some(Refusal::EmptyCell { first: empty / other.count, second: empty % other.count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interaction_is_the_product_of_its_factors() {
        let (one, other) = (Factor::of(vec![0, 0, 1, 1]).unwrap(), Factor::of(vec![0, 1, 2, 0]).unwrap());
        assert_eq!(columns(&[&other], 4), [[1.0, 0.0, -1.0, 1.0], [0.0, 1.0, -1.0, 0.0]]);
        assert_eq!(columns(&[&one, &other], 4), [[1.0, 0.0, 1.0, -1.0], [0.0, 1.0, 1.0, 0.0]]);
        assert_eq!(columns(&[], 2), [[1.0, 1.0]]);
        assert_eq!(empty_cell(&one, &other), Some(Refusal::EmptyCell { first: 0, second: 2 }));
    }

    #[test]
    fn levels_without_runs_are_no_levels() {
        assert_eq!(Factor::of(vec![0, 2]), Err(Refusal::TooFewValues { group: 1, needed: 1, found: 0 }));
        assert_eq!(Factor::of(vec![0, usize::MAX - 1]), Err(Refusal::TooFewValues { group: 1, needed: 1, found: 0 }));
        assert_eq!(Factor::of(vec![0, 0]), Err(Refusal::TooFewGroups { needed: 2, found: 1 }));
        assert_eq!(Factor::of(vec![]), Err(Refusal::TooFewGroups { needed: 2, found: 0 }));
    }
}
