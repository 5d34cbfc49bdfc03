//! Tests of fixed effects that allow for the variances being estimates, after Kenward and Roger.

use super::design::Design;
use crate::statistics::linear::cholesky::{Cholesky, dot};
use crate::statistics::linear::least_squares::between;
use crate::statistics::refusal::Refusal;

type Matrix = Vec<Vec<f64>>;

/// The covariance of the coefficients, adjusted, and what degrees of freedom are made from.
///
/// With Φ = (Xᵀ V⁻¹ X)⁻¹ and V linear in τ² and σ²: Pᵢ = -Xᵀ V⁻¹ Vᵢ V⁻¹ X, Qᵢⱼ = Xᵀ V⁻¹ Vᵢ V⁻¹ Vⱼ V⁻¹ X, W the inverse
/// of the expected information of the two variances, and the adjusted covariance Φ + 2 Φ (Σ Wᵢⱼ (Qᵢⱼ - Pᵢ Φ Pⱼ)) Φ.
/// Within a seed of n runs V⁻ᵏ = (I - (1 - wᵏ)/n J) / σ²ᵏ with w = 1/(1 + λ n), so that all of it comes from sums over
/// seeds.
///
/// Source: Kenward and Roger (1997), Biometrics 53.
#[derive(Debug, Clone)]
pub(super) struct Adjusted {
    /// Φ.
    plain: Matrix,
    /// The adjusted covariance.
    covariance: Matrix,
    /// Φ Pᵢ Φ for τ² and σ².
    changes: [Matrix; 2],
    /// W.
    weights: [[f64; 2]; 2],
}

impl Adjusted {
    /// `None` where the two variances cannot be told apart.
    pub(super) fn of(design: &Design, ratio: f64, variance: f64, root: &Cholesky) -> Option<Self> {
        let w = |runs: f64| (1.0 + ratio * runs).recip();
        let plain = times(&root.inverse(), variance);
        let (second, third) = (variance.powi(-2), variance.powi(-3));
        let p = [
            times(&design.outer(|seed| w(seed.runs).powi(2)), -second),
            times(&design.less(|seed| (1.0 - w(seed.runs).powi(2)) / seed.runs), -second),
        ];
        let mixed = times(&design.outer(|seed| w(seed.runs).powi(3)), third);
        let q = [
            [times(&design.outer(|seed| seed.runs * w(seed.runs).powi(3)), third), mixed.clone()],
            [mixed, times(&design.less(|seed| (1.0 - w(seed.runs).powi(3)) / seed.runs), third)],
        ];
        let trace = |of: &dyn Fn(f64) -> f64| design.seeds.iter().map(|seed| of(seed.runs)).sum::<f64>() * second;
        let off = trace(&|n| n * w(n).powi(2));
        let traces = [[trace(&|n| (n * w(n)).powi(2)), off], [off, trace(&|n| n - 1.0 + w(n).powi(2))]];
        let along = [product(&plain, &p[0]), product(&plain, &p[1])];
        let information = |i: usize, j: usize| {
            let twice = trace_of_product(&along[i], &along[j]);
            0.5 * traces[i][j] - trace_of_product(&plain, &q[i][j]) + 0.5 * twice
        };
        let weights = inverse_of_two([[information(0, 0), information(0, 1)], [information(1, 0), information(1, 1)]])?;
        let back = [product(&p[0], &plain), product(&p[1], &plain)];
        let mut inner = vec![vec![0.0; plain.len()]; plain.len()];
        for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let twice = product(&p[i], &back[j]);
            for (row, (direct, twice)) in inner.iter_mut().zip(q[i][j].iter().zip(&twice)) {
                for (place, (direct, twice)) in row.iter_mut().zip(direct.iter().zip(twice)) {
                    *place += weights[i][j] * (direct - twice);
                }
            }
        }
        let change = product(&product(&plain, &inner), &plain);
        let covariance = plain
            .iter()
            .zip(&change)
            .map(|(row, change)| row.iter().zip(change).map(|(known, change)| known + 2.0 * change).collect())
            .collect();
        let changes = along.map(|along| product(&along, &plain));
        Some(Self { plain, covariance, changes, weights })
    }

    /// The adjusted covariance of the coefficients.
    pub(super) fn covariance(&self) -> &Matrix {
        &self.covariance
    }

    /// The scaled F of these rows of weights, and its degrees of freedom below.
    pub(super) fn joint(&self, rows: &[Vec<f64>], coefficients: &[f64]) -> Result<(f64, f64), Refusal> {
        let (scale, df) = self.freedom(rows)?;
        let root = Cholesky::of(&between(rows, &self.covariance)).ok_or(Refusal::Aliased)?;
        let values: Vec<f64> = rows.iter().map(|row| dot(row, coefficients)).collect();
        let half = root.half_solve(&values);
        Ok((scale * dot(&half, &half) / rows.len() as f64, df))
    }

    /// The factor of F and its degrees of freedom, chosen so that its first two moments are those of an F variable.
    fn freedom(&self, rows: &[Vec<f64>]) -> Result<(f64, f64), Refusal> {
        let inverse = Cholesky::of(&between(rows, &self.plain)).ok_or(Refusal::Aliased)?.inverse();
        // Θ Φ Pᵢ Φ has the traces of (L Φ Lᵀ)⁻¹ L Φ Pᵢ Φ Lᵀ.
        let parts = [0, 1].map(|index| product(&inverse, &between(rows, &self.changes[index])));
        let traces = [0, 1].map(|index: usize| (0..rows.len()).map(|row| parts[index][row][row]).sum::<f64>());
        let (mut first, mut second) = (0.0, 0.0);
        for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            first += self.weights[i][j] * traces[i] * traces[j];
            second += self.weights[i][j] * trace_of_product(&parts[i], &parts[j]);
        }
        let count = rows.len() as f64;
        if rows.len() == 1 {
            // The general form comes to this, Satterthwaite's, and to no scale, but is 0/0 at two degrees of freedom.
            return if second > 0.0 { Ok((1.0, 2.0 / second)) } else { Err(Refusal::NoFreedom) };
        }
        let spread = (first + 6.0 * second) / (2.0 * count);
        let g = ((count + 1.0) * first - (count + 4.0) * second) / ((count + 2.0) * second);
        let below = 3.0 * count + 2.0 * (1.0 - g);
        let (one, two, three) = (g / below, (count - g) / below, (count + 2.0 - g) / below);
        let mean = (1.0 - second / count).recip();
        let variance = 2.0 / count * (1.0 + one * spread) / ((1.0 - two * spread).powi(2) * (1.0 - three * spread));
        let relative = variance / (2.0 * mean * mean);
        let df = 4.0 + (count + 2.0) / (count * relative - 1.0);
        if df > 2.0 { Ok((df / (mean * (df - 2.0)), df)) } else { Err(Refusal::NoFreedom) }
    }
}

fn times(matrix: &[Vec<f64>], factor: f64) -> Matrix {
    matrix.iter().map(|row| row.iter().map(|element| element * factor).collect()).collect()
}

/// A Bᵀ: with a symmetric matrix on the right, the product.
fn product(one: &[Vec<f64>], other: &[Vec<f64>]) -> Matrix {
    one.iter().map(|row| other.iter().map(|column| dot(row, column)).collect()).collect()
}

/// tr(A B).
fn trace_of_product(one: &[Vec<f64>], other: &[Vec<f64>]) -> f64 {
    one.iter().enumerate().map(|(i, row)| row.iter().zip(other).map(|(x, line)| x * line[i]).sum::<f64>()).sum()
}

fn inverse_of_two([[a, b], [c, d]]: [[f64; 2]; 2]) -> Option<[[f64; 2]; 2]> {
    let determinant = a * d - b * c;
    (a > 0.0 && determinant > 1e-12 * a * d)
        .then(|| [[d / determinant, -b / determinant], [-c / determinant, a / determinant]])
}
