//! A `config.json` of transformers, read as a network of the trainer.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use spec::feed_forward::FeedForward;
use spec::model::{Architecture, Initialisation, ModelSpec};
use spec::setting;

use super::error::ImportError;
use crate::export::form;
use crate::trained::{TrainedError, check_spec};

/// Model types of transformers.
const GPT_NEO: [&str; 1] = ["gpt_neo"];
const ROBERTA: [&str; 2] = ["roberta", "xlm-roberta"];
/// Model types under which the study's own classes are known.
const STUDY_GPT_NEO: [&str; 2] = ["gpt_neo_activations", "activations_gpt_neo"];
const STUDY_ROBERTA: [&str; 2] = ["roberta_activations", "activations_roberta"];
/// What its config of token classification says by default, which no language model uses.
const GPT_NEO_CLASSIFIER_DROPOUT: f64 = 0.1;

/// A `config.json`.
#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    fields: Value,
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or is no JSON.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        let text = std::fs::read(path).map_err(|source| TrainedError::read(path, source))?;
        let fields = serde_json::from_slice(&text).map_err(|error| TrainedError::unusable(path, error.to_string()))?;
        Ok(Self { path: path.to_owned(), fields })
    }

    /// What kind of model it is called.
    pub fn model_type(&self) -> &str {
        self.fields["model_type"].as_str().unwrap_or_default()
    }

    /// Whether it is one of the study's own classes, whose layer stands in no field of transformers'.
    pub fn is_of_study(&self) -> bool {
        STUDY_GPT_NEO.iter().chain(&STUDY_ROBERTA).any(|kind| *kind == self.model_type())
    }

    /// What the study's classes call their activation.
    pub fn custom_activation(&self) -> Option<&str> {
        self.fields["custom_activation"].as_str()
    }

    /// Whether its activation is one that keeps constants beside what it learns.
    pub fn is_xielu(&self) -> bool {
        ["activation_function", "hidden_act"].iter().any(|key| self.fields[*key] == "xielu")
    }

    /// The id in a field such as `pad_token_id`, if it is one of the vocabulary.
    pub fn id(&self, field: &str) -> Option<u16> {
        let id = self.fields[field].as_u64()?;
        let vocabulary = self.fields["vocab_size"].as_u64()?;
        u16::try_from(id).ok().filter(|_| id < vocabulary)
    }

    /// The network, with `layer` in the feed-forward place, or what the file names if that is `None`.
    ///
    /// # Errors
    /// When the file lacks a size, has a value out of its range, or asks for what the trainer does not have.
    pub fn spec(&self, layer: Option<FeedForward>) -> Result<ModelSpec, ImportError> {
        let spec = match self.architecture()? {
            Architecture::GptNeo => self.gpt_neo(layer)?,
            Architecture::Roberta => self.roberta(layer)?,
        };
        check_spec(&spec).map_err(|reason| TrainedError::unusable(&self.path, reason))?;
        Ok(spec)
    }

    /// Decoder or encoder.
    ///
    /// # Errors
    /// When it is another model.
    pub fn architecture(&self) -> Result<Architecture, ImportError> {
        let kind = self.model_type();
        match kind {
            kind if GPT_NEO.contains(&kind) || STUDY_GPT_NEO.contains(&kind) => Ok(Architecture::GptNeo),
            kind if ROBERTA.contains(&kind) || STUDY_ROBERTA.contains(&kind) => Ok(Architecture::Roberta),
            "" => Err(self.unsupported("it has no model_type; expected gpt_neo or roberta")),
            _ => Err(self.unsupported(&format!("the model type {kind:?}; expected gpt_neo or roberta"))),
        }
    }

    fn gpt_neo(&self, layer: Option<FeedForward>) -> Result<ModelSpec, ImportError> {
        let hidden_size = self.size("hidden_size")?;
        let context = self.size("max_position_embeddings")?;
        let layers = self.size("num_layers")?;
        let width = self.optional_size("intermediate_size").unwrap_or(4 * hidden_size);
        Ok(ModelSpec {
            architecture: Architecture::GptNeo,
            hidden_size,
            layers,
            heads: self.size("num_heads")?,
            feed_forward: self.layer(layer, "activation_function", "gelu_new", width)?,
            context,
            window: self.window(layers, context)?,
            vocabulary: self.size("vocab_size")?,
            dropout: self.float("resid_dropout", 0.0),
            attention_dropout: self.float("attention_dropout", 0.0),
            layer_norm_epsilon: self.float("layer_norm_epsilon", 1e-5),
            initialisation: Initialisation::Normal { std: self.float("initializer_range", 0.02) },
        })
    }

    fn roberta(&self, layer: Option<FeedForward>) -> Result<ModelSpec, ImportError> {
        if let Some(kind) = self.fields["position_embedding_type"].as_str().filter(|kind| *kind != "absolute") {
            return Err(self.unsupported(&format!("position_embedding_type {kind:?}; expected \"absolute\"")));
        }
        if self.fields["is_decoder"] == true {
            return Err(self.unsupported("a RoBERTa with is_decoder = true; expected an encoder"));
        }
        let rows = self.size("max_position_embeddings")?;
        let pad = u32::from(self.padding()?);
        let context = rows.checked_sub(pad + 1).ok_or_else(|| {
            self.unsupported(&format!("max_position_embeddings = {rows}: padding id {pad} leaves no position"))
        })?;
        let width = self.size("intermediate_size")?;
        Ok(ModelSpec {
            architecture: Architecture::Roberta,
            hidden_size: self.size("hidden_size")?,
            layers: self.size("num_hidden_layers")?,
            heads: self.size("num_attention_heads")?,
            feed_forward: self.layer(layer, "hidden_act", "gelu", width)?,
            context,
            window: None,
            vocabulary: self.size("vocab_size")?,
            dropout: self.float("hidden_dropout_prob", 0.1),
            attention_dropout: self.float("attention_probs_dropout_prob", 0.1),
            layer_norm_epsilon: self.float("layer_norm_eps", 1e-12),
            initialisation: Initialisation::Normal { std: self.float("initializer_range", 0.02) },
        })
    }

    /// The padding id of an encoder: where its positions begin. RoBERTa's own, where the file has none, is 1.
    ///
    /// # Errors
    /// When it is no id of the vocabulary.
    pub fn padding(&self) -> Result<u16, ImportError> {
        const FIELD: &str = "pad_token_id";
        let given = &self.fields[FIELD];
        if given.is_null() {
            return Ok(1);
        }
        self.id(FIELD).ok_or_else(|| {
            let vocabulary = &self.fields["vocab_size"];
            let reason = format!("`{FIELD}` must be an id below vocab_size, which is {vocabulary}, but it is {given}");
            TrainedError::unusable(&self.path, reason).into()
        })
    }

    /// What the file says of training and the trainer has no place for, in words: it changes no output of the model.
    pub fn left_out(&self) -> Vec<String> {
        let mut found = Vec::new();
        let number = |field: &str| self.fields[field].as_f64();
        let is_decoder = matches!(self.architecture(), Ok(Architecture::GptNeo));
        let residual = self.float("resid_dropout", 0.0);
        if let Some(embedding) =
            number("embed_dropout").filter(|value| is_decoder && value.total_cmp(&residual).is_ne())
        {
            found.push(format!(
                "embed_dropout = {embedding} was left out: here one probability, resid_dropout = {residual}, is that of the \
                 embeddings too, should the model be trained further."
            ));
        }
        let usual = if is_decoder { Some(GPT_NEO_CLASSIFIER_DROPOUT) } else { number("hidden_dropout_prob") };
        if let Some(classifier) = number("classifier_dropout").filter(|value| Some(*value) != usual) {
            found.push(format!(
                "classifier_dropout = {classifier} was left out: fine-tuning drops in its head what the model drops elsewhere."
            ));
        }
        found
    }

    /// The width of the hidden layer as the file says it.
    ///
    /// # Errors
    /// When it says nothing from which it follows.
    pub fn width(&self) -> Result<u32, ImportError> {
        Ok(match self.optional_size("intermediate_size") {
            Some(width) => width,
            None => 4 * self.size("hidden_size")?,
        })
    }

    fn layer(
        &self,
        given: Option<FeedForward>,
        key: &str,
        default: &str,
        width: u32,
    ) -> Result<FeedForward, ImportError> {
        if let Some(layer) = given {
            return Ok(layer);
        }
        let theirs = self.fields[key].as_str().unwrap_or(default);
        let plain = |activation: Value| describe(&json!({ "plain": { "activation": activation, "width": width } }));
        let layer = match theirs {
            // transformers 5 knows these two, with one set for the layer.
            "prelu" => plain(json!({ "function": "prelu", "granularity": "layer", "start": 0.25 })),
            "xielu" => plain(json!({ "function": "xielu", "granularity": "layer" })),
            theirs => form::from_hugging_face(theirs).and_then(|ours| plain(json!(ours))),
        };
        layer.ok_or_else(|| {
            let known = form::known_to_hugging_face().chain(["prelu", "xielu"]);
            let nearest = setting::closest(theirs, known).map(|name| format!("; did you mean {name:?}?"));
            let nearest = nearest.unwrap_or_default();
            self.unsupported(&format!("{key} {theirs:?} is no activation that both know{nearest}"))
        })
    }

    /// How far local layers look back; they must be every second one, or none.
    fn window(&self, layers: u32, context: u32) -> Result<Option<u32>, ImportError> {
        let window = if self.field("window_size").is_null() { 256 } else { self.size("window_size")? };
        let kinds = self.attention_layers(layers)?;
        // A window over the whole context is none.
        let is_local = |kind: &String| kind == "local" && window < context;
        if !kinds.iter().any(is_local) {
            return Ok(None);
        }
        let alternates = kinds.iter().enumerate().all(|(index, kind)| is_local(kind) == (index % 2 == 1));
        if alternates {
            return Ok(Some(window));
        }
        Err(self.unsupported(&format!(
            "the attention of its layers is {}; expected global and local in turn, or global alone",
            kinds.join(", ")
        )))
    }

    fn attention_layers(&self, layers: u32) -> Result<Vec<String>, ImportError> {
        let pattern = &self.fields["attention_types"];
        let Some(groups) = pattern.as_array() else {
            return Ok((0..layers).map(|index| ["global", "local"][index as usize % 2].to_owned()).collect());
        };
        let mut kinds = Vec::new();
        for group in groups {
            let names: Vec<&str> = group[0].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            // One more than there may be is enough to tell that there are too many.
            let times = group[1].as_u64().unwrap_or(0).min(u64::from(layers) + 1);
            kinds.extend((0..times).flat_map(|_| names.iter().map(|name| (*name).to_owned())));
        }
        if kinds.len() as u64 == u64::from(layers) {
            return Ok(kinds);
        }
        let found = kinds.len();
        Err(TrainedError::unusable(&self.path, format!("attention_types name {found} layers, num_layers is {layers}"))
            .into())
    }

    fn size(&self, field: &str) -> Result<u32, ImportError> {
        self.optional_size(field).ok_or_else(|| {
            let found =
                self.fields.get(field).map_or_else(|| "it is missing".to_owned(), |value| format!("it is {value}"));
            TrainedError::unusable(&self.path, format!("`{field}` must be a whole number above 0, but {found}")).into()
        })
    }

    fn optional_size(&self, field: &str) -> Option<u32> {
        self.fields[field].as_u64().and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0)
    }

    fn float(&self, field: &str, default: f64) -> f64 {
        self.fields[field].as_f64().unwrap_or(default)
    }

    /// The value of a field, null if it is not there.
    pub(super) fn field(&self, name: &str) -> &Value {
        &self.fields[name]
    }

    pub(super) fn unsupported(&self, reason: &str) -> ImportError {
        ImportError::Unsupported { path: self.path.clone(), reason: reason.to_owned() }
    }
}

/// The layer of that description, as a spec is written, if the trainer has it.
pub fn describe(layer: &Value) -> Option<FeedForward> {
    serde_json::from_value(layer.clone()).ok()
}
