//! What a reader must know before believing the report.

use spec::analysis::{AnalysisSpec, Pairing};
use spec::setting::closest;

use super::answers::Answer;
use super::assumptions;
use super::hardware::{self, HardwareCheck};
use super::metric::{MetricReport, Stratum};
use super::outlying;
use super::provenance;
use super::study::Study;
use crate::number;
use crate::results::{Results, RunState};

pub(super) fn caveats(
    results: &Results,
    study: &Study,
    (metrics, answers): (&[MetricReport], &[Answer]),
    (hardware, [diverged_runs, lacking]): (&[HardwareCheck], [usize; 2]),
    analysis: &AnalysisSpec,
) -> Vec<String> {
    let mut caveats = provenance::of_plan(study);
    caveats.extend(unfinished(study));
    caveats.extend(diverged(diverged_runs));
    caveats.extend(without_value(lacking, metrics));
    caveats.extend(assumptions::caveats(metrics, answers, analysis));
    caveats.extend(unpaired(metrics, analysis));
    caveats.extend(confounded(metrics));
    caveats.extend(hardware.iter().filter_map(hardware::caveat));
    caveats.extend(metrics.iter().flat_map(outlying::caveats));
    caveats.extend(not_judged(metrics, analysis));
    caveats.extend(provenance::of_data(results));
    caveats
}

fn unfinished(study: &Study) -> Option<String> {
    let states = [RunState::Failed, RunState::Interrupted, RunState::Running, RunState::Incomplete, RunState::Missing];
    let parts: Vec<String> = states
        .into_iter()
        .filter(|state| study.count(*state) > 0)
        .map(|state| format!("{} {}", study.count(state), state.name()))
        .collect();
    (!parts.is_empty()).then(|| {
        format!(
            "Of the {} of the plan, these are in no comparison: {}. The comparisons may change once they are done; the list of \
             runs has the causes.",
            number::plural(study.runs, "run", "runs"),
            number::list(&parts),
        )
    })
}

/// `n` runs ended well without a value of the primary metric.
fn without_value(n: usize, metrics: &[MetricReport]) -> Option<String> {
    let primary = metrics.iter().find(|metric| metric.primary)?;
    (n > 0).then(|| {
        format!(
            "{} ended well without a value of {}, and {} in no comparison of it.",
            number::plural(n, "run", "runs"),
            primary.noun(),
            if n == 1 { "is" } else { "are" }
        )
    })
}

/// `n` runs diverged in the primary metric.
fn diverged(n: usize) -> Option<String> {
    (n > 0).then(|| {
        format!(
            "{} diverged. That is a result, but no number: means and tests are about the runs that ended well, and an arm that \
             loses its worst runs this way looks better than it is. Diverged runs are counted and tested by arm, each \
             comparison that they touch says so beside its verdict and is shown a second time with them ranked last, and none of \
             these is called equivalent.",
            number::plural(n, "run", "runs")
        )
    })
}

fn unpaired(metrics: &[MetricReport], analysis: &AnalysisSpec) -> Option<String> {
    let primary = metrics.iter().find(|metric| metric.primary).filter(|_| analysis.pairing == Pairing::Seed)?;
    let partial =
        primary.comparisons().filter(|(.., comparison)| comparison.seeds_used < comparison.seeds_planned).count();
    // Both a baseline and another arm of its stratum have values.
    let has = |stratum: &Stratum, baseline: bool| {
        stratum.arms.iter().any(|arm| arm.baseline == baseline && !arm.values.is_empty())
    };
    let mut strata = primary.contrasts.iter().flat_map(|contrast| &contrast.strata);
    let measured = strata.any(|stratum| has(stratum, true) && has(stratum, false));
    let arms = || primary.contrasts.iter().flat_map(|contrast| &contrast.strata).flat_map(|stratum| &stratum.arms);
    // A run that diverged or has yet to end could still have made a pair.
    let all_ended = arms().all(|arm| arm.gaps.is_empty());
    if measured && all_ended && primary.comparisons().all(|(.., comparison)| comparison.seeds_used == 0) {
        return Some(
            "No seed has runs of two arms that are compared, so nothing can be paired. Where seeds mean nothing beyond one run, \
             `--unpaired` (in a sweep file, pairing = \"none\") compares the arms as independent groups."
                .to_owned(),
        );
    }
    (partial > 0).then(|| {
        format!(
            "In {} of the primary metric not every seed has both runs; the tables say \u{201c}n of N\u{201d} and list the seeds \
             that are missing.",
            number::plural(partial, "comparison", "comparisons")
        )
    })
}

fn confounded(metrics: &[MetricReport]) -> Vec<String> {
    let Some(metric) = metrics.iter().find(|metric| !metric.contrasts.is_empty()) else { return Vec::new() };
    let mut caveats = Vec::new();
    for contrast in &metric.contrasts {
        if !contrast.moves_with.is_empty() {
            caveats.push(format!(
                "{} changes together with {}: their effects cannot be told apart.",
                number::list(&contrast.moves_with),
                contrast.factor
            ));
        }
        let Some(baseline) = &contrast.baseline else { continue };
        let without: Vec<String> = contrast
            .strata
            .iter()
            .filter(|stratum| !stratum.arms.iter().any(|arm| arm.baseline))
            .map(|stratum| stratum.name.clone())
            .collect();
        if !without.is_empty() {
            caveats.push(format!(
                "There is no run with {} = {baseline} in {}: the levels there are described only.",
                contrast.factor,
                number::list(&without)
            ));
        }
    }
    caveats
}

fn not_judged(metrics: &[MetricReport], analysis: &AnalysisSpec) -> Vec<String> {
    let mut caveats = Vec::new();
    let names: Vec<String> =
        metrics.iter().filter(|metric| metric.direction.is_none()).map(|metric| metric.name.clone()).collect();
    if !names.is_empty() {
        caveats.push(format!(
            "{} described only, since it is not declared which way is better.",
            if names.len() == 1 { format!("{} is", names[0]) } else { format!("{} are", number::list(&names)) }
        ));
    }
    let has_primary = metrics.iter().any(|metric| metric.primary && !metric.contrasts.is_empty());
    if !has_primary && !metrics.is_empty() {
        let hint = closest(&analysis.primary, metrics.iter().map(|metric| metric.name.as_str()));
        let hint = hint.map_or_else(String::new, |name| format!(" Was {name} meant?"));
        caveats.push(format!("No run has a value of the primary metric {}.{hint}", analysis.primary));
    }
    caveats
}
