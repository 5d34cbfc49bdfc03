//! Values that no network has, shapes that are not its own, and what is left out.

use super::*;

/// The error of a checkpoint of this architecture whose `config.json` says this too.
fn error(architecture: Architecture, field: &str, value: Value) -> String {
    let checkpoint = Checkpoint::of(&sample::spec(architecture, &[]));
    checkpoint.edit_json("config.json", |config| config[field] = value);
    checkpoint.read(None).unwrap_err()
}

#[test]
fn numbers_have_the_ranges_of_the_settings() {
    for (architecture, field, value, expected) in [
        (Architecture::GptNeo, "attention_dropout", json!(1.5), "model.attention-dropout = 1.5"),
        (Architecture::GptNeo, "resid_dropout", json!(-1), "model.dropout = -1"),
        (Architecture::GptNeo, "layer_norm_epsilon", json!(-1), "model.layer-norm-epsilon = -1"),
        (Architecture::Roberta, "layer_norm_eps", json!(0), "model.layer-norm-epsilon = 0"),
        (Architecture::Roberta, "initializer_range", json!(-0.02), "model.init-std = -0.02"),
        (Architecture::Roberta, "intermediate_size", json!(1 << 21), "model.ffn-size = 2097152"),
    ] {
        let found = error(architecture, field, value);
        assert!(found.contains(expected) && found.contains("expected a"), "{field}: {found}");
    }
}

#[test]
fn a_padding_id_is_one_of_the_vocabulary() {
    for id in [json!(65_537), json!(300), json!(-1), json!("0")] {
        let expected = format!("`pad_token_id` must be an id below vocab_size, which is 300, but it is {id}");
        let found = error(Architecture::Roberta, "pad_token_id", id);
        assert!(found.contains(&expected), "{found}");
    }
}

#[test]
fn dropouts_that_have_no_place_are_named() {
    let changes = |architecture: Architecture, edit: &dyn Fn(&mut Value)| {
        let checkpoint = Checkpoint::of(&sample::spec(architecture, &[]));
        checkpoint.edit_json("config.json", edit);
        let Origin::Import(origin) = checkpoint.read(None).unwrap().origin else { panic!("it was imported") };
        origin.changes.join(" ")
    };
    insta::assert_snapshot!(changes(Architecture::GptNeo, &|config| config["embed_dropout"] = json!(0.25)), @"embed_dropout = 0.25 was left out: here one probability, resid_dropout = 0, is that of the embeddings too, should the model be trained further.");
    insta::assert_snapshot!(changes(Architecture::Roberta, &|config| config["classifier_dropout"] = json!(0.3)), @"classifier_dropout = 0.3 was left out: fine-tuning drops in its head what the model drops elsewhere.");
    let usual = |config: &mut Value| config["classifier_dropout"] = json!(0.1);
    assert_eq!(changes(Architecture::GptNeo, &usual), "");
    assert_eq!(changes(Architecture::Roberta, &usual), "");
}

#[test]
fn a_class_of_the_study_must_say_which_layer_it_has() {
    let checkpoint = Checkpoint::of(&neo(&[("activation", Level::from("gelu-tanh"))]));
    checkpoint.edit_json("config.json", |config| config["model_type"] = json!("gpt_neo_activations"));
    insta::assert_snapshot!(checkpoint.read(None).unwrap_err(), @r#"HOME/theirs/config.json asks for what this trainer does not have: the model type "gpt_neo_activations" without `custom_activation`; name the layer of the study with --layer or, if it has none, write the model type of transformers"#);
    assert_eq!(checkpoint.read(Some(StudyLayer::NoAct)).unwrap().spec, neo(&[("activation", Level::from("identity"))]));
}

#[test]
fn the_nearest_name_is_suggested() {
    let found = error(Architecture::GptNeo, "activation_function", json!("gelu_nwe"));
    assert!(found.ends_with(r#"is no activation that both know; did you mean "gelu_new"?"#), "{found}");
    let found = error(Architecture::Roberta, "custom_activation", json!("swihs"));
    assert!(found.contains(r#""swihs" (did you mean "swish"?)"#), "{found}");
}

#[test]
fn a_gated_layer_without_two_halves_is_named() {
    for shape in [vec![], vec![41]] {
        let checkpoint = Checkpoint::of(&neo(&[]));
        checkpoint.edit_json("config.json", |config| config["custom_activation"] = json!("geglu"));
        checkpoint.edit_tensors(|tensors| {
            let odd = Tensor::zeros(&shape, (Kind::Float, Device::Cpu));
            tensors.insert("transformer.h.0.mlp.c_fc.bias".to_owned(), odd);
        });
        let found = checkpoint.read(None).unwrap_err();
        let expected = format!("transformer.h.0.mlp.c_fc.bias is {shape:?}, the model needs [20]");
        assert!(found.contains(&expected) && found.contains("missing: transformer.h.0.mlp.c_gated.bias"), "{found}");
    }
}
