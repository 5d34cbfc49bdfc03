//! The verdict in plain words, at the head of the report.

use std::collections::BTreeSet;

use spec::analysis::AnalysisSpec;

use super::comparison::Verdict;
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
    if tally.not_tested == tally.comparisons {
        return untested(metric);
    }
    let significant = tally.better + tally.worse;
    let baselines: Vec<String> = metric.contrasts.iter().filter_map(|contrast| contrast.baseline.clone()).collect();
    let seeds = seeds(metric);
    let comparisons = number::plural(tally.comparisons, "comparison", "comparisons");
    let count = if significant == 0 { "none".to_owned() } else { significant.to_string() };
    let verb = if significant == 1 || (significant, tally.comparisons) == (0, 1) { "is" } else { "are" };
    let noun = metric.label.to_lowercase();
    let gap = match tally.not_tested {
        0 => String::new(),
        n => format!(" {n} could not be tested."),
    };
    format!(
        "With {seeds}, {count} of {comparisons} with {} {verb} significant in {noun} after Holm\u{2019}s correction.{gap}",
        number::list(&baselines)
    )
}

/// Nothing could be tested: that is not the same as nothing significant.
fn untested(metric: &MetricReport) -> String {
    let reasons: BTreeSet<&str> =
        metric.comparisons().filter_map(|(.., comparison)| comparison.why_not_tested()).collect();
    let reasons: Vec<String> = reasons.into_iter().map(str::to_owned).collect();
    format!(
        "None of {} in {} could be tested ({}).",
        number::plural(metric.tally.comparisons, "comparison", "comparisons"),
        metric.label.to_lowercase(),
        reasons.join("; ")
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
