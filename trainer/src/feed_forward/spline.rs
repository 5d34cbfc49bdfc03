//! Kolmogorov-Arnold layers with B-spline edges (Liu et al. 2024, arXiv:2404.19756).
//!
//! The learned function on the edge from input i to output o is w·silu(x) + s·Σₘ cₘBₘ(x), and an output is the sum of
//! its edges, so that a layer is two matrix products, one over silu(x), one over the bases of all inputs; or one over
//! both.
//!
//! The basis: order k, G intervals of width h between the ends of the grid, knots tⱼ = low + (j − k)h for j = 0..=G +
//! 2k, and the G + k functions Bₘ of order k on them. All are one curve, shifted: on the cell tⱼ ≤ x < tⱼ₊₁ only
//! B_(j−k)..=Bⱼ are not zero, and each is a polynomial in u = (x − tⱼ)/h that does not depend on j. So the recursion of
//! Cox and de Boor is run once, on polynomials (`pieces`), and a forward pass evaluates k + 1 of them for each entry
//! instead of the whole recursion on all G + 2k intervals.

use native::{PackedMap, SplineEdges, SplinePieces};
use spec::feed_forward::SplineGrid;
use tch::{Device, Kind, Tensor};

use super::silu::silu;
use crate::model::linear::{Weights, is_float32, is_on_gpu, is_packed, linear};

/// y_o = Σᵢ W_oi·silu(xᵢ) + Σᵢ S_oi Σₘ C_oim·Bₘ(xᵢ), without a bias.
///
/// W is `base_weight` and S `spline_scaler`, both `[outputs, inputs]`, C is `spline_weight`, `[outputs, inputs, G +
/// k]`: as in efficient-kan (Blealtan 2024), whose mathematics this is. Without S, its `enable_standalone_scale_spline
/// = False`, S is 1. [`spline_start`](super::spline_start) says how they start. S does not decay, like the weight of a
/// norm.
#[derive(Debug)]
pub struct SplineLayer {
    /// W.
    pub base_weight: Tensor,
    /// C.
    pub spline_weight: Tensor,
    /// S.
    pub spline_scaler: Option<Tensor>,
    /// The Bₘ.
    pub basis: SplineBasis,
    /// The kind of number in which matrices are multiplied.
    pub kind: Kind,
    /// W and s·C as products want them.
    packed: PackedMap,
}

impl SplineLayer {
    /// The layer `name` over these weights.
    pub fn new(name: &str, grid: SplineGrid, scaled: bool, weights: &mut Weights<'_>) -> Self {
        let base_weight = weights.get(&format!("{name}.base_weight"));
        Self {
            basis: SplineBasis::new(grid, base_weight.device()),
            spline_weight: weights.get(&format!("{name}.spline_weight")),
            spline_scaler: scaled.then(|| weights.get(&format!("{name}.spline_scaler"))),
            kind: weights.kind(),
            packed: PackedMap::default(),
            base_weight,
        }
    }

    /// `[T, outputs]` for `[T, inputs]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        if is_packed(self.kind, &self.base_weight) {
            return self.as_one_product(x);
        }
        if is_on_gpu(self.kind, &self.base_weight) {
            return self.on_gpu(x);
        }
        let x = x.to_kind(self.base_weight.kind());
        if is_float32(self.kind, &self.base_weight) {
            let layer = native::spline_layer_in_float32(&x, &self.edges(), &self.basis.pieces());
            return layer.unwrap_or_else(|error| panic!("invariant: a layer fits its input: {error}"));
        }
        let base = linear(&silu(&x), &self.base_weight, None, self.kind);
        let bases = self.basis.forward(&x).flatten(1, 2);
        base + linear(&bases, &self.scaled_coefficients().flatten(1, 2), None, self.kind)
    }

    /// s·C: `[outputs, inputs, G + k]`.
    fn scaled_coefficients(&self) -> Tensor {
        match &self.spline_scaler {
            Some(scaler) => &self.spline_weight * scaler.unsqueeze(-1),
            None => self.spline_weight.shallow_clone(),
        }
    }

    /// The same by two products. A GPU multiplies matrices whose sides are no multiples of eight at a fraction of its
    /// rate, so both sides are filled up with zeros.
    fn on_gpu(&self, x: &Tensor) -> Tensor {
        let (outputs, inputs) = self.base_weight.size2().expect("invariant: weights are [outputs, inputs]");
        let (below, right) = (missing(outputs), missing(inputs));
        let x = filled(&x.to_kind(self.kind), &[0, right]);
        let base = linear(&silu(&x), &filled(&self.base_weight, &[0, right, 0, below]), None, self.kind);
        let coefficients = filled(&self.scaled_coefficients(), &[0, 0, 0, right, 0, below]);
        let edges = linear(&self.basis.on_gpu(&x), &coefficients.flatten(1, 2), None, self.kind);
        (base + edges).narrow(1, 0, outputs)
    }

    fn as_one_product(&self, x: &Tensor) -> Tensor {
        let layer = native::spline_layer(&self.packed, x, &self.edges(), &self.basis.pieces());
        layer.unwrap_or_else(|error| panic!("invariant: a layer fits its input: {error}"))
    }

    fn edges(&self) -> SplineEdges<'_> {
        SplineEdges { base: &self.base_weight, coefficients: &self.spline_weight, scales: self.spline_scaler.as_ref() }
    }
}

/// What `size` lacks to a multiple of eight.
fn missing(size: i64) -> i64 {
    (8 - size % 8) % 8
}

/// With so many zeros before and after, the last dimension first.
fn filled(tensor: &Tensor, zeros: &[i64]) -> Tensor {
    if zeros.iter().all(|count| *count == 0) { tensor.shallow_clone() } else { tensor.constant_pad_nd(zeros) }
}

/// The B-splines of a uniform grid.
#[derive(Debug)]
pub struct SplineBasis {
    grid: SplineGrid,
    /// `[k + 1, k + 1]`: the coefficient of uᵖ in the piece of the basis function that began k − j cells ago, at `[p,
    /// j]`.
    coefficients: Tensor,
    /// The same in fp32, the coefficients of one piece together.
    by_piece: Vec<f32>,
}

impl SplineBasis {
    /// The basis of this grid.
    pub fn new(grid: SplineGrid, device: Device) -> Self {
        let pieces = pieces(grid.order as usize);
        let size = pieces.len();
        let by_power: Vec<f64> = (0..size).flat_map(|power| pieces.iter().map(move |piece| piece[power])).collect();
        let coefficients = Tensor::from_slice(&by_power).view([size as i64, size as i64]).to_device(device);
        let by_piece = pieces.concat().into_iter().map(|coefficient| coefficient as f32).collect();
        Self { grid, coefficients, by_piece }
    }

    /// `[T, inputs, G + k]` for `[T, inputs]`: every basis function at every entry; zeros for an entry off the knots.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let SplineGrid { intervals, order, low, high } = self.grid;
        let (intervals, order) = (i64::from(intervals), i64::from(order));
        let width = (high - low) / intervals as f64;
        let cells = intervals + 2 * order;
        let from_first_knot = (x - low) / width + order as f64;
        // An entry below the knots goes to cell −1, one above them to cell G + 2k: both touch columns that are cut off
        // below. So does one that is not a number: it must reach the loss through the base, not end as an index.
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

    /// The same for a kernel of ours.
    fn pieces(&self) -> SplinePieces<'_> {
        let SplineGrid { intervals, order, low, high } = self.grid;
        SplinePieces { low, high, intervals, order, coefficients: &self.by_piece }
    }

    /// `[T, inputs · (G + k)]` in bf16 for fp32 entries: [`Self::forward`] by a kernel on a GPU.
    fn on_gpu(&self, x: &Tensor) -> Tensor {
        let bases = native::gpu::kernels::spline_basis(x, &self.pieces());
        bases.unwrap_or_else(|error| panic!("invariant: a grid has intervals: {error}"))
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

/// The polynomials in u, lowest power first, of the order + 1 uniform B-splines that are not zero on a cell, from the
/// one that began `order` cells ago to the one that begins here.
///
/// With one interval to a cell, Cox and de Boor say: pⱼ of order n = ((u + n − j)·pⱼ₋₁ + (j + 1 − u)·pⱼ) / n, both of
/// order n − 1; and the only one of order 0 is 1 (de Boor 1978, A Practical Guide to Splines, chapter IX).
pub fn pieces(order: usize) -> Vec<Vec<f64>> {
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
#[path = "spline_tests.rs"]
mod tests;
