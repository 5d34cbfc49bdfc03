//! The verdict in plain words, at the head of the report.

use std::collections::BTreeSet;

use spec::analysis::AnalysisSpec;

use super::comparison::{Comparison, Verdict, flag};
use super::effects::{Leads, MainContrast};
use super::metric::MetricReport;
use super::study::Study;
use crate::number;
use crate::results::RunState;

/// How many significant comparisons the headline names one by one.
const NAMED: usize = 4;

pub(super) fn headline(study: &Study, metrics: &[MetricReport], analysis: &AnalysisSpec) -> Vec<String> {
    let done = study.count(RunState::Done);
    if done == 0 {
        let diverged = study.count(RunState::Diverged);
        return vec![if diverged == study.runs {
            format!(
                "Nothing to compare: of {} every one diverged (a value that is not finite, or beyond ±1e75).",
                runs(diverged)
            )
        } else {
            format!("None of {} is complete yet: there is nothing to compare.", runs(study.runs))
        }];
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
        let why = if analysis.baseline.is_empty() {
            "the analysis names no baseline that they could be compared with"
        } else {
            "there is no other level that could be compared with the baseline"
        };
        return vec![format!("{} of {}, described without a test: {why}.", metric.label, runs(done))];
    }
    let mut sentences = overall(metric, analysis);
    sentences.push(counted(metric));
    sentences.extend(named(metric, analysis.alpha));
    sentences.extend(equivalents(metric));
    sentences.extend(resolution(metric));
    sentences
}

/// What holds over all strata, where there are several and it could be tested: the interaction first, and the levels on
/// average only where it does not forbid that.
fn overall(metric: &MetricReport, analysis: &AnalysisSpec) -> Vec<String> {
    let mut sentences = Vec::new();
    for contrast in &metric.contrasts {
        let (Some(effects), Some(baseline)) = (&contrast.effects, &contrast.baseline) else { continue };
        let tested: Vec<&MainContrast> =
            effects.contrasts.iter().filter(|contrast| contrast.judged.adjusted_p.is_some()).collect();
        let across = number::list(&effects.across);
        let noun = metric.noun();
        let interaction = effects.interaction.map(|test| number::p_value(test.p));
        match (effects.leads, interaction) {
            (Leads::SimpleEffects, Some(p)) => sentences.push(format!(
                "What {} does to {noun} depends on {across} (interaction, p {p}): there is no one answer, and each is judged by \
                 itself.",
                contrast.factor
            )),
            (Leads::MainEffects, p) if !tested.is_empty() => {
                let differ = |verdict: Verdict| -> Vec<String> {
                    let found = tested.iter().filter(|contrast| contrast.judged.verdict == verdict);
                    found.map(|contrast| average(contrast, analysis.alpha)).collect()
                };
                let count = differ(Verdict::Better).len() + differ(Verdict::Worse).len();
                let depends = p.map_or_else(
                    || format!("; whether that depends on {across} could not be tested"),
                    |p| format!("; an interaction with {across} was not shown (p {p})"),
                );
                let untested = effects.contrasts.len() - tested.len();
                let shown = match (count, tested.len(), untested) {
                    (0, 1, 0) => "was not shown".to_owned(),
                    (_, 1, 0) => "was shown".to_owned(),
                    (0, 1, _) => format!("was not shown for the one level of {} that could be tested", contrast.factor),
                    (_, 1, _) => format!("was shown for the one level of {} that could be tested", contrast.factor),
                    (0, levels, 0) => format!("was shown for none of {levels} levels of {}", contrast.factor),
                    (count, levels, 0) => format!("was shown for {count} of {levels} levels of {}", contrast.factor),
                    (0, levels, _) => format!("was shown for none of the {levels} tested levels of {}", contrast.factor),
                    (count, levels, _) => {
                        format!("was shown for {count} of the {levels} tested levels of {}", contrast.factor)
                    }
                };
                let left = match untested {
                    0 => String::new(),
                    count => format!(" {count} could not be tested."),
                };
                sentences.push(format!(
                    "Averaged over {across}, a difference from {baseline} in {noun} {shown} ({}adjusted p below {}){depends}.{left}",
                    if count == 0 { "no " } else { "" },
                    analysis.alpha,
                ));
                let claims = [Verdict::Better, Verdict::Worse, Verdict::Equivalent];
                sentences.extend(listed(claims.map(|verdict| (verdict, differ(verdict)))));
            }
            _ => {}
        }
    }
    sentences
}

/// An average by its level, with what its verdict leaves out.
fn average(contrast: &MainContrast, alpha: f64) -> String {
    let below = contrast.judged.is_below_margin(alpha).then(|| BELOW.to_owned());
    beside(&contrast.level, below.into_iter().chain(flag(contrast.judged.diverged)))
}

/// Said of a difference that is there and too small to matter.
const BELOW: &str = "by less than the margin";

/// `a`, or `a (x; y)`.
fn beside(level: &str, notes: impl Iterator<Item = String>) -> String {
    let notes: Vec<String> = notes.collect();
    if notes.is_empty() { level.to_owned() } else { format!("{level} ({})", notes.join("; ")) }
}

/// `Better: a and b; worse: c.`, of each the first few.
fn listed(claims: impl IntoIterator<Item = (Verdict, Vec<String>)>) -> Option<String> {
    let claim = |(verdict, mut names): (Verdict, Vec<String>)| {
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        (!names.is_empty()).then(|| format!("{}: {}", verdict.name(), number::list(&names)))
    };
    let parts: Vec<String> = claims.into_iter().filter_map(claim).collect();
    (!parts.is_empty()).then(|| {
        let sentence = parts.join("; ");
        format!("{}{}.", sentence[..1].to_uppercase(), &sentence[1..])
    })
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
    let comparisons = tally.comparisons;
    let count = if significant == 0 { "none".to_owned() } else { significant.to_string() };
    let verb = if significant > 1 { "are" } else { "is" };
    let noun = metric.noun();
    let tested = comparisons - tally.not_tested;
    let gap = match tally.not_tested {
        0 => String::new(),
        n => format!(" {n} could not be tested."),
    };
    let with = number::list(&baselines);
    if comparisons == 1 {
        let not = if significant == 0 { "not " } else { "" };
        return format!("With {seeds}, the comparison with {with} is {not}significant in {noun}.");
    }
    let place = within(metric).map_or_else(|| "With".to_owned(), |within| format!("Within each {within}, with"));
    if tested == 1 {
        let not = if significant == 0 { "not " } else { "" };
        return format!(
            "{place} {seeds}, the one of {comparisons} comparisons with {with} that could be tested is {not}significant in {noun}."
        );
    }
    let count = match (significant, comparisons) {
        (2, 2) => "both comparisons".to_owned(),
        (all, comparisons) if all == comparisons => format!("all {all} comparisons"),
        _ if tested < comparisons => format!("{count} of the {tested} tested comparisons"),
        _ => format!("{count} of the {comparisons} comparisons"),
    };
    format!("{place} {seeds}, {count} with {with} {verb} significant in {noun} after Holm\u{2019}s correction.{gap}")
}

/// What a comparison is within, where there are several strata: `arch`, `combination of arch and size`.
fn within(metric: &MetricReport) -> Option<String> {
    let effects: Vec<_> = metric.contrasts.iter().filter_map(|contrast| contrast.effects.as_ref()).collect();
    match effects.as_slice() {
        [] => None,
        [effects] if effects.across.len() == 1 => Some(effects.across[0].clone()),
        [effects] => Some(format!("combination of {}", number::list(&effects.across))),
        _ => Some("combination of the other factors".to_owned()),
    }
}

/// Nothing could be tested: that is not the same as nothing significant.
fn untested(metric: &MetricReport) -> String {
    let reasons: BTreeSet<String> =
        metric.comparisons().filter_map(|(.., comparison)| comparison.reason.clone()).collect();
    let reasons: Vec<String> = reasons.into_iter().collect();
    let noun = metric.noun();
    let reasons = reasons.join("; ");
    match metric.tally.comparisons {
        1 => format!("The one comparison in {noun} could not be tested ({reasons})."),
        n => format!("None of {n} comparisons in {noun} could be tested ({reasons})."),
    }
}

/// How many seeds a comparison rests on; not how many different ones there are.
fn seeds(metric: &MetricReport) -> String {
    let used = || metric.comparisons().map(|(.., comparison)| comparison.seeds_used).filter(|used| *used > 0);
    match (used().min(), used().max()) {
        (Some(fewest), Some(most)) if fewest < most => format!("{fewest} to {most} seeds each"),
        (_, most) => number::plural(most.unwrap_or(0), "seed", "seeds"),
    }
}

fn named(metric: &MetricReport, alpha: f64) -> Option<String> {
    let claims = |verdict| {
        let found = metric.comparisons().filter(move |(.., comparison)| comparison.verdict == verdict);
        let name = |level: &str, stratum: &str, comparison: &Comparison| {
            let stratum = Some(stratum.to_owned()).filter(|name| !name.is_empty());
            let below = comparison.is_below_margin(alpha).then(|| BELOW.to_owned());
            beside(level, stratum.into_iter().chain(below).chain(comparison.flag()))
        };
        (verdict, found.map(|(_, stratum, arm, found)| name(&arm.level, &stratum.name, found)).collect())
    };
    listed([Verdict::Better, Verdict::Worse].map(claims))
}

fn equivalents(metric: &MetricReport) -> Option<String> {
    let n = metric.tally.equivalent;
    (n > 0).then(|| {
        format!(
            "In {} without a significant difference, it is shown to be smaller than the declared margin.",
            number::plural(n, "comparison", "comparisons")
        )
    })
}

/// By how much the largest difference that a comparison could have seen may exceed the smallest, before both are said.
const WIDE: f64 = 1.5;

fn resolution(metric: &MetricReport) -> Option<String> {
    let middle = metric.detectable?;
    let sizes = metric.comparisons().filter_map(|(.., comparison)| Some(comparison.detectable?.in_family));
    let (count, least, most) =
        sizes.fold((0, f64::INFINITY, 0.0), |(n, least, most), size| (n + 1, size.min(least), size.max(most)));
    let words = |size: f64| number::fixed(size, number::decimals_for(size));
    // One middle would promise too much where comparisons differ in what they can see.
    let (size, which) = if most > WIDE * least {
        (format!("{} to {}", words(least), words(most)), ", depending on the comparison")
    } else {
        (format!("about {}", words(middle)), "")
    };
    let margin = metric.comparisons().any(|(.., comparison)| comparison.equivalence.is_some());
    let neither = if margin { "neither significant nor shown to be within the margin" } else { "not significant" };
    let corrected = if count > 1 { ", after correction" } else { "" };
    let unit = if metric.difference_unit.is_empty() { String::new() } else { format!(" {}", metric.difference_unit) };
    let design =
        within(metric).map_or_else(|| "The design".to_owned(), |within| format!("Within each {within} the design"));
    Some(format!(
        "{design} could have seen differences of {size}{unit}{which} (80 % power{corrected}); what is smaller and {neither} \
         remains open."
    ))
}
