//! The card of a study: what was varied, how many runs there are, and when its plan was frozen.

use crate::number;
use crate::report::Report;
use crate::report::study::Study;

/// The card of the study: terms and what they are.
pub fn card(report: &Report) -> Vec<(String, String)> {
    let study = &report.study;
    let mut card = Vec::new();
    for factor in &study.factors {
        card.push((factor.name.clone(), levels(&factor.levels)));
    }
    let seeds: Vec<String> = study.seeds.iter().map(ToString::to_string).collect();
    card.push(("seeds".to_owned(), if seeds.len() > 12 { format!("{} seeds", seeds.len()) } else { seeds.join(", ") }));
    card.push(("runs".to_owned(), states(study)));
    if let Some(frozen) = &study.frozen {
        let when = number::moment(&frozen.when);
        card.push(match frozen.revision {
            0 => ("plan frozen".to_owned(), when),
            n => ("plan frozen".to_owned(), format!("{when}, revised {}", number::plural(n as usize, "time", "times"))),
        });
        let original =
            if frozen.original_analysis { "as first declared" } else { "changed or lost after the first submission" };
        card.push(("analysis plan".to_owned(), original.to_owned()));
        if let Some(change) = &frozen.design_change {
            let results = number::plural(change.results_seen, "result", "results");
            let first = number::moment(&change.first);
            card.push(("design".to_owned(), format!("changed when {results} could be seen; first frozen {first}")));
        }
    } else {
        card.push(("analysis plan".to_owned(), "given with the command; not frozen before the results".to_owned()));
    }
    if let Some(seconds) = study.seconds {
        card.push(("computed for".to_owned(), number::duration(seconds)));
    }
    if !study.machines.is_empty() {
        card.push(("machines".to_owned(), study.machines.join("; ")));
    }
    card
}

/// With more levels the card names the first ones only.
const MOST_LEVELS: usize = 24;

fn levels(levels: &[String]) -> String {
    if levels.len() <= MOST_LEVELS {
        return levels.join(", ");
    }
    let (named, rest) = levels.split_at(MOST_LEVELS / 2);
    format!("{} levels: {} and {} more", levels.len(), named.join(", "), rest.len())
}

/// `160, all done`, or `54, of which 52 done, 1 diverged, 1 missing`.
fn states(study: &Study) -> String {
    match study.states.as_slice() {
        [] => study.runs.to_string(),
        [only] => format!("{}, all {}", study.runs, only.state.name()),
        several => {
            let states: Vec<String> =
                several.iter().map(|count| format!("{} {}", count.runs, count.state.name())).collect();
            format!("{}, of which {}", study.runs, states.join(", "))
        }
    }
}
