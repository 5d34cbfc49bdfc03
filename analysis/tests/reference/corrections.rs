//! Corrections for several comparisons.

use analysis::statistics::corrections::combined::{fisher, stouffer, tippett};
use analysis::statistics::corrections::false_discovery::{benjamini_hochberg, benjamini_yekutieli, two_stage};
use analysis::statistics::corrections::hommel::hommel;
use analysis::statistics::corrections::single_step::{bonferroni, sidak};
use analysis::statistics::corrections::step_down::{finner, holm_sidak};
use analysis::statistics::corrections::step_up::hochberg;
use analysis::statistics::holm::holm;
use serde_json::Value;

use super::{close, data, expected, numbers, within};

pub(crate) const COVERED: &[&str] = &["padjust", "padjust_nan_rule", "finner_holm_control", "combine"];

type Correction = fn(&[Option<f64>]) -> Vec<Option<f64>>;

const ALL: &[(&str, Correction)] = &[
    ("bonferroni", bonferroni),
    ("holm", holm),
    ("holm-sidak", holm_sidak),
    ("sidak", sidak),
    ("simes-hochberg", hochberg),
    ("hommel", hommel),
    ("fdr_bh", benjamini_hochberg),
    ("fdr_by", benjamini_yekutieli),
    ("fdr_tsbh", |p| two_stage(p, 0.05)),
    ("finner", finner),
];

fn some(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

fn agree(found: &[Option<f64>], expected: &Value, relative: f64) {
    assert_eq!(found.len(), expected.as_array().unwrap().len());
    for (found, expected) in found.iter().zip(expected.as_array().unwrap()) {
        within(found.unwrap(), expected, relative);
    }
}

#[test]
fn eight_hypotheses() {
    let p = some(&data("pvals"));
    for (name, correction) in ALL.iter().filter(|(name, _)| *name != "finner") {
        agree(&correction(&p), &expected("padjust")[*name], 1e-12);
    }
}

#[test]
fn what_was_not_tested_is_no_member() {
    let mut p = some(&data("pvals"));
    p[3] = None;
    let mut found = benjamini_hochberg(&p);
    assert_eq!(found.remove(3), None);
    agree(&found, expected("padjust_nan_rule"), 1e-12);
    // Edge case holm_nan.
    assert_eq!(holm(&[Some(0.01), None, Some(0.03)]), [Some(0.02), None, Some(0.03)]);
}

#[test]
fn against_a_control() {
    let case = expected("finner_holm_control");
    let p = some(&numbers(&case["p"]));
    agree(&holm(&p), &case["holm"], 1e-10);
    agree(&hochberg(&p), &case["hochberg"], 1e-10);
    agree(&finner(&p), &case["finner"], 1e-10);
}

#[test]
fn several_p_values_together() {
    let case = expected("combine");
    for (name, found) in [
        ("fisher", fisher(&data("pvals"))),
        ("stouffer", stouffer(&data("pvals"))),
        ("tippett", tippett(&data("pvals"))),
    ] {
        let found = found.unwrap();
        close(found.statistic, &case[name][0]);
        close(found.p, &case[name][1]);
    }
}

#[test]
fn edge_cases() {
    for (name, correction) in ALL {
        // holm_empty, and its like.
        assert_eq!(correction(&[]), [], "{name}");
        assert_eq!(correction(&[None]), [None], "{name}");
        let found = correction(&[Some(0.2)]);
        assert!((found[0].unwrap() - 0.2).abs() < 1e-15, "{name}: {found:?}");
    }
    // bh_200
    let mut p = vec![Some(0.5); 199];
    p.push(Some(1e-5));
    assert!((benjamini_hochberg(&p)[199].unwrap() - 0.002).abs() < 1e-15);
}

#[test]
fn adjusted_values_keep_the_order_and_are_never_smaller() {
    let p = some(&data("pvals"));
    for (name, correction) in ALL {
        let adjusted = correction(&p);
        for (one, p_one) in adjusted.iter().zip(&p) {
            // Two-stage guesses that few hypotheses are true and may go below p itself.
            assert!(*name == "fdr_tsbh" || one.unwrap() >= p_one.unwrap() * (1.0 - 1e-12), "{name}");
            for (other, p_other) in adjusted.iter().zip(&p) {
                assert!(p_one.unwrap() > p_other.unwrap() || one.unwrap() <= other.unwrap(), "{name}");
            }
        }
        let turned: Vec<Option<f64>> = p.iter().rev().copied().collect();
        let mut back = correction(&turned);
        back.reverse();
        assert_eq!(back, adjusted, "{name}");
    }
}
