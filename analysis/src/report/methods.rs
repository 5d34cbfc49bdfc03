//! How it was computed, as paragraphs for the methods section of a paper.

use spec::analysis::{AnalysisSpec, Family, Pairing, Scale};
use spec::metric::Direction;

use super::answers::Answer;
use super::metric::MetricReport;
use super::{Report, methods_beside as beside, methods_over_strata as over_strata};
use crate::number;
use crate::results::Makings;

pub(super) fn methods(report: &Report, makings: &[Makings]) -> Vec<String> {
    let (analysis, metrics) = (&report.analysis, &report.metrics);
    let mut paragraphs = Vec::new();
    let tested = metrics.iter().any(|metric| metric.tally.comparisons > 0);
    if tested {
        paragraphs.extend([test(analysis), correction(analysis)]);
    }
    paragraphs.extend(over_strata::over_strata(report));
    paragraphs.extend(questions(&report.answers));
    if !tested && !report.answers.is_empty() {
        paragraphs.push(verdicts(analysis.alpha));
    }
    if tested || !report.answers.is_empty() {
        let pooled = over_strata::every_judged(report).any(|judged| judged.own.is_some());
        paragraphs.extend([equivalence(analysis, pooled), detectable(analysis, pooled)]);
    }
    if !report.divergence.is_empty() {
        paragraphs.push(beside::divergence(report));
    }
    if tested {
        paragraphs.push(beside::sensitivity(report));
    }
    paragraphs.push(directions(metrics));
    paragraphs.extend(beside::makings(makings));
    if !report.curves.is_empty() {
        paragraphs.push(beside::learning_curves(&report.curves));
    }
    paragraphs
}

fn test(analysis: &AnalysisSpec) -> String {
    let level = number::percent(1.0 - analysis.alpha);
    let scale = match analysis.scale {
        Scale::Linear => "",
        Scale::Log => " Differences of the primary metric are differences of natural logarithms, as declared.",
    };
    let claims = " With fewer than three seeds nothing is claimed.";
    match analysis.pairing {
        Pairing::Seed => format!(
            "The unit of replication is the seed. Every level is compared with the baseline run by run, within each \
             combination of the other factors, by the two-sided paired t test on the differences between runs of the same \
             seed (Student 1908); intervals are {level} t intervals of the mean difference, for each comparison alone. A seed \
             that one of the two arms lacks is listed and not used.{claims}{scale}"
        ),
        Pairing::None => format!(
            "The unit of replication is the seed. Every level is compared with the baseline within each combination of the \
             other factors by Welch\u{2019}s two-sided t test for independent groups of unequal variance (Welch 1947); \
             intervals are {level} t intervals of the difference of means, for each comparison alone.{claims}{scale}"
        ),
    }
}

fn correction(analysis: &AnalysisSpec) -> String {
    let alpha = analysis.alpha;
    let family = match analysis.family {
        Family::Metric => "all tested comparisons of a metric, over all strata",
        Family::Stratum => "the tested comparisons of a metric within one stratum",
    };
    let equivalences = if analysis.margin.is_some() {
        format!(
            " Claims of equivalence are a family of their own, at {alpha} again: the probability of any false claim of either kind can \
             be as large as both together."
        )
    } else {
        String::new()
    };
    format!(
        "P values are adjusted by the step-down procedure of Holm (Holm 1979), which keeps the probability of any false claim \
         of a difference in a family at {alpha}; a family is {family}.{equivalences} {}",
        verdicts(alpha)
    )
}

fn verdicts(alpha: f64) -> String {
    format!(
        "A verdict of better or worse needs an adjusted p below {alpha}. \u{201c}Inconclusive\u{201d} means that neither a \
         difference nor its absence was shown."
    )
}

fn questions(answers: &[Answer]) -> Option<String> {
    let names: Vec<String> = answers.iter().map(|answer| format!("\u{201c}{}\u{201d}", answer.name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{} {} asked in the analysis plan. The answer is the mean difference over the question\u{2019}s pairs and all strata, \
             tested in the same way as an average over strata, in a single one by the paired t test where runs are paired, from a model of its own levels only; the \
             answers share one correction by Holm, and the pairs of a \
             question another one. An answer is about the mean that was asked for, also where it depends on the stratum; whether it \
             does is tested beside it, and said.",
            number::list(&names),
            if names.len() == 1 { "was" } else { "were" }
        )
    })
}

fn equivalence(analysis: &AnalysisSpec, pooled: bool) -> String {
    match analysis.margin {
        Some(margin) => format!(
            "Equivalence in the primary metric was tested against the declared margin of {margin}{} by two one-sided tests \
             (Schuirmann 1987), adjusted by Holm among the equivalences of the family, at the same alpha as the differences (by itself a claim says \
             that the {} interval lies within the margin). \
             It is not claimed where runs of either arm diverged{}.",
            if analysis.scale == Scale::Log { " in natural logarithms" } else { "" },
            number::percent(1.0 - 2.0 * analysis.alpha),
            if pooled {
                ", nor where a pooled error shows it that the difference\u{2019}s own, at alpha, does not"
            } else {
                ""
            },
        ),
        None => "No margin was declared, so no claim of equivalence is made.".to_owned(),
    }
}

fn detectable(analysis: &AnalysisSpec, pooled: bool) -> String {
    let approximation = match analysis.pairing {
        Pairing::Seed => "",
        Pairing::None => ", an approximation for Welch\u{2019}s test",
    };
    let needed = match analysis.margin {
        Some(_) => "a true difference as large as the margin, and show that one of 0 is within it,",
        None => "a true difference as large as the one seen (which is itself uncertain)",
    };
    format!(
        "The detectable difference is the true difference that the test would have found with 80 % power, given the standard \
         error seen: from the noncentral t distribution, at {} divided by the size of the family (the first step of \
         Holm\u{2019}s procedure, and more than Dunnett\u{2019}s asks){approximation}. The seeds to settle a comparison are those that would find {needed} with the \
         same power at the same level. Fewer than three seeds could have found nothing.{}",
        analysis.alpha,
        if pooled {
            " Where the error is pooled, both tests must pass: the detectable difference and the seeds are those of both at once, with \
             spreads taken as independent, which errs on the high side. From eight seeds on, where seeds recur, the seeds are those \
             of whichever test asks for more."
        } else {
            ""
        },
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
        format!("{}{unit} ({way})", metric.noun())
    });
    format!("Metrics: {}.", named.collect::<Vec<_>>().join("; "))
}
