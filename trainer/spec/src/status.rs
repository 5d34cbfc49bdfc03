//! `status.json`: what became of a run, attempt by attempt. Written by its supervisor only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identity::{Digest, RunId};

/// Where a run stands, as its supervisor last knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A supervisor holds the run. If that supervisor is gone, the run was interrupted.
    Running,
    /// It checkpointed and left, or was stopped from outside: started again, it goes on.
    Interrupted,
    /// It ended well and its results are complete.
    Done,
    /// It diverged: a result.
    Diverged,
    /// It ended in an error.
    Failed,
}

impl State {
    /// Whether the run has said its last word unless somebody asks for a retry.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Diverged | Self::Failed)
    }

    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Done => "done",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
        }
    }
}

/// Why an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// It finished.
    Done,
    /// It diverged.
    Diverged,
    /// It was asked to stop, wrote a checkpoint and left.
    Checkpointed,
    /// It was asked to stop, or made to, and left without saying that it wrote a checkpoint.
    Stopped,
    /// It was killed by a signal that nobody of ours sent.
    Killed,
    /// Its supervisor vanished with it: power, SIGKILL, a lost node.
    Lost,
    /// The machine ran out of memory, or the program overstepped what it had been given.
    OutOfMemory,
    /// The GPU ran out of memory.
    GpuOutOfMemory,
    /// Its spec was refused.
    BadSpec,
    /// Its data was missing, damaged or too small.
    BadData,
    /// A device or library was missing.
    Unavailable,
    /// A file could not be written.
    CannotWrite,
    /// The program failed in another way.
    ProgramError,
    /// It said that it was done, but left no complete results.
    NoResults,
}

impl Cause {
    /// Every cause, in the order of the variants.
    pub const ALL: [Self; 14] = [
        Self::Done,
        Self::Diverged,
        Self::Checkpointed,
        Self::Stopped,
        Self::Killed,
        Self::Lost,
        Self::OutOfMemory,
        Self::GpuOutOfMemory,
        Self::BadSpec,
        Self::BadData,
        Self::Unavailable,
        Self::CannotWrite,
        Self::ProgramError,
        Self::NoResults,
    ];

    /// The word in tables and on command lines: as in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Diverged => "diverged",
            Self::Checkpointed => "checkpointed",
            Self::Stopped => "stopped",
            Self::Killed => "killed",
            Self::Lost => "lost",
            Self::OutOfMemory => "out-of-memory",
            Self::GpuOutOfMemory => "gpu-out-of-memory",
            Self::BadSpec => "bad-spec",
            Self::BadData => "bad-data",
            Self::Unavailable => "unavailable",
            Self::CannotWrite => "cannot-write",
            Self::ProgramError => "program-error",
            Self::NoResults => "no-results",
        }
    }

    /// The cause of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// One execution of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When it started: RFC 3339, UTC.
    pub started: String,
    /// When it ended; absent while it runs or when its end was not seen.
    pub ended: Option<String>,
    /// Wall-clock seconds from start to end.
    pub seconds: Option<f64>,
    /// The node.
    pub host: String,
    /// Process id of the supervisor on that node.
    pub process: u32,
    /// GPU of the attempt as the launcher chose it (`CUDA_VISIBLE_DEVICES`), if any.
    pub gpu: Option<String>,
    /// Exit code of the trainer.
    pub exit_code: Option<i32>,
    /// Signal that ended the trainer.
    pub signal: Option<i32>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// The last words of the trainer's log, when it failed.
    pub message: Option<String>,
    /// Whether it was warned that its time was nearly up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warned: bool,
    /// Whether it was told to stop, by a person, a preemption or the launcher: it did not leave of its own accord.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
    /// On what it was carried out; absent in records of versions that did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Node>,
}

/// On what an attempt was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Node {
    /// Version of the supervisor.
    pub seedbed: String,
    /// The task of Slurm that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<NodeTask>,
    /// The GPUs that it could see, as far as that could be found out without keeping the trainer waiting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<Gpu>,
    /// Version of the GPUs' driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
}

/// A task of Slurm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NodeTask {
    /// The job or the array's task, as Slurm writes it: `123_4`.
    pub job: String,
    /// The node, as Slurm calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// How often Slurm had queued it again before.
    pub restarts: u32,
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gpu {
    /// Its model: `NVIDIA A100-SXM4-80GB`.
    pub model: String,
    /// Its memory in mebibytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
}

/// The content of `status.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Status {
    /// [`crate::SCHEMA`] of the writer.
    pub schema: u32,
    /// The run.
    pub run: RunId,
    /// Where it stands.
    pub state: State,
    /// Digest of `results.csv`; present exactly when the state is done. A run counts as complete only while it matches.
    pub results: Option<Digest>,
    /// Every attempt, oldest first.
    pub attempts: Vec<Attempt>,
}

/// Where a run was computed from some step on: what its bits depend on besides its spec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Place {
    /// The first optimiser step, from 0, that was taken there.
    pub from_step: u64,
    /// Device in words, as in [`Facts::device`].
    pub device: String,
    /// The instructions that it has: `AVX512+AMX`, or a GPU's compute capability such as `9.0`.
    pub capability: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// How many processes shared the run, each with a device of its own; versions that could not tell left it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranks: Option<u32>,
}

impl Place {
    /// Whether this is the other place, as far as is known and from whatever step.
    pub fn is_like(&self, other: &Self) -> bool {
        let both_tell = self.ranks.is_some() && other.ranks.is_some();
        let what_counts =
            |place: &Self| Self { from_step: 0, ranks: place.ranks.filter(|_| both_tell), ..place.clone() };
        what_counts(self) == what_counts(other)
    }
}

/// `facts.json`: what the built-in trainer says about itself when a run starts. Another trainer may leave it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Facts {
    /// [`crate::SCHEMA`] of the writer.
    pub schema: u32,
    /// The run.
    pub run: RunId,
    /// Device in words: `cpu (2 threads, avx512)`, `NVIDIA A100-SXM4-80GB`.
    pub device: String,
    /// Versions by component: trainer, libtorch, CUDA.
    pub versions: BTreeMap<String, String>,
    /// Parameters by component.
    pub parameters: crate::budget::ParameterCount,
    /// Width of the feed-forward layer after matching.
    pub feed_forward_width: u32,
    /// Floating-point operations of one trained token, by [`crate::budget::flops_per_token`] with the lengths of the
    /// run's own stories; absent in records of versions that did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flops_per_token: Option<f64>,
    /// Where the run has been computed so far, oldest first: more than one if an attempt went on elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// Optimiser steps that the run will take.
    pub steps: u64,
    /// Stories of the training set.
    pub training_stories: u64,
    /// Tokens of the training set after truncation, each story counted once; how many a run has seen of them, passes
    /// over the set included, its checkpoint and its model card say.
    pub training_tokens: u64,
}

/// `outcome.json`: how the built-in trainer says that training ended. Another trainer may leave it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Outcome {
    /// [`crate::SCHEMA`] of the writer.
    pub schema: u32,
    /// The run.
    pub run: RunId,
    /// The last optimiser step that was taken.
    pub step: u64,
    /// For a diverged run, what was seen.
    pub divergence: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_an_earlier_version_is_read() {
        let text = r#"{"number":1,"started":"t","ended":null,"seconds":null,"host":"h","process":1,"gpu":null,
            "exit-code":null,"signal":null,"cause":"out-of-memory","message":null}"#;
        let attempt: Attempt = serde_json::from_str(text).unwrap();
        assert_eq!((attempt.warned, attempt.told, &attempt.node), (false, false, &None));
        let written = serde_json::to_value(&attempt).unwrap();
        assert!(["warned", "told", "node"].iter().all(|key| written.get(key).is_none()));
    }

    #[test]
    fn a_place_of_an_earlier_version_may_be_any_number_of_ranks() {
        let place = |ranks: &str| -> Place {
            let text = r#"{"from-step":STEP,"device":"d","capability":"c","libtorch":"2""#;
            serde_json::from_str(&format!("{}{ranks}}}", text.replace("STEP", &ranks.len().to_string()))).unwrap()
        };
        let (unknown, one, four) = (place(""), place(r#","ranks":1"#), place(r#","ranks":4"#));
        assert!(unknown.is_like(&four) && four.is_like(&unknown) && unknown.is_like(&one) && four.is_like(&four));
        assert!(!one.is_like(&four) && !unknown.is_like(&Place { device: "e".to_owned(), ..unknown.clone() }));
        assert!(!serde_json::to_string(&unknown).unwrap().contains("ranks"));
    }

    #[test]
    fn causes_have_the_names_of_their_records() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
            assert_eq!(Cause::from_name(cause.name()), Some(cause));
        }
    }
}
