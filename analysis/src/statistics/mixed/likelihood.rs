//! The restricted likelihood of the ratio of two variances, and where it is highest.

use std::f64::consts::PI;

use super::design::Design;
use crate::statistics::linear::cholesky::{Cholesky, dot};

/// The model at a ratio λ = τ²/σ² of the seed's variance to that of the residuals.
#[derive(Debug, Clone)]
pub(super) struct Point {
    /// λ.
    pub(super) ratio: f64,
    /// The root of Xᵀ H⁻¹ X, with H = V/σ².
    pub(super) root: Cholesky,
    /// The coefficients beside those of least squares.
    pub(super) shift: Vec<f64>,
    /// σ², the weighted sum of squares over its degrees of freedom.
    pub(super) residual_variance: f64,
    /// -2 ln of the restricted likelihood.
    pub(super) deviance: f64,
    /// Its derivative by λ.
    slope: f64,
}

impl Point {
    /// With H⁻¹ = I - γ J within a seed of n runs and γ = λ / (1 + λ n):
    /// -2 ln L = (N - p)(ln(2π σ²) + 1) + Σ ln(1 + λ n) + ln |Xᵀ H⁻¹ X|.
    pub(super) fn at(design: &Design, ratio: f64) -> Option<Self> {
        let share = |runs: f64| ratio / (1.0 + ratio * runs);
        let root = Cholesky::of(&design.less(|seed| share(seed.runs)))?;
        let size = design.squares.len();
        let mut right = vec![0.0; size];
        for seed in &design.seeds {
            for (place, sum) in right.iter_mut().zip(&seed.columns) {
                *place -= share(seed.runs) * sum * seed.residual;
            }
        }
        let shift = root.solve(&right);
        let mut squares = design.residual - dot(&right, &shift);
        let (mut logs, mut slope, mut fall) = (0.0, 0.0, 0.0);
        for seed in &design.seeds {
            let weight = (1.0 + ratio * seed.runs).recip();
            squares -= share(seed.runs) * seed.residual.powi(2);
            logs -= weight.ln();
            let half = root.half_solve(&seed.columns);
            slope += seed.runs * weight - weight * weight * dot(&half, &half);
            // By β the sum is at its lowest, so that only its direct change with λ counts.
            fall += (weight * (seed.residual - dot(&seed.columns, &shift))).powi(2);
        }
        let freedom = design.freedom();
        let residual_variance = squares / freedom;
        let deviance = freedom * ((2.0 * PI * residual_variance).ln() + 1.0) + logs + root.log_determinant();
        Some(Self { ratio, root, shift, residual_variance, deviance, slope: slope - freedom * fall / squares })
    }
}

/// The last step of the grid over ln λ, in halves.
const LAST: i32 = 36;

/// The point of the highest restricted likelihood over λ ≥ 0, at 0 where it falls from there; and whether it still
/// rises at the end of the grid, where the point then is.
///
/// The derivative is looked at on a grid over ln λ from -16 to 18; each change of sign is closed in by bisection to the
/// last digits, and of the minima of the deviance the lowest is taken, 0 among them.
pub(super) fn highest(design: &Design) -> Option<(Point, bool)> {
    let mut best = Point::at(design, 0.0)?;
    let mut before = if best.slope < 0.0 { Some(0.0) } else { None };
    for step in -32..=LAST {
        let ratio = (f64::from(step) / 2.0).exp();
        let point = Point::at(design, ratio)?;
        if point.slope < 0.0 {
            before = Some(ratio);
            if step == LAST && point.deviance < best.deviance {
                return Some((point, true));
            }
            continue;
        }
        if let Some(low) = before.take() {
            let found = lowest_between(design, low, ratio)?;
            if found.deviance < best.deviance {
                best = found;
            }
        }
    }
    Some((best, false))
}

/// The point between two where the slope turns from below 0 to above.
fn lowest_between(design: &Design, mut low: f64, mut high: f64) -> Option<Point> {
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if Point::at(design, middle)?.slope < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Point::at(design, f64::midpoint(low, high))
}
