//! A layer of B-spline edges on a uniform grid, as one product.

use std::ffi::c_void;
use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::shim;
use crate::{PackedMap, TorchError};

/// A uniform grid and the polynomials of its B-splines.
#[derive(Debug, Clone, Copy)]
pub struct SplinePieces<'a> {
    /// Lower end of the grid.
    pub low: f64,
    /// Upper end, above the lower.
    pub high: f64,
    /// Intervals between the ends; at least 1.
    pub intervals: u32,
    /// Order; at least 1.
    pub order: u32,
    /// `[order + 1, order + 1]`: row j has the coefficients, lowest power of the place within a cell first, of the
    /// basis function that began order − j cells ago.
    pub coefficients: &'a [f32],
}

/// The weights of a layer, all in float32.
#[derive(Debug, Clone, Copy)]
pub struct SplineEdges<'a> {
    /// W, `[outputs, inputs]`.
    pub base: &'a Tensor,
    /// C, `[outputs, inputs, intervals + order]`.
    pub coefficients: &'a Tensor,
    /// S, `[outputs, inputs]`; none stands for ones.
    pub scales: Option<&'a Tensor>,
}

/// y_o = Σᵢ W_oi·silu(xᵢ) + Σᵢ S_oi Σₘ C_oim·Bₘ(xᵢ): `[T, outputs]` in bfloat16 for `[T, inputs]`, by what `map` has
/// packed.
///
/// x, its silu, its bases, W and S·C are rounded to bfloat16; bases and sums are formed in float32. Bases are zero for
/// an entry off the knots or one that is not a number. The way back forms them again, so that none is kept.
///
/// # Errors
///
/// When shapes or kinds do not fit.
///
/// # Panics
///
/// When the coefficients of the pieces are not (order + 1)².
pub fn spline_layer(
    map: &PackedMap,
    x: &Tensor,
    edges: &SplineEdges<'_>,
    pieces: &SplinePieces<'_>,
) -> Result<Tensor, TorchError> {
    layer(map.handle(), x, edges, pieces)
}

/// y_o = Σᵢ W_oi·silu(xᵢ) + Σᵢ S_oi Σₘ C_oim·Bₘ(xᵢ) in float32: `[T, outputs]` for `[T, inputs]`.
///
/// Bases are zero for an entry off the knots or one that is not a number. The way back forms them again, so that none
/// is kept.
///
/// # Errors
///
/// When shapes or kinds do not fit.
///
/// # Panics
///
/// When the coefficients of the pieces are not (order + 1)².
pub fn spline_layer_in_float32(
    x: &Tensor,
    edges: &SplineEdges<'_>,
    pieces: &SplinePieces<'_>,
) -> Result<Tensor, TorchError> {
    layer(ptr::null_mut(), x, edges, pieces)
}

/// Either, as there is a map or null.
fn layer(
    map: *mut c_void,
    x: &Tensor,
    edges: &SplineEdges<'_>,
    pieces: &SplinePieces<'_>,
) -> Result<Tensor, TorchError> {
    let size = pieces.order as usize + 1;
    assert_eq!(pieces.coefficients.len(), size * size, "invariant: as many pieces as coefficients, order + 1 of each");
    // SAFETY: the pointers are valid for the call, which copies the coefficients and makes a new tensor.
    unsafe {
        shim::tensor(|result| {
            shim::seedbed_spline_layer(
                map,
                x.as_ptr(),
                edges.base.as_ptr(),
                edges.coefficients.as_ptr(),
                edges.scales.map_or(ptr::null::<C_tensor>(), Tensor::as_ptr),
                pieces.low,
                pieces.high,
                i64::from(pieces.intervals),
                i64::from(pieces.order),
                pieces.coefficients.as_ptr(),
                result,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{entries, has_packed_maps, leaf};
    use tch::{Device, Kind};

    #[test]
    fn what_does_not_fit_is_refused() {
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        let pieces =
            SplinePieces { low: -1.0, high: 1.0, intervals: 3, order: 1, coefficients: &[1.0, -1.0, 0.0, 1.0] };
        let refused = |x: &[i64], base: &[i64], coefficients: &[i64]| {
            let edges = SplineEdges { base: &zeros(base), coefficients: &zeros(coefficients), scales: None };
            let error = spline_layer_in_float32(&zeros(x), &edges, &pieces).unwrap_err().to_string();
            if has_packed_maps() {
                let other = spline_layer(&PackedMap::default(), &zeros(x), &edges, &pieces).unwrap_err();
                assert_eq!(error, other.to_string());
            }
            error
        };
        assert_eq!(refused(&[4, 5], &[2, 6], &[2, 6, 4]), "libtorch: the input is [4, 5], not of 6 columns");
        assert_eq!(
            refused(&[4, 6], &[2, 6], &[2, 6, 3]),
            "libtorch: coefficients are Float[2, 6, 3] on cpu, not contiguous float32 on cpu, 4 of each edge of [2, 6]"
        );
    }

    #[test]
    fn what_was_changed_in_between_has_no_way_back() {
        let ones = |shape: &[i64]| Tensor::ones(shape, (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let pieces =
            SplinePieces { low: -1.0, high: 1.0, intervals: 3, order: 1, coefficients: &[1.0, -1.0, 0.0, 1.0] };
        for changed in 0..3 {
            let (leaf, base, coefficients) = (ones(&[5, 6]), ones(&[2, 6]), ones(&[2, 6, 4]));
            let x = &leaf * 0.3;
            let edges = SplineEdges { base: &base, coefficients: &coefficients, scales: None };
            let sum = spline_layer_in_float32(&x, &edges, &pieces).unwrap().sum(Kind::Float);
            let mut changed = [&x, &base, &coefficients][changed].shallow_clone();
            let _ = tch::no_grad(|| changed.g_mul_scalar_(2.0));
            let error = Tensor::f_run_backward(&[&sum], &[&leaf], false, false).unwrap_err();
            assert!(error.to_string().contains("was changed in place in between"), "{error}");
        }
    }

    #[test]
    fn a_weight_that_is_packed_was_not_changed_in_between_either() {
        if !has_packed_maps() {
            return;
        }
        let ones = |shape: &[i64]| Tensor::ones(shape, (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let pieces =
            SplinePieces { low: -1.0, high: 1.0, intervals: 3, order: 1, coefficients: &[1.0, -1.0, 0.0, 1.0] };
        for changed in 0..2 {
            let (x, base, coefficients) = (ones(&[5, 6]), ones(&[2, 6]), ones(&[2, 6, 4]));
            let edges = SplineEdges { base: &base, coefficients: &coefficients, scales: None };
            let sum = spline_layer(&PackedMap::default(), &x, &edges, &pieces).unwrap().sum(Kind::Float);
            let mut changed = [&base, &coefficients][changed].shallow_clone();
            let _ = tch::no_grad(|| changed.g_mul_scalar_(2.0));
            let error = Tensor::f_run_backward(&[&sum], &[&x], false, false).unwrap_err();
            assert!(error.to_string().contains("was changed in place in between"), "{error}");
        }
    }

    #[test]
    fn the_way_back_is_that_of_the_weights_that_were_given() {
        if !has_packed_maps() {
            return;
        }
        let pieces =
            SplinePieces { low: -1.0, high: 1.0, intervals: 3, order: 1, coefficients: &[1.0, -1.0, 0.0, 1.0] };
        let single = |shape: &[i64], seed: f64| leaf(&entries(shape, seed, 0.9), Kind::Float);
        let gradients = |maps: &[&PackedMap]| {
            let layers = [[3, 6], [70, 90]].map(|[outputs, inputs]| {
                let coefficients = single(&[outputs, inputs, 4], 1.0);
                [single(&[5, inputs], 0.2), single(&[outputs, inputs], 0.7), coefficients]
            });
            let mut sums = Vec::new();
            for (index, [x, base, coefficients]) in layers.iter().enumerate() {
                let edges = SplineEdges { base, coefficients, scales: None };
                let y = spline_layer(maps[index % maps.len()], x, &edges, &pieces).unwrap().to_kind(Kind::Float);
                sums.push((&y * &y).sum(Kind::Float));
            }
            sums.iter().for_each(Tensor::backward);
            layers.iter().flatten().map(Tensor::grad).collect::<Vec<_>>()
        };
        let (one, other) = (PackedMap::default(), PackedMap::default());
        assert_eq!(gradients(&[&one]), gradients(&[&one, &other]));
    }
}
