use spec::status::Cause;

use crate::ledger::{EndWord, RunEnd};
use crate::state::Observed;
use crate::supervise::Retry;
use crate::sweep::RetryPolicy;

/// What a person asked to see again. A run that was interrupted goes on without being asked for.
pub(super) fn asked(wishes: &[EndWord], observed: &Observed) -> Option<Retry> {
    let (end, retry) = match observed {
        Observed::Failed { cause, .. } => (RunEnd::Failed(*cause), Retry { failed: true, diverged: false }),
        Observed::Diverged => (RunEnd::Diverged, Retry { failed: false, diverged: true }),
        _ => return None,
    };
    wishes.iter().any(|wish| wish.means(end)).then_some(retry)
}

/// How often a run may be started again by the sweep's own policy, counted within one submission.
#[derive(Debug, Clone, Copy)]
pub struct Again {
    /// After the program failed.
    pub error: u32,
    /// After it ran out of memory.
    pub out_of_memory: u32,
}

impl Again {
    /// What the policy allows on one machine, where nothing is preempted and no limit of time runs out.
    pub fn allowed(policy: &RetryPolicy) -> Self {
        Self { error: policy.error, out_of_memory: policy.out_of_memory }
    }

    /// Takes one start for a run that failed for `cause`; false when there is none left.
    pub(super) fn take(&mut self, cause: Cause) -> bool {
        let left = match cause {
            // Here runs may share a GPU, so that another moment may have room.
            Cause::OutOfMemory | Cause::GpuOutOfMemory => &mut self.out_of_memory,
            Cause::ProgramError | Cause::NoResults => &mut self.error,
            // The same spec, data, machine or disk would say the same again.
            _ => return false,
        };
        let any = *left > 0;
        *left = left.saturating_sub(1);
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ended_so_is_carried_out_again() {
        let failed = Observed::Failed { cause: Cause::OutOfMemory, message: String::new() };
        let again = |word: &str, observed: &Observed| asked(&[word.parse().unwrap()], observed);
        assert_eq!(again("out-of-memory", &failed), Some(Retry { failed: true, diverged: false }));
        assert_eq!(again("diverged", &Observed::Diverged), Some(Retry { failed: false, diverged: true }));
        assert_eq!([again("bad-data", &failed), again("failed", &Observed::Diverged)], [None; 2]);
    }

    #[test]
    fn a_policy_is_used_up() {
        let mut again = Again { error: 1, out_of_memory: 0 };
        assert!(again.take(Cause::ProgramError));
        assert!(!again.take(Cause::ProgramError) && !again.take(Cause::OutOfMemory) && !again.take(Cause::BadSpec));
    }
}
