//! Bayesian comparisons, folds, and stochastic order.

use analysis::statistics::bayes::bayes_factor::{SCALE, log_bayes_factor};
use analysis::statistics::bayes::correlated_t::correlated_t;
use analysis::statistics::bayes::signed_rank::signed_rank;
use analysis::statistics::dominance::violation_ratio::violation_ratio;
use analysis::statistics::location::corrected::corrected_t;
use analysis::statistics::paired::paired_t;
use analysis::statistics::ranks::decimal::differences;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{close, data, expected, number, pairs, within};

pub(crate) const COVERED: &[&str] =
    &["bf_t", "corr_t_bayes", "nadeau_bengio", "bayes_signedrank", "aso_vr", "aso_dominance"];

#[test]
fn folds_of_one_data_set() {
    let folds: Vec<(f64, f64)> = data("cv10").into_iter().map(|difference| (difference, 0.0)).collect();
    let found = corrected_t(&folds, 1.0 / 9.0, 0.05).unwrap();
    close(found.test().unwrap().t, &expected("nadeau_bengio")["t"]);
    close(found.test().unwrap().p, &expected("nadeau_bengio")["p"]);
    // baycomp's left is where its first argument, here the folds' differences, is higher.
    let (found, case) = (correlated_t(&folds, 0.1, 0.01).unwrap(), expected("corr_t_bayes"));
    for (found, expected) in [found.above, found.within, found.below].into_iter().zip(case.as_array().unwrap()) {
        assert!((found - number(expected)).abs() < 1e-10, "{found} {expected}");
    }
}

#[test]
fn evidence_for_an_effect() {
    let t = paired_t(&pairs("a10", "b10"), 0.05).unwrap().test().unwrap().t;
    within(log_bayes_factor(t, 10.0, 9.0, SCALE).unwrap().exp(), expected("bf_t"), 1e-6);
}

#[test]
fn ranks_with_a_margin() {
    let found =
        signed_rank(&differences(&pairs("a10", "b10")), 0.003, 200_000, &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    assert!(found.error < 1e-3);
    let shares = [found.shares.above, found.shares.within, found.shares.below];
    for (found, expected) in shares.into_iter().zip(expected("bayes_signedrank").as_array().unwrap()) {
        assert!((found - number(expected)).abs() < 3e-3, "{found} {expected}");
    }
}

#[test]
fn stochastic_order() {
    let case = expected("aso_vr");
    let moved: Vec<f64> = data("b10").into_iter().map(|value| value + 0.004).collect();
    let found = violation_ratio(&data("a10"), &moved).unwrap();
    close(found, &case["exact"]);
    // deepsig's sum over a grid comes near as the grid gets finer.
    assert!((found - number(&case["deepsig_dt005"])).abs() < 0.006);
    assert!((found - number(&case["deepsig_dt0005"])).abs() < 0.0006);
    close(violation_ratio(&data("a5"), &data("b5")).unwrap(), &expected("aso_dominance")["exact"]);
}
