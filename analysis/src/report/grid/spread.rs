//! How much a level varies beside the others, with what a seed does to all of them taken out.

use spec::analysis::Pairing;

use super::Grid;
use crate::report::model::Cell;
use crate::statistics::describe::mean;
use crate::statistics::distributions::f::upper_tail;
use crate::statistics::estimate::is_rounding;

/// A level's variance against that of all others.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct AgainstOthers {
    /// The place of the level.
    pub(in crate::report) level: usize,
    /// Its standard deviation over theirs.
    pub(in crate::report) ratio: f64,
    /// p of the F test that its variance is no larger, for this level alone.
    pub(in crate::report) p: f64,
}

/// Two sums of squares with their degrees of freedom, of which the ratio of means follows F where all levels vary alike.
#[derive(Debug, Clone, Copy, Default)]
struct Squares {
    own: (f64, f64),
    others: (f64, f64),
}

impl Grid<'_> {
    /// The level that varies most beside the others; `None` where none can be told from them.
    ///
    /// Of paired runs a seed's value of the level, less the mean of its k - 1 others, has the variance σ² + τ²/(k - 1)
    /// with σ² the level's own and τ² theirs. What the others scatter around the means of their levels and seeds
    /// estimates τ², and is independent of it where all vary alike; then their ratio, over 1 + 1/(k - 1), follows F. The
    /// seeds are those that have run all levels: of their means over strata where seeds recur, else within each stratum.
    /// Of runs that are not paired the variances within arms are compared.
    pub(in crate::report) fn widest(&self) -> Option<AgainstOthers> {
        let levels = 0..self.levels.len();
        levels.filter_map(|level| self.against_others(level)).min_by(|a, b| a.p.total_cmp(&b.p))
    }

    fn against_others(&self, level: usize) -> Option<AgainstOthers> {
        let others = self.levels.len() as f64 - 1.0;
        let squares = match self.pairing {
            Pairing::Seed => self.paired_squares(level)?,
            Pairing::None => self.squares_within_arms(level),
        };
        let of_others = squares.others.0 / squares.others.1;
        if is_rounding(of_others.sqrt(), self.largest()) {
            return None;
        }
        let f = squares.own.0 / squares.own.1 / of_others;
        let p = upper_tail(f, squares.own.1, squares.others.1)?;
        let ratio = match self.pairing {
            Pairing::Seed => (f * (others + 1.0) - 1.0) / others,
            Pairing::None => f,
        };
        (f.is_finite() && ratio > 0.0).then_some(AgainstOthers { level, ratio: ratio.sqrt(), p })
    }

    fn paired_squares(&self, level: usize) -> Option<Squares> {
        let cells = self.units();
        let strata = cells.first()?.len();
        let others = cells.len() as f64 - 1.0;
        let mut squares = Squares::default();
        for stratum in 0..strata {
            let (own, rest) = of_complete_seeds(cells, stratum, level);
            let freedom = own.len() as f64 - 1.0;
            if freedom < 1.0 {
                continue;
            }
            let differences: Vec<f64> =
                own.iter().zip(&rest).map(|(own, rest)| Some(own - mean(rest)?)).collect::<Option<_>>()?;
            squares.own.0 += around_mean(&differences) / (1.0 + 1.0 / others);
            squares.own.1 += freedom;
            squares.others.0 += around_both_means(&rest);
            squares.others.1 += freedom * (others - 1.0);
        }
        Some(squares)
    }

    fn squares_within_arms(&self, level: usize) -> Squares {
        let mut squares = Squares::default();
        for (place, row) in self.units().iter().enumerate() {
            let sum = if place == level { &mut squares.own } else { &mut squares.others };
            for cell in row {
                let values: Vec<f64> = cell.iter().map(|(_, value)| *value).collect();
                sum.0 += around_mean(&values);
                sum.1 += values.len() as f64 - 1.0;
            }
        }
        squares
    }
}

/// Of every seed that has run all levels in the stratum: the value of `level`, and those of the others.
fn of_complete_seeds(cells: &[Vec<Cell<'_>>], stratum: usize, level: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let value =
        |place: usize, seed| cells[place][stratum].iter().find(|(other, _)| *other == seed).map(|(_, value)| *value);
    let of_seed = |(seed, own): &(_, f64)| {
        let others = (0..cells.len()).filter(|place| *place != level);
        Some((*own, others.map(|place| value(place, *seed)).collect::<Option<Vec<f64>>>()?))
    };
    cells[level][stratum].iter().filter_map(of_seed).unzip()
}

/// The sum of squares around the mean.
fn around_mean(values: &[f64]) -> f64 {
    let centre = mean(values).unwrap_or(0.0);
    values.iter().map(|value| (value - centre).powi(2)).sum()
}

/// The sum of squares of a table's rows and columns around the means of both.
fn around_both_means(rows: &[Vec<f64>]) -> f64 {
    let of_row: Vec<f64> = rows.iter().map(|row| mean(row).unwrap_or(0.0)).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let of_column = |column: usize| {
        let residuals: Vec<f64> = rows.iter().zip(&of_row).map(|(row, centre)| row[column] - centre).collect();
        around_mean(&residuals)
    };
    (0..columns).map(of_column).sum()
}
