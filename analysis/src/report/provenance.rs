//! Where the plan and the data behind a report come from, as far as a reader must know of it before believing the report.

use std::collections::BTreeMap;

use super::study::Study;
use crate::number;
use crate::results::{DesignChange, Duplicates, MixedTuning, Observation, Repeated, Results};

/// What is to be said of the plan: whether it was declared before results could be seen, and is the one that was.
pub(super) fn of_plan(study: &Study) -> Vec<String> {
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
    caveats
}

/// What is to be said of the data: values and files that could not be used, and scores that were not made alike.
pub(super) fn of_data(results: &Results) -> Vec<String> {
    let mut caveats = Vec::new();
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
    changes.extend(change.other.map(|other| format!("other {other}")));
    format!(
        "The design was changed when {} could be seen, with {}: {}. What is compared, and with how many seeds, may have been \
         chosen by what came out; then false claims are more frequent than the tests say.",
        number::plural(change.results_seen, "result", "results"),
        if changes.len() > 1 { "these changes" } else { "this change" },
        changes.join("; "),
    )
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
