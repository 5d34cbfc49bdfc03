//! What the tests assume and the values at hand cannot show.

use spec::analysis::{AnalysisSpec, Pairing};

use super::answers::Answer;
use super::effects::Leads;
use super::judged::{Basis, HeldBack, Judged};
use super::metric::{Contrast, MetricReport, Stratum};
use super::rule::{self, LEAST_SEEDS};
use crate::number;
use crate::statistics::ranks::attainable;

/// From so many seeds on nothing is said of their number.
const ENOUGH: usize = 10;

/// What a reader must know of it.
pub(super) fn caveats(metrics: &[MetricReport], answers: &[Answer], analysis: &AnalysisSpec) -> Vec<String> {
    let mut caveats: Vec<String> = few_seeds(metrics, analysis.pairing).into_iter().collect();
    caveats.extend(metrics.iter().filter_map(|metric| two_values(metric, analysis.pairing)));
    caveats.extend(unequal_spread(metrics, analysis.pairing));
    caveats.extend(held_back(metrics, answers, analysis.pairing));
    caveats
}

fn few_seeds(metrics: &[MetricReport], pairing: Pairing) -> Option<String> {
    let compared = metrics.iter().flat_map(MetricReport::comparisons);
    let compared = compared.filter(|(.., comparison)| comparison.seeds_used > 0);
    let looks: Vec<(usize, f64)> = compared
        .map(|(_, stratum, arm, comparison)| {
            let floor = match pairing {
                Pairing::Seed => attainable::signed(comparison.seeds_used),
                Pairing::None => attainable::rank_sum(arm.values.len(), baseline_values(stratum)),
            };
            (comparison.seeds_used, floor)
        })
        .collect();
    let (fewest, most) = (looks.iter().map(|look| look.0).min()?, looks.iter().map(|look| look.0).max()?);
    if fewest >= ENOUGH {
        return None;
    }
    if most == 1 {
        return Some("The comparisons rest on 1 seed: with one seed no inference is possible.".to_owned());
    }
    let seeds =
        if fewest == most { number::plural(most, "seed", "seeds") } else { format!("{fewest} to {most} seeds") };
    if most < LEAST_SEEDS {
        return Some(format!("The comparisons rest on {seeds}: nothing is claimed from fewer than {LEAST_SEEDS}."));
    }
    let floors = looks.iter().filter(|look| look.0 > 1).map(|look| look.1);
    let (lowest, highest) =
        floors.fold((1.0_f64, 0.0_f64), |(lowest, highest), floor| (lowest.min(floor), highest.max(floor)));
    let [lowest, highest] = [lowest, highest].map(number::p_value);
    let floor = if lowest == highest {
        format!("below {lowest} here")
    } else {
        format!("below {highest} in the smallest comparison, and below {lowest} in the largest")
    };
    Some(format!(
        "The comparisons rest on {seeds}. The t test assumes that differences are roughly normal, which so few values cannot \
         show; only large effects can be found. A test without that assumption could not reach a p {floor}."
    ))
}

fn baseline_values(stratum: &Stratum) -> usize {
    stratum.arms.iter().find(|arm| arm.baseline).map_or(0, |arm| arm.values.len())
}

/// Of a metric that is compared and takes two values only: what the t test of it is worth.
fn two_values(metric: &MetricReport, pairing: Pairing) -> Option<String> {
    metric.comparisons().next()?;
    let arms = metric.contrasts.iter().flat_map(|contrast| &contrast.strata).flat_map(|stratum| &stratum.arms);
    let mut found: Vec<f64> = Vec::new();
    let mut seen = 0;
    for value in arms.flat_map(|arm| &arm.values) {
        seen += 1;
        if !found.contains(&value.value) {
            found.push(value.value);
        }
        if found.len() > 2 {
            return None;
        }
    }
    found.sort_by(f64::total_cmp);
    let [low, high] = found.as_slice() else { return None };
    // Of few values two different ones say nothing about what they may be.
    if seen < 8 {
        return None;
    }
    let check = match pairing {
        Pairing::Seed => "the sign-flip test",
        Pairing::None => "the permutation test",
    };
    Some(format!(
        "{} takes two values only, {low} and {high}: the t test, which assumes roughly normal differences, is an approximation that few \
         seeds make a poor one. Go by {check} among the checks of sensitivity.",
        metric.label
    ))
}

/// What an error that is pooled over levels is worth where one of them varies more than the others.
fn unequal_spread(metrics: &[MetricReport], pairing: Pairing) -> Vec<String> {
    let Some(primary) = metrics.iter().find(|metric| metric.primary) else { return Vec::new() };
    let told = |contrast: &Contrast| {
        let effects = contrast.effects.as_ref()?;
        let widest = effects.spread.widest.as_ref()?;
        let level = &widest.level;
        let within = number::list(&effects.across);
        let pooled = effects.contrasts.iter().any(|contrast| contrast.judged.basis == Some(Basis::Model));
        let averages = if !pooled || effects.leads == Leads::SimpleEffects {
            String::new()
        } else if contrast.baseline.as_ref() == Some(level) {
            format!(
                " Averages that rest on the pooled model take one too: all are compared with {level}, and a difference is claimed \
                 too easily there. Go by the comparisons within each {within}, which take no error from other levels."
            )
        } else {
            format!(
                " Averages that rest on the pooled model take one too: differences of the others are found too rarely there, and \
                 that of {level} is claimed only where its own {} bear it out.",
                rule::witnesses(pairing)
            )
        };
        let interaction = effects.interaction.map_or_else(String::new, |_| {
            format!(" The tests of the interaction with {within} and of the main effect take one error for all levels, and so find them \
                 too easily.")
        });
        Some(format!(
            "{level} varies {} times as much as the other levels of {} (standard deviations; F test, p {}).{interaction}{averages}",
            number::fixed(widest.ratio, 1),
            contrast.factor,
            number::p_value(widest.p),
        ))
    };
    primary.contrasts.iter().filter_map(told).collect()
}

/// What the pooled error alone would have claimed of averages and answers.
fn held_back(metrics: &[MetricReport], answers: &[Answer], pairing: Pairing) -> Vec<String> {
    let averages = metrics.iter().flat_map(|metric| {
        metric.contrasts.iter().filter_map(|contrast| {
            let effects = contrast.effects.as_ref()?;
            let of = effects.contrasts.iter().map(|contrast| (contrast.level.clone(), &contrast.judged));
            let place = format!("In {}, averaged over {}", metric.noun(), number::list(&effects.across));
            Some((place, of.collect::<Vec<_>>()))
        })
    });
    let questions = answers.iter().map(|answer| {
        let pairs =
            answer.pairs.iter().map(|pair| (format!("{} \u{2212} {}", pair.level, pair.baseline), &pair.judged));
        let all = (answer.pairs.len() > 1).then_some(("all pairs".to_owned(), &answer.pooled));
        (format!("In the question \u{201c}{}\u{201d}", answer.name), pairs.chain(all).collect())
    });
    let told = |(place, judged): (String, Vec<(String, &Judged)>)| {
        let held = judged.into_iter().filter_map(|(name, judged)| claim(&name, judged, pairing));
        let held: Vec<String> = held.collect();
        (!held.is_empty()).then(|| {
            format!(
                "{place}, claims of the pooled error are not made that their own {} do not bear out: {}.",
                rule::witnesses(pairing),
                number::list(&held)
            )
        })
    };
    averages.chain(questions).filter_map(told).collect()
}

/// The claim that was held back, with what speaks against it.
fn claim(name: &str, judged: &Judged, pairing: Pairing) -> Option<String> {
    Some(match judged.held_back? {
        HeldBack::Difference => format!("{name} as different (own p {})", number::p_value(judged.own_p()?)),
        HeldBack::OppositeDifference => {
            format!("{name} as different (by its own {} it differs the other way)", rule::witnesses(pairing))
        }
        HeldBack::Equivalence => format!("{name} as equivalent"),
    })
}
