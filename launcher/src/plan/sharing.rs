//! Whether the GPUs of a run have something to do.
//!
//! The forward passes of a step are dealt out to the ranks of a run in turn. With P passes of t seconds and N ranks a
//! step takes ⌈P/N⌉·t in place of P·t, and what of the sum of the gradients does not hide behind the way back of the
//! last pass, two thirds of it: at least that of the token table, whose gradient is complete last. A sum over a ring
//! sends 2(N − 1)/N times the gradients (Patarasuk and Yuan 2009). N runs side by side take as long as N steps in turn
//! on one GPU each.

use std::collections::BTreeMap;

use serde::Serialize;
use spec::budget::{self, ParameterCount};
use spec::train::{Averaging, Batch, Precision};
use spec::{Program, RunSpec, Study};

use super::cost::TOKENS_PER_STORY;

/// Less than this part of the GPUs' time in use is worth a word.
const ENOUGH: f64 = 0.8;

/// What a GPU is taken to compute in a second, in operations, by precision: of what an A100 can at most, a third in
/// bfloat16 and half in fp32.
fn speed(precision: Precision) -> f64 {
    match precision {
        Precision::Bf16 => 1e14,
        Precision::Fp32 => 1e13,
    }
}

/// Bytes that two GPUs are taken to exchange in a second: PCI Express 4.0, as between GPUs of one node without links of
/// their own.
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
    /// Seconds that one of them takes with its way back.
    pub pass_seconds: f64,
    /// Bytes of the gradients that the GPUs sum in every step.
    pub gradient_bytes: u64,
    /// Those of them that are the token table's.
    pub table_bytes: u64,
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
        let passes = passes(study);
        let flops = tokens(study) / passes as f64 * flops_per_token(study);
        Self {
            gpus,
            passes,
            pass_seconds: flops / speed(study.train.precision),
            gradient_bytes: 4 * ParameterCount::of(&study.model).total(),
            table_bytes: 4 * u64::from(study.model.vocabulary) * u64::from(study.model.hidden_size),
        }
    }

    /// About how many times as fast as on one GPU a run is.
    fn speedup(self) -> f64 {
        let (gpus, passes) = (f64::from(self.gpus), self.passes as f64);
        let turns = self.passes.div_ceil(u64::from(self.gpus)).max(1) as f64;
        let sum = |bytes: u64| 2.0 * (gpus - 1.0) / gpus * bytes as f64 / EXCHANGE;
        let hidden = BACKWARD * self.pass_seconds;
        let unhidden = (sum(self.gradient_bytes) - hidden).max(sum(self.table_bytes));
        passes * self.pass_seconds / (turns * self.pass_seconds + unhidden)
    }

    /// In words, one line.
    pub(super) fn line(self) -> String {
        let Self { gpus, passes, gradient_bytes, .. } = self;
        format!(
            "{gpus} GPUs a run: a step has about {passes} forward pass{} to share (train.micro-batch-tokens) and {:.0} MB of \
             gradients to sum, so a run is about {:.1} times as fast as on one; {gpus} runs side by side, with one GPU each, use all",
            if passes == 1 { "" } else { "es" },
            gradient_bytes as f64 / 1e6,
            self.speedup(),
        )
    }
}

/// Operations that one trained token needs: of an encoder's head only those of the masked positions.
fn flops_per_token(study: &Study) -> f64 {
    let model = &study.model;
    let all = budget::flops_per_token(model, budget::attended(model.architecture, story(study)));
    let head = 6.0 * f64::from(model.vocabulary) * f64::from(model.hidden_size);
    all - study.train.mask_probability.map_or(0.0, |probability| (1.0 - probability) * head)
}

/// Tokens of a story, about.
pub(super) fn story(study: &Study) -> f64 {
    TOKENS_PER_STORY.min(f64::from(study.model.context))
}

/// Tokens of a step, about.
pub(super) fn tokens(study: &Study) -> f64 {
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
    use spec::Digest;
    use spec::setting::Settings;

    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9 * expected.abs(), "{found}, expected {expected}");
    }

    #[test]
    fn turns_and_sums_are_what_a_step_takes() {
        let speedup = |passes, gradient_bytes, table_bytes| {
            IdleGpus { gpus: 4, passes, pass_seconds: 0.01, gradient_bytes, table_bytes }.speedup()
        };
        // 5 passes on 4 GPUs take two turns; a sum of 1 MB hides behind a pass of 10 ms.
        near(speedup(5, 1_000_000, 0), 2.5);
        near(speedup(8, 1_000_000, 0), 4.0);
        // 1 GB: 60 ms for the sum, of which 6.67 hide; 80 ms of passes become 20.
        near(speedup(8, 1_000_000_000, 0), 80.0 / (20.0 + 60.0 - 20.0 / 3.0));
        // 100 MB would hide, but for the 50 MB that are there only at the end: 3 ms.
        near(speedup(8, 100_000_000, 50_000_000), 80.0 / 23.0);
    }

    #[test]
    fn the_studys_network_is_too_small_for_four_gpus() {
        let study = |precision: &str| {
            let mut settings = Settings::new();
            for (key, value) in [("train.precision", precision), ("data.corpus", "stories.txt")] {
                settings.give(spec::setting::find(key).unwrap(), &value.into()).unwrap();
            }
            Study::from_settings(&settings, &|_| Some(Digest::of(b"stories"))).unwrap()
        };
        let way = IdleGpus::of_run(4, &study("bf16"));
        // 9,585,664 parameters of four bytes, of which 10,000 rows of 512 are tokens.
        assert_eq!((way.gradient_bytes, way.table_bytes), (38_342_656, 20_480_000));
        near(IdleGpus::of_run(4, &study("fp32")).pass_seconds, 10.0 * way.pass_seconds);
        let (passes, words) = (way.passes, way.line());
        assert!(words.starts_with(&format!("4 GPUs a run: a step has about {passes} forward passes")), "{words}");
        assert!(words.contains("and 38 MB of gradients to sum, so a run is about"), "{words}");
        assert!(way.speedup() > 1.0 && way.speedup() < 4.0, "{words}");
    }
}
