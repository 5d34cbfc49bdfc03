//! Where the work of a GPU is laid.

use std::ffi::{c_int, c_void};
use std::ptr;

use super::abi::Stream;
use crate::TorchError;
use crate::shim;

/// A GPU whose work is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queue {
    /// The GPU with this number.
    Gpu(c_int),
    /// No GPU at all, on which nothing is ever waited for. For the stand-in of the tests.
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
}

/// The stream on which libtorch lays the work of the thread that made this, and one beside it; for whichever thread
/// asks later.
#[derive(Debug)]
pub(super) struct Streams {
    /// Null where there is no GPU.
    handle: *mut c_void,
    main: Stream,
    side: Stream,
    /// How often the main stream was made to wait for the other.
    #[cfg(test)]
    pub(super) joins: std::cell::Cell<u32>,
}

impl Streams {
    /// Those of `queue`, as the calling thread has them.
    pub(super) fn of(queue: Queue) -> Result<Self, TorchError> {
        let (mut handle, mut main, mut side) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        match queue {
            // SAFETY: the pointers are valid for the call.
            Queue::Gpu(index) => unsafe {
                shim::check(shim::seedbed_streams(index, &raw mut handle, &raw mut main, &raw mut side))?;
            },
            #[cfg(test)]
            Queue::Pretended => {
                (main, side) = (ptr::without_provenance_mut(0x5eed), ptr::without_provenance_mut(0x51de));
            }
        }
        Ok(Self {
            handle,
            main,
            side,
            #[cfg(test)]
            joins: std::cell::Cell::new(0),
        })
    }

    /// The main stream.
    pub(super) fn main(&self) -> Stream {
        self.main
    }

    /// The other stream, whose work from now on waits for what the main one was asked for until now.
    pub(super) fn follow(&self) -> Result<Stream, TorchError> {
        if !self.handle.is_null() {
            // SAFETY: the handle came from the shim and lives as long as this.
            unsafe { shim::check(shim::seedbed_streams_follow(self.handle))? }
        }
        Ok(self.side)
    }

    /// Makes what the main stream is asked for from now on wait for the other.
    pub(super) fn join(&self) -> Result<(), TorchError> {
        #[cfg(test)]
        self.joins.update(|joins| joins + 1);
        if self.handle.is_null() {
            return Ok(());
        }
        // SAFETY: as in `follow`.
        unsafe { shim::check(shim::seedbed_streams_join(self.handle)) }
    }

    /// Whether all work that either was asked for is done.
    pub(super) fn are_idle(&self) -> Result<bool, TorchError> {
        let mut idle = true;
        if !self.handle.is_null() {
            // SAFETY: as in `follow`; the pointer is valid for the call.
            unsafe { shim::check(shim::seedbed_streams_are_idle(self.handle, &raw mut idle))? }
        }
        Ok(idle)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: the handle came from the shim and is not used after this; the streams themselves are libtorch's.
            unsafe { shim::seedbed_streams_free(self.handle) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_cuda_there_is_no_stream_and_that_is_said() {
        if tch::Cuda::device_count() == 0 {
            let error = Streams::of(Queue::Gpu(0)).unwrap_err().to_string();
            assert!(error.starts_with("libtorch: ") && error.contains("cuda"), "{error}");
            assert!(Queue::Gpu(0).select().is_err());
        }
    }
}
