//! What a person is told of a checkpoint: what was taken as it is not said, and what cannot be taken.

use super::*;
use crate::import::study_signs;
use crate::trained::TrainedError;

fn changes(checkpoint: &Checkpoint) -> String {
    let Origin::Import(origin) = checkpoint.read(None).unwrap().origin else { panic!("it was imported") };
    origin.changes.join(" ")
}

fn padded(architecture: Architecture) -> Checkpoint {
    Checkpoint::of(&sample::spec(architecture, &[("model.vocabulary", Level::Integer(400))]))
}

#[test]
fn a_tokenizer_smaller_than_the_table_is_told() {
    insta::assert_snapshot!(changes(&padded(Architecture::GptNeo)), @"The tokenizer has 300 tokens and the model's table 400 rows: the last 100 are taken for padding of the table. If the model has learned them, this is another model's tokenizer.");
    assert_eq!(changes(&Checkpoint::of(&neo(&[]))), "");
}

#[test]
fn special_ids_of_config_json_are_those_of_the_tokenizer() {
    for (architecture, field, id, expected) in [
        (
            Architecture::GptNeo,
            "eos_token_id",
            json!(7),
            "config.json says eos_token_id = 7, the tokenizer has `</s>` 2",
        ),
        (
            Architecture::GptNeo,
            "pad_token_id",
            json!(3),
            "config.json says pad_token_id = 3, the tokenizer has `<pad>` 0",
        ),
        (Architecture::GptNeo, "eos_token_id", json!([7, 8]), "config.json says eos_token_id = 7,"),
        (Architecture::Roberta, "mask_token_id", json!(399), "mask_token_id = 399, the tokenizer has `<mask>` 299"),
        (Architecture::Roberta, "bos_token_id", json!(9), "bos_token_id = 9, the tokenizer has `<s>` 1"),
    ] {
        let checkpoint = padded(architecture);
        checkpoint.edit_json("config.json", |config| config[field] = id);
        let said = checkpoint.read(None).unwrap_err();
        assert!(said.starts_with("tokenizer and model do not match: ") && said.contains(expected), "{said}");
    }
    // What transformers writes unasked is no word of the model's, and of several ends one is enough.
    let checkpoint = Checkpoint::of(&neo(&[]));
    checkpoint.edit_json("config.json", |config| {
        config["bos_token_id"] = json!(50256);
        config["eos_token_id"] = json!([7, 2]);
    });
    insta::assert_snapshot!(changes(&checkpoint), @"bos_token_id = 50256 was left out, which transformers writes unasked: `<s>` of the tokenizer is 1.");
}

#[test]
fn a_special_id_that_is_no_token_is_refused() {
    let checkpoint = padded(Architecture::Roberta);
    let path = checkpoint.folder().join("tokenizer.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("<mask>", "[M]")).unwrap();
    checkpoint.edit_json("config.json", |config| config["mask_token_id"] = json!(399));
    insta::assert_snapshot!(checkpoint.read(None).unwrap_err(), @"tokenizer and model do not match: mask_token_id is 399, but the tokenizer has 300 tokens and none of that id; it needs one for `<mask>`");
}

#[test]
fn values_that_are_no_numbers_are_named() {
    for (value, tied) in [(f64::NAN, true), (f64::INFINITY, false)] {
        let checkpoint = Checkpoint::of(&neo(&[]));
        checkpoint.edit_tensors(|tensors| {
            for name in ["transformer.ln_f.bias", "transformer.wte.weight"] {
                let _ = tensors[name].get(0).fill_(value);
            }
            if tied {
                tensors.insert("lm_head.weight".to_owned(), tensors["transformer.wte.weight"].copy());
            }
        });
        let (first, count, others) = if tied { ("lm_head.weight", 12, 2) } else { ("transformer.ln_f.bias", 1, 1) };
        let expected = format!("{count} values of `{first}` are nan or infinite (other such tensors: {others}): ");
        let said = checkpoint.read(None).unwrap_err();
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[test]
fn a_window_of_nothing_is_refused() {
    let checkpoint = Checkpoint::of(&neo(&[]));
    checkpoint.edit_json("config.json", |config| config["window_size"] = json!(0));
    insta::assert_snapshot!(checkpoint.read(None).unwrap_err(), @"cannot use HOME/theirs/config.json: `window_size` must be a whole number above 0, but it is 0");
    checkpoint.edit_json("config.json", |config| config["window_size"] = Value::Null);
    checkpoint.read(None).unwrap();
}

#[test]
fn a_head_that_is_not_there_is_told_where_it_should_not_be_tied() {
    let checkpoint = Checkpoint::of(&neo(&[]));
    checkpoint.edit_json("config.json", |config| config["tie_word_embeddings"] = json!(false));
    insta::assert_snapshot!(changes(&checkpoint), @"tie_word_embeddings is false, but there is no head among the tensors: the table of tokens is taken for it, as in a model whose head is tied; transformers would make one of random numbers.");
    checkpoint.edit_tensors(|tensors| {
        tensors.insert("lm_head.weight".to_owned(), tensors["transformer.wte.weight"].copy());
    });
    assert_eq!(changes(&checkpoint), "");
}

#[test]
fn a_bias_with_two_values_is_a_damaged_file() {
    let checkpoint = Checkpoint::of(&sample::spec(Architecture::Roberta, &[]));
    checkpoint.edit_tensors(|tensors| {
        let other = &tensors["lm_head.bias"] + 1.0;
        tensors.insert("lm_head.decoder.bias".to_owned(), other);
    });
    insta::assert_snapshot!(checkpoint.read(None).unwrap_err(), @"`lm_head.decoder.bias` differs from `lm_head.bias`: they are one tensor under two names, so the file is damaged");
}

#[test]
fn token_types_that_are_never_used_are_cut() {
    let checkpoint = Checkpoint::of(&sample::spec(Architecture::Roberta, &[]));
    let before = checkpoint.read(None).unwrap();
    checkpoint.edit_tensors(|tensors| {
        let types = tensors.get_mut("roberta.embeddings.token_type_embeddings.weight").unwrap();
        *types = Tensor::cat(&[&*types, &types.narrow(0, 0, 1)], 0);
    });
    checkpoint.edit_json("config.json", |config| config["type_vocab_size"] = json!(3));
    insta::assert_snapshot!(changes(&checkpoint), @"Two of the 3 rows of the table of token types were kept; only the first is ever used.");
    assert_eq!(log_probabilities(&checkpoint.read(None).unwrap()), log_probabilities(&before));
}

#[test]
fn the_precision_of_xielu_is_told() {
    let checkpoint = Checkpoint::of(&neo(&[("activation", Level::from("xielu"))]));
    checkpoint.edit_json("config.json", |config| {
        config["model_type"] = json!("gpt_neo");
        config["activation_function"] = json!("xielu");
    });
    assert!(changes(&checkpoint).contains("transformers keeps what xielu learns in bf16"), "{}", changes(&checkpoint));
}

#[test]
fn a_layer_of_the_study_is_looked_for_where_there_is_a_sign_of_one() {
    let signs = |edit: &dyn Fn(&Checkpoint)| {
        let checkpoint = Checkpoint::of(&neo(&[("activation", Level::from("gelu-tanh"))]));
        edit(&checkpoint);
        match read(&checkpoint.folder(), &checkpoint.folder(), None).unwrap_err() {
            crate::import::ImportError::Model(TrainedError::Misfit { misfit, .. }) => study_signs::are_in(&misfit),
            other => panic!("{other}"),
        }
    };
    let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    assert!(signs(&|checkpoint| checkpoint.edit_tensors(|tensors| {
        tensors.insert("transformer.h.0.mlp.act.alpha".to_owned(), zeros(&[20]));
    })));
    assert!(signs(&|checkpoint| checkpoint.edit_tensors(|tensors| {
        tensors.insert("transformer.h.0.mlp.c_fc.weight".to_owned(), zeros(&[40, 12]));
    })));
    // These a number of config.json explains.
    assert!(!signs(&|checkpoint| {
        checkpoint.edit_json("config.json", |config| config["intermediate_size"] = json!(10));
    }));
    assert!(!signs(&|checkpoint| {
        checkpoint.edit_json("config.json", |config| config["max_position_embeddings"] = json!(20));
    }));
    assert!(!signs(&|checkpoint| checkpoint.edit_tensors(|tensors| drop(tensors.remove("transformer.ln_f.bias")))));
}
