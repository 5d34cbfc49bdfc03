//! How the feed-forward layers of the study of 2024 started.
//!
//! What `transformers` knows by a name, the study asked for by that name. Everything else were modules of its own, put
//! into the network after all weights had started by one rule: their linear maps kept PyTorch's start, U(±1/√fan-in)
//! with biases alike, instead of N(0, 0.02²) with biases of 0. In its decoder these modules were the whole layer, in
//! its encoder the first half. And most of its scripts started the weights from seed 42 whatever the run's, which then
//! moved the data alone (tiny-transformers of AISE, TU Delft, `code/filip/activations_{gpt_neo,roberta}.py` and
//! `*_train.py`).

use super::activation::{Activation, StaticFunction};
use super::layer::FeedForward;
use super::learned::LearnedFunction;
use crate::model::Architecture;

/// Which maps of a layer start as PyTorch starts them, and from which seed its network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelftStart {
    /// The map into the hidden layer, and the one that a gate multiplies.
    pub input: bool,
    /// The map back.
    pub output: bool,
    /// The seed of all weights of the network, where it was not the run's.
    pub seed: Option<u64>,
}

/// The seed that scripts without one took.
const SEED: u64 = 42;

impl DelftStart {
    /// How the study would have started this layer.
    pub fn of(layer: &FeedForward, architecture: Architecture) -> Self {
        let is_decoder = architecture == Architecture::GptNeo;
        match layer {
            FeedForward::Plain { activation: Activation::Static(function), .. }
                if *function != StaticFunction::Identity =>
            {
                Self { input: false, output: false, seed: None }
            }
            FeedForward::Plain { activation, .. } => {
                Self { input: true, output: is_decoder, seed: (!takes_a_seed(activation)).then_some(SEED) }
            }
            FeedForward::Gated { .. } => Self { input: true, output: is_decoder, seed: Some(SEED) },
            // Their edges start by a rule of their own, and the encoder's map back was not the study's.
            _ => Self { input: false, output: false, seed: Some(SEED) },
        }
    }
}

/// Whether the script was one that took a seed for the weights: of the learned functions the one for gelu was.
fn takes_a_seed(activation: &Activation) -> bool {
    matches!(activation, Activation::Learned(learned)
        if matches!(learned.function, LearnedFunction::DelftLearnableGelu | LearnedFunction::LearnableGelu))
}
