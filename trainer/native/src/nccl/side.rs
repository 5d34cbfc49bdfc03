//! A stream beside the one on which libtorch lays its work, so that sums go on while the GPU computes.

use std::ffi::c_void;
use std::ptr;

use super::abi::Stream;
use super::stream::Queue;
use crate::TorchError;
use crate::shim;

/// A stream of the same GPU as a [`Queue`].
#[derive(Debug)]
pub(super) struct Side {
    /// Null where there is no GPU.
    side: *mut c_void,
    stream: Stream,
}

impl Side {
    /// A stream beside `queue`.
    pub(super) fn of(queue: Queue) -> Result<Self, TorchError> {
        let (mut side, mut stream) = (ptr::null_mut(), ptr::null_mut());
        match queue {
            // SAFETY: both pointers are valid for the call.
            Queue::Gpu(index) => unsafe {
                shim::check(shim::seedbed_side_stream(index, &raw mut side, &raw mut stream))?;
            },
            #[cfg(test)]
            Queue::Pretended => stream = ptr::without_provenance_mut(0x51de),
        }
        Ok(Self { side, stream })
    }

    /// The stream's handle, whose work from now on waits for what libtorch was asked for until now.
    pub(super) fn follow(&self) -> Result<Stream, TorchError> {
        if !self.side.is_null() {
            // SAFETY: the pointer came from the shim and lives as long as this.
            unsafe { shim::check(shim::seedbed_side_stream_follow(self.side))? }
        }
        Ok(self.stream)
    }

    /// Makes what libtorch is asked for from now on wait for this stream.
    pub(super) fn join(&self) -> Result<(), TorchError> {
        if self.side.is_null() {
            return Ok(());
        }
        // SAFETY: as in `follow`.
        unsafe { shim::check(shim::seedbed_side_stream_join(self.side)) }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        if !self.side.is_null() {
            // SAFETY: the pointer came from the shim and is not used after this; the stream itself is libtorch's.
            unsafe { shim::seedbed_side_stream_free(self.side) }
        }
    }
}
