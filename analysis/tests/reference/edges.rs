//! Inputs on which published programs fail, and what is right (the file's `edge_cases`).

use analysis::statistics::anova::one_way::one_way;
use analysis::statistics::comparisons::tukey::tukey_kramer;
use analysis::statistics::corrections::false_discovery::benjamini_hochberg;
use analysis::statistics::diagnostics::shapiro_wilk::shapiro_wilk;
use analysis::statistics::effects::{cohen, standardised};
use analysis::statistics::estimate::Conclusion;
use analysis::statistics::friedman::friedman;
use analysis::statistics::holm::holm;
use analysis::statistics::paired::paired_t;
use analysis::statistics::ranks::attainable;
use analysis::statistics::ranks::decimal::differences;
use analysis::statistics::ranks::kruskal_wallis::kruskal_wallis;
use analysis::statistics::ranks::mann_whitney::mann_whitney;
use analysis::statistics::ranks::midranks;
use analysis::statistics::ranks::signed_rank::{Zeros, signed_rank};
use analysis::statistics::refusal::Refusal;
use analysis::statistics::resampling::bootstrap::{Bootstrap, leave_one_out};
use analysis::statistics::resampling::sign_flip;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{FILE, edge_case, within};

/// The cases that are looked at in this file.
const HERE: &[&str] = &[
    "zero_diff_t",
    "const_diff_t",
    "const_diff_exact_t",
    "n1_t",
    "n2_t",
    "n3_wilcoxon",
    "nan_t",
    "nan_friedman",
    "inf_t",
    "inf_wilcoxon",
    "wilcoxon_all_zero",
    "one_group_anova",
    "one_group_friedman",
    "empty_group",
    "anova_all_const",
    "anova_const_within",
    "kruskal_const",
    "shapiro_const",
    "shapiro_n2",
    "mwu_n1",
    "bootstrap_n1",
    "bootstrap_const_bca",
    "effsize_const",
    "tukey_200",
    "holm_empty",
    "holm_nan",
    "bh_200",
    "n200k_rank",
];

/// The cases that are looked at elsewhere, and by which test.
const ELSEWHERE: &[(&str, &str)] = &[
    ("decimal_ties", "ranks::decimal_ties"),
    ("cd_200", "many_arms::the_studentized_range"),
    ("studentized_200", "many_arms::the_studentized_range"),
    ("mixed_singular_lm", "mixed::a_seed_that_explains_nothing"),
    ("unbalanced_paired", "tests/sweep.rs, pairs_are_made_by_seed_and_what_is_missing_is_said"),
    ("seed_text_ids", "results::design, spellings_of_one_number_are_one_seed"),
    ("dup_cell", "tests/table.rs, AnalysisError::Duplicate"),
];

#[test]
fn every_edge_case_has_a_place() {
    let known: Vec<&str> =
        FILE["edge_cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap()).collect();
    let mut placed: Vec<&str> = HERE.iter().copied().chain(ELSEWHERE.iter().map(|(id, _)| *id)).collect();
    placed.sort_unstable();
    let mut sorted = known;
    sorted.sort_unstable();
    assert_eq!(placed, sorted);
}

#[test]
fn paired_differences_without_spread_or_number() {
    let conclusion = |pairs: &[(f64, f64)]| paired_t(pairs, 0.05).map(|found| found.conclusion);
    // zero_diff_t, const_diff_t, const_diff_exact_t: SciPy answers NaN, 1e-31 and 0.
    assert_eq!(conclusion(&[(0.5, 0.5); 3]), Some(Conclusion::Identical));
    for pairs in [[(0.6, 0.5), (0.7, 0.6), (0.8, 0.7)], [(2.0, 1.0), (3.0, 2.0), (4.0, 3.0)]] {
        assert_eq!(conclusion(&pairs), Some(Conclusion::NoSpread));
        assert_eq!(sign_flip::exact(&pairs), Some(0.25));
    }
    // n1_t, nan_t, inf_t: a run that diverged has to be set aside by whoever can count and name it.
    assert_eq!(conclusion(&[(0.6, 0.5)]), Some(Conclusion::TooFew));
    assert_eq!(conclusion(&[(1.0, 0.5), (2.0, 1.2), (f64::NAN, 2.0), (4.0, 3.1)]), None);
    assert_eq!(conclusion(&[(1.0, 0.5), (2.0, 1.2), (f64::INFINITY, 2.0), (4.0, 3.1)]), None);
    // n2_t
    let case = edge_case("n2_t");
    let test = *paired_t(&[(0.61, 0.58), (0.64, 0.60)], 0.05).unwrap().test().unwrap();
    for (found, expected) in [
        (test.t, &case["t"]),
        (test.p, &case["p"]),
        (test.interval.low, &case["ci"][0]),
        (test.interval.high, &case["ci"][1]),
    ] {
        within(found, expected, 1e-11);
    }
    assert!((test.df - 1.0).abs() < 1e-15 && (attainable::signed(2) - 0.5).abs() < 1e-15);
    // effsize_const
    assert_eq!(cohen::independent(&[1.0; 3], &[2.0; 3]), None);
    assert_eq!(cohen::paired(&[(1.0, 2.0); 3]), None);
    assert_eq!(standardised::interval(f64::NEG_INFINITY, 2.0, 1.7, 0.05), None);
}

#[test]
fn signed_ranks_of_few_infinite_or_equal_values() {
    let p = |values: &[f64]| signed_rank(values, Zeros::Dropped).unwrap().p;
    // n3_wilcoxon, inf_wilcoxon, wilcoxon_all_zero
    assert!((p(&[0.1, 0.2, 0.3]) - 0.25).abs() < 1e-15 && (attainable::signed(3) - 0.25).abs() < 1e-15);
    let pairs = [(1.0, 0.5), (2.0, 1.2), (f64::INFINITY, 2.0), (4.0, 3.1), (3.0, 2.2)];
    assert!((p(&differences(&pairs)) - 0.0625).abs() < 1e-15);
    assert!((p(&[0.0; 3]) - 1.0).abs() < 1e-15);
}

#[test]
fn groups_that_cannot_be_compared() {
    // one_group_anova, empty_group, anova_all_const, anova_const_within
    assert_eq!(one_way(&[[1.0, 2.0, 3.0]]), Err(Refusal::TooFewGroups { needed: 2, found: 1 }));
    let empty = one_way(&[vec![1.0, 2.0], vec![]]).unwrap_err();
    assert_eq!(empty, Refusal::TooFewValues { group: 1, needed: 1, found: 0 });
    assert_eq!(empty.to_string(), "group 1 holds 0 values, and at least 1 are needed");
    assert_eq!(one_way(&[[1.0, 1.0], [1.0, 1.0]]), Err(Refusal::Identical));
    assert_eq!(one_way(&[[1.0, 1.0], [2.0, 2.0]]), Err(Refusal::NoSpread));
    // kruskal_const, mwu_n1
    assert_eq!(kruskal_wallis(&[[1.0, 1.0], [1.0, 1.0]]), Err(Refusal::Identical));
    let found = mann_whitney(&[1.0], &[2.0, 3.0]).unwrap();
    assert!((found.p - 2.0 / 3.0).abs() < 1e-15 && (found.floor - found.p).abs() < 1e-15);
    // one_group_friedman, nan_friedman: three arms over three blocks, the third arm's last block without a number.
    let two_arms = [vec![1.0, 2.0], vec![2.0, 3.0], vec![3.0, 4.0]];
    assert_eq!(friedman(&two_arms), Err(Refusal::TooFewGroups { needed: 3, found: 2 }));
    let blocks = [vec![1.0, 2.0, 3.0], vec![2.0, 3.0, 1.0], vec![f64::NAN, 4.0, 5.0]];
    assert_eq!(friedman(&blocks), Err(Refusal::NotFinite { row: 2, place: 0 }));
    // shapiro_const, shapiro_n2
    assert_eq!(shapiro_wilk(&[1.0; 4]), Err(Refusal::Identical));
    assert_eq!(shapiro_wilk(&[1.0, 2.0]), Err(Refusal::TooFewValues { group: 0, needed: 3, found: 2 }));
}

#[test]
fn resamples_of_one_value_and_of_equal_ones() {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let mut random = ChaCha8Rng::seed_from_u64(0);
    // bootstrap_n1, bootstrap_const_bca
    assert_eq!(Bootstrap::drawn(&[1.0], 100, &mut random, mean), None);
    let found = Bootstrap::drawn(&[1.0; 4], 100, &mut random, mean).unwrap();
    let interval = found.corrected(&leave_one_out(&[1.0; 4], mean), 0.05).unwrap().interval;
    assert!(found.is_degenerate() && (interval.low - 1.0).abs() < 1e-15 && (interval.high - 1.0).abs() < 1e-15);
}

#[test]
fn many_and_none() {
    // holm_empty, holm_nan, bh_200, n200k_rank
    assert_eq!(holm(&[]), []);
    assert_eq!(holm(&[Some(0.01), None, Some(0.03)]), [Some(0.02), None, Some(0.03)]);
    let mut p = vec![Some(0.5); 199];
    p.push(Some(1e-5));
    within(benjamini_hochberg(&p)[199].unwrap(), edge_case("bh_200"), 1e-12);
    assert!(midranks::doubled(&vec![0.0; 200_000]).iter().all(|rank| *rank == 200_001));
    // tukey_200: all pairs, each with a p value and an interval that agree.
    let value = |arm: usize, seed: usize| ((arm * 37 + seed * seed * 101 + arm * seed * 13) % 197) as f64 / 10.0;
    let groups: Vec<Vec<f64>> = (0..200).map(|arm| (0..3).map(|seed| value(arm, seed)).collect()).collect();
    let found = tukey_kramer(&groups, 0.05).unwrap();
    assert_eq!(found.len(), 19_900);
    for pair in found {
        assert!(pair.p > 0.0 && pair.p <= 1.0, "{pair:?}");
        assert_eq!(pair.interval.low > 0.0 || pair.interval.high < 0.0, pair.p < 0.05, "{pair:?}");
    }
}
