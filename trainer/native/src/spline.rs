//! The B-splines of a uniform grid, laid out for a product in bfloat16.

use tch::Tensor;

use crate::TorchError;
use crate::shim;

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
    /// `[order + 1, order + 1]`: row j has the coefficients, lowest power of the place within a cell first, of the basis function
    /// that began order − j cells ago.
    pub coefficients: &'a [f32],
}

/// `[T, inputs · (intervals + order)]` in bfloat16 for `[T, inputs]`: the bases of every entry side by side, zeros for an entry
/// off the knots or one that is not a number.
///
/// They are formed in float32 and rounded once. Only order + 1 of them are computed, for the others are zero.
///
/// # Errors
///
/// When the entries are no rows of the CPU.
///
/// # Panics
///
/// When the coefficients are not (order + 1)².
pub fn spline_basis(x: &Tensor, pieces: &SplinePieces<'_>) -> Result<Tensor, TorchError> {
    let size = pieces.order as usize + 1;
    assert_eq!(pieces.coefficients.len(), size * size, "invariant: as many pieces as coefficients, order + 1 of each");
    // SAFETY: the pointers are valid for the call, which copies the coefficients and makes a new tensor.
    unsafe {
        shim::tensor(|result| {
            shim::seedbed_spline_basis(
                x.as_ptr(),
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
