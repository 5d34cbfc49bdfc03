//! What is handed over and with what: wishes, grouped by what they ask for, so that the fewest arrays do.

use std::collections::BTreeMap;
use std::path::Path;

use slurm::array::{Slice, SliceLimits, slice};
use slurm::name::NodeList;
use slurm::resources::{MemoryRequest, Nodes, Resources};
use spec::layout::SweepLayout;
use spec::resources::Packing;

use super::batch::{self, Batch};
use super::error::ClusterError;
use super::frame::Frame;
use super::kind::{self, Kind};
use super::needs::Needs;
use super::running::{Running, Share};
use super::site::Site;
use super::wish::Wish;

/// What is handed over, and with what.
#[derive(Debug)]
pub struct Order<'a> {
    pub(super) site: &'a Site,
    pub(super) name: &'a str,
    pub(super) program: &'a Path,
    pub(super) trainer: Option<&'a str>,
    pub(super) requeues: u32,
    pub(super) groups: BTreeMap<Kind, Vec<&'a Wish<'a>>>,
    pub(super) limits: SliceLimits,
    pub(super) running: Running,
}

/// Groups `wishes` by what they ask for, so that the fewest arrays do.
///
/// # Errors
/// A quantity cannot be asked for in a batch script.
pub fn arrange<'a>(
    wishes: &'a [Wish<'a>],
    (name, site): (&'a str, &'a Site),
    program: &'a Path,
    trainer: Option<&'a str>,
    requeues: u32,
    limits: SliceLimits,
) -> Result<Order<'a>, ClusterError> {
    let mut groups: BTreeMap<Kind, Vec<&Wish<'_>>> = BTreeMap::new();
    for wish in wishes {
        let mut resources = kind::resources(wish.spec, site)?;
        resources.memory = wish.needs.memory.map(MemoryRequest::PerNode).or(resources.memory);
        resources.time = wish.needs.time.or(resources.time);
        let evaluates = wish.element.is_some();
        if evaluates {
            // What measures is one process, whatever the run was trained with.
            resources.nodes = Nodes::ONE;
            resources.gres = kind::gpus(wish.spec, site, 1)?;
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
            let mut rest: &[&Wish<'_>] = runs;
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
pub(super) fn pieces<'a>(
    groups: impl Iterator<Item = (&'a Kind, usize)>,
    limits: SliceLimits,
) -> Result<usize, ClusterError> {
    groups.map(|(kind, runs)| Ok(slices(kind, runs, limits)?.len())).sum()
}

fn slices(kind: &Kind, runs: usize, limits: SliceLimits) -> Result<Vec<Slice>, ClusterError> {
    let plan = slice(kind.tasks(runs), limits).map_err(|source| ClusterError::Slices { count: runs, source })?;
    Ok(plan.slices)
}
