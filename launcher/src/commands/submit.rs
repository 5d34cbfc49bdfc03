//! `seedbed submit`: the runs of a sweep on a cluster.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use slurm::array::SliceLimits;
use slurm::client::Client;
use slurm::job_id::JobNumber;
use spec::layout::SweepLayout;
use spec::{ExitCode, Program, RunId, RunSpec, contract};

use crate::cluster::{
    self, Batch, Capacity, Changes, ClusterError, Contact, Extent, HERE, Handed, Histories, Needs, Overview, Reporting,
    Site, SiteQueue, Sites, Submission, Wish,
};
use crate::env;
use crate::error::CliError;
use crate::files::FileError;
use crate::lease::Machine;
use crate::ledger::{self, Event, RunEnd};
use crate::local::{self, Condition, RetryWhat, Selection, Wishes};
use crate::output::{counted, print, talk};
use crate::state::{Observation, Observed};
use crate::supervise;
use crate::survey::{Counts, observe_all};
use crate::sweep::{ROOT_VARIABLE, RetryPolicy, Sweep, sweep_directory};
use crate::writer::SweepWriter;

/// Arguments of `seedbed submit`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The sweep file
    pub(super) sweep: PathBuf,
    /// Set a key of the sweep file: --set train.steps=100
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Where the directories of sweeps lie; the nodes must see it by the same path [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    pub(super) root: Option<PathBuf>,
    /// The cluster: the name of a profile, ~/.config/seedbed/sites/NAME.toml; `here` is the Slurm of this machine
    #[arg(long, value_name = "NAME", default_value = HERE)]
    pub(super) site: String,
    /// Only runs with these levels; several conditions must all hold
    #[arg(long = "where", value_name = "FACTOR=LEVEL,...")]
    pub(super) conditions: Vec<Condition>,
    /// At most so many runs, the first of the plan first
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// Carry out ended runs again: failed, diverged, or a cause such as out-of-memory
    #[arg(long, value_name = "WHAT")]
    pub(super) retry: Vec<RetryWhat>,
    /// Print the scripts and what they would cost; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Have Slurm write the report, too, once all that is in the queue has ended
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) then_report: bool,
}

/// Submits the runs that are neither finished nor in the queue.
///
/// # Errors
/// When the sweep is wrong or in use, or Slurm does not answer.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let errand = Errand::prepare(arguments)?;
    if arguments.dry_run {
        return errand.dry_run();
    }
    errand.submit(Choice::Asked)?.tell(&errand.layout)
}

/// A submission that was checked and can be made.
pub(super) struct Errand {
    pub(super) wishes: Wishes,
    pub(super) sweep: Sweep,
    pub(super) layout: SweepLayout,
    site: Site,
    site_name: String,
    pub(super) client: Client,
    program: PathBuf,
    trainer: Option<String>,
    machine: Machine,
    then_report: bool,
}

/// Which of the runs that are neither finished nor on their way are handed over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice<'a> {
    /// All that a person's wishes mean.
    Asked,
    /// Those that the sweep's own policy starts again.
    Policy,
    /// Those that ended for one of these reasons, with these changes.
    Ended(&'a [String], &'a Changes),
}

impl Choice<'_> {
    fn means(self, policy: &RetryPolicy, before: &Observed, history: &[cluster::SeenEnd]) -> bool {
        match self {
            Self::Asked => true,
            // What failed on this machine is for a person to look at.
            Self::Policy => cluster::may_start(policy, history) && !(failed(before) && history.is_empty()),
            Self::Ended(words, _) => {
                let end = match (before, history.last()) {
                    (Observed::Diverged, _) => Some(RunEnd::Diverged),
                    (_, Some(last)) => Some(last.end),
                    // It was carried out on this machine.
                    (Observed::Failed { cause, .. }, None) => Some(RunEnd::Failed(*cause)),
                    _ => None,
                };
                end.is_some_and(|end| words.iter().any(|word| end.is_called(word)))
            }
        }
    }
}

/// What came of a submission.
#[derive(Debug, Default)]
pub(super) struct Submitted {
    handed: Handed,
    /// How the runs stood before.
    pub(super) counts: Counts,
    /// What a person should know, a line each.
    pub(super) news: Vec<String>,
    /// Runs that are on their way already.
    pub(super) in_flight: usize,
    /// Runs that ended as often as the sweep's policy allows.
    pub(super) given_up: usize,
    /// Submissions without a clear answer, from earlier commands.
    open: usize,
    /// Runs that failed and were not asked for again.
    failed: usize,
}

impl Errand {
    /// Checks everything that can be checked before anything is written.
    pub(super) fn prepare(arguments: &Arguments) -> Result<Self, CliError> {
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

    fn look(&self) -> Result<Vec<(RunSpec, Observation)>, FileError> {
        let runs: Vec<RunId> = self.sweep.runs.iter().map(|run| run.id).collect();
        let observations = observe_all(&self.layout, &runs, &self.machine, SystemTime::now())?;
        Ok(self.sweep.runs.iter().cloned().zip(observations).collect())
    }

    fn order<'a>(&'a self, wishes: &'a [Wish], limits: SliceLimits) -> Result<cluster::Order<'a>, ClusterError> {
        let site = (self.site_name.as_str(), &self.site);
        cluster::arrange(wishes, site, &self.program, self.trainer.as_deref(), self.sweep.retry.timeout, limits)
    }

    fn limits(&self) -> Result<SliceLimits, ClusterError> {
        let limits = self.client.configuration()?.slice_limits();
        // Slurm's own default, where the settings do not say.
        Ok(limits.unwrap_or(SliceLimits::of_array_size(1001)))
    }

    pub(super) fn dry_run(&self) -> Result<ExitCode, CliError> {
        let observed = self.look()?;
        let selection = local::select(observed, &self.wishes, &self.machine);
        let wishes: Vec<Wish> = selection.tasks.iter().map(|task| wish(task, Needs::default())).collect();
        let limits = self.limits().unwrap_or_else(|error| {
            talk(&format!("warning: {error}; arrays are cut as for MaxArraySize=1001"));
            SliceLimits::of_array_size(1001)
        });
        let order = self.order(&wishes, limits)?;
        let batches = order.scripts(&self.sweep.name, &self.layout)?;
        let mut text = String::new();
        for batch in &batches {
            let _ = writeln!(text, "{}", batch.script);
        }
        let hours = |count: fn(&Batch) -> u32| -> f64 {
            batches.iter().fold(0.0, |sum, batch| sum + f64::from(count(batch)) * batch.hours())
        };
        let (gpu, cpu) = (hours(Batch::gpus), hours(Batch::cpus));
        let (runs, arrays) = (counted(wishes.len(), "run"), counted(batches.len(), "array"));
        let tasks: u32 = batches.iter().map(Batch::tasks).sum();
        let tasks = if tasks as usize == wishes.len() {
            String::new()
        } else {
            format!(" of {}", counted(tasks as usize, "task"))
        };
        let _ = writeln!(text, "{runs} in {arrays}{tasks}: at most {gpu:.1} GPU-hours and {cpu:.1} core-hours");
        print(&text)?;
        Ok(ExitCode::Done)
    }

    /// Finds out what is on its way, writes down what has ended, and hands over what the `choice` leaves of the rest.
    pub(super) fn submit(&self, choice: Choice<'_>) -> Result<Submitted, CliError> {
        // Asked before anything is written: where Slurm does not answer, nothing is changed.
        let contact = Contact::make(&self.site, &self.client)?;
        let sites = Sites::with(&self.site_name, &self.client);
        let limits = self.limits()?;
        let (mut writer, news) = SweepWriter::open(&self.sweep, self.layout.clone(), &self.machine)?;
        let mut submitted = Submitted { news, ..Submitted::default() };
        let history = ledger::read(&self.layout.ledger())?;
        let settled = sites.settle(&mut writer, &cluster::of_sweep(&history), false)?;
        submitted.news.extend(settled.news);
        submitted.open = settled.open;
        let mut submissions = cluster::of_sweep(&ledger::read(&self.layout.ledger())?);
        let unknown = cluster::unknown_scripts(&self.layout, &submissions)?;
        if !unknown.is_empty() {
            // A ledger that was lost does not make their runs free to be submitted again.
            for orphan in cluster::orphans(&unknown, &contact)? {
                orphan.adopt(&self.site_name, &mut writer, &contact)?;
                submitted.news.push(format!("the queue has {}, which the ledger did not know: adopted", orphan.name));
            }
            submissions = cluster::of_sweep(&ledger::read(&self.layout.ledger())?);
        }
        let unfinished = self.unfinished(&submissions)?;
        let queues = sites.ask(&self.layout, &submissions, &unfinished)?;
        let queue = Overview(&queues);
        // What has ended by Slurm's account has written its last word, so the records are read after it was asked. Read before,
        // they could show a run as it was when it still went on, and it would be submitted again.
        cluster::fetch(&self.layout, &submissions, Extent::Records)?;
        let histories = self.write_down_ends(&mut writer, &queues, &submissions)?;
        let observed = self.look()?;
        submitted.counts = Counts::of(observed.iter().map(|(_, seen)| &seen.state));
        let goes_on = |(run, seen): &&(RunSpec, Observation)| !is_done(&seen.state) && queue.is_in_flight(run.id);
        submitted.in_flight = observed.iter().filter(goes_on).count();
        let free = observed.into_iter().filter(|(run, _)| !queue.is_in_flight(run.id)).collect();
        let mut selection = local::select(free, &self.wishes, &self.machine);
        let tasks = selection.tasks.len();
        let policy = &self.sweep.retry;
        selection.tasks.retain(|task| choice.means(policy, &task.before, histories.of_run(task.spec.id)));
        submitted.given_up = if matches!(choice, Choice::Policy) { tasks - selection.tasks.len() } else { 0 };
        submitted.failed = selection.failed;
        submitted.in_flight += selection.elsewhere;
        let changes = if let Choice::Ended(_, changes) = choice { *changes } else { Changes::default() };
        let wishes = self.wishes_of(&selection, &histories, &changes, &contact, &mut writer, &mut submitted)?;
        let there = queues.iter().filter(|queue| queue.site == self.site_name);
        let queued = there.map(|site| site.queue.tasks_in_flight(&unfinished)).sum();
        let order = self.order(&wishes, SliceLimits { submit_room: self.site.room(queued), ..limits })?;
        submitted.handed = cluster::hand_over(&order, &mut writer, &contact)?;
        submitted.news.append(&mut submitted.handed.news);
        let refused = submitted.handed.rejected.iter();
        let words = refused.map(|(runs, said)| format!("Slurm refused {}: {said}", counted(*runs as usize, "run")));
        submitted.news.extend(words.collect::<Vec<_>>());
        if self.then_report {
            let queued = queues.iter().filter(|queue| queue.site == self.site_name);
            let mut arrays: BTreeSet<JobNumber> = queued.flat_map(|site| site.queue.arrays_in_flight()).collect();
            arrays.extend(submitted.handed.jobs.iter().map(|(job, _)| *job));
            let reporting = cluster::then_report(&order, &arrays, &submissions, &mut writer, &contact)?;
            submitted.news.push(in_words(reporting));
        }
        Ok(submitted)
    }

    /// Brings curves and logs, too, from far sites: a report shows them.
    pub(super) fn fetch(&self) -> Result<(), CliError> {
        let submissions = cluster::of_sweep(&ledger::read(&self.layout.ledger())?);
        Ok(cluster::fetch(&self.layout, &submissions, Extent::Everything).map(drop)?)
    }

    /// The runs about which Slurm is asked: also those that diverged, which may have been handed over again. At a far site more
    /// of them may have finished than is known here.
    fn unfinished(&self, submissions: &[Submission]) -> Result<BTreeSet<RunId>, CliError> {
        if submissions.is_empty() {
            return Ok(BTreeSet::new());
        }
        let observed = self.look()?;
        Ok(observed.iter().filter(|(_, seen)| !is_done(&seen.state)).map(|(run, _)| run.id).collect())
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
        Ok(Histories::of(&cluster::of_sweep(&ledger::read(&self.layout.ledger())?)))
    }

    /// What each selected run asks for; those that can get no more of what they ended for want of are given up. Writes down
    /// which ended runs are asked for again.
    fn wishes_of(
        &self,
        selection: &Selection,
        histories: &Histories,
        changes: &Changes,
        contact: &Contact<'_>,
        writer: &mut SweepWriter,
        submitted: &mut Submitted,
    ) -> Result<Vec<Wish>, CliError> {
        let mut wishes = Vec::new();
        let mut capacity = Capacity::new(&contact.client, &self.site);
        // A run that lives on this machine was started by `seedbed run`.
        let free = |task: &&local::Task| !matches!(task.before, Observed::Running(_));
        for task in selection.tasks.iter().filter(free) {
            let asked = cluster::resources(&task.spec, &self.site)?;
            let history = histories.of_run(task.spec.id);
            match cluster::needs(&asked, history, &self.sweep.retry, changes, &mut capacity)? {
                Ok(needs) => wishes.push(wish(task, needs)),
                Err(words) => {
                    submitted.given_up += 1;
                    submitted.news.push(format!("run {} is given up: {words}", task.spec.id));
                    continue;
                }
            }
            if let (Some(_), Some(cause)) = (task.retry, task.before.cause()) {
                writer.ledger.append(env::now(), Event::Retried { run: task.spec.id, cause, asked: true })?;
            }
        }
        Ok(wishes)
    }
}

fn wish(task: &local::Task, needs: Needs) -> Wish {
    Wish { spec: task.spec.clone(), retry: task.retry, needs }
}

fn in_words(reporting: Reporting) -> String {
    match reporting {
        Reporting::Queued(job) => format!("job {job} writes the report when all of it has ended"),
        Reporting::Already(job) => format!("job {job} waits already to write the report"),
        Reporting::Nothing => {
            "nothing is in the queue that a report could wait for: `seedbed report` writes it now".to_owned()
        }
        Reporting::Not(said) => format!("no report is queued: {said}"),
    }
}

fn failed(state: &Observed) -> bool {
    matches!(state, Observed::Failed { .. })
}

fn is_done(state: &Observed) -> bool {
    matches!(state, Observed::Done)
}

impl Submitted {
    /// Runs that were handed over.
    pub(super) fn submitted(&self) -> u32 {
        self.handed.jobs.iter().map(|(_, runs)| runs).sum()
    }

    /// Whether there is something to wait for.
    pub(super) fn goes_on(&self) -> bool {
        self.in_flight + self.handed.waiting + self.open > 0 || self.handed.open > 0 || !self.handed.jobs.is_empty()
    }

    /// Runs for which there is no room yet.
    pub(super) fn waiting(&self) -> usize {
        self.handed.waiting
    }

    /// Says what came of it.
    pub(super) fn tell(&self, layout: &SweepLayout) -> Result<ExitCode, CliError> {
        self.news.iter().for_each(|line| talk(line));
        print(&self.text(layout))?;
        Ok(self.exit())
    }

    fn text(&self, layout: &SweepLayout) -> String {
        let mut text = String::new();
        for (job, runs) in &self.handed.jobs {
            let _ = writeln!(text, "job {job}: {}", counted(*runs as usize, "run"));
        }
        if let Some(message) = &self.handed.no_room {
            let waiting = counted(self.handed.waiting, "run");
            talk(&format!("{waiting} not submitted yet: {message}; `seedbed submit` goes on when there is room"));
        }
        if self.in_flight > 0 {
            talk(&format!("{} in the queue or running already", counted(self.in_flight, "run")));
        }
        if self.open > 0 {
            let open = counted(self.open, "earlier submission");
            talk(&format!(
                "{open} still without an answer: its runs are left alone until it is found or too old to come"
            ));
        }
        if self.failed > 0 {
            talk(&format!(
                "{} left as before: `--retry failed` submits again what failed",
                counted(self.failed, "failed run")
            ));
        }
        if text.is_empty() && self.handed.rejected.is_empty() {
            text += "nothing to submit\n";
        }
        let _ = writeln!(text, "{}", layout.directory().display());
        text
    }

    fn exit(&self) -> ExitCode {
        if !self.handed.rejected.is_empty() {
            ExitCode::Incomplete
        } else if self.handed.waiting > 0 || self.handed.open > 0 || self.open > 0 {
            ExitCode::Resume
        } else {
            ExitCode::Done
        }
    }
}
