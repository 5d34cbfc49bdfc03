//! The report in sentences: the verdict at its head and the paragraph on methods.

use spec::analysis::{AnalysisSpec, Family, Pairing};
use spec::metric::Direction;

use super::comparison::Verdict;
use super::curves::CurveFigure;
use super::metric::MetricReport;
use super::study::Study;
use crate::number;
use crate::results::RunState;

/// How many significant comparisons the headline names one by one.
const NAMED: usize = 4;

pub(super) fn headline(study: &Study, metrics: &[MetricReport], analysis: &AnalysisSpec) -> Vec<String> {
    let done = study.count(RunState::Done);
    if done == 0 {
        return vec![format!("None of {} is complete yet: there is nothing to compare.", runs(study.runs))];
    }
    let Some(metric) = metrics.iter().find(|metric| metric.primary && !metric.contrasts.is_empty()) else {
        let found: Vec<String> = metrics.iter().map(|metric| metric.name.clone()).collect();
        return vec![format!(
            "No run has a value of the primary metric {}. There is {}.",
            analysis.primary,
            number::list(&found)
        )];
    };
    if metric.tally.comparisons == 0 {
        return vec![format!(
            "{} of {}, described without a test: the analysis names no baseline that they could be compared with.",
            metric.label,
            runs(done)
        )];
    }
    let mut sentences = vec![counted(metric)];
    sentences.extend(named(metric));
    sentences.extend(equivalents(metric));
    sentences.extend(resolution(metric));
    sentences
}

fn runs(n: usize) -> String {
    number::plural(n, "run", "runs")
}

fn counted(metric: &MetricReport) -> String {
    let tally = metric.tally;
    let significant = tally.better + tally.worse;
    let baselines: Vec<String> = metric.contrasts.iter().filter_map(|contrast| contrast.baseline.clone()).collect();
    let seeds = seeds(metric);
    let comparisons = number::plural(tally.comparisons, "comparison", "comparisons");
    let count = if significant == 0 { "none".to_owned() } else { significant.to_string() };
    let verb = if significant == 1 { "is" } else { "are" };
    let noun = metric.label.to_lowercase();
    format!(
        "With {seeds}, {count} of {comparisons} with {} {verb} significant in {noun} after Holm\u{2019}s correction.",
        number::list(&baselines)
    )
}

/// How many seeds a comparison rests on; not how many different ones there are.
fn seeds(metric: &MetricReport) -> String {
    let used = || metric.comparisons().map(|(.., comparison)| comparison.seeds_used).filter(|used| *used > 0);
    match (used().min(), used().max()) {
        (Some(fewest), Some(most)) if fewest < most => format!("{fewest} to {most} seeds each"),
        (_, most) => number::plural(most.unwrap_or(0), "seed", "seeds"),
    }
}

fn named(metric: &MetricReport) -> Option<String> {
    let claims = |verdict| {
        let found = metric.comparisons().filter(move |(.., comparison)| comparison.verdict == verdict);
        let names: Vec<String> =
            found
                .map(|(_, stratum, arm, _)| {
                    if stratum.name.is_empty() {
                        arm.level.clone()
                    } else {
                        format!("{} ({})", arm.level, stratum.name)
                    }
                })
                .collect();
        let more = names.len().saturating_sub(NAMED);
        let mut shown: Vec<String> = names.into_iter().take(NAMED).collect();
        if more > 0 {
            shown.push(format!("{more} more"));
        }
        (!shown.is_empty()).then(|| format!("{}: {}", verdict.name(), number::list(&shown)))
    };
    let parts: Vec<String> = [Verdict::Better, Verdict::Worse].into_iter().filter_map(claims).collect();
    (!parts.is_empty()).then(|| {
        let sentence = parts.join("; ");
        format!("{}{}.", sentence[..1].to_uppercase(), &sentence[1..])
    })
}

fn equivalents(metric: &MetricReport) -> Option<String> {
    let n = metric.tally.equivalent;
    (n > 0).then(|| format!("In {n}, the difference is smaller than the declared margin."))
}

fn resolution(metric: &MetricReport) -> Option<String> {
    let detectable = metric.detectable?;
    let size = number::fixed(detectable, number::decimals_for(detectable));
    let unit = if metric.unit.is_empty() { String::new() } else { format!(" {}", metric.unit) };
    Some(format!(
        "The design could have seen differences of about {size}{unit} (80 % power, after correction); what is smaller and not \
         significant remains open."
    ))
}

pub(super) fn methods(analysis: &AnalysisSpec, metrics: &[MetricReport], curves: &[CurveFigure]) -> Vec<String> {
    let level = number::percent(1.0 - analysis.alpha);
    let alpha = analysis.alpha;
    let mut paragraphs = Vec::new();
    if metrics.iter().any(|metric| metric.tally.comparisons > 0) {
        paragraphs.push(match analysis.pairing {
            Pairing::Seed => format!(
                "The unit of replication is the seed. Every level is compared with the baseline run by run, within each \
                 combination of the other factors, by the two-sided paired t test on the differences between runs of the same \
                 seed (Student 1908); intervals are {level} t intervals of the mean difference, for each comparison alone. A \
                 seed that one of the two arms lacks is listed and not used."
            ),
            Pairing::None => format!(
                "The unit of replication is the seed. Every level is compared with the baseline within each combination of \
                 the other factors by Welch\u{2019}s two-sided t test for independent groups of unequal variance (Welch 1947); \
                 intervals are {level} t intervals of the difference of means, for each comparison alone."
            ),
        });
        let family = match analysis.family {
            Family::Metric => "all comparisons of a metric, over all strata",
            Family::Stratum => "the comparisons of a metric within one stratum",
        };
        paragraphs.push(format!(
            "P values are adjusted by the step-down procedure of Holm (1979), which keeps the probability of any false claim in \
             a family at {alpha}; a family is {family}. A verdict of better or worse needs an adjusted p below {alpha}. \
             \u{201c}Inconclusive\u{201d} means that neither a difference nor its absence was shown.",
        ));
        paragraphs.push(match analysis.margin {
            Some(margin) => format!(
                "Equivalence in the primary metric was tested against the declared margin of {margin} by two one-sided tests \
                 (Schuirmann 1987), adjusted by Holm within the family."
            ),
            None => "No margin was declared, so no claim of equivalence is made.".to_owned(),
        });
        paragraphs.push(format!(
            "The detectable difference is the true difference that the test would have found with 80 % power, given the \
             standard error seen: from the noncentral t distribution, at {alpha} divided by the size of the family (the first \
             step of Holm\u{2019}s procedure){}.",
            if analysis.pairing == Pairing::None { ", an approximation for Welch\u{2019}s test" } else { "" }
        ));
    }
    paragraphs.push(directions(metrics));
    if !curves.is_empty() {
        let binned = if curves.iter().any(|figure| figure.binned) {
            " Where there are more than 60 steps, neighbouring steps are averaged."
        } else {
            ""
        };
        paragraphs.push(format!(
            "Learning curves show the mean over the seeds that ended well; the band reaches from the lowest to the highest \
             seed. It is a range, not an interval of confidence. Diverged runs are drawn dashed and are in no mean.{binned}"
        ));
    }
    paragraphs
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
