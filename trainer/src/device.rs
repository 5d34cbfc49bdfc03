//! Where a run computes, and the settings of the process that its bits depend on.

use std::collections::BTreeMap;

use native::cuda::Availability;
use native::gpu;
use native::settings::{self, MatmulPrecision};
use native::version;
use spec::status::Place;
use spec::train::Precision;
use spec::{ExitCode, Failure, RunSpec};
use tch::Device;

/// Makes the process ready, one of `ranks` on this machine that share the run's threads: the right libtorch, its
/// threads, kernels that give the same bits each time, and an allocator that keeps what a step has freed for the next
/// one.
///
/// # Errors
/// When another libtorch is loaded than the one this program was built against.
pub fn prepare(run: &RunSpec, ranks: u32) -> Result<(), Failure> {
    settings::keep_freed_memory();
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

/// Where a person says on which device to compute; messages name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// In the sweep file: `execution.device`.
    InSweep,
    /// On the command line: `--device`.
    OnCommandLine,
}

impl Said {
    /// The wish for `device` as it is written there.
    fn written(self, device: &str) -> String {
        match self {
            Self::InSweep => format!("`execution.device = \"{device}\"`"),
            Self::OnCommandLine => format!("`--device {device}`"),
        }
    }
}

/// The device that a run, or a person on the command line, asks for.
///
/// # Errors
/// When that is a GPU and there is none to be had.
pub fn choose(wish: spec::execution::Device, said: Said, cuda: &Availability) -> Result<Device, Failure> {
    let has_gpu = matches!(cuda, Availability::Loaded { devices } if *devices > 0);
    match (wish, has_gpu) {
        (spec::execution::Device::Cpu, _) | (spec::execution::Device::Auto, false) => Ok(Device::Cpu),
        (_, true) => Ok(Device::Cuda(0)),
        (spec::execution::Device::Cuda, false) => {
            let message = format!("{} asks for a GPU, but: {}", said.written("cuda"), in_words(cuda));
            let failure = Failure::new(ExitCode::Unavailable, message);
            Err(match cuda {
                Availability::Missing { .. } => failure.hint("`cargo libtorch --cuda` installs the CUDA libraries"),
                _ => failure.hint(format!("{} takes the processor where there is no GPU", said.written("auto"))),
            })
        }
    }
}

/// Makes a device ready for a precision, and says what a person should know: that it has no instructions for it, or no
/// kernels of ours, and what is done instead.
pub fn make_ready(precision: Precision, device: Device) -> Option<String> {
    match (precision, device) {
        (Precision::Bf16, Device::Cpu) => without_bf16(native::processor::has_bfloat16().unwrap_or(true)),
        (Precision::Bf16, Device::Cuda(index)) => {
            let old = gpu::device::describe(index).ok().filter(|found| !found.multiplies_bfloat16());
            old.map(|found| on_old_gpu(&found)).or_else(|| gpu::open(index).err().map(|error| without_kernels(&error)))
        }
        _ => None,
    }
}

fn on_old_gpu(found: &gpu::device::Description) -> String {
    let (name, (major, minor)) = (&found.name, found.capability);
    format!(
        "{name} (compute capability {major}.{minor}) has no instructions for bf16, which came with 8.0: libtorch computes its \
         products with those for fp32 and rounds them, slower than fp32; where speed was meant, train.precision = \"fp32\" has \
         it here"
    )
}

fn without_kernels(error: &native::TorchError) -> String {
    format!("kernels of our own cannot be compiled for this GPU, so libtorch's are used, which are slower: {error}")
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
        Device::Cuda(index) => match gpu::device::describe(index) {
            Ok(found) => format!("cuda:{index}, {}, {} GiB", found.name, found.memory >> 30),
            Err(_) => format!("cuda:{index}"),
        },
        other => format!("{other:?}"),
    }
}

/// Where a run is computed from step `from_step` on, by so many ranks.
pub fn place(device: Device, from_step: u64, ranks: u32) -> Place {
    let capability = match device {
        Device::Cuda(index) => gpu::device::describe(index)
            .map_or_else(|_| "unknown".to_owned(), |found| format!("{}.{}", found.capability.0, found.capability.1)),
        _ => capability(),
    };
    let libtorch = versions().remove("libtorch").unwrap_or_default();
    Place { from_step, device: describe(device), capability, libtorch, ranks: Some(ranks) }
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
        assert_eq!(make_ready(Precision::Fp32, Device::Cpu), None);
    }

    #[test]
    fn a_gpu_that_is_not_there_is_said_in_the_words_in_which_it_was_asked_for() {
        let wish = spec::execution::Device::Cuda;
        let said = |said| choose(wish, said, &Availability::NoDriver).unwrap_err().render();
        insta::assert_snapshot!(said(Said::OnCommandLine), @r"
        error: `--device cuda` asks for a GPU, but: no NVIDIA driver
        hint: `--device auto` takes the processor where there is no GPU
        ");
        insta::assert_snapshot!(said(Said::InSweep), @r#"
        error: `execution.device = "cuda"` asks for a GPU, but: no NVIDIA driver
        hint: `execution.device = "auto"` takes the processor where there is no GPU
        "#);
    }

    #[test]
    fn a_gpu_without_bf16_is_named_with_what_is_done() {
        let found =
            gpu::device::Description { name: "Tesla V100-SXM2-16GB".to_owned(), memory: 16 << 30, capability: (7, 0) };
        assert!(!found.multiplies_bfloat16());
        insta::assert_snapshot!(on_old_gpu(&found), @r#"Tesla V100-SXM2-16GB (compute capability 7.0) has no instructions for bf16, which came with 8.0: libtorch computes its products with those for fp32 and rounds them, slower than fp32; where speed was meant, train.precision = "fp32" has it here"#);
    }
}
