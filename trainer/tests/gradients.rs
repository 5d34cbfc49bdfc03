//! The networks against Hugging Face's transformers: the files of `reference/` hold what it computes in double
//! precision for a few tiny networks (see `make_reference.py` there), and the trainer must come to the same numbers in
//! fp32.
#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use spec::model::ModelSpec;
use spec::train::Precision;
use tch::{Device, Kind, Tensor};
use trainer::model::{Model, Packed, Stories, declarations};
use trainer::streams::Dropout;

/// Largest distance from the reference, as a part of its largest magnitude.
const TOLERANCE: f64 = 1e-5;

/// Weights may lie where single precision is not good for that, drawn at random or not: then so many times what
/// transformers itself comes to be off in single precision, with these weights and some a millionth beside them. The
/// order of sums is another here, and another on each kind of processor, so that the two are off by as much, but not
/// alike.
const TIMES_THEIRS: f64 = 1.5;

/// The folder of the reference values: that of the repository, or one of the same form that `tests/transformers` has
/// just made.
fn folder() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    std::env::var_os("SEEDBED_REFERENCE").map_or(ours, PathBuf::from)
}

/// What one file holds.
struct Case {
    spec: ModelSpec,
    padding: u16,
    tokens: Vec<i64>,
    bounds: Vec<usize>,
    scored: Vec<i64>,
    targets: Vec<i64>,
    logits: Tensor,
    log_probabilities: Vec<f64>,
    loss: f64,
    /// How far gradients of transformers in single precision come to be from exact ones; 0 where the file does not say.
    rounding: f64,
    weights: BTreeMap<String, Tensor>,
    gradients: BTreeMap<String, Tensor>,
}

impl Case {
    fn read(name: &str) -> Self {
        let path = folder().join(format!("{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let spec = &header.metadata().as_ref().unwrap()["spec"];
        let tensors: BTreeMap<String, Tensor> = Tensor::read_safetensors(&path).unwrap().into_iter().collect();
        let integers = |name: &str| Vec::<i64>::try_from(&tensors[name]).unwrap();
        let floats = |name: &str| Vec::<f64>::try_from(&tensors[name]).unwrap();
        let under = |prefix: &str| {
            let stripped =
                |(name, tensor): (&String, &Tensor)| Some((name.strip_prefix(prefix)?.to_owned(), tensor.copy()));
            tensors.iter().filter_map(stripped).collect()
        };
        Self {
            spec: serde_json::from_str(spec).unwrap(),
            padding: tensors.get("padding").map_or(0, |id| u16::try_from(id.int64_value(&[0])).unwrap()),
            tokens: integers("tokens"),
            bounds: integers("bounds").iter().map(|bound| usize::try_from(*bound).unwrap()).collect(),
            scored: integers("scored"),
            targets: integers("targets"),
            logits: tensors["logits"].copy(),
            log_probabilities: floats("log-probabilities"),
            loss: floats("loss")[0],
            rounding: tensors.get("rounding").map_or(0.0, |far| far.double_value(&[0])),
            weights: under("weight/"),
            gradients: under("gradient/"),
        }
    }

    fn packed(&self) -> Packed {
        let positions: Vec<i64> = self.bounds.windows(2).flat_map(|story| 0..(story[1] - story[0]) as i64).collect();
        let stories = Stories {
            tokens: &self.tokens,
            positions: &positions,
            bounds: &self.bounds,
            scored: &self.scored,
            targets: &self.targets,
        };
        Packed::new(&stories, Device::Cpu)
    }

    /// The network, and its leaf tensors by name.
    fn model(&self, precision: Precision) -> (Model, BTreeMap<String, Tensor>) {
        let leaf = |tensor: &Tensor| tensor.copy().set_requires_grad(true);
        let leaves: BTreeMap<String, Tensor> =
            self.weights.iter().map(|(name, tensor)| (name.clone(), leaf(tensor))).collect();
        let model = Model::new(&self.spec, &mut |name| leaves[name].shallow_clone(), precision);
        (model.with_padding(self.padding), leaves)
    }
}

/// Largest difference, as a part of the largest magnitude expected.
fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    let difference = (found.to_kind(Kind::Double) - expected).abs().max().double_value(&[]);
    difference / expected.abs().max().double_value(&[])
}

fn check(name: &str) {
    let case = Case::read(name);
    let declared: BTreeMap<String, Vec<i64>> =
        declarations(&case.spec).into_iter().map(|declaration| (declaration.name, declaration.shape)).collect();
    let expected: BTreeMap<String, Vec<i64>> =
        case.weights.iter().map(|(name, tensor)| (name.clone(), tensor.size())).collect();
    assert_eq!(declared, expected, "{name}: names and shapes");

    let (model, _) = case.model(Precision::Fp32);
    let batch = case.packed();
    let far = distance(&model.logits(&batch), &case.logits);
    assert!(far < TOLERANCE, "{name}: logits differ by {far}");
    let found = model.log_probabilities(&batch);
    let far = distance(&found, &Tensor::from_slice(&case.log_probabilities));
    assert!(far < TOLERANCE, "{name}: log-probabilities differ by {far}");
    check_pass(name, &case, Dropout::off());
    // Dropout of a probability that vanishes takes the attention that is written out, and drops nothing.
    let mut written_out = case;
    (written_out.spec.dropout, written_out.spec.attention_dropout) = (0.0, 1e-12);
    check_pass(name, &written_out, Dropout::at(0, 0, 0));
}

/// Loss and gradients of one forward and backward pass.
#[allow(clippy::print_stdout, reason = "for `--nocapture`: how near it is")]
fn check_pass(name: &str, case: &Case, dropout: Dropout) {
    let (model, leaves) = case.model(Precision::Fp32);
    let loss = model.loss(&case.packed(), dropout);
    assert_eq!(loss.kind(), Kind::Float);
    let found = loss.double_value(&[]);
    assert!((found / case.loss - 1.0).abs() < TOLERANCE, "{name}: loss {found}, expected {}", case.loss);

    loss.backward();
    let mut farthest = 0.0_f64;
    let largest = case.gradients.values().map(|gradient| gradient.abs().max().double_value(&[])).fold(0.0, f64::max);
    for (parameter, expected) in &case.gradients {
        let found = leaves[parameter].grad().to_kind(Kind::Double);
        let scale = expected.abs().max().double_value(&[]);
        // A key's bias shifts all scores of a query alike, so its gradient is zero but for rounding; and where a query
        // sees one token, nothing that makes its score has a gradient.
        let scale = if parameter.ends_with("key.bias") || scale == 0.0 { largest } else { scale };
        let far = (&found - expected).abs().max().double_value(&[]) / scale;
        let tolerance = TOLERANCE.max(TIMES_THEIRS * case.rounding);
        farthest = farthest.max(far);
        assert!(far < tolerance, "{name}: gradient of {parameter} differs by {far}, allowed: {tolerance}");
    }
    println!("{name}: gradients differ by at most {farthest:.1e}, those of transformers by {:.1e}", case.rounding);
}

#[test]
fn gpt_neo_with_a_window_shorter_than_its_texts() {
    check("gpt-neo-window");
}

#[test]
fn gpt_neo_of_odd_sizes_with_a_window_longer_than_its_texts() {
    check("gpt-neo-odd");
}

#[test]
fn gpt_neo_of_one_layer() {
    check("gpt-neo-shallow");
}

#[test]
fn gpt_neo_of_three_layers_with_the_product_written_out() {
    check("gpt-neo-deep");
}

#[test]
fn gpt_neo_of_four_layers_and_one_head_given_in_a_padded_batch() {
    check("gpt-neo-four");
}

#[test]
fn gpt_neo_of_odd_sizes_given_in_a_padded_batch() {
    check("gpt-neo-padded");
}

#[test]
fn gpt_neo_whose_local_layers_see_one_token() {
    check("gpt-neo-one-token-window");
}

#[test]
fn roberta_of_four_layers_and_one_head_given_in_a_padded_batch() {
    check("roberta-four");
}

#[test]
fn roberta_of_odd_sizes_given_in_a_padded_batch() {
    check("roberta-padded");
}

#[test]
fn positions_of_roberta_begin_above_its_padding_id() {
    check("roberta-padding-one");
}

#[test]
fn a_padding_id_inside_a_text_has_no_position() {
    check("roberta-inside");
    check("roberta-inside-one");
}

#[test]
fn roberta_of_two_layers() {
    check("roberta");
}

#[test]
fn roberta_of_odd_sizes() {
    check("roberta-odd");
}

#[test]
fn roberta_of_three_layers() {
    check("roberta-deep");
}

#[test]
fn roberta_with_another_gelu_keeps_the_exact_one_in_its_head() {
    check("roberta-tanh");
}

#[test]
fn shapes_drawn_at_random() {
    let names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name.starts_with("drawn-"))
        .collect();
    assert!(names.len() >= 4, "{names:?}");
    for name in &names {
        check(name);
    }
}

#[test]
fn bf16_comes_within_two_percent() {
    for name in ["gpt-neo-window", "gpt-neo-deep", "roberta", "roberta-deep"] {
        let case = Case::read(name);
        let (model, leaves) = case.model(Precision::Bf16);
        let loss = model.loss(&case.packed(), Dropout::off());
        assert_eq!(loss.kind(), Kind::Float);
        let found = loss.double_value(&[]);
        let far = (found / case.loss - 1.0).abs();
        assert!(far < 0.02, "{name}: loss {found}, expected {}", case.loss);
        assert!(far > 1e-7, "{name}: nothing was rounded to bf16");
        loss.backward();
        let flat = |tensors: Vec<Tensor>| Tensor::cat(&tensors, 0).to_kind(Kind::Double);
        let found = flat(case.gradients.keys().map(|parameter| leaves[parameter].grad().flatten(0, -1)).collect());
        let expected = flat(case.gradients.values().map(|gradient| gradient.flatten(0, -1)).collect());
        let cosine = (found.dot(&expected) / (found.norm() * expected.norm())).double_value(&[]);
        assert!(cosine > 0.99, "{name}: the gradient points elsewhere: {cosine}");
    }
}

#[test]
fn dropout_depends_on_its_moment_alone() {
    for name in ["gpt-neo-deep", "roberta"] {
        let case = Case::read(name);
        let (model, _) = case.model(Precision::Fp32);
        let batch = case.packed();
        let loss = |dropout| model.loss(&batch, dropout).double_value(&[]);
        let first = loss(Dropout::at(1, 5, 0));
        assert!((first - case.loss).abs() > 1e-3, "{name}: dropout does nothing");
        assert!((first - loss(Dropout::at(1, 6, 0))).abs() > 1e-3, "{name}: step 6 is step 5");
        assert!((first - loss(Dropout::at(1, 5, 0))).abs() < 1e-9, "{name}: one moment gave two losses");
    }
}

#[test]
fn an_update_in_place_is_seen() {
    let case = Case::read("gpt-neo-shallow");
    let (model, leaves) = case.model(Precision::Fp32);
    let batch = case.packed();
    let before = model.loss(&batch, Dropout::off()).double_value(&[]);
    tch::no_grad(|| {
        for leaf in leaves.values() {
            let _ = leaf.shallow_clone().g_mul_scalar_(0.5);
        }
    });
    let after = model.loss(&batch, Dropout::off()).double_value(&[]);
    assert!((before - after).abs() > 1e-3);
}
