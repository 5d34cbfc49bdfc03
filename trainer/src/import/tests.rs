//! Checkpoints as transformers and the study's classes write them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use spec::model::{Architecture, ModelSpec};
use spec::value::Value as Level;
use tch::{Device, Kind, Tensor};

mod bounds;
mod study;
mod told;

use super::names::Tensors;
use super::{StudyLayer, read};
use crate::data::testing::tokenizer;
use crate::export::{self, weights};
use crate::model::sample;
use crate::trained::origin::ImportOrigin;
use crate::trained::{Origin, TrainedModel, tensors};

/// A checkpoint in a folder of its own.
struct Checkpoint {
    home: tempfile::TempDir,
}

impl Checkpoint {
    /// That of a tiny network, as the export writes it but for `seedbed.json`.
    fn of(spec: &ModelSpec) -> Self {
        let home = tempfile::tempdir().unwrap();
        let origin = ImportOrigin { from: String::new(), model_type: String::new(), changes: vec![] };
        let weights = sample::weights(spec).into_iter().map(|(name, tensor)| (name, tensor.detach())).collect();
        let origin = Origin::Import(origin);
        let model = TrainedModel { spec: spec.clone(), weights, tokenizer: tokenizer(), origin };
        export::write(&model, &home.path().join("theirs")).unwrap();
        fs::remove_file(home.path().join("theirs/seedbed.json")).unwrap();
        Self { home }
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("theirs")
    }

    fn edit_json(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let path = self.folder().join(name);
        let mut value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }

    fn edit_tensors(&self, edit: impl FnOnce(&mut Tensors)) {
        let mut all = tensors::read_folder(&self.folder()).unwrap();
        edit(&mut all);
        fs::write(self.folder().join("model.safetensors"), weights::serialize(&all).unwrap()).unwrap();
    }

    fn read(&self, layer: Option<StudyLayer>) -> Result<TrainedModel, String> {
        let home = self.home.path().display().to_string();
        read(&self.folder(), &self.folder(), layer).map_err(|error| error.to_string().replace(&home, "HOME"))
    }
}

fn neo(settings: &[(&str, Level)]) -> ModelSpec {
    sample::spec(Architecture::GptNeo, settings)
}

fn log_probabilities(model: &TrainedModel) -> Vec<f64> {
    let found = model.model(Device::Cpu).log_probabilities(&sample::batch(&[9, 4, 13]));
    Vec::try_from(found.to_kind(Kind::Double)).unwrap()
}

#[test]
fn what_transformers_knows_comes_back_as_it_was() {
    for architecture in [Architecture::GptNeo, Architecture::Roberta] {
        for activation in ["relu", "gelu-tanh", "identity"] {
            for layers in [1, 3] {
                let settings = [("activation", Level::from(activation)), ("model.layers", Level::Integer(layers))];
                let spec = sample::spec(architecture, &settings);
                let checkpoint = Checkpoint::of(&spec);
                // Buffers and second names, as older versions wrote them.
                checkpoint.edit_tensors(|tensors| {
                    let zeros = || Tensor::zeros([1, 1, 4, 4], (Kind::Float, Device::Cpu));
                    match architecture {
                        Architecture::GptNeo => {
                            tensors.insert("lm_head.weight".to_owned(), tensors["transformer.wte.weight"].copy());
                            tensors.insert("transformer.h.0.attn.attention.bias".to_owned(), zeros());
                            tensors.insert("transformer.h.0.attn.attention.masked_bias".to_owned(), zeros());
                        }
                        Architecture::Roberta => {
                            tensors.insert("lm_head.decoder.bias".to_owned(), tensors["lm_head.bias"].copy());
                            tensors.insert("roberta.pooler.dense.weight".to_owned(), zeros());
                            tensors.insert("roberta.embeddings.position_ids".to_owned(), zeros());
                        }
                    }
                });
                let model = checkpoint.read(None).unwrap();
                assert_eq!(model.spec, spec);
                let expected: Tensors =
                    sample::weights(&spec).into_iter().map(|(name, tensor)| (name, tensor.detach())).collect();
                assert_eq!(model.weights, expected);
                assert_eq!(model.tokenizer.specials(), tokenizer().specials());
            }
        }
    }
}

#[test]
fn xielu_comes_without_the_constants_that_transformers_keeps() {
    let spec = neo(&[("activation", Level::from("xielu"))]);
    let checkpoint = Checkpoint::of(&spec);
    checkpoint.edit_json("config.json", |config| {
        config["model_type"] = json!("gpt_neo");
        config["activation_function"] = json!("xielu");
    });
    let put = |end: &str, value: f64| {
        checkpoint.edit_tensors(|tensors| {
            for block in 0..2 {
                let constant = Tensor::from(value).to_kind(Kind::BFloat16).to_kind(Kind::Float);
                tensors.insert(format!("transformer.h.{block}.mlp.act.{end}"), constant);
            }
        });
    };
    put("beta", 0.5);
    put("eps", -1e-6);
    let model = checkpoint.read(None).unwrap();
    assert_eq!(model.spec, spec);
    let expected: Tensors = sample::weights(&spec).into_iter().map(|(name, tensor)| (name, tensor.detach())).collect();
    assert_eq!(model.weights, expected);
    put("beta", 0.4);
    insta::assert_snapshot!(checkpoint.read(None).unwrap_err(), @"this trainer's activation is another: `transformer.h.0.mlp.act.beta` is not 0.5, as in its paper");
}

#[test]
fn a_model_saved_without_its_head_and_an_encoder_with_one_token_type_are_read() {
    let checkpoint = Checkpoint::of(&neo(&[]));
    checkpoint.edit_tensors(|tensors| {
        let bare = |name: &str| name.strip_prefix("transformer.").unwrap().to_owned();
        *tensors = std::mem::take(tensors).into_iter().map(|(name, tensor)| (bare(&name), tensor)).collect();
    });
    checkpoint.read(None).unwrap();

    let checkpoint = Checkpoint::of(&sample::spec(Architecture::Roberta, &[]));
    let before = checkpoint.read(None).unwrap();
    checkpoint.edit_tensors(|tensors| {
        let types = tensors.get_mut("roberta.embeddings.token_type_embeddings.weight").unwrap();
        *types = types.narrow(0, 0, 1).contiguous();
    });
    assert_eq!(log_probabilities(&checkpoint.read(None).unwrap()), log_probabilities(&before));
}

#[test]
fn everything_that_does_not_fit_is_named_at_once() {
    let checkpoint = Checkpoint::of(&neo(&[("model.layers", Level::Integer(1))]));
    checkpoint.edit_tensors(|tensors| {
        tensors.remove("transformer.ln_f.bias");
        tensors.remove("transformer.h.0.mlp.c_fc.weight");
        let proj = tensors.get_mut("transformer.h.0.mlp.c_proj.weight").unwrap();
        *proj = proj.tr().contiguous();
        tensors.insert("transformer.h.1.ln_1.bias".to_owned(), Tensor::zeros([12], (Kind::Float, Device::Cpu)));
    });
    insta::assert_snapshot!(checkpoint.read(None).unwrap_err(), @r"
    the tensors of HOME/theirs do not fit the model:
      missing: transformer.h.0.mlp.c_fc.weight
      missing: transformer.ln_f.bias
      not of this model: transformer.h.1.ln_1.bias
      wrong shape: transformer.h.0.mlp.c_proj.weight is [20, 12], the model needs [12, 20]
    ");
}

#[test]
fn networks_that_the_trainer_does_not_have_are_refused_in_words() {
    let checkpoint = Checkpoint::of(&neo(&[]));
    let error = |edit: &dyn Fn(&mut Value)| {
        let before = fs::read(checkpoint.folder().join("config.json")).unwrap();
        checkpoint.edit_json("config.json", edit);
        let error = checkpoint.read(None).unwrap_err();
        fs::write(checkpoint.folder().join("config.json"), before).unwrap();
        error
    };
    insta::assert_snapshot!(error(&|config| config["model_type"] = json!("gpt2")), @r#"HOME/theirs/config.json asks for what this trainer does not have: the model type "gpt2"; expected gpt_neo or roberta"#);
    insta::assert_snapshot!(error(&|config| config["activation_function"] = json!("gelu_10")), @r#"HOME/theirs/config.json asks for what this trainer does not have: activation_function "gelu_10" is no activation that both know"#);
    insta::assert_snapshot!(error(&|config| config["attention_types"] = json!([[["local", "global"], 1]])), @"HOME/theirs/config.json asks for what this trainer does not have: the attention of its layers is local, global; expected global and local in turn, or global alone");
    insta::assert_snapshot!(error(&|config| config["attention_types"] = json!([[["global"], 3]])), @"cannot use HOME/theirs/config.json: attention_types name 3 layers, num_layers is 2");
    insta::assert_snapshot!(error(&|config| config["num_heads"] = json!(5)), @"cannot use HOME/theirs/config.json: 5 heads do not divide a hidden size of 12");
    insta::assert_snapshot!(error(&|config| config["hidden_size"] = json!("12")), @r#"cannot use HOME/theirs/config.json: `hidden_size` must be a whole number above 0, but it is "12""#);
    insta::assert_snapshot!(error(&|config| config["custom_activation"] = json!("kam")), @r#"HOME/theirs/config.json asks for what this trainer does not have: custom_activation "kam" (did you mean "kan"?); expected one of prelu, learnable_gelu, swish, geglu, no_act, kan, or none of the study's"#);
    checkpoint.edit_tensors(|tensors| {
        let head = tensors["transformer.wte.weight"].copy() * 2.0;
        tensors.insert("lm_head.weight".to_owned(), head);
    });
    insta::assert_snapshot!(checkpoint.read(None).unwrap_err(), @"`lm_head.weight` differs from `transformer.wte.weight`: untied heads are not supported, a model's head is its table of tokens here");
}

#[test]
fn a_tokenizer_that_does_not_match_is_said() {
    let checkpoint = Checkpoint::of(&sample::spec(Architecture::Roberta, &[]));
    let rename = |from: &str, to: &str| {
        let path = checkpoint.folder().join("tokenizer.json");
        let text = fs::read_to_string(&path).unwrap().replace(from, to);
        fs::write(path, text).unwrap();
    };
    let forget = |name: &str| fs::remove_file(checkpoint.folder().join(name)).unwrap();
    forget("tokenizer_config.json");
    forget("special_tokens_map.json");
    checkpoint.read(None).unwrap();
    rename("<mask>", "[MASK]");
    insta::assert_snapshot!(checkpoint.read(None).unwrap_err(), @"tokenizer and model do not match: an encoder needs what the tokenizer lacks: mask_token");
    fs::write(checkpoint.folder().join("special_tokens_map.json"), r#"{"mask_token": {"content": "[MASK]"}}"#).unwrap();
    assert_eq!(checkpoint.read(None).unwrap().tokenizer.specials().mask, 299);
    checkpoint.edit_json("config.json", |config| {
        config["pad_token_id"] = json!(1);
        config["max_position_embeddings"] = json!(17);
    });
    let error = checkpoint.read(None).unwrap_err();
    assert!(
        error.contains("the tokenizer's padding id is 0, the model's 1") || error.contains("wrong shape"),
        "{error}"
    );
    forget("tokenizer.json");
    assert_eq!(checkpoint.read(None).unwrap_err(), "cannot read HOME/theirs/tokenizer.json");
}

#[test]
fn a_token_that_begins_and_ends_a_text_is_enough_for_a_decoder() {
    let checkpoint = Checkpoint::of(&neo(&[]));
    let path = checkpoint.folder().join("tokenizer.json");
    let mut text = fs::read_to_string(&path).unwrap();
    for (index, token) in ["<pad>", "<s>", "<unk>", "<mask>"].into_iter().enumerate() {
        text = text.replace(token, &format!("[{index}]"));
    }
    fs::write(path, text.replace("</s>", "<|endoftext|>")).unwrap();
    let end = r#"{"eos_token": "<|endoftext|>", "bos_token": {"content": "<|endoftext|>"}}"#;
    fs::write(checkpoint.folder().join("tokenizer_config.json"), end).unwrap();
    fs::remove_file(checkpoint.folder().join("special_tokens_map.json")).unwrap();
    checkpoint.edit_json("config.json", |config| {
        config["pad_token_id"] = Value::Null;
        config["bos_token_id"] = json!(2);
    });
    assert_eq!(checkpoint.read(None).unwrap().tokenizer.specials().all(), [2; 5]);
}

#[test]
fn a_folder_of_ours_needs_no_import() {
    let checkpoint = Checkpoint::of(&neo(&[]));
    fs::write(checkpoint.folder().join("seedbed.json"), "{}").unwrap();
    assert_eq!(
        checkpoint.read(None).unwrap_err(),
        "HOME/theirs is a model folder already: `score`, `generate` and `export` read it as it is"
    );
    assert!(read(Path::new("/nowhere"), Path::new("/nowhere"), None).unwrap_err().to_string().contains("config.json"));
}
