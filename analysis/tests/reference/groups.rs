//! Several independent groups: ranks, shape and spread.

use analysis::statistics::anova::{one_way::one_way, welch::welch};
use analysis::statistics::comparisons::{dunnett::dunnett, games_howell::games_howell, tukey::tukey_kramer};
use analysis::statistics::describe::median;
use analysis::statistics::diagnostics::bartlett::{EqualSpread, bartlett};
use analysis::statistics::diagnostics::fligner_killeen;
use analysis::statistics::diagnostics::levene::{Centre, levene};
use analysis::statistics::diagnostics::shapiro_wilk::shapiro_wilk;
use analysis::statistics::holm::holm;
use analysis::statistics::ranks::{dunn::dunn, kruskal_wallis::kruskal_wallis};
use serde_json::Value;

use super::{FURTHER, agrees_by_pairs, close, data, expected, number, numbers, pairs, three_groups, within};

pub(crate) const COVERED: &[&str] = &["kruskal", "kruskal_ties", "dunn_holm", "dunn_raw", "shapiro", "levene_bf"];

#[test]
fn ranks_among_all_values() {
    for (groups, id) in
        [(three_groups(), "kruskal"), (vec![data("xt"), data("yt"), vec![1.0, 1.0, 2.0, 8.0]], "kruskal_ties")]
    {
        let found = kruskal_wallis(&groups).unwrap();
        close(found.h, &expected(id)["stat"]);
        close(found.p, &expected(id)["p"]);
    }
    let mut pairs = dunn(&three_groups()).unwrap();
    agrees_by_pairs(&pairs, |pair| (pair.arms, pair.p), expected("dunn_raw"), 1e-10);
    let adjusted = holm(&pairs.iter().map(|pair| Some(pair.p)).collect::<Vec<_>>());
    for (pair, adjusted) in pairs.iter_mut().zip(adjusted) {
        pair.p = adjusted.unwrap();
    }
    agrees_by_pairs(&pairs, |pair| (pair.arms, pair.p), expected("dunn_holm"), 1e-10);
}

#[test]
fn normal_shape() {
    let case = expected("shapiro");
    let differences: Vec<f64> = pairs("a10", "b10").into_iter().map(|(level, baseline)| level - baseline).collect();
    for (values, name) in [(differences, "a10-b10"), (data("a5"), "a5"), (vec![1.0, 2.0, 4.0], "n3")] {
        let found = shapiro_wilk(&values).unwrap();
        within(found.w, &case[name][0], 1e-6);
        within(found.p, &case[name][1], 1e-6);
    }
    for case in FURTHER["shapiro"].as_array().unwrap() {
        let found = shapiro_wilk(&numbers(&case["values"])).unwrap();
        within(found.w, &case["w"], 1e-6);
        within(found.p, &case["p"], 1e-4);
    }
}

#[test]
fn equal_spread() {
    let (groups, case) = (three_groups(), expected("levene_bf"));
    for (centre, name) in [(Centre::Median, "bf"), (Centre::Mean, "levene")] {
        let found = levene(&groups, centre).unwrap();
        close(found.f, &case[name][0]);
        close(found.p, &case[name][1]);
    }
    let agrees = |found: EqualSpread, expected: &Value| {
        close(found.chi_squared, &expected[0]);
        close(found.p, &expected[1]);
    };
    agrees(bartlett(&groups).unwrap(), &case["bartlett"]);
    // SciPy subtracts floats, so that 26 - 24.9 and 24.9 - 23.8 do not tie there.
    let distances = |values: &Vec<f64>| -> Vec<f64> {
        let middle = median(values).unwrap();
        values.iter().map(|value| (value - middle).abs()).collect()
    };
    let distances: Vec<Vec<f64>> = groups.iter().map(distances).collect();
    agrees(fligner_killeen::by_distances(&distances).unwrap(), &case["fligner"]);
    agrees(fligner_killeen::fligner_killeen(&groups).unwrap(), &FURTHER["fligner_of_tenths"]);
}

#[test]
fn groups_of_any_number_size_and_spread() {
    for case in FURTHER["random_groups"].as_array().unwrap() {
        let groups: Vec<Vec<f64>> = case["groups"].as_array().unwrap().iter().map(numbers).collect();
        let ranked = kruskal_wallis(&groups).unwrap();
        let (plain, uneven) = (one_way(&groups).unwrap(), welch(&groups).unwrap());
        let (spread, variance) = (levene(&groups, Centre::Median).unwrap(), bartlett(&groups).unwrap());
        for (statistic, p, name) in [
            (ranked.h, ranked.p, "kruskal"),
            (plain.f, plain.p, "one_way"),
            (uneven.f, uneven.p, "welch"),
            (spread.f, spread.p, "levene"),
            (variance.chi_squared, variance.p, "bartlett"),
        ] {
            within(statistic, &case[name][0], 1e-10);
            within(p, &case[name][1], 1e-10);
        }
        let tukey = tukey_kramer(&groups, 0.05).unwrap();
        agrees_by_pairs(&tukey, |pair| (pair.arms, pair.p), &case["tukey"], 1e-8);
        let uneven = games_howell(&groups, 0.05).unwrap();
        agrees_by_pairs(&uneven, |pair| (pair.arms, pair.p), &case["games_howell"], 1e-8);
        for (found, expected) in dunnett(&groups, 0, 0.05).unwrap().iter().zip(case["dunnett"].as_array().unwrap()) {
            assert!((found.p - number(expected)).abs() < 1e-8, "{found:?} {expected}");
        }
    }
}

#[test]
fn tails_of_chi_squared() {
    for case in FURTHER["chi_squared"].as_array().unwrap() {
        let found = analysis::statistics::distributions::chi_squared::upper_tail(number(&case[0]), number(&case[1]));
        within(found.unwrap(), &case[2], 1e-11);
    }
}
