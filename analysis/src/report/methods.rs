//! How it was computed, as paragraphs for the methods section of a paper.

use std::fmt::Write as _;

use spec::analysis::{AnalysisSpec, Family, Pairing, Scale};
use spec::metric::Direction;

use super::answers::Answer;
use super::judged::Basis;
use super::metric::MetricReport;
use super::rule::SEEDS_ALONE;
use super::{Report, methods_beside as beside};
use crate::number;
use crate::results::Makings;

pub(super) fn methods(report: &Report, makings: &[Makings]) -> Vec<String> {
    let (analysis, metrics) = (&report.analysis, &report.metrics);
    let mut paragraphs = Vec::new();
    let tested = metrics.iter().any(|metric| metric.tally.comparisons > 0);
    if tested {
        paragraphs.extend([test(analysis), correction(analysis)]);
    }
    paragraphs.extend(over_strata(report));
    paragraphs.extend(questions(&report.answers));
    if tested {
        paragraphs.extend([equivalence(analysis), detectable(analysis)]);
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
         of a difference in a family at {alpha}; a family is {family}.{equivalences} A verdict of better or worse needs an adjusted p below {alpha}. \
         \u{201c}Inconclusive\u{201d} means that neither a difference nor its absence was shown."
    )
}

/// How the levels were compared over all strata; nothing with one stratum.
fn over_strata(report: &Report) -> Option<String> {
    let contrasts = report.metrics.iter().flat_map(|metric| &metric.contrasts);
    let effects: Vec<_> = contrasts.filter_map(|contrast| contrast.effects.as_ref()).collect();
    let judged = || effects.iter().flat_map(|effects| &effects.contrasts).map(|contrast| &contrast.judged);
    let across = number::list(&effects.first()?.across);
    let model = match report.analysis.pairing {
        Pairing::Seed => {
            "a model with the mean of every arm and a random effect of the seed within its stratum, fitted by restricted maximum \
             likelihood (Patterson and Thompson 1971), with the tests of Kenward and Roger (Kenward and Roger 1997); where the \
             variance between seeds is estimated as 0 the seeds are fixed blocks"
        }
        Pairing::None => "the linear model with the mean of every arm and one variance",
    };
    let few = judged().any(|judged| judged.basis == Some(Basis::Seeds) && judged.seeds < SEEDS_ALONE);
    let by_model = judged().any(|judged| judged.basis == Some(Basis::Model));
    let by_seeds = judged().any(|judged| judged.basis == Some(Basis::Seeds) && judged.seeds >= SEEDS_ALONE);
    let mut text = format!(
        "Over {across}, arms are compared in {model}. The interaction is tested first: where its p is below {}, levels are \
         judged within each stratum only, and else on average over strata, which is a family of its own; where it cannot be tested, \
         that is said beside the averages.",
        report.analysis.alpha
    );
    text += match report.analysis.pairing {
        Pairing::Seed => {
            " A seed that is in several strata may favour a level in all of them alike. So averages and the main effect are tested from \
             each seed\u{2019}s means over all strata, with the variation of a level between seeds as error, and the interaction from \
             orthonormal contrasts of a seed\u{2019}s strata; both have this model, with one block a seed or a seed and contrast. A level \
             counts for a seed that has run it in every stratum. Where no seed is in two strata, both are tested from all runs."
        }
        Pairing::None => " Runs are taken as independent, as declared, also those of one seed in several strata.",
    };
    if by_model {
        let _ = write!(text, " {}", by_the_model(report.analysis.pairing, report.analysis.alpha));
    }
    if few {
        text += " Where the model cannot be fitted, each average is tested by the paired t test on its own seeds\u{2019} mean \
                 differences, adjusted by Holm.";
    }
    if by_seeds {
        let _ = write!(
            text,
            " With {SEEDS_ALONE} seeds or more that have run every arm, the averages are tested by the paired t test on each \
             seed\u{2019}s mean difference, adjusted by Holm, with simultaneous intervals by Bonferroni\u{2019}s inequality."
        );
    }
    if report.analysis.pairing == Pairing::Seed {
        let _ = write!(
            text,
            " Which of the two it is follows from how many seeds have run everything, on which side of {SEEDS_ALONE} they lie, and so from \
             missing and diverged runs too, for the whole family at once."
        );
    }
    if effects.iter().any(|effects| effects.spread.p.is_some()) {
        text += " Equal spread of the arms is looked at by the test of Brown and Forsythe (Brown and Forsythe 1974), and the level \
                 that varies most is compared with all others by an F test of variances, of the seeds\u{2019} means over the strata \
                 where seeds recur (Bonferroni over the levels, at 0.01). Neither decides anything: a caveat names the level.";
    }
    Some(text)
}

/// How averages are tested from the model, and what must bear them out.
fn by_the_model(pairing: Pairing, alpha: f64) -> String {
    let (when, own) = match pairing {
        Pairing::Seed => (
            "With fewer than eight seeds that have run every arm, the",
            "its seeds\u{2019} own mean differences, by the paired t test (stratum by stratum where no seed is in two)",
        ),
        Pairing::None => ("The", "its arms\u{2019} own variances (Satterthwaite 1946)"),
    };
    format!(
        "{when} averages are contrasts of this model, which takes the arms as equally variable, adjusted and with simultaneous \
         intervals by Dunnett\u{2019}s comparison with one baseline (Dunnett 1955), or by Holm where one of them has an error of its own. \
         An arm that varies more than the others would be claimed to differ too easily there, so that a claim needs {own} to show it \
         too, at {alpha} before any correction: the adjusted p is the larger of the two, and the simultaneous interval holds both \
         (an intersection-union test; Berger 1982)."
    )
}

fn questions(answers: &[Answer]) -> Option<String> {
    let names: Vec<String> = answers.iter().map(|answer| format!("\u{201c}{}\u{201d}", answer.name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{} {} asked in the analysis plan. The answer is the mean difference over the question\u{2019}s pairs and all strata, \
             tested in the same way as an average over strata; the answers share one correction by Holm, and the pairs of a \
             question another one. An answer is about the mean that was asked for, also where it depends on the stratum; whether it \
             does is tested beside it, and said.",
            number::list(&names),
            if names.len() == 1 { "was" } else { "were" }
        )
    })
}

fn equivalence(analysis: &AnalysisSpec) -> String {
    match analysis.margin {
        Some(margin) => format!(
            "Equivalence in the primary metric was tested against the declared margin of {margin}{} by two one-sided tests \
             (Schuirmann 1987), adjusted by Holm among the equivalences of the family, at the same alpha as the differences. \
             It is not claimed where runs of either arm diverged.",
            if analysis.scale == Scale::Log { " in natural logarithms" } else { "" }
        ),
        None => "No margin was declared, so no claim of equivalence is made.".to_owned(),
    }
}

fn detectable(analysis: &AnalysisSpec) -> String {
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
         same power at the same level. Fewer than three seeds could have found nothing.",
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
        format!("{}{unit} ({way})", metric.noun())
    });
    format!("Metrics: {}.", named.collect::<Vec<_>>().join("; "))
}
