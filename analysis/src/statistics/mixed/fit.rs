//! The fit of a mixed model by restricted maximum likelihood.

use super::design::{Design, check, within_seeds};
use super::kenward_roger::Adjusted;
use super::likelihood::{Point, highest};
use crate::statistics::anova::factor::{Factor, columns as columns_of};
use crate::statistics::distributions::f;
use crate::statistics::estimate::{Estimate, Joint, tested};
use crate::statistics::linear::cholesky::dot;
use crate::statistics::linear::least_squares::{Coefficients, LeastSquares, between, is_rounding};
use crate::statistics::refusal::{Refusal, usable};

/// A mixed model with a random effect of the seed.
#[derive(Debug, Clone)]
pub struct Mixed {
    /// β, one for each column.
    pub coefficients: Vec<f64>,
    /// Their standard errors, as if the variances were known: too small for few seeds. For tests see
    /// [`Mixed::contrast`].
    pub standard_errors: Vec<f64>,
    /// τ², the variance between seeds.
    pub seed_variance: f64,
    /// σ², the variance of a run around its arm and seed.
    pub residual_variance: f64,
    /// ln of the restricted likelihood, without the constant ln |Xᵀ X| / 2 that some programs add.
    pub log_likelihood: f64,
    /// Whether the estimate of the seed's variance is 0, its boundary: the runs of a seed are no more alike than those
    /// of different ones.
    pub singular: bool,
    /// Whether the likelihood still rises where τ² is e¹⁸ times σ²: nearly everything lies between seeds, and
    /// `seed_variance` is a lower bound.
    pub unbounded: bool,
    inference: Inference,
}

/// From what tests are made.
#[derive(Debug, Clone)]
enum Inference {
    /// From the mixed model.
    Adjusted(Adjusted),
    /// From least squares with the seeds as fixed blocks; only the coefficients of the arms are kept.
    Blocked(Coefficients),
}

impl Mixed {
    /// Fits `values` with fixed effects of `columns`, such as the mean and those of activation and architecture, and a
    /// random effect of `seed`.
    ///
    /// Restricted maximum likelihood over the ratio of the two variances alone, as the others follow from it. For
    /// balanced data σ² is the residual mean square of the blocked analysis, and τ² the difference of the seeds' mean
    /// square and that over the runs of a seed.
    ///
    /// Assumes that seeds are a random sample, that their effects and the residuals are roughly normal, and that a seed
    /// shifts all its runs alike. With fewer than five seeds τ² itself is hardly known; differences between arms do not
    /// suffer from that. Where the estimate of τ² is 0, or so large that it has no bound, the fit says so, and tests
    /// are made with the seeds as fixed blocks, which holds for any τ².
    ///
    /// Source: Patterson and Thompson (1971), Biometrika 58; Bates, Mächler, Bolker and Walker (2015), Journal of
    /// Statistical Software 67 (profiling).
    ///
    /// # Errors
    /// A [`Refusal`] for values or columns that are not finite or differ in length, columns that are combinations of
    /// each other, too few runs, one run a seed, and residuals that are all 0.
    pub fn fit(values: &[f64], columns: &[Vec<f64>], seed: &Factor) -> Result<Self, Refusal> {
        check(values, columns, seed)?;
        let design = Design::of(values, columns, seed.levels(), seed.count())?;
        if design.freedom() < 2.0 || design.seeds.iter().all(|seed| seed.runs < 2.0) {
            return Err(Refusal::NoFreedom);
        }
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if is_rounding(design.residual, design.freedom(), largest) {
            return Err(Refusal::NoSpread);
        }
        // Within seeds: what τ² would take everything of.
        let (squares, df) = within_seeds(values, columns, seed);
        if df >= 1.0 && is_rounding(squares, df, largest) {
            return Err(Refusal::NoSpread);
        }
        let fixed = LeastSquares::of(values, &[columns, &columns_of(&[seed], values.len())].concat());
        let (point, unbounded) = highest(&design).ok_or(Refusal::Aliased)?;
        let singular = point.ratio <= 0.0;
        let inference = match fixed {
            Ok(fixed) if (singular || unbounded) && fixed.freedom() >= 1.0 => {
                Inference::Blocked(fixed.known()?.first(columns.len()))
            }
            // Where an arm goes with one seed alone, the blocks leave nothing to compare.
            _ => Inference::Adjusted(adjusted(&design, &point)?),
        };
        let covariance = scaled(&point.root.inverse(), point.residual_variance);
        Ok(Self {
            coefficients: sum(&design.coefficients, &point.shift),
            standard_errors: covariance.iter().enumerate().map(|(index, row)| row[index].sqrt()).collect(),
            seed_variance: point.ratio * point.residual_variance,
            residual_variance: point.residual_variance,
            log_likelihood: -point.deviance / 2.0,
            singular,
            unbounded,
            inference,
        })
    }

    /// The combination of coefficients with these `weights`, such as a difference of two arms, with its t test and an
    /// interval of level 1 - `alpha`.
    ///
    /// The standard error is that of Kenward and Roger, which allows for the variances being estimates; for one
    /// contrast their degrees of freedom are Satterthwaite's from the expected information. On a singular fit it is
    /// that of the blocked analysis.
    ///
    /// Source: Kenward and Roger (1997), Biometrics 53; Satterthwaite (1946), Biometrics Bulletin 2.
    ///
    /// # Errors
    /// A [`Refusal`] for an alpha outside (0, 1), another number of weights than there are columns, and weights that
    /// are all 0.
    pub fn contrast(&self, weights: &[f64], alpha: f64) -> Result<Estimate, Refusal> {
        Refusal::unless_level(alpha)?;
        let df = self.joint(&[weights.to_vec()])?.df[1];
        match &self.inference {
            Inference::Blocked(known) => known.contrast(weights, alpha),
            Inference::Adjusted(adjusted) => {
                let error = between(&[weights.to_vec()], adjusted.covariance())[0][0].sqrt();
                tested(dot(weights, &self.coefficients), error, df, alpha).ok_or(Refusal::NoFreedom)
            }
        }
    }

    /// Tests whether all the combinations of coefficients with these rows of weights are 0, such as a main effect of
    /// several columns.
    ///
    /// Source: Kenward and Roger (1997), Biometrics 53.
    ///
    /// # Errors
    /// A [`Refusal`] for rows of another length than there are columns, no rows, and rows that are combinations of each
    /// other.
    pub fn joint(&self, rows: &[Vec<f64>]) -> Result<Joint, Refusal> {
        let expected = self.coefficients.len();
        if rows.is_empty() {
            return Err(Refusal::TooFewGroups { needed: 1, found: 0 });
        }
        if let Some(block) = rows.iter().position(|row| row.len() != expected) {
            return Err(Refusal::Ragged { block, expected, found: rows[block].len() });
        }
        Refusal::unless_all(rows, usable)?;
        match &self.inference {
            Inference::Blocked(known) => known.joint(rows),
            Inference::Adjusted(adjusted) => {
                let (statistic, df) = adjusted.joint(rows, &self.coefficients)?;
                let df = [rows.len() as f64, df];
                let p = f::upper_tail(statistic, df[0], df[1]).ok_or(Refusal::NoFreedom)?;
                Ok(Joint { f: statistic, df, p })
            }
        }
    }
}

fn adjusted(design: &Design, point: &Point) -> Result<Adjusted, Refusal> {
    Adjusted::of(design, point.ratio, point.residual_variance, &point.root).ok_or(Refusal::NoFreedom)
}

fn sum(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(x, y)| x + y).collect()
}

fn scaled(matrix: &[Vec<f64>], factor: f64) -> Vec<Vec<f64>> {
    matrix.iter().map(|row| row.iter().map(|element| element * factor).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(of: &[usize], count: usize) -> Vec<Vec<f64>> {
        (0..count).map(|arm| of.iter().map(|run| f64::from(u8::from(*run == arm))).collect()).collect()
    }

    #[test]
    fn two_arms_are_the_paired_test() {
        let (level, baseline) = ([0.61, 0.66, 0.63, 0.7], [0.58, 0.64, 0.62, 0.63]);
        let pairs: Vec<(f64, f64)> = level.into_iter().zip(baseline).collect();
        let columns = arms(&[0, 0, 0, 0, 1, 1, 1, 1], 2);
        let seed = Factor::of(vec![0, 1, 2, 3, 0, 1, 2, 3]).unwrap();
        let model = Mixed::fit(&[level, baseline].concat(), &columns, &seed).unwrap();
        let found = *model.contrast(&[1.0, -1.0], 0.05).unwrap().test().unwrap();
        let known = *crate::statistics::paired::paired_t(&pairs, 0.05).unwrap().test().unwrap();
        for (found, known) in [(found.t, known.t), (found.df, known.df), (found.p, known.p)] {
            assert!((found / known - 1.0).abs() < 1e-9, "{found} {known}");
        }
        assert!(model.contrast(&[1.0], 0.05).is_err() && model.contrast(&[0.0, 0.0], 0.05).is_err());
    }

    #[test]
    fn seeds_that_are_nearly_everything_are_blocks_and_not_nothing() {
        // Two strata of three seeds, 1e6 apart, and three arms that differ by a little: τ² is beyond e¹⁸ σ².
        let (mut values, mut cell, mut block) = (Vec::new(), Vec::new(), Vec::new());
        let noise =
            [0.3, -0.2, 0.1, -0.4, 0.25, 0.05, 0.15, -0.35, 0.2, 0.4, -0.1, -0.3, 0.02, 0.31, -0.27, 0.12, 0.08, -0.18];
        for (run, noise) in noise.into_iter().enumerate() {
            let (seed, arm) = (run / 3, run % 3);
            values.push(1e6 * (seed % 3) as f64 + arm as f64 + noise);
            cell.push(seed / 3 * 3 + arm);
            block.push(seed);
        }
        let seed = Factor::of(block).unwrap();
        let fit = Mixed::fit(&values, &arms(&cell, 6), &seed).unwrap();
        assert!(fit.unbounded && !fit.singular && fit.seed_variance > 1e6 * fit.residual_variance, "{fit:?}");
        // And where only a constant is between the arms of a seed, there is no error at all.
        let constant: Vec<f64> =
            (0..18_u32).map(|run| 1e-3 * f64::from((run / 3) * (run / 3)) + 0.5 * f64::from(run % 3)).collect();
        assert_eq!(Mixed::fit(&constant, &arms(&cell, 6), &seed).unwrap_err(), Refusal::NoSpread);
    }

    #[test]
    fn what_has_no_answer() {
        let columns = arms(&[0, 0, 0, 1, 1, 1], 2);
        let seed = Factor::of(vec![0, 1, 2, 0, 1, 2]).unwrap();
        let refused = |values: &[f64], columns: &[Vec<f64>]| Mixed::fit(values, columns, &seed).unwrap_err();
        // Every difference is 0.1, and every value the same.
        assert_eq!(refused(&[0.5, 0.6, 0.7, 0.6, 0.7, 0.8], &columns), Refusal::NoSpread);
        assert_eq!(refused(&[0.5; 6], &columns), Refusal::NoSpread);
        assert_eq!(refused(&[0.5, 0.6, 0.8, 0.6, 0.7, f64::NAN], &columns), Refusal::NotFinite { row: 0, place: 5 });
        let aliased = [columns.clone(), vec![vec![1.0; 6]]].concat();
        assert_eq!(refused(&[0.5, 0.6, 0.8, 0.6, 0.7, 0.8], &aliased), Refusal::Aliased);
        let alone = Factor::of((0..6).collect()).unwrap();
        let found = Mixed::fit(&[0.5, 0.6, 0.8, 0.6, 0.7, 0.8], &columns, &alone).unwrap_err();
        assert_eq!(found, Refusal::NoFreedom);
    }
}
