//! The signals of this process, one after the other, in the thread that wants them.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Signals that this process has taken over from their default action.
#[derive(Debug)]
pub struct Signals(Receiver<i32>);

impl Signals {
    /// Takes over `signals`. From here on, none of them ends the process by itself.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen(signals: &[i32]) -> io::Result<Self> {
        let mut signals = signal_hook::iterator::Signals::new(signals)?;
        let (sender, receiver) = channel();
        thread::spawn(move || signals.forever().try_for_each(|signal| sender.send(signal)));
        Ok(Self(receiver))
    }

    /// The signals that come within `patience` from now.
    pub fn within(&self, patience: Duration) -> impl Iterator<Item = i32> {
        let deadline = Instant::now() + patience;
        std::iter::from_fn(move || self.next(deadline.saturating_duration_since(Instant::now())))
    }

    /// The next signal, or `None` when none came in time.
    pub fn next(&self, patience: Duration) -> Option<i32> {
        match self.0.recv_timeout(patience) {
            Ok(signal) => Some(signal),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => unreachable!("invariant: the thread that listens never ends"),
        }
    }
}
