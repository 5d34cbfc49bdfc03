//! How differences over several strata were computed, and the answers to questions: a paragraph of the methods.

use std::fmt::Write as _;

use spec::analysis::Pairing;

use super::Report;
use super::judged::{Basis, Judged};
use super::rule::SEEDS_ALONE;
use crate::number;

/// Every difference over strata, of averages and of answers with their pairs.
pub(super) fn every_judged(report: &Report) -> impl Iterator<Item = &Judged> {
    let contrasts = report.metrics.iter().flat_map(|metric| &metric.contrasts);
    let effects = contrasts.filter_map(|contrast| contrast.effects.as_ref());
    let averages = effects.flat_map(|effects| &effects.contrasts).map(|contrast| &contrast.judged);
    let answers = report.answers.iter();
    averages.chain(answers.flat_map(|answer| answer.pairs.iter().map(|pair| &pair.judged).chain([&answer.pooled])))
}

/// How the levels were compared over all strata; nothing where nothing was.
pub(super) fn over_strata(report: &Report) -> Option<String> {
    let contrasts = report.metrics.iter().flat_map(|metric| &metric.contrasts);
    let effects: Vec<_> = contrasts.filter_map(|contrast| contrast.effects.as_ref()).collect();
    let has = |of: &dyn Fn(&Judged) -> bool| every_judged(report).any(of);
    let by_model = has(&|judged| judged.basis == Some(Basis::Model));
    let with_many = has(&|judged| judged.basis == Some(Basis::Seeds) && judged.seeds >= SEEDS_ALONE);
    let several = report.answers.iter().any(|answer| answer.strata > 1);
    if effects.is_empty() && !by_model && !several {
        return None;
    }
    let (pairing, alpha) = (report.analysis.pairing, report.analysis.alpha);
    let mut text = match effects.first() {
        Some(effects) => {
            let across = number::list(&effects.across);
            format!(
                "Over {across}, arms are compared in {}. The interaction is tested first: where its p is below {alpha}, levels are \
                 judged within each stratum only, and else on average over strata, which is a family of its own; where it cannot be \
                 tested, that is said beside the averages.",
                model(pairing)
            )
        }
        None => format!("The levels of a question are compared in {}.", model(pairing)),
    };
    if several || !effects.is_empty() {
        text += seeds_in_several_strata(pairing);
    }
    if by_model {
        let _ = write!(text, " {}", by_the_model(pairing, alpha));
    }
    if has(&|judged| judged.basis == Some(Basis::Seeds) && judged.seeds < SEEDS_ALONE) {
        text += " Of two levels with the same seeds, and where the model cannot be fitted, each average is tested by the paired t \
                 test on its own seeds\u{2019} mean differences, adjusted by Holm.";
    }
    if with_many {
        let _ = write!(
            text,
            " With {SEEDS_ALONE} seeds or more that have run every arm, the averages are tested by the paired t test on each \
             seed\u{2019}s mean difference, adjusted by Holm, with simultaneous intervals by Bonferroni\u{2019}s inequality."
        );
    }
    if pairing == Pairing::Seed && (by_model || with_many) {
        let _ = write!(
            text,
            " Whether the model or each seed\u{2019}s mean difference decides follows from how many seeds have run everything, on which \
             side of {SEEDS_ALONE} they lie, and so from missing and diverged runs too, for the whole family at once."
        );
    }
    if effects.iter().any(|effects| effects.spread.p.is_some() && effects.levels.len() > 2) {
        text += " Equal spread of the arms is looked at by the test of Brown and Forsythe (Brown and Forsythe 1974), and the level \
                 that varies most is compared with all others by an F test of variances, where runs are paired of what is left when \
                 each seed\u{2019}s mean is taken out (Bonferroni over the levels, at 0.01). Neither decides anything: a caveat names the \
                 level.";
    }
    Some(text)
}

fn model(pairing: Pairing) -> &'static str {
    match pairing {
        Pairing::Seed => {
            "a model with the mean of every arm and a random effect of the seed within its stratum, fitted by restricted maximum \
             likelihood (Patterson and Thompson 1971), with the tests of Kenward and Roger (Kenward and Roger 1997); where the \
             variance between seeds is estimated as 0 the seeds are fixed blocks"
        }
        Pairing::None => "the linear model with the mean of every arm and one variance",
    }
}

fn seeds_in_several_strata(pairing: Pairing) -> &'static str {
    match pairing {
        Pairing::Seed => {
            " A seed that is in several strata may favour a level in all of them alike. So averages and the main effect are tested from \
             each seed\u{2019}s means over all strata, with the variation of a level between seeds as error, and the interaction from \
             orthonormal contrasts of a seed\u{2019}s strata; both have this model, with one block a seed or a seed and contrast. A level \
             counts for a seed that has run it in every stratum. Where no seed is in two strata, both are tested from all runs."
        }
        Pairing::None => {
            " Runs of different levels are taken as independent, as declared. Where a seed has runs of one level in several strata, \
             averages and the main effect are tested from its means over all of them, and the interaction from orthonormal contrasts \
             of its strata: it is one replication, and not one for each stratum. A seed that lacks a stratum of the level is not used \
             there."
        }
    }
}

/// How averages are tested from the model, and what must bear them out.
fn by_the_model(pairing: Pairing, alpha: f64) -> String {
    let (when, own) = match pairing {
        Pairing::Seed => (
            format!("With fewer than {SEEDS_ALONE} seeds that have run every arm, the"),
            "its seeds\u{2019} own mean differences, by the paired t test (stratum by stratum where no seed is in two, with the \
             degrees of freedom of Satterthwaite 1946),",
        ),
        Pairing::None => ("The".to_owned(), "its arms\u{2019} own variances (Satterthwaite 1946)"),
    };
    format!(
        "{when} averages are contrasts of this model, which takes the arms as equally variable, adjusted and with simultaneous \
         intervals by Dunnett\u{2019}s comparison with one baseline (Dunnett 1955), or by Holm where one of them has an error of its own. \
         An arm that varies more than the others would be claimed to differ too easily there, so that a claim needs {own} to show it \
         too, at {alpha} before any correction: the adjusted p is the larger of the two, or 1 where they differ in direction, \
         and intervals hold both (an intersection-union test; Berger 1982)."
    )
}
