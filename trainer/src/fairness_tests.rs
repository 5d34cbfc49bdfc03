//! What makes runs of one seed comparable, for every layer of the table: weights that start alike.

use spec::feed_forward::level::NAMES;
use spec::model::{Architecture, ModelSpec};
use spec::value::Value;
use tch::{Device, Kind};

use crate::model::{declarations, declarations_with_padding, sample};
use crate::parameters::{Parameters, Start};

const ARCHITECTURES: [Architecture; 2] = [Architecture::GptNeo, Architecture::Roberta];

fn started(spec: &ModelSpec, seed: u64) -> Parameters {
    Parameters::new(declarations(spec), spec.weights_seed(seed), Device::Cpu).unwrap()
}

fn spec_of(architecture: Architecture, activation: &str, more: &[(&str, Value)]) -> ModelSpec {
    let mut settings = vec![("activation", Value::from(activation))];
    settings.extend(more.iter().cloned());
    sample::spec(architecture, &settings)
}

#[test]
fn levels_of_one_seed_share_every_weight_outside_of_the_layer() {
    let is_outside = |name: &str| {
        let of_layer = [".mlp.", ".intermediate.", ".output.dense.", ".kan."];
        !of_layer.iter().any(|part| name.contains(part)) || name.contains(".attention.")
    };
    for architecture in ARCHITECTURES {
        let plain = started(&spec_of(architecture, "gelu", &[]), 5);
        for activation in NAMES {
            let other = started(&spec_of(architecture, activation, &[]), 5);
            let mut shared = 0;
            for declaration in plain.declarations().iter().filter(|one| is_outside(&one.name)) {
                assert_eq!(other.leaf(&declaration.name), plain.leaf(&declaration.name), "{activation}");
                shared += declaration.size();
            }
            let outside = |parameters: &Parameters| -> i64 {
                let declarations = parameters.declarations().iter().filter(|one| is_outside(&one.name));
                declarations.map(crate::parameters::Declaration::size).sum()
            };
            assert_eq!((shared, shared), (outside(&plain), outside(&other)), "{activation}");
        }
    }
}

#[test]
fn the_vector_of_the_padding_id_starts_at_zero_whatever_the_id() {
    let spec = spec_of(Architecture::Roberta, "gelu", &[]);
    for padding in [0, 1, 299] {
        let found = Parameters::new(declarations_with_padding(&spec, padding), 5, Device::Cpu).unwrap();
        let sizes = found.leaf("roberta.embeddings.word_embeddings.weight").abs().sum_dim_intlist(1, false, None);
        let sizes = Vec::<f64>::try_from(sizes.to_kind(Kind::Double)).unwrap();
        let zeros: Vec<usize> = (0..sizes.len()).filter(|row| sizes[*row] == 0.0).collect();
        assert_eq!(zeros, [usize::from(padding)]);
    }
}

#[test]
fn layers_start_as_they_did_in_the_study() {
    let delft = [("model.initialisation", Value::from("delft")), ("model.budget", Value::from("unmatched"))];
    // Which maps started as PyTorch's, and whether the weights came from seed 42.
    for (architecture, activation, own, is_fixed) in [
        (Architecture::GptNeo, "gelu-tanh", &[][..], false),
        (Architecture::GptNeo, "relu", &[], false),
        (Architecture::GptNeo, "delft-learnable-gelu", &["mlp.c_fc", "mlp.c_proj"], false),
        (Architecture::GptNeo, "delft-prelu", &["mlp.c_fc", "mlp.c_proj"], true),
        (Architecture::GptNeo, "identity", &["mlp.c_fc", "mlp.c_proj"], true),
        (Architecture::GptNeo, "delft-geglu", &["mlp.c_fc", "mlp.c_gated", "mlp.c_proj"], true),
        (Architecture::GptNeo, "delft-kan", &[], true),
        (Architecture::Roberta, "gelu", &[], false),
        (Architecture::Roberta, "delft-swish", &["intermediate.dense"], true),
        (Architecture::Roberta, "delft-kan", &[], true),
    ] {
        let spec = spec_of(architecture, activation, &delft);
        let found = started(&spec, 7);
        for declaration in found.declarations() {
            let is_own = own.iter().any(|map| declaration.name.contains(&format!(".{map}.")));
            let fan_in = if declaration.name.contains("c_proj") { spec.feed_forward.width() } else { spec.hidden_size };
            let uniform = Start::Uniform { bound: f64::from(fan_in).sqrt().recip() };
            assert_eq!(declaration.start == uniform, is_own, "{activation}: {}", declaration.name);
        }
        let from = |seed| Parameters::new(declarations(&spec), seed, Device::Cpu).unwrap().weights().copy();
        assert_eq!(*found.weights(), from(if is_fixed { 42 } else { 7 }), "{activation}");
    }
}
