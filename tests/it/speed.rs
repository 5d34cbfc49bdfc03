//! `seedbed-trainer bench` times the training that is done otherwise, and nothing else.

use std::process::Command;

use e2e::programs::{program, transcript};
use e2e::study::{Study, TINY};
use serde_json::Value;

fn bench(study: &Study, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("seedbed-trainer"));
    command.arg("bench").arg(study.path("stories.txt"));
    for setting in ["hidden-size=32", "layers=2", "heads=2", "ffn-size=64", "context=96", "window=16", "vocabulary=450"]
    {
        command.args(["--set", &format!("model.{setting}")]);
    }
    command.args(["--tokens", "512", "--steps", "3", "--warm-up", "1", "--device", "cpu", "--precision", "fp32"]);
    command.args(["--cache"]).arg(study.path("cache")).args(arguments);
    command
}

fn measured(study: &Study, arguments: &[&str]) -> Value {
    let output = bench(study, arguments).arg("--json").output().expect("the trainer starts");
    assert!(output.status.success(), "{}", transcript(&output));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn networks_trained_in_turns_learn_what_each_learns_alone() {
    let study = Study::new("[sweep]\nname = 'speed'\n", TINY);
    let together = measured(&study, &["--activation", "gelu", "--beside", "prelu,kan"]);
    let beside = together["beside"].as_array().expect("others were trained");
    assert_eq!(beside.len(), 2);
    for network in [&together, &beside[0], &beside[1]] {
        let activation = network["activation"].as_str().expect("it has a name");
        let alone = measured(&study, &["--activation", activation]);
        assert_eq!(network["last-loss"], alone["last-loss"], "{activation}");
        assert_eq!(alone["beside"], Value::Array(Vec::new()));
    }
    for other in beside {
        let of = |spread: &str, which: &str| other[spread][which].as_f64().expect("it is a number");
        for spread in ["ratio", "real-tokens-per-second"] {
            assert!(0.0 < of(spread, "min") && of(spread, "min") <= of(spread, "median"), "{other}");
            assert!(of(spread, "median") <= of(spread, "max"), "{other}");
        }
    }
    assert_eq!(together["steps"], 3);
}

#[test]
fn a_network_beside_that_is_none_is_refused_before_anything_is_trained() {
    let study = Study::new("[sweep]\nname = 'speed'\n", TINY);
    let output = bench(&study, &["--beside", "prelu,gelo"]).output().expect("the trainer starts");
    assert_eq!(output.status.code(), Some(64), "{}", transcript(&output));
    assert!(transcript(&output).contains("gelo"), "{}", transcript(&output));
    assert!(!study.path("cache").exists());
}
