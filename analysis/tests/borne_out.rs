//! What an error that is pooled over levels claims, a level's own seeds or runs must bear out; and a level that varies more
//! than the others is named.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use std::fmt::Write as _;

use analysis::Report;
use analysis::render::markdown::markdown;
use analysis::report::comparison::Verdict;
use analysis::report::judged::{Basis, HeldBack, Judged};
use fixture::{accuracies, caveat, of_accuracy};
use spec::Value;
use spec::analysis::{AnalysisSpec, Pairing, Question};

fn report(text: &str, plan: &AnalysisSpec) -> Report {
    Report::new(&accuracies(text, &["arch", "act"]), plan).unwrap()
}

fn average<'a>(report: &'a Report, level: &str) -> &'a Judged {
    let effects = report.metrics[0].contrasts[0].effects.as_ref().unwrap();
    &effects.contrasts.iter().find(|contrast| contrast.level == level).unwrap().judged
}

/// A table of `arms` in two architectures, the accuracy as `of` says of architecture, arm and seed.
fn table(arms: &[&str], seeds: u32, of: impl Fn(usize, usize, u32) -> f64) -> String {
    let mut text = String::from("arch,act,seed,acc\n");
    for (place, arch) in ["x", "y"].iter().enumerate() {
        for (arm, act) in arms.iter().enumerate() {
            for seed in 1..=seeds {
                writeln!(text, "{arch},{act},{seed},{}", of(place, arm, seed)).unwrap();
            }
        }
    }
    text
}

/// Five levels in two architectures, of which `c` varies `factor` times as much and lies higher by `shift`, with seeds
/// that differ by the size of `of_seeds`; what a seed does to a level it does in both.
fn wide_table(factor: f64, shift: f64, of_seeds: f64) -> String {
    table(&["a", "b", "c", "d", "e"], 5, |arch, arm, seed| {
        let (x, y, z) = (arch as f64 + 1.0, arm as f64 + 1.0, f64::from(seed));
        let [size, up] = if arm == 2 { [factor, shift] } else { [1.0, 0.0] };
        let of_seed = of_seeds * (3.3 * z).sin() + 0.01 * size * (12.9898 * y + 78.233 * z).sin();
        let value = 0.7 + up + of_seed + 0.002 * (37.719 * x + 4.1 * y + 9.7 * z).sin();
        (value * 1e6).round() / 1e6
    })
}

fn with_a_wide_level(factor: f64, shift: f64, of_seeds: f64) -> Report {
    report(&wide_table(factor, shift, of_seeds), &of_accuracy())
}

#[test]
fn a_level_that_varies_more_than_the_others_is_named() {
    let report = with_a_wide_level(6.0, 0.0, 0.0);
    let widest = report.metrics[0].contrasts[0].effects.as_ref().unwrap().spread.widest.clone().unwrap();
    assert_eq!(widest.level, "c");
    // NumPy 2.4.6 and SciPy 1.17.1, of the seeds' means over the architectures: F of the variance of c less the mean of the
    // others, over 1.25, and of what is left of theirs, 5 · f.sf(F, 4, 12); ttest_rel of those of c and a.
    let close = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    close(widest.ratio, 3.856_390_542_566_395_6);
    close(widest.p, 0.001_787_689_635_260_549_8);
    let judged = average(&report, "c");
    close(judged.own.unwrap().test().unwrap().p, 0.807_052_131_546_771);
    assert!(
        caveat(&report, "c varies 3.9 times")
            && caveat(&report, "that of c is claimed only where its own seeds bear it out")
    );
    // What a seed does to all levels alike hides nothing.
    let hidden = with_a_wide_level(6.0, 0.0, 10.0);
    let found = hidden.metrics[0].contrasts[0].effects.as_ref().unwrap().spread.widest.clone().unwrap();
    assert!(found.level == "c" && (found.p / widest.p - 1.0).abs() < 1e-3, "{found:?}");
    // Of four times the size, p is 0.08.
    for factor in [1.0, 4.0] {
        let alike = with_a_wide_level(factor, 0.0, 0.0);
        assert!(alike.metrics[0].contrasts[0].effects.as_ref().unwrap().spread.widest.is_none());
        assert!(!caveat(&alike, " varies "), "{:?}", alike.caveats);
    }
}

#[test]
fn what_the_pooled_error_alone_would_have_claimed_is_held_back() {
    // SciPy 1.17.1: p is 0.0013 from the mean square of arms and seeds with 16 degrees of freedom, and by ttest_rel of the
    // seeds' means 0.088 for a shift of 0.04 and 0.025 for one of 0.06.
    for (shift, own, verdict) in
        [(0.04, 0.088_281_815_736_911_75, "inconclusive"), (0.06, 0.024_994_437_230_288_716, "better")]
    {
        let report = with_a_wide_level(6.0, shift, 0.0);
        let judged = average(&report, "c");
        assert!((judged.adjusted_p.unwrap() / own - 1.0).abs() < 1e-9, "{judged:?}");
        let held_back = (verdict == "inconclusive").then_some(HeldBack::Difference);
        assert_eq!((judged.held_back, judged.verdict.name()), (held_back, verdict));
        let simultaneous = judged.simultaneous.unwrap();
        assert_eq!(simultaneous.low <= 0.0, held_back.is_some());
        let told = "In acc, averaged over arch, claims of the pooled error are not made that their own seeds do not bear out: c \
                    as different (own p 0.088).";
        assert_eq!(caveat(&report, told), held_back.is_some(), "{:?}", report.caveats);
    }
}

#[test]
fn a_question_that_is_held_back_says_so_where_it_stands() {
    let pair = |level: &str, baseline: &str| [Value::from(level), Value::from(baseline)];
    let pairs = vec![pair("c", "a"), pair("b", "d")];
    let question = Question { name: "q".to_owned(), factor: "act".to_owned(), pairs };
    let plan = AnalysisSpec { questions: vec![question], baseline: std::collections::BTreeMap::new(), ..of_accuracy() };
    let report = report(&wide_table(6.0, 0.04, 0.0), &plan);
    let answer = &report.answers[0];
    let (pooled, interval) = (*answer.pooled.estimate.unwrap().test().unwrap(), answer.pooled.interval.unwrap());
    assert!(pooled.p < 0.05 && answer.pooled.own_p().unwrap() > 0.05, "{answer:?}");
    assert_eq!((answer.pooled.verdict, answer.pooled.held_back), (Verdict::Inconclusive, Some(HeldBack::Difference)));
    // The interval that is shown does not contradict the verdict.
    assert!(pooled.interval.low > 0.0 && interval.low < 0.0, "{answer:?}");
    let told =
        "by the pooled error and its own). The pooled error alone would have claimed more than its own seeds bear out.";
    assert!(answer.sentence.contains(told), "{}", answer.sentence);
    assert!(caveat(&report, "In the question \u{201c}q\u{201d}, claims of the pooled error are not made"));
    assert!(caveat(&report, "all pairs as different (own p"), "{:?}", report.caveats);
    // Nothing but the question was tested, and its methods stand by themselves.
    let methods = report.methods.join(" ");
    for words in ["fitted by restricted maximum", "Berger 1982", "adjusted p below 0.05", "80 % power"] {
        assert!(methods.contains(words), "{words}: {methods}");
    }
    assert!(markdown(&report).contains("| own p |"));
}

#[test]
fn equivalence_that_the_pooled_error_alone_shows_is_held_back() {
    let report = report(&wide_table(3.0, 0.0, 0.0), &AnalysisSpec { margin: Some(0.02), ..of_accuracy() });
    let judged = average(&report, "c");
    let equivalence = judged.equivalence.unwrap();
    assert!(equivalence.p < 0.05 && equivalence.holm_p.unwrap() > 0.05, "{equivalence:?}");
    assert_eq!((judged.verdict, judged.held_back), (Verdict::Inconclusive, Some(HeldBack::Equivalence)));
    assert!(caveat(&report, "do not bear out: c as equivalent."), "{:?}", report.caveats);
}

#[test]
fn what_has_no_spread_of_its_own_is_not_tested() {
    // Accuracies of two digits: b lies 0.03 above a in every seed and architecture, the others scatter.
    let hundredth = |arch: usize, arm: usize, seed: u32| {
        ((arch * 5 + arm * 3 + seed as usize * 4 + arm * seed as usize) % 7) as f64
    };
    let of = |arch: usize, arm: usize, seed: u32| {
        let hundredths = if arm == 1 { hundredth(arch, 0, seed) + 3.0 } else { hundredth(arch, arm * arm, seed) };
        (70.0 + hundredths) / 100.0
    };
    let report = report(&table(&["a", "b", "c", "d", "e"], 3, of), &of_accuracy());
    let judged = average(&report, "b");
    assert!(judged.p().unwrap() < 0.05 && judged.own.unwrap().test().is_none(), "{judged:?}");
    assert_eq!((judged.verdict, judged.adjusted_p, judged.simultaneous), (Verdict::NotTested, None, None));
    assert_eq!(judged.reason.as_deref(), Some("all differences are equal: p is not defined"));
    // The others share a correction without it.
    assert!(average(&report, "c").adjusted_p.is_some());
}

#[test]
fn rounding_is_no_spread_where_each_architecture_has_its_own_seeds() {
    let values = |arch: usize, arm: usize, seed: u32| {
        let tenths = |arm: usize| ((arch * 3 + arm * arm * 7 + seed as usize * 5) % 11) as f64;
        let tenths = if arm == 1 { tenths(0) + 1.0 } else { tenths(arm) };
        (1000.0 + tenths) / 10.0
    };
    let text = table(&["a", "b", "c", "d"], 5, values);
    let apart: Vec<String> = text.lines().map(|line| line.replace("y,a,", "y,a,1").replace("y,b,", "y,b,1")).collect();
    let apart: Vec<String> = apart.iter().map(|line| line.replace("y,c,", "y,c,1").replace("y,d,", "y,d,1")).collect();
    let report = report(&apart.join("\n"), &of_accuracy());
    let judged = average(&report, "b");
    assert!(judged.own.unwrap().test().is_none() && judged.verdict == Verdict::NotTested, "{judged:?}");
}

#[test]
fn two_levels_with_the_same_seeds_pool_nothing() {
    let of = |arch: usize, arm: usize, seed: u32| {
        let (x, y, z) = (arch as f64, arm as f64, f64::from(seed));
        0.7 + 0.01 * (12.9898 * y + 78.233 * z).sin() + 0.003 * (37.719 * x + 4.1 * y + 9.7 * z).sin()
    };
    let report = report(&table(&["a", "b"], 5, of), &of_accuracy());
    let judged = average(&report, "b");
    let test = *judged.estimate.unwrap().test().unwrap();
    assert_eq!((judged.basis, judged.own, judged.adjusted_p), (Some(Basis::Seeds), None, Some(test.p)));
    // statsmodels 0.15.0: TTestPower().solve_power(nobs=5, power=0.8, alpha=0.05) is 1.68200 standard deviations.
    let deviations = judged.detectable.unwrap() / test.standard_error / 5.0_f64.sqrt();
    assert!((deviations / 1.681_997_083_323_267_4 - 1.0).abs() < 1e-6, "{deviations}");
}

#[test]
fn runs_that_are_not_paired_are_borne_out_by_their_arms() {
    let report = report(&wide_table(6.0, 0.04, 0.0), &AnalysisSpec { pairing: Pairing::None, ..of_accuracy() });
    let judged = average(&report, "c");
    assert!(judged.adjusted_p.unwrap() >= judged.own_p().unwrap(), "{judged:?}");
    assert!(caveat(&report, "that of c is claimed only where its own runs bear it out"), "{:?}", report.caveats);
}

#[test]
fn what_its_own_seeds_turn_around_is_not_claimed() {
    // b lies 0.006 above a, but in the three seeds that have run both, 0.0015 below it.
    let of = |arch: usize, arm: usize, seed: u32| {
        let (x, y, z) = (arch as f64, arm as f64, f64::from(seed));
        let noise = |size: f64| size * (12.9898 * y + 78.233 * z + 3.7 * x).sin();
        let of_seed = 0.002 * (5.1 * z).sin();
        match (arm, seed) {
            (1, 1..=3) => 0.7 + of_seed - 0.0015 + noise(0.0001),
            (0, 1..=3) => 0.7 + of_seed + noise(0.0001),
            (1, _) => 0.706 + of_seed + noise(0.0005),
            _ => 0.7 + of_seed + noise(0.0005),
        }
    };
    let is_run = |line: &&str| {
        let cells: Vec<&str> = line.split(',').collect();
        let seed: u32 = cells[2].parse().unwrap_or(0);
        match cells[1] {
            "a" => seed <= 20,
            "b" => seed <= 3 || seed > 20,
            _ => true,
        }
    };
    let text = table(&["a", "b", "c"], 40, of);
    let report = report(&text.lines().filter(is_run).collect::<Vec<_>>().join("\n"), &of_accuracy());
    let judged = average(&report, "b");
    assert!(judged.estimate.unwrap().difference > 0.0 && judged.own.unwrap().difference < 0.0, "{judged:?}");
    assert!(judged.p().unwrap() < 0.05 && judged.own_p().unwrap() < 0.05, "{judged:?}");
    assert_eq!((judged.adjusted_p, judged.verdict), (Some(1.0), Verdict::Inconclusive));
    assert_eq!(judged.held_back, Some(HeldBack::OppositeDifference));
    let simultaneous = judged.simultaneous.unwrap();
    assert!(simultaneous.low < 0.0 && simultaneous.high > 0.0, "{judged:?}");
    assert!(caveat(&report, "b as different (by its own seeds it differs the other way)"), "{:?}", report.caveats);
}

#[test]
fn nothing_is_held_back_where_diverged_runs_forbid_it_anyway() {
    let text = wide_table(3.0, 0.0, 0.0);
    let lost = text.lines().map(|line| if line.starts_with("x,c,5,") { "x,c,5,NaN" } else { line });
    let plan = AnalysisSpec { margin: Some(0.02), ..of_accuracy() };
    let report = report(&lost.collect::<Vec<_>>().join("\n"), &plan);
    let judged = average(&report, "c");
    assert!(judged.equivalence.unwrap().p < 0.05, "{judged:?}");
    assert_eq!((judged.diverged, judged.held_back), ([1, 0], None));
    assert!(!caveat(&report, "as equivalent"), "{:?}", report.caveats);
}

#[test]
fn levels_that_run_in_parallel_have_no_spread_to_compare_with() {
    // All but c differ by constants in every seed, up to the rounding of decimals.
    let of = |arch: usize, arm: usize, seed: u32| {
        let thousandths = 700 + 11 * seed * seed % 37 + arch as u32 * 5;
        let own = if arm == 2 { 29 * (seed + arch as u32) % 13 } else { 7 * arm as u32 };
        f64::from(thousandths + own) / 1000.0
    };
    let report = report(&table(&["a", "b", "c", "d", "e"], 5, of), &of_accuracy());
    assert!(report.metrics[0].contrasts[0].effects.as_ref().unwrap().spread.widest.is_none());
    assert!(!caveat(&report, " varies "), "{:?}", report.caveats);
}

#[test]
fn a_baseline_that_varies_more_is_pointed_out() {
    let plan = AnalysisSpec { baseline: [("act".to_owned(), Value::from("c"))].into(), ..of_accuracy() };
    let told = report(&wide_table(6.0, 0.0, 0.0), &plan);
    assert!(
        caveat(&told, "The tests of the interaction with arch and of the main effect take one error for all levels"),
        "{:?}",
        told.caveats
    );
    assert!(
        caveat(&told, "all are compared with c, and a difference is claimed too easily there"),
        "{:?}",
        told.caveats
    );
}

#[test]
fn numbers_near_the_end_of_floats_are_borne_out_or_not_tested() {
    for exponent in ["e-81", "e-150", "e70"] {
        let scaled: Vec<String> = wide_table(6.0, 0.04, 0.0)
            .lines()
            .map(|line| if line.ends_with("acc") { line.to_owned() } else { format!("{line}{exponent}") })
            .collect();
        for pairing in [Pairing::Seed, Pairing::None] {
            let report = report(&scaled.join("\n"), &AnalysisSpec { pairing, ..of_accuracy() });
            let judged = average(&report, "c");
            let is_borne_out = |own: f64| judged.adjusted_p.is_none_or(|adjusted| adjusted >= own);
            match judged.basis {
                Some(Basis::Model) => assert!(judged.own_p().is_some_and(is_borne_out), "{exponent} {judged:?}"),
                // Where the model cannot be computed any more.
                basis => assert!(basis == Some(Basis::Seeds) || judged.verdict == Verdict::NotTested, "{judged:?}"),
            }
        }
    }
}

#[test]
fn a_seed_of_an_arm_is_one_replication_however_many_data_sets_it_is_scored_on() {
    // Three arms with five seeds of their own, each scored on four data sets, which a seed does well or badly on alike.
    let mut wrong = 0;
    for study in 0..40 {
        let mut noise = fixture::Noise::new(study);
        let mut text = String::from("arch,act,seed,acc\n");
        for act in ["a", "b", "c"] {
            for seed in 1..=5 {
                let of_seed = noise.next();
                for arch in ["p", "q", "r", "s"] {
                    writeln!(text, "{arch},{act},{act}{seed},{:.5}", 50.0 + of_seed + 0.3 * noise.next()).unwrap();
                }
            }
        }
        let report = report(&text, &AnalysisSpec { pairing: Pairing::None, ..of_accuracy() });
        assert_eq!(average(&report, "b").seeds, 5);
        let claimed = |level: &str| matches!(average(&report, level).verdict, Verdict::Better | Verdict::Worse);
        wrong += u32::from(claimed("b") || claimed("c"));
    }
    // 5 % of 40 studies are 2. Runs taken for independent would claim something in about 18.
    assert!(wrong <= 6, "{wrong} of 40 studies");
}

#[test]
fn what_could_not_be_tested_is_in_the_headline_and_has_no_interval_of_the_pooled_error_alone() {
    let is_run = |line: &&str| !line.starts_with("x,b,") || line.starts_with("x,b,1,");
    let text = wide_table(1.0, 0.0, 0.0);
    let report = report(&text.lines().filter(is_run).collect::<Vec<_>>().join("\n"), &of_accuracy());
    let judged = average(&report, "b");
    assert_eq!((judged.seeds, judged.verdict, judged.interval), (1, Verdict::NotTested, None));
    assert!(report.headline[0].contains("for none of the 3 tested levels of act"), "{:?}", report.headline);
    assert!(report.headline[0].ends_with("1 could not be tested."), "{:?}", report.headline);
}
