//! Comparisons after rank tests, incomplete blocks, outlying values, and e values of a t statistic: what
//! `reference/make_post_hocs.py` writes.

use std::sync::LazyLock;

use analysis::statistics::diagnostics::outliers::outliers;
use analysis::statistics::friedman::friedman;
use analysis::statistics::ranks::after_friedman::{miller, siegel};
use analysis::statistics::ranks::conover_iman::conover_iman;
use analysis::statistics::ranks::dunn::RankPair;
use analysis::statistics::ranks::skillings_mack::skillings_mack;
use analysis::statistics::sequential::e_value::t_mixture;
use serde_json::Value;

use super::{agrees_by_pairs, number, numbers, table, three_groups, within};

static POST_HOCS: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("post_hocs.json");
    serde_json::from_str(text).expect("the reference values are JSON")
});

#[test]
fn pairs_after_a_rank_test() {
    let parts = |pair: &RankPair| (pair.arms, pair.p);
    agrees_by_pairs(&conover_iman(&three_groups()).unwrap(), parts, &POST_HOCS["conover_iman"], 1e-13);
    let blocks = table("blk");
    let ranks = friedman(&blocks).unwrap().mean_ranks;
    agrees_by_pairs(&siegel(&ranks, blocks.len()).unwrap(), parts, &POST_HOCS["siegel"], 1e-13);
    agrees_by_pairs(&miller(&ranks, blocks.len()).unwrap(), parts, &POST_HOCS["miller"], 1e-13);
}

#[test]
fn incomplete_blocks() {
    let case = &POST_HOCS["skillings_mack"];
    let blocks: Vec<Vec<Option<f64>>> = case["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block.as_array().unwrap().iter().map(Value::as_f64).collect())
        .collect();
    let found = skillings_mack(&blocks).unwrap();
    within(found.statistic, &case["statistic"], 1e-12);
    within(found.p, &case["p"], 1e-11);
}

#[test]
fn outlying_values() {
    let case = &POST_HOCS["outliers"];
    let found = outliers(&numbers(&case["values"]), 10, 0.05).unwrap();
    assert_eq!(found.count as u64, case["outlying"].as_u64().unwrap());
    for (step, expected) in found.steps.iter().zip(case["steps"].as_array().unwrap()) {
        within(step.distance, &expected[0], 1e-12);
        within(step.critical, &expected[1], 1e-11);
    }
}

#[test]
fn evidence_of_a_t_statistic() {
    for case in POST_HOCS["t_mixture"].as_array().unwrap() {
        let found = t_mixture(number(&case[0]), case[1].as_u64().unwrap(), number(&case[2])).unwrap();
        within(found, &case[3], 1e-8);
    }
}
