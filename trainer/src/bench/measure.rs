//! The steps that are timed.

use std::path::Path;

use native::stopwatch::Phase;
use spec::budget;
use tch::Device;

use super::memory;
use super::peak::product_flops;
use super::plan::Plan;
use super::report::{Beside, Measurement, PhaseTime, Spread};
use super::trainee::Trainee;
use crate::data::{self, DataError};
use crate::device;
use crate::parameters::ParameterError;
use crate::step::StepError;

/// How many steps are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Not timed.
    pub warm_up: u32,
    /// Timed.
    pub steps: u32,
}

impl Course {
    pub(super) fn total(self) -> u64 {
        u64::from(self.warm_up) + u64::from(self.steps)
    }
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

/// Prepares the stories, takes the steps, and measures the peak afterwards, in the same state of the machine.
///
/// Networks beside the first are trained in turns with it, step by step: when the machine changes its speed, it does so
/// for all of them.
///
/// # Errors
/// When the stories do not fill a step, or a step fails.
pub fn measure(
    plan: &Plan,
    beside: &[Plan],
    cache: Option<&Path>,
    device: Device,
    course: Course,
) -> Result<Measurement, BenchError> {
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
    memory::forget_peak(device);
    let mut first = Trainee::new(plan, &data, device, course)?;
    let mut others = Vec::with_capacity(beside.len());
    for plan in beside {
        others.push(Trainee::new(plan, &data, device, course)?);
    }
    for _ in 0..course.total() {
        first.step()?;
        others.iter_mut().try_for_each(Trainee::step)?;
    }
    let peak_memory = memory::peak(device);
    let peak = product_flops(plan.study.train.precision, device);
    let beside = others.iter().map(|other| compare(other, &first)).collect();
    Ok(summarise(&first, device, beside, &Found { peak, peak_memory }))
}

struct Found {
    peak: f64,
    peak_memory: u64,
}

fn summarise(trainee: &Trainee<'_>, device: Device, beside: Vec<Beside>, found: &Found) -> Measurement {
    let (plan, steps) = (trainee.plan, &trainee.steps);
    let count = steps.len() as f64;
    let rate = Spread::of(&trainee.rates());
    let flops_per_second = flops_per_token(plan, trainee.mean_story()) * rate.median;
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
        last_loss: trainee.last_loss,
        beside,
    }
}

/// What was measured of `other`, whose steps were taken in turns with those of `first`.
fn compare(other: &Trainee<'_>, first: &Trainee<'_>) -> Beside {
    let (rates, firsts) = (other.rates(), first.rates());
    let ratios: Vec<f64> = rates.iter().zip(firsts).map(|(rate, first)| rate / first).collect();
    Beside {
        activation: other.plan.activation.clone(),
        real_tokens_per_second: Spread::of(&rates),
        ratio: Spread::of(&ratios),
        last_loss: other.last_loss,
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
