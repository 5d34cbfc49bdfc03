//! How a pool stops: asked by a person, or because it cannot go on.

use rustix::process::Signal;
use signal_hook::consts::SIGCHLD;

use super::{Pool, PoolError, TICK};
use crate::env;
use crate::ledger::Event;
use crate::signals::Signals;

/// How urgently somebody asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
    /// Nobody did.
    No,
    /// Runs write a checkpoint first.
    Checkpoint,
    /// At once.
    AtOnce,
}

impl Pool<'_> {
    /// Once: everything checkpoints and stops. Twice: everything stops at once. Again: whatever still lives is killed.
    pub(super) fn ask_to_stop(&mut self) -> Result<(), PoolError> {
        let supervisors = self.seats.iter().flatten().map(|seat| &seat.supervisor);
        match self.stop {
            Stop::No => {
                supervisors.for_each(|supervisor| supervisor.signal(Signal::TERM));
                self.stop = Stop::Checkpoint;
                let (running, waiting) = (self.busy() as u64, self.queue.len() as u64);
                self.progress.say("stopping: runs write a checkpoint first; once more to stop at once");
                let event = Event::Stopped { submission: self.context.submission.to_owned(), running, waiting };
                self.writer.ledger.append(env::now(), event)?;
            }
            Stop::Checkpoint => {
                supervisors.for_each(|supervisor| supervisor.signal(Signal::QUIT));
                self.stop = Stop::AtOnce;
                self.progress.say("stopping at once");
            }
            Stop::AtOnce => supervisors.for_each(|supervisor| supervisor.signal(Signal::KILL)),
        }
        Ok(())
    }

    /// Lets every run checkpoint and end when the ledger or the lock cannot be kept any more; asked to stop meanwhile, they
    /// end at once, and asked again they are killed.
    pub(super) fn abandon(&mut self, signals: &Signals) {
        self.seats.iter().flatten().for_each(|seat| seat.supervisor.signal(Signal::TERM));
        let mut next = Signal::QUIT;
        while self.busy() > 0 {
            if signals.next(TICK).is_some_and(|signal| signal != SIGCHLD) {
                self.seats.iter().flatten().for_each(|seat| seat.supervisor.signal(next));
                next = Signal::KILL;
            }
            for seat in &mut self.seats {
                if seat.as_mut().is_some_and(|seat| !matches!(seat.supervisor.poll(), Ok(None))) {
                    *seat = None;
                }
            }
        }
    }
}
