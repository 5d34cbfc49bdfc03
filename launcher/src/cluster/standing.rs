//! How a task stands with Slurm, and what that means for its run, in words.

use slurm::state::{Ending, PendingReason};

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskStanding {
    /// Waits for its turn.
    Waiting(PendingReason),
    /// Waits until somebody releases it.
    Held(PendingReason),
    /// Has its node.
    Active {
        /// The node.
        nodes: String,
    },
    /// Is over.
    Ended(Ending),
    /// Slurm knows nothing of it, though it should: it was forgotten, or cancelled before it started.
    Forgotten,
    /// Not known.
    Unknown,
}

impl TaskStanding {
    /// Whether the task may still carry out its run.
    pub fn is_in_flight(&self) -> bool {
        !matches!(self, Self::Ended(_) | Self::Forgotten)
    }

    /// In one word, and why.
    pub fn in_words(&self) -> (&'static str, String) {
        match self {
            Self::Waiting(reason) => ("waiting", reason.in_words()),
            Self::Held(reason) => ("held", reason.in_words()),
            Self::Active { .. } => ("active", String::new()),
            Self::Ended(ending) => ("ended", ending_in_words(*ending)),
            Self::Forgotten => {
                ("forgotten", "Slurm no longer knows it; `seedbed submit` submits its run again".to_owned())
            }
            Self::Unknown => ("unknown", "not in the queue, and the accounts do not tell yet".to_owned()),
        }
    }
}

/// What an end means for a run that has not finished.
fn ending_in_words(ending: Ending) -> String {
    match ending {
        Ending::Completed | Ending::Failed => "the run's own record says why".to_owned(),
        Ending::OutOfMemory => "out of memory".to_owned(),
        Ending::Timeout => "out of time; `seedbed submit` goes on from the checkpoint, if there is one".to_owned(),
        Ending::NodeFailure => "its node failed; `seedbed submit` goes on".to_owned(),
        Ending::Preempted => "preempted and not queued again; `seedbed submit` goes on".to_owned(),
        Ending::Cancelled { by: Some(user) } => format!("cancelled by user {user}; `seedbed submit` submits it again"),
        Ending::Cancelled { by: None } => "cancelled; `seedbed submit` submits it again".to_owned(),
        Ending::Revoked => "revoked: a sibling of the federation has it".to_owned(),
    }
}
