//! Which runs are handed over, and what each asks for.

use spec::RunSpec;

use super::{Choice, Errand, Submitted};
use crate::cluster::{self, Capacity, Changes, Histories, Needs, Overview, Wish};
use crate::env;
use crate::error::CliError;
use crate::files::FileError;
use crate::ledger::Event;
use crate::local::{self, Selection};
use crate::state::{Observation, Observed};
use crate::survey::Counts;
use crate::writer::SweepWriter;

impl Errand {
    /// Of the runs that nobody may still carry out those that the `choice` means.
    pub(super) fn choose(
        &self,
        choice: Choice<'_>,
        queue: Overview<'_>,
        histories: &Histories,
        submitted: &mut Submitted,
    ) -> Result<Selection<'_>, CliError> {
        let observed = self.look()?;
        submitted.counts = Counts::of(observed.iter().map(|(_, seen)| &seen.state));
        let goes_on = |(run, seen): &&(&RunSpec, Observation)| !is_done(&seen.state) && queue.is_in_flight(run.id);
        submitted.in_flight = observed.iter().filter(goes_on).count();
        let free = observed.into_iter().filter(|(run, _)| !queue.is_in_flight(run.id));
        let mut selection = local::select(free, &self.wishes, &self.machine);
        let tasks = selection.tasks.len();
        selection.tasks.retain(|task| {
            let history = histories.of_run(task.spec.id);
            choice.means(task.spec.id, &self.sweep.retry, &task.before, history)
        });
        submitted.given_up = if choice.is_asked() { 0 } else { tasks - selection.tasks.len() };
        submitted.failed = selection.failed;
        submitted.in_flight += selection.elsewhere;
        Ok(selection)
    }

    /// What each selected run asks for; those that can get no more of what they ended for want of are given up.
    pub(super) fn wishes_of<'sweep>(
        &self,
        selection: &Selection<'sweep>,
        histories: &Histories,
        changes: &Changes,
        capacity: &mut Capacity<'_>,
        submitted: &mut Submitted,
    ) -> Result<Vec<Wish<'sweep>>, CliError> {
        let mut wishes = Vec::new();
        // A run that lives on this machine was started by `seedbed run`.
        let free = |task: &&local::Task<'_>| !matches!(task.before, Observed::Running(_));
        for task in selection.tasks.iter().filter(free) {
            let asked = cluster::resources(task.spec, &self.site)?;
            let history = histories.of_run(task.spec.id);
            match cluster::needs(&asked, history, &self.sweep.retry, changes, capacity)? {
                Ok(needs) => wishes.push(wish(task, needs)),
                Err(words) => {
                    submitted.given_up += 1;
                    submitted.news.push(format!("run {} is given up: {words}", task.spec.id));
                }
            }
        }
        Ok(wishes)
    }
}

/// What is wanted of a task's run.
pub(super) fn wish<'sweep>(task: &local::Task<'sweep>, needs: Needs) -> Wish<'sweep> {
    Wish { spec: task.spec, element: None, retry: task.retry, needs }
}

/// Writes down which ended runs were handed over again, and whether that was `asked` for by a person.
pub(super) fn write_down_retries(
    selection: &Selection<'_>,
    submitted: &Submitted,
    asked: bool,
    writer: &mut SweepWriter,
) -> Result<(), FileError> {
    let handed =
        selection.tasks.iter().filter(|task| task.retry.is_some() && submitted.handed.runs.contains(&task.spec.id));
    let retried =
        |task: &local::Task<'_>| Some(Event::Retried { run: task.spec.id, cause: task.before.cause()?, asked });
    writer.ledger.append_all(&env::now(), handed.filter_map(retried).collect())
}

/// Why tasks of an `order` would wait in vain, a line each. A site that does not say what it has is believed to have
/// it.
pub(in crate::commands) fn shortfalls(
    order: &cluster::Order<'_>,
    capacity: &mut Capacity<'_>,
) -> Result<Vec<String>, CliError> {
    let asked = order.asked()?;
    let lines = asked.iter().filter_map(|task| capacity.shortfall(task).ok().flatten());
    Ok(lines.map(|line| format!("warning: {line}; `seedbed doctor --site` shows what there is")).collect())
}

fn is_done(state: &Observed) -> bool {
    matches!(state, Observed::Done)
}
