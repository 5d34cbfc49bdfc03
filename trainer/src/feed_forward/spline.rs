//! Kolmogorov-Arnold layers with B-spline edges (Liu et al. 2024, arXiv:2404.19756).
//!
//! The learned function on the edge from input i to output o is w·silu(x) + s·Σₘ cₘBₘ(x), and an output is the sum of its
//! edges, so that a layer is two matrix products: one over silu(x), one over the bases of all inputs.
//!
//! The basis: order k, G intervals of width h between the ends of the grid, knots tⱼ = low + (j − k)h for j = 0..=G + 2k,
//! and the G + k functions Bₘ of order k on them. All are one curve, shifted: on the cell tⱼ ≤ x < tⱼ₊₁ only B_(j−k)..=Bⱼ
//! are not zero, and each is a polynomial in u = (x − tⱼ)/h that does not depend on j. So the recursion of Cox and de Boor
//! is run once, on polynomials (`pieces`), and a forward pass evaluates k + 1 of them for each entry instead of the whole
//! recursion on all G + 2k intervals.

use spec::feed_forward::SplineGrid;
use tch::{Device, Kind, Tensor};

use super::silu::silu;
use crate::model::declare::Declarations;
use crate::model::linear::{Weights, linear};

/// Declares one layer `[inputs, outputs]`: `base_weight` and `spline_scaler` `[outputs, inputs]`, `spline_weight` `[outputs,
/// inputs, G + k]`.
///
/// Base and spline weights start as the linear maps of the network do; the scaler starts at 1 and, like the weight of a norm,
/// does not decay.
pub fn declare(name: &str, [inputs, outputs]: [u32; 2], grid: SplineGrid, declarations: &mut Declarations) {
    declarations.matrix(&format!("{name}.base_weight"), &[outputs, inputs], inputs);
    declarations.matrix(&format!("{name}.spline_weight"), &[outputs, inputs, grid.bases()], inputs);
    declarations.constant(&format!("{name}.spline_scaler"), &[outputs, inputs], 1.0);
}

/// y_o = Σᵢ W_oi·silu(xᵢ) + Σᵢ S_oi Σₘ C_oim·Bₘ(xᵢ), without a bias.
#[derive(Debug)]
pub struct SplineLayer {
    base_weight: Tensor,
    spline_weight: Tensor,
    spline_scaler: Tensor,
    basis: SplineBasis,
    kind: Kind,
}

impl SplineLayer {
    /// The layer `name` over these weights.
    pub fn new(name: &str, grid: SplineGrid, weights: &mut Weights<'_>) -> Self {
        let base_weight = weights.get(&format!("{name}.base_weight"));
        Self {
            basis: SplineBasis::new(grid, base_weight.device()),
            spline_weight: weights.get(&format!("{name}.spline_weight")),
            spline_scaler: weights.get(&format!("{name}.spline_scaler")),
            kind: weights.kind(),
            base_weight,
        }
    }

    /// `[T, outputs]` for `[T, inputs]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let x = x.to_kind(self.base_weight.kind());
        let base = linear(&silu(&x), &self.base_weight, None, self.kind);
        let bases = self.basis.forward(&x).flatten(1, 2);
        let weight = (&self.spline_weight * self.spline_scaler.unsqueeze(-1)).flatten(1, 2);
        base + linear(&bases, &weight, None, self.kind)
    }
}

/// The B-splines of a uniform grid.
#[derive(Debug)]
pub struct SplineBasis {
    grid: SplineGrid,
    /// `[k + 1, k + 1]`: the coefficient of uᵖ in the piece of the basis function that began k − j cells ago, at `[p, j]`.
    coefficients: Tensor,
}

impl SplineBasis {
    /// The basis of this grid.
    pub fn new(grid: SplineGrid, device: Device) -> Self {
        let pieces = pieces(grid.order as usize);
        let size = pieces.len();
        let by_power: Vec<f64> = (0..size).flat_map(|power| pieces.iter().map(move |piece| piece[power])).collect();
        let coefficients = Tensor::from_slice(&by_power).view([size as i64, size as i64]).to_device(device);
        Self { grid, coefficients }
    }

    /// `[T, inputs, G + k]` for `[T, inputs]`: every basis function at every entry; zeros for an entry off the knots.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let SplineGrid { intervals, order, low, high } = self.grid;
        let (intervals, order) = (i64::from(intervals), i64::from(order));
        let width = (high - low) / intervals as f64;
        let cells = intervals + 2 * order;
        let from_first_knot = (x - low) / width + order as f64;
        // An entry below the knots goes to cell −1, one above them to cell G + 2k: both touch columns that are cut off below.
        // So does one that is not a number: it must reach the loss through the base, not end as an index.
        let cell = from_first_knot.detach().floor().clamp(-1.0, cells as f64).nan_to_num(-1.0, None, None);
        let within = (from_first_knot - &cell).clamp(0.0, 1.0);
        let pieces = self.evaluate_pieces(&within);
        let columns = Tensor::arange(order + 1, (Kind::Int64, x.device())) + 1;
        let columns = cell.to_kind(Kind::Int64).unsqueeze(-1) + columns;
        let (rows, inputs) = x.size2().expect("invariant: entries are [T, inputs]");
        let options = (x.kind(), x.device());
        // Column m + k + 1 is Bₘ, for m from −(k + 1), which cell −1 would touch, to G + 2k, which cell G + 2k would.
        let all = Tensor::zeros([rows, inputs, cells + order + 2], options).scatter(-1, &columns, &pieces);
        all.narrow(-1, order + 1, intervals + order)
    }

    /// `[…, k + 1]`: the pieces at u, as the product of its powers with their coefficients.
    ///
    /// A matrix product reads each entry once; Horner's rule would pass over all pieces once for every power.
    fn evaluate_pieces(&self, u: &Tensor) -> Tensor {
        let mut powers = vec![u.ones_like()];
        for power in 0..self.grid.order as usize {
            powers.push(&powers[power] * u);
        }
        Tensor::stack(&powers, -1).matmul(&self.coefficients.to_kind(u.kind()))
    }
}

/// The polynomials in u, lowest power first, of the order + 1 uniform B-splines that are not zero on a cell, from the one that
/// began `order` cells ago to the one that begins here.
///
/// With one interval to a cell, Cox and de Boor say: pⱼ of order n = ((u + n − j)·pⱼ₋₁ + (j + 1 − u)·pⱼ) / n, both of order
/// n − 1; and the only one of order 0 is 1 (de Boor 1978, A Practical Guide to Splines, chapter IX).
fn pieces(order: usize) -> Vec<Vec<f64>> {
    let mut pieces = vec![vec![1.0]];
    for n in 1..=order {
        pieces = (0..=n)
            .map(|j| {
                let mut next = vec![0.0; n + 1];
                if let Some(earlier) = j.checked_sub(1).and_then(|j| pieces.get(j)) {
                    add_product(&mut next, earlier, (n - j) as f64, 1.0);
                }
                if let Some(same) = pieces.get(j) {
                    add_product(&mut next, same, (j + 1) as f64, -1.0);
                }
                next.iter().map(|coefficient| coefficient / n as f64).collect()
            })
            .collect();
    }
    pieces
}

/// sum += polynomial · (constant + slope·u).
fn add_product(sum: &mut [f64], polynomial: &[f64], constant: f64, slope: f64) {
    for (power, coefficient) in polynomial.iter().enumerate() {
        sum[power] += coefficient * constant;
        sum[power + 1] += coefficient * slope;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    const GRIDS: [(u32, f64, f64); 4] = [(1, -1.0, 1.0), (3, -1.0, 1.0), (5, -2.5, 0.5), (8, 0.0, 3.0)];

    fn grids() -> impl Iterator<Item = SplineGrid> {
        GRIDS
            .into_iter()
            .flat_map(|(intervals, low, high)| (1..=5).map(move |order| SplineGrid { intervals, order, low, high }))
    }

    fn knot(grid: SplineGrid, index: u32) -> f64 {
        let width = (grid.high - grid.low) / f64::from(grid.intervals);
        grid.low + (f64::from(index) - f64::from(grid.order)) * width
    }

    /// The recursion as the books write it.
    fn cox_de_boor(grid: SplineGrid, index: u32, order: u32, x: f64) -> f64 {
        let knot = |index| knot(grid, index);
        if order == 0 {
            return if knot(index) <= x && x < knot(index + 1) { 1.0 } else { 0.0 };
        }
        let rise = (x - knot(index)) / (knot(index + order) - knot(index));
        let fall = (knot(index + order + 1) - x) / (knot(index + order + 1) - knot(index + 1));
        rise * cox_de_boor(grid, index, order - 1, x) + fall * cox_de_boor(grid, index + 1, order - 1, x)
    }

    /// Entries in, beside and far from every grid, none of them on a knot.
    fn entries() -> Vec<f64> {
        (0..400).map(|index| -12.0 + 0.060_317 * f64::from(index)).collect()
    }

    fn bases(grid: SplineGrid, entries: &[f64]) -> Vec<f64> {
        let x = Tensor::from_slice(entries).view([-1, 2]);
        Vec::try_from(SplineBasis::new(grid, Device::Cpu).forward(&x).flatten(0, -1)).unwrap()
    }

    #[test]
    fn the_basis_is_that_of_the_recursion() {
        for grid in grids() {
            let found = bases(grid, &entries());
            let expected =
                entries().into_iter().flat_map(|x| (0..grid.bases()).map(move |m| cox_de_boor(grid, m, grid.order, x)));
            assert_eq!(found.len(), entries().len() * grid.bases() as usize);
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{grid:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn the_basis_sums_to_one_on_the_grid_and_to_zero_off_its_knots() {
        for grid in grids() {
            let found = bases(grid, &entries());
            for (x, row) in entries().into_iter().zip(found.chunks(grid.bases() as usize)) {
                let sum: f64 = row.iter().sum();
                assert!(row.iter().all(|value| *value >= -1e-15), "{grid:?} at {x}");
                if grid.low <= x && x < grid.high {
                    assert!((sum - 1.0).abs() < 1e-12, "{grid:?} at {x}: {sum}");
                }
                if x < knot(grid, 0) || x >= knot(grid, grid.intervals + 2 * grid.order) {
                    assert!(row.iter().all(|value| *value == 0.0), "{grid:?} at {x}: {row:?}");
                }
            }
        }
    }

    #[test]
    fn slopes_are_those_of_the_recursion() {
        let step = 1e-6;
        for grid in grids() {
            for m in 0..grid.bases() {
                let x = Tensor::from_slice(&entries()).view([-1, 1]).set_requires_grad(true);
                let basis = SplineBasis::new(grid, Device::Cpu).forward(&x);
                basis.select(-1, i64::from(m)).sum(Kind::Double).backward();
                let slopes = Vec::<f64>::try_from(x.grad().flatten(0, -1)).unwrap();
                for (x, slope) in entries().into_iter().zip(slopes) {
                    let value = |x| cox_de_boor(grid, m, grid.order, x);
                    let expected = (value(x + step) - value(x - step)) / (2.0 * step);
                    assert!((slope - expected).abs() < 1e-6, "{grid:?} at {x}: {slope} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_layer_sums_its_edges() {
        let grid = SplineGrid { intervals: 3, order: 3, low: -1.0, high: 1.0 };
        let (inputs, outputs) = (4, 3);
        let shapes = |name: &str| match name {
            "kan.spline_weight" => vec![outputs, inputs, i64::from(grid.bases())],
            _ => vec![outputs, inputs],
        };
        let mut tensor = |name: &str| sample::tensor(name, &shapes(name), Kind::Float);
        let precision = spec::train::Precision::Fp32;
        let layer = SplineLayer::new("kan", grid, &mut Weights { tensor: &mut tensor, precision });
        let x = sample::tensor("x", &[6, inputs], Kind::Float);
        let found = layer.forward(&x);
        let [base, coefficient, scale] = ["base_weight", "spline_weight", "spline_scaler"]
            .map(|name| sample::tensor(&format!("kan.{name}"), &shapes(&format!("kan.{name}")), Kind::Float));
        for row in 0..6 {
            for output in 0..outputs {
                let edge = |input: i64| {
                    let entry = x.double_value(&[row, input]);
                    let spline: f64 = (0..grid.bases())
                        .map(|m| {
                            let coefficient = coefficient.double_value(&[output, input, i64::from(m)]);
                            coefficient * cox_de_boor(grid, m, grid.order, entry)
                        })
                        .sum();
                    base.double_value(&[output, input]) * entry / (1.0 + (-entry).exp())
                        + scale.double_value(&[output, input]) * spline
                };
                let expected: f64 = (0..inputs).map(edge).sum();
                let found = found.double_value(&[row, output]);
                assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }

    #[test]
    fn an_entry_that_is_no_number_reaches_the_output() {
        let grid = SplineGrid { intervals: 3, order: 5, low: -1.0, high: 1.0 };
        let mut ones = |name: &str| {
            let shape: &[i64] = if name == "kan.spline_weight" { &[2, 1, 8] } else { &[2, 1] };
            Tensor::ones(shape, (Kind::Float, Device::Cpu))
        };
        let precision = spec::train::Precision::Fp32;
        let layer = SplineLayer::new("kan", grid, &mut Weights { tensor: &mut ones, precision });
        let x = Tensor::from_slice(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30]).view([4, 1]);
        let y = layer.forward(&x);
        assert!(y.double_value(&[0, 0]).is_nan());
        assert!(y.double_value(&[1, 0]) == f64::INFINITY);
        assert!((y.double_value(&[3, 0]) / 1e30 - 1.0).abs() < 1e-6);
    }
}
