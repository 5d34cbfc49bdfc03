use std::str::FromStr;

use spec::status::Cause;

use crate::state::Observed;
use crate::supervise::Retry;
use crate::sweep::RetryPolicy;

/// Which ended runs a person wants to see carried out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryWhat {
    /// All that failed, whatever the cause.
    Failed,
    /// Those that diverged.
    Diverged,
    /// Those that failed for one cause.
    Cause(Cause),
}

/// The causes with which a run can be failed.
const FAILURES: [Cause; 8] = [
    Cause::OutOfMemory,
    Cause::GpuOutOfMemory,
    Cause::BadSpec,
    Cause::BadData,
    Cause::Unavailable,
    Cause::CannotWrite,
    Cause::ProgramError,
    Cause::NoResults,
];

impl FromStr for RetryWhat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "failed" => Ok(Self::Failed),
            "diverged" => Ok(Self::Diverged),
            name => {
                let cause = FAILURES.into_iter().find(|cause| cause.name() == name);
                let names = FAILURES.map(Cause::name).join(", ");
                cause.map(Self::Cause).ok_or_else(|| format!("expected failed, diverged or a cause: {names}"))
            }
        }
    }
}

impl RetryWhat {
    /// Whether a run that stands as `observed` is meant.
    fn means(self, observed: &Observed) -> bool {
        match (self, observed) {
            (Self::Failed, Observed::Failed { .. }) | (Self::Diverged, Observed::Diverged) => true,
            (Self::Cause(wanted), Observed::Failed { cause, .. }) => wanted == *cause,
            _ => false,
        }
    }
}

/// What a person asked to see again.
pub(super) fn asked(wishes: &[RetryWhat], observed: &Observed) -> Option<Retry> {
    let meant = wishes.iter().any(|wish| wish.means(observed));
    meant.then(|| Retry { failed: *observed != Observed::Diverged, diverged: *observed == Observed::Diverged })
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
    fn wishes_are_read_and_mean_what_they_say() {
        let failed = Observed::Failed { cause: Cause::OutOfMemory, message: String::new() };
        let means = |text: &str, observed: &Observed| text.parse::<RetryWhat>().unwrap().means(observed);
        assert!(means("failed", &failed) && means("out-of-memory", &failed) && means("diverged", &Observed::Diverged));
        assert!(!means("bad-data", &failed) && !means("failed", &Observed::Diverged));
        assert!("done".parse::<RetryWhat>().unwrap_err().contains("no-results"));
    }

    #[test]
    fn a_policy_is_used_up() {
        let mut again = Again { error: 1, out_of_memory: 0 };
        assert!(again.take(Cause::ProgramError));
        assert!(!again.take(Cause::ProgramError) && !again.take(Cause::OutOfMemory) && !again.take(Cause::BadSpec));
    }
}
