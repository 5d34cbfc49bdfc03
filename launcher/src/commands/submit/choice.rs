//! Which runs are handed over.

use std::collections::BTreeSet;

use spec::RunId;

use crate::cluster::{self, Changes};
use crate::ledger::{EndWord, RunEnd};
use crate::state::Observed;
use crate::sweep::RetryPolicy;

/// Which of the runs that are neither finished nor on their way are handed over.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) enum Choice<'a> {
    /// All that a person's wishes mean.
    Asked,
    /// Those that the sweep's own policy starts again, and no more than this allows.
    Policy(Restraint<'a>),
    /// Those that ended for one of these reasons, with these changes.
    Ended(&'a [EndWord], &'a Changes),
}

/// What keeps a launcher that looks again and again from asking for the same in vain.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Restraint<'a> {
    /// Runs that Slurm will never take as they are asked for.
    pub(in crate::commands) refused: &'a BTreeSet<RunId>,
    /// There was no room when so many runs were in flight: nothing is handed over while there are as many.
    pub(in crate::commands) full_at: Option<usize>,
}

impl Choice<'_> {
    /// Whether it is of no use to hand anything over while so many runs are in flight.
    pub(super) fn holds_back(self, in_flight: usize) -> bool {
        matches!(self, Self::Policy(Restraint { full_at: Some(full), .. }) if in_flight >= full)
    }

    /// Whether a person asked for it.
    pub(super) fn is_asked(self) -> bool {
        !matches!(self, Self::Policy(_))
    }

    /// What a person wants changed.
    pub(super) fn changes(self) -> Changes {
        if let Self::Ended(_, changes) = self { *changes } else { Changes::default() }
    }

    /// Whether a run is meant that stood as `before` and whose tasks ended as `history` tells.
    pub(super) fn means(
        self,
        run: RunId,
        policy: &RetryPolicy,
        before: &Observed,
        history: &[cluster::SeenEnd],
    ) -> bool {
        match self {
            Self::Asked => true,
            // What failed on this machine is for a person to look at.
            Self::Policy(Restraint { refused, .. }) => {
                let is_local = failed(before) && history.is_empty();
                cluster::may_start(policy, history) && !is_local && !refused.contains(&run)
            }
            Self::Ended(words, _) => {
                let end = match (before, history.last()) {
                    (Observed::Diverged, _) => Some(RunEnd::Diverged),
                    (_, Some(last)) => Some(last.end),
                    // It was carried out on this machine.
                    (Observed::Failed { cause, .. }, None) => Some(RunEnd::Failed(*cause)),
                    _ => None,
                };
                end.is_some_and(|end| words.iter().any(|word| word.means(end)))
            }
        }
    }
}

fn failed(state: &Observed) -> bool {
    matches!(state, Observed::Failed { .. })
}
