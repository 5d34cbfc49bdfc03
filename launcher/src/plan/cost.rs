//! What runs cost: operations from the size of network and corpus, time from runs that are done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use spec::data::Validation;
use spec::execution::Device;
use spec::resources::{PackingOrder, ResourcesSpec};
use spec::train::Length;
use spec::{Program, RunSpec, Study, budget};

use super::difference::{Difference, Standing};
use super::sharing::{self, IdleGpus};
use crate::sweep::Sweep;

/// Bytes of English text in one token of a byte-level BPE of some ten thousand entries.
pub(super) const BYTES_PER_TOKEN: f64 = 4.0;

/// Tokens of a story where nobody has counted: the mean of TinyStories.
pub(super) const TOKENS_PER_STORY: f64 = 200.0;

const SECONDS_PER_HOUR: f64 = 3600.0;

/// The work of one run of the built-in trainer, estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Workload {
    /// Training tokens.
    pub tokens: f64,
    /// Floating-point operations of training.
    pub flops: f64,
}

/// What the runs cost that are still ahead. All of it is an estimate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cost {
    /// Runs that are new, missing, running or interrupted; interrupted ones are counted whole.
    pub runs: usize,
    /// Floating-point operations, where the built-in trainer runs.
    pub flops: Option<f64>,
    /// Runs that are done, by which time is estimated.
    pub measured_runs: usize,
    /// Hours of computing one run after another, at the speed of the runs that are done.
    pub hours: Option<f64>,
    /// GPU hours at that speed: hours of each run times its GPUs on all of its nodes.
    pub gpu_hours: Option<f64>,
    /// GPU hours if every task took all of the time that it asks for.
    pub most_gpu_hours: f64,
    /// Hours of processor cores if every task took all of that time.
    pub most_core_hours: f64,
    /// The tasks that would carry them out on a cluster, by what they ask for.
    pub tasks: Vec<TaskCost>,
    /// Runs that leave GPUs idle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub idle_gpus: Vec<IdleGpus>,
}

/// Tasks of a cluster that ask for the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TaskCost {
    /// How many.
    pub tasks: usize,
    /// Runs that all of them carry out.
    pub runs: usize,
    /// Runs that each carries out; the last one may have fewer.
    pub runs_per_task: u32,
    /// In which order.
    pub packing: PackingOrder,
    /// GPUs of each.
    pub gpus: u32,
    /// Processor cores of each.
    pub cpus: u64,
    /// Main memory of each, in mebibytes.
    pub memory: u64,
    /// Time limit of each, in seconds.
    pub seconds: u64,
}

impl TaskCost {
    /// The tasks for `runs` runs on a `device` that ask for `resources`.
    fn of(resources: &ResourcesSpec, device: Device, runs: usize) -> Self {
        let packing = resources.packing.of(u32::try_from(runs).unwrap_or(u32::MAX));
        Self {
            tasks: runs.div_ceil(packing.runs as usize),
            runs,
            runs_per_task: packing.runs,
            packing: packing.order,
            gpus: if device == Device::Cpu { 0 } else { resources.nodes * resources.gpus },
            cpus: u64::from(resources.nodes) * u64::from(resources.cpus) * packing.wider(),
            memory: resources.memory.get().saturating_mul(u64::from(resources.nodes) * packing.wider()),
            seconds: resources.time.get().saturating_mul(packing.longer()),
        }
    }

    fn gpu_hours(&self) -> f64 {
        f64::from(self.gpus) * self.task_hours()
    }

    fn core_hours(&self) -> f64 {
        self.cpus as f64 * self.task_hours()
    }

    fn task_hours(&self) -> f64 {
        self.tasks as f64 * self.seconds as f64 / SECONDS_PER_HOUR
    }
}

/// Sizes of files, each looked up once.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    known: BTreeMap<PathBuf, u64>,
}

impl Sizes {
    fn of(&mut self, path: &Path) -> u64 {
        if let Some(size) = self.known.get(path) {
            return *size;
        }
        // A file that vanished since the sweep was read makes the estimate poorer, not the plan wrong.
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.known.insert(path.to_owned(), size);
        size
    }
}

impl Workload {
    /// The work of `run`; `None` where another program does it.
    pub(super) fn of(run: &RunSpec, sizes: &mut Sizes) -> Option<Self> {
        let Program::Builtin(study) = &run.program else { return None };
        let bytes: u64 =
            study.data.corpus.iter().filter_map(|digest| run.files.get(digest)).map(|path| sizes.of(path)).sum();
        let tokens = tokens(study, bytes as f64 / BYTES_PER_TOKEN);
        let attended = budget::attended(study.model.architecture, sharing::story(study));
        Some(Self { tokens, flops: tokens * budget::flops_per_token(&study.model, attended) })
    }
}

fn tokens(study: &Study, corpus: f64) -> f64 {
    match study.train.length {
        Length::Steps(steps) => steps as f64 * sharing::tokens(study),
        Length::Epochs(epochs) => {
            let held_out = match study.data.validation {
                Validation::Fraction(fraction) => fraction,
                Validation::Files(_) => 0.0,
            };
            let training = corpus * (1.0 - held_out);
            let limit = study.data.stories.map_or(f64::INFINITY, |stories| stories as f64 * sharing::story(study));
            epochs * training.min(limit)
        }
    }
}

impl Cost {
    /// What is ahead of `sweep`; `workloads` are those of its runs.
    pub(super) fn ahead(sweep: &Sweep, difference: &Difference, workloads: &[Option<Workload>]) -> Self {
        let speed = Speed::measured(difference, workloads);
        let mut cost = Self {
            runs: 0,
            flops: workloads.iter().all(Option::is_some).then_some(0.0),
            measured_runs: speed.runs,
            hours: (speed.runs > 0).then_some(0.0),
            gpu_hours: (speed.runs > 0).then_some(0.0),
            most_gpu_hours: 0.0,
            most_core_hours: 0.0,
            tasks: Vec::new(),
            idle_gpus: Vec::new(),
        };
        let mut kinds: BTreeMap<(&ResourcesSpec, Device), usize> = BTreeMap::new();
        for ((run, standing), workload) in sweep.runs.iter().zip(&difference.standings).zip(workloads) {
            if !standing.is_ahead() {
                continue;
            }
            let device = run.execution.device;
            let gpus = if device == Device::Cpu { 0.0 } else { f64::from(run.nodes() * run.resources.gpus) };
            let hours = speed.seconds(*workload).map(|seconds| seconds / SECONDS_PER_HOUR);
            cost.runs += 1;
            cost.flops = cost.flops.zip(*workload).map(|(sum, workload)| sum + workload.flops);
            cost.hours = cost.hours.zip(hours).map(|(sum, hours)| sum + hours);
            cost.gpu_hours = cost.gpu_hours.zip(hours).map(|(sum, hours)| sum + gpus * hours);
            *kinds.entry((&run.resources, device)).or_default() += 1;
        }
        let task = |((resources, device), runs)| TaskCost::of(resources, device, runs);
        cost.tasks = kinds.into_iter().map(task).collect();
        let ahead = sweep.runs.iter().zip(&difference.standings).filter(|(_, standing)| standing.is_ahead());
        cost.idle_gpus = IdleGpus::of(ahead.map(|(run, _)| run));
        cost.most_gpu_hours = cost.tasks.iter().map(TaskCost::gpu_hours).sum();
        cost.most_core_hours = cost.tasks.iter().map(TaskCost::core_hours).sum();
        cost
    }
}

/// How fast the runs were that are done.
struct Speed {
    runs: usize,
    seconds: f64,
    flops: f64,
}

impl Speed {
    fn measured(difference: &Difference, workloads: &[Option<Workload>]) -> Self {
        let mut speed = Self { runs: 0, seconds: 0.0, flops: 0.0 };
        for (index, standing) in difference.standings.iter().enumerate() {
            if let (Standing::Done, Some(seconds)) = (standing, difference.seconds[index]) {
                speed.runs += 1;
                speed.seconds += seconds;
                speed.flops += workloads[index].map_or(0.0, |workload| workload.flops);
            }
        }
        speed
    }

    /// Seconds for this work: by operations where they are known, else as long as a run took on average.
    fn seconds(&self, workload: Option<Workload>) -> Option<f64> {
        match workload {
            _ if self.runs == 0 => None,
            Some(workload) if self.flops > 0.0 => Some(workload.flops * self.seconds / self.flops),
            _ => Some(self.seconds / self.runs as f64),
        }
    }
}
