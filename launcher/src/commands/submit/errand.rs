//! A submission that was checked: finding out what is on its way, and handing over the rest.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use slurm::array::SliceLimits;
use slurm::client::Client;
use slurm::job_id::JobNumber;
use spec::layout::SweepLayout;
use spec::{ExitCode, Program, RunSpec, contract};

use super::selection::{shortfalls, write_down_retries};
use super::submitted::in_words;
use super::{Arguments, Choice, Submitted};
use crate::cluster::{self, Capacity, ClusterError, Contact, Extent, Overview, Reporting, Site, Wish};
use crate::error::CliError;
use crate::files::FileError;
use crate::lease::Machine;
use crate::local::Wishes;
use crate::output::talk;
use crate::supervise;
use crate::sweep::{Sweep, sweep_directory};
use crate::writer::SweepWriter;

/// A submission that was checked and can be made.
pub(in crate::commands) struct Errand {
    pub(in crate::commands) wishes: Wishes,
    pub(in crate::commands) sweep: Sweep,
    pub(in crate::commands) layout: SweepLayout,
    pub(super) site: Site,
    pub(super) site_name: String,
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

    /// The runs that are wanted, in as few arrays as they fit into.
    pub(super) fn order<'a>(
        &'a self,
        wishes: &'a [Wish<'a>],
        limits: SliceLimits,
    ) -> Result<cluster::Order<'a>, ClusterError> {
        let site = (self.site_name.as_str(), &self.site);
        cluster::arrange(wishes, site, &self.program, self.trainer.as_deref(), self.sweep.retry.timeout, limits)
    }

    /// How large an array may be.
    pub(super) fn limits(&self) -> Result<SliceLimits, ClusterError> {
        limits(&self.client)
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
        // What has ended by Slurm's account has written its last word, so the records are read after it was asked. Read
        // before, they could show a run as it was when it still went on, and it would be submitted again.
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
}

/// How large an array may be at the site of `client`.
pub(in crate::commands) fn limits(client: &Client) -> Result<SliceLimits, ClusterError> {
    // Slurm's own default, where the settings do not say.
    Ok(client.configuration()?.slice_limits().unwrap_or(SliceLimits::of_array_size(1001)))
}
