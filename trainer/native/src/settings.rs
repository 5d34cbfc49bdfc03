//! Settings of the whole process that tch does not expose. Set them once, before the first tensor.

use std::ffi::CStr;

use crate::TorchError;
use crate::shim;

/// Lets tensors on the processor use memory again that others freed, rather than give it back to the system and have
/// each page cleared when it is asked for again. Tensors come and go at every operation, so that this is up to a tenth
/// of the time of an evaluation. What is kept and what is in use together are at most 64 MiB more than was in use at
/// once (see `cpp/memory.cpp`).
pub fn keep_freed_memory() {
    // SAFETY: the allocator lives as long as the process, and tensors made before give their memory back as they got
    // it.
    unsafe { shim::check(shim::seedbed_keep_freed_memory()) }.expect("invariant: libtorch takes any allocator");
}

/// How exact products of float32 matrices are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatmulPrecision {
    /// Full float32.
    Highest,
    /// TensorFloat-32 on a GPU that has it (10 bits of mantissa); full float32 on a CPU.
    High,
    /// bfloat16 inside the product where the hardware has it (7 bits of mantissa), also on a CPU.
    Medium,
}

impl MatmulPrecision {
    fn name(self) -> &'static CStr {
        match self {
            Self::Highest => c"highest",
            Self::High => c"high",
            Self::Medium => c"medium",
        }
    }
}

/// Sets the threads that share one operation, and those that run operations side by side.
///
/// # Errors
///
/// When a number is not positive, or the second is changed after libtorch has started those threads.
pub fn set_threads(intra_op: u16, inter_op: u16) -> Result<(), TorchError> {
    // SAFETY: no pointer goes in, and the outcome is the shim's.
    unsafe { shim::check(shim::seedbed_set_threads(i32::from(intra_op), i32::from(inter_op))) }
}

/// Whether libtorch uses only algorithms that give the same bits each time, and fails where it has none.
///
/// Fresh memory is not filled, which libtorch's deterministic mode otherwise does at some cost; nothing here reads it.
///
/// # Errors
///
/// When libtorch refuses.
pub fn set_deterministic(on: bool) -> Result<(), TorchError> {
    // SAFETY: no pointer goes in, and the outcome is the shim's.
    unsafe { shim::check(shim::seedbed_set_deterministic(on)) }
}

/// Sets how exact products of float32 matrices are; [`MatmulPrecision::Highest`] unless set. On a GPU the sums of
/// products of shorter floats are formed in float32 from then on, see [`sums_are_float32`].
///
/// # Errors
///
/// When libtorch refuses.
pub fn set_matmul_precision(precision: MatmulPrecision) -> Result<(), TorchError> {
    // SAFETY: the name is a zero-terminated constant, and the outcome is the shim's.
    unsafe { shim::check(shim::seedbed_set_matmul_precision(precision.name().as_ptr())) }
}

/// Whether a GPU forms the sums of bfloat16 and float16 products in float32 whatever their length, which PyTorch leaves
/// to cuBLAS by default.
///
/// # Errors
///
/// When libtorch refuses.
pub fn sums_are_float32() -> Result<bool, TorchError> {
    let mut are = false;
    // SAFETY: the pointer is to a bool of this frame, which the shim writes.
    unsafe { shim::check(shim::seedbed_sums_are_float32(&raw mut are))? };
    Ok(are)
}
