//! Permutation tests and the bootstrap.

use analysis::statistics::aggregates::interquartile::counted_interquartile_mean;
use analysis::statistics::ranks::decimal::differences;
use analysis::statistics::resampling::bootstrap::{Bootstrap, leave_one_out};
use analysis::statistics::resampling::chance::Drawn;
use analysis::statistics::resampling::counted::counted;
use analysis::statistics::resampling::two_way::two_way;
use analysis::statistics::resampling::{permutation, sign_flip};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{close, data, expected, number, pairs};

pub(crate) const COVERED: &[&str] = &[
    "perm_paired_exact",
    "perm_paired_exact_5",
    "perm_ind_exact",
    "perm_200_mc",
    "boot_enum_pct",
    "boot_enum_bca",
    "boot_scipy_bca",
    "boot_scipy_pct",
    "cluster_item_boot",
];

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn permutations() {
    for (level, baseline, id) in [("a10", "b10", "perm_paired_exact"), ("a5", "b5", "perm_paired_exact_5")] {
        close(mean(&differences(&pairs(level, baseline))), &expected(id)["stat"]);
        close(sign_flip::exact(&pairs(level, baseline)).unwrap(), &expected(id)["p"]);
    }
    close(mean(&data("x_un")) - mean(&data("y_un")), &expected("perm_ind_exact")["stat"]);
    close(permutation::exact(&data("x_un"), &data("y_un")).unwrap(), &expected("perm_ind_exact")["p"]);
    close(Drawn::of(0, 9999).p, expected("perm_200_mc"));
}

#[test]
fn every_resample_of_five_values() {
    let values: Vec<f64> = pairs("a5", "b5").iter().map(|(level, baseline)| level - baseline).collect();
    let found = Bootstrap::enumerated(&values, mean).unwrap();
    let case = expected("boot_enum_pct");
    close(found.observed(), &case["mean"]);
    close(found.standard_error(), &case["boot_se_plugin"]);
    close(found.percentile(0.05).low, &case["ci95"][0]);
    close(found.percentile(0.05).high, &case["ci95"][1]);
    let (case, found) = (expected("boot_enum_bca"), found.corrected(&leave_one_out(&values, mean), 0.05).unwrap());
    close(found.bias, &case["z0"]);
    close(found.acceleration, &case["a"]);
    close(found.shares[0], &case["alpha_lo"]);
    close(found.shares[1], &case["alpha_hi"]);
    close(found.interval.low, &case["ci95"][0]);
    close(found.interval.high, &case["ci95"][1]);
}

#[test]
fn drawn_resamples() {
    let values = differences(&pairs("a10", "b10"));
    // The case is one draw of SciPy's, whose low end moves between 0.00172 and 0.00176 with its seed; ten times as many
    // draws leave no more than that noise.
    let found = Bootstrap::drawn(&values, 1_000_000, &mut ChaCha8Rng::seed_from_u64(0), mean).unwrap();
    let corrected = found.corrected(&leave_one_out(&values, mean), 0.05).unwrap();
    for (interval, id) in [(corrected.interval, "boot_scipy_bca"), (found.percentile(0.05), "boot_scipy_pct")] {
        for (found, end) in [(interval.low, 0), (interval.high, 1)] {
            let expected = number(&expected(id)["ci95"][end]);
            // Means lie on a grid of 1e-5, so that a distance of 2e-5 itself is met; by convolution the high end is
            // 0.00629.
            assert!((found - expected).abs() < 2e-5 + 1e-12, "{id}: {found} {expected}");
        }
        assert!((found.standard_error() / number(&expected(id)["se"]) - 1.0).abs() < 0.01);
    }
}

#[test]
fn seeds_and_items() {
    let level = [[1, 1, 0, 1, 1, 1], [1, 0, 1, 1, 1, 1], [1, 1, 1, 1, 0, 1], [1, 1, 1, 0, 1, 1]];
    let baseline = [[1, 0, 0, 1, 1, 0], [0, 0, 1, 1, 1, 1], [1, 1, 0, 1, 0, 0], [1, 0, 1, 0, 1, 1]];
    let rows: Vec<Vec<f64>> = level
        .iter()
        .zip(&baseline)
        .map(|(one, other)| one.iter().zip(other).map(|(one, other)| f64::from(one - other)).collect())
        .collect();
    let case = expected("cluster_item_boot");
    let found = two_way(&rows, &[0, 1, 2, 3, 4, 5], 10_000, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    close(found.observed(), &case["mean"]);
    assert!(found.percentile(0.05).low < 0.25 && found.percentile(0.05).high > 0.25);
    for (row, expected) in rows.iter().zip(case["seed_means_diff"].as_array().unwrap()) {
        close(mean(row), expected);
    }
    // Over seeds: counts of rightly answered items, so that equal means are equal.
    let right = |row: &[i32; 6]| f64::from(row.iter().sum::<i32>());
    let over_seeds: Vec<(f64, f64)> =
        level.iter().zip(&baseline).map(|(one, other)| (right(one), right(other))).collect();
    close(sign_flip::exact(&over_seeds).unwrap(), &case["signflip_p"]);
}

/// The bar is 20 ms on an idle machine: `cargo test --release -p analysis --test reference ten_thousand -- --ignored
/// --nocapture`.
#[test]
#[ignore = "a benchmark: it prints and asserts nothing about time"]
fn ten_thousand_resamples_of_sixteen_groups() {
    let groups: Vec<Vec<f64>> = (0..16)
        .map(|task| (0..10).map(|seed| f64::from(task * 7 % 5) + f64::from(seed * 3 % 7) / 10.0).collect())
        .collect();
    let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
    for _ in 0..5 {
        let start = std::time::Instant::now();
        let random = &mut ChaCha8Rng::seed_from_u64(0);
        let found = counted(&groups, 10_000, random, counted_interquartile_mean).unwrap();
        let spent = start.elapsed();
        println!("{spent:?} for {:?}", found.percentile(0.05));
    }
    let pairs: Vec<(f64, f64)> = (0..20).map(|i| (f64::from(i * i % 13) / 10.0, 0.5)).collect();
    let start = std::time::Instant::now();
    let p = sign_flip::exact(&pairs).unwrap();
    println!("{:?} for the sign patterns of 20 pairs, p {p}", start.elapsed());
}
