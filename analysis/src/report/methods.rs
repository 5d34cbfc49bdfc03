//! How it was computed, as a paragraph for the methods section of a paper.

use spec::analysis::{AnalysisSpec, Family, Pairing};
use spec::metric::Direction;

use super::curves::CurveFigure;
use super::metric::MetricReport;
use crate::number;

pub(super) fn methods(analysis: &AnalysisSpec, metrics: &[MetricReport], curves: &[CurveFigure]) -> Vec<String> {
    let mut paragraphs = Vec::new();
    if metrics.iter().any(|metric| metric.tally.comparisons > 0) {
        paragraphs.extend([test(analysis), correction(analysis), equivalence(analysis), detectable(analysis)]);
    }
    paragraphs.push(directions(metrics));
    if !curves.is_empty() {
        paragraphs.push(learning_curves(curves));
    }
    paragraphs
}

fn test(analysis: &AnalysisSpec) -> String {
    let level = number::percent(1.0 - analysis.alpha);
    match analysis.pairing {
        Pairing::Seed => format!(
            "The unit of replication is the seed. Every level is compared with the baseline run by run, within each \
             combination of the other factors, by the two-sided paired t test on the differences between runs of the same \
             seed (Student 1908); intervals are {level} t intervals of the mean difference, for each comparison alone. A seed \
             that one of the two arms lacks is listed and not used."
        ),
        Pairing::None => format!(
            "The unit of replication is the seed. Every level is compared with the baseline within each combination of the \
             other factors by Welch\u{2019}s two-sided t test for independent groups of unequal variance (Welch 1947); \
             intervals are {level} t intervals of the difference of means, for each comparison alone."
        ),
    }
}

fn correction(analysis: &AnalysisSpec) -> String {
    let alpha = analysis.alpha;
    let family = match analysis.family {
        Family::Metric => "all comparisons of a metric, over all strata",
        Family::Stratum => "the comparisons of a metric within one stratum",
    };
    format!(
        "P values are adjusted by the step-down procedure of Holm (1979), which keeps the probability of any false claim in a \
         family at {alpha}; a family is {family}. A verdict of better or worse needs an adjusted p below {alpha}. \
         \u{201c}Inconclusive\u{201d} means that neither a difference nor its absence was shown."
    )
}

fn equivalence(analysis: &AnalysisSpec) -> String {
    match analysis.margin {
        Some(margin) => format!(
            "Equivalence in the primary metric was tested against the declared margin of {margin} by two one-sided tests \
             (Schuirmann 1987), adjusted by Holm within the family."
        ),
        None => "No margin was declared, so no claim of equivalence is made.".to_owned(),
    }
}

fn detectable(analysis: &AnalysisSpec) -> String {
    let approximation = match analysis.pairing {
        Pairing::Seed => "",
        Pairing::None => ", an approximation for Welch\u{2019}s test",
    };
    format!(
        "The detectable difference is the true difference that the test would have found with 80 % power, given the standard \
         error seen: from the noncentral t distribution, at {} divided by the size of the family (the first step of \
         Holm\u{2019}s procedure){approximation}.",
        analysis.alpha
    )
}

fn directions(metrics: &[MetricReport]) -> String {
    let named = metrics.iter().map(|metric| {
        let way = match metric.direction {
            Some(Direction::Lower) => "lower is better",
            Some(Direction::Higher) => "higher is better",
            None => "described only",
        };
        let unit = if metric.unit.is_empty() { String::new() } else { format!(" in {}", metric.unit) };
        format!("{}{unit} ({way})", metric.label.to_lowercase())
    });
    format!("Metrics: {}.", named.collect::<Vec<_>>().join("; "))
}

fn learning_curves(curves: &[CurveFigure]) -> String {
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
