//! A submission that was checked: finding out what is on its way, and handing over the rest.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use slurm::array::SliceLimits;
use slurm::client::Client;
use slurm::job_id::JobNumber;
use spec::layout::SweepLayout;
use spec::{ExitCode, Program, RunId, RunSpec, contract};

use super::submitted::in_words;
use super::{Arguments, Choice, Submitted};
use crate::cluster::{
    self, Capacity, Changes, ClusterError, Contact, Extent, Histories, Needs, Overview, Reporting, Site, SiteQueue,
    Sites, Submission, Unfinished, Wish,
};
use crate::env;
use crate::error::CliError;
use crate::files::FileError;
use crate::lease::Machine;
use crate::ledger::{self, Event};
use crate::local::{self, Selection, Wishes};
use crate::output::talk;
use crate::state::{Observation, Observed};
use crate::supervise;
use crate::survey::{Counts, observe_all};
use crate::sweep::{Sweep, sweep_directory};
use crate::writer::SweepWriter;

/// A submission that was checked and can be made.
pub(in crate::commands) struct Errand {
    pub(in crate::commands) wishes: Wishes,
    pub(in crate::commands) sweep: Sweep,
    pub(in crate::commands) layout: SweepLayout,
    pub(super) site: Site,
    site_name: String,
    pub(in crate::commands) client: Client,
    program: PathBuf,
    trainer: Option<String>,
    pub(super) machine: Machine,
    then_report: bool,
}

impl Errand {
    /// Checks everything that can be checked before anything is written.
    pub(in crate::commands) fn prepare(arguments: &Arguments) -> Result<Self, CliError> {
        let sweep = Sweep::load(&arguments.sweep, &arguments.set)?;
        sweep.warnings.iter().for_each(|warning| talk(&format!("warning: {warning}")));
        let wishes =
            Wishes { conditions: arguments.conditions.clone(), retry: arguments.retry.clone(), limit: arguments.limit };
        wishes.check(&sweep).map_err(|error| CliError::new(ExitCode::Usage, error))?;
        let site = Site::load(&arguments.site).map_err(ClusterError::from)?;
        if arguments.then_report && site.place().far().is_some() {
            return Err(ClusterError::NoReportThere { site: arguments.site.clone() }.into());
        }
        let is_builtin = |run: &RunSpec| matches!(run.program, Program::Builtin(_));
        // At a far site its own trainer is at work.
        if site.place().far().is_none() && sweep.runs.iter().any(is_builtin) {
            supervise::locate_trainer()?;
        }
        let directory = sweep_directory(&arguments.sweep, &sweep.name, arguments.root.as_deref());
        let directory = std::path::absolute(&directory).map_err(|error| FileError::write(&directory, error))?;
        cluster::check_path(&directory)?;
        let program = std::env::current_exe().map_err(|error| FileError::read(Path::new("/proc/self/exe"), error))?;
        Ok(Self {
            wishes,
            layout: SweepLayout::new(directory),
            client: site.client(),
            site,
            site_name: arguments.site.clone(),
            program,
            trainer: std::env::var(contract::TRAINER).ok().filter(|path| !path.is_empty()),
            machine: Machine::here(),
            then_report: arguments.then_report,
            sweep,
        })
    }

    /// How the runs of the sweep stand, by their records.
    pub(super) fn look(&self) -> Result<Vec<(RunSpec, Observation)>, FileError> {
        let runs: Vec<RunId> = self.sweep.runs.iter().map(|run| run.id).collect();
        let observations = observe_all(&self.layout, &runs, &self.machine, SystemTime::now())?;
        Ok(self.sweep.runs.iter().cloned().zip(observations).collect())
    }

    /// The runs that are wanted, in as few arrays as they fit into.
    pub(super) fn order<'a>(
        &'a self,
        wishes: &'a [Wish],
        limits: SliceLimits,
    ) -> Result<cluster::Order<'a>, ClusterError> {
        let site = (self.site_name.as_str(), &self.site);
        cluster::arrange(wishes, site, &self.program, self.trainer.as_deref(), self.sweep.retry.timeout, limits)
    }

    /// How large an array may be.
    pub(super) fn limits(&self) -> Result<SliceLimits, ClusterError> {
        let limits = self.client.configuration()?.slice_limits();
        // Slurm's own default, where the settings do not say.
        Ok(limits.unwrap_or(SliceLimits::of_array_size(1001)))
    }

    /// Finds out what is on its way, writes down what has ended, and hands over what the `choice` leaves of the rest.
    pub(in crate::commands) fn submit(&self, choice: Choice<'_>) -> Result<Submitted, CliError> {
        // Asked before anything is written: where Slurm does not answer, nothing is changed.
        let contact = Contact::make(&self.site, &self.client)?;
        let limits = self.limits()?;
        let (mut writer, news) = SweepWriter::open(&self.sweep, self.layout.clone(), &self.machine)?;
        let mut submitted = Submitted { news, ..Submitted::default() };
        let submissions = self.settle(&contact, &mut writer, &mut submitted)?;
        let known = self.unfinished(&submissions)?;
        let queues = self.sites().ask(&self.layout, &submissions, &known.all())?;
        submitted.news.extend(known.dropped_in_words(&queues));
        // What has ended by Slurm's account has written its last word, so the records are read after it was asked. Read before,
        // they could show a run as it was when it still went on, and it would be submitted again.
        cluster::fetch(&self.layout, &submissions, Extent::Records)?;
        let histories = self.write_down_ends(&mut writer, &queues, &submissions)?;
        let selection = self.choose(choice, Overview(&queues), &histories, &mut submitted)?;
        let mut capacity = Capacity::new(&contact.client, &self.site);
        let wishes = self.wishes_of(&selection, &histories, &choice.changes(), &mut capacity, &mut submitted)?;
        let here = || queues.iter().filter(|queue| queue.site == self.site_name);
        let queued = here().map(|site| site.queue.tasks_in_flight(&known.all())).sum();
        let already = here().map(|site| cluster::may_run(&site.queue, &self.layout)).sum();
        let order = self.order(&wishes, SliceLimits { submit_room: self.site.room(queued), ..limits })?.beside(already);
        if choice.holds_back(submitted.in_flight) {
            submitted.handed.waiting = wishes.len();
            return Ok(submitted);
        }
        submitted.news.extend(shortfalls(&order, &mut capacity)?);
        submitted.handed = cluster::hand_over(&order, &mut writer, &contact)?;
        submitted.take_news_of_the_handed();
        write_down_retries(&selection, &submitted, choice.is_asked(), &mut writer)?;
        if self.then_report && submitted.handed.waiting > 0 {
            submitted.news.push("no report is queued yet: some runs wait for room".to_owned());
        } else if self.then_report {
            let mut arrays: BTreeSet<JobNumber> = here().flat_map(|site| site.queue.arrays_in_flight()).collect();
            arrays.extend(submitted.handed.jobs.iter().map(|(job, _)| *job));
            let reporting = cluster::then_report(&order, &arrays, &submissions, &mut writer, &contact)?;
            let was_queued = submissions.iter().any(|submission| !submission.after.is_empty());
            // A watch sees at its end that nothing is left to wait for, and its report is written.
            let is_news = reporting != Reporting::Nothing || !was_queued || choice.is_asked();
            submitted.news.extend(is_news.then(|| in_words(reporting)));
        }
        Ok(submitted)
    }

    /// Finds out what became of submissions without an answer, and of jobs that a lost ledger does not know. Returns all
    /// submissions as they are known then.
    fn settle(
        &self,
        contact: &Contact<'_>,
        writer: &mut SweepWriter,
        submitted: &mut Submitted,
    ) -> Result<Vec<Submission>, CliError> {
        let settled = self.sites().settle(writer, &self.submissions()?, false)?;
        submitted.news.extend(settled.news);
        submitted.open = settled.open;
        let submissions = self.submissions()?;
        let unknown = cluster::unknown_scripts(&self.layout, &submissions)?;
        if unknown.is_empty() {
            return Ok(submissions);
        }
        // A ledger that was lost does not make their runs free to be submitted again.
        for orphan in cluster::orphans(&unknown, contact)? {
            orphan.adopt(&self.site_name, writer, contact)?;
            submitted.news.push(format!("the queue has {}, which the ledger did not know: adopted", orphan.name));
        }
        Ok(self.submissions()?)
    }

    /// Of the runs that nobody may still carry out those that the `choice` means.
    fn choose(
        &self,
        choice: Choice<'_>,
        queue: Overview<'_>,
        histories: &Histories,
        submitted: &mut Submitted,
    ) -> Result<Selection, CliError> {
        let observed = self.look()?;
        submitted.counts = Counts::of(observed.iter().map(|(_, seen)| &seen.state));
        let goes_on = |(run, seen): &&(RunSpec, Observation)| !is_done(&seen.state) && queue.is_in_flight(run.id);
        submitted.in_flight = observed.iter().filter(goes_on).count();
        let free = observed.into_iter().filter(|(run, _)| !queue.is_in_flight(run.id)).collect();
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

    /// The sites that are asked, among them the one that a person named.
    pub(super) fn sites(&self) -> Sites<'_> {
        Sites::with(&self.site_name, &self.client)
    }

    /// What the ledger says was handed to Slurm.
    pub(super) fn submissions(&self) -> Result<Vec<Submission>, FileError> {
        Ok(cluster::of_sweep(&ledger::read(&self.layout.ledger())?))
    }

    /// Brings curves and logs, too, from far sites: a report shows them.
    pub(in crate::commands) fn fetch(&self) -> Result<(), CliError> {
        Ok(cluster::fetch(&self.layout, &self.submissions()?, Extent::Everything).map(drop)?)
    }

    /// The runs about which Slurm is asked. At a far site more of them may have finished than is known here.
    pub(super) fn unfinished(&self, submissions: &[Submission]) -> Result<Unfinished, CliError> {
        if submissions.is_empty() {
            return Ok(Unfinished::default());
        }
        let observed = self.look()?;
        let states = observed.iter().map(|(run, seen)| (run.id, &seen.state));
        Ok(Unfinished::of(submissions, &self.layout, states, &self.machine)?)
    }

    /// Writes down which tasks are over before Slurm forgets, and returns how those of each run have ended.
    fn write_down_ends(
        &self,
        writer: &mut SweepWriter,
        queues: &[SiteQueue],
        submissions: &[Submission],
    ) -> Result<Histories, CliError> {
        if cluster::note_ends(writer, queues, &self.machine)? == 0 {
            return Ok(Histories::of(submissions));
        }
        Ok(Histories::of(&self.submissions()?))
    }

    /// What each selected run asks for; those that can get no more of what they ended for want of are given up.
    fn wishes_of(
        &self,
        selection: &Selection,
        histories: &Histories,
        changes: &Changes,
        capacity: &mut Capacity<'_>,
        submitted: &mut Submitted,
    ) -> Result<Vec<Wish>, CliError> {
        let mut wishes = Vec::new();
        // A run that lives on this machine was started by `seedbed run`.
        let free = |task: &&local::Task| !matches!(task.before, Observed::Running(_));
        for task in selection.tasks.iter().filter(free) {
            let asked = cluster::resources(&task.spec, &self.site)?;
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

/// Writes down which ended runs were handed over again, and whether that was `asked` for by a person.
fn write_down_retries(
    selection: &Selection,
    submitted: &Submitted,
    asked: bool,
    writer: &mut SweepWriter,
) -> Result<(), FileError> {
    let handed =
        selection.tasks.iter().filter(|task| task.retry.is_some() && submitted.handed.runs.contains(&task.spec.id));
    let retried = |task: &local::Task| Some(Event::Retried { run: task.spec.id, cause: task.before.cause()?, asked });
    writer.ledger.append_all(&env::now(), handed.filter_map(retried).collect())
}

/// Why tasks of an `order` would wait in vain, a line each. A site that does not say what it has is believed to have it.
pub(super) fn shortfalls(order: &cluster::Order<'_>, capacity: &mut Capacity<'_>) -> Result<Vec<String>, CliError> {
    let asked = order.asked()?;
    let lines = asked.iter().filter_map(|task| capacity.shortfall(task).ok().flatten());
    Ok(lines.map(|line| format!("warning: {line}; `seedbed doctor --site` shows what there is")).collect())
}

/// What is wanted of a task's run.
pub(super) fn wish(task: &local::Task, needs: Needs) -> Wish {
    Wish { spec: task.spec.clone(), retry: task.retry, needs }
}

fn is_done(state: &Observed) -> bool {
    matches!(state, Observed::Done)
}
