//! Whether the runs that are done have a number in the metric that their sweep is judged by. The report will say so;
//! after all runs that is late.

use analysis::results::{is_usable, values_of_run};
use spec::layout::{RunLayout, SweepLayout};
use spec::metric;
use spec::setting::closest;
use spec::status::Status;

use crate::output::counted;
use crate::state::Observed;
use crate::survey::{Survey, look_at_all};

/// Metrics that a message names at most.
const NAMED: usize = 6;

/// What a run that is done has instead of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// A value that cannot be computed with.
    NotUsable,
    /// No value. These are the metrics that it has, without their parts.
    Absent(Vec<String>),
}

/// What the run in `layout`, whose record is `status` and says done, lacks of the metric `primary`; `None` where it has
/// a number, or where its results cannot be read, which is told elsewhere.
pub fn lack(layout: &RunLayout, status: &Status, primary: &str) -> Option<Lack> {
    let values = values_of_run(layout, status.run, status.results).ok()?;
    if let Some((_, value)) = values.iter().find(|(metric, _)| metric == primary) {
        return (!is_usable(*value)).then_some(Lack::NotUsable);
    }
    let names: Vec<String> = values.into_iter().map(|(metric, _)| metric).collect();
    // `blimp/agreement` is a part of `blimp`; `eval/loss` without an `eval` is a metric of its own.
    let is_part = |name: &str| name.split_once('/').is_some_and(|(whole, _)| names.iter().any(|other| other == whole));
    Some(Lack::Absent(names.iter().filter(|name| !is_part(name)).cloned().collect()))
}

/// What is to be said of the done runs of a sweep that lack the metric `primary`: a line for each kind, or none.
pub fn lines(layout: &SweepLayout, survey: &Survey<'_>, primary: &str) -> Vec<String> {
    let done: Vec<(RunLayout, &Status)> = survey
        .runs
        .iter()
        .filter(|(_, seen)| seen.state == Observed::Done)
        .filter_map(|(run, seen)| Some((layout.run(run.id), seen.status.as_ref()?)))
        .collect();
    let look =
        |(layout, status): &(RunLayout, &Status)| Ok::<_, std::convert::Infallible>(lack(layout, status, primary));
    let Ok(lacks) = look_at_all(&done, look);
    let lacks: Vec<Lack> = lacks.into_iter().flatten().collect();
    let not_usable = lacks.iter().filter(|lack| **lack == Lack::NotUsable).count();
    let mut lines = Vec::new();
    if not_usable > 0 {
        let runs = counted(not_usable, "run");
        lines.push(format!("{runs} of those done without a usable {primary} (not finite, or beyond ±1e75): the report counts them as diverged"));
    }
    let absent = lacks.len() - not_usable;
    if let Some(Lack::Absent(metrics)) = lacks.iter().find(|lack| **lack != Lack::NotUsable) {
        let runs = counted(absent, "run");
        lines.push(format!(
            "{runs} of those done without {primary}, which is what is compared: {}",
            instead(metrics, primary)
        ));
    }
    lines
}

/// What there is instead of `primary`, and what may help.
pub fn instead(metrics: &[String], primary: &str) -> String {
    let more = if metrics.len() > NAMED { ", …" } else { "" };
    let first: Vec<&str> = metrics.iter().take(NAMED).map(String::as_str).collect();
    let found = format!("results.csv has {}{more}", first.join(", "));
    match closest(primary, metrics.iter().map(String::as_str)) {
        Some(near) => format!("{found}; was {near} meant in analysis.primary?"),
        None if metric::find(primary).is_some() => {
            format!("{found}; `seedbed evaluate` measures benchmarks of runs that are done")
        }
        None => found,
    }
}
