//! Several arms over the same blocks, by ranks.

use analysis::statistics::friedman::friedman;
use analysis::statistics::nemenyi::{critical_difference, nemenyi};
use analysis::statistics::ranks::{conover::conover, quade::quade};

use super::{agrees_by_pairs, close, expected, table, within};

pub(crate) const COVERED: &[&str] = &[
    "friedman",
    "iman_davenport",
    "iman_davenport_classic",
    "mean_ranks",
    "nemenyi",
    "nemenyi_cd",
    "conover_friedman",
    "quade",
];

#[test]
fn friedmans_test_and_its_f() {
    let found = friedman(&table("blk")).unwrap();
    close(found.chi_squared, &expected("friedman")["stat"]);
    close(found.p, &expected("friedman")["p"]);
    for (found, expected) in found.mean_ranks.iter().zip(expected("mean_ranks").as_array().unwrap()) {
        close(*found, expected);
    }
    let (test, case) = (found.iman_davenport.unwrap(), expected("iman_davenport_classic"));
    close(found.concordance, &case["kendall_W"]);
    close(test.f, &case["F"]);
    close(test.p, &case["p"]);
    let case = expected("iman_davenport");
    close(found.concordance, &case["W"][0]);
    close(test.f, &case["F"][0]);
    close(test.adjusted_p.unwrap(), &case["p_unc"][0]);
}

#[test]
fn every_pair_of_arms() {
    let blocks = table("blk");
    let pairs = nemenyi(&friedman(&blocks).unwrap().mean_ranks, blocks.len()).unwrap();
    agrees_by_pairs(&pairs, |pair| (pair.arms, pair.p), expected("nemenyi"), 1e-6);
    let critical = critical_difference(5, blocks.len(), 0.05).unwrap();
    within(critical, expected("nemenyi_cd"), 1e-8);
    agrees_by_pairs(&conover(&blocks).unwrap(), |pair| (pair.arms, pair.p), expected("conover_friedman"), 1e-8);
    agrees_by_pairs(&quade(&blocks).unwrap().pairs, |pair| (pair.arms, pair.p), expected("quade"), 1e-8);
}
