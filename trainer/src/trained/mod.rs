//! A trained model at rest: spec, weights, tokenizer, and where it comes from.
//!
//! It lies in one of two forms, and [`TrainedModel::open`] reads both:
//!
//! - a run's directory ([`run`]): `run.json` and a checkpoint;
//! - a model folder ([`folder`]): what [`crate::export`] and [`crate::import`] write. It is a model of Hugging Face's
//!   (`config.json`, `model.safetensors`, `tokenizer.json` …) with a `seedbed.json` beside them that holds the spec.
//!
//! [`parts`] says which of a tokenizer's tokens begin, end and pad a text. [`tensors`] reads safetensors files and says
//! everything that does not fit a network at once; [`portable`] knows the one difference between the trainer's tensors
//! and Hugging Face's; [`origin`] is a model's history.

pub mod error;
pub mod folder;
pub mod origin;
pub mod parts;
pub mod portable;
pub mod run;
pub mod tensors;

use std::collections::BTreeMap;
use std::path::Path;

use spec::model::ModelSpec;
use spec::setting;
use spec::train::Precision;
use spec::value::Value;
use tch::{Device, Tensor};

pub use error::TrainedError;
pub use origin::Origin;

use crate::data::Tokenizer;
use crate::model::Model;

/// A model that can be asked and handed on.
#[derive(Debug)]
pub struct TrainedModel {
    /// The network.
    pub spec: ModelSpec,
    /// Its parameters in fp32 on the processor, by the names of [`crate::model::declarations`].
    pub weights: BTreeMap<String, Tensor>,
    /// Text to ids and back.
    pub tokenizer: Tokenizer,
    /// Where it comes from.
    pub origin: Origin,
}

impl TrainedModel {
    /// The model in `directory`: a run's, or a model folder. `cache` is where a run's tokenizer lies if not in its
    /// sweep; `note` hears what a person should know.
    ///
    /// # Errors
    /// When the directory is neither, or what is in it is damaged or does not fit together.
    pub fn open(directory: &Path, cache: Option<&Path>, note: &mut dyn FnMut(&str)) -> Result<Self, TrainedError> {
        if directory.join(folder::RECORD).exists() {
            return folder::read(directory);
        }
        if spec::layout::RunLayout::new(directory).spec().exists() {
            return run::read(directory, cache, note);
        }
        Err(TrainedError::NotAModel { path: directory.to_owned() })
    }

    /// The network on `device`, in fp32 whatever precision it was trained in.
    pub fn model(&self, device: Device) -> Model {
        self.model_in(device, Precision::Fp32)
    }

    /// The network on `device`, its products in `precision`.
    pub fn model_in(&self, device: Device, precision: Precision) -> Model {
        let model = Model::new(&self.spec, &mut |name| self.weights[name].to_device(device), precision);
        model.with_padding(self.tokenizer.specials().pad)
    }
}

/// Whether a network that a file describes can be built: what the settings of a run make sure of.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn check_spec(spec: &ModelSpec) -> Result<(), String> {
    let ModelSpec { hidden_size, heads, layers, context, vocabulary, .. } = spec;
    if *heads == 0 || *hidden_size == 0 || !hidden_size.is_multiple_of(*heads) {
        return Err(format!("{heads} heads do not divide a hidden size of {hidden_size}"));
    }
    if *layers == 0 || *context == 0 || spec.feed_forward.width() == 0 {
        return Err("layers, context and feed-forward width must be 1 or more".to_owned());
    }
    if !(1..=1 << 16).contains(vocabulary) {
        return Err(format!("a vocabulary of {vocabulary} is outside 1..=65536"));
    }
    // As those of a run: a probability is one, and nothing overflows.
    let mut numbers = vec![
        ("model.hidden-size", Value::from(i64::from(*hidden_size))),
        ("model.layers", Value::from(i64::from(*layers))),
        ("model.ffn-size", Value::from(i64::from(spec.feed_forward.width()))),
        ("model.dropout", Value::Float(spec.dropout)),
        ("model.attention-dropout", Value::Float(spec.attention_dropout)),
        ("model.layer-norm-epsilon", Value::Float(spec.layer_norm_epsilon)),
        ("model.init-std", Value::Float(spec.initialisation.std())),
    ];
    numbers.extend(spec.window.map(|window| ("model.window", Value::from(i64::from(window)))));
    for (key, value) in numbers {
        let setting = setting::find(key).expect("invariant: these keys are in the table");
        setting.accept(&value).map_err(|error| error.to_string())?;
    }
    let most = i64::from(*context);
    if most > 1 << 20 {
        return Err(format!("a context of {most} is above {}", 1 << 20));
    }
    spec.feed_forward.check(*hidden_size).map_err(|error| error.to_string())
}
