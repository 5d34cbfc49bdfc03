use serde::{Deserialize, Serialize};
use spec::status::Cause;

/// Why a run that was handed to Slurm is unfinished although its task is over: what the run's own record and Slurm say
/// together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum RunEnd {
    /// It made room for something more important.
    Preempted,
    /// Its node failed.
    NodeFailure,
    /// It was out of memory on the host.
    OutOfMemory,
    /// It was out of memory on the GPU.
    GpuOutOfMemory,
    /// Its time was up.
    Timeout {
        /// Whether it had come further than where it began; absent when that cannot be seen from here.
        progress: Option<bool>,
    },
    /// Somebody cancelled it.
    Cancelled {
        /// Their user id, where Slurm tells it.
        by: Option<u32>,
    },
    /// It diverged.
    Diverged,
    /// It failed in a way that its own record tells.
    Failed(Cause),
    /// It vanished, and nobody knows why.
    Lost,
    /// Its task ended before the run had begun.
    NotBegun,
}

impl RunEnd {
    /// Its own word, one of those of the command line ([`EndWord`](super::EndWord)).
    pub fn name(self) -> &'static str {
        match self {
            Self::Preempted => "preemption",
            Self::NodeFailure => "node-failure",
            Self::OutOfMemory => "out-of-memory",
            Self::GpuOutOfMemory => "gpu-out-of-memory",
            Self::Timeout { .. } => "timeout",
            Self::Cancelled { .. } => "cancelled",
            Self::Diverged => "diverged",
            Self::Failed(cause) => cause.name(),
            Self::Lost => "lost",
            Self::NotBegun => "not-begun",
        }
    }

    /// As the end of a sentence.
    pub fn in_words(self) -> String {
        match self {
            Self::Preempted => "it made room for another job".to_owned(),
            Self::NodeFailure => "its node failed".to_owned(),
            Self::OutOfMemory => "it was out of memory".to_owned(),
            Self::GpuOutOfMemory => "it was out of the GPU's memory".to_owned(),
            Self::Timeout { progress: Some(true) } => "its time was up; it had come further".to_owned(),
            Self::Timeout { progress: Some(false) } => "its time was up and it had come no further".to_owned(),
            Self::Timeout { progress: None } => "its time was up".to_owned(),
            Self::Cancelled { by: Some(user) } => format!("user {user} cancelled it"),
            Self::Cancelled { by: None } => "it was cancelled".to_owned(),
            Self::Diverged => "training diverged".to_owned(),
            Self::Failed(cause) => format!("it failed ({})", cause.name()),
            Self::Lost => "it vanished".to_owned(),
            Self::NotBegun => "its task ended before it had begun".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let failed = RunEnd::Failed(Cause::BadData);
        for end in [failed, RunEnd::Lost, RunEnd::Timeout { progress: None }, RunEnd::Cancelled { by: Some(0) }] {
            let text = serde_json::to_string(&end).unwrap();
            assert_eq!(serde_json::from_str::<RunEnd>(&text).unwrap(), end, "{text}");
        }
    }
}
