//! What is written is what is read.

use std::fs;
use std::path::Path;

use serde_json::Value;
use spec::feed_forward::level::NAMES;
use spec::model::{Architecture, ModelSpec};
use spec::value::Value as Level;
use tch::Device;

use super::write;
use crate::data::testing::tokenizer;
use crate::data::{SpecialIds, Tokenizer};
use crate::model::{Model, sample};
use crate::trained::origin::ImportOrigin;
use crate::trained::{Origin, TrainedModel, portable};

const ARCHITECTURES: [Architecture; 2] = [Architecture::GptNeo, Architecture::Roberta];

fn trained(spec: ModelSpec, tokenizer: Tokenizer) -> TrainedModel {
    let origin = ImportOrigin { from: "nowhere".to_owned(), model_type: "gpt_neo".to_owned(), changes: vec![] };
    let weights = sample::weights(&spec).into_iter().map(|(name, tensor)| (name, tensor.detach())).collect();
    TrainedModel { weights, spec, tokenizer, origin: Origin::Import(origin) }
}

fn opened(folder: &Path) -> Result<TrainedModel, String> {
    TrainedModel::open(folder, None, &mut |note| panic!("{note}")).map_err(|error| error.to_string())
}

fn log_probabilities(model: &Model) -> Vec<f64> {
    Vec::try_from(model.log_probabilities(&sample::batch(&[9, 4, 13]))).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_model_comes_back_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    for architecture in ARCHITECTURES {
        for activation in NAMES {
            let model = trained(sample::spec(architecture, &[("activation", Level::from(activation))]), tokenizer());
            let folder = home.path().join(format!("{}-{activation}", architecture.name()));
            write(&model, &folder).unwrap();
            let back = opened(&folder).unwrap();
            assert_eq!((&back.spec, &back.weights, &back.origin), (&model.spec, &model.weights, &model.origin));
            let text = "The cat sat.";
            assert_eq!(back.tokenizer.encode(text).unwrap(), model.tokenizer.encode(text).unwrap());
            let found = log_probabilities(&back.model(Device::Cpu));
            assert_eq!(found, log_probabilities(&model.model(Device::Cpu)));
            // And what is written again is the same bytes.
            let again = home.path().join("again");
            write(&back, &again).unwrap();
            for entry in fs::read_dir(&folder).unwrap() {
                let name = entry.unwrap().file_name();
                assert_eq!(fs::read(folder.join(&name)).unwrap(), fs::read(again.join(&name)).unwrap(), "{name:?}");
            }
        }
    }
}

#[test]
fn tied_weights_are_written_once_and_the_file_says_whose_it_is() {
    let home = tempfile::tempdir().unwrap();
    for architecture in ARCHITECTURES {
        let folder = home.path().join(architecture.name());
        write(&trained(sample::spec(architecture, &[]), tokenizer()), &folder).unwrap();
        let bytes = fs::read(folder.join("model.safetensors")).unwrap();
        let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(metadata.metadata().as_ref().unwrap()["format"], "pt");
        let names: Vec<String> = metadata.tensors().into_keys().collect();
        let tied = ["lm_head.weight", "lm_head.decoder.weight", "lm_head.decoder.bias"];
        assert!(!names.iter().any(|name| tied.contains(&name.as_str())), "{names:?}");
        let config = json(&folder.join("config.json"));
        assert_eq!(config["tie_word_embeddings"], true);
        assert_eq!(folder.join("generation_config.json").exists(), architecture == Architecture::GptNeo);
    }
}

#[test]
fn the_position_table_of_an_encoder_has_the_rows_that_its_padding_id_asks_for() {
    let home = tempfile::tempdir().unwrap();
    let spec = sample::spec(Architecture::Roberta, &[]);
    let specials = SpecialIds { pad: 1, start: 0, end: 2, unknown: 3, mask: 299 };
    let json_text = tokenizer().json().to_vec();
    let swapped = Tokenizer::with_specials(json_text, Path::new("tokenizer.json"), spec.vocabulary, specials).unwrap();
    let model = trained(spec, swapped);
    write(&model, &home.path().join("model")).unwrap();
    let config = json(&home.path().join("model/config.json"));
    assert_eq!((&config["pad_token_id"], &config["max_position_embeddings"]), (&Value::from(1), &Value::from(18)));
    let bytes = fs::read(home.path().join("model/model.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.tensor(portable::POSITIONS).unwrap().shape(), [18, 12]);
    assert_eq!(opened(&home.path().join("model")).unwrap().weights, model.weights);
}

#[test]
fn a_damaged_folder_says_what_is_wrong_with_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("model");
    let mut model = trained(sample::spec(Architecture::GptNeo, &[]), tokenizer());
    write(&model, &folder).unwrap();
    let error = || opened(&folder).unwrap_err().replace(&home.path().display().to_string(), "HOME");
    let whole = fs::read(folder.join("model.safetensors")).unwrap();

    let bias = model.weights.remove("transformer.ln_f.bias").unwrap();
    model.weights.insert("transformer.ln_f.scale".to_owned(), bias);
    fs::write(folder.join("model.safetensors"), super::weights::serialize(&model.weights).unwrap()).unwrap();
    insta::assert_snapshot!(error(), @r"
    the tensors of HOME/model do not fit the model:
      missing: transformer.ln_f.bias
      not of this model: transformer.ln_f.scale
    ");
    fs::write(folder.join("model.safetensors"), &whole[..whole.len() - 1]).unwrap();
    assert!(
        error().starts_with("cannot use HOME/model/model.safetensors: it is no whole safetensors file"),
        "{}",
        error()
    );
    fs::remove_file(folder.join("model.safetensors")).unwrap();
    insta::assert_snapshot!(error(), @"cannot use HOME/model: there is neither model.safetensors nor model.safetensors.index.json");
    fs::write(folder.join("pytorch_model.bin"), "").unwrap();
    insta::assert_snapshot!(error(), @"cannot use HOME/model/pytorch_model.bin: there is no model.safetensors beside it; write one in Python with `model.save_pretrained(folder, safe_serialization=True)`");

    let mut record = json(&folder.join("seedbed.json"));
    record["model"]["heads"] = Value::from(5);
    fs::write(folder.join("seedbed.json"), record.to_string()).unwrap();
    insta::assert_snapshot!(error(), @"cannot use HOME/model/seedbed.json: 5 heads do not divide a hidden size of 12");
    record["model"]["heads"] = Value::from(2);
    let grid = serde_json::json!({ "intervals": 0, "order": 3, "low": -1.0, "high": 1.0 });
    record["model"]["feed-forward"] =
        serde_json::json!({ "spline": { "width": 4, "grid": grid, "scaled": true, "start": "network" } });
    fs::write(folder.join("seedbed.json"), record.to_string()).unwrap();
    insta::assert_snapshot!(error(), @"cannot use HOME/model/seedbed.json: `model.kan.intervals = 0` does not fit: a grid has at least one interval; 1 would do");
    record["schema"] = Value::from(99);
    fs::write(folder.join("seedbed.json"), record.to_string()).unwrap();
    assert!(error().contains("99"), "{}", error());
}

/// Edits the JSON of a file, runs `look`, and puts the file back.
fn with_edited<T>(path: &Path, edit: impl FnOnce(&mut Value), look: impl FnOnce() -> T) -> T {
    let before = fs::read(path).unwrap();
    let mut value = json(path);
    edit(&mut value);
    fs::write(path, value.to_string()).unwrap();
    let found = look();
    fs::write(path, before).unwrap();
    found
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("model");
    let spec = sample::spec(Architecture::GptNeo, &[("model.vocabulary", Level::Integer(400))]);
    write(&trained(spec, tokenizer()), &folder).unwrap();
    let (record, of_tokenizer) = (folder.join("seedbed.json"), folder.join("tokenizer.json"));
    let error = || opened(&folder).unwrap_err().replace(&home.path().display().to_string(), "HOME");
    let other_mask = |record: &mut Value| record["specials"]["mask"] = Value::from(399);
    insta::assert_snapshot!(with_edited(&record, other_mask, error), @"HOME/model/tokenizer.json has `<mask>` 299, seedbed.json says 399: it belongs to another model; put back the one that was written with this");
    let unnamed = |tokenizer: &mut Value| {
        *tokenizer = serde_json::from_str(&tokenizer.to_string().replace("<mask>", "[M]")).unwrap();
    };
    let error_of_unnamed = || with_edited(&record, other_mask, error);
    insta::assert_snapshot!(with_edited(&of_tokenizer, unnamed, error_of_unnamed), @"HOME/model/tokenizer.json has 300 tokens and none with the id 399, which seedbed.json has for `<mask>`: it belongs to another model; put back the one that was written with this");

    // The same special tokens, and other words.
    let forgetful = |tokenizer: &mut Value| drop(tokenizer["model"]["merges"].as_array_mut().unwrap().pop());
    let said = with_edited(&of_tokenizer, forgetful, error);
    let digest = json(&record)["tokenizer"].as_str().unwrap().to_owned();
    assert!(said.contains(&format!(", seedbed.json says {digest}: it belongs to another model")), "{said}");
    // Folders of versions that did not write it are read.
    let older = |record: &mut Value| drop(record.as_object_mut().unwrap().remove("tokenizer"));
    with_edited(&record, older, || opened(&folder).unwrap());
    opened(&folder).unwrap();
}

#[test]
fn an_activation_that_is_not_known_is_answered_with_the_nearest() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("model");
    write(&trained(sample::spec(Architecture::GptNeo, &[]), tokenizer()), &folder).unwrap();
    let slip = |record: &mut Value| record["model"]["feed-forward"]["plain"]["activation"] = Value::from("gelo");
    let said = with_edited(&folder.join("seedbed.json"), slip, || opened(&folder).unwrap_err());
    assert!(said.contains("seedbed.json: there is no activation `gelo`; did you mean `gelu`?"), "{said}");
}

#[test]
fn a_tokenizer_of_another_size_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("model");
    let spec = sample::spec(Architecture::GptNeo, &[("model.vocabulary", Level::Integer(500))]);
    let specials = tokenizer().specials();
    let refused = Tokenizer::with_specials(tokenizer().json().to_vec(), Path::new("t"), 500, specials).unwrap_err();
    insta::assert_snapshot!(refused.to_string(), @"t does not belong to this model: it has 300 tokens, the model 500");
    let padded = Tokenizer::with_specials(tokenizer().json().to_vec(), Path::new("t"), 384, specials).unwrap();
    assert_eq!(padded.byte_lengths().len(), 384);
    write(&trained(spec, tokenizer()), &folder).unwrap();
    assert!(opened(&folder).unwrap_err().contains("it has 300 tokens, the model 500"));
}
