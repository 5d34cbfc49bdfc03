//! Tests by ranks and signs.

use analysis::statistics::holm::holm;
use analysis::statistics::ranks::attainable;
use analysis::statistics::ranks::brunner_munzel::brunner_munzel;
use analysis::statistics::ranks::decimal::differences;
use analysis::statistics::ranks::hodges_lehmann;
use analysis::statistics::ranks::mann_whitney::{self, mann_whitney};
use analysis::statistics::ranks::sign::sign;
use analysis::statistics::ranks::signed_rank::{self, SignedRank, Zeros, signed_rank};
use serde_json::Value;

use super::{close, data, expected, number, pairs, table};

pub(crate) const COVERED: &[&str] = &[
    "wilcoxon_exact_5",
    "wilcoxon_exact_10",
    "wilcoxon_exact_10_decimal",
    "wilcoxon_tz_wilcox",
    "wilcoxon_tz_pratt",
    "wilcoxon_tz_asym",
    "wilcoxon_holm_blk",
    "wilcoxon_holm_blk_decimal",
    "mwu_exact",
    "mwu_ties_perm",
    "mwu_ties_asym",
    "brunner_munzel",
    "sign_test",
    "hodges_lehmann",
    "attainable_floor",
    "cliff_a12",
    "rbc_matched",
];

fn wilcoxon(level: &str, baseline: &str, zeros: Zeros) -> SignedRank {
    signed_rank(&differences(&pairs(level, baseline)), zeros).unwrap()
}

#[test]
fn signed_ranks_exact() {
    for (found, id) in [
        (wilcoxon("a5", "b5", Zeros::Dropped), "wilcoxon_exact_5"),
        (wilcoxon("a10", "b10", Zeros::Dropped), "wilcoxon_exact_10"),
        (wilcoxon("a10", "b10", Zeros::Dropped), "wilcoxon_exact_10_decimal"),
        (wilcoxon("az", "bz", Zeros::Dropped), "wilcoxon_tz_wilcox"),
        (wilcoxon("az", "bz", Zeros::Ranked), "wilcoxon_tz_pratt"),
    ] {
        assert!(found.exact);
        close(found.statistic(), &expected(id)["stat"]);
        close(found.p, &expected(id)["p"]);
    }
    let case = expected("rbc_matched");
    let found = wilcoxon("a10", "b10", Zeros::Dropped);
    close(found.correlation().unwrap(), &case["RBC"][0]);
    close(found.statistic(), &case["W_val"][0]);
    close(found.p, &case["p_val"][0]);
    close(mann_whitney(&data("a10"), &data("b10")).unwrap().superiority, &case["CLES"][0]);
}

#[test]
fn signed_ranks_asymptotic() {
    let case = expected("wilcoxon_tz_asym");
    let (z, p) = signed_rank::asymptotic(&differences(&pairs("az", "bz")), Zeros::Dropped, false).unwrap();
    // SciPy's z is that of the smaller rank sum, ours that of the positive one.
    close(-z, &case["z"]);
    close(p, &case["p"]);
    close(wilcoxon("az", "bz", Zeros::Dropped).statistic(), &case["stat"]);
}

#[test]
fn all_pairs_of_five_arms() {
    let blocks = table("blk");
    let compare = |first: usize, second: usize| {
        let pairs: Vec<(f64, f64)> = blocks.iter().map(|row| (row[first], row[second])).collect();
        signed_rank(&differences(&pairs), Zeros::Dropped).unwrap().p
    };
    let raw: Vec<Option<f64>> =
        (0..5).flat_map(|first| (first + 1..5).map(move |second| Some(compare(first, second)))).collect();
    for id in ["wilcoxon_holm_blk", "wilcoxon_holm_blk_decimal"] {
        for (found, name) in [(&raw, "raw"), (&holm(&raw), "holm")] {
            for (found, expected) in found.iter().zip(expected(id)[name].as_array().unwrap()) {
                close(found.unwrap(), expected);
            }
        }
    }
    // With eight seeds nothing can pass, and ten would be too many pairs for them.
    assert!(10.0 * attainable::signed(8) > 0.05);
    assert_eq!(attainable::pairs_needed(10, 0.05), Some(9));
}

#[test]
fn decimal_ties() {
    let level = [0.83, 0.74, 0.65, 0.56, 0.92];
    let baseline = [0.73, 0.64, 0.55, 0.46, 0.80];
    let as_pairs = |scale: f64| -> Vec<(f64, f64)> {
        level
            .iter()
            .zip(&baseline)
            .map(|(x, y)| ((x * scale * 1e6).round() / 1e6, (y * scale * 1e6).round() / 1e6))
            .collect()
    };
    let found = signed_rank(&differences(&as_pairs(1.0)), Zeros::Dropped).unwrap();
    assert!((found.p - 0.0625).abs() < 1e-15);
    // Four sizes are equal: with one of them turned, W- is their mean rank, 2.5, and stays so when all values are a
    // thousandfold.
    for scale in [1.0, 1000.0] {
        let mut pairs = as_pairs(scale);
        pairs[2] = (pairs[2].1, pairs[2].0);
        let found = signed_rank(&differences(&pairs), Zeros::Dropped).unwrap();
        assert!((found.negative - 2.5).abs() < 1e-15, "{found:?}");
    }
}

#[test]
fn two_groups() {
    let found = mann_whitney(&data("x_un"), &data("y_un")).unwrap();
    close(found.u, &expected("mwu_exact")["stat"]);
    close(found.p, &expected("mwu_exact")["p"]);
    let found = mann_whitney(&data("xt"), &data("yt")).unwrap();
    close(found.u, &expected("mwu_ties_perm")["stat"]);
    close(found.p, &expected("mwu_ties_perm")["p"]);
    close(found.u, &expected("mwu_ties_asym")["stat"]);
    let (_, p) = mann_whitney::asymptotic(&data("xt"), &data("yt"), true).unwrap();
    close(p, &expected("mwu_ties_asym")["p"]);
    // SciPy's statistic is positive where the second group is above.
    let found = brunner_munzel(&data("xt"), &data("yt"), 0.05).unwrap();
    close(-found.t, &expected("brunner_munzel")["stat"]);
    close(found.p, &expected("brunner_munzel")["p"]);
    let found = mann_whitney(&data("a10"), &data("b10")).unwrap();
    close(found.superiority, &expected("cliff_a12")["A12"]);
    close(found.cliff(), &expected("cliff_a12")["cliff"]);
}

#[test]
fn signs() {
    let (found, case) = (sign(&differences(&pairs("a10", "b10")), 0.05).unwrap(), expected("sign_test"));
    close(found.positive as f64, &case["k"]);
    close(found.n as f64, &case["n"]);
    close(found.p, &case["p"]);
    let interval = found.interval.unwrap();
    close(interval.low, &case["ci95"][0]);
    close(interval.high, &case["ci95"][1]);
}

#[test]
fn the_shift_that_belongs_to_the_ranks() {
    let case = expected("hodges_lehmann");
    let found = hodges_lehmann::paired(&differences(&pairs("a10", "b10")), 0.05).unwrap();
    let (interval, level) = found.interval.unwrap();
    close(found.estimate, &case["hl"]);
    // The case subtracts floats and is off in its fourteenth digit.
    close(interval.low, &case["ci"][0]);
    close(interval.high, &case["ci"][1]);
    close(level, &case["coverage"]);
}

#[test]
fn floors() {
    let each = |name: &str, floor: &dyn Fn(usize) -> f64| {
        for (n, expected) in expected("attainable_floor")[name].as_object().unwrap() {
            close(floor(n.parse().unwrap()), expected);
        }
    };
    each("signed", &attainable::signed);
    each("mwu_nn", &|n| attainable::rank_sum(n, n));
    // Edge case n2_t: exact tests of two pairs cannot go below a half.
    assert!((number(&Value::from(attainable::signed(2))) - 0.5).abs() < 1e-15);
}
