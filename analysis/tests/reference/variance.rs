//! Analyses of variance.

use analysis::statistics::anova::aligned_ranks::aligned_ranks;
use analysis::statistics::anova::factor::Factor;
use analysis::statistics::anova::factorial::{Squares, Table, factorial};
use analysis::statistics::anova::one_way::one_way;
use analysis::statistics::anova::welch::welch;
use analysis::statistics::anova::within::{one_factor, two_factors};
use serde_json::Value;

use super::{FURTHER, close, expected, number, numbers, sweep, table, three_groups, within};

pub(crate) const COVERED: &[&str] =
    &["anova1", "welch_anova", "anova2_t2", "anova2_t3_sum", "anova_blocked", "anova_rm2", "rm_anova_gg", "art"];

#[test]
fn one_factor_of_three_levels() {
    let found = one_way(&three_groups()).unwrap();
    close(found.f, &expected("anova1")["stat"]);
    close(found.p, &expected("anova1")["p"]);
    let (found, case) = (welch(&three_groups()).unwrap(), expected("welch_anova"));
    close(found.f, &case["F"][0]);
    close(found.df[0], &case["ddof1"][0]);
    close(found.df[1], &case["ddof2"][0]);
    close(found.p, &case["p_unc"][0]);
    close(one_way(&three_groups()).unwrap().eta_squared, &case["np2"][0]);
}

/// Compares a table, in the order of its terms, with one of statsmodels whose rows stand in `rows` and end with the
/// residuals.
fn agrees(found: &Table, case: &Value, rows: &[usize]) {
    for (effect, row) in found.effects.iter().zip(rows) {
        within(effect.sum, &case["sum_sq"][*row], 1e-9);
        within(effect.df, &case["df"][*row], 1e-9);
        within(effect.f, &case["F"][*row], 1e-9);
        within(effect.p, &case["PR(>F)"][*row], 1e-9);
    }
    assert_eq!(found.effects.len(), rows.len());
    within(found.residual_sum, &case["sum_sq"][rows.len()], 1e-9);
    within(found.residual_df, &case["df"][rows.len()], 1e-9);
}

#[test]
fn two_factors_balanced_or_not() {
    let (values, [activation, architecture, _]) = sweep("two_unbal");
    let factors = [activation, architecture];
    let terms: [&[usize]; 4] = [&[0], &[1], &[0, 1], &[]];
    let found = factorial(&values, &factors, &terms[..3], Squares::Marginal).unwrap();
    agrees(&found, expected("anova2_t2"), &[0, 1, 2]);
    let found = factorial(&values, &factors, &terms, Squares::Partial).unwrap();
    agrees(&found, expected("anova2_t3_sum"), &[1, 2, 3, 0]);
    let found = factorial(&values, &factors, &terms[..3], Squares::Sequential).unwrap();
    agrees(&found, &FURTHER["anova_type_1"], &[0, 1, 2]);
    let (values, factors) = sweep("two");
    let found = factorial(&values, &factors, &[&[0], &[1], &[2], &[0, 1]], Squares::Marginal).unwrap();
    agrees(&found, expected("anova_blocked"), &[0, 1, 2, 3]);
}

#[test]
fn repeated_measures() {
    let (found, case) = (one_factor(&table("blk")).unwrap(), expected("rm_anova_gg"));
    for (found, expected) in [
        (found.sums[0], &case["SS"][0]),
        (found.sums[1], &case["SS"][1]),
        (found.df[0], &case["DF"][0]),
        (found.df[1], &case["DF"][1]),
        (found.f, &case["F"][0]),
        (found.p, &case["p_unc"][0]),
        (found.sphericity.greenhouse_geisser, &case["eps"][0]),
        (found.sphericity.p_greenhouse_geisser, &case["p_GG_corr"][0]),
        (found.sphericity.mauchly.unwrap().w, &case["W_spher"][0]),
        (found.sphericity.mauchly.unwrap().p, &case["p_spher"][0]),
        (found.generalised_eta_squared, &case["ng2"][0]),
    ] {
        within(found, expected, 1e-8);
    }
    let case = &FURTHER["huynh_feldt"];
    let blocks: Vec<Vec<f64>> = case["blocks"].as_array().unwrap().iter().map(numbers).collect();
    let found = one_factor(&blocks).unwrap().sphericity;
    within(found.greenhouse_geisser, &case["gg"], 1e-10);
    within(found.huynh_feldt, &case["hf"], 1e-10);
    within(found.p_huynh_feldt, &case["p"], 1e-10);
}

#[test]
fn repeated_measures_of_two_factors() {
    let (values, [activation, architecture, seed]) = sweep("two");
    let mut blocks = vec![vec![0.0; 6]; 4];
    for (run, value) in values.iter().enumerate() {
        blocks[seed.levels()[run]][activation.levels()[run] * 2 + architecture.levels()[run]] = *value;
    }
    let case = expected("anova_rm2");
    for (index, found) in two_factors(&blocks, [3, 2]).unwrap().iter().enumerate() {
        within(found.f, &case["F Value"][index], 1e-9);
        within(found.df[0], &case["Num DF"][index], 1e-9);
        within(found.df[1], &case["Den DF"][index], 1e-9);
        within(found.p, &case["Pr > F"][index], 1e-9);
        let case = &FURTHER["two_within"][index];
        within(found.sphericity.greenhouse_geisser, &case["epsilon"], 1e-8);
        within(found.generalised_eta_squared, &case["ng2"], 1e-8);
    }
}

#[test]
fn aligned_and_ranked() {
    let (values, [activation, architecture, _]) = sweep("two");
    let found = aligned_ranks(&values, [&activation, &architecture], None).unwrap();
    for (found, name) in found.iter().zip(["act", "arch", "int"]) {
        let case = &expected("art")[name];
        within(found.f, &case[0], 1e-8);
        within(found.p, &case[1], 1e-8);
    }
    assert!(number(&expected("art")["act"][1]) < 0.05);
}

#[test]
fn factors_are_numbered_as_they_come() {
    let (values, [activation, architecture, seed]) = sweep("two");
    assert_eq!((values.len(), activation.count(), architecture.count(), seed.count()), (24, 3, 2, 4));
    assert_eq!(activation, Factor::of((0..24).map(|run| run / 8).collect()).unwrap());
}
