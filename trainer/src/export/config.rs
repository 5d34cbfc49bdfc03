//! `config.json` and `generation_config.json`.

use serde_json::{Map, Value, json};
use spec::model::{Architecture, ModelSpec};

use super::form::Form;
use crate::data::SpecialIds;
use crate::trained::portable;

/// The `config.json` of a model.
///
/// A model that transformers knows is called what it is there. One that needs the code beside it has a model type of
/// its own, so that without `trust_remote_code` it is refused rather than loaded with another layer.
pub fn model(spec: &ModelSpec, specials: SpecialIds, form: &Form) -> Value {
    let mut config = match spec.architecture {
        Architecture::GptNeo => gpt_neo(spec),
        Architecture::Roberta => roberta(spec),
    };
    config.extend(object(json!({
        "vocab_size": spec.vocabulary,
        "hidden_size": spec.hidden_size,
        "intermediate_size": spec.feed_forward.width(),
        "max_position_embeddings": portable::position_rows(spec, specials.pad),
        "initializer_range": spec.initialisation.std(),
        "pad_token_id": specials.pad,
        "bos_token_id": specials.start,
        "eos_token_id": specials.end,
        "tie_word_embeddings": true,
        "torch_dtype": "float32",
    })));
    config.extend(match form {
        Form::Stock(name) => object(json!({
            activation_key(spec.architecture): name,
            "architectures": [stock_class(spec.architecture)],
            "model_type": stock_type(spec.architecture),
        })),
        Form::Shipped { layer, learned } => shipped(spec.architecture, layer, learned),
    });
    Value::Object(config)
}

fn gpt_neo(spec: &ModelSpec) -> Map<String, Value> {
    let layers = spec.layers;
    let attention = match spec.window {
        None => json!([[["global"], layers]]),
        Some(_) if layers.is_multiple_of(2) => json!([[["global", "local"], layers / 2]]),
        Some(_) => json!([[["global", "local"], layers / 2], [["global"], 1]]),
    };
    object(json!({
        "num_layers": layers,
        "num_heads": spec.heads,
        "attention_types": attention,
        "window_size": spec.window.unwrap_or(spec.context),
        "resid_dropout": spec.dropout,
        "embed_dropout": spec.dropout,
        "attention_dropout": spec.attention_dropout,
        "layer_norm_epsilon": spec.layer_norm_epsilon,
    }))
}

fn roberta(spec: &ModelSpec) -> Map<String, Value> {
    object(json!({
        "num_hidden_layers": spec.layers,
        "num_attention_heads": spec.heads,
        "hidden_dropout_prob": spec.dropout,
        "attention_probs_dropout_prob": spec.attention_dropout,
        "layer_norm_eps": spec.layer_norm_epsilon,
        "type_vocab_size": 2,
        "position_embedding_type": "absolute",
    }))
}

/// What a model says of itself that is built by the shipped code. The stock classes that this code extends make an
/// activation of their own first, which is then replaced: one that they know stands for it.
fn shipped(architecture: Architecture, layer: &Value, learned: &Value) -> Map<String, Value> {
    let name = match architecture {
        Architecture::GptNeo => "SeedbedGPTNeo",
        Architecture::Roberta => "SeedbedRoberta",
    };
    let class = |kind: &str| format!("modeling_seedbed.{name}{kind}");
    let (model, of_model) = match architecture {
        Architecture::GptNeo => ("ForCausalLM", "AutoModelForCausalLM"),
        Architecture::Roberta => ("ForMaskedLM", "AutoModelForMaskedLM"),
    };
    object(json!({
        activation_key(architecture): "gelu",
        "architectures": [format!("{name}{model}")],
        "model_type": format!("seedbed_{}", stock_type(architecture)),
        "feed_forward": layer,
        "learned": learned,
        "auto_map": {
            "AutoConfig": class("Config"),
            of_model: class(model),
            "AutoModelForSequenceClassification": class("ForSequenceClassification"),
        },
    }))
}

fn activation_key(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::GptNeo => "activation_function",
        Architecture::Roberta => "hidden_act",
    }
}

fn stock_class(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::GptNeo => "GPTNeoForCausalLM",
        Architecture::Roberta => "RobertaForMaskedLM",
    }
}

fn stock_type(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::GptNeo => "gpt_neo",
        Architecture::Roberta => "roberta",
    }
}

/// The `generation_config.json` of a decoder: where a text begins and ends.
pub fn generation(specials: SpecialIds) -> Value {
    json!({ "bos_token_id": specials.start, "eos_token_id": specials.end, "pad_token_id": specials.pad })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => unreachable!("invariant: written as an object"),
    }
}
