//! Least squares, and what its coefficients say.

use super::cholesky::{Cholesky, dot};
use crate::statistics::distributions::f;
use crate::statistics::estimate::{Estimate, Joint, tested};
use crate::statistics::refusal::Refusal;

/// Columns fitted to values.
#[derive(Debug, Clone)]
pub struct LeastSquares {
    /// Xᵀ X.
    pub squares: Vec<Vec<f64>>,
    /// One coefficient for each column.
    pub coefficients: Vec<f64>,
    /// What the columns leave of each value.
    pub residuals: Vec<f64>,
    root: Cholesky,
}

/// Coefficients with the covariance of their errors: from this their combinations are tested.
#[derive(Debug, Clone)]
pub struct Coefficients {
    /// The coefficients.
    pub values: Vec<f64>,
    /// The covariance of their errors.
    pub covariance: Vec<Vec<f64>>,
    /// The degrees of freedom of the variance in it.
    pub df: f64,
}

impl LeastSquares {
    /// Fits `columns`, each as long as `values`.
    ///
    /// By the normal equations, solved a second time for what rounding has left: exact enough for columns that are
    /// indicators of arms and seeds, whose products are small whole numbers.
    ///
    /// # Errors
    /// [`Refusal::Aliased`] for columns that are combinations of each other.
    pub fn of(values: &[f64], columns: &[Vec<f64>]) -> Result<Self, Refusal> {
        let squares: Vec<Vec<f64>> =
            columns.iter().map(|one| columns.iter().map(|other| dot(one, other)).collect()).collect();
        let root = Cholesky::of(&squares).ok_or(Refusal::Aliased)?;
        let mut coefficients = vec![0.0; columns.len()];
        let mut residuals = values.to_vec();
        for _ in 0..2 {
            let right: Vec<f64> = columns.iter().map(|column| dot(column, &residuals)).collect();
            for ((known, change), column) in coefficients.iter_mut().zip(root.solve(&right)).zip(columns) {
                *known += change;
                residuals.iter_mut().zip(column).for_each(|(rest, element)| *rest -= change * element);
            }
        }
        Ok(Self { squares, coefficients, residuals, root })
    }

    /// Degrees of freedom that the columns leave; 0 where they are as many as the values or more.
    pub fn freedom(&self) -> f64 {
        self.residuals.len().saturating_sub(self.coefficients.len()) as f64
    }

    /// The coefficients, with the variance of the residuals in their covariance.
    ///
    /// # Errors
    /// [`Refusal::NoFreedom`] where nothing is left to tell a variance from.
    pub fn known(self) -> Result<Coefficients, Refusal> {
        let df = self.freedom();
        if df < 1.0 {
            return Err(Refusal::NoFreedom);
        }
        let variance = dot(&self.residuals, &self.residuals) / df;
        let inverse = self.root.inverse().into_iter();
        let covariance = inverse.map(|row| row.into_iter().map(|element| element * variance).collect());
        Ok(Coefficients { values: self.coefficients, covariance: covariance.collect(), df })
    }
}

impl Coefficients {
    /// The first `count` of them alone: those of the arms, where those of the blocks follow.
    #[must_use]
    pub fn first(mut self, count: usize) -> Self {
        self.values.truncate(count);
        self.covariance.truncate(count);
        self.covariance.iter_mut().for_each(|row| row.truncate(count));
        self
    }

    /// The combination with these `weights`, with its t test and an interval of level 1 - `alpha`.
    ///
    /// # Errors
    /// [`Refusal::NoFreedom`] where test or interval leave the range of floats, as for weights that are all 0.
    pub fn contrast(&self, weights: &[f64], alpha: f64) -> Result<Estimate, Refusal> {
        let error = between(&[weights.to_vec()], &self.covariance)[0][0].sqrt();
        tested(dot(weights, &self.values), error, self.df, alpha).ok_or(Refusal::NoFreedom)
    }

    /// Tests by F whether the combinations with these rows of weights are all 0.
    ///
    /// # Errors
    /// [`Refusal::Aliased`] for rows that are combinations of each other, [`Refusal::NoFreedom`] without an answer.
    pub fn joint(&self, rows: &[Vec<f64>]) -> Result<Joint, Refusal> {
        let root = Cholesky::of(&between(rows, &self.covariance)).ok_or(Refusal::Aliased)?;
        let half = root.half_solve(&rows.iter().map(|row| dot(row, &self.values)).collect::<Vec<_>>());
        let (statistic, df) = (dot(&half, &half) / rows.len() as f64, [rows.len() as f64, self.df]);
        let p = f::upper_tail(statistic, df[0], df[1]).ok_or(Refusal::NoFreedom)?;
        Ok(Joint { f: statistic, df, p })
    }
}

/// Whether a sum of `squares` with `df` degrees of freedom is nothing but the rounding of values up to `largest`.
pub(crate) fn is_rounding(squares: f64, df: f64, largest: f64) -> bool {
    (squares / df).sqrt() <= 64.0 * f64::EPSILON * largest
}

/// L M Lᵀ for rows L and a symmetric matrix M.
pub(in crate::statistics) fn between(rows: &[Vec<f64>], matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let along = |row: &Vec<f64>| -> Vec<f64> { matrix.iter().map(|line| dot(line, row)).collect() };
    let products: Vec<Vec<f64>> = rows.iter().map(along).collect();
    rows.iter().map(|row| products.iter().map(|product| dot(row, product)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_five_points() {
        // SciPy 1.17.1: linregress([0, 1, 2, 3, 4], [1.1, 2.9, 5.2, 6.8, 9.1]): slope, stderr, pvalue.
        let values = [1.1, 2.9, 5.2, 6.8, 9.1];
        let columns = [vec![1.0; 5], vec![0.0, 1.0, 2.0, 3.0, 4.0]];
        let fit = LeastSquares::of(&values, &columns).unwrap();
        assert!(fit.residuals.iter().sum::<f64>().abs() < 1e-14);
        let known = fit.known().unwrap();
        let slope = known.contrast(&[0.0, 1.0], 0.05).unwrap();
        let test = slope.test().unwrap();
        for (found, expected) in [(slope.difference, SLOPE[0]), (test.standard_error, SLOPE[1]), (test.p, SLOPE[2])] {
            assert!((found / expected - 1.0).abs() < 1e-11, "{found} {expected}");
        }
        let joint = known.joint(&[vec![0.0, 1.0]]).unwrap();
        assert!((joint.f / test.t.powi(2) - 1.0).abs() < 1e-12 && (joint.p / test.p - 1.0).abs() < 1e-10);
        assert_eq!(known.joint(&[vec![0.0, 1.0], vec![0.0, 2.0]]).unwrap_err(), Refusal::Aliased);
        assert_eq!(known.first(1).values.len(), 1);
    }

    const SLOPE: [f64; 3] = [1.99, 0.059_721_576_223_897_795, 5.941_539_111_755_929e-5];

    #[test]
    fn what_has_no_answer() {
        let column = vec![1.0, 1.0];
        assert_eq!(LeastSquares::of(&[1.0, 2.0], &[column.clone(), column]).unwrap_err(), Refusal::Aliased);
        let exact = LeastSquares::of(&[1.0, 2.0], &[vec![1.0, 0.0], vec![0.0, 1.0]]).unwrap();
        assert_eq!(exact.known().unwrap_err(), Refusal::NoFreedom);
    }
}
