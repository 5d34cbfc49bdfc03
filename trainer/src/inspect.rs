//! What this machine is and which libraries are at work: `seedbed-trainer inspect`, and the head of every run's log.

use std::fmt;

use native::Library;
use native::cuda::Availability;

use crate::device;

/// Versions, libraries, devices and threads, as they are in this process.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Version of the trainer.
    pub trainer: &'static str,
    /// Version of libtorch in use.
    pub libtorch: String,
    /// Vector instructions that libtorch uses on this processor.
    pub capability: String,
    /// Whether the processor multiplies bfloat16 matrices in hardware.
    pub bf16: bool,
    /// The processor's name.
    pub processor: String,
    /// CUDA, or why there is none.
    pub cuda: String,
    /// Threads of one operation.
    pub threads: i32,
    /// Libraries of libtorch, CUDA and NCCL in this process, with their paths.
    pub libraries: Vec<Library>,
}

impl Machine {
    /// Looks around.
    pub fn look(cuda: &Availability) -> Self {
        Self {
            trainer: env!("CARGO_PKG_VERSION"),
            libtorch: device::versions().remove("libtorch").unwrap_or_default(),
            capability: device::capability(),
            bf16: native::processor::has_bfloat16().unwrap_or(false),
            processor: processor_name(),
            cuda: device::in_words(cuda),
            threads: tch::get_num_threads(),
            libraries: native::libraries().unwrap_or_default(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "seedbed-trainer {}", self.trainer)?;
        writeln!(formatter, "libtorch        {}", self.libtorch)?;
        let bf16 = if self.bf16 { "bf16 in hardware" } else { "no bf16 in hardware" };
        writeln!(formatter, "processor       {} ({}, {bf16})", self.processor, self.capability)?;
        writeln!(formatter, "threads         {}", self.threads)?;
        writeln!(formatter, "cuda            {}", self.cuda)?;
        for library in &self.libraries {
            writeln!(formatter, "library         {}", library.path.display())?;
        }
        Ok(())
    }
}

/// The processor's name, as Linux has it.
pub fn processor_name() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}
