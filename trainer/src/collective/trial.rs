//! Whether NCCL works on the GPUs of this machine: one rank on each, all in this process, add up and send around
//! numbers that are known beforehand. With one GPU it is a world of one, which exercises every call but no connection.

use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use native::cuda::Availability;
use native::nccl::{Communicator, Nccl, NcclError, Place, Reduction, UniqueId, Version};
use tch::{Device, Kind, Tensor};

use crate::device;

/// How long any step may take.
const LIMIT: Duration = Duration::from_mins(1);
/// How long is waited for the rank that is left out on purpose.
const SHORT_LIMIT: Duration = Duration::from_secs(3);
/// Entries of the sum that is timed: the gradient of ten million parameters.
const ENTRIES: i64 = 10_000_000;
/// Sums that are timed.
const ROUNDS: u32 = 20;

/// Why the trial failed.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// No GPU, so there is nothing to try.
    #[error("nothing to try NCCL on: {0}")]
    NoGpu(String),
    /// NCCL failed.
    #[error("NCCL does not work here")]
    Nccl(#[from] NcclError),
    /// NCCL did something else than it should.
    #[error("GPU {gpu}: {what} gave {found}, which should be {expected}")]
    Wrong {
        /// The GPU.
        gpu: u32,
        /// What was done.
        what: &'static str,
        /// What came of it.
        found: f64,
        /// What should have come of it.
        expected: f64,
    },
    /// A communicator came into being though a rank of it never came.
    #[error("a communicator of one rank more than there are came into being")]
    Impossible,
}

/// What the trial saw.
#[derive(Debug)]
pub struct Trial {
    version: Version,
    path: PathBuf,
    ranks: Vec<Rank>,
    refusal: NcclError,
    refused_after: Duration,
}

/// What one rank saw.
#[derive(Debug, Clone, Copy)]
struct Rank {
    gpu: u32,
    connected: Duration,
    sum: Duration,
}

impl Trial {
    /// Tries every GPU that this process sees, and at last how a rank that never comes is noticed.
    ///
    /// # Errors
    /// When there is no GPU or NCCL, or anything is not as it should be.
    pub fn carry_out(cuda: &Availability, named: Option<&Path>) -> Result<Self, TrialError> {
        let Availability::Loaded { devices: world @ 1.. } = cuda else {
            return Err(TrialError::NoGpu(device::in_words(cuda)));
        };
        let world = u32::try_from(*world).expect("invariant: a machine has few GPUs");
        let nccl = Nccl::load(named)?;
        let id = nccl.unique_id()?;
        let ranks = thread::scope(|scope| {
            let start = |gpu| {
                let (nccl, id) = (&nccl, &id);
                scope.spawn(move || rank(nccl, id, Place { rank: gpu, world, gpu }))
            };
            let running: Vec<_> = (0..world).map(start).collect();
            let join = |handle: thread::ScopedJoinHandle<'_, Result<Rank, TrialError>>| {
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            running.into_iter().map(join).collect::<Result<Vec<Rank>, TrialError>>()
        })?;
        let began = Instant::now();
        let lonely = Place { rank: 0, world: 2, gpu: 0 };
        let Err(refusal) = Communicator::new(&nccl, lonely, &nccl.unique_id()?, SHORT_LIMIT) else {
            return Err(TrialError::Impossible);
        };
        let (version, path) = (nccl.version(), nccl.path().to_owned());
        Ok(Self { version, path, ranks, refusal, refused_after: began.elapsed() })
    }
}

/// What one rank does.
fn rank(nccl: &Nccl, id: &UniqueId, place: Place) -> Result<Rank, TrialError> {
    let began = Instant::now();
    let mut communicator = Communicator::new(nccl, place, id, LIMIT)?;
    communicator.barrier()?;
    let connected = began.elapsed();
    check_values(&mut communicator, place)?;
    let sum = time_sums(&mut communicator, place)?;
    communicator.finalise()?;
    Ok(Rank { gpu: place.gpu, connected, sum })
}

/// Compares with what is known beforehand, also that the work of NCCL and of libtorch happens in the order in which it
/// was asked for: nothing here waits between the two.
fn check_values(communicator: &mut Communicator, place: Place) -> Result<(), TrialError> {
    let device = Device::Cuda(place.gpu as usize);
    let (own, world) = (f64::from(place.rank) + 1.0, f64::from(place.world));
    let total = world * (world + 1.0) / 2.0;
    let expect = |what, tensor: &Tensor, expected: f64| {
        let tensor = tensor.to_kind(Kind::Double);
        let (low, high) = (tensor.min().double_value(&[]), tensor.max().double_value(&[]));
        match [low, high].into_iter().find(|found| found.to_bits() != expected.to_bits()) {
            Some(found) => Err(TrialError::Wrong { gpu: place.gpu, what, found, expected }),
            None => Ok(()),
        }
    };
    for kind in [Kind::Float, Kind::Double, Kind::Half, Kind::BFloat16, Kind::Int, Kind::Int64] {
        let mut tensor = Tensor::full([1000], own, (kind, device));
        communicator.all_reduce(&mut tensor, Reduction::Sum)?;
        expect("a sum", &tensor, total)?;
    }
    let mut tensor = Tensor::full([1000], own, (Kind::Float, device));
    communicator.all_reduce(&mut tensor, Reduction::Maximum)?;
    expect("a maximum", &tensor, world)?;
    let mut tensor = Tensor::full([1000], own, (Kind::Float, device));
    communicator.broadcast(&mut tensor, place.world - 1)?;
    expect("a broadcast", &tensor, world)?;

    // The same beside other work, whose result says nothing of it.
    let mut tensor = Tensor::full([ENTRIES], own, (Kind::Float, device));
    let mut other = Tensor::full([ENTRIES], 1.0, (Kind::Float, device));
    for _ in 0..16 {
        let _ = tensor.g_mul_scalar_(2.0);
    }
    communicator.all_reduce_aside(&mut tensor, Reduction::Sum)?;
    for _ in 0..16 {
        let _ = other.g_mul_scalar_(2.0);
    }
    communicator.wait()?;
    expect("a sum beside other work", &(tensor * 0.5), total * 32768.0)?;
    expect("work beside a sum", &other, 65536.0)?;

    // 2^16 · total, if the sum waits for all sixteen doublings and the last product for the sum.
    let mut tensor = Tensor::full([ENTRIES], own, (Kind::Float, device));
    for _ in 0..16 {
        tensor = &tensor * 2.0;
    }
    communicator.all_reduce(&mut tensor, Reduction::Sum)?;
    expect("work before and after a sum", &(tensor * 0.5), total * 32768.0)
}

/// Time of one sum of [`ENTRIES`] numbers of fp32.
fn time_sums(communicator: &mut Communicator, place: Place) -> Result<Duration, TrialError> {
    let mut tensor = Tensor::zeros([ENTRIES], (Kind::Float, Device::Cuda(place.gpu as usize)));
    communicator.barrier()?;
    let began = Instant::now();
    for _ in 0..ROUNDS {
        communicator.all_reduce(&mut tensor, Reduction::Sum)?;
    }
    communicator.wait()?;
    Ok(began.elapsed() / ROUNDS)
}

impl fmt::Display for Trial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "nccl            {}, {}", self.version, self.path.display())?;
        for Rank { gpu, connected, sum } in &self.ranks {
            let (world, connected, sum) = (self.ranks.len(), connected.as_secs_f64(), sum.as_secs_f64() * 1e3);
            writeln!(
                formatter,
                "rank {gpu} of {world}     cuda:{gpu}; sums, maximum, broadcast, barrier and order as expected; connected in \
                 {connected:.2} s, a sum of 40 MB in {sum:.3} ms"
            )?;
        }
        let after = self.refused_after.as_secs_f64();
        writeln!(formatter, "missing rank    noticed after {after:.2} s: {}", self.refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_gpu_there_is_nothing_to_try_and_that_is_said() {
        let none = Trial::carry_out(&Availability::NoDriver, None).unwrap_err();
        assert_eq!(none.to_string(), "nothing to try NCCL on: no NVIDIA driver");
        let hidden = Trial::carry_out(&Availability::Loaded { devices: 0 }, None).unwrap_err();
        assert_eq!(hidden.to_string(), "nothing to try NCCL on: loaded, but no GPU is visible");
    }
}
