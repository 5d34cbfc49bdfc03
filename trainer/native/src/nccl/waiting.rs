//! Waiting for what the ranks do together, and giving up.

use std::ptr;
use std::time::{Duration, Instant};

use super::abi::{IN_PROGRESS, Outcome, SUCCESS};
use super::communicator::Communicator;
use super::error::NcclError;

impl Communicator {
    /// Waits until all work of this GPU that was asked for, NCCL's included, is done.
    ///
    /// # Errors
    /// When a rank or the connection failed, or nothing came to an end within the limit. The communicator is then
    /// aborted, which frees the GPU of work that waits for other ranks; what the tensors hold is undefined.
    pub fn wait(&mut self) -> Result<(), NcclError> {
        const CALL: &str = "wait";
        let began = Instant::now();
        self.live(CALL)?;
        self.streams.join()?;
        while !self.streams.are_idle()? {
            self.look(CALL)?;
            self.pause(CALL, began)?;
        }
        // What failed may have left the GPU idle.
        self.look(CALL)?;
        self.aside.clear();
        Ok(())
    }

    /// Whether NCCL has noticed a failure since (`ncclCommGetAsyncError`); does not wait.
    ///
    /// # Errors
    /// The failure; the communicator is then aborted.
    pub fn look(&mut self, call: &'static str) -> Result<(), NcclError> {
        match self.state(call)? {
            SUCCESS | IN_PROGRESS => Ok(()),
            failed => Err(self.broken(call, failed)),
        }
    }

    /// What NCCL says of the communicator now.
    pub(super) fn state(&mut self, call: &'static str) -> Result<Outcome, NcclError> {
        let handle = self.live(call)?;
        let mut state = SUCCESS;
        // SAFETY: the handle is live, and the pointer valid for the call.
        let outcome = unsafe { (self.nccl.functions.async_error)(handle, &raw mut state) };
        if outcome == SUCCESS { Ok(state) } else { Err(self.broken("ncclCommGetAsyncError", outcome)) }
    }

    /// Waits until a call that may still be in progress has ended on this side.
    pub(super) fn settle(&mut self, call: &'static str, outcome: Outcome) -> Result<(), NcclError> {
        let began = Instant::now();
        let mut state = outcome;
        while state == IN_PROGRESS {
            self.pause(call, began)?;
            state = self.state(call)?;
        }
        if state == SUCCESS { Ok(()) } else { Err(self.broken(call, state)) }
    }

    /// Lets a little time pass; fails when the limit is reached.
    pub(super) fn pause(&mut self, call: &'static str, began: Instant) -> Result<(), NcclError> {
        let waited = began.elapsed();
        if waited >= self.limit {
            self.give_up();
            return Err(NcclError::Timeout { call, after: self.limit });
        }
        // A small sum takes microseconds, a rank that is late seconds.
        std::thread::sleep((waited / 8).clamp(Duration::from_micros(10), Duration::from_millis(2)));
        Ok(())
    }

    pub(super) fn broken(&mut self, call: &'static str, outcome: Outcome) -> NcclError {
        let error = self.nccl.failure(call, outcome, self.handle);
        self.give_up();
        error
    }

    pub(super) fn give_up(&mut self) {
        let handle = std::mem::replace(&mut self.handle, ptr::null_mut());
        if !handle.is_null() {
            // SAFETY: the handle is live, and nobody uses it after this. Nothing can be done about a failure to abort.
            unsafe { (self.nccl.functions.abort)(handle) };
        }
        self.aside.clear();
    }
}
