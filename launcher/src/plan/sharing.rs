//! Whether the GPUs of a run have something to do.
//!
//! The forward passes of a step are dealt out to the ranks of a run in turn. With P passes and N ranks a step takes as long as
//! ⌈P/N⌉ passes in place of P, whatever else is perfect; N runs side by side take as long as N steps in turn on one GPU each.

use std::collections::BTreeSet;

use serde::Serialize;
use spec::train::{Averaging, Batch};
use spec::{Program, RunSpec, Study};

use super::cost::TOKENS_PER_STORY;

/// Less than this part of the GPUs' time in use is worth a word.
const ENOUGH: f64 = 0.8;

/// A way in which runs leave GPUs idle: an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct IdleGpus {
    /// GPUs of a run.
    pub gpus: u32,
    /// Forward passes of one of its steps.
    pub passes: u64,
}

impl IdleGpus {
    /// The ways of these runs, each once.
    pub(super) fn of<'a>(runs: impl Iterator<Item = &'a RunSpec>) -> Vec<Self> {
        let idle = |run: &RunSpec| {
            let Program::Builtin(study) = &run.program else { return None };
            let found = Self { gpus: run.ranks(), passes: passes(study) };
            (found.gpus > 1 && found.speedup() < ENOUGH * f64::from(found.gpus)).then_some(found)
        };
        runs.filter_map(idle).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// How many times as fast as on one GPU a run can be at best.
    fn speedup(self) -> f64 {
        let turns = self.passes.div_ceil(u64::from(self.gpus)).max(1);
        self.passes as f64 / turns as f64
    }

    /// In words, one line.
    pub(super) fn line(self) -> String {
        let Self { gpus, passes } = self;
        format!(
            "{gpus} GPUs a run: a step has about {passes} forward pass{} to share (train.micro-batch-tokens), so a run is at most \
             {:.1} times as fast as on one; {gpus} runs side by side, with resources.gpus = 1, use all",
            if passes == 1 { "" } else { "es" },
            self.speedup()
        )
    }
}

/// Forward passes of a step, about.
fn passes(study: &Study) -> u64 {
    let story = TOKENS_PER_STORY.min(f64::from(study.model.context));
    let tokens = match study.train.batch {
        Batch::Tokens(tokens) => tokens as f64,
        Batch::Stories(stories) => stories as f64 * story,
    };
    let by_tokens = (tokens / study.train.micro_batch_tokens as f64).ceil() as u64;
    match study.train.averaging {
        Averaging::Tokens => by_tokens.max(1),
        Averaging::MicroBatches { stories } => by_tokens.max((tokens / story / stories as f64).ceil() as u64).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_without_work_are_said_with_what_would_use_them() {
        let idle = IdleGpus { gpus: 4, passes: 1 };
        assert_eq!(
            idle.line(),
            "4 GPUs a run: a step has about 1 forward pass to share (train.micro-batch-tokens), so a run is at most 1.0 times as \
             fast as on one; 4 runs side by side, with resources.gpus = 1, use all"
        );
        // 5 passes on 4 GPUs take two turns.
        assert!((IdleGpus { gpus: 4, passes: 5 }.speedup() - 2.5).abs() < 1e-12);
        assert!((IdleGpus { gpus: 4, passes: 8 }.speedup() - 4.0).abs() < 1e-12);
    }
}
