//! A network of either architecture, and what training and evaluation ask of it.

use native::stopwatch::{self, Phase};
use spec::model::{Architecture, ModelSpec};
use spec::train::Precision;
use tch::{Device, Kind, Tensor};

use super::gpt_neo::GptNeo;
use super::head::Decoder;
use super::linear::Weights;
use super::masked::MaskedCopies;
use super::packed::Packed;
use super::reading::Reading;
use super::roberta::Roberta;
use super::tree::Tree;
use crate::streams::Dropout;

/// A decoder or an encoder with its language-modelling head.
#[derive(Debug)]
pub struct Model {
    network: Network,
}

#[derive(Debug)]
enum Network {
    GptNeo(GptNeo),
    Roberta(Roberta),
}

impl Model {
    /// The network of `spec` over the tensors that `weights` gives for each name of
    /// [`declarations`](super::declare::declarations).
    ///
    /// The tensors are kept, not copied: a later change in place is seen by the next forward pass.
    pub fn new(spec: &ModelSpec, weights: &mut dyn FnMut(&str) -> Tensor, precision: Precision) -> Self {
        let mut weights = Weights { tensor: weights, precision };
        let network = match spec.architecture {
            Architecture::GptNeo => Network::GptNeo(GptNeo::new(spec, &mut weights)),
            Architecture::Roberta => Network::Roberta(Roberta::new(spec, &mut weights)),
        };
        Self { network }
    }

    /// The same network for a tokenizer with this padding id instead of 0, from which an encoder's positions follow: a
    /// decoder's do not.
    #[must_use]
    pub fn with_padding(self, id: u16) -> Self {
        let network = match self.network {
            Network::GptNeo(network) => Network::GptNeo(network),
            Network::Roberta(network) => Network::Roberta(network.with_padding(id)),
        };
        Self { network }
    }

    /// `[T, hidden]` in fp32: what transformers calls the last hidden state, one row for every token of the batch.
    pub fn hidden(&self, batch: &Packed, dropout: Dropout) -> Tensor {
        match &self.network {
            Network::GptNeo(network) => network.hidden(batch, dropout).to_kind(Kind::Float),
            Network::Roberta(network) => network.hidden(batch, dropout),
        }
    }

    /// `[R, hidden]` in fp32: the rows of [`Self::hidden`] at the tokens of `reading`, which must be of this batch.
    pub fn read(&self, batch: &Packed, reading: &Reading, dropout: Dropout) -> Tensor {
        match &self.network {
            Network::GptNeo(network) => network.read(batch, reading, dropout),
            Network::Roberta(network) => network.read(batch, reading, dropout),
        }
    }

    /// Sum over scored positions of −ln p(target), in nats: an fp32 scalar. The head runs on scored rows only.
    pub fn loss(&self, batch: &Packed, dropout: Dropout) -> Tensor {
        stopwatch::enter(Phase::Embedding);
        let rows = self.scored_rows(batch, dropout);
        self.decode(&rows, |decoder, rows| decoder.loss(rows, &batch.targets))
    }

    /// `[S]` in fp32: ln p(target) of every scored position, without dropout and without gradients.
    pub fn log_probabilities(&self, batch: &Packed) -> Tensor {
        tch::no_grad(|| {
            let rows = self.scored_rows(batch, Dropout::off());
            self.decode(&rows, |decoder, rows| decoder.log_probabilities(rows, &batch.targets))
        })
    }

    /// `[questions]` in fp32: ln p of every question of a tree, without dropout and without gradients.
    ///
    /// # Panics
    /// When the network is an encoder: what a token is there depends on what follows it.
    pub fn tree_log_probabilities(&self, tree: &Tree<'_>, device: Device) -> Tensor {
        let Network::GptNeo(network) = &self.network else { panic!("invariant: only a decoder reads a tree") };
        tch::no_grad(|| {
            let batch = tree.pack(device);
            let rows = network.hidden(&batch, Dropout::off());
            network.decoder().answers(&rows, tree.asked, &batch.targets)
        })
    }

    /// `[copies]` in fp32: ln p of the hidden token that each copy is asked for, without dropout and without gradients.
    ///
    /// # Panics
    /// When the network is a decoder, which sees no token that follows.
    pub fn masked_log_probabilities(&self, copies: &MaskedCopies<'_>, device: Device) -> Tensor {
        let Network::Roberta(network) = &self.network else { panic!("invariant: only an encoder fills gaps") };
        tch::no_grad(|| {
            let rows = network.transform(&network.asked_rows(copies, device));
            let asked: Vec<i64> = (0..copies.asked.len() as i64).collect();
            network.decoder().answers(&rows, &asked, &Tensor::from_slice(copies.targets).to_device(device))
        })
    }

    /// `[S, vocabulary]` in fp32: the logits at every scored position, without dropout and without gradients.
    pub fn logits(&self, batch: &Packed) -> Tensor {
        tch::no_grad(|| {
            let rows = self.scored_rows(batch, Dropout::off());
            self.decode(&rows, Decoder::logits)
        })
    }

    fn scored_rows(&self, batch: &Packed, dropout: Dropout) -> Tensor {
        self.hidden(batch, dropout).index_select(0, &batch.scored)
    }

    fn decode<'a>(&'a self, rows: &Tensor, score: impl FnOnce(&Decoder<'a>, &Tensor) -> Tensor) -> Tensor {
        match &self.network {
            Network::GptNeo(network) => score(&network.decoder(), rows),
            Network::Roberta(network) => score(&network.decoder(), &network.transform(rows)),
        }
    }
}

/// `x`, where this phase of a step begins; backward, where it ends.
pub(super) fn enter(phase: Phase, x: Tensor) -> Tensor {
    // Without a stopwatch, and in evaluation, the tensor itself.
    stopwatch::border(&x, phase).unwrap_or(x)
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
