//! What a reader must know before believing the report.

use std::collections::BTreeMap;

use spec::analysis::{AnalysisSpec, Pairing};
use spec::setting::closest;

use super::assumptions;
use super::hardware::{self, HardwareCheck};
use super::metric::{MetricReport, Stratum};
use super::outlying;
use super::study::Study;
use crate::number;
use crate::results::{DesignChange, Duplicates, MixedTuning, Observation, Repeated, Results, RunState};

pub(super) fn caveats(
    results: &Results,
    study: &Study,
    metrics: &[MetricReport],
    (hardware, diverged_runs): (&[HardwareCheck], usize),
    analysis: &AnalysisSpec,
) -> Vec<String> {
    let mut caveats = Vec::new();
    if study.frozen.is_none() {
        caveats.push(
            "The analysis plan came with the command: nothing shows that its comparisons were declared before the results could \
             be seen."
                .to_owned(),
        );
    }
    if study.frozen.as_ref().is_some_and(|frozen| !frozen.original_analysis) {
        caveats.push(
            "The analysis plan was changed after the first submission, or made anew when the first was lost: not all of its \
             comparisons are shown to have been declared before results could be seen."
                .to_owned(),
        );
    }
    caveats.extend(study.frozen.as_ref().and_then(|frozen| frozen.design_change.as_ref()).map(redesigned));
    caveats.extend(unfinished(study));
    caveats.extend(diverged(diverged_runs));
    caveats.extend(assumptions::caveats(metrics, analysis));
    caveats.extend(unpaired(metrics, analysis));
    caveats.extend(confounded(metrics));
    caveats.extend(hardware.iter().filter_map(hardware::caveat));
    caveats.extend(metrics.iter().flat_map(outlying::caveats));
    caveats.extend(not_judged(metrics, analysis));
    caveats.extend(unusable(results));
    caveats.extend(results.missing.iter().map(|one| {
        let runs = number::plural(one.runs, "run", "runs");
        let others = match one.runs - one.with_reason {
            0 => String::new(),
            _ => format!(" (in {} of them, told last; the others have other reasons)", one.with_reason),
        };
        format!(
            "In {runs} {} is missing, or rests on fewer fine-tuning seeds than the others: {}{others}.",
            one.task, one.reason
        )
    }));
    caveats.extend(damaged(results));
    caveats.extend(results.repeated.map(repeated));
    caveats.extend(results.mixed_tunings.iter().flat_map(mixed_tuning));
    if !results.extra_directories.is_empty() {
        let n = number::plural(results.extra_directories.len(), "directory", "directories");
        caveats.push(format!(
            "{n} under runs/ belong to no run of this plan (of an earlier revision, perhaps) and were not read."
        ));
    }
    caveats
}

/// The design is not the one that was frozen first.
fn redesigned(change: &DesignChange) -> String {
    let mut changes = Vec::new();
    for (verb, parts) in [("added", &change.added), ("removed", &change.removed)] {
        if !parts.is_empty() {
            changes.push(format!("{verb} {}", parts.join("; ")));
        }
    }
    format!(
        "The design was changed when {} could be seen, with {}: {}. What is compared, and with how many seeds, may have been \
         chosen by what came out; then false claims are more frequent than the tests say.",
        number::plural(change.results_seen, "result", "results"),
        if changes.len() > 1 { "these changes" } else { "this change" },
        changes.join("; "),
    )
}

/// Rows that gave a value once more.
fn repeated(found: Repeated) -> String {
    let values = number::plural(found.values, "value was", "values were");
    let how = match found.policy {
        Duplicates::Mean => "the value is their mean",
        Duplicates::Last => "the last one counts, and the others do not",
        Duplicates::Refuse => "they are refused",
    };
    format!("{values} given by several rows of the table, {} more than one each: {how} (--duplicates).", found.rows)
}

/// Values that are named at most.
const NAMED: usize = 8;

/// Values that are in no mean, by name.
fn unusable(results: &Results) -> Option<String> {
    let values = &results.unusable;
    let name = |observation: &Observation| {
        let levels = (0..results.factors.len()).map(|factor| results.level(&observation.point, factor));
        let levels: Vec<&str> = levels.collect();
        format!("{} of {}, seed {}", observation.metric, levels.join(", "), observation.seed)
    };
    let mut names: Vec<String> = values.iter().take(NAMED).map(name).collect();
    if values.len() > NAMED {
        names.push(format!("{} more", values.len() - NAMED));
    }
    (!values.is_empty()).then(|| {
        let n = number::plural(values.len(), "value is", "values are");
        format!("{n} not finite (or beyond \u{b1}1e75) and in no mean: {}.", names.join("; "))
    })
}

/// Files beside the results that could not be read: one line for each kind of file, with the first run of it.
fn damaged(results: &Results) -> Vec<String> {
    let mut files: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for run in &results.runs {
        for damage in &run.damage {
            let id = run.id.map_or_else(String::new, |id| id.to_string());
            files.entry(damage.file).or_insert_with(|| (0, format!("{id}: {}", damage.reason))).0 += 1;
        }
    }
    let line = |(file, (runs, first)): (&str, (usize, String))| {
        let (those, all) = match runs {
            1 => ("That run is", "1 run".to_owned()),
            _ => ("Those runs are", format!("{runs} runs")),
        };
        let loss = match file {
            "metrics.csv" => "in the plots of training only up to there",
            _ => "in every comparison, but not in what the tables say of networks, steps and machines",
        };
        let first = if runs == 1 { first } else { format!("first {first}") };
        format!("{file} of {all} cannot be read ({first}). {those} {loss}.")
    };
    files.into_iter().map(line).collect()
}

/// What is wrong with comparing scores that were not made alike.
fn mixed_tuning(mixed: &MixedTuning) -> Vec<String> {
    let told = |ways: &[(String, usize)]| {
        let parts = ways.iter().map(|(way, runs)| format!("{way} in {}", number::plural(*runs, "run", "runs")));
        parts.collect::<Vec<_>>().join("; ")
    };
    let metric = &mixed.metric;
    let mut lines = Vec::new();
    if mixed.used.len() > 1 {
        lines.push(format!(
            "{metric} was not made alike in all runs: {}. Its comparisons mix settings with arms; measure all runs with the same \
             ones.",
            told(&mixed.used)
        ));
    }
    if !mixed.passed_over.is_empty() {
        lines.push(format!(
            "{metric} was measured again with other settings ({}), which count for nothing here: what the run measured first \
             stands.",
            told(&mixed.passed_over)
        ));
    }
    lines
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
