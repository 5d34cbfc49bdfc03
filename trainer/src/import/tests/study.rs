//! Checkpoints in the layout of the study's classes.

use super::*;

#[test]
fn the_study_s_layers_become_ours() {
    for (layer, level, named) in [
        (StudyLayer::Prelu, "delft-prelu", "prelu"),
        (StudyLayer::LearnableGelu, "delft-learnable-gelu", "learnable_gelu"),
        (StudyLayer::Swish, "delft-swish", "swish"),
    ] {
        let checkpoint = Checkpoint::of(&neo(&[("activation", Level::from("gelu-tanh"))]));
        let learned = Tensor::full([20], 2.0, (Kind::Float, Device::Cpu));
        checkpoint.edit_tensors(|tensors| {
            for block in 0..2 {
                tensors.insert(format!("transformer.h.{block}.mlp.act.alpha"), learned.copy());
            }
        });
        let model = checkpoint.read(Some(layer)).unwrap();
        assert_eq!(model.spec, neo(&[("activation", Level::from(level))]));
        let ours = if level == "delft-swish" { "beta" } else { "alpha" };
        assert_eq!(model.weights[&format!("transformer.h.1.mlp.act.{ours}")], learned);
        // What `alpha` belongs to cannot be told from its name.
        assert!(checkpoint.read(None).unwrap_err().contains("not of this model: transformer.h.0.mlp.act.alpha"));
        checkpoint.edit_json("config.json", |config| config["custom_activation"] = json!(named));
        assert_eq!(checkpoint.read(None).unwrap().spec, model.spec);
    }
}

#[test]
fn the_halves_of_the_study_s_gated_layer_are_told_apart() {
    let checkpoint = Checkpoint::of(&neo(&[]));
    checkpoint.edit_tensors(|tensors| {
        for block in 0..2 {
            let name = |kind: &str| format!("transformer.h.{block}.mlp.c_fc.{kind}");
            for kind in ["weight", "bias"] {
                let gate = tensors[&name(kind)].shallow_clone();
                tensors.insert(name(kind), Tensor::cat(&[&(&gate * 3.0), &gate], 0));
            }
        }
    });
    let model = checkpoint.read(Some(StudyLayer::Geglu)).unwrap();
    let unmatched = [("activation", Level::from("delft-geglu")), ("model.budget", Level::from("unmatched"))];
    assert_eq!(model.spec, neo(&unmatched));
    let [gated, gate] = ["c_gated", "c_fc"].map(|map| &model.weights[&format!("transformer.h.0.mlp.{map}.weight")]);
    assert_eq!(*gated, gate * 3.0);
}

/// A checkpoint of the study's network of splines, with knots of three intervals on [−1, 1] for an order of 3.
fn study_kan(architecture: Architecture) -> (Checkpoint, ModelSpec) {
    let settings = [("activation", Level::from("delft-kan")), ("model.budget", Level::from("unmatched"))];
    let spec = sample::spec(architecture, &settings);
    let checkpoint = Checkpoint::of(&spec);
    let knots = ((Tensor::arange(10, (Kind::Float, Device::Cpu)) - 3.0) * (2.0 / 3.0) - 1.0).unsqueeze(0);
    checkpoint.edit_tensors(|tensors| {
        let layers = tensors
            .iter()
            .filter_map(|(name, one)| Some((name.strip_suffix("spline_weight")?.to_owned(), one.size()[1])));
        for (layer, inputs) in layers.collect::<Vec<_>>() {
            tensors.insert(format!("{layer}grid"), knots.expand([inputs, 10], false).contiguous());
        }
    });
    let kind = match architecture {
        Architecture::GptNeo => "gpt_neo_activations",
        Architecture::Roberta => "roberta_activations",
    };
    checkpoint.edit_json("config.json", |config| {
        config["model_type"] = json!(kind);
        config["custom_activation"] = json!("kan");
    });
    (checkpoint, spec)
}

#[test]
fn the_study_s_splines_are_read_and_their_knots_are_left_out() {
    for architecture in [Architecture::GptNeo, Architecture::Roberta] {
        let (checkpoint, spec) = study_kan(architecture);
        let model = checkpoint.read(None).unwrap();
        assert_eq!(model.spec, spec);
        let expected: Tensors =
            sample::weights(&spec).into_iter().map(|(name, tensor)| (name, tensor.detach())).collect();
        assert_eq!(model.weights, expected);
        let Origin::Import(origin) = model.origin else { panic!("it was imported") };
        insta::allow_duplicates! {
            insta::assert_snapshot!(origin.changes.join(" "), @"The knots of the splines were left out: 3 intervals of order 3 on [-1, 1] say the same.");
        }
        // The names alone tell what it is.
        checkpoint.edit_json("config.json", |config| config["custom_activation"] = Value::Null);
        assert_eq!(checkpoint.read(None).unwrap().spec, spec);
        checkpoint.edit_tensors(|tensors| tensors.retain(|name, _| !name.ends_with("grid")));
        assert_eq!(checkpoint.read(None).unwrap().spec, spec);
    }
}

#[test]
fn splines_that_the_trainer_does_not_have_are_refused_in_words() {
    let error = |edit: &dyn Fn(&mut Tensors)| {
        let (checkpoint, _) = study_kan(Architecture::GptNeo);
        checkpoint.edit_tensors(edit);
        checkpoint.read(None).unwrap_err()
    };
    let grid = "transformer.h.1.mlp.c_proj.layers.0.grid".to_owned();
    insta::assert_snapshot!(error(&|tensors| {
        let _ = tensors.get_mut(&grid).unwrap().get(2).get(4).fill_(0.1);
    }), @"HOME/theirs/config.json asks for what this trainer does not have: the knots in `transformer.h.1.mlp.c_proj.layers.0.grid` are not evenly spaced, or not the same for all inputs");
    insta::assert_snapshot!(error(&|tensors| {
        let wider = &tensors[&grid] * 2.0;
        tensors.insert(grid.clone(), wider);
    }), @"HOME/theirs/config.json asks for what this trainer does not have: `transformer.h.1.mlp.c_proj.layers.0.grid` is another grid than that of the layers before it");
    insta::assert_snapshot!(error(&|tensors| {
        let short = tensors[&grid].narrow(1, 0, 7).contiguous();
        tensors.insert(grid.clone(), short);
    }), @"HOME/theirs/config.json asks for what this trainer does not have: `transformer.h.1.mlp.c_proj.layers.0.grid` is [5, 7], which are no knots of 6 basis functions");
    insta::assert_snapshot!(error(&|tensors| {
        tensors.retain(|name, _| !name.ends_with("grid"));
        for (name, tensor) in tensors.iter_mut() {
            if name.ends_with("spline_weight") {
                *tensor = tensor.narrow(2, 0, 5).contiguous();
            }
        }
    }), @"HOME/theirs/config.json asks for what this trainer does not have: splines of 5 basis functions (`transformer.h.0.mlp.c_fc.layers.0.spline_weight`) without their knots (`grid`), from which their order would follow");
    insta::assert_snapshot!(error(&|tensors| {
        tensors.remove("transformer.h.0.mlp.c_fc.layers.0.spline_scaler");
        let base = tensors.get_mut("transformer.h.0.mlp.c_fc.layers.0.base_weight").unwrap();
        *base = base.tr().contiguous();
        tensors.insert("transformer.h.0.mlp.c_fc.layers.1.base_weight".to_owned(), Tensor::zeros([1], (Kind::Float, Device::Cpu)));
    }), @r"
    the tensors of HOME/theirs do not fit the model:
      missing: transformer.h.0.mlp.c_fc.layers.0.spline_scaler
      not of this model: transformer.h.0.mlp.c_fc.layers.1.base_weight
      wrong shape: transformer.h.0.mlp.c_fc.layers.0.base_weight is [12, 5], the model needs [5, 12]
    ");
}

#[test]
fn the_study_s_layer_without_an_activation_is_no_gelu() {
    let checkpoint = Checkpoint::of(&neo(&[("activation", Level::from("gelu-tanh"))]));
    checkpoint.edit_json("config.json", |config| config["custom_activation"] = json!("no_act"));
    assert_eq!(checkpoint.read(None).unwrap().spec, neo(&[("activation", Level::from("identity"))]));
}
