//! How a Kolmogorov-Arnold layer with B-spline edges starts.
//!
//! | | `base_weight` W | `spline_scaler` S | `spline_weight` C |
//! | --- | --- | --- | --- |
//! | network | as all linear maps | 1 | fitted noise |
//! | source | U(±1/√inputs) | U(±1/√inputs) | fitted noise |
//! | delft | U(±√(6/(inputs + outputs))) | 1 | fitted noise |
//!
//! *Network*: S and a small spline as the paper has them (Liu et al. 2024, arXiv:2404.19756, section 2.2). *Source*:
//! efficient-kan (Blealtan) at its commit 7b6ce1c, with scales of 1: He's uniform rule with a = √5 for both. Its
//! `scale_base` and `scale_spline` multiply a there, not the weights, so that a larger scale makes smaller weights;
//! they are not offered. *Delft*: the copy of an earlier efficient-kan that the study of 2024 carried: Glorot's uniform
//! rule.
//!
//! *Fitted noise*: on every edge the spline of the least coefficients, in the sense of Σc², that takes values from
//! U(±½)·0.1/G at the G + 1 ends of the intervals. The package solves a least-squares problem for every input. All have
//! the same grid, and so the same matrix A, `[G + 1, G + k]`, of what each basis function is at each end: one
//! pseudo-inverse Aᵀ(AAᵀ)⁻¹ does.

use spec::feed_forward::{KanStart, SplineGrid};

use super::positive_definite::{cholesky, solve};
use super::spline::pieces;
use crate::model::declare::{Declarations, fan_in_uniform};
use crate::parameters::Start;

/// The noise's largest magnitude times the number of intervals: half of efficient-kan's `scale_noise`.
const NOISE: f64 = 0.05;

/// Declares one layer `[inputs, outputs]`.
pub fn declare(
    name: &str,
    [inputs, outputs]: [u32; 2],
    grid: SplineGrid,
    scaled: bool,
    start: KanStart,
    declarations: &mut Declarations,
) {
    let base = format!("{name}.base_weight");
    match start {
        KanStart::Network => declarations.matrix(&base, &[outputs, inputs], inputs),
        KanStart::Source => declarations.coefficients(&base, &[outputs, inputs], fan_in_uniform(inputs)),
        KanStart::Delft => {
            let bound = (6.0 / f64::from(inputs + outputs)).sqrt();
            declarations.coefficients(&base, &[outputs, inputs], Start::Uniform { bound });
        }
    }
    declarations.coefficients(&format!("{name}.spline_weight"), &[outputs, inputs, grid.bases()], fitted_noise(grid));
    if scaled {
        let start = match start {
            KanStart::Network | KanStart::Delft => Start::Constant(1.0),
            KanStart::Source => fan_in_uniform(inputs),
        };
        declarations.learned(&format!("{name}.spline_scaler"), &[outputs, inputs], start);
    }
}

fn fitted_noise(grid: SplineGrid) -> Start {
    Start::Combined {
        matrix: pseudo_inverse(grid),
        draws: grid.intervals as usize + 1,
        bound: NOISE / f64::from(grid.intervals),
    }
}

/// Aᵀ(AAᵀ)⁻¹, `[G + k, G + 1]` row by row: from values at the ends of the intervals to the least coefficients that take
/// them.
pub fn pseudo_inverse(grid: SplineGrid) -> Vec<f64> {
    let (ends, bases) = (grid.intervals as usize + 1, grid.bases() as usize);
    // At the i-th end u is 0 in the cell where B_i began k cells ago: there the functions from B_i on are the pieces'
    // constants.
    let constants: Vec<f64> = pieces(grid.order as usize).iter().map(|piece| piece[0]).collect();
    let value = |end: usize, basis: usize| {
        basis.checked_sub(end).and_then(|piece| constants.get(piece)).copied().unwrap_or(0.0)
    };
    let product = |one: usize, other: usize| (0..bases).map(|basis| value(one, basis) * value(other, basis)).sum();
    let lower =
        cholesky(&(0..ends).map(|one| (0..ends).map(|other| product(one, other)).collect()).collect::<Vec<_>>());
    // (AAᵀ)⁻¹ is symmetric, so that row m of the result is the solution for column m of A.
    (0..bases).flat_map(|basis| solve(&lower, (0..ends).map(|end| value(end, basis)).collect())).collect()
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;
    use crate::feed_forward::spline::SplineBasis;

    #[test]
    fn the_matrix_is_the_pseudo_inverse_of_libtorch() {
        for intervals in [1, 2, 3, 5, 40] {
            for order in 1..=12 {
                let grid = SplineGrid { intervals, order, low: -1.0, high: 1.0 };
                let ends: Vec<f64> =
                    (0..=intervals).map(|end| 2.0 * f64::from(end) / f64::from(intervals) - 1.0).collect();
                let values = SplineBasis::new(grid, Device::Cpu).forward(&Tensor::from_slice(&ends).view([-1, 1]));
                let expected = values.squeeze_dim(1).pinverse(1e-15);
                let found = Tensor::from_slice(&pseudo_inverse(grid)).view([i64::from(grid.bases()), -1]);
                let distance = (found - &expected).abs().max() / expected.abs().max();
                assert!(distance.double_value(&[]) < 1e-8, "{grid:?}: {distance:?}");
            }
        }
    }

    #[test]
    fn a_spline_takes_the_noise_at_the_ends_of_its_intervals() {
        let grid = SplineGrid { intervals: 3, order: 5, low: -1.0, high: 1.0 };
        let mut declarations = Declarations::new(spec::model::Initialisation::Normal { std: 0.02 });
        declare("kan", [40, 50], grid, true, KanStart::Source, &mut declarations);
        let parameters = crate::parameters::Parameters::new(declarations.into_list(), 1, Device::Cpu).unwrap();
        let ends = Tensor::from_slice(&[-1.0_f64, -1.0 / 3.0, 1.0 / 3.0, 1.0]).view([-1, 1]);
        let values = SplineBasis::new(grid, Device::Cpu).forward(&ends).squeeze_dim(1).to_kind(Kind::Float);
        let noise = parameters.leaf("kan.spline_weight").detach().view([-1, 8]).matmul(&values.tr());
        let bound = 0.05 / 3.0;
        assert!(noise.abs().max().double_value(&[]) <= bound * 1.001);
        let deviation = noise.std(true).double_value(&[]);
        assert!((deviation / (bound / 3.0_f64.sqrt()) - 1.0).abs() < 0.02, "{deviation}");
        for name in ["kan.base_weight", "kan.spline_scaler"] {
            let largest = parameters.leaf(name).abs().max().double_value(&[]);
            assert!((0.99..=1.0).contains(&(largest * 40.0_f64.sqrt())), "{name}: {largest}");
        }
    }
}
