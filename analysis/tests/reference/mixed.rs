//! Mixed models.

use analysis::statistics::anova::factorial::{Squares, factorial};
use analysis::statistics::mixed::effects::effects;
use analysis::statistics::mixed::fit::Mixed;

use super::{FURTHER, edge_case, expected, number, numbers, sweep, within};

pub(crate) const COVERED: &[&str] = &["mixedlm", "mixedlm_closed"];

/// The columns of statsmodels' treatment coding: gelu on cnn is the mean, and the others are differences from it.
fn treatment(name: &str) -> Vec<Vec<f64>> {
    let (values, [activation, architecture, _]) = sweep(name);
    // As they come: relu, gelu, tanh; cnn, mlp.
    let has = |activation_level: Option<usize>, mlp: bool| -> Vec<f64> {
        let one = |run: usize| {
            let activated = activation_level.is_none_or(|level| activation.levels()[run] == level);
            f64::from(u8::from(activated && (!mlp || architecture.levels()[run] == 1)))
        };
        (0..values.len()).map(one).collect()
    };
    vec![
        has(None, false),
        has(Some(0), false),
        has(Some(2), false),
        has(None, true),
        has(Some(0), true),
        has(Some(2), true),
    ]
}

const NAMES: [&str; 6] = [
    "Intercept",
    "C(act)[T.relu]",
    "C(act)[T.tanh]",
    "C(arch)[T.mlp]",
    "C(act)[T.relu]:C(arch)[T.mlp]",
    "C(act)[T.tanh]:C(arch)[T.mlp]",
];

#[test]
fn restricted_likelihood_of_a_balanced_sweep() {
    let (values, [activation, architecture, seed]) = sweep("two_s");
    let (found, case) = (Mixed::fit(&values, &treatment("two_s"), &seed).unwrap(), expected("mixedlm"));
    for (index, name) in NAMES.iter().enumerate() {
        within(found.coefficients[index], &case["fe"][name], 1e-10);
        within(found.standard_errors[index], &case["bse"][name], 1e-7);
    }
    within(found.seed_variance, &case["var_seed"], 1e-9);
    within(found.residual_variance, &case["var_resid"], 1e-9);
    within(found.log_likelihood, &case["llf_reml"], 1e-9);
    let case = expected("mixedlm_closed");
    within(found.seed_variance, &case["var_seed"], 1e-9);
    within(found.residual_variance, &case["var_resid"], 1e-9);
    let found = effects(&values, &[activation, architecture], &[&[0], &[1], &[0, 1]], &seed).unwrap();
    for (test, name) in found.tests.iter().zip(["F_act", "F_arch", "F_int"]) {
        within(test.f, &case[name], 1e-9);
        within(test.df[1], &case["den_df"], 1e-9);
    }
    assert!(!found.model.singular);
}

#[test]
fn a_seed_that_explains_nothing() {
    // Edge case mixed_singular_lm: statsmodels answers 5e-9 or an error.
    let (values, [activation, architecture, seed]) = sweep("two");
    let factors = [activation, architecture];
    let found = effects(&values, &factors, &[&[0], &[1], &[0, 1]], &seed).unwrap();
    assert!(found.model.singular && found.model.seed_variance <= 0.0 && number(edge_case("mixed_singular_lm")) > 0.0);
    let [activation, architecture] = factors;
    let blocked =
        factorial(&values, &[activation, architecture, seed], &[&[0], &[1], &[2], &[0, 1]], Squares::Partial).unwrap();
    for (test, known) in found.tests.iter().zip([0, 1, 3].map(|term| &blocked.effects[term])) {
        assert!((test.f / known.f - 1.0).abs() < 1e-9 && (test.p / known.p - 1.0).abs() < 1e-8, "{test:?} {known:?}");
        assert!((test.df[1] - 15.0).abs() < 1e-12);
    }
}

#[test]
fn seeds_that_have_not_run_every_arm() {
    for case in FURTHER["kenward_roger"].as_array().unwrap() {
        let rows = |name: &str| -> Vec<Vec<f64>> { case[name].as_array().unwrap().iter().map(numbers).collect() };
        let seed: Vec<usize> = numbers(&case["seed"]).into_iter().map(|seed| seed as usize).collect();
        let seed = analysis::statistics::anova::factor::Factor::of(seed).unwrap();
        let found = Mixed::fit(&numbers(&case["values"]), &rows("columns"), &seed).unwrap();
        within(found.seed_variance, &case["seed_variance"], 1e-8);
        within(found.residual_variance, &case["residual_variance"], 1e-8);
        for (index, expected) in case["coefficients"].as_array().unwrap().iter().enumerate() {
            within(found.coefficients[index], expected, 1e-8);
        }
        for (row, contrast) in rows("rows").iter().zip(case["contrasts"].as_array().unwrap()) {
            let test = *found.contrast(row, 0.05).unwrap().test().unwrap();
            within(test.standard_error, &contrast["standard_error"], 1e-8);
            within(test.df, &contrast["df"], 1e-8);
        }
        let joint = found.joint(&rows("rows")).unwrap();
        within(joint.f, &case["joint"]["f"], 1e-8);
        within(joint.df[1], &case["joint"]["df"], 1e-8);
        within(joint.p, &case["joint"]["p"], 1e-8);
    }
}
