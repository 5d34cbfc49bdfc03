//! Handing runs to Slurm.
//!
//! For each batch: files, intent, sbatch, answer, in that order, each on disk before the next. Killed anywhere, the next
//! command finds an intent without an answer and settles it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use slurm::array::{SliceLimits, slice};
use slurm::job_id::JobNumber;
use slurm::name::NodeList;
use slurm::resources::{MemoryRequest, Resources};
use spec::RunSpec;
use spec::layout::SweepLayout;
use spec::resources::Packing;

use super::batch::{self, Batch, Frame, Kind};
use super::call::{self, Answer, ask_after, call};
use super::contact::Contact;
use super::error::ClusterError;
use super::needs::Needs;
use super::site::Site;
use crate::env;
use crate::files::create_directory;
use crate::supervise::Retry;
use crate::writer::SweepWriter;

/// A run that somebody wants carried out on a cluster.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The run.
    pub spec: RunSpec,
    /// Why it is not left as it is although it had ended.
    pub retry: Option<Retry>,
    /// What it asks for beyond what the sweep says.
    pub needs: Needs,
}

/// What is handed over, and with what.
#[derive(Debug)]
pub struct Order<'a> {
    site: &'a Site,
    name: &'a str,
    program: &'a Path,
    trainer: Option<&'a str>,
    requeues: u32,
    groups: BTreeMap<Kind, Vec<&'a RunSpec>>,
    limits: SliceLimits,
}

/// How handing over ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handed {
    /// Jobs that were accepted, with their numbers of runs.
    pub jobs: Vec<(JobNumber, u32)>,
    /// Runs for which Slurm has no room now, and what it said.
    pub waiting: usize,
    /// Why they wait.
    pub no_room: Option<String>,
    /// Runs that Slurm will never take as they are asked for, and what it said.
    pub rejected: Vec<(u32, String)>,
    /// Runs of calls that have no clear answer yet.
    pub open: u32,
    /// What a person should know.
    pub news: Vec<String>,
}

/// Groups `wishes` by what they ask for, so that the fewest arrays do.
///
/// # Errors
/// A quantity cannot be asked for in a batch script.
pub fn arrange<'a>(
    wishes: &'a [Wish],
    (name, site): (&'a str, &'a Site),
    program: &'a Path,
    trainer: Option<&'a str>,
    requeues: u32,
    limits: SliceLimits,
) -> Result<Order<'a>, ClusterError> {
    let mut groups: BTreeMap<Kind, Vec<&RunSpec>> = BTreeMap::new();
    for wish in wishes {
        let mut resources = batch::resources(&wish.spec, site)?;
        resources.memory = wish.needs.memory.map(MemoryRequest::PerNode).or(resources.memory);
        resources.time = wish.needs.time.or(resources.time);
        let packing = if wish.needs.alone { Packing::default() } else { wish.spec.resources.packing };
        let retry = wish.retry.unwrap_or_default();
        let kind = Kind { resources, packing, retry, exclude: exclude(site, &wish.needs)? };
        groups.entry(kind).or_default().push(&wish.spec);
    }
    let limits = SliceLimits { throttle: site.max_running, ..limits };
    Ok(Order { site, name, program, trainer, requeues, groups, limits })
}

/// The nodes to stay away from: those that the site names, and those that the run has reason to.
fn exclude(site: &Site, needs: &Needs) -> Result<Option<NodeList>, ClusterError> {
    let own = site.placement.exclude.iter().map(NodeList::as_str);
    let all: Vec<&str> = own.chain(needs.exclude.iter().map(String::as_str)).collect();
    if all.is_empty() {
        return Ok(None);
    }
    let list = all.join(",").parse();
    list.map(Some)
        .map_err(|source| ClusterError::Value { what: "the list of nodes to stay away from".to_owned(), source })
}

impl Order<'_> {
    /// The name of the site.
    pub(super) fn site_name(&self) -> &str {
        self.name
    }

    /// What every batch of the sweep that is `local` here is made with.
    pub(super) fn frame(&self, local: &SweepLayout) -> Frame<'_> {
        let Self { site, program, trainer, requeues, .. } = *self;
        let place = site.place();
        Frame {
            layout: place.sweep(local),
            site,
            program: place.program(program),
            trainer: place.trainer(trainer),
            requeues,
        }
    }

    /// What the tasks ask for, each kind once.
    ///
    /// # Errors
    /// A quantity cannot be asked for in a batch script.
    pub fn asked(&self) -> Result<Vec<Resources>, ClusterError> {
        self.groups.iter().map(|(kind, runs)| kind.of(runs.len() as u32).of_task()).collect()
    }

    /// The scripts as they would be submitted now. Nothing is written.
    ///
    /// # Errors
    /// The runs cannot be cut into arrays, or a value cannot stand in a script.
    pub fn scripts(&self, sweep: &str, layout: &SweepLayout) -> Result<Vec<Batch>, ClusterError> {
        let mut batches = Vec::new();
        for (kind, runs) in &self.groups {
            let slices = slice(kind.tasks(runs.len()), self.limits)
                .map_err(|source| ClusterError::Slices { count: runs.len(), source })?;
            let mut rest: &[&RunSpec] = runs;
            for slice in slices.slices {
                let (now, later) = rest.split_at(kind.runs(slice.len).min(rest.len()));
                let (name, len) = (batch::name(sweep, "dryrun"), now.len() as u32);
                batches.push(Batch::new(&self.frame(layout), name, kind, len, slice.throttle)?);
                rest = later;
            }
        }
        Ok(batches)
    }
}

/// Hands over an `order`.
///
/// # Errors
/// sbatch could not be started, or a file not be written. What was accepted until then is in the ledger.
pub fn hand_over(order: &Order<'_>, writer: &mut SweepWriter, contact: &Contact<'_>) -> Result<Handed, ClusterError> {
    create_directory(&writer.layout.job_logs())?;
    if !order.groups.is_empty() {
        let runs = order.groups.values().flatten().copied();
        contact.place().check_files(&contact.client, runs)?;
        contact.place().make_folders(&contact.client, &writer.layout)?;
    }
    let mut handed = Handed::default();
    let mut limits = order.limits;
    for (kind, runs) in &order.groups {
        let mut rest: &[&RunSpec] = runs;
        // What did not fit is tried again with half as many, since a limit counts tasks; each refusal is a clear answer.
        let mut most = usize::MAX;
        while !rest.is_empty() && handed.open == 0 && handed.no_room.is_none() {
            let slices = slice(kind.tasks(rest.len()).min(most), limits)
                .map_err(|source| ClusterError::Slices { count: rest.len(), source })?;
            let Some(next) = slices.slices.first() else {
                let most = order.site.max_submitted.map_or(0, NonZeroU32::get);
                handed.no_room = Some(format!("max-submitted of the site is {most}"));
                break;
            };
            let (now, later) = rest.split_at(kind.runs(next.len).min(rest.len()));
            let len = now.len() as u32;
            let answer = hand_over_one(order, writer, contact, kind, now, next.throttle)?;
            if matches!(answer, Answer::Accepted(_) | Answer::Open(_)) {
                limits.submit_room = limits.submit_room.map(|room| room.saturating_sub(next.len));
            }
            match answer {
                Answer::Accepted(job) => {
                    handed.jobs.push((job, len));
                    rest = later;
                }
                Answer::NoRoom(_) if next.len > 1 => most = next.len as usize / 2,
                Answer::NoRoom(message) | Answer::Busy(message) => handed.no_room = Some(message),
                Answer::Rejected(message) => {
                    handed.rejected.push((len, message));
                    rest = later;
                }
                Answer::Open(message) => {
                    rest = later;
                    if let Some(job) = ask_after(writer, contact, &mut handed.news) {
                        handed.jobs.push((job, len));
                    } else {
                        handed.news.push(format!("sbatch gave no clear answer: {message}"));
                        handed.open += len;
                    }
                }
            }
        }
        handed.waiting += rest.len();
    }
    Ok(handed)
}

fn hand_over_one(
    order: &Order<'_>,
    writer: &mut SweepWriter,
    contact: &Contact<'_>,
    kind: &Kind,
    runs: &[&RunSpec],
    throttle: Option<NonZeroU32>,
) -> Result<Answer, ClusterError> {
    let name = batch::name(&writer.plan.sweep, &env::token());
    let len = u32::try_from(runs.len()).expect("invariant: a slice fits into an array");
    let batch = Batch::new(&order.frame(&writer.layout), name, kind, len, throttle)?;
    let place = contact.place();
    match place.far() {
        Some(_) => {
            let translated: Vec<RunSpec> = runs.iter().map(|run| place.translate(run)).collect();
            batch.write(&writer.layout, &translated)?;
        }
        None => batch.write(&writer.layout, runs.iter().copied())?,
    }
    let array = writer.layout.array(batch.name.as_str());
    if let Err(error) = place.deliver(&contact.client, &writer.layout, &[array]) {
        call::discard(&writer.layout, &batch);
        return Err(error);
    }
    call(&batch, order.name, Vec::new(), writer, contact)
}
