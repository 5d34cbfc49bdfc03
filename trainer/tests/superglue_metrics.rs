//! The metrics of SuperGLUE against scikit-learn and the official definitions, on random predictions: what
//! `reference/make_superglue_metrics.py` found lies beside it.
#![expect(clippy::unwrap_used, reason = "a reference that cannot be read is a failed test")]

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use trainer::finetune::metrics::{classification, multirc, record, winogender};

/// Both sides compute in 64 bits, in another order.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Reference {
    classification: Vec<Classification>,
    families: Vec<Families>,
    texts: Vec<Texts>,
}

#[derive(Deserialize)]
struct Classification {
    gold: Vec<usize>,
    predicted: Vec<usize>,
    classes: usize,
    scores: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Families {
    #[serde(rename = "families")]
    names: Vec<String>,
    gold: Vec<usize>,
    predicted: Vec<usize>,
    exact_match: f64,
    parity: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Texts {
    predicted: String,
    answers: Vec<String>,
    f1: f64,
    exact_match: f64,
}

fn reference() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/superglue_metrics.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn assert_close(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() < TOLERANCE, "{what}: {found}, expected {expected}");
}

#[test]
fn single_decisions_are_scored_as_scikit_learn_scores_them() {
    let mut seen = 0;
    for (index, case) in reference().classification.iter().enumerate() {
        for (metric, expected) in &case.scores {
            let found = match metric.as_str() {
                "accuracy" => classification::accuracy(&case.gold, &case.predicted),
                "macro-f1" => classification::macro_f1(&case.gold, &case.predicted),
                "f1" => classification::f1(&case.gold, &case.predicted, 1),
                "matthews" => classification::matthews(&case.gold, &case.predicted),
                other => panic!("the reference has {other}"),
            };
            assert_close(&format!("case {index} of {} classes, {metric}", case.classes), found, *expected);
            seen += 1;
        }
    }
    assert!(seen >= 20, "only {seen} values");
}

#[test]
fn families_are_scored_as_defined() {
    for case in reference().families {
        let families: Vec<&str> = case.names.iter().map(String::as_str).collect();
        assert_close("exact match", multirc::exact_match(&families, &case.gold, &case.predicted), case.exact_match);
        match case.parity {
            Some(parity) => assert_close("parity", winogender::parity(&families, &case.predicted).unwrap(), parity),
            None => assert_eq!(winogender::parity(&families, &case.predicted), None),
        }
    }
}

#[test]
fn words_are_compared_as_squad_compares_them() {
    let texts = reference().texts;
    let partial = texts.iter().filter(|case| case.f1 > 0.0 && case.f1 < 1.0).count();
    assert!(partial > 50 && texts.iter().any(|case| case.exact_match > 0.0), "the reference tests too little");
    for case in texts {
        let answers: Vec<&str> = case.answers.iter().map(String::as_str).collect();
        let what = format!("{:?} for {answers:?}", case.predicted);
        assert_close(&what, record::f1(&case.predicted, &answers), case.f1);
        assert_close(&what, record::exact_match(&case.predicted, &answers), case.exact_match);
    }
}
