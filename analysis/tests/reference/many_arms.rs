//! Comparisons between many arms at once.

use analysis::statistics::comparisons::contrast::Contrast;
use analysis::statistics::comparisons::dunnett::{Largest, dunnett};
use analysis::statistics::comparisons::games_howell::games_howell;
use analysis::statistics::comparisons::tukey::tukey_kramer;
use analysis::statistics::effects::cohen;
use analysis::statistics::nemenyi::critical_difference;
use analysis::statistics::studentized_range::StudentizedRange;
use serde_json::Value;

use super::{
    FURTHER, agrees_by_pairs, data, edge_case, expected, hedges_factor_approximate, number, numbers, three_groups,
    within,
};

pub(crate) const COVERED: &[&str] = &[
    "tukey_hsd",
    "games_howell",
    "games_howell_pg",
    "studentized_range",
    "studentized_range_ppf",
    "dunnett_quad",
    "dunnett_scipy",
];

fn near(found: f64, expected: &Value, absolute: f64) {
    let expected = number(expected);
    assert!((found - expected).abs() <= absolute, "{found:?} is not {expected:?}");
}

#[test]
fn the_studentized_range() {
    for case in expected("studentized_range").as_array().unwrap() {
        let row = numbers(case);
        // SciPy takes 100000 degrees of freedom for infinitely many.
        let df = if row[2] >= 1e5 { f64::INFINITY } else { row[2] };
        let tail = StudentizedRange::of(row[1] as usize).unwrap().upper_tail(row[0], df).unwrap();
        near(1.0 - tail, &case[3], 1e-9);
    }
    for case in expected("studentized_range_ppf").as_array().unwrap() {
        let df = case[1].as_f64().unwrap_or(f64::INFINITY);
        let range = StudentizedRange::of(number(&case[0]) as usize).unwrap();
        within(range.upper_quantile(0.05, df).unwrap(), &case[2], 1e-7);
    }
    for case in FURTHER["range_tails"].as_array().unwrap() {
        let row = numbers(case);
        let tail = StudentizedRange::of(row[1] as usize).unwrap().upper_tail(row[0], row[2]).unwrap();
        within(tail, &case[3], 1e-10);
    }
    // Edge cases cd_200 and studentized_200.
    let range = StudentizedRange::of(200).unwrap();
    within(range.upper_quantile(0.05, f64::INFINITY).unwrap(), edge_case("cd_200"), 1e-9);
    within(range.upper_tail(6.5, f64::INFINITY).unwrap(), &edge_case("studentized_200")[0], 1e-7);
    within(range.upper_tail(5.0, 400.0).unwrap(), &edge_case("studentized_200")[1], 1e-8);
    assert!(critical_difference(200, 10, 0.05).unwrap() > 80.0);
}

#[test]
fn all_pairs_of_groups() {
    let p = |pair: &Contrast| (pair.arms, pair.p);
    let (found, case) = (tukey_kramer(&three_groups(), 0.05).unwrap(), expected("tukey_hsd"));
    agrees_by_pairs(&found, p, &case["p"], 1e-7);
    agrees_by_pairs(&found, |pair| (pair.arms, pair.interval.low), &case["lo"], 1e-7);
    agrees_by_pairs(&found, |pair| (pair.arms, pair.interval.high), &case["hi"], 1e-7);
    let (groups, case) = (three_groups(), expected("games_howell"));
    let found = games_howell(&groups, 0.05).unwrap();
    agrees_by_pairs(&found, p, &case["p"], 1e-7);
    agrees_by_pairs(&found, |pair| (pair.arms, pair.difference), &case["stat"], 1e-12);
    let case = expected("games_howell_pg");
    for (row, pair) in found.iter().enumerate() {
        let [one, other] = pair.arms.map(|arm| &groups[arm]);
        let factor = hedges_factor_approximate((one.len() + other.len() - 2) as f64);
        for (found, name) in [
            (pair.difference, "diff"),
            (pair.standard_error, "se"),
            (pair.t, "T"),
            (pair.df, "df"),
            (pair.p, "pval"),
            (cohen::independent(one, other).unwrap() * factor, "hedges"),
        ] {
            near(found, &case[name][row], 1e-7);
        }
    }
}

#[test]
fn all_arms_against_a_baseline() {
    let groups = [data("ctrl"), data("t1"), data("t2")];
    let (found, case, drawn) =
        (dunnett(&groups, 0, 0.05).unwrap(), expected("dunnett_quad"), expected("dunnett_scipy"));
    for (index, found) in found.iter().enumerate() {
        near(found.t, &case["t"][index], 1e-8);
        near(found.p, &case["p"][index], 1e-8);
        near(found.df, &case["df"], 1e-8);
        near((found.interval.high - found.difference) / found.standard_error, &case["crit95"], 1e-8);
        // SciPy draws at random: another stream differs by as much.
        near(found.t, &drawn["stat"][index], 1e-8);
        near(found.p, &drawn["p"][index], 1e-3);
    }
    for case in FURTHER["dunnett_tails"].as_array().unwrap() {
        let largest = Largest::of(&numbers(&case["loadings"])).unwrap();
        near(largest.upper_tail(number(&case["t"]), number(&case["df"])).unwrap(), &case["p"], 1e-9);
    }
}

/// The bar is a second on an idle machine: `cargo test --release -p analysis --test reference two_hundred -- --ignored
/// --nocapture`.
#[test]
#[ignore = "a benchmark: it prints and asserts nothing about time"]
fn all_pairs_of_two_hundred_arms() {
    let value =
        |arm: usize, seed: usize| ((arm * 37 + seed * seed * 101 + arm * seed * 13 + seed * 7) % 197) as f64 / 10.0;
    let groups: Vec<Vec<f64>> = (0..200).map(|arm| (0..5 + arm % 4).map(|seed| value(arm, seed)).collect()).collect();
    for (name, compare) in [
        ("Tukey and Kramer", &(|| tukey_kramer(&groups, 0.05)) as &dyn Fn() -> _),
        ("Games and Howell", &|| games_howell(&groups, 0.05)),
        ("Dunnett", &|| dunnett(&groups, 0, 0.05)),
    ] {
        let start = std::time::Instant::now();
        let found = compare().unwrap();
        let least = found.iter().map(|pair| pair.p).fold(1.0, f64::min);
        println!("{name}: {} comparisons in {:?}, smallest p {least}", found.len(), start.elapsed());
    }
}

/// The bar is 0.1 s for the stochastic orders; run as the benchmark above.
#[test]
#[ignore = "a benchmark: it prints and asserts nothing about time"]
fn two_hundred_arms_in_a_mixed_model_and_sixteen_in_stochastic_order() {
    use analysis::statistics::anova::factor::Factor;
    use analysis::statistics::dominance::almost_stochastic::almost_stochastic;
    use analysis::statistics::mixed::fit::Mixed;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    let value = |arm: usize, seed: usize| ((arm * 37 + seed * seed * 101 + arm * seed * 13) % 197) as f64 / 10.0;
    let (arms, seeds) = (200, 10);
    let runs: Vec<(usize, usize)> = (0..arms).flat_map(|arm| (0..seeds).map(move |seed| (arm, seed))).collect();
    let values: Vec<f64> = runs.iter().map(|(arm, seed)| value(*arm, *seed) + *seed as f64).collect();
    let columns: Vec<Vec<f64>> =
        (0..arms).map(|arm| runs.iter().map(|(own, _)| f64::from(u8::from(*own == arm))).collect()).collect();
    let start = std::time::Instant::now();
    let model = Mixed::fit(&values, &columns, &Factor::of(runs.iter().map(|run| run.1).collect()).unwrap()).unwrap();
    println!("mixed model of {} runs in {:?}, singular: {}", runs.len(), start.elapsed(), model.singular);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let groups: Vec<Vec<f64>> = (0..16).map(|arm| (0..10).map(|seed| value(arm, seed)).collect()).collect();
    let start = std::time::Instant::now();
    let mut orders = 0;
    for first in 0..16 {
        for second in first + 1..16 {
            orders += usize::from(almost_stochastic(&groups[first], &groups[second], 0.05, 1000, &mut random).is_ok());
        }
    }
    println!("{orders} stochastic orders of 1000 resamples in {:?}", start.elapsed());
}
