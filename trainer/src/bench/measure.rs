//! The steps that are timed.

use std::path::Path;
use std::time::Instant;

use native::stopwatch::{self, Phase};
use spec::budget;
use tch::Device;

use super::peak::{product_flops, synchronize};
use super::plan::Plan;
use super::report::{Measurement, PhaseTime, Spread};
use crate::collective::{GradientSums, Team};
use crate::data::{self, DataError, LeakCheck, StepSampler};
use crate::device;
use crate::evaluate::objective::Objective;
use crate::feed::Feed;
use crate::model::{self, Model};
use crate::optimizer::Optimizer;
use crate::parameters::{ParameterError, Parameters};
use crate::schedule::learning_rate;
use crate::step::{StepError, Workbench};

/// How many steps are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Not timed.
    pub warm_up: u32,
    /// Timed.
    pub steps: u32,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The stories cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no room for the network.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// A step failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// There is no place for the prepared stories, or no thread for the batches.
    #[error("the system gives no folder for the prepared stories, or no thread for the batches")]
    Folder(#[from] std::io::Error),
}

/// What one timed step was like.
struct Step {
    seconds: f64,
    tokens: f64,
    phases: [f64; Phase::ALL.len()],
}

/// Prepares the stories, takes the steps, and measures the peak afterwards, in the same state of the machine.
///
/// # Errors
/// When the stories do not fill a step, or a step fails.
pub fn measure(plan: &Plan, cache: Option<&Path>, device: Device, course: Course) -> Result<Measurement, BenchError> {
    let folder = tempfile::tempdir()?;
    let data = data::prepare(&mut data::Request {
        data: &plan.study.data,
        files: &plan.run.files,
        vocabulary: plan.study.model.vocabulary,
        context: plan.study.model.context,
        cache: cache.unwrap_or(folder.path()),
        note: &mut |_| {},
        stop: &|| false,
    })?;
    forget_peak_memory(device);
    let train = &plan.study.train;
    let parameters = Parameters::new(model::declarations(&plan.study.model), plan.run.seed, device)?;
    let mut optimizer = Optimizer::new(train, &parameters);
    let sampler = StepSampler::new(&data.training, train.batch, plan.run.seed)?;
    let workbench = Workbench {
        run: &plan.run,
        micro_batch_tokens: train.micro_batch_tokens,
        averaging: train.averaging,
        objective: Objective::of(&plan.study, &data.tokenizer),
        device,
        model: Model::new(&plan.study.model, &mut |name| parameters.leaf(name), train.precision),
        parameters,
        data: &data,
        team: Team::alone(),
        sums: GradientSums::unwatched(),
    };
    let mut leaks = LeakCheck::default();
    let feed = Feed::start(workbench.packer(), sampler)?;
    let total = u64::from(course.warm_up + course.steps);
    let (mut steps, mut last_loss, mut attended) = (Vec::new(), f64::NAN, 0.0);
    for index in 0..total {
        let began = Instant::now();
        stopwatch::start();
        let batches = feed.next_step();
        let rate = learning_rate(&train.schedule, index, total);
        let seen = workbench.step(&mut optimizer, &mut leaks, &batches.means, index, rate)?;
        synchronize(device);
        let (phases, seconds) = (stopwatch::stop(), began.elapsed().as_secs_f64());
        last_loss = seen.loss;
        if index >= u64::from(course.warm_up) {
            steps.push(Step { seconds, tokens: seen.tokens as f64, phases });
            let bounds = batches.means.iter().flatten().flat_map(|batch| batch.bounds.windows(2));
            attended += bounds.map(|bound| ((bound[1] - bound[0]) as f64).powi(2)).sum::<f64>();
        }
    }
    let tokens: f64 = steps.iter().map(|step| step.tokens).sum();
    let flops = flops_per_token(plan, attended / tokens);
    let peak_memory = peak_memory(device);
    let peak = product_flops(train.precision, device);
    Ok(summarise(plan, device, &steps, &Found { last_loss, flops, peak, peak_memory }))
}

struct Found {
    last_loss: f64,
    flops: f64,
    peak: f64,
    peak_memory: u64,
}

fn summarise(plan: &Plan, device: Device, steps: &[Step], found: &Found) -> Measurement {
    let rates: Vec<f64> = steps.iter().map(|step| step.tokens / step.seconds).collect();
    let count = steps.len() as f64;
    let rate = Spread::of(&rates);
    let flops_per_second = found.flops * rate.median;
    Measurement {
        architecture: plan.study.model.architecture.name().to_owned(),
        activation: plan.activation.clone(),
        precision: plan.study.train.precision,
        device: device::describe(device),
        processor: crate::inspect::processor_name(),
        parameters: budget::ParameterCount::of(&plan.study.model).total(),
        steps: steps.len() as u64,
        tokens_per_step: steps.iter().map(|step| step.tokens).sum::<f64>() / count,
        real_tokens_per_second: rate,
        step_milliseconds: Spread::of(&steps.iter().map(|step| step.seconds * 1e3).collect::<Vec<_>>()),
        phases: Phase::ALL
            .into_iter()
            .map(|phase| PhaseTime {
                phase: phase.name(),
                milliseconds: steps.iter().map(|step| step.phases[phase as usize]).sum::<f64>() * 1e3 / count,
            })
            .collect(),
        gigaflops: flops_per_second / 1e9,
        peak_gigaflops: found.peak / 1e9,
        share_of_peak: flops_per_second / found.peak,
        peak_memory_mebibytes: found.peak_memory >> 20,
        last_loss: found.last_loss,
    }
}

/// Operations that one trained token needs: of an encoder's head only those of the masked positions, and of a decoder's
/// attention only those of tokens before it.
fn flops_per_token(plan: &Plan, mean_story: f64) -> f64 {
    let model = &plan.study.model;
    let head = 6.0 * f64::from(model.vocabulary) * f64::from(model.hidden_size);
    match plan.study.train.mask_probability {
        None => budget::flops_per_token(model, mean_story / 2.0),
        Some(probability) => budget::flops_per_token(model, mean_story) - (1.0 - probability) * head,
    }
}

/// Lets the count of [`peak_memory`] begin here; where Linux refuses, it goes back to the start of the process.
fn forget_peak_memory(device: Device) {
    if device == Device::Cpu {
        let _ = std::fs::write("/proc/self/clear_refs", "5");
    } else {
        let _ = native::gpu::device::forget_peak_memory();
    }
}

/// Most bytes of the device's memory that this process held at once; 0 where nobody says.
fn peak_memory(device: Device) -> u64 {
    if device != Device::Cpu {
        return native::gpu::device::peak_memory().unwrap_or(0);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) << 10
}
