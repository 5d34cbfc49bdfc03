//! What readers are told of designs at the edge: too few seeds, none in common, differences below the margin, no
//! baseline in a stratum.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fixture;

use std::fmt::Write as _;

use analysis::render::{latex::latex, markdown::markdown};
use analysis::report::comparison::Verdict;
use analysis::{Report, Results};
use fixture::{Noise, accuracies, caveat, of_accuracy};
use spec::Value;
use spec::analysis::{AnalysisSpec, Pairing, Question, Scale};

/// Arms in two architectures, each `shift` above the first; `kept` says which runs there are.
fn two_strata(seeds: u32, shifts: &[(&str, f64)], kept: impl Fn(&str, &str, u32) -> bool) -> Results {
    let (mut text, mut noise) = (String::from("arch,act,seed,acc\n"), Noise::new(5));
    for arch in ["x", "y"] {
        for (act, shift) in shifts {
            for seed in 0..seeds {
                let value = 0.7 + shift + 0.001 * noise.next();
                if kept(arch, act, seed) {
                    writeln!(text, "{arch},{act},{seed},{value:.6}").unwrap();
                }
            }
        }
    }
    accuracies(&text, &["arch", "act"])
}

fn one_stratum(arms: &[(&str, std::ops::Range<u32>)]) -> Results {
    let (mut text, mut noise) = (String::from("act,seed,acc\n"), Noise::new(7));
    for (act, seeds) in arms {
        for seed in seeds.clone() {
            writeln!(text, "{act},{seed},{:.5}", 0.7 + 0.01 * noise.next()).unwrap();
        }
    }
    accuracies(&text, &["act"])
}

#[test]
fn an_average_below_the_margin_is_called_so_and_shows_by_what_p() {
    let pair = [Value::from("b"), Value::from("a")];
    let question = Question { name: "b".to_owned(), factor: "act".to_owned(), pairs: vec![pair] };
    let plan = AnalysisSpec { margin: Some(0.05), questions: vec![question], ..of_accuracy() };
    let report = Report::new(&two_strata(5, &[("a", 0.0), ("b", 0.02), ("c", 0.0)], |_, _, _| true), &plan).unwrap();
    let effects = report.metrics[0].contrasts[0].effects.as_ref().unwrap();
    assert!(effects.contrasts[0].judged.is_below_margin(0.05) && !effects.contrasts[1].judged.is_below_margin(0.05));
    assert_eq!(effects.contrasts[1].judged.verdict, Verdict::Equivalent);
    let text = report.summary();
    let average = text.lines().skip_while(|line| !line.contains("averaged over arch")).nth(1).unwrap();
    assert!(average.contains("<0.0001") && average.ends_with("better, by less than the margin"), "{text}");
    assert!(text.contains("Better: b (by less than the margin); equivalent: c."), "{text}");
    assert!(text.contains("b: better by less than the declared margin. Difference"), "{text}");
    for (name, form) in [("Markdown", markdown(&report)), ("LaTeX", latex(&report))] {
        let averages = form.split("averaged over arch").nth(1).unwrap().split("arch, x").next().unwrap().to_owned();
        assert!(
            averages.contains("better, by less than the margin") && averages.contains("within"),
            "{name}: {averages}"
        );
    }
}

#[test]
fn what_leaves_out_diverged_runs_is_not_said_to_be_within_the_margin() {
    let mut text = String::from("act,seed,acc\n");
    for seed in 0..6_u32 {
        let level = if seed == 5 { f64::NAN } else { 0.72 + 1e-4 * f64::from(seed % 3) };
        writeln!(text, "a,{seed},0.7\nb,{seed},{level}").unwrap();
    }
    let report =
        Report::new(&accuracies(&text, &["act"]), &AnalysisSpec { margin: Some(0.1), ..of_accuracy() }).unwrap();
    let comparison = report.metrics[0].comparisons().next().unwrap().3;
    assert!(comparison.equivalence.unwrap().holm_p.unwrap() < 0.05 && comparison.verdict == Verdict::Better);
    assert!(!comparison.is_below_margin(0.05) && !report.summary().contains("less than the margin"));
}

#[test]
fn two_seeds_could_have_seen_nothing() {
    for results in [one_stratum(&[("a", 0..2), ("b", 0..2)]), two_strata(2, &[("a", 0.0), ("b", 0.0)], |_, _, _| true)]
    {
        let report = Report::new(&results, &of_accuracy()).unwrap();
        let metric = &report.metrics[0];
        assert!(metric.detectable.is_none() && metric.comparisons().all(|(.., one)| one.detectable.is_none()));
        let averages = metric.contrasts[0].effects.iter().flat_map(|effects| &effects.contrasts);
        assert!(averages.map(|average| &average.judged).all(|judged| judged.detectable.is_none()));
        let text = report.summary();
        assert!(!text.contains("could have seen") && text.contains("nothing is claimed from fewer than 3"), "{text}");
        assert!(caveat(&report, "rest on 2 seeds: nothing is claimed from fewer than 3"), "{:?}", report.caveats);
    }
}

#[test]
fn seeds_that_no_two_arms_share_are_pointed_out_with_what_can_be_done() {
    let apart = one_stratum(&[("a", 0..3), ("b", 3..6), ("c", 6..9)]);
    let report = Report::new(&apart, &of_accuracy()).unwrap();
    assert!(caveat(&report, "`--unpaired`") && caveat(&report, "nothing can be paired"), "{:?}", report.caveats);
    // Not where the baseline has nothing that could be paired.
    let mut text = String::from("act,seed,acc\n");
    (0..3).for_each(|seed| writeln!(text, "a,{seed},nan\nb,{seed},0.{seed}").unwrap());
    let diverged = Report::new(&accuracies(&text, &["act"]), &of_accuracy()).unwrap();
    assert!(!caveat(&diverged, "nothing can be paired"), "{:?}", diverged.caveats);
    let unpaired = Report::new(&apart, &AnalysisSpec { pairing: Pairing::None, ..of_accuracy() }).unwrap();
    assert!(!caveat(&unpaired, "nothing can be paired") && unpaired.metrics[0].tally.not_tested == 0);
    // Two groups of three: 2 / C(6, 3).
    assert!(caveat(&unpaired, "could not reach a p below 0.10 here"), "{:?}", unpaired.caveats);
}

#[test]
fn the_smallest_p_is_told_of_the_smallest_comparison_too() {
    let report = Report::new(&one_stratum(&[("a", 0..8), ("b", 0..3), ("c", 0..8)]), &of_accuracy()).unwrap();
    let told = "rest on 3 to 8 seeds.";
    assert!(
        caveat(&report, told)
            && caveat(&report, "below 0.25 in the smallest comparison, and below 0.008 in the largest")
    );
}

#[test]
fn a_difference_that_was_not_shown_is_not_said_to_be_absent() {
    let report =
        Report::new(&two_strata(4, &[("a", 0.0), ("b", 0.0), ("c", 0.0)], |_, _, _| true), &of_accuracy()).unwrap();
    assert!(
        report.headline[0]
            .starts_with("Averaged over arch, a difference from a in acc was shown for none of 2 levels of act")
    );
    let single = Report::new(&two_strata(4, &[("a", 0.0), ("b", 0.0)], |_, _, _| true), &of_accuracy()).unwrap();
    assert!(
        single.headline[0]
            .starts_with("Averaged over arch, a difference from a in acc was not shown (no adjusted p below 0.05)")
    );
    for sentence in report.headline.iter().chain(&single.headline).chain(&report.methods) {
        assert!(!sentence.contains("no difference") && !sentence.contains("none differ"), "{sentence}");
    }
}

#[test]
fn a_table_without_rows_is_not_drawn_in_a_terminal() {
    let results = two_strata(4, &[("a", 0.0), ("b", 0.0), ("c", 0.0)], |arch, act, _| (arch, act) != ("y", "a"));
    let report = Report::new(&results, &of_accuracy()).unwrap();
    assert!(!report.summary().contains("averaged over"), "{}", report.summary());
    assert!(markdown(&report).contains("the baseline a has no seed in every stratum"));
}

#[test]
fn two_compared_factors_share_no_name_of_their_strata() {
    let both = [("act", "a"), ("arch", "x")].map(|(factor, level)| (factor.to_owned(), Value::from(level)));
    let plan = AnalysisSpec { baseline: both.into(), ..of_accuracy() };
    let report = Report::new(&two_strata(4, &[("a", 0.0), ("b", 0.0), ("c", 0.0)], |_, _, _| true), &plan).unwrap();
    let told = report
        .headline
        .iter()
        .any(|sentence| sentence.starts_with("Within each combination of the other factors, with 4 seeds"));
    assert!(told, "{:?}", report.headline);
}

#[test]
fn a_name_with_a_line_break_takes_one_line_and_logarithms_are_said() {
    let results = accuracies(
        "act,seed,acc\na,1,0.5\na,2,0.52\na,3,0.51\n\"b\nc\",1,0.6\n\"b\nc\",2,0.61\n\"b\nc\",3,0.64\n",
        &["act"],
    );
    let text = Report::new(&results, &AnalysisSpec { scale: Scale::Log, ..of_accuracy() }).unwrap().summary();
    assert!(text.contains("Better: b c.") && text.lines().any(|line| line.trim_start().starts_with("b c ")), "{text}");
    assert!(text.contains("acc (higher is better; differences in log units)"), "{text}");
}

#[test]
fn without_pairing_an_arm_has_its_own_runs_and_seeds_are_planned_for_equal_arms() {
    let plan = AnalysisSpec { pairing: Pairing::None, ..of_accuracy() };
    let report = Report::new(&one_stratum(&[("a", 0..5), ("b", 5..10)]), &plan).unwrap();
    assert!(markdown(&report).contains("| b | 5 | "), "{}", markdown(&report));
    let comparison = report.metrics[0].comparisons().next().unwrap().3;
    assert_eq!((comparison.seeds_planned, comparison.seeds_used), (5, 5));

    // Forty runs and four, both of standard deviation 1, apart by 1. statsmodels 0.15.0: TTestIndPower().solve_power(1,
    // power=0.8) is 16.71.
    let around = |centre: f64, n: u32| {
        let half = f64::from(n - 1).sqrt() / f64::from(n).sqrt();
        (0..n).map(move |run| centre + if run % 2 == 0 { half } else { -half })
    };
    let mut text = String::from("act,seed,acc\n");
    for (act, centre, n) in [("a", 0.0, 40), ("b", 1.0, 4)] {
        for (seed, value) in around(centre, n).enumerate() {
            writeln!(text, "{act},{seed},{value}").unwrap();
        }
    }
    let report = Report::new(&accuracies(&text, &["act"]), &plan).unwrap();
    let needed = report.metrics[0].comparisons().next().unwrap().3.needed.unwrap();
    assert_eq!(needed.seeds, Some(17));
}

#[test]
fn a_family_is_what_could_be_tested() {
    let report =
        Report::new(&one_stratum(&[("a", 0..6), ("b", 0..6), ("c", 4..7), ("d", 5..7)]), &of_accuracy()).unwrap();
    let told = "the one of 3 comparisons with a that could be tested is not significant";
    assert!(report.headline[0].contains(told), "{:?}", report.headline);
    let report =
        Report::new(&one_stratum(&[("a", 0..6), ("b", 0..6), ("c", 0..6), ("d", 5..7)]), &of_accuracy()).unwrap();
    assert!(report.headline[0].contains("none of the 2 tested comparisons"), "{:?}", report.headline);
}

#[test]
fn a_table_that_says_something_twice_is_said_to() {
    let options = |duplicates| analysis::TableOptions { duplicates, ..fixture::table_options(&["act"], &["acc"]) };
    let text = "act,seed,acc\na,0,0.1\nb,0,0.2\na,1,0.3\na,1,0.4\na,1,0.5\nb,1,0.6\n";
    for (policy, how) in [("mean", "the value is their mean"), ("last", "the last one counts")] {
        let options = options(analysis::Duplicates::from_name(policy).unwrap());
        let results = Results::from_reader(text.as_bytes(), "t.csv".as_ref(), &options).unwrap();
        let report = Report::new(&results, &of_accuracy()).unwrap();
        assert!(caveat(&report, "1 value was given by several rows of the table, 2 more than one each"));
        assert!(caveat(&report, how), "{:?}", report.caveats);
    }
}
