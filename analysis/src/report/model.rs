//! One linear model of all arms of a factor in all strata: what pools the error of many small comparisons.

use serde::Serialize;
use spec::analysis::Pairing;

use crate::results::Seed;
use crate::statistics::anova::factor::Factor;
use crate::statistics::estimate::{Estimate, Joint};
use crate::statistics::linear::cholesky::dot;
use crate::statistics::linear::least_squares::{Coefficients, LeastSquares, is_rounding};
use crate::statistics::mixed::fit::Mixed;
use crate::statistics::refusal::Refusal;

/// The values of one arm in one stratum, by seed.
pub(super) type Cell<'a> = Vec<(&'a Seed, f64)>;

/// How the model treats the runs of one seed in one stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blocks {
    /// As sharing a random effect.
    Random,
    /// As sharing a fixed one: where the variance between seeds was estimated as 0, or as nearly everything.
    Fixed,
    /// As independent.
    None,
}

/// y = mean of the arm in its stratum + effect of the seed in that stratum + error of one variance.
///
/// The seed is a block within its stratum. What a seed does to a level in all strata alike is not in it, so that
/// averages over strata are not tested from it where seeds recur: see [`super::across`].
pub(super) struct Model {
    levels: usize,
    strata: usize,
    pub(super) blocks: Blocks,
    /// Variance between blocks, or a lower bound of it where they are fixed; absent where none was found.
    pub(super) between: Option<f64>,
    /// Variance of a run around its arm and block.
    pub(super) residual: f64,
    fit: Fit,
}

enum Fit {
    /// Coefficients are the means of the cells, stratum by stratum.
    Mixed(Box<Mixed>),
    /// Least squares. With blocks, coefficients are differences from the first level, stratum by stratum, and then the
    /// blocks; without, the means of the cells.
    Least(Coefficients),
}

/// The most arms in all strata together that one model takes; beyond that its matrices cost more than they tell.
const MOST_CELLS: usize = 120;

impl Model {
    /// Fits `cells`, one a level in each stratum: `cells[level][stratum]`.
    pub(super) fn fit(cells: &[Vec<Cell<'_>>], pairing: Pairing) -> Result<Self, Refusal> {
        let (levels, strata) = (cells.len(), cells.first().map_or(0, Vec::len));
        if levels < 2 || strata == 0 {
            return Err(Refusal::TooFewGroups { needed: 2, found: levels });
        }
        if levels * strata > MOST_CELLS {
            return Err(Refusal::TooManyValues { most: MOST_CELLS, found: levels * strata });
        }
        let runs = Runs::of(cells);
        if pairing == Pairing::None {
            let (fit, residual) = runs.least_squares(&runs.cell_columns(levels, strata))?;
            return Ok(Self { levels, strata, blocks: Blocks::None, between: None, residual, fit: Fit::Least(fit) });
        }
        let seed = Factor::of(runs.block.clone())?;
        let mixed = Mixed::fit(&runs.values, &runs.cell_columns(levels, strata), &seed)?;
        if mixed.singular || mixed.unbounded {
            match runs.least_squares(&runs.difference_columns(levels, strata, seed.count())) {
                Ok((fit, residual)) => {
                    let between = mixed.unbounded.then_some(mixed.seed_variance);
                    return Ok(Self { levels, strata, blocks: Blocks::Fixed, between, residual, fit: Fit::Least(fit) });
                }
                Err(Refusal::NoSpread) => return Err(Refusal::NoSpread),
                // Blocks and arms cannot be told apart, or leave no freedom: the seeds stay random.
                Err(_) => {}
            }
        }
        let (between, residual) = (Some(mixed.seed_variance), mixed.residual_variance);
        Ok(Self { levels, strata, blocks: Blocks::Random, between, residual, fit: Fit::Mixed(Box::new(mixed)) })
    }

    /// The difference that the `weights` of the levels name, which sum to 0, averaged over the strata.
    pub(super) fn contrast(&self, weights: &[f64], alpha: f64) -> Result<Estimate, Refusal> {
        let mut row = vec![0.0; self.width()];
        for stratum in 0..self.strata {
            for (level, weight) in weights.iter().enumerate().skip(1) {
                self.add_difference(&mut row, level, stratum, weight / self.strata as f64);
            }
        }
        match &self.fit {
            Fit::Mixed(mixed) => mixed.contrast(&row, alpha),
            Fit::Least(least) => least.contrast(&row, alpha),
        }
    }

    /// Whether the levels differ, averaged over the strata.
    pub(super) fn main_effect(&self) -> Result<Joint, Refusal> {
        let row = |level: usize| {
            let mut row = vec![0.0; self.width()];
            (0..self.strata).for_each(|stratum| self.add_difference(&mut row, level, stratum, 1.0));
            row
        };
        self.joint(&(1..self.levels).map(row).collect::<Vec<_>>())
    }

    /// Whether the levels differ in any of the strata.
    pub(super) fn anywhere(&self) -> Result<Joint, Refusal> {
        let row = |(level, stratum): (usize, usize)| {
            let mut row = vec![0.0; self.width()];
            self.add_difference(&mut row, level, stratum, 1.0);
            row
        };
        let cells = (1..self.levels).flat_map(|level| (0..self.strata).map(move |stratum| (level, stratum)));
        self.joint(&cells.map(row).collect::<Vec<_>>())
    }

    /// Whether the differences between the levels differ between the strata.
    pub(super) fn interaction(&self) -> Result<Joint, Refusal> {
        let row = |(level, stratum): (usize, usize)| {
            let mut row = vec![0.0; self.width()];
            self.add_difference(&mut row, level, stratum, 1.0);
            self.add_difference(&mut row, level, 0, -1.0);
            row
        };
        let pairs = (1..self.levels).flat_map(|level| (1..self.strata).map(move |stratum| (level, stratum)));
        self.joint(&pairs.map(row).collect::<Vec<_>>())
    }

    fn joint(&self, rows: &[Vec<f64>]) -> Result<Joint, Refusal> {
        match &self.fit {
            Fit::Mixed(mixed) => mixed.joint(rows),
            Fit::Least(least) => least.joint(rows),
        }
    }

    fn width(&self) -> usize {
        match &self.fit {
            Fit::Mixed(mixed) => mixed.coefficients.len(),
            Fit::Least(least) => least.values.len(),
        }
    }

    /// Adds `weight` times the difference of `level` from the first one in `stratum`.
    fn add_difference(&self, row: &mut [f64], level: usize, stratum: usize, weight: f64) {
        if self.blocks == Blocks::Fixed {
            row[stratum * (self.levels - 1) + level - 1] += weight;
        } else {
            row[stratum * self.levels + level] += weight;
            row[stratum * self.levels] -= weight;
        }
    }
}

/// All runs in a row.
struct Runs {
    values: Vec<f64>,
    level: Vec<usize>,
    stratum: Vec<usize>,
    /// The seed within its stratum.
    block: Vec<usize>,
}

impl Runs {
    fn of(cells: &[Vec<Cell<'_>>]) -> Self {
        let mut runs = Self { values: Vec::new(), level: Vec::new(), stratum: Vec::new(), block: Vec::new() };
        let mut known: std::collections::BTreeMap<(usize, &Seed), usize> = std::collections::BTreeMap::new();
        for (level, row) in cells.iter().enumerate() {
            for (stratum, cell) in row.iter().enumerate() {
                for (seed, value) in cell {
                    let next = known.len();
                    runs.block.push(*known.entry((stratum, seed)).or_insert(next));
                    runs.values.push(*value);
                    runs.level.push(level);
                    runs.stratum.push(stratum);
                }
            }
        }
        runs
    }

    /// The coefficients of `columns`, and the variance of what they leave.
    fn least_squares(&self, columns: &[Vec<f64>]) -> Result<(Coefficients, f64), Refusal> {
        let fit = LeastSquares::of(&self.values, columns)?;
        let (squares, df) = (dot(&fit.residuals, &fit.residuals), fit.freedom());
        let known = fit.known()?;
        let largest = self.values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if is_rounding(squares, df, largest) { Err(Refusal::NoSpread) } else { Ok((known, squares / df)) }
    }

    fn indicator(&self, of: impl Fn(usize) -> bool) -> Vec<f64> {
        (0..self.values.len()).map(|run| f64::from(u8::from(of(run)))).collect()
    }

    fn cell_columns(&self, levels: usize, strata: usize) -> Vec<Vec<f64>> {
        let cells = (0..strata).flat_map(|stratum| (0..levels).map(move |level| (level, stratum)));
        cells
            .map(|(level, stratum)| self.indicator(|run| (self.level[run], self.stratum[run]) == (level, stratum)))
            .collect()
    }

    fn difference_columns(&self, levels: usize, strata: usize, blocks: usize) -> Vec<Vec<f64>> {
        let cells = (0..strata).flat_map(|stratum| (1..levels).map(move |level| (level, stratum)));
        let own = cells
            .map(|(level, stratum)| self.indicator(|run| (self.level[run], self.stratum[run]) == (level, stratum)));
        own.chain((0..blocks).map(|block| self.indicator(|run| self.block[run] == block))).collect()
    }
}
