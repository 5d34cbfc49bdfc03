//! `seedbed submit --dry-run`: what would be handed over now, and what it may cost.

use std::fmt::Write as _;

use slurm::array::SliceLimits;
use spec::{ExitCode, RunSpec};

use super::Errand;
use super::selection::{shortfalls, wish};
use crate::cluster::{self, Batch, Capacity, Changes, Histories, Overview, Wish};
use crate::error::CliError;
use crate::local;
use crate::output::{counted, print, talk};
use crate::state::Observation;

impl Errand {
    /// Prints the scripts that would be handed over now, and their cost. Nothing is changed.
    pub(in crate::commands) fn dry_run(&self) -> Result<ExitCode, CliError> {
        let limits = self.limits().unwrap_or_else(|error| {
            talk(&format!("warning: {error}; arrays are cut as for MaxArraySize=1001"));
            SliceLimits::of_array_size(1001)
        });
        let mut capacity = Capacity::new(&self.client, &self.site);
        let wishes = self.wishes_now(&mut capacity)?;
        let order = self.order(&wishes, limits)?;
        shortfalls(&order, &mut capacity)?.iter().for_each(|line| talk(line));
        let batches = order.scripts(&self.sweep.name, &self.layout)?;
        let mut text: String = batches.iter().map(|batch| batch.script.clone() + "\n").collect();
        let _ = writeln!(text, "{}", cost(&batches, wishes.len()));
        print(&text)?;
        Ok(ExitCode::Done)
    }

    /// What each run that is neither finished nor on its way would ask for.
    fn wishes_now(&self, capacity: &mut Capacity<'_>) -> Result<Vec<Wish<'_>>, CliError> {
        let submissions = self.submissions()?;
        let histories = Histories::of(&submissions);
        let selection = local::select(self.free(&submissions)?, &self.wishes, &self.machine);
        let mut wishes = Vec::new();
        for task in &selection.tasks {
            let asked = cluster::resources(task.spec, &self.site)?;
            let history = histories.of_run(task.spec.id);
            match cluster::needs(&asked, history, &self.sweep.retry, &Changes::default(), capacity)? {
                Ok(needs) => wishes.push(wish(task, needs)),
                Err(words) => talk(&format!("run {} would be given up: {words}", task.spec.id)),
            }
        }
        Ok(wishes)
    }

    /// The runs that nobody may still carry out, as far as Slurm says.
    fn free(&self, submissions: &[cluster::Submission]) -> Result<Vec<(&RunSpec, Observation)>, CliError> {
        let known = self.unfinished(submissions)?;
        let queues = match self.sites().ask(&self.layout, submissions, &known.all()) {
            Ok(queues) => queues,
            Err(error) => {
                talk(&format!("warning: what is on its way already is counted, too: {error}"));
                Vec::new()
            }
        };
        if let Some(line) = known.dropped_in_words(&queues) {
            talk(&line);
        }
        let queue = Overview(&queues);
        let (free, on_their_way): (Vec<_>, Vec<_>) =
            self.look()?.into_iter().partition(|(run, _)| !queue.is_in_flight(run.id));
        if !on_their_way.is_empty() {
            talk(&format!("{} in the queue or running already", counted(on_their_way.len(), "run")));
        }
        Ok(free)
    }
}

/// What so many `runs` in these batches may cost at most.
fn cost(batches: &[Batch], runs: usize) -> String {
    let hours = |count: fn(&Batch) -> u32| -> f64 {
        batches.iter().fold(0.0, |sum, batch| sum + f64::from(count(batch)) * batch.hours())
    };
    let (gpu, cpu) = (hours(Batch::gpus), hours(Batch::cpus));
    let tasks: u32 = batches.iter().map(Batch::tasks).sum();
    let tasks = if tasks as usize == runs { String::new() } else { format!(" of {}", counted(tasks as usize, "task")) };
    let (runs, arrays) = (counted(runs, "run"), counted(batches.len(), "array"));
    format!("{runs} in {arrays}{tasks}: at most {gpu:.1} GPU-hours and {cpu:.1} core-hours")
}
