//! Far out, where a plain formula leaves the range of floats: what `reference/make_extremes.py` writes. No p value is 0
//! there.

use std::sync::LazyLock;

use analysis::statistics::corrections::combined::{fisher, stouffer, tippett};
use analysis::statistics::corrections::rom::rom;
use analysis::statistics::counts::binomial::fair_p;
use analysis::statistics::counts::mcnemar::mcnemar;
use analysis::statistics::equivalence::equivalence;
use analysis::statistics::estimate::{Conclusion, Estimate, Interval, Test};
use analysis::statistics::friedman::friedman;
use analysis::statistics::nemenyi::nemenyi;
use analysis::statistics::ranks::after_friedman::{miller, siegel};
use analysis::statistics::ranks::conover::conover;
use analysis::statistics::ranks::quade::quade;
use analysis::statistics::ranks::signed_rank::{Zeros, signed_rank};
use analysis::statistics::ranks::{attainable, hodges_lehmann, sign};
use serde_json::Value;

use super::{number, table, within};

static EXTREMES: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("extremes.json");
    serde_json::from_str(text).expect("the reference values are JSON")
});

fn cases(section: &str) -> &'static [Value] {
    EXTREMES[section].as_array().expect("cases")
}

fn whole(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("a whole number")).expect("a size")
}

/// The smallest p value that is ever told.
fn least(p: f64) {
    assert!((p - f64::MIN_POSITIVE).abs() <= 0.0, "{p:e}");
}

#[test]
fn many_p_values_combined() {
    for case in cases("combined") {
        let (count, power) = (whole(&case["count"]), number(&case["power"]));
        let p: Vec<f64> = (0..count).map(|i| ((i as f64 + 0.5) / count as f64).powf(power)).collect();
        within(fisher(&p).unwrap().p, &case["fisher"], 1e-10);
        // SciPy's quantiles cancel to nothing here, and so do ours.
        within(stouffer(&p).unwrap().p, &case["stouffer"], 1e-10);
    }
    for combined in [fisher, stouffer, tippett] {
        assert!(combined(&[1e-300; 9]).unwrap().p > 0.0);
    }
    least(fisher(&[1e-300; 9]).unwrap().p);
    least(stouffer(&[1e-300; 9]).unwrap().p);
}

#[test]
fn critical_values_of_many_comparisons() {
    for (place, critical) in EXTREMES["rom"].as_object().unwrap() {
        let mut p = vec![Some(1.0); place.parse().unwrap()];
        p[0] = Some(number(critical));
        let adjusted = rom(&p);
        within(adjusted[0].unwrap(), &Value::from(0.05), 1e-11);
        assert_eq!(adjusted[1], Some(1.0));
    }
}

#[test]
fn all_on_one_side() {
    for (n, expected) in EXTREMES["one_sided"].as_object().unwrap() {
        let n: u64 = n.parse().unwrap();
        within(fair_p(0, n), &expected[0], 1e-11);
        within(mcnemar(n, 0).exact, &expected[0], 1e-11);
        within(mcnemar(0, n).mid, &expected[1], 1e-11);
        within(attainable::signed(usize::try_from(n).unwrap()), &expected[0], 1e-12);
    }
    let differences = vec![0.25; 1100];
    least(sign::sign(&differences, 0.05).unwrap().p);
    least(mcnemar(1100, 0).exact);
    least(mcnemar(1100, 0).mid);
    least(attainable::signed(1100));
    least(signed_rank(&differences, Zeros::Dropped).unwrap().floor);
}

#[test]
fn floors_of_large_groups() {
    for case in cases("floors") {
        within(attainable::rank_sum(whole(&case[0]), whole(&case[1])), &case[2], 1e-12);
    }
    least(attainable::rank_sum(515, 515));
    least(attainable::rank_sum(100_000, 100_000));
}

#[test]
fn margins_of_many_standard_errors() {
    let of = |t: f64, df: f64| {
        let test = Test { standard_error: 1.0, t: 0.0, df, p: 1.0, interval: Interval { low: -1.0, high: 1.0 } };
        equivalence(&Estimate { difference: 0.0, conclusion: Conclusion::Tested(test) }, t)
    };
    for case in cases("equivalence") {
        let found = of(number(&case[0]), number(&case[1])).unwrap();
        within(found.p, &case[2], 1e-10);
        within(found.lower.p.min(found.upper.p), &case[2], 1e-10);
    }
    let far = of(1e9, 200.0).unwrap();
    least(far.p);
    least(far.lower.p);
    assert_eq!(of(f64::INFINITY, 200.0), None);
}

/// Numbers between 0 and 1 that any program makes alike.
fn fold(count: usize, factor: usize, modulus: usize) -> Vec<f64> {
    (0..count).map(|i| (i * factor % modulus) as f64 / modulus as f64).collect()
}

#[test]
fn shifts_of_many_values() {
    for case in cases("shifts") {
        let sizes: Vec<usize> = case["sizes"].as_array().unwrap().iter().map(whole).collect();
        let found = if let [n, m] = sizes[..] {
            let level: Vec<f64> = fold(n, 7919, 10007).iter().map(|x| x + 0.1).collect();
            hodges_lehmann::independent(&level, &fold(m, 104_729, 10009), 0.05)
        } else {
            let differences: Vec<f64> = fold(sizes[0], 7919, 10007).iter().map(|x| x - 0.3).collect();
            hodges_lehmann::paired(&differences, 0.05)
        };
        let found = found.unwrap();
        let (interval, level) = found.interval.unwrap();
        within(found.estimate, &case["estimate"], 1e-12);
        within(interval.low, &case["low"], 1e-12);
        within(interval.high, &case["high"], 1e-12);
        within(level, &case["level"], 1e-12);
        assert!(!found.exact);
        if let Some(exact) = case["exact_level"].as_f64() {
            assert!((level - exact).abs() < 3e-4, "{level} is not near {exact}");
        }
    }
}

#[test]
fn one_sign_after_all_rank_tests() {
    let blocks = table("blk");
    let ranks = friedman(&blocks).unwrap().mean_ranks;
    let (known, pairs) = (cases("mean_rank_pairs"), siegel(&ranks, blocks.len()).unwrap());
    assert_eq!(pairs.len(), known.len());
    for (found, expected) in pairs.iter().zip(known) {
        assert_eq!(found.arms, [whole(&expected[0]), whole(&expected[1])]);
        within(found.statistic, &expected[2], 1e-12);
    }
    let others =
        [miller(&ranks, blocks.len()).unwrap(), nemenyi(&ranks, blocks.len()).unwrap(), conover(&blocks).unwrap()];
    for (index, pair) in pairs.iter().enumerate() {
        for other in &others {
            assert!(pair.statistic * other[index].statistic > 0.0, "{pair:?} {:?}", other[index]);
        }
    }
    // Quade weights the blocks: of these arms the third is the best and the fourth the worst either way.
    let weighted = quade(&blocks).unwrap().pairs;
    assert!(weighted[7].arms == [2, 3] && weighted[7].statistic * pairs[7].statistic > 0.0);
}
