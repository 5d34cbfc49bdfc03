//! What every network has in common: its parameters, that none is silently another, and what packing must not change.

use std::collections::{BTreeMap, BTreeSet};

use spec::budget::ParameterCount;
use spec::feed_forward::level::{NAMES, SYNONYMS};
use spec::value::Value;

use super::*;
use crate::model::{declarations, sample};

const ARCHITECTURES: [Architecture; 2] = [Architecture::GptNeo, Architecture::Roberta];

fn with_activation(architecture: Architecture, activation: &str) -> ModelSpec {
    sample::spec(architecture, &[("activation", Value::from(activation)), ("model.budget", Value::from("unmatched"))])
}

/// Whether a parameter belongs to an activation.
fn is_learned(name: &str) -> bool {
    [".act.", ".act_in.", "_act_fn."].iter().any(|part| name.contains(part))
}

fn model(spec: &ModelSpec, weights: &BTreeMap<String, Tensor>) -> Model {
    Model::new(spec, &mut |name| weights[name].shallow_clone(), Precision::Fp32)
}

fn loss(spec: &ModelSpec) -> f64 {
    model(spec, &sample::weights(spec)).loss(&sample::batch(&[9, 4, 13]), Dropout::off()).double_value(&[])
}

#[test]
fn declared_parameters_are_those_of_the_budget() {
    for architecture in ARCHITECTURES {
        for activation in NAMES {
            for granularity in ["channel", "layer"] {
                let spec = sample::spec(
                    architecture,
                    &[("activation", Value::from(activation)), ("model.granularity", Value::from(granularity))],
                );
                let declared: i64 = declarations(&spec).iter().map(crate::parameters::Declaration::size).sum();
                let names: BTreeSet<_> = declarations(&spec).into_iter().map(|one| one.name).collect();
                assert_eq!(declared as u64, ParameterCount::of(&spec).total(), "{architecture:?} {activation}");
                assert_eq!(names.len(), declarations(&spec).len(), "a name twice: {architecture:?} {activation}");
            }
        }
    }
}

#[test]
fn matrices_decay_and_vectors_do_not() {
    for architecture in ARCHITECTURES {
        for activation in NAMES {
            for one in declarations(&with_activation(architecture, activation)) {
                let is_learned = is_learned(&one.name);
                let is_matrix = one.shape.len() > 1 && !one.name.ends_with("spline_scaler") && !is_learned;
                assert_eq!(one.decays, is_matrix, "{}", one.name);
            }
        }
    }
}

#[test]
fn every_parameter_is_used() {
    for architecture in ARCHITECTURES {
        for activation in NAMES {
            let spec = with_activation(architecture, activation);
            let weights = sample::weights(&spec);
            model(&spec, &weights).loss(&sample::batch(&[9, 4, 13]), Dropout::off()).backward();
            for (name, weight) in &weights {
                let gradient = weight.grad();
                assert!(gradient.defined(), "{architecture:?} {activation}: {name}");
                assert!(gradient.abs().max().double_value(&[]) > 0.0, "{architecture:?} {activation}: {name}");
            }
        }
    }
}

/// Weights with which every activation shows what it is: the hidden layer reaches far enough for relu6, and what is
/// learned has left its start, where swish is silu.
fn telling_weights(spec: &ModelSpec) -> BTreeMap<String, Tensor> {
    let telling = |(name, weight): (String, Tensor)| {
        let is_input = name.contains("mlp.c_fc.weight") || name.contains("intermediate.dense.weight");
        let is_learned = is_learned(&name);
        let weight = match (is_input, is_learned) {
            (true, _) => weight * 3.0,
            (_, true) => &weight + sample::tensor(&name, &weight.size(), tch::Kind::Float) * 0.2,
            _ => weight,
        };
        (name, weight)
    };
    sample::weights(spec).into_iter().map(telling).collect()
}

#[test]
fn no_activation_is_another() {
    for architecture in ARCHITECTURES {
        let losses: Vec<(&str, f64)> = NAMES
            .iter()
            .map(|activation| {
                let spec = with_activation(architecture, activation);
                let model = model(&spec, &telling_weights(&spec));
                (*activation, model.loss(&sample::batch(&[9, 4, 13]), Dropout::off()).double_value(&[]))
            })
            .collect();
        for (index, (one, first)) in losses.iter().enumerate() {
            assert!(first.is_finite());
            for (other, second) in &losses[..index] {
                let is_same = SYNONYMS.contains(&(*one, *other));
                assert!(
                    ((first / second - 1.0).abs() > 3e-7) != is_same,
                    "{architecture:?}: {one} and {other}: {first} {second}"
                );
            }
        }
    }
}

#[test]
fn learnable_activations_start_as_their_siblings() {
    for architecture in ARCHITECTURES {
        let zero_slope = [("activation", Value::from("prelu")), ("model.prelu.slope", Value::Float(0.0))];
        let prelu = loss(&sample::spec(architecture, &zero_slope));
        for (learnable, sibling) in [
            (prelu, "relu"),
            (loss(&with_activation(architecture, "swish")), "silu"),
            (loss(&with_activation(architecture, "learnable-gelu")), "gelu"),
            (loss(&with_activation(architecture, "scaled-learnable-gelu")), "gelu"),
            (loss(&with_activation(architecture, "xgelu")), "gelu"),
            (loss(&with_activation(architecture, "xsilu")), "silu"),
            (loss(&with_activation(architecture, "delft-learnable-gelu")), "gelu-tanh"),
            (loss(&with_activation(architecture, "delft-prelu")), "relu"),
            (loss(&with_activation(architecture, "linear-spline")), "identity"),
            (loss(&with_activation(architecture, "learnable-swiglu")), "swiglu"),
        ] {
            let fixed = loss(&with_activation(architecture, sibling));
            assert!((learnable / fixed - 1.0).abs() < 1e-6, "{architecture:?}: {sibling}: {learnable} {fixed}");
        }
    }
}

#[test]
fn packing_changes_nothing() {
    let lengths = [9, 16, 1, 4, 13, 2, 15, 3];
    for architecture in ARCHITECTURES {
        // A probability that vanishes takes the written-out attention and drops nothing.
        for dropout in [0.0, 1e-12] {
            let given = [("model.dropout", Value::Float(0.0)), ("model.attention-dropout", Value::Float(dropout))];
            let spec = sample::spec(architecture, &given);
            let model = model(&spec, &sample::weights(&spec));
            let batch = sample::batch(&lengths);
            let together = Vec::<f64>::try_from(model.log_probabilities(&batch)).unwrap();
            let alone: Vec<f64> = one_by_one(&batch, &lengths)
                .iter()
                .flat_map(|story| Vec::<f64>::try_from(model.log_probabilities(story)).unwrap())
                .collect();
            assert_eq!(together.len(), alone.len());
            for (together, alone) in together.iter().zip(&alone) {
                assert!((together - alone).abs() < 1e-5 * alone.abs(), "{architecture:?}: {together} {alone}");
            }
            let loss = model.loss(&batch, Dropout::at(0, 0, 0)).double_value(&[]);
            assert!((loss + alone.iter().sum::<f64>()).abs() < 1e-5 * loss);
        }
    }
}

/// Each story of a batch as a batch of its own.
fn one_by_one(batch: &Packed, lengths: &[usize]) -> Vec<Packed> {
    let numbers = |tensor: &Tensor| Vec::<i64>::try_from(tensor).unwrap();
    let [tokens, positions, scored, targets] =
        [&batch.tokens, &batch.positions, &batch.scored, &batch.targets].map(numbers);
    let mut start = 0;
    let story = |length: &usize| {
        let range = start..start + length;
        start += length;
        let (scored, targets): (Vec<i64>, Vec<i64>) = scored
            .iter()
            .zip(&targets)
            .filter(|(place, _)| range.contains(&(**place as usize)))
            .map(|(place, target)| (place - range.start as i64, *target))
            .unzip();
        let stories = crate::model::Stories {
            tokens: &tokens[range.clone()],
            positions: &positions[range],
            bounds: &[0, *length],
            scored: &scored,
            targets: &targets,
        };
        Packed::new(&stories, tch::Device::Cpu)
    };
    lengths.iter().map(story).collect()
}

#[test]
fn what_is_read_is_what_the_whole_network_says_there() {
    // Longer and shorter than the window of 4, several tokens of one story and one of another, in any order.
    let batch = sample::batch(&[9, 4, 13, 2, 9]);
    let read = [8, 0, 12, 25, 14, 20, 27, 36, 30, 2];
    let reading = Reading::new(&batch.attention, &read, tch::Device::Cpu);
    for architecture in ARCHITECTURES {
        let spec = with_activation(architecture, "gelu");
        let states = |whole: bool| {
            let weights = sample::weights(&spec);
            let model = model(&spec, &weights);
            let rows = if whole {
                model.hidden(&batch, Dropout::off()).index_select(0, &Tensor::from_slice(&read))
            } else {
                model.read(&batch, &reading, Dropout::off())
            };
            (&rows * sample::tensor("weighing", &rows.size(), tch::Kind::Float)).sum(tch::Kind::Float).backward();
            let gradients = weights.values().map(Tensor::grad).filter(Tensor::defined);
            let gradients: Vec<Tensor> = gradients.map(|gradient| gradient.flatten(0, -1)).collect();
            (rows, Tensor::cat(&gradients, 0))
        };
        let ((rows, gradients), (whole_rows, whole_gradients)) = (states(false), states(true));
        let far = |one: &Tensor, other: &Tensor| ((one - other).abs().max() / other.abs().max()).double_value(&[]);
        assert!(far(&rows, &whole_rows) < 1e-5, "{architecture:?}: {}", far(&rows, &whole_rows));
        assert!(far(&gradients, &whole_gradients) < 1e-5, "{architecture:?}: gradients");
    }
}

#[test]
fn looking_up_padding_gives_it_no_gradient() {
    let spec = with_activation(Architecture::Roberta, "gelu");
    let weights = sample::weights(&spec);
    let tokens = [0, 5, 0, 7];
    let stories = crate::model::Stories {
        tokens: &tokens,
        positions: &[0, 1, 2, 3],
        bounds: &[0, 4],
        scored: &[1],
        targets: &[3],
    };
    let batch = Packed::new(&stories, tch::Device::Cpu);
    let table = &weights["roberta.embeddings.word_embeddings.weight"];
    for (padding, other) in [(0, 5), (5, 0)] {
        let hidden = model(&spec, &weights).with_padding(padding).hidden(&batch, Dropout::off());
        table.shallow_clone().zero_grad();
        hidden.select(0, 1).select(0, 0).backward();
        let rows = table.grad().abs().sum_dim_intlist(1, false, None);
        assert!(rows.double_value(&[i64::from(padding)]) == 0.0);
        assert!(rows.double_value(&[other]) > 0.0);
    }
}
