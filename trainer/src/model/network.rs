//! A network of either architecture, and what training and evaluation ask of it.

use spec::model::{Architecture, ModelSpec};
use spec::train::Precision;
use tch::Tensor;

use super::gpt_neo::GptNeo;
use super::linear::Weights;
use super::packed::Packed;
use super::roberta::Roberta;
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

    /// `[T, hidden]` in fp32: what transformers calls the last hidden state, one row for every token of the batch.
    pub fn hidden(&self, batch: &Packed, dropout: Dropout) -> Tensor {
        match &self.network {
            Network::GptNeo(network) => network.hidden(batch, dropout),
            Network::Roberta(network) => network.hidden(batch, dropout),
        }
    }

    /// Sum over scored positions of −ln p(target), in nats: an fp32 scalar. The head runs on scored rows only.
    pub fn loss(&self, batch: &Packed, dropout: Dropout) -> Tensor {
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

    fn scored_rows(&self, batch: &Packed, dropout: Dropout) -> Tensor {
        self.hidden(batch, dropout).index_select(0, &batch.scored)
    }

    fn decode(&self, rows: &Tensor, score: impl FnOnce(&super::head::Decoder<'_>, &Tensor) -> Tensor) -> Tensor {
        match &self.network {
            Network::GptNeo(network) => score(&network.decoder(), rows),
            Network::Roberta(network) => score(&network.decoder(), &network.transform(rows)),
        }
    }
}
