//! Handing runs, or elements of their evaluation, to Slurm.
//!
//! For each batch: files, intent, sbatch, answer, in that order, each on disk before the next. Killed anywhere, the next
//! command finds an intent without an answer and settles it.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::Path;

use slurm::array::{Slice, SliceLimits, slice};
use slurm::job_id::JobNumber;
use slurm::name::NodeList;
use slurm::resources::{MemoryRequest, Nodes, Resources};
use spec::layout::SweepLayout;
use spec::resources::Packing;
use spec::{RunId, RunSpec};

use super::batch::{self, Batch};
use super::call::{self, Answer, ask_after, call};
use super::contact::Contact;
use super::error::ClusterError;
use super::frame::Frame;
use super::kind::{self, Kind};
use super::needs::Needs;
use super::place::Place;
use super::running::{Running, Share};
use super::site::Site;
use crate::array::Line;
use crate::env;
use crate::evaluation::Element;
use crate::files::create_directory;
use crate::supervise::Retry;
use crate::writer::SweepWriter;

/// A run that somebody wants carried out, or measured, on a cluster.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The run.
    pub spec: RunSpec,
    /// What is measured of it; `None` where it is carried out.
    pub element: Option<Element>,
    /// Why it is not left as it is although it had ended.
    pub retry: Option<Retry>,
    /// What it asks for beyond what the sweep says.
    pub needs: Needs,
}

impl Wish {
    /// What it goes by.
    fn id(&self) -> RunId {
        self.element.as_ref().map_or(self.spec.id, |element| element.id)
    }

    /// Its line in an array file, with every path as the nodes of `place` name it.
    fn line(&self, place: Place<'_>) -> Line {
        match &self.element {
            None => Line::Run(Box::new(place.translate(&self.spec))),
            Some(element) => Line::Element(Box::new(place.translate_element(element))),
        }
    }
}

/// What is handed over, and with what.
#[derive(Debug)]
pub struct Order<'a> {
    site: &'a Site,
    name: &'a str,
    program: &'a Path,
    trainer: Option<&'a str>,
    requeues: u32,
    groups: BTreeMap<Kind, Vec<&'a Wish>>,
    limits: SliceLimits,
    running: Running,
}

/// How handing over ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handed {
    /// Jobs that were accepted, with their numbers of runs.
    pub jobs: Vec<(JobNumber, u32)>,
    /// The runs of those, and of calls that have no clear answer yet.
    pub runs: BTreeSet<RunId>,
    /// Runs for which Slurm has no room now, and what it said.
    pub waiting: usize,
    /// Why they wait.
    pub no_room: Option<String>,
    /// Runs that Slurm will never take as they are asked for, and what it said.
    pub rejected: Vec<(Vec<RunId>, String)>,
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
    let mut groups: BTreeMap<Kind, Vec<&Wish>> = BTreeMap::new();
    for wish in wishes {
        let mut resources = kind::resources(&wish.spec, site)?;
        resources.memory = wish.needs.memory.map(MemoryRequest::PerNode).or(resources.memory);
        resources.time = wish.needs.time.or(resources.time);
        let evaluates = wish.element.is_some();
        if evaluates {
            // What measures is one process, whatever the run was trained with.
            resources.nodes = Nodes::ONE;
            resources.gres = kind::gpus(&wish.spec, site, 1)?;
        }
        let is_alone = wish.needs.alone || evaluates;
        let packing = if is_alone { Packing::default() } else { wish.spec.resources.packing };
        let retry = wish.retry.unwrap_or_default();
        let kind = Kind { resources, packing, retry, exclude: exclude(site, &wish.needs)?, evaluates };
        groups.entry(kind).or_default().push(wish);
    }
    let running = Running::left(site.max_running, 0);
    Ok(Order { site, name, program, trainer, requeues, groups, limits, running })
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

    /// The same, beside arrays that may run so many tasks `already`.
    #[must_use]
    pub fn beside(self, already: u32) -> Self {
        Self { running: Running::left(self.site.max_running, already), ..self }
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
        let (mut batches, mut running) = (Vec::new(), self.running);
        let mut left = pieces(self.groups.iter().map(|(kind, runs)| (kind, runs.len())), self.limits)?;
        for (kind, runs) in &self.groups {
            let mut rest: &[&Wish] = runs;
            for slice in slices(kind, runs.len(), self.limits)? {
                let share = running.share(left);
                if share == Share::Nothing {
                    return Ok(batches);
                }
                let (now, later) = rest.split_at(kind.runs(slice.len).min(rest.len()));
                let (name, len) = (batch::name(sweep, "dryrun"), now.len() as u32);
                batches.push(Batch::new(&self.frame(layout), name, kind, len, share.throttle())?);
                running.take(share, slice.len);
                (rest, left) = (later, left.saturating_sub(1));
            }
        }
        Ok(batches)
    }
}

/// Into how many arrays so many runs of each kind are cut.
fn pieces<'a>(groups: impl Iterator<Item = (&'a Kind, usize)>, limits: SliceLimits) -> Result<usize, ClusterError> {
    groups.map(|(kind, runs)| Ok(slices(kind, runs, limits)?.len())).sum()
}

fn slices(kind: &Kind, runs: usize, limits: SliceLimits) -> Result<Vec<Slice>, ClusterError> {
    let plan = slice(kind.tasks(runs), limits).map_err(|source| ClusterError::Slices { count: runs, source })?;
    Ok(plan.slices)
}

/// Hands over an `order`.
///
/// # Errors
/// sbatch could not be started, or a file not be written. What was accepted until then is in the ledger.
pub fn hand_over(order: &Order<'_>, writer: &mut SweepWriter, contact: &Contact<'_>) -> Result<Handed, ClusterError> {
    create_directory(&writer.layout.job_logs())?;
    if !order.groups.is_empty() {
        // What is measured was trained there, and needs no files of this machine.
        let runs = order.groups.values().flatten().filter(|wish| wish.element.is_none()).map(|wish| &wish.spec);
        contact.place().check_files(&contact.client, runs)?;
        contact.place().make_folders(&contact.client, &writer.layout)?;
    }
    let mut course =
        Course { order, writer, contact, handed: Handed::default(), limits: order.limits, running: order.running };
    let groups: Vec<(&Kind, &Vec<&Wish>)> = order.groups.iter().collect();
    for (index, (kind, runs)) in groups.iter().enumerate() {
        let others = groups[index + 1..].iter().map(|(kind, runs)| (*kind, runs.len()));
        course.hand_over_kind(kind, runs, &others.collect::<Vec<_>>())?;
    }
    Ok(course.handed)
}

/// Handing over, on its way.
struct Course<'a, 'w> {
    order: &'a Order<'a>,
    writer: &'w mut SweepWriter,
    contact: &'a Contact<'a>,
    handed: Handed,
    limits: SliceLimits,
    running: Running,
}

impl Course<'_, '_> {
    /// Hands over `runs` of one kind, before so many of `others`.
    fn hand_over_kind(&mut self, kind: &Kind, runs: &[&Wish], others: &[(&Kind, usize)]) -> Result<(), ClusterError> {
        let mut rest: &[&Wish] = runs;
        // What did not fit is tried again with half as many, since a limit counts tasks; each refusal is a clear answer.
        let mut most = usize::MAX;
        while !rest.is_empty() && self.handed.open == 0 && self.handed.no_room.is_none() {
            let all = others.iter().copied().chain([(kind, rest.len())]);
            let share = self.running.share(pieces(all, self.limits)?);
            let Some(len) = self.next_len(kind, rest.len(), most, share)? else { break };
            let (now, later) = rest.split_at(kind.runs(len).min(rest.len()));
            let answer = hand_over_one(self.order, self.writer, self.contact, kind, now, share.throttle())?;
            if matches!(answer, Answer::Accepted(_) | Answer::Open(_)) {
                self.limits.submit_room = self.limits.submit_room.map(|room| room.saturating_sub(len));
                self.running.take(share, len);
                self.handed.runs.extend(now.iter().map(|wish| wish.id()));
            }
            match answer {
                Answer::NoRoom(_) if len > 1 => most = len as usize / 2,
                Answer::NoRoom(message) | Answer::Busy(message) => self.handed.no_room = Some(message),
                answer => {
                    self.note(answer, now);
                    rest = later;
                }
            }
        }
        self.handed.waiting += rest.len();
        Ok(())
    }

    /// How many tasks the next array may have, `most` of all; `None` where the site wants no more now, which is noted.
    fn next_len(&mut self, kind: &Kind, runs: usize, most: usize, share: Share) -> Result<Option<u32>, ClusterError> {
        let site = self.order.site;
        let bound = |bound: Option<NonZeroU32>| bound.map_or(0, NonZeroU32::get);
        if share == Share::Nothing {
            self.handed.no_room = Some(format!("max-running of the site is {}", bound(site.max_running)));
            return Ok(None);
        }
        let plan = slice(kind.tasks(runs).min(most), self.limits);
        let plan = plan.map_err(|source| ClusterError::Slices { count: runs, source })?;
        let next = plan.slices.first().map(|slice| slice.len);
        if next.is_none() {
            self.handed.no_room = Some(format!("max-submitted of the site is {}", bound(site.max_submitted)));
        }
        Ok(next)
    }

    /// Notes what became of the call that handed over these runs.
    fn note(&mut self, answer: Answer, runs: &[&Wish]) {
        let len = runs.len() as u32;
        match answer {
            Answer::Accepted(job) => self.handed.jobs.push((job, len)),
            Answer::Open(message) => {
                if let Some(job) = ask_after(self.writer, self.contact, &mut self.handed.news) {
                    self.handed.jobs.push((job, len));
                } else {
                    self.handed.news.push(format!("sbatch gave no clear answer: {message}"));
                    self.handed.open += len;
                }
            }
            Answer::Rejected(message) | Answer::NoRoom(message) | Answer::Busy(message) => {
                self.handed.rejected.push((runs.iter().map(|wish| wish.id()).collect(), message));
            }
        }
    }
}

fn hand_over_one(
    order: &Order<'_>,
    writer: &mut SweepWriter,
    contact: &Contact<'_>,
    kind: &Kind,
    wishes: &[&Wish],
    throttle: Option<NonZeroU32>,
) -> Result<Answer, ClusterError> {
    let name = batch::name(&writer.plan.sweep, &env::token());
    let len = u32::try_from(wishes.len()).expect("invariant: a slice fits into an array");
    let batch = Batch::new(&order.frame(&writer.layout), name, kind, len, throttle)?;
    let place = contact.place();
    batch.write(&writer.layout, wishes.iter().map(|wish| wish.line(place)))?;
    let array = writer.layout.array(batch.name.as_str());
    if let Err(error) = place.deliver(&contact.client, &writer.layout, &[array]) {
        call::discard(&writer.layout, &batch);
        return Err(error);
    }
    call(&batch, order.name, Vec::new(), writer, contact)
}
