//! What a report may claim and what it must say beside it: runs that diverged, the log scale, floors of p, unequal
//! arms, curves that end early, levels in two spellings. Numbers are those of `tests/reference/make_mends.py`.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use std::fmt::Write as _;

use analysis::report::comparison::{Comparison, Verdict};
use analysis::report::sensitivity::Check;
use analysis::results::RunState;
use analysis::{Report, Results, TableOptions};
use spec::analysis::{AnalysisSpec, Pairing, Scale};
use spec::metric::Direction;
use spec::{Digest, RunId, Value};

fn plan(metric: &str) -> AnalysisSpec {
    AnalysisSpec {
        primary: metric.to_owned(),
        directions: [metric, "loss"].map(|metric| (metric.to_owned(), Direction::Higher)).into(),
        baseline: [("act".to_owned(), Value::from("a"))].into(),
        ..fixture::analysis()
    }
}

fn read(text: &str, options: &TableOptions) -> Result<Results, String> {
    Results::from_reader(text.as_bytes(), "t.csv".as_ref(), options).map_err(|error| error.to_string())
}

fn report(text: &str, plan: &AnalysisSpec) -> Report {
    Report::new(&read(text, &fixture::table_options(&["act"], &[&plan.primary])).unwrap(), plan).unwrap()
}

/// A table of `act`, `seed` and one metric from the values of each arm by seed.
fn table(metric: &str, arms: &[(&str, Vec<String>)]) -> String {
    let mut text = format!("act,seed,{metric}\n");
    for (arm, values) in arms {
        for (seed, value) in values.iter().enumerate() {
            writeln!(text, "{arm},{seed},{value}").unwrap();
        }
    }
    text
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn comparison<'a>(report: &'a Report, level: &str) -> &'a Comparison {
    report.metrics[0].comparisons().find(|(_, _, arm, _)| arm.level == level).unwrap().3
}

fn check<'a>(comparison: &'a Comparison, method: &str) -> &'a Check {
    comparison.sensitivity.as_ref().unwrap().checks.iter().find(|check| check.method == method).unwrap()
}

#[test]
fn a_verdict_says_which_runs_it_leaves_out_and_none_of_them_is_equivalent() {
    let whole = [
        ("a", texts([0.51, 0.53, 0.52, 0.56, 0.54, 0.52])),
        ("b", texts([0.511, 0.529, 0.52, 0.561, 0.541, 0.519])),
        ("c", texts([0.61, 0.632, 0.62, 0.66, 0.641, 0.62])),
    ];
    let plan = AnalysisSpec { margin: Some(0.05), ..plan("acc") };
    let before = report(&table("acc", &whole), &plan);
    assert_eq!(comparison(&before, "b").verdict, Verdict::Equivalent);
    assert_eq!(comparison(&before, "c").diverged, [0, 0]);
    let mut diverged = whole.clone();
    diverged[1].1[2] = "NaN".to_owned();
    diverged[2].1[4] = "inf".to_owned();
    let after = report(&table("acc", &diverged), &plan);
    let (b, c) = (comparison(&after, "b"), comparison(&after, "c"));
    assert!(b.equivalence.unwrap().holm_p.unwrap() < 0.05);
    assert_eq!((b.verdict, b.diverged), (Verdict::Inconclusive, [1, 0]));
    assert_eq!((c.verdict, c.diverged), (Verdict::Better, [1, 0]));
    let said = "Better: c (1 run diverged).";
    assert!(after.headline.iter().any(|sentence| sentence == said), "{:?}", after.headline);
    for form in [analysis::render::markdown::markdown(&after), analysis::render::html::page(&after).unwrap()] {
        assert!(form.contains("better (1 diverged)") && form.contains("inconclusive (1 diverged)"), "{form}");
    }
    let rows = String::from_utf8(analysis::render::tables::comparisons(&after)).unwrap();
    assert!(rows.lines().any(|row| row.starts_with("acc,act,c,") && row.contains(",1,0,better,")), "{rows}");
}

#[test]
fn averages_over_strata_say_it_too() {
    let mut text = String::from("act,arch,seed,acc\n");
    let values = [[51, 53, 52, 56, 54], [511, 529, 521, 561, 541], [61, 634, 62, 66, 641]];
    for (arm, values) in ["a", "b", "c"].iter().zip(values) {
        for arch in ["one", "two"] {
            for (seed, value) in values.iter().enumerate() {
                let lost = arch == "two" && seed == 3 && *arm != "a";
                let value = if lost { "NaN".to_owned() } else { format!("0.{value}{}", seed * seed % 3) };
                writeln!(text, "{arm},{arch},{seed},{value}").unwrap();
            }
        }
    }
    let plan = AnalysisSpec { margin: Some(0.05), ..plan("acc") };
    let results = read(&text, &fixture::table_options(&["act", "arch"], &["acc"])).unwrap();
    let report = Report::new(&results, &plan).unwrap();
    let effects = report.metrics[0].contrasts[0].effects.as_ref().unwrap();
    let [b, c] = [0, 1].map(|index| &effects.contrasts[index].judged);
    assert!(b.equivalence.unwrap().holm_p.unwrap() < 0.05);
    assert_eq!((b.verdict, b.diverged), (Verdict::Inconclusive, [1, 0]));
    assert_eq!((c.verdict, c.diverged), (Verdict::Better, [1, 0]));
    assert!(report.headline.iter().any(|said| said.contains("Better: c (1 run diverged)")), "{:?}", report.headline);
}

#[test]
fn an_arm_that_diverges_more_often_is_in_the_headline() {
    let finite = ["0.51", "0.53", "0.52", "0.56", "0.54", "0.55"].map(str::to_owned).to_vec();
    let lost = ["NaN", "NaN", "NaN", "NaN", "NaN", "0.5"].map(str::to_owned).to_vec();
    let some = ["NaN", "NaN", "0.5", "0.52", "0.53", "0.6"].map(str::to_owned).to_vec();
    let report = report(&table("acc", &[("a", finite), ("b", lost), ("c", some)]), &plan("acc"));
    // Fisher's exact test of 5 of 6 against 0 of 6: 2 · 6 / 792; twice that by Holm over two levels.
    let said = "Runs of act = b diverge more often than those of a: 5 of 6 against 0 of 6 (adjusted p 0.030).";
    let about: Vec<&String> = report.headline.iter().filter(|sentence| sentence.contains("diverge ")).collect();
    assert_eq!(about, [said]);
}

#[test]
fn to_diverge_is_the_same_in_a_table_and_in_a_sweep_and_is_about_one_metric() {
    let text = "act,seed,acc,loss\na,0,0.5,NaN\na,1,0.6,1\na,2,0.7,2\nb,0,NaN,2\nb,1,0.8,NaN\nb,2,0.9,3\n";
    let results = read(text, &fixture::table_options(&["act"], &["acc", "loss"])).unwrap();
    assert!(results.runs().iter().all(|run| run.state == RunState::Done));
    let report = Report::new(&results, &plan("acc")).unwrap();
    let counts: Vec<(u64, u64)> =
        report.divergence[0].levels.iter().map(|level| (level.diverged, level.ended)).collect();
    assert_eq!(counts, [(0, 3), (1, 3)]);
    assert_eq!(comparison(&report, "b").diverged, [1, 0]);
    let loss = report.metrics.iter().find(|metric| metric.name == "loss").unwrap();
    assert_eq!(loss.comparisons().next().unwrap().3.diverged, [1, 1]);

    let directory = tempfile::tempdir().unwrap();
    let layout = fixture::write_sweep(directory.path());
    let run = layout.run(RunId::of(b"gpt-neo relu 0"));
    let values = std::fs::read_to_string(run.results()).unwrap();
    let lost: Vec<String> =
        values
            .lines()
            .map(|line| {
                if line.starts_with("validation-loss,") { "validation-loss,NaN,1".to_owned() } else { line.to_owned() }
            })
            .collect();
    let lost = lost.join("\n") + "\n";
    std::fs::write(run.results(), &lost).unwrap();
    let mut status: serde_json::Value = serde_json::from_slice(&std::fs::read(run.status()).unwrap()).unwrap();
    status["results"] = serde_json::to_value(Digest::of(lost.as_bytes())).unwrap();
    std::fs::write(run.status(), serde_json::to_vec(&status).unwrap()).unwrap();
    let report = Report::new(&Results::from_sweep(&layout).unwrap(), &fixture::analysis()).unwrap();
    let found = report.metrics[0]
        .comparisons()
        .find(|(_, stratum, arm, _)| (&*stratum.name, &*arm.level) == ("gpt-neo", "relu"));
    let (.., arm, found) = found.unwrap();
    assert_eq!((arm.gaps[0].reason, found.diverged), ("diverged", [1, 0]));
    assert_eq!((found.worst_rank.unwrap().diverged, found.worst_rank.unwrap().n), ([1, 0], 3));
    let relu = report.divergence[0].levels.iter().find(|level| level.level == "relu").unwrap();
    assert_eq!((relu.diverged, relu.ended), (1, 6));
}

#[test]
fn differences_of_logarithms_have_no_unit_of_the_metric() {
    let mut text = String::from("act,arch,seed,validation-loss\n");
    for (arm, base) in [("a", 2.0), ("b", 2.2)] {
        for (arch, factor) in [("one", 1.0), ("two", 1.5)] {
            for (seed, value) in [0.0, 0.02, -0.015, 0.01].into_iter().enumerate() {
                writeln!(
                    text,
                    "{arm},{arch},{seed},{}",
                    base * factor + value + 0.05 * (base - 2.0) * (seed * seed) as f64
                )
                .unwrap();
            }
        }
    }
    let results = read(&text, &fixture::table_options(&["act", "arch"], &["validation-loss"])).unwrap();
    let of =
        |scale| Report::new(&results, &AnalysisSpec { scale, margin: Some(0.05), ..plan("validation-loss") }).unwrap();
    let (raw, logs) = (of(Scale::Linear), of(Scale::Log));
    assert_eq!(raw.metrics[0].difference_unit, raw.metrics[0].unit);
    assert_eq!((&*logs.metrics[0].unit, &*logs.metrics[0].difference_unit), ("nats per token", "log units"));
    let said = logs.headline.last().unwrap();
    assert!(said.contains("log units") && !said.contains("nats"), "{said}");
    assert!(logs.methods.iter().any(|said| said.contains("the declared margin of 0.05 in natural logarithms")));
    let (metric, contrast) = (&logs.metrics[0], &logs.metrics[0].contrasts[0]);
    let forest = analysis::plot::forest::forest(metric, contrast, &contrast.strata[0], "f").unwrap();
    assert!(forest.contains("(log units)") && !forest.contains("nats"), "{forest}");
    let margin = analysis::plot::equivalence::equivalence(metric, (contrast, &contrast.strata[0]), 0.05, "e").unwrap();
    assert!(margin.contains("(log units)"), "{margin}");
    let outlook = metric.outlook.as_ref().unwrap();
    assert!(analysis::plot::power::power(metric, outlook, "p").unwrap().contains("(log units)"));
    // The levels across strata are drawn as they are tested: by the mean of the logarithms.
    let drawn = analysis::plot::interaction::interaction(metric, contrast, &logs.analysis, "i").unwrap();
    let arm = &contrast.strata[0].arms[0];
    let mean = arm.values.iter().map(|value| value.value.ln()).sum::<f64>() / arm.values.len() as f64;
    assert!(drawn.contains(&format!("a, one: {mean:.*}", metric.decimals)), "{mean} {drawn}");
    assert!(drawn.contains("logarithm of nats per token"), "{drawn}");
}

#[test]
fn the_smallest_p_is_that_of_the_values_at_hand() {
    let six = [("a", texts([0, 0, 0, 0, 0, 0])), ("b", texts([0, 1, 2, 3, 4, 5]))];
    let found = report(&table("acc", &six), &plan("acc"));
    let flipped = check(comparison(&found, "b"), "sign-flip");
    assert_eq!((flipped.floor, flipped.exact), (Some(0.0625), Some(true)));
    // A verdict needs a p below alpha, and not one as large.
    let at = report(&table("acc", &six), &AnalysisSpec { alpha: 0.0625, ..plan("acc") });
    assert_eq!(check(comparison(&at, "b"), "sign-flip").attainable, Some(false));
    assert_eq!(comparison(&at, "b").sensitivity.as_ref().unwrap().disagrees, None);

    let apart = AnalysisSpec { pairing: Pairing::None, ..plan("acc") };
    let tied = report(&table("acc", &[("a", texts([1, 2, 3])), ("b", texts([1, 1, 1]))]), &apart);
    assert!((check(comparison(&tied, "b"), "permutation").floor.unwrap() - 0.4).abs() < 1e-15);
    let free = report(&table("acc", &[("a", texts([1, 2, 3])), ("b", texts([4, 5, 6]))]), &apart);
    assert!((check(comparison(&free, "b"), "permutation").floor.unwrap() - 0.1).abs() < 1e-15);

    // Of 20 000 draws no p is below that of none as extreme.
    let many = [("a", texts(vec![0; 41])), ("b", texts((1..=41).map(|seed| 100 + seed)))];
    let drawn = report(&table("acc", &many), &plan("acc"));
    let drawn = check(comparison(&drawn, "b"), "sign-flip");
    assert_eq!((drawn.floor, drawn.p, drawn.exact), (Some(1.0 / 20_001.0), Some(1.0 / 20_001.0), Some(false)));
    let drawn = report(&table("acc", &many), &apart);
    let drawn = check(comparison(&drawn, "b"), "permutation");
    assert_eq!((drawn.floor, drawn.p, drawn.exact), (Some(2.0 / 20_001.0), Some(2.0 / 20_001.0), Some(false)));
}

#[test]
fn what_can_be_counted_is_not_drawn_and_methods_say_which() {
    let thirty: Vec<i32> = (0..30).map(|i| (7 * i) % 11 - 4).collect();
    let paired = report(&table("acc", &[("a", texts(vec![0; 30])), ("b", texts(&thirty))]), &plan("acc"));
    let flipped = check(comparison(&paired, "b"), "sign-flip");
    assert_eq!((flipped.exact, flipped.error), (Some(true), None));
    assert!((flipped.p.unwrap() - 0.091_899_983_584_880_83).abs() < 1e-12, "{flipped:?}");
    let hundred: Vec<i32> = (0..100).map(|i| (37 * i) % 101).collect();
    let apart = AnalysisSpec { pairing: Pairing::None, ..plan("acc") };
    let unequal = report(&table("acc", &[("a", texts(&hundred)), ("b", texts([80, 95, 99, 70]))]), &apart);
    let permuted = check(comparison(&unequal, "b"), "permutation");
    assert_eq!((permuted.exact, permuted.error), (Some(true), None));
    assert!((permuted.p.unwrap() - 0.012_161_476_218_790_003).abs() < 1e-12, "{permuted:?}");
    let methods = unequal.methods.join(" ");
    assert!(methods.contains("the exact permutation test"), "{methods}");
    assert!(methods.contains("the test of Mann and Whitney, asymptotic beyond 100 runs"), "{methods}");
    let many: Vec<i32> = (0..41).map(|i| (7 * i) % 11 - 4).collect();
    let drawn = report(&table("acc", &[("a", texts(vec![0; 41])), ("b", texts(&many))]), &plan("acc"));
    let methods = drawn.methods.join(" ");
    assert!(methods.contains("the sign-flip test, from random sign patterns beyond 40 pairs"), "{methods}");
    assert!(methods.contains("the exact signed-rank test"), "{methods}");
    assert!(paired.methods.join(" ").contains("the exact sign-flip test"));
}

#[test]
fn the_interval_of_g_is_that_of_the_true_effect() {
    let apart = AnalysisSpec { pairing: Pairing::None, ..plan("acc") };
    let found = report(&table("acc", &[("a", texts([2.7, 2.8, 2.5])), ("b", texts([3.1, 2.9, 3.4]))]), &apart);
    let g = comparison(&found, "b").sensitivity.as_ref().unwrap().standardised.unwrap();
    let interval = g.interval.unwrap();
    assert!((g.effect - 1.788_692_943_393_239_5).abs() < 1e-10, "{g:?}");
    assert!((interval.low + 0.013_852_392_458_583_801).abs() < 1e-7, "{g:?}");
    assert!((interval.high - 4.368_125_386_382_015).abs() < 1e-7, "{g:?}");
}

#[test]
fn the_spread_of_unequal_arms_is_that_of_a_run() {
    let arms = [
        ("a", texts([40, 44, 41, 47, 43, 42, 45, 46, 44, 41, 40, 43])),
        ("b", texts([50, 54, 53, 57])),
        ("two", texts([50, 90])),
    ];
    let apart = AnalysisSpec { pairing: Pairing::None, ..plan("acc") };
    let found = report(&table("acc", &arms), &apart);
    let outlook = found.metrics[0].outlook.as_ref().unwrap();
    // Two seeds tell nothing; of 4 and 12 the harmonic mean is 6.
    assert!((outlook.spread - 2.751_032_863_886_184).abs() < 1e-12, "{outlook:?}");
    assert_eq!(outlook.seeds, 6);
    // The typical one of an even number is the mean of the middle two.
    let pairs = [("a", texts([0; 4])), ("b", texts([-1, 1, -1, 1])), ("c", texts([-3, 3, -3, 3]))];
    let found = report(&table("acc", &pairs), &plan("acc"));
    let outlook = found.metrics[0].outlook.as_ref().unwrap();
    assert!((outlook.spread - 2.0 * (4.0_f64 / 3.0).sqrt()).abs() < 1e-12, "{outlook:?}");
}

#[test]
fn without_a_margin_none_is_named() {
    let arm = |shift: usize| texts((0..300).map(|seed| (seed * 7 + shift * seed * seed) % 23));
    let found = report(&table("acc", &[("a", arm(0)), ("b", arm(1))]), &plan("acc"));
    assert_eq!(found.metrics[0].outlook.as_ref().unwrap().target, None);
    let page = analysis::render::html::page(&found).unwrap();
    assert!(page.contains("half of what is seen now takes more than a thousand seeds"));
    assert!(!page.contains("would find the margin"));
}

#[test]
fn a_run_that_ends_before_others_is_unfinished() {
    let mut text = String::from("act,seed,step,metric,value\n");
    for (arm, seed, last, value) in [
        ("a", 0, 1000, "0.5"),
        ("a", 1, 1000, "0.6"),
        ("b", 0, 1000, "0.7"),
        ("b", 1, 500, "0.1"),
        ("b", 2, 500, "NaN"),
    ] {
        writeln!(text, "{arm},{seed},250,acc,0.2\n{arm},{seed},{last},acc,{value}").unwrap();
    }
    let results = read(&text, &fixture::table_options(&[], &["acc"])).unwrap();
    let values: Vec<f64> = results.observations().iter().map(|observation| observation.value).collect();
    assert_eq!(values, [0.5, 0.6, 0.7]);
    let states: Vec<RunState> = results.runs().iter().map(|run| run.state).collect();
    let done = RunState::Done;
    assert_eq!(states, [done, done, done, RunState::Interrupted, RunState::Diverged]);
    let cause = "`acc` ends at step 500, and 1000 was reached elsewhere in the table";
    assert_eq!(results.runs()[3].cause.as_deref(), Some(cause));
    let report = Report::new(&results, &plan("acc")).unwrap();
    assert_eq!(report.metrics[0].contrasts[0].strata[0].arms[1].gaps[0].reason, "interrupted");
    assert!(report.caveats.iter().any(|caveat| caveat.contains("1 interrupted")), "{:?}", report.caveats);
}

#[test]
fn one_level_has_one_spelling() {
    let text = "rate,seed,acc\n0.001,0,1\n0.01,0,1\n1e-3,1,2\n";
    let error = read(text, &fixture::table_options(&["rate"], &["acc"])).unwrap_err();
    assert_eq!(error, "t.csv:4, column `rate`: the level `1e-3` is written `0.001` on line 2: write it in one way");
    let names = text.replace("1e-3", "one").replace("0.01,", "inf,").replace("0.001", "infinity");
    assert_eq!(read(&names, &fixture::table_options(&["rate"], &["acc"])).unwrap().factors()[0].levels.len(), 3);
}

#[test]
fn every_check_has_its_column() {
    let arms = [
        ("a", texts([1, 4, 2, 5, 3, 6, 2, 4, 1, 5, 3, 2])),
        ("b", texts([2, 4, 3])),
        ("c", texts([2, 6, 3, 9, 4, 7, 4, 5, 2, 8, 5, 3])),
    ];
    let found = report(&table("acc", &arms), &plan("acc"));
    let text = analysis::render::markdown::markdown(&found);
    let header = text.lines().find(|line| line.contains("primary p")).unwrap();
    let columns = "| sign-flip | signed-rank | welch | studentised-bootstrap | seeds to settle |";
    assert!(header.contains(columns), "{header}");
}

#[test]
fn a_metric_keeps_its_name_in_sentences() {
    for name in ["F1", "Acc@1", "BLiMP", "Accuracy"] {
        let arms =
            [("a", texts([0.51, 0.53, 0.52])), ("b", texts([0.52, 0.53, 0.54])), ("c", texts([0.5, 0.51, 0.53]))];
        let found = report(&table(name, &arms), &plan(name));
        assert!(found.headline[0].contains(&format!("significant in {name} ")), "{:?}", found.headline);
        assert!(found.methods.iter().any(|said| said.contains(&format!("Metrics: {name} "))), "{:?}", found.methods);
    }
}

#[test]
fn runs_without_a_value_of_the_primary_metric_are_told() {
    let mut text = String::from("act,seed,acc,loss\n");
    for act in ["a", "b"] {
        for seed in 1..=5 {
            let lacks = (act, seed) == ("b", 2) || (act, seed) == ("b", 4);
            let acc = if lacks { String::new() } else { format!("0.{}", 50 + seed * seed % 7) };
            writeln!(text, "{act},{seed},{acc},1.{seed}").unwrap();
        }
    }
    let report = |text: &str| {
        let results = read(text, &fixture::table_options(&["act"], &["acc", "loss"])).unwrap();
        Report::new(&results, &plan("acc")).unwrap()
    };
    let told = "2 runs ended well without a value of acc, and are in no comparison of it.";
    assert!(report(&text).caveats.iter().any(|caveat| caveat == told), "{:?}", report(&text).caveats);
    let whole = text.replace(",,", ",0.5,");
    assert!(!report(&whole).caveats.iter().any(|caveat| caveat.contains("without a value")));
}
