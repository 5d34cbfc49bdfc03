//! What runs ask of their nodes, alone and as many as share a task.

use slurm::name::NodeList;
use slurm::resources::{Cpus, GresList, Memory, MemoryRequest, Nodes, Resources, TimeLimit};
use spec::RunSpec;
use spec::execution::Device;
use spec::resources::Packing;

use super::error::ClusterError;
use super::site::Site;
use crate::supervise::Retry;

/// What `run` asks of `site`.
///
/// # Errors
/// A quantity cannot be asked for in a batch script, or the site cannot spread a run over nodes.
pub fn resources(run: &RunSpec, site: &Site) -> Result<Resources, ClusterError> {
    let asked = &run.resources;
    let value = |what: &str, source| ClusterError::Value { what: format!("{what} of run {}", run.id), source };
    if run.nodes() > 1 && site.container.is_some() {
        return Err(ClusterError::NodesInContainer { run: run.id });
    }
    let memory = Memory::from_mebibytes(asked.memory.get()).map_err(|source| value("resources.memory", source))?;
    Ok(Resources {
        nodes: Nodes::new(run.nodes()).map_err(|source| value("resources.nodes", source))?,
        time: Some(TimeLimit::from_seconds(asked.time.get()).map_err(|source| value("resources.time", source))?),
        cpus: Some(Cpus::new(asked.cpus).map_err(|source| value("resources.cpus", source))?),
        memory: Some(MemoryRequest::PerNode(memory)),
        gres: gpus(run, site, u32::MAX)?,
    })
}

/// The GPUs that `run` asks for on each of its nodes, but no more than `most`.
///
/// # Errors
/// So many cannot be asked for in a batch script.
pub(super) fn gpus(run: &RunSpec, site: &Site, most: u32) -> Result<GresList, ClusterError> {
    let gpus = if run.execution.device == Device::Cpu { 0 } else { run.resources.gpus.min(most) };
    let gres = match (gpus, &site.gpu_type) {
        (0, _) => return Ok(GresList::default()),
        (gpus, Some(kind)) => format!("gpu:{kind}:{gpus}"),
        (gpus, None) => format!("gpu:{gpus}"),
    };
    gres.parse().map_err(|source| ClusterError::Value { what: format!("resources.gpus of run {}", run.id), source })
}

/// Runs that ask for the same and so can share an array.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// What each asks of its node.
    pub(super) resources: Resources,
    /// How they share a task.
    pub(super) packing: Packing,
    /// Which ends are not their last word.
    pub(super) retry: Retry,
    /// Nodes that it stays away from.
    pub(super) exclude: Option<NodeList>,
    /// Whether they are not carried out but measured: the lines of their array file are elements.
    pub(super) evaluates: bool,
}

impl Kind {
    /// The kind for no more than `len` runs: few of them ask for no more than they need.
    pub(super) fn of(&self, len: u32) -> Self {
        Self { packing: self.packing.of(len), ..self.clone() }
    }

    /// How many tasks carry out `runs` of them.
    pub(super) fn tasks(&self, runs: usize) -> usize {
        runs.div_ceil(self.packing.runs as usize)
    }

    /// How many of them so many `tasks` carry out at most.
    pub(super) fn runs(&self, tasks: u32) -> usize {
        tasks as usize * self.packing.runs as usize
    }

    /// What a task asks for that carries out as many of them as may share one.
    pub(super) fn of_task(&self) -> Result<Resources, ClusterError> {
        let Packing { runs, .. } = self.packing;
        let (longer, wider) = (self.packing.longer(), self.packing.wider());
        let value = |what: &str, source| ClusterError::Value { what: format!("{what} of {runs} runs"), source };
        let mut task = self.resources.clone();
        if let Some(seconds) = task.time.and_then(TimeLimit::seconds) {
            let time = TimeLimit::from_seconds(seconds.saturating_mul(longer));
            task.time = Some(time.map_err(|source| value("resources.time", source))?);
        }
        if let Some(cpus) = task.cpus {
            let cpus = u32::try_from(u64::from(cpus.get()) * wider).unwrap_or(u32::MAX);
            task.cpus = Some(Cpus::new(cpus).map_err(|source| value("resources.cpus", source))?);
        }
        if let Some(MemoryRequest::PerNode(memory)) = task.memory {
            let memory = Memory::from_mebibytes(memory.mebibytes().saturating_mul(wider));
            task.memory = Some(MemoryRequest::PerNode(memory.map_err(|source| value("resources.memory", source))?));
        }
        Ok(task)
    }
}
