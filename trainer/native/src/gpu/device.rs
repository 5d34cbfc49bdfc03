//! What a GPU is, and how much of its memory was used.

use std::ffi::{CStr, c_int};

use crate::TorchError;
use crate::shim;

/// A GPU, in the driver's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its name, such as `NVIDIA A100-SXM4-40GB`.
    pub name: String,
    /// Bytes of its memory.
    pub memory: u64,
    /// Its compute capability, major and minor: what it can do.
    pub capability: (u32, u32),
}

impl Description {
    /// Whether it multiplies bfloat16 in hardware, which Ampere (8.0) was the first to do.
    pub fn multiplies_bfloat16(&self) -> bool {
        self.capability.0 >= 8
    }
}

/// The GPU of this number among those that the process sees.
///
/// # Errors
///
/// When there is no driver or no such GPU.
pub fn describe(index: usize) -> Result<Description, TorchError> {
    let mut name = [0; 256];
    let (mut bytes, mut capability) = (0_i64, 0);
    // SAFETY: the shim writes a zero-terminated name of at most 256 bytes and two numbers.
    let name = unsafe {
        shim::check(shim::seedbed_gpu_describe(
            c_int::try_from(index).unwrap_or(c_int::MAX),
            name.as_mut_ptr(),
            name.len() as c_int,
            &raw mut bytes,
            &raw mut capability,
        ))?;
        CStr::from_ptr(name.as_ptr())
    };
    let capability = capability.unsigned_abs();
    Ok(Description {
        name: name.to_string_lossy().into_owned(),
        memory: bytes.unsigned_abs(),
        capability: (capability / 10, capability % 10),
    })
}

/// Most bytes that tensors on the first GPU held at once since [`forget_peak_memory`].
///
/// # Errors
///
/// When libtorch has no allocator for a GPU.
pub fn peak_memory() -> Result<u64, TorchError> {
    let mut bytes = 0;
    // SAFETY: the shim writes one number.
    unsafe { shim::check(shim::seedbed_gpu_peak_memory(&raw mut bytes))? };
    Ok(bytes.unsigned_abs())
}

/// Lets the count of [`peak_memory`] begin here.
///
/// # Errors
///
/// As [`peak_memory`].
pub fn forget_peak_memory() -> Result<(), TorchError> {
    // SAFETY: nothing goes in.
    unsafe { shim::check(shim::seedbed_gpu_forget_peak_memory()) }
}
