//! Which runs are handed over.

use crate::cluster::{self, Changes};
use crate::ledger::RunEnd;
use crate::state::Observed;
use crate::sweep::RetryPolicy;

/// Which of the runs that are neither finished nor on their way are handed over.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) enum Choice<'a> {
    /// All that a person's wishes mean.
    Asked,
    /// Those that the sweep's own policy starts again.
    Policy,
    /// Those that ended for one of these reasons, with these changes.
    Ended(&'a [String], &'a Changes),
}

impl Choice<'_> {
    /// What a person wants changed.
    pub(super) fn changes(self) -> Changes {
        if let Self::Ended(_, changes) = self { *changes } else { Changes::default() }
    }

    /// Whether a run is meant that stood as `before` and whose tasks ended as `history` tells.
    pub(super) fn means(self, policy: &RetryPolicy, before: &Observed, history: &[cluster::SeenEnd]) -> bool {
        match self {
            Self::Asked => true,
            // What failed on this machine is for a person to look at.
            Self::Policy => cluster::may_start(policy, history) && !(failed(before) && history.is_empty()),
            Self::Ended(words, _) => {
                let end = match (before, history.last()) {
                    (Observed::Diverged, _) => Some(RunEnd::Diverged),
                    (_, Some(last)) => Some(last.end),
                    // It was carried out on this machine.
                    (Observed::Failed { cause, .. }, None) => Some(RunEnd::Failed(*cause)),
                    _ => None,
                };
                end.is_some_and(|end| words.iter().any(|word| end.is_called(word)))
            }
        }
    }
}

fn failed(state: &Observed) -> bool {
    matches!(state, Observed::Failed { .. })
}
