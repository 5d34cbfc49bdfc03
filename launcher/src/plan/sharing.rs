//! Whether the GPUs of a run have something to do.
//!
//! The forward passes of a step are dealt out to the ranks of a run in turn. With P passes of t seconds and N ranks a step takes
//! ⌈P/N⌉·t in place of P·t, and what the sum of the gradients takes beyond the backward part of the last pass, two thirds of it,
//! behind which it hides. A sum over a ring sends 2(N − 1)/N times the gradients (Patarasu and Yuan 2009). N runs side by side take
//! as long as N steps in turn on one GPU each.

use std::collections::BTreeMap;

use serde::Serialize;
use spec::budget::{self, ParameterCount};
use spec::train::{Averaging, Batch};
use spec::{Program, RunSpec, Study};

use super::cost::TOKENS_PER_STORY;

/// Less than this part of the GPUs' time in use is worth a word.
const ENOUGH: f64 = 0.8;

/// What a GPU is taken to compute in a second, in operations: a third of what an A100 can in bfloat16.
const SPEED: f64 = 1e14;

/// Bytes that two GPUs are taken to exchange in a second: PCI Express 4.0, as between GPUs of one node without links of their own.
const EXCHANGE: f64 = 2.5e10;

/// The part of a pass that is its way back.
const BACKWARD: f64 = 2.0 / 3.0;

/// A way in which runs leave GPUs idle: an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct IdleGpus {
    /// GPUs of a run.
    pub gpus: u32,
    /// Forward passes of one of its steps.
    pub passes: u64,
    /// Operations of one of them, with its way back.
    pub pass_flops: f64,
    /// Bytes of the gradients that the GPUs sum in every step.
    pub gradient_bytes: u64,
}

impl IdleGpus {
    /// The ways of these runs: of those with as many GPUs and passes the one that gains least.
    pub(super) fn of<'a>(runs: impl Iterator<Item = &'a RunSpec>) -> Vec<Self> {
        let mut found: BTreeMap<(u32, u64), Self> = BTreeMap::new();
        for run in runs.filter(|run| run.ranks() > 1) {
            let Program::Builtin(study) = &run.program else { continue };
            let way = Self::of_run(run.ranks(), study);
            if way.speedup() < ENOUGH * f64::from(way.gpus) {
                let worst = found.entry((way.gpus, way.passes)).or_insert(way);
                if way.speedup() < worst.speedup() {
                    *worst = way;
                }
            }
        }
        found.into_values().collect()
    }

    fn of_run(gpus: u32, study: &Study) -> Self {
        let (tokens, passes) = (tokens(study), passes(study));
        let attended = budget::attended(study.model.architecture, story(study));
        Self {
            gpus,
            passes,
            pass_flops: tokens / passes as f64 * budget::flops_per_token(&study.model, attended),
            gradient_bytes: 4 * ParameterCount::of(&study.model).total(),
        }
    }

    /// How many times as fast as on one GPU a run can be at best.
    fn speedup(self) -> f64 {
        let pass = self.pass_flops / SPEED;
        let turns = self.passes.div_ceil(u64::from(self.gpus)).max(1) as f64;
        let gpus = f64::from(self.gpus);
        let sum = 2.0 * (gpus - 1.0) / gpus * self.gradient_bytes as f64 / EXCHANGE;
        let unhidden = (sum - BACKWARD * pass).max(0.0);
        self.passes as f64 * pass / (turns * pass + unhidden)
    }

    /// In words, one line.
    pub(super) fn line(self) -> String {
        let Self { gpus, passes, gradient_bytes, .. } = self;
        format!(
            "{gpus} GPUs a run: a step has about {passes} forward pass{} to share (train.micro-batch-tokens) and {:.0} MB of \
             gradients to sum, so a run is at most {:.1} times as fast as on one (at {:.0} TFLOP/s a GPU and {:.0} GB/s between \
             them); {gpus} runs side by side, with resources.gpus = 1, use all",
            if passes == 1 { "" } else { "es" },
            gradient_bytes as f64 / 1e6,
            self.speedup(),
            SPEED / 1e12,
            EXCHANGE / 1e9,
        )
    }
}

/// Tokens of a story, about.
fn story(study: &Study) -> f64 {
    TOKENS_PER_STORY.min(f64::from(study.model.context))
}

/// Tokens of a step, about.
fn tokens(study: &Study) -> f64 {
    match study.train.batch {
        Batch::Tokens(tokens) => tokens as f64,
        Batch::Stories(stories) => stories as f64 * story(study),
    }
}

/// Forward passes of a step, about.
fn passes(study: &Study) -> u64 {
    let tokens = tokens(study);
    let by_tokens = (tokens / study.train.micro_batch_tokens as f64).ceil() as u64;
    match study.train.averaging {
        Averaging::Tokens => by_tokens.max(1),
        Averaging::MicroBatches { stories } => {
            by_tokens.max((tokens / story(study) / stories as f64).ceil() as u64).max(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_without_work_are_said_with_what_would_use_them() {
        let idle = IdleGpus { gpus: 4, passes: 1, pass_flops: 1e12, gradient_bytes: 38_343_000 };
        assert_eq!(
            idle.line(),
            "4 GPUs a run: a step has about 1 forward pass to share (train.micro-batch-tokens) and 38 MB of gradients to sum, so a \
             run is at most 1.0 times as fast as on one (at 100 TFLOP/s a GPU and 25 GB/s between them); 4 runs side by side, with \
             resources.gpus = 1, use all"
        );
    }

    #[test]
    fn turns_and_sums_are_what_a_step_takes() {
        let speedup =
            |passes, pass_flops, gradient_bytes| IdleGpus { gpus: 4, passes, pass_flops, gradient_bytes }.speedup();
        let near =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
        // 5 passes on 4 GPUs take two turns; the sum of 1 MB hides behind a pass of 10 ms.
        near(speedup(5, 1e12, 1_000_000), 2.5);
        near(speedup(8, 1e12, 1_000_000), 4.0);
        // 1 GB: 60 ms for the sum, of which 6.67 hide; 80 ms of passes become 20.
        near(speedup(8, 1e12, 1_000_000_000), 80.0 / (20.0 + 60.0 - 20.0 / 3.0));
    }
}
