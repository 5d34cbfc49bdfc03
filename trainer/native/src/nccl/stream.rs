//! Where libtorch lays the work of a GPU.

use std::ffi::c_int;
use std::ptr;

use super::abi::Stream;
use crate::TorchError;
use crate::shim;

/// The work of one GPU, as the calling thread asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queue {
    /// libtorch's current stream of the GPU with this number.
    Gpu(c_int),
    /// No GPU at all: the default stream, on which nothing is ever waited for. For the stand-in of the tests.
    #[cfg(test)]
    Pretended,
}

impl Queue {
    /// Makes the GPU the calling thread's own, as NCCL wants it.
    pub(super) fn select(self) -> Result<(), TorchError> {
        match self {
            // SAFETY: no pointer goes in.
            Self::Gpu(index) => unsafe { shim::check(shim::seedbed_select_gpu(index)) },
            #[cfg(test)]
            Self::Pretended => Ok(()),
        }
    }

    /// The stream's handle.
    pub(super) fn stream(self) -> Result<Stream, TorchError> {
        let mut handle = ptr::null_mut();
        match self {
            // SAFETY: the pointer is valid for the call.
            Self::Gpu(index) => unsafe { shim::check(shim::seedbed_current_stream(index, &raw mut handle))? },
            #[cfg(test)]
            Self::Pretended => handle = ptr::without_provenance_mut(0x5eed),
        }
        Ok(handle)
    }

    /// Whether all work that was asked for is done.
    pub(super) fn is_idle(self) -> Result<bool, TorchError> {
        let mut idle = true;
        match self {
            // SAFETY: the pointer is valid for the call.
            Self::Gpu(index) => unsafe { shim::check(shim::seedbed_current_stream_is_idle(index, &raw mut idle))? },
            #[cfg(test)]
            Self::Pretended => {}
        }
        Ok(idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_cuda_there_is_no_stream_and_that_is_said() {
        if tch::Cuda::device_count() == 0 {
            let error = Queue::Gpu(0).stream().unwrap_err().to_string();
            assert!(error.starts_with("libtorch: ") && error.contains("cuda"), "{error}");
            assert!(Queue::Gpu(0).select().is_err() && Queue::Gpu(0).is_idle().is_err());
        }
    }
}
