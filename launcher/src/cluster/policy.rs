//! When a run may be handed over once more without anybody asking.

use slurm::state::Ending;
use spec::status::Cause;

use super::queue::TaskStanding;
use crate::state::Observed;
use crate::sweep::RetryPolicy;

/// Whether a run that was handed over so many `times`, stands as `observed` and whose last task stands as `standing` may be
/// handed over again by `policy`.
///
/// How often depends on why it ended: what the cluster did to it is not held against it as long as what it did itself, and
/// what a person cancelled stays cancelled.
pub fn may_start(policy: &RetryPolicy, times: u32, observed: &Observed, standing: Option<&TaskStanding>) -> bool {
    times == 0 || times <= retries(policy, observed, standing)
}

fn retries(policy: &RetryPolicy, observed: &Observed, standing: Option<&TaskStanding>) -> u32 {
    match (observed, standing) {
        (Observed::Done | Observed::Diverged, _) | (_, Some(TaskStanding::Ended(Ending::Cancelled { .. }))) => 0,
        (Observed::Failed { cause: Cause::OutOfMemory, .. }, _) => policy.out_of_memory,
        (Observed::Failed { .. }, _) => policy.error,
        (_, Some(TaskStanding::Ended(Ending::OutOfMemory))) => policy.out_of_memory,
        (_, Some(TaskStanding::Ended(Ending::NodeFailure) | TaskStanding::Forgotten)) => policy.node_failure,
        (_, Some(TaskStanding::Ended(Ending::Preempted))) => policy.preemption,
        (Observed::Interrupted(Cause::Checkpointed), _) | (_, Some(TaskStanding::Ended(Ending::Timeout))) => {
            policy.timeout
        }
        // Its supervisor vanished in the middle of it: nothing that the run did itself ends so.
        (Observed::Interrupted(Cause::Lost | Cause::Killed | Cause::Stopped), _) => policy.node_failure,
        _ => policy.error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy =
        RetryPolicy { out_of_memory: 1, timeout: 10, node_failure: 3, preemption: 100, error: 0 };

    fn most(observed: &Observed, ending: Ending) -> u32 {
        let standing = TaskStanding::Ended(ending);
        (0..200).take_while(|times| may_start(&POLICY, *times, observed, Some(&standing))).count() as u32 - 1
    }

    #[test]
    fn how_often_depends_on_why() {
        let interrupted = Observed::Interrupted(Cause::Lost);
        assert_eq!(most(&interrupted, Ending::Preempted), 100);
        assert_eq!(most(&interrupted, Ending::NodeFailure), 3);
        assert_eq!(most(&interrupted, Ending::Timeout), 10);
        assert_eq!(most(&interrupted, Ending::OutOfMemory), 1);
        assert_eq!(most(&interrupted, Ending::Cancelled { by: Some(0) }), 0);
        assert_eq!(most(&interrupted, Ending::Failed), 3);
        assert_eq!(most(&Observed::NotStarted, Ending::Failed), 0);
        let failed = Observed::Failed { cause: Cause::OutOfMemory, message: String::new() };
        assert_eq!(most(&failed, Ending::Failed), 1);
    }

    #[test]
    fn what_was_never_handed_over_may_always_start() {
        assert!(may_start(&POLICY, 0, &Observed::NotStarted, None));
    }
}
