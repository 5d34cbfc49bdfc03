//! When a run may be handed over once more without anybody asking.

use spec::status::Cause;

use super::submissions::SeenEnd;
use crate::ledger::RunEnd;
use crate::sweep::RetryPolicy;

/// Whether a run whose tasks ended as `history` tells, oldest first, may be handed over again by `policy`.
///
/// How often depends on why it ended, and each reason has its own count: what the cluster did to a run is not held
/// against it as what it did itself. What a person cancelled stays cancelled, and what the GPU has no memory for needs
/// another setting or another GPU.
pub fn may_start(policy: &RetryPolicy, history: &[SeenEnd]) -> bool {
    let Some(last) = history.last() else { return true };
    let account = Account::of(last.end);
    let times = history.iter().filter(|past| Account::of(past.end) == account).count();
    times <= account.retries(policy) as usize
}

/// What ends are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    OutOfMemory,
    Timeout,
    NodeFailure,
    Preemption,
    Error,
    Never,
}

impl Account {
    fn of(end: RunEnd) -> Self {
        match end {
            RunEnd::Preempted => Self::Preemption,
            // Nothing that a run does itself makes its supervisor vanish, or a GPU or a library: the next node may have
            // it.
            RunEnd::NodeFailure | RunEnd::Lost | RunEnd::Failed(Cause::Unavailable) => Self::NodeFailure,
            RunEnd::OutOfMemory => Self::OutOfMemory,
            RunEnd::Timeout { .. } => Self::Timeout,
            RunEnd::Failed(_) | RunEnd::NotBegun => Self::Error,
            RunEnd::GpuOutOfMemory | RunEnd::Cancelled { .. } | RunEnd::Diverged => Self::Never,
        }
    }

    fn retries(self, policy: &RetryPolicy) -> u32 {
        match self {
            Self::OutOfMemory => policy.out_of_memory,
            Self::Timeout => policy.timeout,
            Self::NodeFailure => policy.node_failure,
            Self::Preemption => policy.preemption,
            Self::Error => policy.error,
            Self::Never => 0,
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        out_of_memory: 1,
        timeout: 10,
        node_failure: 3,
        preemption: 100,
        error: 0,
        memory_factor: 1.5,
        time_factor: 1.5,
        exclude_nodes: true,
    };

    fn history(ends: &[RunEnd]) -> Vec<SeenEnd> {
        ends.iter().map(|&end| SeenEnd { ending: None, nodes: String::new(), end }).collect()
    }

    /// How often a run that always ends so is started again.
    fn most(end: RunEnd) -> usize {
        (1..200).take_while(|times| may_start(&POLICY, &history(&vec![end; *times]))).count()
    }

    #[test]
    fn how_often_depends_on_why() {
        assert_eq!(most(RunEnd::Preempted), 100);
        assert_eq!(most(RunEnd::NodeFailure), 3);
        assert_eq!(most(RunEnd::Timeout { progress: Some(true) }), 10);
        assert_eq!(most(RunEnd::OutOfMemory), 1);
        assert_eq!(most(RunEnd::GpuOutOfMemory), 0);
        assert_eq!(most(RunEnd::Cancelled { by: Some(0) }), 0);
        assert_eq!(most(RunEnd::Lost), 3);
        assert_eq!(most(RunEnd::Failed(Cause::Unavailable)), 3);
        assert_eq!(most(RunEnd::NotBegun), 0);
        assert_eq!(most(RunEnd::Failed(Cause::ProgramError)), 0);
    }

    #[test]
    fn reasons_are_counted_apart() {
        let mixed = [RunEnd::Preempted, RunEnd::Preempted, RunEnd::NodeFailure, RunEnd::OutOfMemory];
        assert!(may_start(&POLICY, &history(&mixed)));
        assert!(!may_start(&POLICY, &history(&[RunEnd::OutOfMemory, RunEnd::Preempted, RunEnd::OutOfMemory])));
        assert!(may_start(&POLICY, &[]));
    }
}
