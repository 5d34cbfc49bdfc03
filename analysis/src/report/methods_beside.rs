//! How it was computed what stands beside the comparisons and decides nothing: diverged runs, checks of sensitivity, curves.

use spec::analysis::Pairing;

use super::Report;
use super::curves::CurveFigure;
use super::metric::MetricReport;

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
