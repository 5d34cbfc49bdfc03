//! Where a run computes, and the settings of the process that its bits depend on.

use std::collections::BTreeMap;

use native::cuda::Availability;
use native::settings::{self, MatmulPrecision};
use native::version;
use spec::train::Precision;
use spec::{ExitCode, Failure, RunSpec};
use tch::Device;

/// Makes the process ready, one of `ranks` on this machine that share the run's threads: the right libtorch, its threads, and
/// kernels that give the same bits each time.
///
/// # Errors
/// When another libtorch is loaded than the one this program was built against.
pub fn prepare(run: &RunSpec, ranks: u32) -> Result<(), Failure> {
    let all = run.execution.threads.or_else(|| (ranks > 1).then(|| tch::get_num_threads().unsigned_abs()));
    ready(all.map(|threads| (threads / ranks).max(1)), run.execution.deterministic)
}

/// As [`prepare`], for a process that carries out no run.
///
/// # Errors
/// As [`prepare`].
pub fn ready(threads: Option<u32>, deterministic: bool) -> Result<(), Failure> {
    version::check().map_err(|error| {
        Failure::new(ExitCode::Unavailable, error)
            .hint("`cargo libtorch` installs the right one; LD_LIBRARY_PATH may point to a wrong one")
    })?;
    let bug = |error: native::TorchError| Failure::new(ExitCode::Bug, error);
    if let Some(threads) = threads {
        settings::set_threads(u16::try_from(threads).unwrap_or(u16::MAX), 1).map_err(bug)?;
    }
    settings::set_matmul_precision(MatmulPrecision::Highest).map_err(bug)?;
    settings::set_deterministic(deterministic).map_err(bug)
}

/// The device that a run asks for.
///
/// # Errors
/// When it asks for a GPU and there is none to be had.
pub fn choose(wish: spec::execution::Device, cuda: &Availability) -> Result<Device, Failure> {
    let has_gpu = matches!(cuda, Availability::Loaded { devices } if *devices > 0);
    match (wish, has_gpu) {
        (spec::execution::Device::Cpu, _) | (spec::execution::Device::Auto, false) => Ok(Device::Cpu),
        (_, true) => Ok(Device::Cuda(0)),
        (spec::execution::Device::Cuda, false) => {
            let failure =
                Failure::new(ExitCode::Unavailable, format!("the run asks for a GPU, but: {}", in_words(cuda)));
            Err(match cuda {
                Availability::Missing { .. } => failure.hint("`cargo libtorch --cuda` installs the CUDA libraries"),
                _ => failure.hint("`execution.device = \"auto\"` takes the processor where there is no GPU"),
            })
        }
    }
}

/// What a person should know of a precision that a device has no instructions for, and what is done instead.
pub fn about_precision(precision: Precision, device: Device) -> Option<String> {
    let has_instructions = || native::processor::has_bfloat16().unwrap_or(true);
    (precision == Precision::Bf16 && device == Device::Cpu).then(|| without_bf16(has_instructions())).flatten()
}

fn without_bf16(has_instructions: bool) -> Option<String> {
    let words = "this processor has no instructions for bf16: its products are computed with those for fp32 and rounded, which \
                 gives bf16's numbers, but slower than fp32; where speed was meant, train.precision = \"fp32\" has it here";
    (!has_instructions).then(|| words.to_owned())
}

/// What became of CUDA, for people.
pub fn in_words(cuda: &Availability) -> String {
    match cuda {
        Availability::Loaded { devices: 0 } => "loaded, but no GPU is visible".to_owned(),
        Availability::Loaded { devices: 1 } => "1 GPU".to_owned(),
        Availability::Loaded { devices } => format!("{devices} GPUs"),
        Availability::NoDriver => "no NVIDIA driver".to_owned(),
        Availability::Missing { reason } => format!("a driver, but no CUDA libraries: {reason}"),
    }
}

/// The device for people and for the report.
pub fn describe(device: Device) -> String {
    match device {
        Device::Cpu => match tch::get_num_threads() {
            1 => format!("cpu, 1 thread, {}", capability()),
            threads => format!("cpu, {threads} threads, {}", capability()),
        },
        Device::Cuda(index) => format!("cuda:{index}"),
        other => format!("{other:?}"),
    }
}

/// The vector instructions that libtorch uses on this processor.
pub fn capability() -> String {
    native::processor::capability().unwrap_or_else(|_| "unknown".to_owned())
}

/// Versions by component.
pub fn versions() -> BTreeMap<String, String> {
    let libtorch = version::loaded().map_or_else(version::compiled, |(_, release)| release).version;
    BTreeMap::from([("libtorch".to_owned(), libtorch), ("trainer".to_owned(), env!("CARGO_PKG_VERSION").to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_without_instructions_is_said_with_what_is_done() {
        insta::assert_snapshot!(without_bf16(false).unwrap(), @r#"this processor has no instructions for bf16: its products are computed with those for fp32 and rounded, which gives bf16's numbers, but slower than fp32; where speed was meant, train.precision = "fp32" has it here"#);
        assert_eq!(without_bf16(true), None);
        assert_eq!(about_precision(Precision::Fp32, Device::Cpu), None);
    }
}
