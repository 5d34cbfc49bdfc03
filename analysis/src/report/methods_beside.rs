//! How it was computed what stands beside the comparisons and decides nothing: diverged runs, checks of sensitivity,
//! curves; and how the scores of tasks were made.

use spec::analysis::Pairing;
use spec::benchmark::Benchmark;
use spec::fine_tuning::SUPERGLUE;
use spec::metric;

use super::Report;
use super::curves::CurveFigure;
use super::metric::MetricReport;
use crate::number;
use crate::results::{Making, Makings};

pub(super) fn divergence(report: &Report) -> String {
    let comparisons = report.metrics.iter().flat_map(MetricReport::comparisons);
    let exact = comparisons.filter_map(|(.., comparison)| Some(comparison.worst_rank?.exact)).collect();
    let test = match report.analysis.pairing {
        Pairing::Seed => format!("{} (Wilcoxon 1945)", named("signed-rank test", exact, MANY_PAIRS)),
        Pairing::None => {
            format!("{} (Mann and Whitney 1947)", named("test of Mann and Whitney", exact, MANY_RUNS))
        }
    };
    format!(
        "Runs that diverged are an outcome: their numbers are compared with the baseline\u{2019}s by Fisher\u{2019}s exact test \
         (Fisher 1935), which takes them as independent, adjusted by Holm, with intervals for the chance to diverge (Clopper and Pearson 1934). Means are about \
         the other runs; beside them each comparison with a diverged run is shown with such runs ranked last, by {test}."
    )
}

/// What is said of tests of ranks that are not exact.
const MANY_PAIRS: &str = "asymptotic beyond 200 pairs";
const MANY_RUNS: &str = "asymptotic beyond 100 runs";

/// `the exact sign-flip test`, or what it is where some of its p values are not `exact`.
fn named(test: &str, exact: Vec<bool>, otherwise: &str) -> String {
    if exact.into_iter().all(|exact| exact) { format!("the exact {test}") } else { format!("the {test}, {otherwise},") }
}

pub(super) fn sensitivity(report: &Report) -> String {
    let exact = |method: &str| -> Vec<bool> {
        let comparisons = report.metrics.iter().flat_map(MetricReport::comparisons);
        let checks =
            comparisons.filter_map(|(.., comparison)| comparison.sensitivity.as_ref()).flat_map(|one| &one.checks);
        checks.filter(|check| check.method == method).filter_map(|check| check.exact).collect()
    };
    match report.analysis.pairing {
        Pairing::Seed => format!(
            "Checks of sensitivity, which decide nothing: {} of the mean difference, {} (Wilcoxon 1945) with its estimate \
             of the shift (Hodges and Lehmann 1963), Welch\u{2019}s test without pairing (Welch 1947); d_z, which is not \
             corrected for its bias with few seeds, with an interval from the noncentral t distribution (Steiger and Fouladi \
             1997); from ten seeds on the studentised bootstrap (Hall 1988) and the test of normality (Shapiro and Wilk 1965). \
             The smallest p that so many seeds can give stands beside every test of signs or ranks.",
            named("sign-flip test", exact("sign-flip"), "from random sign patterns beyond 40 pairs"),
            named("signed-rank test", exact("signed-rank"), MANY_PAIRS),
        ),
        Pairing::None => format!(
            "Checks of sensitivity, which decide nothing: {} of the difference of means and {} (Mann and Whitney 1947) with its \
             estimate of the shift (Hodges and Lehmann 1963); Hedges\u{2019} g, corrected for bias, with an interval of the true \
             effect from the noncentral t distribution (Steiger and Fouladi 1997). The smallest p that so many runs can give \
             stands beside every test of arrangements or ranks.",
            named("permutation test", exact("permutation"), "from random arrangements beyond five million of them"),
            named("test of Mann and Whitney", exact("mann-whitney"), MANY_RUNS),
        ),
    }
}

/// How the paragraph of [`makings`] begins.
pub(super) const MAKINGS: &str = "How scores were made.";

/// How the scores of tasks were made, a sentence each.
pub(super) fn makings(makings: &[Makings]) -> Option<String> {
    let sentence = |Makings { metric, ways }: &Makings| {
        let name = metric::find(metric).map_or(metric.as_str(), |known| known.label);
        match ways.as_slice() {
            [(making, _)] => format!("{name}: {}.", in_words(making)),
            ways => {
                let of = |(making, runs): &(Making, usize)| {
                    format!("in {}, {}", number::plural(*runs, "run", "runs"), in_words(making))
                };
                format!("{name}: {}.", ways.iter().map(of).collect::<Vec<_>>().join("; "))
            }
        }
    };
    let sentences: Vec<String> = makings.iter().map(sentence).collect();
    (!sentences.is_empty()).then(|| format!("{MAKINGS} {}", sentences.join(" ")))
}

/// `task cb by the protocol superglue+items=10, 56 items of the split validation, the mean over the fine-tuning seeds 0
/// and 1 within each run`
fn in_words(making: &Making) -> String {
    let Making { task, protocol, splits, items, seeds } = making;
    let is_tuned = !seeds.is_empty();
    let what = match task.as_str() {
        SUPERGLUE => "tasks",
        "minimal-pairs" => "pairs",
        name if !is_tuned && Benchmark::from_name(name).is_some() => "pairs",
        _ => "items",
    };
    let mut parts = vec![match task.as_str() {
        "" => format!("by the protocol {protocol}"),
        task => format!("task {task} by the protocol {protocol}"),
    }];
    let counts: Vec<String> = items.iter().map(|count| number::count(*count)).collect();
    let splits: Vec<String> = splits.iter().cloned().collect();
    parts.extend(match (counts.is_empty(), splits.is_empty()) {
        (false, false) => Some(format!("{} {what} of the split {}", number::list(&counts), number::list(&splits))),
        (false, true) => Some(format!("{} {what}", number::list(&counts))),
        (true, false) => Some(format!("the split {}", number::list(&splits))),
        (true, true) => None,
    });
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    parts.extend(match seeds.as_slice() {
        [] => None,
        [seed] => Some(format!("with the fine-tuning seed {seed} alone")),
        seeds => Some(format!("the mean over the fine-tuning seeds {} within each run", number::list(seeds))),
    });
    parts.join(", ")
}

pub(super) fn learning_curves(curves: &[CurveFigure]) -> String {
    let binned = if curves.iter().any(|figure| figure.binned) {
        " Where there are more than 60 steps, neighbouring steps are averaged."
    } else {
        ""
    };
    format!(
        "Learning curves show the mean over the seeds that ended well with its t interval at every step by itself, and, from five \
         seeds on, with the interval that holds for all steps of a level at once (Bonferroni). Diverged runs are drawn dashed and \
         are in no mean.{binned}"
    )
}
