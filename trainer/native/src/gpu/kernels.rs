//! Operations on a GPU in bfloat16: attention of stories, the head's loss and splines. A sum with its norm is
//! [`add_norm`](crate::add_norm), which takes tensors of either device.
//!
//! All but attention need [`open`](super::open) to have succeeded.

use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::shim;
use crate::{SplinePieces, TorchError};

/// Widest rows that [`add_norm`](crate::add_norm) takes on a GPU.
pub const MOST_NORM_COLUMNS: i64 = 8192;

/// How the tokens of a packed batch attend to each other.
#[derive(Debug, Clone, Copy)]
pub struct FlashAttention<'a> {
    /// `[stories + 1]`, int32 on the device: where stories start and end, from 0 to the number of tokens; none is
    /// empty.
    pub bounds: &'a Tensor,
    /// Tokens of the longest story.
    pub longest: i64,
    /// Number of heads.
    pub heads: i64,
    /// How many tokens a token sees, itself and those before it; none: all of its story.
    pub look_back: Option<i64>,
    /// Factor of the scores.
    pub scale: f64,
    /// Probability that a weight is dropped, in [0, 1); which, libtorch's generator says.
    pub dropout: f64,
}

impl FlashAttention<'_> {
    /// Whether heads of this size can be computed so.
    pub fn takes(head_size: i64) -> bool {
        head_size % 8 == 0 && head_size <= 256
    }
}

/// softmax(scale · Q·Kᵀ)·V of every head within every story: `[T, hidden]` from queries, keys and values side by side,
/// `[T, 3 · hidden]` in bfloat16. No scores are kept (Dao 2023, arXiv:2307.08691).
///
/// # Errors
///
/// When shapes do not fit, or the GPU is older than Ampere.
pub fn flash_attention(projected: &Tensor, how: &FlashAttention<'_>) -> Result<Tensor, TorchError> {
    // SAFETY: the pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| {
            shim::seedbed_gpu_attention(
                projected.as_ptr(),
                how.bounds.as_ptr(),
                how.longest,
                how.heads,
                how.look_back.unwrap_or(0),
                how.scale,
                how.dropout,
                result,
            )
        })
    }
}

/// As [`PackedMap::cross_entropy`](crate::PackedMap::cross_entropy): Σ −ln softmax(x·Wᵀ + b)\[target\] over the rows of
/// x, in nats, a float32 scalar. A target that is no row of W makes it not a number.
///
/// # Errors
///
/// When shapes or kinds do not fit.
pub fn cross_entropy(
    x: &Tensor,
    table: &Tensor,
    bias: Option<&Tensor>,
    targets: &Tensor,
) -> Result<Tensor, TorchError> {
    let bias = bias.map_or(ptr::null::<C_tensor>(), Tensor::as_ptr);
    // SAFETY: the pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| shim::seedbed_gpu_head_loss(x.as_ptr(), table.as_ptr(), bias, targets.as_ptr(), result))
    }
}

/// `[T, inputs · (intervals + order)]` in bfloat16 for `[T, inputs]`: the bases of every entry side by side, zeros for
/// an entry off the knots or one that is not a number. They are formed in float32 and rounded once.
///
/// # Errors
///
/// When the entries are no rows, or the grid is none.
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
            shim::seedbed_gpu_spline_basis(
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
