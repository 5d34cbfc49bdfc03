//! A trained network with a new head: what is tuned.
//!
//! The head is that of transformers' sequence classifiers. A decoder's (`GPTNeoForSequenceClassification`) is one
//! linear map without a bias of the state at the last token; an encoder's (`RobertaForSequenceClassification`) is
//! dropout, a dense layer with tanh, dropout and a linear map of the state at the first token. Where a task asks about
//! words, their mean states stand beside that state. The head starts from N(0, std²) with the network's own std, and
//! zero biases.

use std::collections::BTreeMap;

use spec::model::{Architecture, ModelSpec};
use spec::train::Precision;
use tch::{Device, Kind, Reduction, Tensor};

use super::packing::Pack;
use crate::model::{self, Model};
use crate::parameters::{Declaration, ParameterError, Parameters, Start};
use crate::streams::Dropout;
use crate::trained::TrainedModel;

/// The shape of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadShape {
    /// Spans that it reads beside the text.
    pub spans: i64,
    /// Numbers that it says.
    pub outputs: i64,
}

/// A network with a head, and the parameters of both.
#[derive(Debug)]
pub struct Network {
    model: Model,
    head: BTreeMap<&'static str, Tensor>,
    dropout: f64,
    /// The parameters in one flat buffer, the head's among them.
    pub parameters: Parameters,
    /// Where it computes.
    pub device: Device,
}

const DECODER: &str = "score.weight";
const DENSE: [&str; 2] = ["classifier.dense.weight", "classifier.dense.bias"];
const OUTPUT: [&str; 2] = ["classifier.out_proj.weight", "classifier.out_proj.bias"];

impl Network {
    /// `trained` with a fresh head, whose start depends on `seed` alone.
    ///
    /// # Errors
    /// When libtorch cannot hold the parameters.
    pub fn new(trained: &TrainedModel, shape: HeadShape, seed: u64, device: Device) -> Result<Self, ParameterError> {
        let head = head(&trained.spec, shape);
        let names: Vec<&'static str> = head.iter().map(|(name, _)| *name).collect();
        // The trained weights replace what stands here, so nothing is drawn for them.
        let body = model::declarations(&trained.spec).into_iter();
        let body = body.map(|declaration| Declaration { start: Start::Constant(0.0), ..declaration });
        let declarations = body.chain(head.into_iter().map(|(_, declaration)| declaration)).collect();
        let parameters = Parameters::new(declarations, seed, device)?;
        tch::no_grad(|| {
            for (name, tensor) in &trained.weights {
                parameters.leaf(name).copy_(tensor);
            }
        });
        let model = Model::new(&trained.spec, &mut |name| parameters.leaf(name), Precision::Fp32);
        let model = model.with_padding(trained.tokenizer.specials().pad);
        let head = names.into_iter().map(|name| (name, parameters.leaf(name))).collect();
        Ok(Self { model, head, dropout: trained.spec.dropout, parameters, device })
    }

    /// `[inputs, outputs]` in fp32: what the head says of each text of `pack`.
    pub fn say(&self, pack: &Pack, dropout: Dropout) -> Tensor {
        let states = self.model.read(&pack.packed, &pack.reading, dropout);
        let features = pack.features(&states);
        if let Some(weight) = self.head.get(DECODER) {
            return features.linear::<&Tensor>(weight, None);
        }
        let linear = |x: &Tensor, [weight, bias]: [&str; 2]| x.linear(&self.head[weight], Some(&self.head[bias]));
        let features = dropout.apply("classifier.features", features, self.dropout);
        let dense = linear(&features, DENSE).tanh();
        linear(&dropout.apply("classifier.dense", dense, self.dropout), OUTPUT)
    }
}

/// The sum over the questions of a pack of −ln p(right): of the right class, or of the right candidates together.
pub fn loss(said: &Tensor, pack: &Pack) -> Tensor {
    if let Some(classes) = &pack.classes {
        return said.cross_entropy_loss::<&Tensor>(classes, None, Reduction::Sum, -100, 0.0);
    }
    let candidates = said.squeeze_dim(-1).split_with_sizes(&pack.candidates, 0);
    let each = candidates.iter().zip(&pack.right).map(|(numbers, right)| {
        let right = numbers.index_select(0, right);
        numbers.logsumexp(0, false) - right.logsumexp(0, false)
    });
    Tensor::stack(&each.collect::<Vec<_>>(), 0).sum(Kind::Float)
}

/// The parameters of the head.
fn head(spec: &ModelSpec, shape: HeadShape) -> Vec<(&'static str, Declaration)> {
    let std = spec.initialisation.std();
    let hidden = i64::from(spec.hidden_size);
    let features = hidden * (1 + shape.spans);
    let matrix = |name: &'static str, shape: [i64; 2]| (name, shape.to_vec(), Start::Normal { std }, true);
    let bias = |name: &'static str, size: i64| (name, vec![size], Start::Constant(0.0), false);
    let parts = match spec.architecture {
        Architecture::GptNeo => vec![matrix(DECODER, [shape.outputs, features])],
        Architecture::Roberta => vec![
            matrix(DENSE[0], [hidden, features]),
            bias(DENSE[1], hidden),
            matrix(OUTPUT[0], [shape.outputs, hidden]),
            bias(OUTPUT[1], shape.outputs),
        ],
    };
    let declare = |(name, shape, start, decays): (&'static str, Vec<i64>, Start, bool)| {
        (name, Declaration { name: name.to_owned(), shape, start, decays })
    };
    parts.into_iter().map(declare).collect()
}
